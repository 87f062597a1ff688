/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A NIC with VFs for the rules: the PF that a rule gets, two VFs with command queues (MACs
 * 02:00:00:00:00:21 and ..:22), and the VF's and the PF's side of the mailbox, written out from
 * [1:7] with plain numbers.
 */
#ifndef CONF_VFRIG_H
#define CONF_VFRIG_H

#include "conf.h"

struct vfrig {
	struct rig *pf;
	struct rig vf[2];
	uint64_t seen[3];   /* frames received, of PF and VFs, when they were asked last */
	unsigned int tx[3]; /* next Tx BD */
};

/* VFs with command queues and vector 0 enabled; the PF is as the rule's setup made it. */
void vfrig_open(struct vfrig *v, struct rig *pf);
void vfrig_close(struct vfrig *v);
/* The PF with command queue and queue 0 running, both VFs with an address in the table and queue 0
 * running, all for broadcast. */
void vfrig_start(struct vfrig *v, struct rig *pf);
/* A rule's check with that around it; its body follows. */
#define WITH_VFS(name)                                                                             \
	static void name##_(struct vfrig *v);                                                      \
	static void name(struct rig *pf)                                                           \
	{                                                                                          \
		struct vfrig v;                                                                    \
                                                                                                   \
		vfrig_start(&v, pf);                                                               \
		name##_(&v);                                                                       \
		vfrig_close(&v);                                                                   \
	}                                                                                          \
	static void name##_(struct vfrig *v)

/* Take the next message from a function's receive queue: its opcode, 0 if there is none. */
uint16_t vfrig_take(struct rig *rig, uint8_t data[24]);
/* Take messages until one with this code; false: there is none. */
bool vfrig_take_code(struct rig *rig, unsigned int code, uint8_t data[24]);

/* A request that wants an answer: its status; @p resp[8] may be NULL. Fails the rule if the answer
 * is not as [1:7.2] says, or is missing. */
struct vfrig_req {
	uint8_t code, sub;
	uint8_t data[14];
};
uint16_t vfrig_ask(struct rig *vf, const struct vfrig_req *req, uint8_t *resp);
#define ASK(vf, resp, code_, sub_, ...)                                                            \
	vfrig_ask(vf,                                                                              \
			&(const struct vfrig_req){                                                 \
					.code = code_, .sub = sub_, .data = { __VA_ARGS__ } },     \
			resp)
/* One that wants none. */
void vfrig_tell(struct rig *vf, const struct vfrig_req *req);
#define TELL(vf, code_, sub_, ...)                                                                 \
	vfrig_tell(vf, &(const struct vfrig_req){                                                  \
				       .code = code_, .sub = sub_, .data = { __VA_ARGS__ } })

/* Whether the PF finds a unicast address in the table [3:1.16]. */
bool vfrig_is_known(struct vfrig *v, const char *mac);
/* A frame of 60 bytes, from the wire or out of queue 0 of a function; @p vid 0: without a tag. */
enum emu_rx_result vfrig_wire(struct vfrig *v, const char *dst, unsigned int vid);
void vfrig_send(struct vfrig *v, unsigned int func, const char *dst, const char *src,
		unsigned int vid);
/* Whether PF, VF 1 and VF 2 have received so many frames since this was asked last. */
#define assert_got(v, pf, vf1, vf2) vfrig_got(v, (const unsigned int[3]){ pf, vf1, vf2 }, __LINE__)
void vfrig_got(struct vfrig *v, const unsigned int want[3], int line);

#endif

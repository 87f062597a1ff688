/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which functions of a NIC get a frame: address tables, promiscuity, VLAN filters [3:10.2]; and
 * which of the frames that a function sends stay inside [3:1.21] [3:10.3].
 *
 * Commands change the tables as they are known to drivers (struct emu_nic, struct emu_dev) and mark
 * the plan as stale; the data thread derives it anew before its next burst. The plan answers for a
 * frame with one hash look-up and sets of functions, a bit each; what is off costs nothing.
 */
#ifndef EMU_STEER_H
#define EMU_STEER_H

#include "emu_parse.h"

struct emu_nic;

#define EMU_STEER_SLOTS 2048u /* a power of two, three times what the tables hold */

struct emu_steer_slot {
	uint64_t key; /* address, EMU_STEER_KEY; 0: free */
	uint32_t funcs;
};

struct emu_steer {
	bool is_stale;
	/* sets of functions */
	uint32_t promisc[3];    /* by class of the destination: of frames from the wire */
	uint32_t promisc_tx[3]; /* of frames that other functions send */
	uint32_t vlan_filter;   /* those that have a filter of their own */
	uint32_t vlan_bypass;   /* those that the port's filter is not for */
	uint32_t loopback;      /* whose frames are looked at on their way out */
	uint32_t existing;
	bool port_filter;
	unsigned int nb_managed; /* entries of the management table */
	struct emu_steer_slot slot[EMU_STEER_SLOTS];
};

/* Derive the plan of @p nic. */
void emu_steer_plan(struct emu_nic *nic);

/*
 * The functions that get a frame from the wire, those that filter its VLAN included; 0 and *why
 * (enum emu_drop): nobody.
 */
uint32_t emu_steer_rx(const struct emu_nic *nic, const struct emu_parsed *p, unsigned int *why);

/* Whether the PF has the unicast address in the table; 8 bytes can be read at @p mac. */
bool emu_steer_is_pf(const struct emu_nic *nic, const uint8_t *mac);

/* Whether function @p func filters the frame out by its VLAN. */
bool emu_steer_vlan_is_refused(
		const struct emu_nic *nic, unsigned int func, const struct emu_parsed *p);

/*
 * The functions that get a frame which function @p from sends; *to_wire: whether it leaves as well.
 */
uint32_t emu_steer_tx(
		const struct emu_nic *nic, unsigned int from, const uint8_t *dmac, bool *to_wire);

#endif

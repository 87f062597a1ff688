/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bench for one emulated device: client memory in a memfd behind a real emu_iommu, a host that
 * records interrupts and sent frames, and the register sequences of a driver, written out from
 * doc/hns3 with plain numbers. Nothing here includes the device's own tables (emu_desc.h,
 * emu_regs.def): a wrong number there has to fail here.
 *
 * One thread. Every case runs on both kinds of register access: trapped (region read and write) and
 * mapped (plain stores into the shared BAR, which the device then finds by looking).
 *
 * Client memory, at RIG_IOVA: [0] send queue, [32 KiB] receive queue, [64 KiB + q * 64 KiB] Rx ring
 * of queue q, Tx ring 32 KiB behind it, [4 MiB ..] buffers.
 */
#ifndef EMU_RIG_H
#define EMU_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "emu.h"
#include "emu_dev.h"

#define RIG_IOVA        UINT64_C(0x540000000) /* above 4 GiB: high address words count */
#define RIG_MEM_BYTES   (UINT64_C(16) << 20)
#define RIG_CSQ         0x0u
#define RIG_CRQ         0x8000u
#define RIG_RX_RING(q)  (0x10000u + (q)*0x10000u)
#define RIG_TX_RING(q)  (RIG_RX_RING(q) + 0x8000u)
#define RIG_BUFS        0x400000u
#define RIG_FRAMES_MAX  256
#define RIG_VECTORS_MAX 128
/* Rings of rig_start(): 64 BDs, so BD_NUM 7 [2:3.2]. */
#define RIG_RING_BDS    64u

struct rig_frame {
	uint32_t len;
	uint8_t bytes[16384];
};

struct rig {
	struct emu_iommu mmu;
	struct emu_dev *dev;
	uint8_t revision;
	uint64_t caps;
	unsigned int nb_vfs; /* ever opened on this PF */
	bool mapped;         /* how registers are reached */
	uint8_t *bar;        /* the client's mapping */
	uint8_t *mem;
	uint32_t csq_next, csq_depth;
	uint32_t crq_next;
	unsigned int irqs[RIG_VECTORS_MAX];
	/* the wire */
	enum emu_tx_result tx_result;
	unsigned int tx_after; /* frames that the wire takes before it says tx_result */
	unsigned int nb_sent;
	struct rig_frame *sent;
};

/* One 32-byte command descriptor [1:3.2]. */
struct rig_desc {
	uint8_t b[32];
};

/* A device a222 revision 0x21, MAC 02:00:00:00:00:0e, 4 queue pairs; registers as @p mapped. */
void rig_open(struct rig *rig, bool mapped);
/* What the next rig_open() makes instead: revision and capability bits. */
void rig_next_is(uint8_t revision, uint64_t caps);
/* The next rig_open() makes a PF whose driver serves the VFs. */
void rig_next_serves_vfs(void);
/* The next VF of @p pf's NIC, a22e, MAC 02:00:00:00:00:2<n> from n = 1 on, 4 queue pairs, revision
 * and capabilities of the PF; memory of its own. Close it before the PF. */
void rig_open_vf(struct rig *rig, struct rig *pf);
void rig_close(struct rig *rig);

uint32_t rig_rd(struct rig *rig, uint32_t reg);
void rig_wr(struct rig *rig, uint32_t reg, uint32_t val);
/* Let the service thread's part run until it is idle; fails the test if it never is. */
void rig_service(struct rig *rig);

/*
 * For cmocka: a rig at power-on, with command queues of 1024, or with queue 0 running; and the run
 * of all cases over trapped and then over mapped registers. Returns the number that failed.
 */
int rig_setup(void **state); /* registers as rig_access_set() said last */
int rig_setup_cmdq(void **state);
int rig_setup_started(void **state);
/* Revision 0x30 with GRO and the advanced layout of Rx BDs, queue 0 running. */
int rig_setup_v3_started(void **state);
int rig_teardown(void **state);
void rig_access_set(bool mapped);
#define RIG_RUN(tests) rig_run(tests, sizeof(tests) / sizeof((tests)[0]))
struct CMUnitTest;
int rig_run(const struct CMUnitTest *tests, size_t nb_tests);

/* ---- commands ---- */

/* Program both command queues [1:3.8] with @p depth descriptors each. */
void rig_cmdq_init(struct rig *rig, uint32_t depth);
/* Descriptor with opcode, flags (0x11 write, 0x19 read, | 4 next) and nothing else. */
struct rig_desc rig_desc(uint16_t opcode, uint16_t flag);
/* Send nb descriptors with one tail write; they come back as the device left them. */
void rig_cmd(struct rig *rig, struct rig_desc *desc, uint32_t nb);
/* One descriptor with data bytes; returns retval and leaves the answer's data in @p data[24]. */
uint16_t rig_cmd1(struct rig *rig, uint16_t opcode, uint16_t flag, uint8_t *data);

/* ---- queues ---- */

/*
 * What a driver does until packets flow: command queue, link events on, promiscuity 0x38
 * (broadcast), own MAC added, MAC enabled, queues 0 .. nb_queues - 1 reset, programmed and enabled.
 * Rx buffers of 2 KiB for every BD, in order, at rig_rx_buf().
 */
void rig_start(struct rig *rig, unsigned int nb_queues);
/* The last part of it: all BDs armed, ring registers, enabled. */
void rig_queue_start(struct rig *rig, unsigned int q);
uint32_t rig_tqp(unsigned int q); /* register block [1:2.6] */
uint8_t *rig_rxbd(struct rig *rig, unsigned int q, unsigned int i);
uint8_t *rig_txbd(struct rig *rig, unsigned int q, unsigned int i);
uint32_t rig_rx_buf(unsigned int q, unsigned int i); /* offset in mem */
/* Arm an Rx BD: address, then the valid word to 0. */
void rig_rx_arm(struct rig *rig, unsigned int q, unsigned int i);
/*
 * Fill a Tx BD from 32 bytes' worth of words: buffer offset, size, and DW3, DW4, DW5, mss; @p last
 * sets FE. VLD is stored last.
 */
struct rig_txbd {
	uint32_t buf; /* offset in mem */
	uint16_t size, vlan_tag, mss;
	uint32_t dw3, dw4, dw5, dw6;
	bool more; /* another BD follows */
};
void rig_tx_put(struct rig *rig, unsigned int q, unsigned int i, const struct rig_txbd *bd);
/* Ring the doorbell for @p nb BDs and let the engine run once. Returns frames taken. */
unsigned int rig_tx_go(struct rig *rig, unsigned int q, uint32_t nb);
/* A frame from a wire that waits. */
enum emu_rx_result rig_rx(struct rig *rig, const void *bytes, uint32_t len);
/* One of 60 bytes for @p dst, of a type that nobody knows. */
enum emu_rx_result rig_rx_to(struct rig *rig, const char *dst);
/* One from a wire that does not; the test fails unless there is no BD for it. */
void rig_rx_missed(struct rig *rig, const void *bytes, uint32_t len);

/* Sum of a group of the report, or of one of its counters when @p name is given. */
uint64_t rig_stat(struct rig *rig, const char *group, const char *name);

/* ---- bytes ---- */
uint16_t get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);
uint64_t get64(const uint8_t *p);
void put16(uint8_t *p, uint16_t v);
void put32(uint8_t *p, uint32_t v);
void put64(uint8_t *p, uint64_t v);

/*
 * An Ethernet frame with IPv4 and TCP or UDP, right checksums, destination 02:00:00:00:00:0e,
 * 66.9.149.187:2794 -> 161.142.100.80:1766 (the first RSS vector [3:4.7]). Returns its length.
 */
uint32_t rig_ipv4(uint8_t *frame, uint8_t proto, uint32_t payload_bytes);
/* Ones' complement sum of big-endian 16-bit words, not folded into its complement. */
uint32_t rig_sum16(const uint8_t *p, uint32_t len, uint32_t sum);
uint16_t rig_fold16(uint32_t sum);
/* Put the checksum into an IPv4 header of @p len bytes. */
void rig_ip_sum(uint8_t *ip, uint32_t len);
/* Sum over pseudo header and segment of an IPv4 frame without tags: 0xffff if its L4 is right. */
uint16_t rig_l4_sum(const uint8_t *frame);
/* Both checksums of such a frame with TCP, its IPv4 header without options, anew. */
void rig_tcp_sums(uint8_t *frame);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bench for libFuzzer: a PF and a VF of one NIC with 1 MiB of client memory, back at power-on for
 * each input, and a host that looks at what the device sends. An input is read as a stream; behind
 * its end there are zeros. What must hold is an FZ_CHECK: if it does not, that is a finding.
 */
#ifndef FZ_RIG_H
#define FZ_RIG_H

#include <stdlib.h>

#include "emu_dev_priv.h"

#define FZ_IOVA      UINT64_C(0x540000000)
#define FZ_MEM_BYTES (UINT64_C(1) << 20)
#define FZ_CSQ       0x0u    /* send queue, 64 descriptors */
#define FZ_CRQ       0x1000u /* receive queue */
#define FZ_VF_QUEUES 0x2000u /* the VF's, likewise */
#define FZ_RX        0x8000u /* Rx ring of queue 0 of the PF, 128 BDs; the VF's behind it */
#define FZ_TX        0x10000u
#define FZ_RX_BUFS   0x20000u
#define FZ_DATA      0x80000u /* what the input ends with */

#define FZ_CHECK(what)                                                                             \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)

struct fz_input {
	const uint8_t *at, *end;
};

uint8_t fz_u8(struct fz_input *in);
uint16_t fz_u16(struct fz_input *in);
uint32_t fz_u32(struct fz_input *in);
uint64_t fz_u64(struct fz_input *in);
void fz_bytes(struct fz_input *in, void *to, size_t len);
size_t fz_left(const struct fz_input *in);

struct fz_rig {
	struct emu_iommu mmu;
	struct emu_dev *pf, *vf;
	uint8_t *mem;
	enum emu_tx_result tx_result; /* of the wire, after tx_after frames */
	unsigned int tx_after;
	uint64_t sum; /* of all bytes sent: they were readable */
};

/* The rig of revision 0x21 or (@p v3) 0x30, at power-on, link up. */
struct fz_rig *fz_open(bool v3);
/* As a driver would: command queues of both, MAC on, queue 0 of both with @p nb_bds BDs each way.
 */
void fz_start(struct fz_rig *rig, uint32_t nb_bds);
/* A frame from the PF's wire. */
void fz_rx(struct fz_rig *rig, const struct emu_frame *frame);
/* Both threads, a few rounds. */
void fz_run(struct fz_rig *rig);
/* Register offsets of queue 0. */
void fz_wr(struct emu_dev *dev, uint32_t reg, uint32_t val);
/* Descriptor @p i of a function's send queue, and how many there are to be done. */
uint8_t *fz_desc(struct fz_rig *rig, const struct emu_dev *dev, unsigned int i);
void fz_ring(struct emu_dev *dev, uint32_t tail);

#endif

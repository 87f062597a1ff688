/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The short way through Tx: frames of one BD that asks for nothing but to be sent, which is what
 * there is most of. What it does not take goes through emu_tx.c, which would do the same with what
 * it does take. Data thread.
 */
#include "emu_tx.h"

#include <endian.h>

/*
 * A BD as four words [2:2.1]: whatever may make it more than plain, bits of each, and what its
 * flags are then.
 */
#define WORD1_ASKS  ((uint64_t)EMU_TX_CS_ASKS << 32)
#define WORD2_ASKS  ((uint64_t)EMU_TX_OL_ASKS << 32)
#define WORD3_FLAGS ((uint64_t)(EMU_TXBD_VLD | EMU_TXBD_FE) << 32)
#define WORD3_LOOKS                                                                                \
	(EMU_TX_PAYLEN_ASKS | (uint64_t)(EMU_TXBD_VLD | EMU_TXBD_FE | EMU_TXBD_RESERVED) << 32 |   \
			(uint64_t)EMU_TX_MSS_ASKS << 48)

unsigned int
emu_tx_plain_gather(struct emu_dev *dev, struct emu_ring *ring, unsigned int most,
		struct emu_tx_burst *b)
{
	uint32_t len_max = dev->nic->max_frame_bytes - 4, idx = ring->idx, n;

	if (most > ring->nb_bds)
		most = ring->nb_bds; /* once around: BDs are done only later */
	for (n = 0; n < most; n++) {
		const uint64_t *w = (const uint64_t *)(const void *)(ring->va +
								     (size_t)idx * EMU_BD_BYTES);
		struct emu_frame *f = &b->f[n];
		uint64_t word1, addr;
		uint32_t len, ahead;
		void *va;

		/* [TXBD-A] with the valid bit come the other words and the buffer. */
		if ((le64toh(__atomic_load_n(&w[3], __ATOMIC_ACQUIRE)) & WORD3_LOOKS) !=
				WORD3_FLAGS)
			break;
		word1 = le64toh(__atomic_load_n(&w[1], __ATOMIC_RELAXED));
		addr = le64toh(__atomic_load_n(&w[0], __ATOMIC_RELAXED));
		len = word1 >> 16 & UINT16_MAX;
		if ((word1 & WORD1_ASKS) | (le64toh(w[2]) & WORD2_ASKS) || addr == 0 ||
				len < EMU_FRAME_BYTES_MIN || len > len_max)
			break;
		va = emu_iommu_look_near(dev->cfg.iommu, &ring->run, addr, len, EMU_DMA_READ);
		if (!va)
			break;
		__builtin_prefetch(va);
		b->first_bd[n] = n;
		b->frames[n] = f;
		f->len_bytes = len;
		f->nb_segs = 1;
		f->seg[0] = (struct iovec){ va, len };
		if (++idx == ring->nb_bds)
			idx = 0;
		ahead = idx + EMU_TX_BD_AHEAD;
		if (ahead < ring->nb_bds)
			__builtin_prefetch(ring->va + (size_t)ahead * EMU_BD_BYTES, 1);
	}
	b->nb = b->nb_bds = n;
	return n;
}

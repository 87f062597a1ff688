/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames whose first BD asks for something, or whose function has a port VLAN: a job is what the
 * driver gave, checked against every rule of doc/driver-rules.md; it becomes one frame, or with TSO
 * many. Data thread. emu_tx.c gathers and sends; emu_tx_job.c reads the request; emu_tx_vlan.c
 * decides the tags; emu_tx_seg.c makes the frames.
 *
 * The client may write its memory at any time: headers are copied once, into head[], and everything
 * is checked and computed there. Payload is passed on where it is.
 */
#ifndef EMU_TX_H
#define EMU_TX_H

#include "emu_dev_priv.h"

#define EMU_TX_BD_AHEAD   16u  /* BDs that are fetched before they are needed */
#define EMU_TX_HEAD_BYTES 512u /* of headers, at most [2:3.2] */
#define EMU_TX_PEEK_BYTES 26u  /* looked at for tags that the frame has */
#define EMU_TX_TAG_BYTES  12u  /* three tags: a PVID and both of the BD [2:2.8] */
#define EMU_TX_OUT_BYTES  (EMU_TX_HEAD_BYTES + EMU_TX_TAG_BYTES + EMU_FRAME_BYTES_MIN)

/* An IP header and the layer 4 header behind it; offsets in the frame as it was given. */
struct emu_tx_ip {
	uint32_t l3, l4;
	bool is_v4;
	bool l3_sum, l4_sum; /* checksums to insert */
	uint8_t l4t;         /* EMU_TX_L4T_* */
};

struct emu_tx_job {
	/* filled by whoever gathers */
	unsigned int q;
	struct emu_frame in; /* a segment for each BD with bytes */
	struct emu_txbd first;
	uint32_t nb_bds;
	bool bits_are_reserved; /* in the flags of one of the BDs */

	/* by emu_tx_job_make() */
	uint32_t cs, ol, mss;       /* control words; mss 0: no segmentation */
	bool is_simple;             /* simple checksum [2:2.6]: l4 is its start */
	bool is_short;              /* shorter than the driver has to make it [2:6.4] */
	bool has_outer;             /* outer is filled */
	struct emu_tx_ip outer, ip; /* ip: the inner, or only one */
	uint32_t sum_at;            /* simple checksum's field */
	uint32_t head_bytes;        /* copied for each frame; payload begins there */
	uint32_t nb_tag_bytes;
	uint32_t nb_frames; /* that go out */
	uint8_t tags[EMU_TX_TAG_BYTES];
	uint8_t head[EMU_TX_HEAD_BYTES];
};

/* What makes a frame unusual, in each word of its first BD. */
#define EMU_TX_CS_ASKS     (EMU_TXBD_L3CS | EMU_TXBD_L4CS | EMU_TXBD_VLAN | EMU_TXBD_TSO)
#define EMU_TX_OL_ASKS     (EMU_TXBD_OL3T | EMU_TXBD_TUNTYPE | EMU_TXBD_OVLAN | EMU_TXBD_MACSEC)
#define EMU_TX_PAYLEN_ASKS (EMU_TXBD_OL4CS | EMU_TXBD_PAYLEN_RESERVED)
#define EMU_TX_MSS_ASKS    (EMU_TXBD_CKST | EMU_TXBD_MSS_RESERVED)

/* Frames that wait to be sent as the driver gave them, in the order of the ring. */
struct emu_tx_burst {
	unsigned int nb;              /* frames */
	uint32_t nb_bds;              /* of the ring, that belong to what was gathered */
	uint32_t first_bd[EMU_BURST]; /* of those */
	const struct emu_frame *frames[EMU_BURST]; /* in f */
	struct emu_frame f[EMU_BURST];
};

/*
 * Look at the front of a ring for plain frames: @p most at most, which its doorbells have room for;
 * the function's frames are sent as they are. Fills @p b; BDs are not touched. Returns how many.
 */
unsigned int emu_tx_plain_gather(struct emu_dev *dev, struct emu_ring *ring, unsigned int most,
		struct emu_tx_burst *b);

/* Most BDs of a frame, without TSO [2:3.2]. */
static inline uint32_t
emu_tx_bds_max(const struct emu_dev *dev)
{
	return dev->cfg.revision < 0x30 ? EMU_TX_BDS_MAX : EMU_TX_BDS_MAX_V3;
}

/* Count a frame that breaks rule @p v, and say so in the queue's TX_BD_ERR; returns false. */
bool emu_tx_refuse(struct emu_dev *dev, unsigned int q, enum emu_violation v, const char *detail);

/* Read and check the request; false: it is refused or dropped, and that was counted. */
bool emu_tx_job_make(struct emu_dev *dev, struct emu_tx_job *job);

/* Decide the tags; false as above [2:2.8]. */
bool emu_tx_tags_make(struct emu_dev *dev, struct emu_tx_job *job);
/* Whether the function's frames have to come here even if they ask for nothing [3:2.6]. */
static inline bool
emu_tx_vlan_is_active(const struct emu_dev *dev)
{
	/* the shift bit alone does nothing */
	return ((dev->tx_vlan_cfg ^ EMU_TX_VLAN_DEFAULT) & ~EMU_TX_VLAN_SHIFT) != 0;
}

/* Frame @p i of the job, whose headers and padding are put into @p buf (EMU_TX_OUT_BYTES). */
void emu_tx_job_frame(
		const struct emu_tx_job *job, uint32_t i, struct emu_frame *out, uint8_t *buf);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RSS of one function: from headers to a hash to a queue [3:4.5] [3:4.6].
 *
 * Commands (emu_fw_rss.c) write the configuration and then call emu_rss_plan(), with the data
 * thread paused; the data thread reads only what emu_rss_plan() derived. Toeplitz is linear: the
 * hash of an input is the XOR of the hashes of its bytes, which lie in a table, so that a packet
 * costs one look-up for each byte.
 */
#ifndef EMU_RSS_H
#define EMU_RSS_H

#include "emu_parse.h"

#define EMU_RSS_KEY_BYTES 40u  /* [3:4.1] */
#define EMU_RETA_SIZE     512u /* of revision 0x21 [3:4.2] */
#define EMU_RETA_SIZE_MAX                                                                          \
	2048u                 /* that a driver accepts from the device's specifications [1:5.3]    \
	                       */
#define EMU_RSS_INPUT_MAX 40u /* IPv6 addresses, ports, SCTP verification tag */

enum emu_rss_algorithm {
	EMU_RSS_TOEPLITZ = 0,
	EMU_RSS_XOR = 1,
	EMU_RSS_SYMMETRIC = 2,
};

/* Which parts of the input count: all ones or all zeros. */
struct emu_rss_mask {
	uint64_t src, dst;
	uint32_t ports; /* as they lie in the header */
	uint32_t tag;
	bool is_on;
};

struct emu_rss {
	/* configuration */
	uint8_t algorithm;
	uint8_t key[48];
	uint8_t tuple[8]; /* [3:4.3] */
	uint16_t reta[EMU_RETA_SIZE_MAX];
	uint16_t reta_size;
	uint16_t tc_mode[8]; /* [3:4.4] */

	/* derived */
	struct emu_rss_mask mask[8][2]; /* by type; [1]: of fragments */
	struct {
		uint16_t offset, mask;
		bool is_valid;
	} tc[8];
	uint32_t toeplitz[EMU_RSS_INPUT_MAX][256]; /* of each value of each byte of the input */
};

/* To power-on state; @p reta_size is a power of two. */
void emu_rss_init(struct emu_rss *rss, uint16_t reta_size);
void emu_rss_plan(struct emu_rss *rss);
/* The key has changed; part of what emu_rss_plan() does not do. */
void emu_rss_key_plan(struct emu_rss *rss);

/* 0 where the frame's type is not hashed. */
uint32_t emu_rss_hash(const struct emu_rss *rss, const struct emu_parsed *p);

/* Queue of the function. */
static inline unsigned int
emu_rss_queue(const struct emu_rss *rss, uint32_t hash, unsigned int tc)
{
	if (!rss->tc[tc].is_valid)
		return 0;
	return rss->tc[tc].offset + (rss->reta[hash & (rss->reta_size - 1u)] & rss->tc[tc].mask);
}

#endif

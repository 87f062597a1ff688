/* SPDX-License-Identifier: BSD-3-Clause */
/* See emu_fd.h. */
#include "emu_fd.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "emu_desc.h"

#define NB_TUPLES 30u
#define NB_META   8u

/* ---- where things are in a record ---- */

/* Words of a stack of headers; the outer one's begin at OUTER, the inner (or only) one's at 0. */
enum {
	W_DMAC = 0, /* and tag 1 */
	W_SMAC = 1, /* and tag 2 */
	W_TYPE = 2, /* user-defined bytes of layer 2, TOS, protocol, those of layer 3 */
	W_IP = 3,
	W_PORTS = 4, /* and user-defined bytes of layer 4, or SCTP's tag */
	OUTER = 5,
	W_TUNNEL = 10,
	W_META = 11,
};

struct place {
	uint8_t word, shift, bits;
};

/* clang-format off: tables [3:5.4] */
#define STACK(at)                                                                                  \
	{ at + W_DMAC, 0, 48 }, { at + W_SMAC, 0, 48 }, { at + W_DMAC, 48, 16 },                   \
			{ at + W_SMAC, 48, 16 }, { at + W_TYPE, 0, 16 }, { at + W_TYPE, 16, 16 },  \
			{ at + W_TYPE, 32, 8 }, { at + W_TYPE, 40, 8 }, { at + W_IP, 0, 32 },      \
			{ at + W_IP, 32, 32 }, { at + W_TYPE, 48, 16 }, { at + W_PORTS, 0, 16 },   \
			{ at + W_PORTS, 16, 16 },                                                  \
	{                                                                                          \
		at + W_PORTS, 32, 32                                                               \
	}
static const struct place tuples[NB_TUPLES] = {
	STACK(OUTER),
	{ W_TUNNEL, 0, 24 },
	{ W_TUNNEL, 24, 8 },
	STACK(0),
};
static const struct place metas[NB_META] = {
	{ W_META, 0, 6 },
	{ W_META, 6, 1 },
	{ W_META, 7, 1 },
	{ W_META, 8, 5 },
	{ W_META, 13, 2 },
	{ W_META, 15, 12 },
	{ W_META, 27, 12 },
	{ W_META, 39, 1 },
};
/* clang-format on */

enum {
	META_IP_FRAG = 1,
	META_NB_TAGS = 4,
	META_SRC_VPORT = 5,
	META_DST_VPORT = 6,
	META_TUNNEL = 7,
};
#define VPORT_NETWORK  BIT32(11)
#define VPORT_VF_SHIFT 3

#define TUPLES_400 0x3fffffffu
#define TUPLES_200 0x1bd40000u /* as drivers use it [3:5.3] */

/* ---- keys ---- */

/* Take @p nb bits from bit @p at of the key, which go. */
static uint64_t
bits_take(uint8_t *key, unsigned int at, unsigned int nb)
{
	uint64_t val = 0;

	for (unsigned int i = 0; i < nb; i++, at++) {
		val |= (uint64_t)(key[at / 8] >> at % 8 & 1) << i;
		key[at / 8] &= (uint8_t) ~(1u << at % 8);
	}
	return val;
}

/* Tuples from bit 0 up, ascending; metadata likewise, up to the last bit [3:5.5]. */
bool
emu_fd_key_unpack(const struct emu_fd *fd, const uint8_t key[EMU_FD_KEY_BYTES],
		struct emu_fd_record *out)
{
	unsigned int at = 0, meta_bits = 0;
	uint8_t left[EMU_FD_KEY_BYTES], any = 0;

	memcpy(left, key, sizeof(left));
	memset(out, 0, sizeof(*out));
	for (unsigned int i = 0; i < NB_META; i++)
		meta_bits += fd->meta_active & BIT32(i) ? metas[i].bits : 0;
	at = fd->key_bits - meta_bits;
	for (unsigned int i = 0; i < NB_META; i++) {
		if (!(fd->meta_active & BIT32(i)))
			continue;
		out->word[W_META] |= bits_take(left, at, metas[i].bits) << metas[i].shift;
		at += metas[i].bits;
	}
	at = 0;
	for (unsigned int i = 0; i < NB_TUPLES; i++) {
		if (!(fd->tuple_active & BIT32(i)))
			continue;
		if (at + tuples[i].bits > fd->key_bits - meta_bits)
			break; /* more than the key holds: the rest is not in it */
		out->word[tuples[i].word] |= bits_take(left, at, tuples[i].bits) << tuples[i].shift;
		at += tuples[i].bits;
	}
	for (unsigned int i = 0; i < sizeof(left); i++)
		any |= left[i];
	return any == 0;
}

/* ---- rules ---- */

/* One factor for each word, so that all are multiplied at the same time. */
static const uint64_t hash_factors[EMU_FD_WORDS] = {
	UINT64_C(0x9e3779b97f4a7c15),
	UINT64_C(0xbf58476d1ce4e5b9),
	UINT64_C(0x94d049bb133111eb),
	UINT64_C(0xd6e8feb86659fd93),
	UINT64_C(0xa0761d6478bd642f),
	UINT64_C(0xe7037ed1a0b428db),
	UINT64_C(0x8ebc6af09c88c6e3),
	UINT64_C(0x589965cc75374cc3),
	UINT64_C(0x1d8e4e27c47d124f),
	UINT64_C(0xeb44accab455d165),
	UINT64_C(0x2127599bf4325c37),
	UINT64_C(0x880355f21e6d1965),
};

/* Bucket of the part of @p record that the group looks at. */
static inline uint32_t
bucket_of(const struct emu_fd *fd, const struct emu_fd_group *g, const struct emu_fd_record *record)
{
	uint64_t hash = (uint64_t)(g - fd->group) << 48;

	for (unsigned int n = 0; n < g->nb_words; n++) {
		unsigned int i = g->at[n];
		uint64_t word = record->word[i] & g->mask.word[i];

		hash += (word ^ word >> 32) * hash_factors[i];
	}
	return (uint32_t)(hash >> 32) % EMU_FD_BUCKETS;
}

static inline bool
rule_is_hit(const struct emu_fd_rule *r, const struct emu_fd_group *g,
		const struct emu_fd_record *record)
{
	uint64_t other = 0;

	for (unsigned int n = 0; n < g->nb_words; n++) {
		unsigned int i = g->at[n];

		other |= (record->word[i] & g->mask.word[i]) ^ r->want.word[i];
	}
	return other == 0;
}

/* The group of a mask, made if there is none. */
static struct emu_fd_group *
group_get(struct emu_fd *fd, const struct emu_fd_record *mask)
{
	struct emu_fd_group *g = fd->group;

	for (unsigned int i = 0; i < fd->nb_groups; i++) {
		struct emu_fd_group *live = &fd->group[fd->live[i]];

		if (memcmp(&live->mask, mask, sizeof(*mask)) == 0)
			return live;
	}
	while (g->nb_rules > 0) /* there are as many groups as rules */
		g++;
	fd->live[fd->nb_groups++] = (uint16_t)(g - fd->group);
	*g = (struct emu_fd_group){ .mask = *mask };
	for (uint8_t i = 0; i < EMU_FD_WORDS; i++) {
		if (mask->word[i] != 0)
			g->at[g->nb_words++] = i;
	}
	return g;
}

static void
group_drop(struct emu_fd *fd, uint16_t group)
{
	unsigned int i = 0;

	while (fd->live[i] != group)
		i++;
	fd->live[i] = fd->live[--fd->nb_groups];
}

static void
rule_unlink(struct emu_fd *fd, uint32_t index)
{
	struct emu_fd_rule *r = &fd->rule[index];
	struct emu_fd_group *g;
	uint16_t *link;

	if (r->group == EMU_FD_NONE)
		return;
	g = &fd->group[r->group];
	link = &fd->bucket[bucket_of(fd, g, &r->want)];
	while (*link != index)
		link = &fd->rule[*link].next;
	*link = r->next;
	if (--g->nb_rules == 0)
		group_drop(fd, r->group);
	r->group = EMU_FD_NONE;
	fd->nb_live--;
}

static void
rule_link(struct emu_fd *fd, uint32_t index)
{
	struct emu_fd_rule *r = &fd->rule[index];
	struct emu_fd_record mask;
	struct emu_fd_group *g;
	uint16_t *link;

	if (!emu_fd_key_unpack(fd, fd->half[index].y, &r->want))
		return;
	emu_fd_key_unpack(fd, fd->half[index].x, &mask); /* bits outside are 0, as it wants */
	for (unsigned int i = 0; i < EMU_FD_WORDS; i++) {
		if (mask.word[i] & r->want.word[i])
			return; /* a bit that must be 0 and 1: it never matches */
		mask.word[i] |= r->want.word[i];
	}
	g = group_get(fd, &mask);
	link = &fd->bucket[bucket_of(fd, g, &r->want)];
	while (*link != EMU_FD_NONE && *link < index)
		link = &fd->rule[*link].next;
	r->next = *link;
	*link = (uint16_t)index;
	r->group = (uint16_t)(g - fd->group);
	g->nb_rules++;
	fd->nb_live++;
}

void
emu_fd_rule_write_y(struct emu_fd *fd, uint32_t index, const uint8_t key[EMU_FD_KEY_BYTES])
{
	rule_unlink(fd, index);
	memcpy(fd->half[index].y, key, EMU_FD_KEY_BYTES);
	if (fd->rule[index].is_valid)
		rule_link(fd, index);
}

void
emu_fd_rule_write_x(struct emu_fd *fd, uint32_t index, const uint8_t key[EMU_FD_KEY_BYTES],
		bool is_valid)
{
	rule_unlink(fd, index);
	memcpy(fd->half[index].x, key, EMU_FD_KEY_BYTES);
	fd->rule[index].is_valid = is_valid;
	if (is_valid)
		rule_link(fd, index);
}

void
emu_fd_action_write(struct emu_fd *fd, uint32_t index, uint32_t low, uint32_t high)
{
	fd->rule[index].action = (struct emu_fd_action){
		.drop = low & BIT32(0),
		.to_queue = low & BIT32(1),
		.to_region = high & BIT32(16),
		.writes_id = high & BIT32(0),
		.counts = low & BIT32(12),
		.region_log2 = (uint8_t)FIELD_GET(BITS32(20, 17), high),
		.counter = (uint8_t)(FIELD_GET(BITS32(19, 13), low) |
				     FIELD_GET(BITS32(26, 26), high) << 7),
		.queue = (uint16_t)(FIELD_GET(BITS32(11, 2), low) | FIELD_GET(BITS32(21, 21), high)
										    << 10),
		.rule_id = (uint16_t)FIELD_GET(BITS32(12, 1), high),
	};
}

uint64_t
emu_fd_counter_read(struct emu_fd *fd, uint32_t counter)
{
	uint64_t now = __atomic_load_n(&fd->counter[counter], __ATOMIC_RELAXED);
	uint64_t nb = now - fd->counter_shown[counter];

	fd->counter_shown[counter] = now;
	return nb;
}

void
emu_fd_key_layout(struct emu_fd *fd, uint32_t tuple_active, uint32_t meta_active)
{
	for (uint32_t i = 0; i < fd->nb_rules; i++)
		rule_unlink(fd, i);
	fd->tuple_active = tuple_active;
	fd->meta_active = meta_active;
	for (uint32_t i = 0; i < fd->nb_rules; i++) {
		if (fd->rule[i].is_valid)
			rule_link(fd, i);
	}
}

void
emu_fd_reset(struct emu_fd *fd)
{
	fd->nb_live = 0;
	fd->nb_groups = 0;
	memset(fd->bucket, 0xff, sizeof(fd->bucket));
	memset(fd->rule, 0, sizeof(fd->rule));
	memset(fd->half, 0, sizeof(fd->half));
	memset(fd->group, 0, sizeof(fd->group));
	memset(fd->user_def, 0, sizeof(fd->user_def));
	fd->has_user_def = false;
	memcpy(fd->counter_shown, fd->counter, sizeof(fd->counter));
	for (unsigned int i = 0; i < EMU_FD_RULES_MAX; i++)
		fd->rule[i].group = EMU_FD_NONE;
	emu_fd_key_layout(fd, fd->mode == EMU_FD_4K_200 ? TUPLES_200 : TUPLES_400, 0);
}

struct emu_fd *
emu_fd_create(enum emu_fd_mode mode)
{
	struct emu_fd *fd = aligned_alloc(128, sizeof(*fd));

	if (!fd)
		return NULL;
	memset(fd, 0, sizeof(*fd));
	fd->mode = mode;
	fd->nb_rules = mode == EMU_FD_4K_200 ? 4096 : 2048;
	fd->key_bits = mode == EMU_FD_4K_200 ? 200 : 400;
	emu_fd_reset(fd);
	return fd;
}

void
emu_fd_destroy(struct emu_fd *fd)
{
	free(fd);
}

/* ---- frames ---- */

/* Six bytes as a number, the first one the highest; 8 can be read. */
static inline uint64_t
mac_value(const uint8_t *mac)
{
	uint64_t word;

	memcpy(&word, mac, 8);
	return be64toh(word) >> 16;
}

/* TOS and protocol for W_TYPE; addresses in *addrs: of IPv6 the last 32 bits [3:5.3]. */
static inline uint64_t
ip_values(const struct emu_parsed *p, const struct emu_headers *h, uint64_t *addrs)
{
	const uint8_t *ip = p->head + h->l3;
	bool is_v4 = h->l3id == EMU_L3ID_IPV4 || h->l3id == EMU_L3ID_IPV4_OPT;
	uint64_t tos = is_v4 ? ip[1] : (emu_be16(ip) >> 4 & 0xffu);

	*addrs = emu_be32(ip + (is_v4 ? 12 : 20)) | (uint64_t)emu_be32(ip + (is_v4 ? 16 : 36))
	                                                            << 32;
	return tos << 32 | (uint64_t)h->proto << 40;
}

/* Words of one stack at @p w. */
static inline void
record_stack(const struct emu_parsed *p, const struct emu_headers *h, uint64_t *w)
{
	const uint8_t *eth = p->head + h->l2, *l4 = p->head + h->l4;

	w[W_DMAC] = mac_value(eth) | (uint64_t)h->tci[0] << 48;
	w[W_SMAC] = mac_value(eth + 6) | (uint64_t)h->tci[1] << 48;
	w[W_TYPE] = h->ether_type;
	w[W_IP] = w[W_PORTS] = 0;
	if (!h->l3)
		return;
	w[W_TYPE] |= ip_values(p, h, &w[W_IP]);
	if (h->l4id == EMU_L4ID_TCP || h->l4id == EMU_L4ID_UDP || h->l4id == EMU_L4ID_SCTP)
		w[W_PORTS] = emu_be16(l4) | (uint64_t)emu_be16(l4 + 2) << 16;
	if (h->l4id == EMU_L4ID_SCTP)
		w[W_PORTS] |= (uint64_t)emu_be32(l4 + 4) << 32;
}

static void
record_tunnel(const struct emu_parsed *p, uint64_t *w)
{
	const uint8_t *t = p->head + p->tunnel_at;

	if (p->tunnel == EMU_OL4ID_NVGRE) {
		/* the protocol stands where a UDP tunnel's port is [3:5.12] */
		w[OUTER + W_PORTS] = (uint64_t)0x6558 << 16;
		w[W_TUNNEL] = emu_be32(t) >> 8 | (uint64_t)t[3] << 24;
	} else {
		w[W_TUNNEL] = emu_be32(t + 4) >> 8; /* flags first */
	}
}

/* Bytes at a distance from the start of a layer's header [3:5.10]; the origin is a guess. */
static void
record_user_def(const struct emu_fd *fd, const struct emu_parsed *p, uint64_t *w)
{
	const struct emu_headers *h = emu_parsed_inner(p);
	const uint32_t layer[3] = { h->l2, h->l3, h->l4 };

	for (unsigned int i = 0; i < 3; i++) {
		unsigned int slot = fd->user_def[2 * i].is_on ? 2 * i : 2 * i + 1;
		uint32_t from = layer[i] + fd->user_def[slot].offset;

		if (!fd->user_def[slot].is_on || from + (i < 2 ? 2 : 4) > p->head_bytes ||
				(i > 0 && layer[i] == 0))
			continue;
		if (i == 2)
			w[W_PORTS] = (w[W_PORTS] & UINT32_MAX) | (uint64_t)emu_be32(p->head + from)
			                                                         << 32;
		else
			w[W_TYPE] |= (uint64_t)emu_be16(p->head + from) << (i == 0 ? 16 : 48);
	}
}

void
emu_fd_record_make(const struct emu_fd *fd, const struct emu_parsed *p, unsigned int func,
		struct emu_fd_record *out)
{
	uint64_t *w = out->word;
	uint32_t nb_tags = p->h[0].nb_tags ? p->h[0].nb_tags + 1u : 0;

	memset(w + OUTER, 0, (W_META - OUTER) * sizeof(*w));
	if (p->nb_stacks > 1) {
		record_stack(p, &p->h[0], w + OUTER);
		record_tunnel(p, w);
	}
	if (p->nb_stacks == 1 || p->is_tunnel_mac)
		record_stack(p, emu_parsed_inner(p), w);
	else
		memset(w, 0, OUTER * sizeof(*w));
	if (fd->has_user_def)
		record_user_def(fd, p, w);
	w[W_META] = (uint64_t)emu_parsed_inner(p)->is_frag << metas[META_IP_FRAG].shift |
	            (uint64_t)nb_tags << metas[META_NB_TAGS].shift |
	            (uint64_t)VPORT_NETWORK << metas[META_SRC_VPORT].shift |
	            (uint64_t)func << VPORT_VF_SHIFT << metas[META_DST_VPORT].shift |
	            (uint64_t)(p->nb_stacks > 1) << metas[META_TUNNEL].shift;
}

const struct emu_fd_rule *
emu_fd_find(const struct emu_fd *fd, const struct emu_fd_record *record)
{
	uint32_t best = EMU_FD_NONE;

	for (unsigned int i = 0; i < fd->nb_groups; i++) {
		const struct emu_fd_group *g = &fd->group[fd->live[i]];
		uint32_t index = fd->bucket[bucket_of(fd, g, record)];

		/* ascending: what follows the first hit, or lies behind the best so far, is worse
		 */
		for (; index < best; index = fd->rule[index].next) {
			const struct emu_fd_rule *r = &fd->rule[index];

			if (r->group == fd->live[i] && rule_is_hit(r, g, record)) {
				best = index;
				break;
			}
		}
	}
	return best == EMU_FD_NONE ? NULL : &fd->rule[best];
}

const struct emu_fd_action *
emu_fd_match_slow(struct emu_fd *fd, const struct emu_parsed *p, unsigned int func)
{
	const struct emu_fd_rule *r;
	struct emu_fd_record record;

	emu_fd_record_make(fd, p, func, &record);
	r = emu_fd_find(fd, &record);
	if (!r)
		return NULL;
	if (r->action.counts) {
		uint64_t *counter = &fd->counter[r->action.counter];

		/* relaxed: a counter of one writer */
		__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
	}
	return &r->action;
}

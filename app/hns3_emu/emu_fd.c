/* SPDX-License-Identifier: BSD-3-Clause */
/* See emu_fd.h. */
#include "emu_fd.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "emu_desc.h"

/* ---- the record of all tuples: each with its full width, ascending [3:5.4] ---- */

/* clang-format off: a table */
static const uint8_t tuple_bytes[EMU_FD_TUPLES] = {
	6, 6, 2, 2, 2, 2, 1, 1, 4, 4, 2, 2, 2, 4, 3, 1, /* outer */
	6, 6, 2, 2, 2, 2, 1, 1, 4, 4, 2, 2, 2, 4,       /* inner, or only */
};
/* clang-format on */
#define INNER_TUPLE 16u
/* Places in the record: of a stack, and of what only a tunnel has. */
enum {
	AT_DMAC = 0,
	AT_SMAC = 6,
	AT_TAG1 = 12,
	AT_TAG2 = 14,
	AT_TYPE = 16,
	AT_L2_USER = 18,
	AT_TOS = 20,
	AT_PROTO = 21,
	AT_SIP = 22,
	AT_DIP = 26,
	AT_L3_USER = 30,
	AT_SPORT = 32,
	AT_DPORT = 34,
	AT_L4_USER = 36,
	AT_VNI = 40,
	AT_FLOW_ID = 43,
	AT_INNER = 44, /* the inner stack's AT_DMAC */
	RECORD_BYTES = 84,
};

/* Metadata [3:5.4]: widths by bit. */
static const uint8_t meta_bits[8] = { 6, 1, 1, 5, 2, 12, 12, 1 };
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

/* ---- rules ---- */

static uint64_t
hash_step(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

/* Bucket of the part of @p key that the group looks at. */
static inline uint32_t
bucket_of(const struct emu_fd *fd, const struct emu_fd_group *g, const union emu_fd_key *key)
{
	uint64_t hash = fd->seed + (uint64_t)(g - fd->group);

	for (unsigned int i = g->first_word; i < (unsigned int)g->first_word + g->nb_words; i++)
		hash = hash_step(hash, key->word[i] & g->mask.word[i]);
	return (uint32_t)(hash >> 32) % EMU_FD_BUCKETS;
}

static inline bool
rule_is_hit(const struct emu_fd_rule *r, const struct emu_fd_group *g, const union emu_fd_key *key)
{
	for (unsigned int i = g->first_word; i < (unsigned int)g->first_word + g->nb_words; i++) {
		if ((key->word[i] & g->mask.word[i]) != r->y.word[i])
			return false;
	}
	return true;
}

/* The group of a mask, made if there is none. */
static struct emu_fd_group *
group_get(struct emu_fd *fd, const union emu_fd_key *mask)
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
	for (uint16_t i = 0; i < EMU_FD_KEY_WORDS; i++) {
		if (mask->word[i] == 0)
			continue;
		if (g->nb_words == 0)
			g->first_word = i;
		g->nb_words = (uint16_t)(i - g->first_word + 1);
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
	link = &fd->bucket[bucket_of(fd, g, &r->y)];
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
	struct emu_fd_group *g;
	union emu_fd_key mask;
	uint16_t *link;

	for (unsigned int i = 0; i < EMU_FD_KEY_WORDS; i++) {
		if (r->x.word[i] & r->y.word[i])
			return; /* a bit that must be 0 and 1: it never matches */
		mask.word[i] = r->x.word[i] | r->y.word[i];
	}
	g = group_get(fd, &mask);
	link = &fd->bucket[bucket_of(fd, g, &r->y)];
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
	memcpy(fd->rule[index].y.byte, key, EMU_FD_KEY_BYTES);
	if (fd->rule[index].is_valid)
		rule_link(fd, index);
}

void
emu_fd_rule_write_x(struct emu_fd *fd, uint32_t index, const uint8_t key[EMU_FD_KEY_BYTES],
		bool is_valid)
{
	rule_unlink(fd, index);
	memcpy(fd->rule[index].x.byte, key, EMU_FD_KEY_BYTES);
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
	unsigned int from = 0, to = 0;

	fd->nb_runs = 0;
	for (unsigned int i = 0; i < EMU_FD_TUPLES; from += tuple_bytes[i++]) {
		struct emu_fd_run *last = &fd->run[fd->nb_runs];

		if (!(tuple_active & BIT32(i)))
			continue;
		if (to + tuple_bytes[i] > EMU_FD_KEY_BYTES)
			break; /* more than the key holds: the rest is not in it */
		if (fd->nb_runs > 0 && last[-1].from + last[-1].len == (int)from)
			last[-1].len = (uint8_t)(last[-1].len + tuple_bytes[i]);
		else
			fd->run[fd->nb_runs++] = (struct emu_fd_run){
				.from = (uint8_t)from, .to = (uint8_t)to, .len = tuple_bytes[i]
			};
		to += tuple_bytes[i];
	}
	fd->meta_active = meta_active;
	fd->meta_bits = 0;
	for (unsigned int i = 0; i < 8; i++)
		fd->meta_bits = (uint16_t)(fd->meta_bits +
					   (meta_active & BIT32(i) ? meta_bits[i] : 0));
}

void
emu_fd_reset(struct emu_fd *fd)
{
	fd->nb_live = 0;
	fd->nb_groups = 0;
	memset(fd->bucket, 0xff, sizeof(fd->bucket));
	memset(fd->rule, 0, sizeof(fd->rule));
	memset(fd->group, 0, sizeof(fd->group));
	memset(fd->user_def, 0, sizeof(fd->user_def));
	memcpy(fd->counter_shown, fd->counter, sizeof(fd->counter));
	for (unsigned int i = 0; i < EMU_FD_RULES_MAX; i++)
		fd->rule[i].group = EMU_FD_NONE;
	emu_fd_key_layout(fd, fd->mode == EMU_FD_4K_200 ? TUPLES_200 : TUPLES_400, 0);
}

struct emu_fd *
emu_fd_create(enum emu_fd_mode mode)
{
	struct emu_fd *fd = calloc(1, sizeof(*fd));

	if (!fd)
		return NULL;
	fd->mode = mode;
	fd->nb_rules = mode == EMU_FD_4K_200 ? 4096 : 2048;
	fd->key_bits = mode == EMU_FD_4K_200 ? 200 : 400;
	fd->seed = UINT64_C(0x243f6a8885a308d3);
	emu_fd_reset(fd);
	return fd;
}

void
emu_fd_destroy(struct emu_fd *fd)
{
	free(fd);
}

/* ---- frames ---- */

static inline void
put16(uint8_t *p, uint16_t host)
{
	host = htole16(host);
	memcpy(p, &host, 2);
}

/* Four bytes in network order become a little-endian number. */
static inline void
put32_swapped(uint8_t *p, const uint8_t *net)
{
	uint32_t w;

	memcpy(&w, net, 4);
	w = __builtin_bswap32(w);
	memcpy(p, &w, 4);
}

/* Six bytes, the last one first. */
static inline void
put_mac(uint8_t *p, const uint8_t *mac)
{
	put32_swapped(p, mac + 2);
	put16(p + 4, emu_be16(mac));
}

static void
record_ip(const struct emu_parsed *p, const struct emu_headers *h, uint8_t *r)
{
	const uint8_t *ip = p->head + h->l3;

	r[AT_PROTO] = h->proto;
	if (h->l3id == EMU_L3ID_IPV4 || h->l3id == EMU_L3ID_IPV4_OPT) {
		r[AT_TOS] = ip[1];
		put32_swapped(r + AT_SIP, ip + 12);
		put32_swapped(r + AT_DIP, ip + 16);
	} else { /* the last 32 bits of the addresses [3:5.3] */
		r[AT_TOS] = (uint8_t)(emu_be16(ip) >> 4);
		put32_swapped(r + AT_SIP, ip + 20);
		put32_swapped(r + AT_DIP, ip + 36);
	}
}

/* Tuples of one stack at @p r, which is zero. */
static inline void
record_stack(const struct emu_parsed *p, const struct emu_headers *h, uint8_t *r)
{
	const uint8_t *eth = p->head + h->l2;

	put_mac(r + AT_DMAC, eth);
	put_mac(r + AT_SMAC, eth + 6);
	put16(r + AT_TAG1, h->tci[0]);
	put16(r + AT_TAG2, h->tci[1]);
	put16(r + AT_TYPE, h->ether_type);
	if (!h->l3)
		return;
	record_ip(p, h, r);
	if (h->l4id == EMU_L4ID_TCP || h->l4id == EMU_L4ID_UDP || h->l4id == EMU_L4ID_SCTP) {
		put16(r + AT_SPORT, emu_be16(p->head + h->l4));
		put16(r + AT_DPORT, emu_be16(p->head + h->l4 + 2));
	}
	/* the SCTP verification tag shares its place with user-defined bytes */
	if (h->l4id == EMU_L4ID_SCTP)
		put32_swapped(r + AT_L4_USER, p->head + h->l4 + 4);
}

static void
record_tunnel(const struct emu_parsed *p, uint8_t *r)
{
	const uint8_t *t = p->head + p->tunnel_at;

	if (p->tunnel == EMU_OL4ID_NVGRE) {
		/* the protocol stands where a UDP tunnel's port is [3:5.12] */
		put16(r + AT_SPORT, 0);
		put16(r + AT_DPORT, 0x6558);
		r[AT_FLOW_ID] = t[3];
	} else {
		t += 4; /* flags first */
	}
	r[AT_VNI] = t[2];
	r[AT_VNI + 1] = t[1];
	r[AT_VNI + 2] = t[0];
}

/* Bytes at a distance from the start of a layer's header [3:5.10]; the origin is a guess. */
static void
record_user_def(const struct emu_fd *fd, const struct emu_parsed *p, uint8_t *r)
{
	const struct emu_headers *h = emu_parsed_inner(p);
	const uint32_t layer[3] = { h->l2, h->l3, h->l4 };
	static const uint8_t at[3] = { AT_L2_USER, AT_L3_USER, AT_L4_USER };

	for (unsigned int i = 0; i < 3; i++) {
		unsigned int slot = fd->user_def[2 * i].is_on ? 2 * i : 2 * i + 1;
		unsigned int len = i < 2 ? 2 : 4;
		uint32_t from = layer[i] + fd->user_def[slot].offset;

		if (!fd->user_def[slot].is_on || from + len > p->head_bytes)
			continue;
		if (i > 0 && layer[i] == 0)
			continue;
		if (len == 2)
			put16(r + AT_INNER + at[i], emu_be16(p->head + from));
		else
			put32_swapped(r + AT_INNER + at[i], p->head + from);
	}
}

static uint64_t
meta_word(const struct emu_fd *fd, const struct emu_parsed *p, unsigned int func)
{
	uint32_t val[8] = { 0 };
	unsigned int at = 0;
	uint64_t word = 0;

	val[META_IP_FRAG] = emu_parsed_inner(p)->is_frag;
	val[META_NB_TAGS] = p->h[0].nb_tags ? p->h[0].nb_tags + 1u : 0;
	val[META_SRC_VPORT] = VPORT_NETWORK;
	val[META_DST_VPORT] = func << VPORT_VF_SHIFT;
	val[META_TUNNEL] = p->nb_stacks > 1;
	for (unsigned int i = 0; i < 8; i++) {
		if (!(fd->meta_active & BIT32(i)))
			continue;
		word |= (uint64_t)val[i] << at;
		at += meta_bits[i];
	}
	return word;
}

void
emu_fd_key_make(const struct emu_fd *fd, const struct emu_parsed *p, unsigned int func,
		union emu_fd_key *key)
{
	uint8_t record[RECORD_BYTES + 8] = { 0 };
	uint64_t meta, top;
	unsigned int at = fd->key_bits / 8 - 8u;

	memset(key, 0, sizeof(*key));
	if (p->nb_stacks > 1) {
		record_stack(p, &p->h[0], record);
		record_tunnel(p, record);
	}
	if (p->nb_stacks == 1 || p->is_tunnel_mac)
		record_stack(p, emu_parsed_inner(p), record + AT_INNER);
	record_user_def(fd, p, record);
	for (unsigned int i = 0; i < fd->nb_runs; i++)
		memcpy(key->byte + fd->run[i].to, record + fd->run[i].from, fd->run[i].len);
	if (fd->meta_bits == 0)
		return;
	/* its last bit is the key's last [3:5.5] */
	meta = htole64(meta_word(fd, p, func) << (64 - fd->meta_bits));
	memcpy(&top, key->byte + at, 8);
	top |= meta;
	memcpy(key->byte + at, &top, 8);
}

const struct emu_fd_rule *
emu_fd_find(const struct emu_fd *fd, const union emu_fd_key *key)
{
	uint32_t best = EMU_FD_NONE;

	for (unsigned int i = 0; i < fd->nb_groups; i++) {
		const struct emu_fd_group *g = &fd->group[fd->live[i]];
		uint32_t index = fd->bucket[bucket_of(fd, g, key)];

		/* ascending: what follows the first hit, or lies behind the best so far, is worse
		 */
		for (; index < best; index = fd->rule[index].next) {
			const struct emu_fd_rule *r = &fd->rule[index];

			if (r->group == fd->live[i] && rule_is_hit(r, g, key)) {
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
	union emu_fd_key key;

	emu_fd_key_make(fd, p, func, &key);
	r = emu_fd_find(fd, &key);
	if (!r)
		return NULL;
	if (r->action.counts) {
		uint64_t *counter = &fd->counter[r->action.counter];

		/* relaxed: a counter of one writer */
		__atomic_store_n(counter, *counter + 1, __ATOMIC_RELAXED);
	}
	return &r->action;
}

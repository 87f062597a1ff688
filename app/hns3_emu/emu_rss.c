/* SPDX-License-Identifier: BSD-3-Clause */
/* See emu_rss.h. */
#include "emu_rss.h"

#include <endian.h>
#include <string.h>

#include "bits.h"

/* Bits of a tuple byte [3:4.3]. */
#define TUPLE_DPORT    BIT32(0)
#define TUPLE_SPORT    BIT32(1)
#define TUPLE_DIP      BIT32(2)
#define TUPLE_SIP      BIT32(3)
#define TUPLE_SCTP_TAG BIT32(4)
/* Those of the byte for other packets: two for whole ones, two for fragments. */
#define OTHER_DIP      BIT32(0)
#define OTHER_SIP      BIT32(1)
#define OTHER_FRAG     2u

#define TYPE_OTHER 3u /* of each four types */
#define TYPE_SCTP  2u

/* 32 bits of the key from bit @p at on. */
static uint32_t
key_window(const uint8_t *key, unsigned int at)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < 5; i++)
		bits = bits << 8 | key[at / 8 + i];
	return (uint32_t)(bits >> (8 - at % 8));
}

void
emu_rss_key_plan(struct emu_rss *rss)
{
	for (unsigned int byte = 0; byte < EMU_RSS_INPUT_MAX; byte++) {
		uint32_t *table = rss->toeplitz[byte];

		table[0] = 0;
		for (unsigned int bit = 0; bit < 8; bit++) { /* from the lowest */
			uint32_t window = key_window(rss->key, 8 * byte + 7 - bit);

			for (unsigned int val = 0; val < BIT32(bit); val++)
				table[val | BIT32(bit)] = table[val] ^ window;
		}
	}
}

static struct emu_rss_mask
mask_of(unsigned int type, uint32_t bits, bool is_frag)
{
	struct emu_rss_mask m = { 0 };
	uint32_t ports = 0;

	if (type % 4 == TYPE_OTHER) {
		bits >>= is_frag ? OTHER_FRAG : 0;
		m.src = bits & OTHER_SIP ? UINT64_MAX : 0;
		m.dst = bits & OTHER_DIP ? UINT64_MAX : 0;
	} else {
		m.src = bits & TUPLE_SIP ? UINT64_MAX : 0;
		m.dst = bits & TUPLE_DIP ? UINT64_MAX : 0;
		ports = (bits & TUPLE_SPORT ? 0xffff0000 : 0) | (bits & TUPLE_DPORT ? 0xffff : 0);
		m.tag = type % 4 == TYPE_SCTP && bits & TUPLE_SCTP_TAG ? UINT32_MAX : 0;
	}
	m.ports = htobe32(ports);
	m.is_on = m.src || m.dst || m.ports || m.tag;
	return m;
}

void
emu_rss_plan(struct emu_rss *rss)
{
	for (unsigned int type = 0; type < 8; type++) {
		rss->mask[type][0] = mask_of(type, rss->tuple[type], false);
		rss->mask[type][1] = mask_of(type, rss->tuple[type], true);
	}
	for (unsigned int tc = 0; tc < 8; tc++) {
		uint32_t mode = rss->tc_mode[tc];
		uint32_t log2 = FIELD_GET(BITS32(14, 12), mode) | (mode & BIT32(11) ? 8 : 0);

		rss->tc[tc].offset = (uint16_t)FIELD_GET(BITS32(10, 0), mode);
		rss->tc[tc].mask = (uint16_t)((1u << log2) - 1);
		rss->tc[tc].is_valid = mode & BIT32(15);
	}
}

void
emu_rss_init(struct emu_rss *rss, uint16_t reta_size)
{
	memset(rss, 0, sizeof(*rss));
	rss->reta_size = reta_size;
	rss->tc_mode[0] = BIT32(15); /* TC 0 has one queue */
	emu_rss_plan(rss);
}

/* Both halves of each pair become their XOR [3:4.6]. */
static void
input_symmetric(uint8_t *input, unsigned int addr_len)
{
	for (unsigned int i = 0; i < addr_len; i++)
		input[i] = input[addr_len + i] = input[i] ^ input[addr_len + i];
	for (unsigned int i = 2 * addr_len; i < 2 * addr_len + 2; i++)
		input[i] = input[i + 2] = input[i] ^ input[i + 2];
}

static uint32_t
toeplitz_hash(const struct emu_rss *rss, const uint8_t *input, unsigned int len)
{
	uint32_t hash = 0;

	for (unsigned int i = 0; i < len; i += 4) /* all lengths are multiples of 4 */
		hash ^= rss->toeplitz[i][input[i]] ^ rss->toeplitz[i + 1][input[i + 1]] ^
		        rss->toeplitz[i + 2][input[i + 2]] ^ rss->toeplitz[i + 3][input[i + 3]];
	return hash;
}

static uint32_t
input_hash(const struct emu_rss *rss, uint8_t *input, unsigned int addr_len, unsigned int len)
{
	uint32_t hash = 0;

	if (rss->algorithm == EMU_RSS_SYMMETRIC)
		input_symmetric(input, addr_len);
	if (rss->algorithm != EMU_RSS_XOR)
		return toeplitz_hash(rss, input, len);
	for (unsigned int i = 0; i < len; i++)
		hash ^= (uint32_t)input[i] << (24 - 8 * (i % 4));
	return hash;
}

/* Source, destination, ports, verification tag, in the header's order [3:4.5]. */
static uint32_t
hash_ipv6(const struct emu_rss *rss, const struct emu_parsed *p, const struct emu_rss_mask *m)
{
	const struct emu_headers *h = emu_parsed_inner(p);
	uint8_t input[EMU_RSS_INPUT_MAX] = { 0 };
	uint64_t a[4];
	uint32_t words[2] = { 0 };

	memcpy(a, p->head + h->l3 + 8, 32);
	a[0] &= m->src;
	a[1] &= m->src;
	a[2] &= m->dst;
	a[3] &= m->dst;
	if (p->rss_type % 4 != TYPE_OTHER)
		memcpy(words, p->head + h->l4, 8); /* such packets have at least so many */
	words[0] &= m->ports;
	words[1] &= m->tag;
	memcpy(input, a, 32);
	memcpy(input + 32, words, 8);
	return input_hash(rss, input, 16, 40);
}

static inline uint32_t
hash_ipv4(const struct emu_rss *rss, const struct emu_parsed *p, const struct emu_rss_mask *m)
{
	const struct emu_headers *h = emu_parsed_inner(p);
	uint32_t w[4] = { 0 };
	uint8_t input[16];
	unsigned int len = 8;

	memcpy(w, p->head + h->l3 + 12, 8);
	w[0] &= (uint32_t)m->src;
	w[1] &= (uint32_t)m->dst;
	if (p->rss_type != TYPE_OTHER) {
		memcpy(w + 2, p->head + h->l4, 8);
		w[2] &= m->ports;
		w[3] &= m->tag;
		len = p->rss_type == TYPE_SCTP ? 16 : 12;
	}
	memcpy(input, w, 16);
	if (rss->algorithm == EMU_RSS_TOEPLITZ)
		return toeplitz_hash(rss, input, len);
	return input_hash(rss, input, 4, 16);
}

uint32_t
emu_rss_hash(const struct emu_rss *rss, const struct emu_parsed *p)
{
	const struct emu_rss_mask *m;

	if (p->rss_type == EMU_RSS_NONE)
		return 0;
	m = &rss->mask[p->rss_type][emu_parsed_inner(p)->is_frag];
	if (!m->is_on)
		return 0;
	return p->rss_type < 4 ? hash_ipv4(rss, p, m) : hash_ipv6(rss, p, m);
}

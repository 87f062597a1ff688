/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_gro.c: what joins and what does not, and the merged headers; then the BDs of
 * merged frames, through the device [2:5.7].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu_gro.h"
#include "emu_rig.h"

static const struct emu_tpids tpids = { { 0x8100, 0x8100, 0x8100, 0x8100 } };

/* Segment @p n of a stream in pieces of @p mss bytes, of which it carries @p bytes. */
static uint32_t
segment(uint8_t *frame, uint32_t n, uint32_t mss, uint32_t bytes)
{
	uint32_t len = rig_ipv4(frame, 6, bytes), seq = 0xfffff000 + n * mss;

	for (uint32_t i = 0; i < bytes; i++)
		frame[54 + i] = (uint8_t)((n * mss + i) * 13 + 5);
	frame[19] = (uint8_t)(0x34 + n); /* identification */
	for (unsigned int i = 0; i < 4; i++)
		frame[38 + i] = (uint8_t)(seq >> (24 - 8 * i));
	rig_tcp_sums(frame);
	return len;
}

struct one {
	struct emu_frame f;
	struct emu_parsed p;
	uint8_t bytes[2000];
};

static void
one_parse(struct one *o, uint32_t len)
{
	o->f = (struct emu_frame){ .len_bytes = len, .nb_segs = 1 };
	o->f.seg[0] = (struct iovec){ o->bytes, len };
	emu_parse(&o->f, &tpids, &o->p);
}

static struct one *
one_make(uint32_t n, uint32_t mss, uint32_t bytes)
{
	struct one *o = malloc(sizeof(*o));
	uint32_t len;

	assert_non_null(o);
	len = segment(o->bytes, n, mss, bytes);
	if (len < 60)
		memset(o->bytes + len, 0xee, 60 - len);
	one_parse(o, len < 60 ? 60 : len);
	return o;
}

static struct emu_gro g;

static void
merged_headers(void **state)
{
	struct one *o[4];
	uint8_t flat[4096];

	(void)state;
	for (uint32_t n = 0; n < 4; n++)
		o[n] = one_make(n, 701, n < 3 ? 701 : 3); /* odd sizes, the last one padded */
	assert_true(emu_gro_start(&g, &o[0]->f, &o[0]->p));
	for (uint32_t n = 1; n < 4; n++) {
		uint32_t data = emu_gro_fits(&g, &o[n]->p);

		assert_int_equal(data, n < 3 ? 701 : 3);
		assert_true(emu_gro_add(&g, &o[n]->f, &o[n]->p, data));
	}
	assert_true(g.is_closed); /* a short one is the last */
	emu_gro_finish(&g);
	assert_int_equal(g.nb_segments, 4);
	assert_int_equal(g.mss, 701);
	assert_false(g.id_is_fixed);
	assert_int_equal(g.out.len_bytes, 54 + 3 * 701 + 3);
	emu_frame_copy(&g.out, 0, flat, g.out.len_bytes);
	assert_int_equal(flat[16] << 8 | flat[17], 40 + 3 * 701 + 3);
	assert_int_equal(rig_fold16(rig_sum16(flat + 14, 20, 0)), 0xffff);
	assert_int_equal(rig_l4_sum(flat), 0xffff);
	for (uint32_t i = 0; i < 3 * 701 + 3; i++)
		assert_int_equal(flat[54 + i], (uint8_t)(i * 13 + 5));
	for (uint32_t n = 0; n < 4; n++)
		free(o[n]);
}

/* A second segment with one thing changed. */
static void
what_does_not_follow(void **state)
{
	static const struct {
		uint8_t at, bits;
		bool follows;
	} cases[] = {
		{ 0, 0, true }, { 41, 1, false }, /* sequence number */
		{ 45, 1, false },                 /* acknowledgement */
		{ 49, 1, false },                 /* window */
		{ 29, 1, false },                 /* source address */
		{ 33, 1, false },                 /* destination */
		{ 35, 1, false },                 /* source port */
		{ 37, 1, false },                 /* destination port */
		{ 22, 1, false },                 /* time to live */
		{ 15, 4, false },                 /* class of service */
		{ 20, 0x40, false },              /* don't fragment */
		{ 18, 1, false },    /* identification: neither the same nor the next */
		{ 11, 1, false },    /* source MAC address */
		{ 47, 1, false },    /* FIN */
		{ 47, 2, false },    /* SYN */
		{ 47, 4, false },    /* RST */
		{ 47, 0x20, false }, /* URG */
		{ 47, 0x40, false }, /* ECE */
		{ 47, 0x80, false }, /* CWR */
		{ 47, 0x10, false }, /* no ACK */
		{ 47, 8, true },     /* PSH: and nothing follows it */
	};

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct one *a = one_make(0, 100, 100), *b = one_make(1, 100, 100);
		uint32_t data;

		assert_true(emu_gro_start(&g, &a->f, &a->p));
		b->bytes[cases[i].at] ^= cases[i].bits;
		rig_tcp_sums(b->bytes);
		one_parse(b, 154);
		data = emu_gro_fits(&g, &b->p);
		assert_int_equal(data, cases[i].follows ? 100 : 0);
		if (data) {
			assert_true(emu_gro_add(&g, &b->f, &b->p, data));
			assert_int_equal(g.is_closed, cases[i].bits == 8);
			assert_int_equal(g.head[47], 0x10 | cases[i].bits);
		}
		b->bytes[100] ^= 1; /* a wrong checksum */
		one_parse(b, 154);
		assert_int_equal(emu_gro_fits(&g, &b->p), 0);
		free(a);
		free(b);
	}
}

static void
what_cannot_start(void **state)
{
	struct one *o = one_make(0, 100, 100);

	(void)state;
	o->bytes[23] = 17; /* no TCP */
	one_parse(o, 154);
	assert_false(emu_gro_start(&g, &o->f, &o->p));
	free(o);
	o = one_make(0, 100, 0); /* no data */
	assert_false(emu_gro_start(&g, &o->f, &o->p));
	free(o);
	o = one_make(0, 100, 100);
	o->bytes[20] = 0x20; /* a fragment */
	rig_tcp_sums(o->bytes);
	one_parse(o, 154);
	assert_false(emu_gro_start(&g, &o->f, &o->p));
	free(o);
	o = one_make(0, 100, 100);
	o->bytes[47] = 0x18; /* PSH: alone */
	rig_tcp_sums(o->bytes);
	one_parse(o, 154);
	assert_true(emu_gro_start(&g, &o->f, &o->p));
	assert_true(g.is_closed);
	free(o);
}

static void
identification_that_stays(void **state)
{
	struct one *o[3];

	(void)state;
	for (uint32_t n = 0; n < 3; n++) {
		o[n] = one_make(n, 100, 100);
		o[n]->bytes[19] = 0x34;
		rig_tcp_sums(o[n]->bytes);
		one_parse(o[n], 154);
	}
	assert_true(emu_gro_start(&g, &o[0]->f, &o[0]->p));
	assert_int_equal(emu_gro_fits(&g, &o[1]->p), 100);
	assert_true(emu_gro_add(&g, &o[1]->f, &o[1]->p, 100));
	assert_true(g.id_is_fixed);
	assert_int_equal(emu_gro_fits(&g, &o[2]->p), 100);
	o[2]->bytes[19] = 0x36; /* as it would be if it went up */
	rig_tcp_sums(o[2]->bytes);
	one_parse(o[2], 154);
	assert_int_equal(emu_gro_fits(&g, &o[2]->p), 0);
	for (uint32_t n = 0; n < 3; n++)
		free(o[n]);
}

/* ---- through the device ---- */

static unsigned int
burst(struct rig *rig, struct one *const *o, unsigned int nb, struct emu_rx_done *done)
{
	const struct emu_frame *frames[32];

	for (unsigned int i = 0; i < nb; i++)
		frames[i] = &o[i]->f;
	return emu_dev_rx_burst(rig->dev, frames, nb, true, done);
}

static void
gro_switch(struct rig *rig, bool on)
{
	uint8_t d[24] = { on };

	assert_int_equal(rig_cmd1(rig, 0x0c10, 0x11, d), 0);
	assert_int_equal(rig_rd(rig, 0x28000), on);
}

/* Row 8 of [2:1.10]: four segments of 1460, here in buffers of 2048. */
static void
bds_of_a_merged_frame(void **state)
{
	struct rig *rig = *state;
	struct emu_rx_done done;
	struct one *o[5];
	uint8_t *bd = rig_rxbd(rig, 0, 0);

	for (uint32_t n = 0; n < 4; n++)
		o[n] = one_make(n, 1460, 1460);
	o[4] = one_make(9, 1460, 1460);               /* not in sequence */
	assert_int_equal(burst(rig, o, 5, &done), 5); /* switched off: each by itself */
	for (unsigned int i = 0; i < 5; i++) {
		assert_int_equal(get32(bd + 32 * i + 28), 0x00000910);
		assert_int_equal(get32(bd + 32 * i + 8), 0x00000100);
	}
	gro_switch(rig, true);
	bd += 5 * 32;
	assert_int_equal(burst(rig, o, 5, &done), 5);
	assert_int_equal(get32(bd + 28), 0x10);
	assert_int_equal(get32(bd + 32 + 28), 0x10);
	assert_int_equal(get32(bd + 64 + 28), 0x05b40910);
	assert_int_equal(get32(bd + 64 + 8), 0x04000100);
	assert_int_equal(get16(bd + 64 + 12), 54 + 4 * 1460);
	assert_int_equal(get16(bd + 64 + 14), 54 + 4 * 1460 - 4096);
	assert_int_equal(get32(bd + 96 + 28), 0x00000910);
	assert_int_equal(get16(bd + 96 + 12), 1514);
	for (uint32_t i = 0; i < 4 * 1460; i++)
		assert_int_equal(rig->mem[rig_rx_buf(0, 5) + 54 + i], (uint8_t)(i * 13 + 5));
	assert_int_equal(done.taken, 5);
	assert_int_equal(done.taken_bytes, 5 * 1514);
	for (unsigned int i = 0; i < 5; i++)
		free(o[i]);
	assert_int_equal(rig_stat(rig, "rx", "gro_merged_pkts"), 3);
	assert_int_equal(rig_stat(rig, "rx", "pkts"), 7);
}

/* Without BDs to grow a frame stays as it is, and the next one waits: nothing is lost or twice. */
static void
no_bd_for_the_next_segment(void **state)
{
	struct rig *rig = *state;
	struct emu_rx_done done;
	struct one *o[4];

	gro_switch(rig, true);
	memset(rig_rxbd(rig, 0, 1), 0, 32);
	for (uint32_t n = 0; n < 4; n++)
		o[n] = one_make(n, 900, 900);
	assert_int_equal(burst(rig, o, 4, &done), 2);
	assert_int_equal(done.taken, 2);
	assert_int_equal(done.missed, 1);
	assert_int_equal(get16(rig_rxbd(rig, 0, 0) + 12), 54 + 2 * 900);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28), 0x03840910);
	rig_rx_arm(rig, 0, 1);
	assert_int_equal(burst(rig, o + 2, 2, &done), 2);
	assert_int_equal(get16(rig_rxbd(rig, 0, 1) + 12), 54 + 2 * 900);
	assert_int_equal(rig_stat(rig, "rx_drops", NULL), 0);
	for (unsigned int i = 0; i < 4; i++)
		free(o[i]);
}

/* A tag is stripped from the merged frame as from any other; tags that differ do not merge. */
static void
tags(void **state)
{
	struct rig *rig = *state;
	uint8_t strip[24] = { 2, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct emu_rx_done done;
	struct one *o[3];

	gro_switch(rig, true);
	assert_int_equal(rig_cmd1(rig, 0x0f02, 0x11, strip), 0);
	for (uint32_t n = 0; n < 3; n++) {
		o[n] = one_make(n, 500, 500);
		memmove(o[n]->bytes + 16, o[n]->bytes + 12, 542);
		memcpy(o[n]->bytes + 12, n < 2 ? "\x81\x00\x00\x64" : "\x81\x00\x00\x65", 4);
		one_parse(o[n], 558);
	}
	assert_int_equal(burst(rig, o, 3, &done), 3);
	assert_int_equal(get16(rig_rxbd(rig, 0, 0) + 12), 54 + 1000);
	assert_int_equal(get16(rig_rxbd(rig, 0, 0) + 22), 0x64);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 8), 0x02004100);
	assert_memory_equal(rig->mem + rig_rx_buf(0, 0) + 12, "\x08\x00\x45", 3);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(rig->mem[rig_rx_buf(0, 0) + 54 + i], (uint8_t)(i * 13 + 5));
	assert_int_equal(get16(rig_rxbd(rig, 0, 1) + 22), 0x65);
	for (unsigned int i = 0; i < 3; i++)
		free(o[i]);
}

static void
limits(void **state)
{
	(void)state;
	assert_int_equal(emu_gro_bds_max(4096), 15);
	assert_int_equal(emu_gro_bds_max(2048), 31);
	assert_int_equal(emu_gro_bds_max(1024), 63);
	assert_int_equal(emu_gro_bds_max(512), 63);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup_started, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merged_headers),
		cmocka_unit_test(what_does_not_follow),
		cmocka_unit_test(what_cannot_start),
		cmocka_unit_test(identification_that_stays),
		cmocka_unit_test(limits),
		CASE(bds_of_a_merged_frame),
		CASE(no_bd_for_the_next_segment),
		CASE(tags),
	};

	return RIG_RUN(tests);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_tx_plain.c: which BDs take the short way through Tx. Each bit of a plain BD is
 * turned over; the masks are typed from doc/hns3. What is then sent is in test_emu_tx.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "emu_rig.h"
#include "emu_tx.h"

static struct emu_tx_burst burst;

static unsigned int
gather(struct rig *rig, unsigned int most)
{
	return emu_tx_plain_gather(rig->dev, &rig->dev->queue[0].tx, most, &burst);
}

/* Plain BDs of the ring from @p first on; the ring has been opened by a poll. */
static void
bds_put(struct rig *rig, unsigned int first, unsigned int nb)
{
	for (unsigned int i = first; i < first + nb; i++) {
		struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000 + i * 2048,
			.size = (uint16_t)(60 + i) };

		rig->mem[bd.buf] = (uint8_t)(i + 1);
		rig_tx_put(rig, 0, i, &bd);
	}
}

static void
each_bit(void **state)
{
	/* of the 8 words [2:2.1]: bits that take the frame off the short way */
	static const uint32_t off[8] = { 0, 0, 0, 0x000000f0, 0, 0x000000ff, 0xfff00000,
		0xc000f7ff };
	struct rig *rig = *state;
	uint32_t *bd = (uint32_t *)(void *)rig_txbd(rig, 0, 0);

	rig_tx_go(rig, 0, 0);
	bds_put(rig, 0, 1);
	assert_int_equal(gather(rig, 32), 1);
	assert_int_equal(burst.nb, 1);
	assert_int_equal(burst.nb_bds, 1);
	for (unsigned int bit = 96; bit < 256; bit++) {
		unsigned int word = bit / 32;

		bd[word] ^= UINT32_C(1) << bit % 32;
		assert_int_equal(gather(rig, 32), off[word] >> bit % 32 & 1 ? 0 : 1);
		bd[word] ^= UINT32_C(1) << bit % 32;
	}
	bd[2] ^= 0x0000ffff; /* the inner tag, which nobody asks for */
	assert_int_equal(gather(rig, 32), 1);
	bd[0] = bd[1] = 0; /* no address */
	assert_int_equal(gather(rig, 32), 0);
	bds_put(rig, 0, 1);
	bd[1] = 0x7fff; /* not mapped, and no fault */
	assert_int_equal(gather(rig, 32), 0);
	assert_int_equal(rig->mmu.faults_read, 0);
}

static void
sizes(void **state)
{
	static const struct {
		uint16_t size;
		unsigned int nb;
	} row[] = { { 0, 0 }, { 59, 0 }, { 60, 1 }, { 1514, 1 }, { 9724, 0 }, { 65535, 0 } };
	struct rig *rig = *state;

	rig_tx_go(rig, 0, 0);
	for (unsigned int i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct rig_txbd bd = { .buf = RIG_BUFS + 0x200000, .size = row[i].size };

		rig_tx_put(rig, 0, 0, &bd);
		assert_int_equal(gather(rig, 32), row[i].nb);
	}
}

/* As many as are asked for, as far as they are plain, around the ring's end. */
static void
how_far(void **state)
{
	struct rig *rig = *state;

	rig_tx_go(rig, 0, 0);
	rig->dev->queue[0].tx.idx = RIG_RING_BDS - 2;
	bds_put(rig, RIG_RING_BDS - 2, 2);
	bds_put(rig, 0, 5);
	assert_int_equal(gather(rig, 3), 3);
	assert_int_equal(gather(rig, 32), 7);
	for (unsigned int i = 0; i < 7; i++) {
		unsigned int at = (RIG_RING_BDS - 2 + i) % RIG_RING_BDS;

		assert_int_equal(burst.first_bd[i], i);
		assert_int_equal(burst.frames[i]->nb_segs, 1);
		assert_int_equal(burst.frames[i]->len_bytes, 60 + at);
		assert_int_equal(burst.frames[i]->seg[0].iov_len, 60 + at);
		assert_int_equal(*(uint8_t *)burst.frames[i]->seg[0].iov_base, at + 1);
	}
	assert_int_equal(rig->dev->queue[0].tx.idx, RIG_RING_BDS - 2);
	rig_txbd(rig, 0, 2)[12] |= 0x10; /* L3CS [2:2.2] */
	assert_int_equal(gather(rig, 32), 4);
}

/* A ring that is shorter than a burst and full: each frame once. */
static void
once_around(void **state)
{
	struct rig *rig = *state;

	rig_wr(rig, rig_tqp(0) + 0x48, 0); /* 8 BDs [1:2.6] */
	rig_tx_go(rig, 0, 0);
	assert_int_equal(rig->dev->queue[0].tx.nb_bds, 8);
	bds_put(rig, 0, 8);
	assert_int_equal(gather(rig, 32), 8);
	assert_int_equal(rig_tx_go(rig, 0, 8), 8);
	assert_int_equal(rig->nb_sent, 8);
	assert_int_equal(rig_tx_go(rig, 0, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_bit, rig_setup_started, rig_teardown),
		cmocka_unit_test_setup_teardown(sizes, rig_setup_started, rig_teardown),
		cmocka_unit_test_setup_teardown(how_far, rig_setup_started, rig_teardown),
		cmocka_unit_test_setup_teardown(once_around, rig_setup_started, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

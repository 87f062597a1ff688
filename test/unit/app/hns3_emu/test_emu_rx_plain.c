/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_rx_plain.c: frames that take the short way through Rx end up as on the long one.
 * Two devices get the same random frames; on the second one GRO is on, which closes the short way
 * and changes nothing for single frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu_dev_priv.h"
#include "emu_rig.h"
#include "emu_rx.h"

#define ROUNDS 10000

static struct rig plain, full;
static uint64_t nb_missed; /* frames for which there was no BD */

static void
rss_set(struct rig *rig)
{
	uint8_t data[24];

	for (unsigned int chunk = 0; chunk < 3; chunk++) { /* [3:4.1] */
		memset(data, 0, sizeof(data));
		data[0] = (uint8_t)(chunk << 4);
		for (unsigned int i = 0; i < 16; i++)
			data[8 + i] = (uint8_t)(17 * i + 101 * chunk + 3);
		assert_int_equal(rig_cmd1(rig, 0x0d01, 0x11, data), 0);
	}
	memset(data, 0, sizeof(data));
	memset(data, 0x0f, 8); /* all of addresses and ports [3:4.3] */
	assert_int_equal(rig_cmd1(rig, 0x0d02, 0x11, data), 0);
	for (unsigned int first = 0; first < 512; first += 16) { /* [3:4.2] */
		memset(data, 0, sizeof(data));
		put16(data, (uint16_t)first);
		put16(data + 2, 0xffff);
		for (unsigned int i = 0; i < 16; i++)
			data[8 + i] = (uint8_t)((first / 16 + i) % 2);
		assert_int_equal(rig_cmd1(rig, 0x0d07, 0x11, data), 0);
	}
	memset(data, 0, sizeof(data));
	put16(data, 0x9000); /* TC 0: two queues from 0 on [3:4.4] */
	assert_int_equal(rig_cmd1(rig, 0x0d08, 0x11, data), 0);
}

/* A frame of a common kind, sometimes damaged, in a buffer of exactly its length. */
static uint8_t *
frame_make(uint32_t *len)
{
	uint8_t frame[2048], *copy;

	*len = rig_ipv4(frame, rand() % 2 ? 6 : 17, (uint32_t)(rand() % 1400));
	if (*len < 60) {
		memset(frame + *len, 0, 60 - *len);
		*len = 60;
	}
	for (unsigned int i = 0; i < 12; i++) /* addresses and ports: another flow, a wrong sum */
		frame[26 + i] ^= (uint8_t)(rand() % 4 ? 0 : rand());
	if (rand() % 3 == 0)
		put16(frame + 40, 0);
	for (unsigned int n = (unsigned int)(rand() % 3); n > 0; n--)
		frame[rand() % 44] ^= (uint8_t)(1u << rand() % 8);
	copy = malloc(*len);
	assert_non_null(copy);
	memcpy(copy, frame, *len);
	return copy;
}

/* Some frames, a few of them in two pieces, to both devices; they go on from where they stopped. */
static void
bursts_compare(void)
{
	static struct emu_frame f[EMU_BURST];
	const struct emu_frame *frames[EMU_BURST];
	unsigned int nb = 1 + (unsigned int)rand() % EMU_BURST, went;
	struct emu_rx_done a, b;
	bool waits = rand() % 2;

	for (unsigned int i = 0; i < nb; i++) {
		uint32_t first;

		f[i].nb_segs = 1 + (rand() % 8 == 0);
		f[i].seg[0].iov_base = frame_make(&f[i].len_bytes);
		first = f[i].nb_segs == 1 ? f[i].len_bytes : (uint32_t)(rand() % 59) + 1;
		f[i].seg[0].iov_len = first;
		f[i].seg[1].iov_base = (uint8_t *)f[i].seg[0].iov_base + first;
		f[i].seg[1].iov_len = f[i].len_bytes - first;
		frames[i] = &f[i];
	}
	went = emu_dev_rx_burst(plain.dev, frames, nb, waits, &a);
	assert_int_equal(emu_dev_rx_burst(full.dev, frames, nb, waits, &b), went);
	assert_int_equal(a.taken, b.taken);
	assert_int_equal(a.taken_bytes, b.taken_bytes);
	assert_int_equal(a.dropped, b.dropped);
	assert_int_equal(a.missed, b.missed);
	assert_int_equal(a.taken + a.dropped + (waits ? 0 : a.missed), went);
	nb_missed += a.missed;
	for (unsigned int i = 0; i < nb; i++)
		free(f[i].seg[0].iov_base);
}

static void
queues_compare(unsigned int at[2])
{
	for (unsigned int q = 0; q < 2; q++) {
		unsigned int most = (unsigned int)rand() % 17; /* about as many as arrive */

		assert_memory_equal(
				rig_rxbd(&plain, q, 0), rig_rxbd(&full, q, 0), RIG_RING_BDS * 32);
		while (most-- > 0 && get32(rig_rxbd(&plain, q, at[q]) + 28) & 0x10) {
			assert_memory_equal(plain.mem + rig_rx_buf(q, at[q]),
					full.mem + rig_rx_buf(q, at[q]), 2048);
			rig_rx_arm(&plain, q, at[q]);
			rig_rx_arm(&full, q, at[q]);
			at[q] = (at[q] + 1) % RIG_RING_BDS;
		}
	}
}

static void
same_as_the_long_way(void **state)
{
	unsigned int at[2] = { 0, 0 };
	uint8_t on[24] = { 1 };
	uint64_t short_cuts = 0;

	(void)state;
	srand(20261128);
	rig_open(&plain, true);
	rig_open(&full, true);
	for (struct rig *rig = &plain; rig; rig = rig == &plain ? &full : NULL) {
		rig_start(rig, 2);
		rss_set(rig);
	}
	assert_int_equal(rig_cmd1(&full, 0x0c10, 0x11, on), 0); /* [3:3.7] */
	for (unsigned int i = 0; i < ROUNDS; i++) {
		bursts_compare();
		short_cuts += emu_rx_is_plain(plain.dev->nic);
		assert_false(emu_rx_is_plain(full.dev->nic));
		queues_compare(at);
	}
	assert_int_equal(short_cuts, ROUNDS);
	assert_true(nb_missed > 0);
	assert_true(rig_stat(&plain, "rx", "pkts") > ROUNDS);
	assert_memory_equal(plain.dev->nic->mac_stats, full.dev->nic->mac_stats,
			sizeof(plain.dev->nic->mac_stats));
	assert_memory_equal(plain.dev->drops, full.dev->drops, sizeof(plain.dev->drops));
	for (unsigned int q = 0; q < 2; q++) {
		assert_true(plain.dev->queue[q].rx.pkts > ROUNDS / 8);
		assert_int_equal(plain.dev->queue[q].rx.bytes, full.dev->queue[q].rx.bytes);
	}
	rig_close(&plain);
	rig_close(&full);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_as_the_long_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/fwd_txonly.c: the frame byte by byte, its checksum in every flow, segments. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tpf_rig.h"

static struct tpf_opts opts;

static int
opts_make(void **state)
{
	memset(&opts, 0, sizeof(opts));
	opts.nb_tx_segs = 1;
	opts.tx_seg_bytes[0] = 60;
	return rig_reset(state);
}

/* 60 bytes: Ethernet, IPv4 with checksum 0xee99, UDP discard, bytes that count. */
static const uint8_t frame_60[60] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x02, 0xaa, 0xbb, 0xcc,
	0xdd, 0x01, 0x08, 0x00, /* IPv4 */ 0x45, 0, 0x00, 0x2e, 0, 0, 0, 0, 64, 17, 0xee, 0x99, 198,
	18, 0, 0, 198, 18, 0, 1, /* UDP */ 0, 9, 0, 9, 0, 26, 0, 0, 42, 43, 44, 45, 46, 47, 48, 49,
	50, 51, 52, 53, 54, 55, 56, 57, 58, 59 };

static void
each_packet_is_the_frame(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_txonly_engine, &opts);

	(void)state;
	assert_int_equal(tpf_txonly_engine.burst(fs), 32);
	assert_int_equal(tpf_txonly_engine.burst(fs), 32);
	assert_int_equal(rig_ports[1].nb_out, 64);
	for (int i = 0; i < 64; i++) {
		const struct rte_mbuf *m = rig_ports[1].out[i];

		assert_int_equal(m->pkt_len, 60);
		assert_int_equal(m->data_len, 60);
		assert_int_equal(m->nb_segs, 1);
		assert_null(m->next);
		assert_memory_equal(rte_pktmbuf_mtod(m, void *), frame_60, 60);
	}
	assert_int_equal(fs->count.rx_pkts, 64);
	assert_int_equal(fs->count.tx_pkts, 64);
	assert_int_equal(rig_ports[0].rx_calls + rig_ports[1].rx_calls, 0);
	rig_stream_free(fs, &tpf_txonly_engine);
	rig_reset(NULL);
	assert_int_equal(rig_in_use(), 0);
}

static void
a_long_frame_in_segments_is_one_frame(void **state)
{
	struct tpf_stream *fs;
	const struct rte_mbuf *m;
	uint8_t flat[1500];

	(void)state;
	opts.nb_tx_segs = 3;
	opts.tx_seg_bytes[0] = 50;
	opts.tx_seg_bytes[1] = 1449;
	opts.tx_seg_bytes[2] = 1;
	fs = rig_stream(&tpf_txonly_engine, &opts);
	assert_int_equal(tpf_txonly_engine.burst(fs), 32);
	m = rig_ports[1].out[31];
	assert_int_equal(m->nb_segs, 3);
	assert_int_equal(m->pkt_len, 1500);
	assert_int_equal(m->data_len, 50);
	assert_int_equal(m->next->data_len, 1449);
	assert_int_equal(m->next->next->data_len, 1);
	assert_null(m->next->next->next);
	assert_ptr_equal(rte_pktmbuf_read(m, 0, 1500, flat), flat);
	assert_memory_equal(flat, frame_60, 16);
	assert_memory_equal(flat + 16, "\x05\xce", 2);         /* IPv4 length 1486 */
	assert_memory_equal(flat + 24, "\xe8\xf9", 2);         /* 0xee99 - (1486 - 46) */
	assert_memory_equal(flat + 38, "\x05\xba\x00\x00", 4); /* UDP length 1466 */
	for (int i = 42; i < 1500; i++)
		assert_int_equal(flat[i], i & 0xff);
	rig_stream_free(fs, &tpf_txonly_engine);
	rig_reset(NULL);
	assert_int_equal(rig_in_use(), 0);
}

/* The sum of a right header is 0xffff (RFC 791). */
static unsigned int
header_sum(const uint8_t *ip)
{
	unsigned int sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned int)ip[i] << 8 | ip[i + 1];
	return (sum & 0xffff) + (sum >> 16);
}

static void
flows_differ_and_each_checksum_is_right(void **state)
{
	/* clang-format off */
	static const struct { unsigned int flow; uint8_t cksum[2]; } want[] = {
		{ 0, { 0xee, 0x99 } }, { 1, { 0xee, 0x98 } }, { 255, { 0xed, 0x9a } },
		{ 0xee99, { 0x00, 0x00 } }, { 0xee9a, { 0xff, 0xfe } },
	};
	/* clang-format on */
	struct tpf_stream *fs;
	unsigned int k = 0;

	(void)state;
	opts.multi_flow = true;
	fs = rig_stream(&tpf_txonly_engine, &opts);
	for (unsigned int flow = 0; flow < 65536 + 32;) {
		assert_int_equal(tpf_txonly_engine.burst(fs), 32);
		for (unsigned int i = 0; i < 32; i++, flow++) {
			const uint8_t *ip = rte_pktmbuf_mtod(rig_ports[1].out[i], uint8_t *) + 14;

			assert_int_equal(header_sum(ip), 0xffff);
			assert_int_equal(ip[12] << 8 | ip[13], 198 << 8 | 18);
			assert_int_equal(ip[14] << 8 | ip[15], flow & 0xffff);
			if (k < RTE_DIM(want) && want[k].flow == flow)
				assert_memory_equal(ip + 10, want[k++].cksum, 2);
		}
		rig_reset(NULL);
	}
	assert_int_equal(k, 5);
	rig_stream_free(fs, &tpf_txonly_engine);
}

static void
no_buffers_are_counted_and_nothing_is_lost(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_txonly_engine, &opts);
	struct rte_mbuf *hoard[RIG_MBUFS - 31];

	(void)state;
	assert_int_equal(rte_pktmbuf_alloc_bulk(rig_pool, hoard, RTE_DIM(hoard)), 0);
	assert_int_equal(tpf_txonly_engine.burst(fs), 0); /* 31 are left, 32 wanted */
	assert_int_equal(fs->count.no_mbuf, 1);
	assert_int_equal(fs->count.rx_pkts, 0);
	assert_int_equal(rig_ports[1].tx_calls, 0);
	assert_int_equal(rig_in_use(), 992);
	rte_pktmbuf_free_bulk(hoard, RTE_DIM(hoard));
	assert_int_equal(tpf_txonly_engine.burst(fs), 32);
	assert_int_equal(fs->count.no_mbuf, 1);
	rig_stream_free(fs, &tpf_txonly_engine);
}

static void
nothing_new_is_made_while_packets_wait(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_txonly_engine, &opts);

	(void)state;
	rig_ports[1].tx_room = 20;
	assert_int_equal(tpf_txonly_engine.burst(fs), 32);
	assert_int_equal(fs->nb_pend, 12);
	assert_int_equal(tpf_txonly_engine.burst(fs), 0);
	assert_int_equal(rig_in_use(), 32);
	rig_ports[1].tx_room = 100;
	assert_int_equal(tpf_txonly_engine.burst(fs), 32); /* the 12, and then 32 more */
	assert_int_equal(rig_ports[1].nb_out, 64);
	assert_int_equal(fs->count.rx_pkts, 64);
	assert_int_equal(fs->count.tx_pkts, 64);
	rig_stream_free(fs, &tpf_txonly_engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_packet_is_the_frame, opts_make),
		cmocka_unit_test_setup(a_long_frame_in_segments_is_one_frame, opts_make),
		cmocka_unit_test_setup(flows_differ_and_each_checksum_is_right, opts_make),
		cmocka_unit_test_setup(no_buffers_are_counted_and_nothing_is_lost, opts_make),
		cmocka_unit_test_setup(nothing_new_is_made_while_packets_wait, opts_make),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

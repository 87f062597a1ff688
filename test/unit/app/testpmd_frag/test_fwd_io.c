/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/fwd_io.c: every byte leaves as it came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tpf_rig.h"

static void
bytes_and_packets_are_the_same(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);
	struct rte_mbuf *in[2];
	uint8_t frame[300];

	(void)state;
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7);
	in[0] = rig_packet(frame, 60);
	in[1] = rig_packet(frame, 300);
	rig_rx_add(0, in[0]);
	rig_rx_add(0, in[1]);
	assert_int_equal(tpf_io_engine.burst(fs), 2);
	assert_int_equal(tpf_io_engine.burst(fs), 0);
	assert_int_equal(rig_ports[1].nb_out, 2);
	assert_int_equal(rig_ports[1].tx_calls, 1); /* nothing to send: the port is not asked */
	assert_ptr_equal(rig_ports[1].out[0], in[0]);
	assert_ptr_equal(rig_ports[1].out[1], in[1]);
	assert_int_equal(in[0]->pkt_len, 60);
	assert_memory_equal(rte_pktmbuf_mtod(in[0], void *), frame, 60);
	assert_int_equal(in[1]->pkt_len, 300);
	assert_memory_equal(rte_pktmbuf_mtod(in[1], void *), frame, 300);
	assert_int_equal(fs->count.rx_pkts, 2);
	assert_int_equal(fs->count.tx_pkts, 2);
	rig_stream_free(fs, &tpf_io_engine);
	rig_reset(NULL);
	assert_int_equal(rig_in_use(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bytes_and_packets_are_the_same, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

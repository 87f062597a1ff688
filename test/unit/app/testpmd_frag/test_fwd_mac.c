/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/fwd_mac.c: destination = peer, source = own address, nothing else changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tpf_rig.h"

static void
both_addresses_are_ours(void **state)
{
	/* the stream's dst_mac, then its src_mac */
	static const uint8_t want[14] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x02, 0xaa, 0xbb,
		0xcc, 0xdd, 0x01, 0x08, 0x00 };
	struct tpf_stream *fs = rig_stream(&tpf_mac_engine, NULL);
	uint8_t frame[100];

	(void)state;
	for (size_t i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)i;
	frame[12] = 0x08;
	frame[13] = 0x00;
	for (int i = 0; i < 40; i++) {
		frame[20] = (uint8_t)(100 + i);
		rig_rx_add(0, rig_packet(frame, sizeof(frame)));
	}
	assert_int_equal(tpf_mac_engine.burst(fs), 32);
	assert_int_equal(tpf_mac_engine.burst(fs), 8);
	assert_int_equal(tpf_mac_engine.burst(fs), 0);
	assert_int_equal(rig_ports[1].nb_out, 40);
	assert_int_equal(rig_ports[1].tx_calls, 2); /* nothing to send: the port is not asked */
	for (int i = 0; i < 40; i++) {
		const uint8_t *out = rte_pktmbuf_mtod(rig_ports[1].out[i], uint8_t *);

		frame[20] = (uint8_t)(100 + i);
		assert_int_equal(rig_ports[1].out[i]->pkt_len, 100);
		assert_memory_equal(out, want, 14);
		assert_memory_equal(out + 14, frame + 14, 86);
	}
	assert_int_equal(fs->count.rx_pkts, 40);
	assert_int_equal(fs->count.tx_pkts, 40);
	rig_stream_free(fs, &tpf_mac_engine);
	rig_reset(NULL);
	assert_int_equal(rig_in_use(), 0);
}

/* What found no room has its new addresses already: they are not written twice. */
static void
packets_that_wait_are_not_touched_again(void **state)
{
	/* the stream's dst_mac, then its src_mac */
	static const uint8_t want[14] = { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55, 0x02, 0xaa, 0xbb,
		0xcc, 0xdd, 0x01, 0x08, 0x00 };
	struct tpf_stream *fs = rig_stream(&tpf_mac_engine, NULL);
	uint8_t frame[60] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x08, 0x00 };

	(void)state;
	rig_rx_add(0, rig_packet(frame, sizeof(frame)));
	rig_ports[1].tx_room = 0;
	assert_int_equal(tpf_mac_engine.burst(fs), 1);
	assert_int_equal(tpf_mac_engine.burst(fs), 0);
	assert_int_equal(rig_ports[1].nb_out, 0);
	rig_ports[1].tx_room = 1;
	assert_int_equal(tpf_mac_engine.burst(fs), 0);
	assert_int_equal(rig_ports[1].nb_out, 1);
	assert_memory_equal(rte_pktmbuf_mtod(rig_ports[1].out[0], void *), want, 14);
	rig_stream_free(fs, &tpf_mac_engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(both_addresses_are_ours, rig_reset),
		cmocka_unit_test_setup(packets_that_wait_are_not_touched_again, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

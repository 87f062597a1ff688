/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/fwd_rxonly.c: all is received, counted and freed; nothing is sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tpf_rig.h"

static void
everything_goes_back_to_the_pool(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_rxonly_engine, NULL);
	struct rte_mbuf *head = rig_packet("abcdefgh", 8);
	unsigned int total = 0;
	uint16_t nb;

	(void)state;
	/* one packet of three segments among the plain ones */
	rte_pktmbuf_chain(head, rig_packet("12345678", 8));
	rte_pktmbuf_chain(head, rig_packet("90", 2));
	rig_rx_add_many(0, 50);
	rig_rx_add(0, head);
	rig_rx_add_many(0, 49);
	assert_int_equal(rig_in_use(), 102);
	while ((nb = tpf_rxonly_engine.burst(fs)) != 0)
		total += nb;
	assert_int_equal(total, 100);
	assert_int_equal(rig_in_use(), 0);
	assert_int_equal(fs->count.rx_pkts, 100);
	assert_int_equal(fs->count.sunk_pkts, 100);
	assert_int_equal(fs->count.tx_pkts, 0);
	assert_int_equal(rig_ports[0].tx_calls + rig_ports[1].tx_calls, 0);
	rig_stream_free(fs, &tpf_rxonly_engine);
}

static void
it_says_that_it_does_not_send(void **state)
{
	(void)state;
	assert_true(tpf_rxonly_engine.receives);
	assert_false(tpf_rxonly_engine.transmits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(everything_goes_back_to_the_pool, rig_reset),
		cmocka_unit_test_setup(it_says_that_it_does_not_send, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

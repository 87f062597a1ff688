/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/stream.c and stream.h: the map of streams, the shares of the lcores, and that
 * no packet is lost from the account whatever room the Tx ring has. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report.h"
#include "tpf_rig.h"

static struct tpf_app app;

/* clang-format off */
static void
topologies(void **state)
{
	static const struct { enum tpf_topology topology; uint16_t nb_ports, peers[5]; } cases[] = {
		{ TPF_PAIRED,  1, { 0 } },
		{ TPF_PAIRED,  2, { 1, 0 } },
		{ TPF_PAIRED,  5, { 1, 0, 3, 2, 4 } },
		{ TPF_CHAINED, 1, { 0 } },
		{ TPF_CHAINED, 2, { 1, 0 } },
		{ TPF_CHAINED, 5, { 1, 2, 3, 4, 0 } },
		{ TPF_LOOP,    3, { 0, 1, 2 } },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++)
		for (uint16_t pos = 0; pos < cases[i].nb_ports; pos++)
			assert_int_equal(tpf_topology_peer(
							 cases[i].topology, pos, cases[i].nb_ports),
					cases[i].peers[pos]);
}

static void
routes_go_queue_by_queue(void **state)
{
	static const struct tpf_route want[6] = { { 0, 1, 0 }, { 1, 0, 0 }, { 2, 2, 0 },
		{ 0, 1, 1 }, { 1, 0, 1 }, { 2, 2, 1 } };
	struct tpf_route got[7];

	(void)state;
	memset(got, 0xee, sizeof(got));
	tpf_routes_make(TPF_PAIRED, 3, 2, got);
	assert_memory_equal(got, want, sizeof(want));
	assert_int_equal(got[6].rx_pos, 0xeeee); /* no row too many */
}

static void
shares_are_even_and_cover_all(void **state)
{
	/* clang-format off */
	static const struct { uint16_t streams, lcores, i, first, nb; } cases[] = {
		{ 7, 3, 0, 0, 3 }, { 7, 3, 1, 3, 2 }, { 7, 3, 2, 5, 2 },
		{ 4, 4, 3, 3, 1 }, { 1, 1, 0, 0, 1 }, { 2048, 127, 126, 2032, 16 },
		{ 2048, 127, 15, 255, 17 }, { 2048, 127, 16, 272, 16 },
	};
	/* clang-format on */
	uint16_t first, nb;

	(void)state;
	for (size_t i = 0; i < RTE_DIM(cases); i++) {
		tpf_share_get(cases[i].streams, cases[i].lcores, cases[i].i, &first, &nb);
		assert_int_equal(first, cases[i].first);
		assert_int_equal(nb, cases[i].nb);
	}
}

/* in == out + named drops + waiting, between any two bursts. */
static void
assert_conserved(const struct tpf_stream *fs)
{
	const struct tpf_counters *c = &fs->count;

	assert_int_equal(tpf_count_get(&c->rx_pkts),
			tpf_count_get(&c->tx_pkts) + tpf_count_get(&c->sunk_pkts) +
					tpf_count_get(&c->full_pkts) +
					tpf_count_get(&c->aborted_pkts) +
					tpf_count_get(&c->drained_pkts) +
					tpf_count_get(&c->flushed_pkts) + fs->nb_pend);
}

static void
what_finds_no_room_waits_and_goes_out_in_order(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);

	(void)state;
	rig_rx_add_many(0, 40);
	rig_ports[1].tx_room = 10;
	assert_int_equal(tpf_stream_rx(fs), 32);
	tpf_stream_tx(fs, 32);
	assert_int_equal(fs->nb_pend, 22);
	assert_int_equal(fs->count.waits, 1);
	assert_conserved(fs);
	assert_int_equal(tpf_stream_rx(fs), 0); /* still no room: the port is not polled */
	assert_int_equal(rig_ports[0].rx_calls, 1);
	assert_int_equal(fs->nb_pend, 22);
	rig_ports[1].tx_room = 21;
	assert_false(tpf_stream_retry(fs));
	assert_int_equal(fs->nb_pend, 1);
	assert_int_equal(fs->pend_first, 31);
	assert_conserved(fs);
	rig_ports[1].tx_room = 9;
	assert_int_equal(tpf_stream_rx(fs), 8); /* sends the last of them first */
	tpf_stream_tx(fs, 8);
	assert_conserved(fs);
	assert_int_equal(rig_ports[1].nb_out, 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(rte_pktmbuf_mtod(rig_ports[1].out[i], uint8_t *)[14], i);
	assert_int_equal(fs->count.rx_pkts, 40);
	assert_int_equal(fs->count.tx_pkts, 40);
	assert_int_equal(fs->count.waits, 1);
	rig_stream_free(fs, &tpf_io_engine);
}

static void
patience_ends_and_the_drop_has_a_name(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);

	(void)state;
	rig_rx_add_many(0, 32);
	rig_ports[1].tx_room = 2;
	tpf_stream_tx(fs, tpf_stream_rx(fs));
	assert_true(fs->pend_until_tsc > rte_rdtsc());
	assert_false(tpf_stream_retry(fs));
	fs->pend_until_tsc = 1; /* time is up, but the ring moves: as long again */
	rig_ports[1].tx_room = 1;
	assert_false(tpf_stream_retry(fs));
	assert_true(fs->pend_until_tsc > rte_rdtsc());
	assert_false(tpf_stream_retry(fs));
	fs->pend_until_tsc = 1;
	assert_true(tpf_stream_retry(fs));
	assert_int_equal(fs->nb_pend, 0);
	assert_int_equal(fs->count.tx_pkts, 3);
	assert_int_equal(fs->count.full_pkts, 29);
	assert_int_equal(fs->count.aborted_pkts, 0);
	assert_conserved(fs);
	assert_int_equal(rig_in_use(), 3); /* those that are out; the 29 are back */
	rig_stream_free(fs, &tpf_io_engine);
}

/* Random room in the ring: never out of balance, and in the end all is out. */
static void
the_account_holds_at_every_step(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);
	unsigned int nb_in = 0;

	(void)state;
	srand(7);
	for (int step = 0; step < 4000; step++) {
		unsigned int add = (unsigned int)rand() % 50;

		if (rig_ports[1].nb_out > 200) { /* the wire takes them */
			rte_pktmbuf_free_bulk(rig_ports[1].out, rig_ports[1].nb_out);
			rig_ports[1].nb_out = 0;
		}
		if (rig_ports[0].next_in == rig_ports[0].nb_in) {
			rig_ports[0].nb_in = rig_ports[0].next_in = 0;
			rig_rx_add_many(0, add);
			nb_in += add;
		}
		rig_ports[1].tx_room = (unsigned int)rand() % 40;
		tpf_io_engine.burst(fs);
		assert_conserved(fs);
	}
	rig_ports[1].tx_room = RIG_PKTS;
	while (tpf_io_engine.burst(fs) != 0 || rig_ports[0].next_in != rig_ports[0].nb_in)
		assert_conserved(fs);
	assert_true(nb_in > 10000);
	assert_int_equal(fs->count.rx_pkts, nb_in);
	assert_int_equal(fs->count.tx_pkts, nb_in);
	rig_stream_free(fs, &tpf_io_engine);
	rig_reset(NULL);
	assert_int_equal(rig_in_use(), 0);
}

/* @p nb_ports fake ports, streams from the command line's wishes. */
static void
app_make(uint16_t nb_ports, const struct tpf_engine *engine, enum tpf_topology topology,
		uint16_t nb_queues, uint16_t nb_lcores)
{
	memset(&app, 0, sizeof(app));
	app.opts.engine = engine;
	app.opts.topology = topology;
	app.opts.nb_rxq = app.opts.nb_txq = nb_queues;
	app.opts.nb_lcores = nb_lcores;
	app.opts.burst_pkts = 16;
	app.opts.tx_retry_ms = 500;
	app.opts.nb_tx_segs = 1;
	app.opts.tx_seg_bytes[0] = 60;
	app.pools[0].mp = rig_pool;
	app.nb_pools = 1;
	app.nb_ports = nb_ports;
	for (uint16_t i = 0; i < nb_ports; i++) {
		app.ports[i].id = i;
		app.ports[i].mac.addr_bytes[5] = (uint8_t)(0x10 + i);
		app.opts.peer[i].addr_bytes[5] = (uint8_t)(0x20 + i);
	}
}

static void
streams_are_made_as_the_map_says(void **state)
{
	char text[512];

	(void)state;
	app_make(3, &tpf_mac_engine, TPF_PAIRED, 2, 3);
	rig_capture_start(2);
	assert_int_equal(tpf_streams_create(&app), 0);
	rig_capture_end(text, sizeof(text));
	assert_string_equal(text, "Note: odd number of ports: port 2 has no partner and answers "
				  "itself\n");
	assert_int_equal(app.nb_streams, 6);
	assert_int_equal(app.nb_lcores, 3);
	for (uint16_t i = 0; i < 6; i++) {
		static const uint16_t tx_port[] = { 1, 0, 2, 1, 0, 2 };
		const struct tpf_stream *fs = app.streams[i];

		assert_int_equal(fs->rx_port, i % 3);
		assert_int_equal(fs->tx_port, tx_port[i]);
		assert_int_equal(fs->rx_queue, i / 3);
		assert_int_equal(fs->tx_queue, i / 3);
		assert_int_equal(fs->burst_pkts, 16);
		assert_int_equal(fs->src_mac.addr_bytes[5], 0x10 + tx_port[i]);
		assert_int_equal(fs->dst_mac.addr_bytes[5], 0x20 + tx_port[i]);
		assert_ptr_equal(fs->mp, rig_pool);
		assert_true(fs->retry_cycles == rte_get_tsc_hz() / 1000 * 500);
		assert_int_equal((uintptr_t)fs % 128, 0);
	}
	for (uint16_t i = 0; i < 3; i++) {
		assert_int_equal(app.lcores[i].lcore_id, i + 1);
		assert_int_equal(app.lcores[i].nb_streams, 2);
		assert_ptr_equal(app.lcores[i].streams, &app.streams[2 * i]);
		assert_ptr_equal(app.lcores[i].burst, tpf_mac_engine.burst);
	}
	tpf_streams_destroy(&app);
	assert_int_equal(app.nb_streams, 0);
	assert_null(app.streams);
	assert_null(app.lcores);
}

/* Txonly needs no partner: each port sends, with its own address. */
static void
txonly_streams_send_on_their_own_port(void **state)
{
	char text[512];

	(void)state;
	app_make(3, &tpf_txonly_engine, TPF_PAIRED, 1, 1);
	rig_capture_start(2);
	assert_int_equal(tpf_streams_create(&app), 0);
	rig_capture_end(text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(app.nb_streams, 3);
	for (uint16_t i = 0; i < 3; i++) {
		assert_false(app.streams[i]->has_rx);
		assert_int_equal(app.streams[i]->tx_port, i);
		assert_int_equal(app.streams[i]->src_mac.addr_bytes[5], 0x10 + i);
		assert_non_null(app.streams[i]->engine_data);
	}
	tpf_streams_destroy(&app);
}

static void
more_lcores_than_streams_are_left_alone(void **state)
{
	(void)state;
	app_make(2, &tpf_io_engine, TPF_PAIRED, 1, 3);
	assert_int_equal(tpf_streams_create(&app), 0);
	assert_int_equal(app.nb_lcores, 2);
	tpf_streams_destroy(&app);
}

static void
too_many_lcores_are_refused_with_advice(void **state)
{
	char text[512];

	(void)state;
	app_make(4, &tpf_io_engine, TPF_PAIRED, 2, 4);
	rig_capture_start(2);
	assert_int_equal(tpf_streams_create(&app), -EINVAL);
	rig_capture_end(text, sizeof(text));
	assert_string_equal(text, "--nb-cores=4: EAL has 4 lcore(s) and the first only controls; "
				  "give it 5, for example -l 0-4\n");
	tpf_streams_destroy(&app); /* what was made goes */
	assert_null(app.streams);
}

static void
drained_and_flushed_packets_are_named_and_freed(void **state)
{
	(void)state;
	app_make(2, &tpf_io_engine, TPF_PAIRED, 1, 1);
	assert_int_equal(tpf_streams_create(&app), 0);
	rig_rx_add_many(0, 40);
	rig_rx_add_many(1, 3);
	tpf_streams_drain_rx(&app, true);
	assert_int_equal(app.streams[0]->count.flushed_pkts, 40);
	assert_int_equal(app.streams[1]->count.flushed_pkts, 3);
	assert_int_equal(app.streams[0]->count.drained_pkts, 0);
	rig_rx_add_many(0, 5);
	rig_rx_add_many(1, 7);
	atomic_store(&app.ports[1].is_gone, true); /* not asked any more */
	tpf_streams_drain_rx(&app, false);
	assert_int_equal(app.streams[0]->count.drained_pkts, 5);
	assert_int_equal(app.streams[0]->count.rx_pkts, 45);
	assert_int_equal(app.streams[1]->count.drained_pkts, 0);
	assert_true(tpf_report_is_conserved(&app));
	assert_int_equal(rig_in_use(), 7);
	tpf_streams_destroy(&app);
}

static void
always_more(struct rig_port *port)
{
	port->nb_in = port->next_in = 0;
	rig_rx_add_many(0, 16);
}

/* A sender that does not stop cannot hold the shutdown. */
static void
draining_ends_although_more_comes(void **state)
{
	(void)state;
	app_make(1, &tpf_rxonly_engine, TPF_PAIRED, 1, 1);
	assert_int_equal(tpf_streams_create(&app), 0);
	rig_ports[0].on_rx = always_more;
	app.ports[0].nb_rxd = 512;
	tpf_streams_drain_rx(&app, false);
	assert_int_equal(app.streams[0]->count.drained_pkts, 4096);
	app.ports[0].nb_rxd = 4096;
	tpf_streams_drain_rx(&app, true);
	assert_int_equal(app.streams[0]->count.flushed_pkts, 8192);
	assert_true(tpf_report_is_conserved(&app));
	assert_int_equal(rig_in_use(), 0);
	tpf_streams_destroy(&app);
}

/* Last: the request cannot be taken back in this process. */
static void
an_abort_gives_up_what_waits(void **state)
{
	struct tpf_stream *fs = rig_stream(&tpf_io_engine, NULL);

	(void)state;
	rig_rx_add_many(0, 8);
	rig_ports[1].tx_room = 2;
	tpf_stream_tx(fs, tpf_stream_rx(fs));
	rig_ports[1].tx_room = 1;
	tpf_abort_request();
	assert_true(tpf_stream_retry(fs)); /* what the ring takes is still sent */
	assert_int_equal(fs->count.tx_pkts, 3);
	assert_int_equal(fs->count.aborted_pkts, 5);
	assert_int_equal(fs->count.full_pkts, 0);
	assert_conserved(fs);
	assert_int_equal(rig_in_use(), 3);
	rig_stream_free(fs, &tpf_io_engine);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topologies),
		cmocka_unit_test(routes_go_queue_by_queue),
		cmocka_unit_test(shares_are_even_and_cover_all),
		cmocka_unit_test_setup(what_finds_no_room_waits_and_goes_out_in_order, rig_reset),
		cmocka_unit_test_setup(patience_ends_and_the_drop_has_a_name, rig_reset),
		cmocka_unit_test_setup(the_account_holds_at_every_step, rig_reset),
		cmocka_unit_test_setup(streams_are_made_as_the_map_says, rig_reset),
		cmocka_unit_test_setup(txonly_streams_send_on_their_own_port, rig_reset),
		cmocka_unit_test_setup(more_lcores_than_streams_are_left_alone, rig_reset),
		cmocka_unit_test_setup(too_many_lcores_are_refused_with_advice, rig_reset),
		cmocka_unit_test_setup(drained_and_flushed_packets_are_named_and_freed, rig_reset),
		cmocka_unit_test_setup(draining_ends_although_more_comes, rig_reset),
		cmocka_unit_test_setup(an_abort_gives_up_what_waits, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Streams: which Rx queue feeds which Tx queue, which lcore polls it, and what happens when a Tx
 * ring has no room.
 *
 * The map is testpmd's: queue q of a port feeds queue q of its peer, streams are numbered queue by
 * queue over all ports, and every lcore gets a contiguous share. Each topology is a permutation of
 * the ports, so no two streams ever share a Tx queue and none needs a lock.
 *
 * Threads: create, destroy and drain on the main thread while no lcore polls; retry and drop on the
 * stream's lcore.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>

#include <rte_lcore.h>
#include <rte_malloc.h>

#include "stream.h"

#define DRAIN_PKTS_MIN 4096 /* per queue: more than a ring holds is new traffic, not a rest */

uint16_t
tpf_topology_peer(enum tpf_topology topology, uint16_t pos, uint16_t nb_ports)
{
	switch (topology) {
	case TPF_PAIRED:
		return (pos ^ 1) < nb_ports ? pos ^ 1 : pos;
	case TPF_CHAINED:
		return pos + 1 < nb_ports ? pos + 1 : 0;
	case TPF_LOOP:
		break;
	}
	return pos;
}

void
tpf_routes_make(enum tpf_topology topology, uint16_t nb_ports, uint16_t nb_queues,
		struct tpf_route *routes)
{
	for (uint16_t q = 0; q < nb_queues; q++)
		for (uint16_t pos = 0; pos < nb_ports; pos++)
			*routes++ = (struct tpf_route){
				.rx_pos = pos,
				.tx_pos = tpf_topology_peer(topology, pos, nb_ports),
				.queue = q,
			};
}

void
tpf_share_get(uint16_t nb_streams, uint16_t nb_lcores, uint16_t i, uint16_t *first, uint16_t *nb)
{
	uint16_t each = nb_streams / nb_lcores;
	uint16_t rest = nb_streams % nb_lcores; /* the first `rest` lcores take one more */

	*nb = each + (i < rest ? 1 : 0);
	*first = (uint16_t)(i * each + RTE_MIN(i, rest));
}

static struct tpf_stream *
stream_create(struct tpf_app *app, const struct tpf_route *route)
{
	const struct tpf_opts *opts = &app->opts;
	const struct tpf_engine *engine = opts->engine;
	struct tpf_port *rx = &app->ports[route->rx_pos];
	/* What txonly makes leaves by the port that the stream stands for. */
	struct tpf_port *tx = engine->receives ? &app->ports[route->tx_pos] : rx;
	struct tpf_stream *fs;

	fs = rte_zmalloc_socket(
			"tpf_stream", sizeof(*fs), alignof(struct tpf_stream), rx->socket_id);
	if (fs == NULL)
		return NULL;
	fs->has_rx = engine->receives;
	fs->has_tx = engine->transmits;
	fs->rx_port = rx->id;
	fs->tx_port = tx->id;
	fs->rx_queue = fs->tx_queue = route->queue;
	fs->burst_pkts = opts->burst_pkts;
	fs->free_bulk = tpf_pool_free_bulk(app);
	fs->retry_cycles = rte_get_tsc_hz() / 1000 * opts->tx_retry_ms;
	fs->src_mac = tx->mac;
	fs->dst_mac = opts->peer[tx->id];
	fs->mp = tpf_pool_find(app, tx->socket_id);
	return fs;
}

static int
lcores_create(struct tpf_app *app)
{
	uint16_t n = RTE_MIN(app->opts.nb_lcores, app->nb_streams), i = 0, first;
	uint32_t id;

	if (app->opts.nb_lcores > rte_lcore_count() - 1) {
		fprintf(stderr,
				"--nb-cores=%u: EAL has %u lcore(s) and the first only controls; "
				"give "
				"it %u, for example -l 0-%u\n",
				app->opts.nb_lcores, rte_lcore_count(), app->opts.nb_lcores + 1,
				app->opts.nb_lcores);
		return -EINVAL;
	}
	app->lcores = calloc(n, sizeof(*app->lcores));
	if (app->lcores == NULL)
		return -ENOMEM;
	app->nb_lcores = n;
	RTE_LCORE_FOREACH_WORKER (id) {
		struct tpf_lcore *lc = &app->lcores[i];

		if (i == n)
			break;
		lc->lcore_id = id;
		lc->burst = app->opts.engine->burst;
		tpf_share_get(app->nb_streams, n, i, &first, &lc->nb_streams);
		lc->streams = &app->streams[first];
		i++;
	}
	return 0;
}

int
tpf_streams_create(struct tpf_app *app)
{
	const struct tpf_engine *engine = app->opts.engine;
	uint16_t nb_queues = engine->receives ? app->opts.nb_rxq : app->opts.nb_txq;
	uint16_t n = app->nb_ports * nb_queues;
	struct tpf_route *routes = calloc(n, sizeof(*routes));
	int ret = 0;

	app->streams = calloc(n, sizeof(struct tpf_stream *));
	if (routes == NULL || app->streams == NULL) {
		ret = -ENOMEM;
		goto free_routes;
	}
	if (app->opts.topology == TPF_PAIRED && app->nb_ports % 2 != 0 && engine->receives &&
			engine->transmits)
		fprintf(stderr,
				"Note: odd number of ports: port %u has no partner and answers "
				"itself\n",
				app->ports[app->nb_ports - 1].id);
	tpf_routes_make(app->opts.topology, app->nb_ports, nb_queues, routes);
	for (; app->nb_streams < n; app->nb_streams++) {
		struct tpf_stream *fs = stream_create(app, &routes[app->nb_streams]);

		if (fs == NULL) {
			ret = -ENOMEM;
			goto free_routes;
		}
		app->streams[app->nb_streams] = fs;
		ret = engine->init != NULL ? engine->init(fs, &app->opts) : 0;
		if (ret != 0) {
			app->nb_streams++;
			goto free_routes;
		}
	}
	ret = lcores_create(app);
free_routes:
	free(routes);
	if (ret == -ENOMEM)
		fprintf(stderr, "No memory for %u streams\n", n);
	return ret;
}

void
tpf_streams_destroy(struct tpf_app *app)
{
	const struct tpf_engine *engine = app->opts.engine;

	for (uint16_t i = 0; i < app->nb_streams; i++) {
		if (engine->fini != NULL)
			engine->fini(app->streams[i]);
		rte_free(app->streams[i]);
	}
	app->nb_streams = 0;
	free(app->streams);
	app->streams = NULL;
	free(app->lcores);
	app->lcores = NULL;
}

void
tpf_stream_drop_pending(struct tpf_stream *fs, _Atomic uint64_t *count)
{
	fs->free_bulk(&fs->pkts[fs->pend_first], fs->nb_pend);
	tpf_count_add(count, fs->nb_pend);
	fs->nb_pend = 0;
}

bool
tpf_stream_retry(struct tpf_stream *fs)
{
	uint16_t sent = rte_eth_tx_burst(
			fs->tx_port, fs->tx_queue, &fs->pkts[fs->pend_first], fs->nb_pend);

	if (sent != 0) {
		tpf_count_add(&fs->count.tx_pkts, sent);
		fs->pend_first += sent;
		fs->nb_pend -= sent;
		fs->pend_until_tsc = rte_rdtsc() + fs->retry_cycles; /* the ring moves: patience */
	}
	if (fs->nb_pend == 0)
		return true;
	if (tpf_abort_is_requested())
		tpf_stream_drop_pending(fs, &fs->count.aborted_pkts);
	else if (rte_rdtsc() > fs->pend_until_tsc)
		tpf_stream_drop_pending(fs, &fs->count.full_pkts);
	return fs->nb_pend == 0;
}

static void
stream_drain(struct tpf_stream *fs, uint32_t max_pkts, _Atomic uint64_t *count)
{
	uint16_t nb;

	for (uint32_t done = 0; done < max_pkts; done += nb) {
		nb = rte_eth_rx_burst(fs->rx_port, fs->rx_queue, fs->pkts, fs->burst_pkts);
		if (nb == 0)
			return;
		fs->free_bulk(fs->pkts, nb);
		tpf_count_add(&fs->count.rx_pkts, nb);
		tpf_count_add(count, nb);
	}
}

void
tpf_streams_drain_rx(struct tpf_app *app, bool flush)
{
	for (uint16_t i = 0; i < app->nb_streams; i++) {
		struct tpf_stream *fs = app->streams[i];
		const struct tpf_port *port;

		if (!fs->has_rx)
			continue;
		port = tpf_port_get(app, fs->rx_port);
		if (atomic_load_explicit(&port->is_gone, memory_order_relaxed))
			continue;
		stream_drain(fs, RTE_MAX(DRAIN_PKTS_MIN, 2u * port->nb_rxd),
				flush ? &fs->count.flushed_pkts : &fs->count.drained_pkts);
	}
}

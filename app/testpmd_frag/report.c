/* SPDX-License-Identifier: BSD-3-Clause */
/* See report.h. */
#include "report.h"

#include <errno.h>
#include <inttypes.h>

#include <json-c/json.h>
#include <rte_cycles.h>

#include "stream.h"

/* The named ways in which a packet of a stream can end other than by being sent. */
static const struct {
	const char *name;
	size_t offset;
} drops[] = {
	{ "sunk", offsetof(struct tpf_counters, sunk_pkts) },
	{ "tx_ring_full", offsetof(struct tpf_counters, full_pkts) },
	{ "aborted", offsetof(struct tpf_counters, aborted_pkts) },
	{ "drained_at_stop", offsetof(struct tpf_counters, drained_pkts) },
	{ "flushed_at_start", offsetof(struct tpf_counters, flushed_pkts) },
};

static uint64_t
drop_get(const struct tpf_stream *fs, unsigned int i)
{
	return tpf_count_get((const _Atomic uint64_t *)(const void *)((const char *)&fs->count +
								      drops[i].offset));
}

static bool
stream_is_conserved(const struct tpf_stream *fs)
{
	uint64_t out = tpf_count_get(&fs->count.tx_pkts) + fs->nb_pend;

	for (unsigned int i = 0; i < RTE_DIM(drops); i++)
		out += drop_get(fs, i);
	return out == tpf_count_get(&fs->count.rx_pkts);
}

bool
tpf_report_is_conserved(const struct tpf_app *app)
{
	for (uint16_t i = 0; i < app->nb_streams; i++)
		if (!stream_is_conserved(app->streams[i]))
			return false;
	return true;
}

struct speed {
	double mpps, cycles_per_pkt, seconds;
};

static struct speed
speed_get(const struct tpf_app *app)
{
	uint64_t pkts = 0, cycles = 0, first = UINT64_MAX, last = 0;
	struct speed s = { 0 };

	for (uint16_t i = 0; i < app->nb_streams; i++) {
		const struct tpf_counters *c = &app->streams[i]->count;

		if (tpf_count_get(&c->bursts) == 0)
			continue;
		pkts += tpf_count_get(&c->rx_pkts);
		cycles += tpf_count_get(&c->busy_cycles);
		first = RTE_MIN(first, tpf_count_get(&c->first_tsc));
		last = RTE_MAX(last, tpf_count_get(&c->last_tsc));
	}
	if (pkts == 0)
		return s;
	s.seconds = (double)(last - first) / (double)rte_get_tsc_hz();
	s.mpps = s.seconds > 0 ? (double)pkts / s.seconds / 1e6 : 0;
	s.cycles_per_pkt = (double)cycles / (double)pkts;
	return s;
}

static void
streams_print(const struct tpf_app *app)
{
	printf("\n%-24s %14s %14s", "stream", "in", "out");
	for (unsigned int i = 0; i < RTE_DIM(drops); i++)
		printf(" %16s", drops[i].name);
	printf("\n");
	for (uint16_t i = 0; i < app->nb_streams; i++) {
		const struct tpf_stream *fs = app->streams[i];
		char name[64];

		snprintf(name, sizeof(name), "port %u q%u -> port %u q%u", fs->rx_port,
				fs->rx_queue, fs->tx_port, fs->tx_queue);
		printf("%-24s %14" PRIu64 " %14" PRIu64, name, tpf_count_get(&fs->count.rx_pkts),
				tpf_count_get(&fs->count.tx_pkts));
		for (unsigned int d = 0; d < RTE_DIM(drops); d++)
			printf(" %16" PRIu64, drop_get(fs, d));
		printf("%s\n", stream_is_conserved(fs) ? "" : "  NOT CONSERVED");
	}
}

/* What the port counted during the run; zeros if it could not be read at the end. */
static struct rte_eth_stats
port_delta(const struct tpf_port *p)
{
	const struct rte_eth_stats *b = &p->base.eth, *l = &p->last.eth;

	if (!p->last.is_valid)
		return (struct rte_eth_stats){ 0 };
	return (struct rte_eth_stats){
		.ipackets = l->ipackets - b->ipackets,
		.opackets = l->opackets - b->opackets,
		.ibytes = l->ibytes - b->ibytes,
		.obytes = l->obytes - b->obytes,
		.imissed = l->imissed - b->imissed,
		.ierrors = l->ierrors - b->ierrors,
		.oerrors = l->oerrors - b->oerrors,
		.rx_nombuf = l->rx_nombuf - b->rx_nombuf,
	};
}

static void
ports_print(const struct tpf_app *app)
{
	printf("\n%-6s %-16s %14s %16s %14s %16s %10s %10s %10s\n", "port", "driver", "rx packets",
			"rx bytes", "tx packets", "tx bytes", "missed", "errors", "no mbuf");
	for (uint16_t i = 0; i < app->nb_ports; i++) {
		const struct tpf_port *p = &app->ports[i];
		const struct rte_eth_stats d = port_delta(p);

		printf("%-6u %-16s %14" PRIu64 " %16" PRIu64 " %14" PRIu64 " %16" PRIu64
		       " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "%s\n",
				p->id, p->driver, d.ipackets, d.ibytes, d.opackets, d.obytes,
				d.imissed, d.ierrors + d.oerrors, d.rx_nombuf,
				p->last.is_valid ? "" : "  (unreadable)");
	}
}

static void
pages_print(const struct tpf_pool *pool)
{
	const struct ppool_stats *s = &pool->stats;

	printf("Pages on node %d: %" PRIu64 " taken fresh, %" PRIu64
	       " recycled when all was back, %" PRIu64 " bias charges, %" PRIu64
	       " fragments freed by their owner, %" PRIu64 " by others, %" PRIu64
	       " times empty, audit: %u violations\n",
			pool->socket_id, s->alloc_fast_pages, s->alloc_refill_pages,
			s->recycle_charges, s->recycle_cached_frags, s->recycle_ring_frags,
			s->alloc_empty, pool->violations);
	printf("RESULT ppool_pages_recycled %" PRIu64 " pages\n", s->alloc_refill_pages);
	printf("RESULT ppool_bias_charges %" PRIu64 " charges\n", s->recycle_charges);
}

void
tpf_report_print(const struct tpf_app *app)
{
	struct speed s = speed_get(app);

	printf("\nStopped by %s. Mode %s, %u port(s), %u stream(s), %u lcore(s).\n",
			app->stop_reason, app->opts.engine->name, app->nb_ports, app->nb_streams,
			app->nb_lcores);
	ports_print(app);
	streams_print(app);
	printf("\n");
	for (uint16_t i = 0; i < app->nb_pools; i++)
		printf("Pool on node %d: %u buffers of %u bytes, %u in use when forwarding "
		       "stopped, %u "
		       "missing after the ports were closed\n",
				app->pools[i].socket_id, app->pools[i].nb_mbufs,
				app->opts.mbuf_bytes, app->pools[i].in_use_at_stop,
				app->pools[i].in_flight);
	for (uint16_t i = 0; i < app->nb_pools; i++)
		if (app->pools[i].is_ppool)
			pages_print(&app->pools[i]);
	printf("Memory: %.1f MiB held by EAL in pages of %" PRIu64 " KiB, %.1f MiB in use\n",
			(double)app->memory.held_bytes / 1048576, app->memory.page_bytes / 1024,
			(double)app->memory.heap_bytes / 1048576);
	printf("RESULT fwd_mpps %.6f Mpps\n", s.mpps);
	printf("RESULT fwd_cycles_per_pkt %.1f cycles\n", s.cycles_per_pkt);
	printf("RESULT fwd_seconds %.3f s\n", s.seconds);
}

static void
add_u64(struct json_object *obj, const char *key, uint64_t val)
{
	json_object_object_add(obj, key, json_object_new_uint64(val));
}

static struct json_object *
port_json(const struct tpf_port *p)
{
	const struct rte_eth_stats d = port_delta(p);
	struct json_object *o = json_object_new_object(), *x = json_object_new_object();

	json_object_object_add(o, "port", json_object_new_int(p->id));
	json_object_object_add(o, "driver", json_object_new_string(p->driver));
	json_object_object_add(o, "readable", json_object_new_boolean(p->last.is_valid));
	add_u64(o, "ipackets", d.ipackets);
	add_u64(o, "opackets", d.opackets);
	add_u64(o, "ibytes", d.ibytes);
	add_u64(o, "obytes", d.obytes);
	add_u64(o, "imissed", d.imissed);
	add_u64(o, "ierrors", d.ierrors);
	add_u64(o, "oerrors", d.oerrors);
	add_u64(o, "rx_nombuf", d.rx_nombuf);
	for (uint32_t i = 0; i < p->nb_xstats; i++)
		add_u64(x, p->xstats[i].name, p->xstats[i].value);
	json_object_object_add(o, "xstats", x);
	return o;
}

static struct json_object *
stream_json(const struct tpf_stream *fs)
{
	struct json_object *o = json_object_new_object(), *d = json_object_new_object();

	add_u64(o, "rx_port", fs->rx_port);
	add_u64(o, "rx_queue", fs->rx_queue);
	add_u64(o, "tx_port", fs->tx_port);
	add_u64(o, "tx_queue", fs->tx_queue);
	add_u64(o, "in", tpf_count_get(&fs->count.rx_pkts));
	add_u64(o, "out", tpf_count_get(&fs->count.tx_pkts));
	for (unsigned int i = 0; i < RTE_DIM(drops); i++)
		add_u64(d, drops[i].name, drop_get(fs, i));
	json_object_object_add(o, "drops", d);
	json_object_object_add(o, "conserved", json_object_new_boolean(stream_is_conserved(fs)));
	return o;
}

static struct json_object *
ppool_json(const struct tpf_pool *pool)
{
	struct json_object *o = json_object_new_object();

#define TPF_STAT_ADD(name, text) add_u64(o, #name, pool->stats.name);
	PPOOL_STATS(TPF_STAT_ADD)
#undef TPF_STAT_ADD
	add_u64(o, "violations", pool->violations);
	return o;
}

int
tpf_report_write(const struct tpf_app *app, const char *path)
{
	struct json_object *root = json_object_new_object(), *ports = json_object_new_array();
	struct json_object *streams = json_object_new_array(), *pools = json_object_new_array();
	struct speed s = speed_get(app);
	int ret;

	for (uint16_t i = 0; i < app->nb_ports; i++)
		json_object_array_add(ports, port_json(&app->ports[i]));
	for (uint16_t i = 0; i < app->nb_streams; i++)
		json_object_array_add(streams, stream_json(app->streams[i]));
	for (uint16_t i = 0; i < app->nb_pools; i++) {
		struct json_object *o = json_object_new_object();

		add_u64(o, "buffers", app->pools[i].nb_mbufs);
		add_u64(o, "in_use_at_stop", app->pools[i].in_use_at_stop);
		add_u64(o, "in_flight", app->pools[i].in_flight);
		if (app->pools[i].is_ppool)
			json_object_object_add(o, "ppool", ppool_json(&app->pools[i]));
		json_object_array_add(pools, o);
	}
	json_object_object_add(root, "ports", ports);
	json_object_object_add(root, "streams", streams);
	json_object_object_add(root, "pools", pools);
	json_object_object_add(root, "stop_reason", json_object_new_string(app->stop_reason));
	json_object_object_add(root, "exit_status", json_object_new_int(app->exit_status));
	json_object_object_add(root, "fwd_mpps", json_object_new_double(s.mpps));
	json_object_object_add(
			root, "fwd_cycles_per_pkt", json_object_new_double(s.cycles_per_pkt));
	ret = json_object_to_file_ext(path, root, JSON_C_TO_STRING_PRETTY);
	if (ret != 0)
		fprintf(stderr, "Cannot write the report \"%s\": %s\n", path,
				json_util_get_last_err());
	json_object_put(root);
	return ret != 0 ? -EIO : 0;
}

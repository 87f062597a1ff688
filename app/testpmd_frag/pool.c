/* SPDX-License-Identifier: BSD-3-Clause */
/* Mbuf pools: one for each NUMA node that has ports; made before the ports, audited after they were
 * closed. Main thread. */
#include <errno.h>

#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <ppool.h>

#include "tpf.h"

#define CACHE_DEFAULT 256

/* Enough for every ring to be full and every lcore to hold a cache and bursts. */
static uint32_t
mbufs_needed(const struct tpf_app *app)
{
	uint32_t rxd = app->opts.nb_rxd ? app->opts.nb_rxd : TPF_DEFAULT_DESC;
	uint32_t txd = app->opts.nb_txd ? app->opts.nb_txd : TPF_DEFAULT_DESC;
	uint32_t frame = app->opts.frame_max ? app->opts.frame_max : 1518;
	uint32_t room = app->opts.mbuf_bytes - RTE_PKTMBUF_HEADROOM;

	/* a ring of long frames holds no more buffers than BDs; the rest waits in the application
	 */
	return app->nb_ports * (app->opts.nb_rxq * rxd + app->opts.nb_txq * txd) +
	       (app->opts.nb_lcores + 1) *
	                       (2 * CACHE_DEFAULT + app->opts.burst_pkts * (frame / room + 1)) +
	       8192;
}

/* Which buffers: what was asked for, if every driver can; by default what all can. */
static int
rx_mode_settle(struct tpf_app *app)
{
	for (uint16_t i = 0; i < app->nb_ports && app->opts.rx_mode != TPF_RX_OBJECT; i++) {
		const struct tpf_port *port = &app->ports[i];

		if (ppool_driver_keeps_external(port->driver))
			continue;
		if (app->opts.rx_mode == TPF_RX_FRAG) {
			fprintf(stderr,
					"Port %u: driver %s forgets on Rx that a buffer is "
					"external, "
					"which breaks clones; use --rx-mode=object\n",
					port->id, port->driver);
			return -ENOTSUP;
		}
		printf("Port %u: driver %s cannot take page fragments: --rx-mode=object\n",
				port->id, port->driver);
		app->opts.rx_mode = TPF_RX_OBJECT;
	}
	if (app->opts.rx_mode == TPF_RX_AUTO)
		app->opts.rx_mode = TPF_RX_FRAG;
	return 0;
}

static struct rte_mempool *
pool_create(const struct tpf_app *app, const char *name, uint32_t nb, int socket_id)
{
	const struct ppool_pktmbuf_conf conf = { .kind = app->opts.page_kind };
	bool is_frag = app->opts.rx_mode == TPF_RX_FRAG;
	uint32_t cache_default = is_frag ? 0 : CACHE_DEFAULT;
	uint32_t cache =
			app->opts.cache_mbufs < 0 ? cache_default : (uint32_t)app->opts.cache_mbufs;

	if (cache * 3 / 2 > nb)
		cache = 0;
	if (is_frag)
		return ppool_pktmbuf_pool_create(
				name, nb, cache, 0, app->opts.mbuf_bytes, socket_id, &conf);
	return rte_pktmbuf_pool_create(name, nb, cache, 0, app->opts.mbuf_bytes, socket_id);
}

int
tpf_pools_create(struct tpf_app *app)
{
	int ret = rx_mode_settle(app);

	if (ret != 0)
		return ret;
	for (uint16_t i = 0; i < app->nb_ports; i++) {
		struct tpf_pool *pool = &app->pools[app->nb_pools];
		char name[RTE_MEMPOOL_NAMESIZE];

		if (tpf_pool_find(app, app->ports[i].socket_id) != NULL)
			continue;
		pool->socket_id = app->ports[i].socket_id;
		pool->nb_mbufs = app->opts.nb_mbufs ? app->opts.nb_mbufs : mbufs_needed(app);
		snprintf(name, sizeof(name), "tpf_pool_%d", pool->socket_id);
		pool->mp = pool_create(app, name, pool->nb_mbufs, pool->socket_id);
		if (pool->mp == NULL) {
			fprintf(stderr,
					"No memory for a pool of %u buffers of %u bytes on node "
					"%d: %s; "
					"reserve more hugepages, use -m with --no-huge, or give a "
					"smaller "
					"--total-num-mbufs\n",
					pool->nb_mbufs, app->opts.mbuf_bytes, pool->socket_id,
					rte_strerror(rte_errno));
			return -ENOMEM;
		}
		app->nb_pools++;
	}
	return 0;
}

struct rte_mempool *
tpf_pool_find(const struct tpf_app *app, int socket_id)
{
	for (uint16_t i = 0; i < app->nb_pools; i++)
		if (app->pools[i].socket_id == socket_id)
			return app->pools[i].mp;
	return NULL;
}

tpf_free_bulk_t
tpf_pool_free_bulk(const struct tpf_app *app)
{
	return app->opts.rx_mode == TPF_RX_FRAG ? ppool_pktmbuf_free_bulk : rte_pktmbuf_free_bulk;
}

void
tpf_pools_read(struct tpf_app *app)
{
	struct rte_malloc_socket_stats heap;

	for (uint16_t i = 0; i < app->nb_pools; i++)
		app->pools[i].in_use_at_stop = rte_mempool_in_use_count(app->pools[i].mp);
	for (unsigned int s = 0; s < rte_socket_count(); s++) {
		if (rte_malloc_get_socket_stats(rte_socket_id_by_idx(s), &heap) != 0)
			continue;
		app->memory.held_bytes += heap.heap_totalsz_bytes;
		app->memory.heap_bytes += heap.heap_allocsz_bytes;
	}
	app->memory.page_bytes = rte_eal_has_hugepages() ? 2 << 20 : 4096;
}

uint32_t
tpf_pools_audit(struct tpf_app *app)
{
	uint32_t nb = 0;

	for (uint16_t i = 0; i < app->nb_pools; i++) {
		struct tpf_pool *pool = &app->pools[i];

		pool->in_flight = rte_mempool_in_use_count(pool->mp);
		pool->is_ppool = ppool_stats_get(pool->mp, &pool->stats) == 0;
		if (pool->is_ppool)
			pool->violations = (uint32_t)ppool_audit(stderr, pool->mp);
		nb += pool->in_flight + pool->violations;
		if (pool->in_flight != 0)
			fprintf(stderr, "Pool %s: %u of %u buffers did not come back\n",
					pool->mp->name, pool->in_flight, pool->nb_mbufs);
	}
	return nb;
}

void
tpf_pools_destroy(struct tpf_app *app)
{
	for (uint16_t i = 0; i < app->nb_pools; i++) {
		/* a pool that misses buffers stays: somebody may still write into them */
		if (app->pools[i].in_flight == 0)
			rte_mempool_free(app->pools[i].mp);
	}
	app->nb_pools = 0;
}

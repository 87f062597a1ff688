/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ports: found, configured, started, watched, stopped, closed. Main thread, except the removal
 * callback, which only sets a flag. A port that is gone is not asked for anything any more but to
 * close.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "tpf.h"

#define LINK_WAIT_MS  9000
#define DRAIN_WAIT_MS 200

struct tpf_port *
tpf_port_get(struct tpf_app *app, uint16_t port_id)
{
	for (uint16_t i = 0; i < app->nb_ports; i++)
		if (app->ports[i].id == port_id)
			return &app->ports[i];
	return NULL;
}

static int
on_removal(uint16_t port_id, enum rte_eth_event_type type, void *arg, void *ret)
{
	struct tpf_port *port = arg;

	(void)port_id;
	(void)type;
	(void)ret;
	atomic_store_explicit(&port->is_gone, true, memory_order_relaxed); /* a flag alone */
	return 0;
}

int
tpf_ports_find(struct tpf_app *app)
{
	uint16_t id;

	RTE_ETH_FOREACH_DEV (id) {
		struct tpf_port *port = &app->ports[app->nb_ports];
		struct rte_eth_dev_info info;

		if (id < 64 && !(app->opts.port_mask & UINT64_C(1) << id))
			continue;
		if (rte_eth_dev_info_get(id, &info) != 0)
			continue;
		port->id = id;
		port->driver = info.driver_name;
		port->socket_id = rte_eth_dev_socket_id(id);
		if (port->socket_id < 0)
			port->socket_id = 0;
		rte_eth_dev_get_name_by_port(id, port->name);
		rte_eth_macaddr_get(id, &port->mac);
		app->nb_ports++;
	}
	if (app->nb_ports == 0) {
		fprintf(stderr, "No ports: give -a (for an emulated one: -a "
				"vfio_user:vfu0,socket=PATH "
				"--no-pci) or look at --portmask\n");
		return -ENODEV;
	}
	return 0;
}

/* Print what failed on a port and pass the error on. */
static int
port_fail(const struct tpf_port *port, const char *what, int ret)
{
	if (ret != 0)
		fprintf(stderr, "Port %u (%s): cannot %s: %s\n", port->id, port->name, what,
				rte_strerror(-ret));
	return ret;
}

/* Frames of @p frame_max bytes with CRC: MTU, scattering and multi-segment Tx as they need. */
static void
conf_make(const struct tpf_app *app, const struct tpf_port *port,
		const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	uint32_t frame = app->opts.frame_max ? app->opts.frame_max : 1518;
	uint32_t room = app->opts.mbuf_bytes - RTE_PKTMBUF_HEADROOM;

	*conf = (struct rte_eth_conf){ 0 };
	if (app->opts.frame_max)
		conf->rxmode.mtu = frame - RTE_ETHER_HDR_LEN - TPF_CRC_LEN;
	else
		conf->rxmode.mtu = RTE_ETHER_MTU;
	(void)port;
	if (app->opts.scatter || frame > room) {
		conf->rxmode.offloads |= info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
		conf->txmode.offloads |= info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	}
	if (app->opts.nb_tx_segs > 1)
		conf->txmode.offloads |= info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (app->opts.nb_rxq > 1) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf =
				info->flow_type_rss_offloads &
				(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
	}
}

static int
queues_setup(struct tpf_app *app, struct tpf_port *port, const struct rte_eth_dev_info *info,
		const struct rte_eth_conf *conf)
{
	struct rte_eth_rxconf rx = info->default_rxconf;
	struct rte_eth_txconf tx = info->default_txconf;
	int ret = 0;

	rx.offloads = conf->rxmode.offloads;
	tx.offloads = conf->txmode.offloads;
	for (uint16_t q = 0; ret == 0 && q < app->opts.nb_rxq; q++)
		ret = port_fail(port, "set up an Rx queue",
				rte_eth_rx_queue_setup(port->id, q, port->nb_rxd, port->socket_id,
						&rx, tpf_pool_find(app, port->socket_id)));
	for (uint16_t q = 0; ret == 0 && q < app->opts.nb_txq; q++)
		ret = port_fail(port, "set up a Tx queue",
				rte_eth_tx_queue_setup(
						port->id, q, port->nb_txd, port->socket_id, &tx));
	return ret;
}

static int
port_start(struct tpf_app *app, struct tpf_port *port)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int ret = port_fail(port, "read its capabilities", rte_eth_dev_info_get(port->id, &info));

	if (ret != 0)
		return ret;
	conf_make(app, port, &info, &conf);
	port->scatter = conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER;
	port->mtu_bytes = (uint16_t)conf.rxmode.mtu;
	port->nb_rxd = app->opts.nb_rxd                    ? app->opts.nb_rxd
	               : info.default_rxportconf.ring_size ? info.default_rxportconf.ring_size
	                                                   : TPF_DEFAULT_DESC;
	port->nb_txd = app->opts.nb_txd                    ? app->opts.nb_txd
	               : info.default_txportconf.ring_size ? info.default_txportconf.ring_size
	                                                   : TPF_DEFAULT_DESC;
	rte_eth_dev_callback_register(port->id, RTE_ETH_EVENT_INTR_RMV, on_removal, port);
	ret = port_fail(port, "be configured",
			rte_eth_dev_configure(port->id, app->opts.nb_rxq, app->opts.nb_txq, &conf));
	if (ret == 0)
		port->is_configured = true;
	if (ret == 0)
		ret = port_fail(port, "adjust its ring sizes",
				rte_eth_dev_adjust_nb_rx_tx_desc(
						port->id, &port->nb_rxd, &port->nb_txd));
	if (ret == 0)
		ret = queues_setup(app, port, &info, &conf);
	if (ret == 0)
		ret = port_fail(port, "be started", rte_eth_dev_start(port->id));
	if (ret != 0)
		return ret;
	port->is_started = true;
	ret = rte_eth_promiscuous_enable(port->id);
	if (ret != 0)
		fprintf(stderr, "Port %u: not promiscuous (%s): it hears its own address only\n",
				port->id, rte_strerror(-ret));
	port->base.is_valid = rte_eth_stats_get(port->id, &port->base.eth) == 0;
	return 0;
}

int
tpf_ports_start(struct tpf_app *app)
{
	for (uint16_t i = 0; i < app->nb_ports; i++) {
		int ret = port_start(app, &app->ports[i]);

		if (ret != 0)
			return ret;
	}
	return 0;
}

void
tpf_ports_wait_link(struct tpf_app *app)
{
	uint64_t end = rte_rdtsc() + rte_get_tsc_hz() / 1000 * LINK_WAIT_MS;

	for (uint16_t i = 0; i < app->nb_ports && !tpf_stop_is_requested(); i++) {
		struct rte_eth_link link = { 0 };

		while (rte_eth_link_get_nowait(app->ports[i].id, &link) == 0 && !link.link_status &&
				rte_rdtsc() < end && !tpf_stop_is_requested())
			rte_delay_us_sleep(10000);
		printf("Port %u (%s, %s): link %s\n", app->ports[i].id, app->ports[i].name,
				app->ports[i].driver, link.link_status ? "up" : "down");
	}
}

bool
tpf_ports_are_gone(struct tpf_app *app)
{
	for (uint16_t i = 0; i < app->nb_ports; i++)
		if (atomic_load_explicit(&app->ports[i].is_gone, memory_order_relaxed))
			return true;
	return false;
}

void
tpf_ports_drain_tx(struct tpf_app *app)
{
	uint64_t end = rte_rdtsc() + rte_get_tsc_hz() / 1000 * DRAIN_WAIT_MS;

	for (uint16_t i = 0; i < app->nb_ports; i++) {
		const struct tpf_port *port = &app->ports[i];

		for (uint16_t q = 0; port->is_started && q < app->opts.nb_txq; q++) {
			/* the descriptor before the next one: done when all before it are */
			while (rte_eth_tx_descriptor_status(port->id, q, port->nb_txd - 1) ==
							RTE_ETH_TX_DESC_FULL &&
					rte_rdtsc() < end && !tpf_abort_is_requested())
				rte_delay_us_sleep(100);
		}
	}
}

/* Keep the counters that are not 0, so that the report can name every drop. */
static void
xstats_read(struct tpf_port *port)
{
	int nb = rte_eth_xstats_get_names(port->id, NULL, 0);
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *vals;

	if (nb <= 0)
		return;
	names = calloc((size_t)nb, sizeof(*names));
	vals = calloc((size_t)nb, sizeof(*vals));
	port->xstats = calloc((size_t)nb, sizeof(*port->xstats));
	if (names != NULL && vals != NULL && port->xstats != NULL &&
			rte_eth_xstats_get_names(port->id, names, (unsigned int)nb) == nb &&
			rte_eth_xstats_get(port->id, vals, (unsigned int)nb) == nb) {
		for (int i = 0; i < nb; i++) {
			struct tpf_xstat *x = &port->xstats[port->nb_xstats];

			if (vals[i].value == 0 || vals[i].id >= (uint64_t)nb)
				continue;
			memcpy(x->name, names[vals[i].id].name, sizeof(x->name));
			x->value = vals[i].value;
			port->nb_xstats++;
		}
	}
	free(names);
	free(vals);
}

void
tpf_ports_stop(struct tpf_app *app)
{
	for (uint16_t i = 0; i < app->nb_ports; i++) {
		struct tpf_port *port = &app->ports[i];

		if (!port->is_started)
			continue;
		port->last.is_valid = rte_eth_stats_get(port->id, &port->last.eth) == 0;
		port_fail(port, "be stopped", rte_eth_dev_stop(port->id));
		xstats_read(port); /* afterwards: what the stop itself has dropped is named there */
		port->is_started = false;
	}
}

void
tpf_ports_close(struct tpf_app *app)
{
	for (uint16_t i = 0; i < app->nb_ports; i++) {
		struct tpf_port *port = &app->ports[i];

		rte_eth_dev_callback_unregister(port->id, RTE_ETH_EVENT_INTR_RMV, on_removal, port);
		if (port->is_configured)
			port_fail(port, "be closed", rte_eth_dev_close(port->id));
		port->is_configured = false;
	}
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* See tpf_rig.h. */
#include "tpf_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_eal.h>
#include <rte_log.h>
#include <rte_malloc.h>

struct rig_port rig_ports[RIG_PORTS];
struct rte_mempool *rig_pool;

static int capture_fd = -1, captured_fd, capture_saved;

static uint16_t
fake_rx(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct rig_port *port = queue;
	uint16_t nb = 0;

	port->rx_calls++;
	if (port->on_rx != NULL)
		port->on_rx(port);
	while (nb < nb_pkts && port->next_in < port->nb_in)
		pkts[nb++] = port->in[port->next_in++];
	return nb;
}

static uint16_t
fake_tx(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct rig_port *port = queue;
	uint16_t nb = 0;

	port->tx_calls++;
	for (; nb < nb_pkts && port->tx_room > 0; port->tx_room--) {
		assert_true(port->nb_out < RIG_PKTS);
		port->out[port->nb_out++] = pkts[nb++];
	}
	return nb;
}

int
rig_group_setup(void **state)
{
	static char words[][32] = { "tpf_rig", "--no-huge", "--no-pci", "-m64", "--no-shconf",
		"--no-telemetry", "--log-level=error", "--lcores=0@0,1@0,2@0,3@0" };
	static char *args[RTE_DIM(words) + 1];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(words); i++)
		args[i] = words[i];
	if (rte_eal_init(RTE_DIM(words), args) < 0)
		return -1;
	rig_pool = rte_pktmbuf_pool_create("rig", RIG_MBUFS, 0, 0, 2176, SOCKET_ID_ANY);
	return rig_pool == NULL ? -1 : rig_reset(state);
}

int
rig_group_teardown(void **state)
{
	rig_reset(state);
	rte_mempool_free(rig_pool);
	return rte_eal_cleanup();
}

int
rig_reset(void **state)
{
	static void *queues[RIG_PORTS][TPF_QUEUES_MAX], *callbacks[TPF_QUEUES_MAX];

	(void)state;
	for (unsigned int i = 0; i < RIG_PORTS; i++) {
		struct rig_port *port = &rig_ports[i];
		struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[i];

		for (unsigned int k = port->next_in; k < port->nb_in; k++)
			rte_pktmbuf_free(port->in[k]);
		for (unsigned int k = 0; k < port->nb_out; k++)
			rte_pktmbuf_free(port->out[k]);
		*port = (struct rig_port){ .tx_room = RIG_PKTS };
		for (unsigned int q = 0; q < TPF_QUEUES_MAX; q++)
			queues[i][q] = port;
		ops->rx_pkt_burst = fake_rx;
		ops->tx_pkt_burst = fake_tx;
		ops->rxq.data = ops->txq.data = queues[i];
		ops->rxq.clbk = ops->txq.clbk = callbacks;
	}
	return 0;
}

struct rte_mbuf *
rig_packet(const void *bytes, uint16_t len)
{
	struct rte_mbuf *pkt = rte_pktmbuf_alloc(rig_pool);
	char *data;

	assert_non_null(pkt);
	data = rte_pktmbuf_append(pkt, len);
	assert_non_null(data);
	memcpy(data, bytes, len);
	return pkt;
}

void
rig_rx_add(uint16_t port_id, struct rte_mbuf *pkt)
{
	struct rig_port *port = &rig_ports[port_id];

	assert_true(port->nb_in < RIG_PKTS);
	port->in[port->nb_in++] = pkt;
}

void
rig_rx_add_many(uint16_t port_id, unsigned int nb)
{
	uint8_t frame[60] = { 0 };

	for (unsigned int i = 0; i < nb; i++) {
		frame[14] = (uint8_t)i;
		rig_rx_add(port_id, rig_packet(frame, sizeof(frame)));
	}
}

unsigned int
rig_in_use(void)
{
	return rte_mempool_in_use_count(rig_pool);
}

struct tpf_stream *
rig_stream(const struct tpf_engine *engine, const struct tpf_opts *opts)
{
	struct tpf_stream *fs = rte_zmalloc("rig", sizeof(*fs), 128);

	assert_non_null(fs);
	fs->has_rx = engine->receives;
	fs->has_tx = engine->transmits;
	fs->rx_port = 0;
	fs->tx_port = 1;
	fs->burst_pkts = 32;
	fs->free_bulk = rte_pktmbuf_free_bulk;
	fs->retry_cycles = rte_get_tsc_hz() * 60;
	fs->src_mac = (struct rte_ether_addr){ { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0x01 } };
	fs->dst_mac = (struct rte_ether_addr){ { 0x02, 0x11, 0x22, 0x33, 0x44, 0x55 } };
	fs->mp = rig_pool;
	if (engine->init != NULL)
		assert_int_equal(engine->init(fs, opts), 0);
	return fs;
}

void
rig_stream_free(struct tpf_stream *fs, const struct tpf_engine *engine)
{
	if (engine->fini != NULL)
		engine->fini(fs);
	rte_free(fs);
}

void
rig_capture_start(int fd)
{
	fflush(stdout);
	fflush(stderr);
	capture_fd = memfd_create("capture", MFD_CLOEXEC);
	assert_true(capture_fd >= 0);
	captured_fd = fd;
	capture_saved = dup(fd);
	assert_true(dup2(capture_fd, fd) >= 0);
}

size_t
rig_capture_end(char *text, size_t size)
{
	ssize_t len;

	fflush(stdout);
	fflush(stderr);
	dup2(capture_saved, captured_fd);
	close(capture_saved);
	len = pread(capture_fd, text, size - 1, 0);
	close(capture_fd);
	assert_true(len >= 0);
	text[len] = '\0';
	return (size_t)len;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that comes and goes while packets flow: sends back what port 0 receives until it is
 * FRAMES, and meanwhile takes 16 MiB from EAL and gives them back, again and again. For
 * dp_memory_modes.sh.
 *
 *   hot_memory EAL-ARGUMENTS -- FRAMES eal|external
 *
 * external: buffers in memory of the application's own, registered and mapped with
 * rte_dev_dma_map(), which has no file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#define NB_MBUFS   2048
#define BUF_BYTES  2304 /* with headroom */
#define EXT_BYTES  (8u << 20)
#define HOT_BYTES  (16u << 20)
#define HOT_BURSTS 256 /* non-empty or not */

static struct rte_device *device;
static uint8_t *ext;

static struct rte_mempool *
pool_create(bool external)
{
	struct rte_pktmbuf_extmem mem = { .buf_len = EXT_BYTES, .elt_size = BUF_BYTES };

	if (!external)
		return rte_pktmbuf_pool_create("mp", NB_MBUFS, 0, 0, BUF_BYTES, 0);
	ext = mmap(NULL, EXT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ext == MAP_FAILED || rte_extmem_register(ext, EXT_BYTES, NULL, 0, 4096) != 0 ||
			rte_dev_dma_map(device, ext, (uintptr_t)ext, EXT_BYTES) != 0)
		return NULL;
	mem.buf_ptr = ext;
	mem.buf_iova = (uintptr_t)ext;
	return rte_pktmbuf_pool_create_extbuf("mp", NB_MBUFS, 0, 0, BUF_BYTES, 0, &mem, 1);
}

static int
port_start(struct rte_mempool *mp)
{
	struct rte_eth_conf conf = { 0 };

	if (rte_eth_dev_configure(0, 1, 1, &conf) != 0 ||
			rte_eth_rx_queue_setup(0, 0, 256, 0, NULL, mp) != 0 ||
			rte_eth_tx_queue_setup(0, 0, 512, 0, NULL) != 0)
		return -1;
	if (rte_eth_dev_start(0) != 0)
		return -1;
	return rte_eth_promiscuous_enable(0);
}

/* @return how often memory came and went, or 0: no packets any more */
static unsigned int
forward(unsigned int frames)
{
	uint64_t end = rte_get_timer_cycles() + 20 * rte_get_timer_hz();
	unsigned int done = 0, bursts = 0, turns = 0;
	struct rte_mbuf *m[32];
	void *hot = NULL;

	while (done < frames && rte_get_timer_cycles() < end) {
		uint16_t nb = rte_eth_rx_burst(0, 0, m, RTE_DIM(m)), sent = 0;

		while (sent < nb)
			sent += rte_eth_tx_burst(0, 0, m + sent, nb - sent);
		done += nb;
		if (++bursts % HOT_BURSTS != 0)
			continue;
		turns += hot != NULL;
		rte_free(hot);
		hot = hot ? NULL : rte_malloc(NULL, HOT_BYTES, 0);
	}
	rte_free(hot);
	return done == frames ? turns : 0;
}

int
main(int argc, char **argv)
{
	int nb = rte_eal_init(argc, argv);
	struct rte_eth_dev_info info;
	struct rte_mempool *mp;
	unsigned int turns;
	bool external;

	if (nb < 0 || argc - nb != 3 || rte_eth_dev_info_get(0, &info) != 0)
		return 1;
	device = info.device;
	external = strcmp(argv[nb + 2], "external") == 0;
	mp = pool_create(external);
	if (!mp || port_start(mp) != 0)
		return 1;
	turns = forward((unsigned int)atoi(argv[nb + 1]));
	rte_delay_us_sleep(100000); /* the last ones leave */
	if (rte_eth_dev_stop(0) != 0 || rte_eth_dev_close(0) != 0)
		return 1;
	rte_mempool_free(mp);
	if (external && (rte_dev_dma_unmap(device, ext, (uintptr_t)ext, EXT_BYTES) != 0 ||
					rte_extmem_unregister(ext, EXT_BYTES) != 0))
		return 1;
	printf("memory came and went %u times\n", turns);
	return turns > 0 && rte_eal_cleanup() == 0 ? 0 : 1;
}

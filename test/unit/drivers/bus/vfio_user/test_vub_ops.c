/* SPDX-License-Identifier: BSD-3-Clause */
/* drivers/bus/vfio_user/vub_ops.c: statistics calls that take several frames, since there is more
 * than a register holds. The latch's page is the test's, and a thread of it the device. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <ethdev_driver.h>
#include <rte_cycles.h>

#include "vub_rig.h"

#define BAR_BYTES 0x80000u

static struct {
	_Atomic uint32_t *page; /* magic, ask, ack, more */
	unsigned int nb_more;   /* frames at whose end there is more */
	unsigned int nb_shown, nb_read, nb_back;
	atomic_bool ends;
	pthread_t thread;
} latch;

static void *
latch_serve(void *arg)
{
	while (!atomic_load(&latch.ends)) {
		uint32_t ask = atomic_load(&latch.page[1]);

		if (ask == atomic_load(&latch.page[2])) {
			rte_delay_us_sleep(10);
			continue;
		}
		latch.nb_read += (ask & 3) == 2;
		latch.nb_back += (ask & 3) == 3;
		if ((ask & 3) == 1) {
			atomic_store(&latch.page[3], latch.nb_shown < latch.nb_more);
			latch.nb_shown++;
		}
		atomic_store(&latch.page[2], ask);
	}
	return arg;
}

/* ---- the driver, which adds to what it is given ---- */

static unsigned int nb_calls;

static int
driver_stats_get(VUB_STATS_PARAMS)
{
	nb_calls++;
	stats->ipackets = 100 * nb_calls;
	stats->ibytes += 6000 * nb_calls;
#if RTE_VERSION >= RTE_VERSION_NUM(25, 11, 0, 0)
	RTE_SET_USED(queues);
#endif
	return eth->data->dev_started ? -5 : 0;
}

static const struct eth_dev_ops driver_ops = { .stats_get = driver_stats_get };

static struct rte_eth_dev *
port_open(struct vub_dev *dev, unsigned int nb_more)
{
	struct rte_eth_dev *eth;
	uint8_t *bar;

	memset(&latch, 0, sizeof(latch));
	nb_calls = 0;
	dev->bar_files[2].fd = memfd_create("bar", 0);
	assert_int_equal(ftruncate(dev->bar_files[2].fd, BAR_BYTES), 0);
	bar = mmap(NULL, BAR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, dev->bar_files[2].fd, 0);
	assert_true(bar != MAP_FAILED);
	dev->slot.pci.id.vendor_id = 0x19e5;
	dev->slot.pci.mem_resource[2].addr = bar;
	dev->slot.pci.mem_resource[2].len = BAR_BYTES;
	latch.page = (void *)(bar + 0x70000);
	latch.page[0] = 0x6c746369;
	latch.nb_more = nb_more + 1; /* the first frame is vub_ops_init()'s */
	assert_int_equal(pthread_create(&latch.thread, NULL, latch_serve, NULL), 0);
	pthread_mutex_init(&dev->latch.lock, NULL);
	assert_int_equal(vub_latch_init(dev), 0);

	eth = rte_eth_dev_allocate("vfu0");
	assert_non_null(eth);
	eth->device = &dev->slot.pci.device;
	eth->dev_ops = &driver_ops;
	rte_eth_dev_probing_finish(eth);
	vub_ops_init(dev);
	assert_int_equal(latch.nb_shown, 1);
	assert_int_equal(latch.nb_back, 1);
	return eth;
}

static void
port_close(struct vub_dev *dev, struct rte_eth_dev *eth)
{
	rte_eth_dev_release_port(eth);
	vub_latch_fini(dev);
	atomic_store(&latch.ends, true);
	pthread_join(latch.thread, NULL);
	munmap(dev->slot.pci.mem_resource[2].addr, BAR_BYTES);
	close(dev->bar_files[2].fd);
}

static void
a_call_that_is_repeated_counts_once(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));
	struct rte_eth_dev *eth = port_open(dev, 2);
	struct rte_eth_stats stats;

	(void)state;
	eth->data->rx_mbuf_alloc_failed = 7;
	assert_int_equal(rte_eth_stats_get(eth->data->port_id, &stats), 0);
	assert_int_equal(nb_calls, 3);
	assert_int_equal(stats.ipackets, 300);
	assert_int_equal(stats.ibytes, 18000);
	assert_int_equal(stats.rx_nombuf, 7); /* ethdev's own */
	assert_int_equal(latch.nb_shown, 4);
	assert_int_equal(latch.nb_read, 3);
	assert_int_equal(latch.nb_back, 1);
	port_close(dev, eth);
}

/* It has not read: what was shown comes again. */
static void
a_call_that_fails_gives_back(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));
	struct rte_eth_dev *eth = port_open(dev, 2);
	struct rte_eth_stats stats;

	(void)state;
	eth->data->dev_started = 1; /* our driver's sign to fail */
	assert_int_equal(rte_eth_stats_get(eth->data->port_id, &stats), -5);
	eth->data->dev_started = 0;
	assert_int_equal(nb_calls, 1);
	assert_int_equal(latch.nb_read, 0);
	assert_int_equal(latch.nb_back, 2);
	port_close(dev, eth);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_call_that_is_repeated_counts_once, rig_reset),
		cmocka_unit_test_setup(a_call_that_fails_gives_back, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

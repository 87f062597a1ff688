/* SPDX-License-Identifier: BSD-3-Clause */
/* drivers/bus/vfio_user/vub_irq.c: vectors reach the handle that a driver uses; nothing is left
 * open. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <rte_cycles.h>

#include "vub_rig.h"

#define WAIT_MS 5000

static struct vub_dev *
dev_open(void)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));

	rig_server_start();
	assert_int_equal(vub_dev_open(dev), 0);
	return dev;
}

static bool
is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void
the_handle_is_what_drivers_expect(void **state)
{
	struct vub_dev *dev = dev_open();
	const struct rte_intr_handle *handle;
	unsigned int nb_fds = rig_nb_fds();

	(void)state;
	assert_int_equal(vub_irq_init(dev), 0);
	handle = dev->slot.pci.intr_handle;
	assert_non_null(handle);
	assert_int_equal(dev->nb_vectors, 8);
	assert_int_equal(rig_vectors_get(), 8);
	assert_int_equal(rte_intr_type_get(handle), RTE_INTR_HANDLE_VDEV);
	assert_int_equal(rte_intr_max_intr_get(handle), 8);
	assert_int_equal(rte_intr_nb_efd_get(handle), 7);
	assert_int_equal(rte_intr_fd_get(handle), dev->vectors[0]);
	assert_int_equal(rte_intr_dev_fd_get(handle), dev->config_fd);
	assert_int_equal(rte_intr_efd_counter_size_get(handle), 8);
	/* vector k + 1 is Rx event fd k, and no other */
	for (int k = 0; k < 7; k++) {
		uint64_t events;
		int fd = rte_intr_efds_index_get(handle, k);

		assert_int_not_equal(fd, dev->vectors[k + 1]); /* the driver may close it */
		rig_vector_raise((uint32_t)k + 1);
		for (int other = 0; other < 7; other++)
			assert_int_equal(is_readable(rte_intr_efds_index_get(handle, other)),
					other == k);
		assert_int_equal(read(fd, &events, 8), 8);
		assert_int_equal(events, 1);
	}
	vub_irq_fini(dev);
	assert_null(dev->slot.pci.intr_handle);
	assert_int_equal(rig_vectors_get(), 0);
	assert_int_equal(rig_nb_fds(), nb_fds);
	vub_irq_fini(dev); /* harmless */
	vub_dev_close(dev);
}

static void
event_fds_that_the_driver_closed_are_not_closed_twice(void **state)
{
	struct vub_dev *dev = dev_open();
	unsigned int nb_fds = rig_nb_fds();
	int fds[2];

	(void)state;
	assert_int_equal(vub_irq_init(dev), 0);
	rte_intr_efd_disable(dev->slot.pci.intr_handle);
	assert_int_equal(pipe(fds), 0); /* takes the numbers that became free */
	vub_irq_fini(dev);
	assert_int_equal(write(fds[1], "x", 1), 1);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(rig_nb_fds(), nb_fds);
	vub_dev_close(dev);
}

/* A port that was stopped has no event fds left; the next start gets fresh ones, once. */
static void
event_fds_come_back_after_a_stop(void **state)
{
	struct vub_dev *dev = dev_open();
	struct rte_intr_handle *handle;
	unsigned int nb_fds;

	(void)state;
	assert_int_equal(vub_irq_init(dev), 0);
	handle = dev->slot.pci.intr_handle;
	nb_fds = rig_nb_fds();
	rte_intr_efd_disable(handle);
	assert_int_equal(rig_nb_fds(), nb_fds - 7);
	assert_int_equal(vub_irq_refill(dev), 0);
	assert_int_equal(vub_irq_refill(dev), 0);
	assert_int_equal(rig_nb_fds(), nb_fds);
	assert_int_equal(rte_intr_max_intr_get(handle), 8);
	assert_int_equal(rte_intr_nb_efd_get(handle), 7);
	rig_vector_raise(7);
	assert_true(is_readable(rte_intr_efds_index_get(handle, 6)));
	vub_irq_fini(dev);
	vub_dev_close(dev);
}

static atomic_int nb_calls;

static void
count_call(void *arg)
{
	(void)arg;
	atomic_fetch_add(&nb_calls, 1);
}

static void
wait_calls(int nb)
{
	for (int ms = 0; ms < WAIT_MS && atomic_load(&nb_calls) < nb; ms++)
		rte_delay_us_sleep(1000);
	assert_int_equal(atomic_load(&nb_calls), nb);
}

/* Each raise of vector 0 calls the driver once: the event is taken out before. */
static void
vector_0_calls_the_driver_once(void **state)
{
	struct vub_dev *dev = dev_open();
	struct rte_intr_handle *handle;

	(void)state;
	assert_int_equal(vub_irq_init(dev), 0);
	handle = dev->slot.pci.intr_handle;
	atomic_store(&nb_calls, 0);
	assert_int_equal(rte_intr_callback_register(handle, count_call, NULL), 0);
	assert_int_equal(rte_intr_enable(handle), 0);
	rig_vector_raise(0);
	wait_calls(1);
	rte_delay_us_sleep(50000);
	wait_calls(1);
	assert_false(is_readable(dev->vectors[0]));
	rig_vector_raise(0);
	wait_calls(2);
	assert_string_equal(rig_log_take(), "");
	assert_int_equal(rte_intr_callback_unregister(handle, count_call, NULL), 1);
	vub_irq_fini(dev);
	vub_dev_close(dev);
}

static void
one_vector_has_no_rx_event_fds(void **state)
{
	struct vub_dev *dev;

	(void)state;
	rig_cfg.nb_vectors = 1;
	dev = dev_open();
	assert_int_equal(vub_irq_init(dev), 0);
	assert_int_equal(rte_intr_nb_efd_get(dev->slot.pci.intr_handle), 0);
	assert_int_equal(rte_intr_max_intr_get(dev->slot.pci.intr_handle), 1);
	assert_int_equal(rig_vectors_get(), 1);
	vub_irq_fini(dev);
	vub_dev_close(dev);
}

/* More than we can use: the first 129, in as many messages as that takes. */
static void
too_many_vectors_are_cut(void **state)
{
	struct vub_dev *dev;
	unsigned int nb_fds;

	(void)state;
	rig_cfg.nb_vectors = 300;
	dev = dev_open();
	nb_fds = rig_nb_fds();
	assert_int_equal(vub_irq_init(dev), 0);
	assert_int_equal(dev->nb_vectors, 129);
	assert_int_equal(rig_vectors_get(), 129);
	assert_int_equal(rte_intr_nb_efd_get(dev->slot.pci.intr_handle), 128);
	rig_vector_raise(128);
	assert_true(is_readable(rte_intr_efds_index_get(dev->slot.pci.intr_handle, 127)));
	vub_irq_fini(dev);
	assert_int_equal(rig_vectors_get(), 0);
	assert_int_equal(rig_nb_fds(), nb_fds);
	vub_dev_close(dev);
}

/* Init fails with @p err and says @p text; nothing is left. */
static void
init_fails(int err, const char *text)
{
	struct vub_dev *dev = dev_open();
	unsigned int nb_fds = rig_nb_fds();

	assert_int_equal(vub_irq_init(dev), err);
	assert_string_equal(rig_log_take(), text);
	assert_int_equal(dev->nb_vectors, 0);
	assert_null(dev->slot.pci.intr_handle);
	assert_int_equal(rig_nb_fds(), nb_fds);
	vub_dev_close(dev);
}

static void
a_device_without_vectors_is_refused(void **state)
{
	(void)state;
	rig_cfg.nb_vectors = 0;
	init_fails(-ENODEV, "vfio_user: vfu0: the device has no MSI-X vectors: No such device\n");
}

static void
a_server_that_takes_no_event_fds(void **state)
{
	(void)state;
	rig_cfg.irqs_are_refused = true;
	init_fails(-EINVAL, "vfio_user: vfu0: the server refuses event fds: Invalid argument\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_handle_is_what_drivers_expect, rig_reset),
		cmocka_unit_test_setup(
				event_fds_that_the_driver_closed_are_not_closed_twice, rig_reset),
		cmocka_unit_test_setup(event_fds_come_back_after_a_stop, rig_reset),
		cmocka_unit_test_setup(vector_0_calls_the_driver_once, rig_reset),
		cmocka_unit_test_setup(one_vector_has_no_rx_event_fds, rig_reset),
		cmocka_unit_test_setup(too_many_vectors_are_cut, rig_reset),
		cmocka_unit_test_setup(a_device_without_vectors_is_refused, rig_reset),
		cmocka_unit_test_setup(a_server_that_takes_no_event_fds, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

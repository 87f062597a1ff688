/* SPDX-License-Identifier: BSD-3-Clause */
/* drivers/bus/vfio_user/vub_watch.c: a server that goes is noticed and told of, once; one that is
 * left is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <rte_cycles.h>

#include "vub_rig.h"

#define WAIT_MS 5000

static atomic_int nb_removed;

static void
on_event(const char *name, enum rte_dev_event_type event, void *arg)
{
	(void)arg;
	if (strcmp(name, "vfu0") == 0 && event == RTE_DEV_EVENT_REMOVE)
		atomic_fetch_add(&nb_removed, 1);
}

static struct vub_dev *
dev_watched(void)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));

	rig_server_start();
	assert_int_equal(vub_dev_open(dev), 0);
	assert_int_equal(vub_watch_init(dev), 0);
	atomic_store(&nb_removed, 0);
	assert_int_equal(rte_dev_event_callback_register("vfu0", on_event, NULL), 0);
	return dev;
}

static void
dev_close(struct vub_dev *dev)
{
	assert_int_equal(rte_dev_event_callback_unregister("vfu0", on_event, NULL), 1);
	vub_watch_fini(dev);
	vub_watch_fini(dev); /* harmless */
	vub_dev_close(dev);
}

static void
wait_lost(struct vub_dev *dev)
{
	for (int ms = 0; ms < WAIT_MS && !atomic_load(&dev->lost); ms++)
		rte_delay_us_sleep(1000);
	assert_true(atomic_load(&dev->lost));
}

static uint64_t
cpu_us(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Although nobody asks; and the socket, which stays readable, is looked at no more. */
static void
a_server_that_goes_is_noticed(void **state)
{
	struct vub_dev *dev = dev_watched();
	uint64_t start_us;
	const char *log;

	(void)state;
	rig_log_take();
	rig_server_stop();
	wait_lost(dev);
	start_us = cpu_us();
	rte_delay_us_sleep(200000);
	assert_true(cpu_us() - start_us < 50000);
	assert_int_equal(atomic_load(&nb_removed), 1);
	log = rig_log_take();
	assert_memory_equal(log, "vfio_user: vfu0: lost the device at ", 36);
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1); /* once */
	dev_close(dev);
	assert_string_equal(rig_log_take(), "");
}

static void
the_end_of_a_device_that_is_left_is_no_event(void **state)
{
	struct vub_dev *dev = dev_watched();

	(void)state;
	atomic_store(&dev->is_leaving, true);
	rig_server_stop();
	wait_lost(dev);
	rte_delay_us_sleep(50000);
	assert_int_equal(atomic_load(&nb_removed), 0);
	dev_close(dev);
}

static void
a_watch_that_is_stopped_leaves_nothing(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));
	unsigned int nb_fds;

	(void)state;
	rig_server_start();
	assert_int_equal(vub_dev_open(dev), 0);
	nb_fds = rig_nb_fds();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vub_watch_init(dev), 0);
		vub_watch_fini(dev);
	}
	assert_int_equal(rig_nb_fds(), nb_fds);
	assert_false(atomic_load(&dev->lost));
	vub_dev_close(dev);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_server_that_goes_is_noticed, rig_reset),
		cmocka_unit_test_setup(the_end_of_a_device_that_is_left_is_no_event, rig_reset),
		cmocka_unit_test_setup(a_watch_that_is_stopped_leaves_nothing, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

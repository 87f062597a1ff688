/* SPDX-License-Identifier: BSD-3-Clause */
/* drivers/bus/vfio_user/vub_dev.c: arguments, and what a server may offer as a device. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vub_rig.h"

static void
arguments_that_cannot_be_read_get_the_usage(void **state)
{
	static const char *const bad[] = { "", "driver=net_x", "socket=", "socket",
		"socket=/dev/shm/x,driver=", "socket=/dev/shm/x,driver", "=,",
		"sockets=/dev/shm/x" };
	char want[256];

	(void)state;
	for (size_t i = 0; i < RTE_DIM(bad); i++) {
		struct vub_dev *dev = rig_dev("vfu7", bad[i]);

		assert_int_equal(vub_dev_open(dev), -EINVAL);
		snprintf(want, sizeof(want),
				"vfio_user: vfu7: cannot read the arguments '%s'; wanted: -a "
				"vfio_user:vfu7,socket=PATH[,driver=NAME][,...]\n",
				bad[i]);
		assert_string_equal(rig_log_take(), want);
		assert_null(dev->args.socket);
		assert_null(dev->args.driver);
	}
	assert_int_equal(vub_dev_open(rig_dev("vfu0", NULL)), -EINVAL);
	assert_non_null(strstr(rig_log_take(), "cannot read the arguments ''"));
}

static void
a_socket_that_is_not_there(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(",driver=net_x,other=1"));
	unsigned int nb_fds = rig_nb_fds();
	const char *log;

	(void)state;
	assert_int_equal(vub_dev_open(dev), -ENOENT);
	log = rig_log_take();
	assert_memory_equal(log, "vfio_user: vfu0: ", 17);
	assert_non_null(strstr(log, rig_path));
	assert_ptr_equal(strchr(log, '\n'), log + strlen(log) - 1); /* one line */
	assert_null(dev->client);
	assert_null(dev->args.socket);
	assert_int_equal(rig_nb_fds(), nb_fds);
}

static void
what_the_config_space_says(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(",driver=net_x,speed=10"));
	const struct rte_pci_id *id = &dev->slot.pci.id;
	unsigned int nb_fds;

	(void)state;
	rig_server_start();
	nb_fds = rig_nb_fds();
	assert_int_equal(vub_dev_open(dev), 0);
	assert_int_equal(id->vendor_id, 0x7357);
	assert_int_equal(id->device_id, 0xa222);
	assert_int_equal(id->subsystem_vendor_id, 0x1234);
	assert_int_equal(id->subsystem_device_id, 0x5678);
	assert_int_equal(id->class_id, 0x020000);
	assert_string_equal(dev->args.socket, rig_path);
	assert_string_equal(dev->args.driver, "net_x");
	assert_true(dev->config_fd >= 0);
	assert_string_equal(rig_log_take(), "");
	vub_dev_close(dev);
	assert_int_equal(dev->config_fd, -1);
	assert_null(dev->client);
	assert_null(dev->args.socket);
	assert_null(dev->args.driver);
	rig_wait_gone(1);
	assert_int_equal(rig_nb_fds(), nb_fds);
	vub_dev_close(dev); /* harmless */
}

static void
the_last_of_equal_arguments_counts(void **state)
{
	struct vub_dev *dev;
	char args[256];

	(void)state;
	rig_server_start();
	snprintf(args, sizeof(args), "socket=/dev/shm/no-such,%s,driver=a,driver=b", rig_args(""));
	dev = rig_dev("vfu0", args);
	assert_int_equal(vub_dev_open(dev), 0);
	assert_string_equal(dev->args.driver, "b");
	vub_dev_close(dev);
}

static void
bars_are_the_servers_memory(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));
	struct rte_mem_resource *res = dev->slot.pci.mem_resource;

	(void)state;
	rig_server_start();
	rig_bar()[0x7ff8] = 0x5a;
	assert_int_equal(vub_dev_open(dev), 0);
	assert_non_null(res[0].addr);
	assert_int_equal(res[0].len, 65536);
	assert_true(res[0].phys_addr != 0);
	assert_int_equal(((uint8_t *)res[0].addr)[0x7ff8], 0x5a);
	((uint8_t *)res[0].addr)[0xffff] = 0xa5;
	assert_int_equal(rig_bar()[0xffff], 0xa5);
	for (int i = 1; i < 6; i++)
		assert_null(res[i].addr); /* absent */
	assert_null(dev->args.driver);
	vub_dev_close(dev);
	assert_null(res[0].addr);
	assert_int_equal(res[0].len, 0);
}

static void
a_bar_may_start_inside_its_file(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));

	(void)state;
	rig_cfg.bar_offset = 4096;
	rig_server_start();
	rig_bar()[4096] = 0x77;
	assert_int_equal(vub_dev_open(dev), 0);
	assert_int_equal(*(uint8_t *)dev->slot.pci.mem_resource[0].addr, 0x77);
	vub_dev_close(dev);
}

/* Open @p args against the server as rig_cfg has it; nothing is left of the attempt. */
static void
open_fails(int err, const char *text)
{
	struct vub_dev *dev = rig_dev("vfu3", rig_args(""));
	unsigned int nb_fds;
	char want[256];

	rig_server_start();
	nb_fds = rig_nb_fds();
	assert_int_equal(vub_dev_open(dev), err);
	snprintf(want, sizeof(want), text, rig_path);
	assert_string_equal(rig_log_take(), want);
	assert_null(dev->client);
	assert_int_equal(dev->config_fd, -1);
	assert_null(dev->args.socket);
	for (int i = 0; i < 6; i++)
		assert_null(dev->slot.pci.mem_resource[i].addr);
	rig_wait_gone(1);
	assert_int_equal(rig_nb_fds(), nb_fds);
}

#define NO_CONFIG                                                                                  \
	"vfio_user: vfu3: the server at %s does not offer its config space as a file: it cannot "  \
	"be used by this bus\n"

static void
config_space_must_be_a_file(void **state)
{
	(void)state;
	rig_cfg.config_is_trapped = true;
	open_fails(-ENOTSUP, NO_CONFIG);
}

static void
config_space_must_hold_a_header(void **state)
{
	struct vub_dev *dev;

	(void)state;
	rig_cfg.config_bytes = 63;
	open_fails(-ENOTSUP, NO_CONFIG);
	rig_server_stop();
	rig_cfg.config_bytes = 64; /* is enough */
	rig_server_start();
	dev = rig_dev("vfu3", rig_args(""));
	assert_int_equal(vub_dev_open(dev), 0);
	vub_dev_close(dev);
}

static void
a_bar_off_a_page_cannot_be_mapped(void **state)
{
	(void)state;
	rig_cfg.bar_offset = 512;
	open_fails(-EINVAL, "vfio_user: vfu3: cannot map BAR 0 (65536 bytes): Invalid argument\n");
}

static void
an_unsealed_bar_is_warned_of(void **state)
{
	struct vub_dev *dev = rig_dev("vfu1", rig_args(""));

	(void)state;
	rig_cfg.bar_is_unsealed = true;
	rig_server_start();
	assert_int_equal(vub_dev_open(dev), 0);
	assert_string_equal(rig_log_take(), "vfio_user: vfu1: the file of BAR 0 is not sealed "
					    "against shrinking: a broken server can crash this "
					    "process\n");
	vub_dev_close(dev);
}

static void
a_busy_server_is_said_to_be_busy(void **state)
{
	struct vub_dev first, *dev = rig_dev("vfu0", rig_args(""));

	(void)state;
	rig_server_start();
	assert_int_equal(vub_dev_open(dev), 0);
	first = *dev;
	dev = rig_dev("vfu1", rig_args(""));
	assert_int_equal(vub_dev_open(dev), -EBUSY);
	assert_memory_equal(rig_log_take(), "vfio_user: vfu1: ", 17);
	vub_dev_close(&first);
}

/* Said once, whoever looks; BARs stay mapped, as drivers go on using them. */
static void
a_lost_server_is_reported_once(void **state)
{
	struct vub_dev *dev = rig_dev("vfu0", rig_args(""));
	uint8_t *bar;
	const char *log;

	(void)state;
	rig_server_start();
	assert_int_equal(vub_dev_open(dev), 0);
	bar = dev->slot.pci.mem_resource[0].addr;
	vub_dev_check(dev);
	assert_string_equal(rig_log_take(), "");
	assert_false(dev->lost);
	rig_server_stop();
	vub_dev_check(dev);
	log = rig_log_take();
	assert_memory_equal(log, "vfio_user: vfu0: lost the device at ", 36);
	assert_non_null(strstr(log, "Start the device again, then restart the application or "
				    "detach and attach vfu0\n"));
	assert_true(dev->lost);
	vub_dev_check(dev);
	assert_string_equal(rig_log_take(), "");
	bar[65535] = 1;
	vub_dev_close(dev);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(arguments_that_cannot_be_read_get_the_usage, rig_reset),
		cmocka_unit_test_setup(a_socket_that_is_not_there, rig_reset),
		cmocka_unit_test_setup(what_the_config_space_says, rig_reset),
		cmocka_unit_test_setup(the_last_of_equal_arguments_counts, rig_reset),
		cmocka_unit_test_setup(bars_are_the_servers_memory, rig_reset),
		cmocka_unit_test_setup(a_bar_may_start_inside_its_file, rig_reset),
		cmocka_unit_test_setup(config_space_must_be_a_file, rig_reset),
		cmocka_unit_test_setup(config_space_must_hold_a_header, rig_reset),
		cmocka_unit_test_setup(a_bar_off_a_page_cannot_be_mapped, rig_reset),
		cmocka_unit_test_setup(an_unsealed_bar_is_warned_of, rig_reset),
		cmocka_unit_test_setup(a_busy_server_is_said_to_be_busy, rig_reset),
		cmocka_unit_test_setup(a_lost_server_is_reported_once, rig_reset),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* drivers/bus/vfio_user/vub_bus.c through EAL's hot-plug calls: names, the choice of a driver, and
 * a probe that fails. The PCI drivers are this file's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vub_rig.h"

/* clang-format off */
static const struct rte_pci_id any_id[] = {
	{ RTE_CLASS_ANY_ID, 0x7357, 0xa222, RTE_PCI_ANY_ID, RTE_PCI_ANY_ID }, { .vendor_id = 0 } };
static const struct rte_pci_id exact_id[] = {
	{ 0x020000, 0x7357, 0xa222, 0x1234, 0x5678 }, { .vendor_id = 0 } };
static const struct rte_pci_id other_ids[] = {
	{ RTE_CLASS_ANY_ID, 0x7357, 0xa221, RTE_PCI_ANY_ID, RTE_PCI_ANY_ID },
	{ RTE_CLASS_ANY_ID, 0x7356, 0xa222, RTE_PCI_ANY_ID, RTE_PCI_ANY_ID },
	{ RTE_CLASS_ANY_ID, 0x7357, 0xa222, 0x1235, RTE_PCI_ANY_ID },
	{ RTE_CLASS_ANY_ID, 0x7357, 0xa222, RTE_PCI_ANY_ID, 0x5679 },
	{ 0x028000,         0x7357, 0xa222, RTE_PCI_ANY_ID, RTE_PCI_ANY_ID },
	{ .vendor_id = 0 } };
/* clang-format on */

/* What drivers were called for. */
static const char *probed, *removed;
static int probe_result, remove_result;
static bool probe_saw_memory;

static int
on_probe(struct rte_pci_driver *drv, struct rte_pci_device *pci)
{
	probed = drv->driver.name;
	probe_saw_memory = pci->mem_resource[0].addr != NULL && pci->intr_handle != NULL &&
	                   rig_maps_get(NULL, 0) > 0 && pci->driver == drv;
	return probe_result;
}

static int
on_remove(struct rte_pci_device *pci)
{
	removed = pci->driver->driver.name;
	return remove_result;
}

static struct rte_pci_driver drivers[] = {
	{ .driver.name = "net_a", .id_table = any_id, .probe = on_probe, .remove = on_remove },
	{ .driver.name = "net_b", .id_table = exact_id, .probe = on_probe, .remove = on_remove },
	{ .driver.name = "net_no", .id_table = other_ids, .probe = on_probe, .remove = on_remove },
	/* the name that goes first */
	{ .driver.name = "net_hns3_pmd",
			.id_table = any_id,
			.probe = on_probe,
			.remove = on_remove },
};

static unsigned int nb_loaded;

/* The first @p nb drivers are loaded, and the server runs. */
static void
start(unsigned int nb)
{
	for (nb_loaded = 0; nb_loaded < nb; nb_loaded++)
		rte_pci_register(&drivers[nb_loaded]);
	probed = removed = NULL;
	probe_result = remove_result = 0;
	probe_saw_memory = false;
	rig_server_start();
}

static int
end(void **state)
{
	while (nb_loaded > 0)
		rte_pci_unregister(&drivers[--nb_loaded]);
	return rig_reset(state);
}

static int
attach(const char *name, const char *more)
{
	return rte_eal_hotplug_add("vfio_user", name, rig_args(more));
}

static void
names_are_vfu_and_a_number(void **state)
{
	static const char *const bad[] = { "vfu", "vfu1000", "vfux", "vfu-1", "vfu0 ", "xvfu0",
		"vf0" };

	(void)state;
	start(1);
	for (size_t i = 0; i < RTE_DIM(bad); i++)
		assert_int_not_equal(attach(bad[i], ""), 0);
	assert_null(probed);
	assert_int_equal(attach("vfu999", ""), 0);
	assert_string_equal(probed, "net_a");
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu999"), 0);
}

static void
from_attach_to_detach(void **state)
{
	unsigned int nb_fds;

	(void)state;
	start(2);
	nb_fds = rig_nb_fds();
	assert_int_equal(attach("vfu0", ",speed=10"), 0);
	assert_string_equal(probed, "net_a"); /* the first that matches */
	assert_true(probe_saw_memory);
	probed = NULL;
	assert_int_equal(attach("vfu0", ""), 0); /* it is there already */
	assert_null(probed);
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu0"), 0);
	assert_string_equal(removed, "net_a");
	rig_wait_gone(1);
	assert_int_equal(rig_nb_fds(), nb_fds);
	assert_int_equal(attach("vfu0", ""), 0); /* and again */
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu0"), 0);
}

static void
our_driver_goes_first_unless_another_is_named(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(attach("vfu0", ""), 0);
	assert_string_equal(probed, "net_hns3_pmd");
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu0"), 0);
	rig_wait_gone(1);
	assert_int_equal(attach("vfu0", ",driver=net_b"), 0);
	assert_string_equal(probed, "net_b");
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu0"), 0);
}

/* A driver that does not serve the device is not tried, by whatever name. */
static void
a_driver_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	start(4);
	rig_log_take();
	assert_int_equal(attach("vfu0", ",driver=net_no"), -ENODEV);
	assert_null(probed);
	assert_non_null(strstr(rig_log_take(),
			"vfio_user: vfu0: driver=net_no: no PCI driver of that name serves "
			"7357:a222; those that do: net_a, net_b, net_hns3_pmd\n"));
	rig_wait_gone(1);
	assert_int_equal(attach("vfu0", ",driver=net_missing"), -ENODEV);
	assert_non_null(strstr(rig_log_take(), "net_a, net_b, net_hns3_pmd\n"));
}

static void
a_probe_that_fails_leaves_nothing(void **state)
{
	unsigned int nb_fds;

	(void)state;
	start(1);
	nb_fds = rig_nb_fds();
	rig_log_take();
	probe_result = -EIO;
	assert_int_equal(attach("vfu0", ""), -EIO);
	assert_non_null(strstr(rig_log_take(),
			"vfio_user: vfu0: probe by net_a failed: -5, Input/output error\n"));
	rig_wait_gone(1);
	assert_int_equal(rig_nb_fds(), nb_fds);
	probe_result = 1; /* "not mine" */
	assert_int_equal(attach("vfu0", ""), -ENODEV);
	rig_wait_gone(2);
	probe_result = 0;
	assert_int_equal(attach("vfu0", ""), 0);
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu0"), 0);
}

static void
a_driver_may_refuse_to_go(void **state)
{
	(void)state;
	start(1);
	assert_int_equal(attach("vfu0", ""), 0);
	rig_log_take();
	remove_result = -EBUSY;
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu0"), -EBUSY);
	assert_non_null(strstr(rig_log_take(),
			"vfio_user: vfu0: its driver refuses to be removed: -16\n"));
	assert_int_equal(rig_clients_gone(), 0);
	remove_result = 0;
	assert_int_equal(rte_eal_hotplug_remove("vfio_user", "vfu0"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_are_vfu_and_a_number, rig_reset, end),
		cmocka_unit_test_setup_teardown(from_attach_to_detach, rig_reset, end),
		cmocka_unit_test_setup_teardown(
				our_driver_goes_first_unless_another_is_named, rig_reset, end),
		cmocka_unit_test_setup_teardown(
				a_driver_that_does_not_fit_is_refused, rig_reset, end),
		cmocka_unit_test_setup_teardown(a_probe_that_fails_leaves_nothing, rig_reset, end),
		cmocka_unit_test_setup_teardown(a_driver_may_refuse_to_go, rig_reset, end),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

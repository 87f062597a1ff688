/* SPDX-License-Identifier: BSD-3-Clause */
/* app/testpmd_frag/port.c on the distribution's ring and null ports: found, started, stopped. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_dev.h>

#include "tpf_rig.h"

static struct tpf_app app;
static char text[1024];

static int
app_make(void **state)
{
	(void)state;
	memset(&app, 0, sizeof(app));
	app.opts.port_mask = UINT64_MAX;
	app.opts.nb_rxq = app.opts.nb_txq = 1;
	app.opts.mbuf_bytes = 2176;
	app.opts.nb_tx_segs = 1;
	app.opts.nb_rxd = app.opts.nb_txd = 256;
	app.pools[0].mp = rig_pool;
	app.nb_pools = 1;
	return 0;
}

/* First: there is none yet. */
static void
no_port_is_an_error_with_advice(void **state)
{
	(void)state;
	rig_capture_start(2);
	assert_int_equal(tpf_ports_find(&app), -ENODEV);
	rig_capture_end(text, sizeof(text));
	assert_string_equal(text, "No ports: give -a (for an emulated one: -a "
				  "vfio_user:vfu0,socket=PATH --no-pci) or look at --portmask\n");
}

static void
the_mask_chooses(void **state)
{
	(void)state;
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_ring0", ""), 0);
	assert_int_equal(rte_eal_hotplug_add("vdev", "net_ring1", ""), 0);
	assert_int_equal(tpf_ports_find(&app), 0);
	assert_int_equal(app.nb_ports, 2);
	assert_string_equal(app.ports[0].name, "net_ring0");
	assert_string_equal(app.ports[0].driver, "net_ring");
	assert_int_equal(app.ports[1].id, 1);
	assert_ptr_equal(tpf_port_get(&app, 1), &app.ports[1]);
	assert_null(tpf_port_get(&app, 7));
	app_make(NULL);
	app.opts.port_mask = 2;
	assert_int_equal(tpf_ports_find(&app), 0);
	assert_int_equal(app.nb_ports, 1);
	assert_string_equal(app.ports[0].name, "net_ring1");
	app_make(NULL);
	app.opts.port_mask = 4;
	rig_capture_start(2);
	assert_int_equal(tpf_ports_find(&app), -ENODEV);
	rig_capture_end(text, sizeof(text));
}

/* A ring port answers itself: what is sent comes back, and the counters are the run's. */
static void
a_port_from_start_to_close(void **state)
{
	struct tpf_port *port = &app.ports[0];
	struct rte_mbuf *pkt;

	(void)state;
	app.opts.port_mask = 1;
	assert_int_equal(tpf_ports_find(&app), 0);
	assert_int_equal(tpf_ports_start(&app), 0);
	assert_true(port->is_configured);
	assert_true(port->is_started);
	assert_true(port->base.is_valid);
	assert_int_equal(port->mtu_bytes, 1500);
	assert_false(port->scatter);
	assert_int_equal(port->nb_rxd, 256);
	assert_int_equal(port->nb_txd, 256);
	assert_false(tpf_ports_are_gone(&app));
	rig_capture_start(1);
	tpf_ports_wait_link(&app);
	rig_capture_end(text, sizeof(text));
	assert_string_equal(text, "Port 0 (net_ring0, net_ring): link up\n");
	pkt = rig_packet("0123456789abcdef", 16);
	assert_int_equal(rte_eth_tx_burst(0, 0, &pkt, 1), 1);
	assert_int_equal(rte_eth_rx_burst(0, 0, &pkt, 1), 1);
	rte_pktmbuf_free(pkt);
	tpf_ports_drain_tx(&app);
	tpf_ports_stop(&app);
	assert_false(port->is_started);
	assert_true(port->last.is_valid);
	assert_int_equal(port->last.eth.ipackets - port->base.eth.ipackets, 1);
	assert_int_equal(port->last.eth.opackets - port->base.eth.opackets, 1);
	assert_true(port->nb_xstats > 0);
	for (uint32_t i = 0; i < port->nb_xstats; i++)
		assert_true(port->xstats[i].value != 0);
	tpf_ports_stop(&app); /* once is enough */
	tpf_ports_close(&app);
	assert_false(port->is_configured);
	assert_false(rte_eth_dev_is_valid_port(0));
	free(port->xstats);
	assert_int_equal(rig_in_use(), 0);
}

static void
a_port_that_does_not_start_says_what_failed(void **state)
{
	static const char want[] = "Port 1 (net_ring1): cannot be configured: Invalid argument\n";

	(void)state;
	app.opts.port_mask = 2;
	assert_int_equal(tpf_ports_find(&app), 0);
	app.opts.frame_max = 64;
	app.opts.nb_rxq = 60; /* a ring port has 16 at most */
	rig_capture_start(2);
	assert_int_equal(tpf_ports_start(&app), -EINVAL);
	rig_capture_end(text, sizeof(text));
	assert_non_null(strstr(text, want));
	assert_false(app.ports[0].is_started);
	tpf_ports_stop(&app);
	tpf_ports_close(&app);
	assert_null(app.ports[0].xstats);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_port_is_an_error_with_advice, app_make),
		cmocka_unit_test_setup(the_mask_chooses, app_make),
		cmocka_unit_test_setup(a_port_from_start_to_close, app_make),
		cmocka_unit_test_setup(a_port_that_does_not_start_says_what_failed, app_make),
	};

	return cmocka_run_group_tests(tests, rig_group_setup, rig_group_teardown);
}

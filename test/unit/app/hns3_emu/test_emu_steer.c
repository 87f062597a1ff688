/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_steer.c: which functions get a frame, for a NIC of a PF and three VFs whose
 * tables are set by hand [3:10.2] [3:10.3].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "emu_dev_priv.h"

#define WIRE 0x80000000u /* beside a set of functions: it leaves the NIC */

static int
setup(void **state)
{
	struct emu_nic *nic = calloc(1, sizeof(*nic));

	assert_non_null(nic);
	for (unsigned int f = 0; f < 4; f++) {
		nic->func[f] = aligned_alloc(128, sizeof(struct emu_dev));
		assert_non_null(nic->func[f]);
		memset(nic->func[f], 0, sizeof(struct emu_dev));
		nic->func[f]->func = f;
		nic->func[f]->promisc = 0x38;
		nic->func[f]->promisc_tx = 0x08;
		nic->func[f]->switch_param = 0x02;
	}
	nic->nb_funcs = 4;
	*state = nic;
	return 0;
}

static int
teardown(void **state)
{
	struct emu_nic *nic = *state;

	for (unsigned int f = 0; f < 4; f++)
		free(nic->func[f]);
	free(nic);
	return 0;
}

static void
uc_add(struct emu_nic *nic, uint8_t last, uint8_t func)
{
	struct emu_mac_entry e = { { 2, 0, 0, 0, 0, last }, func };

	nic->uc[nic->nb_uc++] = e;
}

static void
mc_add(struct emu_nic *nic, uint8_t last, uint8_t functions)
{
	const uint8_t mac[6] = { 1, 0, 0x5e, 0, 0, last };

	memcpy(nic->mc[nic->nb_mc].e.mac, mac, 6);
	nic->mc[nic->nb_mc++].functions[0] = functions;
}

static uint32_t
rx_tagged(struct emu_nic *nic, const char *dmac, unsigned int vid, unsigned int *why)
{
	static const struct emu_tpids tpids = { { 0x8100, 0x8100, 0x8100, 0x8100 } };
	uint8_t frame[64] = { 0 };
	struct emu_frame f = { .len_bytes = 64, .nb_segs = 1 };
	struct emu_parsed p;
	uint32_t funcs;

	memcpy(frame, dmac, 6);
	memcpy(frame + 12, "\x81\x00\x00\x00\x88\xcc", 6);
	frame[14] = (uint8_t)(vid >> 8);
	frame[15] = (uint8_t)vid;
	if (vid == 0)
		memcpy(frame + 12, "\x88\xcc", 2);
	f.seg[0] = (struct iovec){ frame, 64 };
	emu_parse(&f, &tpids, &p);
	emu_steer_plan(nic);
	funcs = emu_steer_rx(nic, &p, why);
	for (unsigned int i = 0; i < 4; i++) {
		if (funcs & 1u << i && emu_steer_vlan_is_refused(nic, i, &p))
			funcs &= ~(1u << i);
	}
	return funcs;
}

static uint32_t
rx(struct emu_nic *nic, const char *dmac)
{
	unsigned int why;

	return rx_tagged(nic, dmac, 0, &why);
}

#define UC(last) "\x02\0\0\0\0" last
#define MC(last) "\x01\0\x5e\0\0" last
#define BC       "\xff\xff\xff\xff\xff\xff"

static void
addresses(void **state)
{
	struct emu_nic *nic = *state;

	uc_add(nic, 1, 0);
	uc_add(nic, 2, 2);
	mc_add(nic, 7, 0x05);
	assert_int_equal(rx(nic, UC("\x01")), 1);
	assert_int_equal(rx(nic, UC("\x02")), 4);
	assert_int_equal(rx(nic, UC("\x03")), 0);
	assert_int_equal(rx(nic, MC("\x07")), 5);
	assert_int_equal(rx(nic, MC("\x08")), 0);
	assert_int_equal(rx(nic, BC), 15);
	/* one that does not exist (any more) gets nothing */
	nic->mc[0].functions[0] = 0xf1;
	assert_int_equal(rx(nic, MC("\x07")), 1);
	nic->func[3]->promisc = 0x30;
	assert_int_equal(rx(nic, BC), 7);
}

static void
promiscuity(void **state)
{
	struct emu_nic *nic = *state;

	uc_add(nic, 2, 2);
	mc_add(nic, 7, 0x04);
	nic->func[1]->promisc = 0x3e; /* all */
	nic->func[3]->promisc = 0x3c; /* multicast */
	assert_int_equal(rx(nic, UC("\x02")), 6);
	assert_int_equal(rx(nic, UC("\x03")), 2);
	assert_int_equal(rx(nic, MC("\x07")), 14);
	assert_int_equal(rx(nic, MC("\x08")), 10);
	nic->func[1]->promisc = 0x1e; /* of frames that are sent, not of received ones */
	assert_int_equal(rx(nic, UC("\x03")), 0);
}

static void
vlan_filters(void **state)
{
	struct emu_nic *nic = *state;
	unsigned int why = 0;

	uc_add(nic, 2, 2);
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 4);
	nic->vlan_port_filter = true;
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 0);
	assert_int_equal(why, EMU_DROP_RX_VLAN_FILTER);
	nic->func[2]->vlan_bypass = true; /* [3:2.4] */
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 4);
	nic->func[2]->vlan_bypass = false;
	nic->vlan_table[12] = 0x10; /* VID 100 */
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 4);
	assert_int_equal(rx_tagged(nic, UC("\x02"), 0, &why), 0); /* VLAN 0 is not in it */
	nic->vlan_table[0] = 1;
	assert_int_equal(rx_tagged(nic, UC("\x02"), 0, &why), 4);
	/* the function's own filter, egress of the switch [3:2.1] */
	nic->func[2]->vlan_fe = 0x0a;
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 0);
	nic->func[2]->vlan_table[12] = 0x10;
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 4);
	nic->func[2]->vlan_table[12] = 0;
	nic->func[2]->vlan_fe = 0x05; /* that one is about what it sends */
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 4);
	nic->func[1]->promisc = 0x3e;
	nic->func[2]->vlan_fe = 0x0a;
	assert_int_equal(rx_tagged(nic, UC("\x02"), 100, &why), 2);
	/* nobody wants it at all */
	nic->func[1]->promisc = 0x38;
	assert_int_equal(rx_tagged(nic, MC("\x09"), 100, &why), 0);
	assert_int_equal(why, EMU_DROP_RX_NO_DESTINATION);
}

/* [3:1.19], the entry that drivers add: LLDP */
static void
management_table(void **state)
{
	struct emu_nic *nic = *state;
	struct emu_managed lldp = { .flags = 1, .mac = { 1, 0x80, 0xc2, 0, 0, 0x0e } };

	lldp.ether_type = 0x88cc;
	assert_int_equal(rx(nic, "\x01\x80\xc2\0\0\x0e"), 0);
	nic->managed[nic->nb_managed++] = lldp;
	assert_int_equal(rx(nic, "\x01\x80\xc2\0\0\x0e"), 1);
	assert_int_equal(rx(nic, "\x01\x80\xc2\0\0\x0f"), 0);
	nic->managed[0].ether_type = 0x88cd;
	assert_int_equal(rx(nic, "\x01\x80\xc2\0\0\x0e"), 0);
}

static uint32_t
tx(struct emu_nic *nic, unsigned int from, const char *dmac)
{
	uint8_t padded[8] = { 0 };
	bool to_wire = false;
	uint32_t funcs;

	memcpy(padded, dmac, 6);
	emu_steer_plan(nic);
	funcs = emu_steer_tx(nic, from, padded, &to_wire);
	return funcs | (to_wire ? WIRE : 0);
}

static void
between_functions(void **state)
{
	struct emu_nic *nic = *state;

	uc_add(nic, 1, 0);
	uc_add(nic, 2, 2);
	mc_add(nic, 7, 0x05);
	assert_int_equal(tx(nic, 0, UC("\x02")), 4);
	assert_int_equal(tx(nic, 2, UC("\x01")), 1);
	assert_int_equal(tx(nic, 2, UC("\x02")), 4); /* to itself [3:1.21] */
	assert_int_equal(tx(nic, 1, UC("\x09")), WIRE);
	assert_int_equal(tx(nic, 1, BC), 13 | WIRE);
	assert_int_equal(tx(nic, 2, MC("\x07")), 1 | WIRE);
	nic->func[3]->promisc_tx = 0x0e;
	assert_int_equal(tx(nic, 2, MC("\x07")), 9 | WIRE);
	assert_int_equal(tx(nic, 1, UC("\x09")), 8 | WIRE);
	assert_int_equal(tx(nic, 3, UC("\x09")), WIRE);
	assert_int_equal(tx(nic, 1, UC("\x01")), 9);
	nic->func[1]->switch_param = 0; /* loopback off: the wire alone */
	assert_int_equal(tx(nic, 1, UC("\x01")), WIRE);
	assert_int_equal(tx(nic, 1, BC), WIRE);
}

/* As full as the tables get: every entry is found, and nothing else. */
static void
full_tables(void **state)
{
	struct emu_nic *nic = *state;

	for (unsigned int i = 0; i < 384; i++) {
		struct emu_mac_entry e = { { 2, 1, 2, 3, (uint8_t)(i >> 8), (uint8_t)i },
			(uint8_t)(i % 4) };

		nic->uc[nic->nb_uc++] = e;
	}
	for (unsigned int i = 0; i < 256; i++)
		mc_add(nic, (uint8_t)i, (uint8_t)(1 + i % 15));
	for (unsigned int i = 0; i < 512; i++) {
		char mac[7] = { 2, 1, 2, 3, (char)(i >> 8), (char)i };

		assert_int_equal(rx(nic, mac), i < 384 ? 1u << i % 4 : 0);
		memcpy(mac, (const char[]){ 1, 0, 0x5e, 0, (char)(i >> 8), (char)i }, 6);
		assert_int_equal(rx(nic, mac), i < 256 ? 1 + i % 15 : 0);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(addresses),
		CASE(promiscuity),
		CASE(vlan_filters),
		CASE(management_table),
		CASE(between_functions),
		CASE(full_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

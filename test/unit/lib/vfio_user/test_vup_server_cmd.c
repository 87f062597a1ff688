/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/vfio_user/vup_server_cmd.c: what each command does to the device and answers. What clients
 * must not send: test_vup_server_hostile.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "golden.h"
#include "server_rig.h"

#define ERROR_16(id_cmd, err) id_cmd "10000000 21000000 " err

#define MAP_HEAD "0200 0200 30000000 00000000 00000000 "
#define IRQ_HEAD "0200 0800 24000000 00000000 00000000 "

/* ---- golden requests ---- */

static void
information(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	srv_ask(rig, peer, GOLD_INFO_ASK, GOLD_INFO_REPLY);
	srv_ask(rig, peer, GOLD_REGION0_ASK, GOLD_REGION0_TRAPPED_REPLY);
	srv_ask(rig, peer, GOLD_REGION2_ASK, GOLD_REGION2_REPLY);
	/* Region 6, that does not exist, has size 0 and no flags. */
	srv_ask(rig, peer,
			"0200 0500 30000000 00000000 00000000 20000000 00000000 06000000 00000000 "
			"0000000000000000 0000000000000000",
			"0200 0500 30000000 01000000 00000000 20000000 00000000 06000000 00000000 "
			"0000000000000000 0000000000000000");
	srv_ask(rig, peer, GOLD_IRQ_ASK, GOLD_IRQ_REPLY);
	/* Index 0, INTx, has no vector. */
	srv_ask(rig, peer,
			"0200 0700 20000000 00000000 00000000 10000000 00000000 00000000 00000000",
			"0200 0700 20000000 01000000 00000000 10000000 00000000 00000000 00000000");
	srv_leave(rig, peer);
}

static void
a_mappable_region_comes_with_its_file(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapping(rig);

	fp_send(peer, GOLD_REGION0_ASK);
	srv_run(rig);
	fp_expect_fds(peer, GOLD_REGION0_MAPPED_REPLY, 1);
	srv_ask(rig, peer, GOLD_REGION2_ASK, GOLD_REGION2_REPLY);
	srv_leave(rig, peer);
}

static void
maps_come_and_go(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapped(rig);

	assert_int_equal(rig->map.iova, UINT64_C(0x540000000));
	assert_int_equal(rig->map.size, 0x200000);
	assert_int_equal(rig->map.offset, 0x1000);
	assert_int_equal(rig->map.prot, 3);
	assert_true(rig->map.has_fd);
	rig->map.size = 0;
	srv_ask(rig, peer, GOLD_UNMAP_ASK, GOLD_UNMAP_REPLY);
	assert_int_equal(rig->map.size, 0x200000);
	assert_int_equal(rig->nb_maps, 0);
	assert_int_equal(rig->nb_unmaps, 1);
	srv_leave(rig, peer);
}

static void
all_maps_go_at_once(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapped(rig);

	srv_ask(rig, peer,
			MAP_HEAD "20000000 01000000 0000000000000000 "
				 "0000000000000000 0010000000000000",
			GOLD_MAP_REPLY);
	assert_int_equal(rig->map.prot, 1);
	srv_ask(rig, peer,
			MAP_HEAD "20000000 02000000 0000000000000000 "
				 "00f0ffffffffffff 0010000000000000",
			GOLD_MAP_REPLY);
	assert_int_equal(rig->map.iova, UINT64_C(0xfffffffffffff000));
	assert_int_equal(rig->nb_maps, 3);
	srv_ask(rig, peer, GOLD_UNMAP_ALL_ASK, GOLD_UNMAP_ALL_REPLY);
	assert_int_equal(rig->nb_maps, 0);
	assert_int_equal(rig->nb_unmaps, 3);
	srv_ask(rig, peer, GOLD_UNMAP_ALL_ASK, GOLD_UNMAP_ALL_REPLY); /* of nothing */
	srv_leave(rig, peer);
}

#define MAP_AT(addr)      MAP_HEAD "20000000 03000000 0000000000000000 " addr " 0010000000000000"
#define UNMAP(addr, size) "0200 0300 28000000 00000000 00000000 18000000 00000000 " addr " " size

/* QEMU unmaps ranges that cover several maps, or none; the callback hears of the maps. */
static void
a_range_may_cover_several_maps(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapped(rig);

	srv_ask(rig, peer, MAP_AT("0000000000000000"), GOLD_MAP_REPLY);
	srv_ask(rig, peer, MAP_AT("0020000000000000"), GOLD_MAP_REPLY);
	srv_ask(rig, peer, UNMAP("0000010000000000", "0000010000000000"),
			"0200 0300 28000000 01000000 00000000 18000000 00000000 0000010000000000 "
			"0000010000000000");
	assert_int_equal(rig->nb_unmaps, 0);
	srv_ask(rig, peer, UNMAP("0000000000000000", "0000010000000000"),
			"0200 0300 28000000 01000000 00000000 18000000 00000000 0000000000000000 "
			"0000010000000000");
	assert_int_equal(rig->nb_unmaps, 2);
	assert_int_equal(rig->map.iova, 0);
	assert_int_equal(rig->map.size, 0x1000);
	assert_int_equal(rig->nb_maps, 1);
	srv_leave(rig, peer);
}

/* Our bus knows its maps. */
static void
who_maps_regions_unmaps_exactly(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapping(rig);

	srv_ask(rig, peer, MAP_AT("0000000000000000"), GOLD_MAP_REPLY);
	srv_ask(rig, peer, UNMAP("0000000000000000", "0020000000000000"),
			ERROR_16("0200 0300", "02000000"));
	srv_ask(rig, peer, UNMAP("0010000000000000", "0010000000000000"),
			ERROR_16("0200 0300", "02000000"));
	assert_int_equal(rig->nb_unmaps, 0);
	srv_leave(rig, peer);
}

static void
registers_are_read_and_written(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	srv_ask(rig, peer, GOLD_WRITE_ASK, GOLD_WRITE_REPLY);
	assert_int_equal(rig->access.region, 2);
	assert_int_equal(rig->access.offset, 0x2010);
	assert_int_equal(rig->access.count, 4);
	assert_memory_equal(rig->regs + 0x2010, "\x78\x56\x34\x12", 4);
	memcpy(rig->regs + 0x2010, "\xef\xbe\xad\xde", 4);
	srv_ask(rig, peer, GOLD_READ_ASK, GOLD_READ_REPLY);
	/* The last byte of the region; and of the read-only one. */
	rig->regs[0x7fff] = 0x5a;
	srv_ask(rig, peer,
			"0200 0900 20000000 00000000 00000000 ff7f000000000000 02000000 01000000",
			"0200 0900 21000000 01000000 00000000 ff7f000000000000 02000000 01000000 "
			"5a");
	srv_ask(rig, peer,
			"0200 0900 20000000 00000000 00000000 ff00000000000000 04000000 01000000",
			"0200 0900 21000000 01000000 00000000 ff00000000000000 04000000 01000000 "
			"00");
	srv_leave(rig, peer);
}

static void
the_largest_transfer_passes(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);
	struct fp_msg msg;

	memset(rig->regs, 0x77, sizeof(rig->regs));
	fp_send(peer, "0200 0900 20000000 00000000 00000000 0040000000000000 02000000 00400000");
	srv_run(rig);
	fp_recv(peer, 16416, &msg);
	fp_same(msg.bytes, 32,
			"0200 0900 20400000 01000000 00000000 0040000000000000 02000000 00400000");
	assert_int_equal(msg.len, 16416);
	assert_memory_equal(msg.bytes + 32, rig->regs, 16384);
	/* The same the other way. */
	memset(msg.bytes + 32, 0x33, 16384);
	msg.bytes[2] = 0x0a;
	msg.bytes[8] = 0;
	msg.bytes[17] = 0; /* offset 0 */
	assert_int_equal(send(peer, msg.bytes, 16416, 0), 16416);
	srv_run(rig);
	fp_expect(peer, "0200 0a00 20000000 01000000 00000000 0000000000000000 02000000 00400000");
	assert_memory_equal(rig->regs, msg.bytes + 32, 16384);
	assert_int_equal(rig->regs[16384], 0x77);
	srv_leave(rig, peer);
}

/* A device that does not fill the buffer: nothing of an earlier answer comes again. */
static void
answers_do_not_leak_into_others(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	memcpy(rig->regs + 0x2010, "\xef\xbe\xad\xde", 4);
	srv_ask(rig, peer, GOLD_READ_ASK, GOLD_READ_REPLY);
	rig->lazy = true;
	srv_ask(rig, peer, GOLD_READ_ASK,
			"0200 0900 24000000 01000000 00000000 1020000000000000 02000000 04000000 "
			"00000000");
	srv_leave(rig, peer);
}

static void
reset_reaches_the_device(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapped(rig);

	srv_ask(rig, peer, GOLD_RESET_ASK, GOLD_RESET_REPLY);
	assert_int_equal(rig->nb_resets, 1);
	assert_int_equal(rig->nb_maps, 1); /* maps stay */
	srv_leave(rig, peer);
}

/* ---- interrupts ---- */

static void
event_fds_are_handed_over(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig), fds[2];
	uint64_t count = 0;

	fp_eventfds(fds, 2);
	srv_ask_fds(rig, peer, GOLD_SET_IRQS_ASK, fds, 2, GOLD_SET_IRQS_REPLY);
	assert_true(rig->irq_fds[3] >= 0);
	assert_true(rig->irq_fds[4] >= 0);
	assert_int_equal(rig->irq_fds[2], -1);
	assert_int_equal(rig->irq_fds[5], -1);
	assert_int_equal(eventfd_write(rig->irq_fds[4], 7), 0);
	assert_int_equal(read(fds[1], &count, 8), 8);
	assert_int_equal(count, 7);
	srv_expect_unharmed(rig, peer, 4);
	/* One vector loses its event fd again: no descriptors come. */
	srv_ask(rig, peer, IRQ_HEAD "14000000 24000000 02000000 03000000 01000000",
			GOLD_SET_IRQS_REPLY);
	assert_int_equal(rig->irq_fds[3], -1);
	assert_true(rig->irq_fds[4] >= 0);
	/* And all. */
	srv_ask(rig, peer, GOLD_CLEAR_IRQS_ASK, GOLD_SET_IRQS_REPLY);
	assert_int_equal(rig->irq_fds[4], -1);
	fp_close_all(fds, 2);
	srv_leave(rig, peer);
}

static void
sixteen_event_fds_at_the_end_of_the_index(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig), fds[16];

	fp_eventfds(fds, 16);
	srv_ask_fds(rig, peer, IRQ_HEAD "14000000 24000000 02000000 10000000 10000000", fds, 16,
			GOLD_SET_IRQS_REPLY);
	fp_close_all(fds, 16);
	assert_int_equal(rig->irq_fds[15], -1);
	assert_true(rig->irq_fds[16] >= 0 && rig->irq_fds[31] >= 0);
	srv_leave(rig, peer); /* client_gone closes them */
}

static void
no_vectors_is_no_work(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	srv_ask(rig, peer, IRQ_HEAD "14000000 24000000 02000000 20000000 00000000",
			GOLD_SET_IRQS_REPLY);
	/* All off, of an index without vectors. */
	srv_ask(rig, peer, IRQ_HEAD "14000000 21000000 01000000 00000000 00000000",
			GOLD_SET_IRQS_REPLY);
	assert_int_equal(rig->nb_set_irqs, 0);
	srv_leave(rig, peer);
}

/* What set_irqs did not take stays the server's, and is closed. */
static void
refused_event_fds_are_closed(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig), fds[2];

	fp_eventfds(fds, 2);
	rig->fail = -EIO;
	srv_ask_fds(rig, peer, GOLD_SET_IRQS_ASK, fds, 2, ERROR_16("0200 0800", "05000000"));
	rig->fail = 0;
	srv_expect_unharmed(rig, peer, 2);
	/* One that cannot be made non-blocking: no event fd. */
	close(fds[1]);
	fds[1] = open("/", O_PATH | O_CLOEXEC);
	srv_ask_fds(rig, peer, GOLD_SET_IRQS_ASK, fds, 2, ERROR_16("0200 0800", "09000000"));
	assert_int_equal(rig->nb_set_irqs, 1);
	srv_expect_unharmed(rig, peer, 2);
	fp_close_all(fds, 2);
	srv_leave(rig, peer);
}

/* The device's own refusals travel as they are, without a payload. */
static void
the_devices_errors_are_answers(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapped(rig), file;

	fp_files(&file, 1, 0x201000);
	rig->fail = -ENOMEM;
	srv_ask_fds(rig, peer,
			MAP_HEAD "20000000 03000000 0000000000000000 "
				 "0000000000000000 0010000000000000",
			&file, 1, ERROR_16("0200 0200", "0c000000"));
	rig->fail = -EIO;
	srv_ask(rig, peer, GOLD_READ_ASK, ERROR_16("0200 0900", "05000000"));
	srv_ask(rig, peer, GOLD_WRITE_ASK, ERROR_16("0200 0a00", "05000000"));
	srv_ask(rig, peer, GOLD_RESET_ASK, ERROR_16("0200 0d00", "05000000"));
	/* The map is gone all the same. */
	srv_ask(rig, peer, GOLD_UNMAP_ASK, ERROR_16("0200 0300", "05000000"));
	rig->fail = 0;
	srv_ask(rig, peer, GOLD_UNMAP_ASK, GOLD_UNMAP_REPLY); /* of nothing */
	/* The refused map does not block its place. */
	srv_ask_fds(rig, peer,
			MAP_HEAD "20000000 03000000 0000000000000000 "
				 "0000000000000000 0010000000000000",
			&file, 1, GOLD_MAP_REPLY);
	close(file);
	assert_int_equal(rig->nb_maps, 1);
	srv_leave(rig, peer);
}

static void
memory_without_a_file_is_the_devices_choice(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	rig->fail = -ENOTSUP;
	srv_ask(rig, peer, GOLD_MAP_ASK, ERROR_16("0200 0200", "5f000000"));
	assert_false(rig->map.has_fd);
	rig->fail = 0;
	srv_ask(rig, peer, GOLD_MAP_ASK, GOLD_MAP_REPLY);
	assert_int_equal(rig->nb_maps, 1);
	srv_leave(rig, peer);
}

/* 65535 maps are taken, the next is refused with ENOSPC, and one less makes room for one. */
static void
there_is_a_limit_of_maps(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);
	struct fp_msg msg;
	uint8_t ask[48];

	fp_bytes(MAP_HEAD "20000000 03000000 0000000000000000 0000000000000000 0010000000000000",
			ask, sizeof(ask));
	for (uint32_t i = 0; i < 65536; i++) {
		uint64_t iova = (uint64_t)i * 8192; /* apart, so that nothing could be merged */

		memcpy(ask + 32, &iova, 8);
		assert_int_equal(send(peer, ask, 48, 0), 48);
		vup_server_poll(rig->srv);
		fp_recv(peer, 16, &msg);
		if (i < 65535)
			fp_same(msg.bytes, msg.len, GOLD_MAP_REPLY);
	}
	fp_same(msg.bytes, msg.len, ERROR_16("0200 0200", "1c000000"));
	assert_int_equal(rig->nb_maps, 65535);
	srv_ask(rig, peer,
			"0200 0300 28000000 00000000 00000000 18000000 00000000 "
			"0000000000000000 0010000000000000",
			"0200 0300 28000000 01000000 00000000 18000000 00000000 "
			"0000000000000000 0010000000000000");
	fp_bytes("00 10 00 00 01 00 00 00", ask + 32, 8);
	assert_int_equal(send(peer, ask, 48, 0), 48);
	srv_run(rig);
	fp_expect(peer, GOLD_MAP_REPLY);
	srv_leave(rig, peer);
	assert_int_equal(rig->nb_maps, 0);
	srv_expect_serves(rig);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, srv_setup, srv_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(information),
		CASE(a_mappable_region_comes_with_its_file),
		CASE(maps_come_and_go),
		CASE(all_maps_go_at_once),
		CASE(registers_are_read_and_written),
		CASE(the_largest_transfer_passes),
		CASE(answers_do_not_leak_into_others),
		CASE(reset_reaches_the_device),
		CASE(event_fds_are_handed_over),
		CASE(sixteen_event_fds_at_the_end_of_the_index),
		CASE(no_vectors_is_no_work),
		CASE(refused_event_fds_are_closed),
		CASE(a_range_may_cover_several_maps),
		CASE(who_maps_regions_unmaps_exactly),
		CASE(the_devices_errors_are_answers),
		CASE(memory_without_a_file_is_the_devices_choice),
		CASE(there_is_a_limit_of_maps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

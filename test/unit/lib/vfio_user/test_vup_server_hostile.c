/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * lib/vfio_user/vup_server.c and vup_server_cmd.c against clients that send what they must not:
 * what is refused and what ends the client, and that nothing of it stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "golden.h"
#include "server_rig.h"

#define ERROR_16(id_cmd, err) id_cmd "10000000 21000000 " err
#define EINVAL_REPLY(id_cmd)  ERROR_16(id_cmd, "16000000")

#define MAP_HEAD "0200 0200 30000000 00000000 00000000 "
#define IRQ_HEAD "0200 0800 24000000 00000000 00000000 "

/* ---- what is no message, or comes out of order ---- */

struct hostile {
	const char *sent, *reply, *why; /* reply NULL: none */
	unsigned int nb_fds;
};

static const struct hostile not_messages[] = {
	{ "0200 0900 0f000000 00000000 00000000", NULL, "smaller than a header", 0 },
	{ "0200 0900 00000000 00000000 00000000", NULL, "smaller than a header", 2 },
	{ "0200 0a00 21400000 00000000 00000000", NULL, "larger than any message", 0 },
	{ "0200 0a00 ffffffff 00000000 00000000", NULL, "larger than any message", 16 },
	{ "0200 0d00 10000000 02000000 00000000", NULL, "neither command nor reply", 0 },
	{ "0200 0d00 10000000 0f000000 00000000", NULL, "neither command nor reply", 1 },
	{ GOLD_RESET_REPLY, NULL, "a reply that nobody asked for", 0 },
	{ GOLD_READ_REPLY, NULL, "a reply that nobody asked for", 3 },
	{ "0200 0000 10000000 00000000 00000000", ERROR_16("0200 0000", "16000000"),
			"unknown command", 0 },
	{ "0200 0b00 10000000 00000000 00000000", ERROR_16("0200 0b00", "16000000"),
			"DMA_READ 11: unknown command", 0 },
	{ "0200 0c00 10000000 00000000 00000000", ERROR_16("0200 0c00", "16000000"),
			"DMA_WRITE 12: unknown command", 0 },
	{ "0200 0e00 10000000 00000000 00000000", ERROR_16("0200 0e00", "16000000"),
			"command 14: unknown command", 0 },
	{ "0200 1300 10000000 00000000 00000000", ERROR_16("0200 1300", "16000000"),
			"command 19: unknown command", 2 },
	{ "ffff ffff 10000000 00000000 00000000", ERROR_16("ffff ffff", "16000000"),
			"command 65535: unknown command", 0 },
	{ GOLD_VERSION_ASK, ERROR_16("0100 0100", "16000000"), "version negotiated twice", 0 },
	{ GOLD_SET_IRQS_ASK, NULL, "too many file descriptors", 17 },
	{ GOLD_RESET_ASK, NULL, "too many file descriptors", 64 },
};

/* After a client with maps and event fds has sent it: out with a reason, and nothing is left. */
static void
expect_end_by(struct srv_rig *rig, const struct hostile *h)
{
	int peer = srv_client(rig), fds[64];

	fp_files(fds, 1, 0x201000);
	srv_ask_fds(rig, peer, GOLD_MAP_ASK, fds, 1, GOLD_MAP_REPLY);
	fp_eventfds(fds + 1, 63);
	srv_ask_fds(rig, peer, GOLD_SET_IRQS_ASK, fds + 1, 2, GOLD_SET_IRQS_REPLY);
	fp_send_fds(peer, h->sent, fds, h->nb_fds);
	fp_close_all(fds, 64);
	srv_run(rig);
	if (h->reply)
		fp_expect(peer, h->reply);
	srv_expect_out(rig, peer, h->why);
	assert_non_null(strstr(rig->why, h->why));
	assert_int_equal(rig->nb_unmaps, 0);
	srv_expect_serves(rig);
	rig->nb_unmaps = 0;
}

static void
what_is_no_message_ends_the_client(void **state)
{
	for (size_t i = 0; i < sizeof(not_messages) / sizeof(not_messages[0]); i++)
		expect_end_by(*state, &not_messages[i]);
}

static const struct hostile bad_starts[] = {
	{ GOLD_INFO_ASK, ERROR_16("0200 0400", "16000000"), "before version negotiation", 0 },
	{ GOLD_MAP_ASK, ERROR_16("0200 0200", "16000000"), "before version negotiation", 1 },
	{ GOLD_RESET_REPLY, NULL, "a reply that nobody asked for", 0 },
	{ GOLD_VERSION_ASK, ERROR_16("0100 0100", "16000000"), "descriptors where none belong", 1 },
	{ "0100 0100 10000000 00000000 00000000", ERROR_16("0100 0100", "16000000"),
			"truncated version", 0 },
	{ "0100 0100 13000000 00000000 00000000 0000 00", ERROR_16("0100 0100", "16000000"),
			"truncated version", 0 },
	{ "0100 0100 14000000 00000000 00000000 0100 0000", ERROR_16("0100 0100", "5d000000"),
			"major protocol version is not ours", 0 },
	{ "0100 0100 16000000 00000000 00000000 0000 0000 '{}'", ERROR_16("0100 0100", "16000000"),
			"no terminating NUL", 0 },
	{ "0100 0100 19000000 00000000 00000000 0000 0000 'what' 00",
			ERROR_16("0100 0100", "16000000"), "not JSON", 0 },
	{ "0100 0100 38000000 00000000 00000000 0000 0000 "
	  "'{\"capabilities\":{\"max_msg_fds\":-1}}' 00",
			ERROR_16("0100 0100", "16000000"), "not an unsigned number", 0 },
	{ "0100 0100 ffff0000 00000000 00000000", NULL, "larger than any message", 0 },
};

static void
a_bad_start_is_the_end(void **state)
{
	struct srv_rig *rig = *state;
	int peer, fd;

	for (size_t i = 0; i < sizeof(bad_starts) / sizeof(bad_starts[0]); i++) {
		peer = fp_connect(rig->dir.sock);
		fp_files(&fd, 1, 4096);
		fp_send_fds(peer, bad_starts[i].sent, &fd, bad_starts[i].nb_fds);
		close(fd);
		srv_run(rig);
		if (bad_starts[i].reply)
			fp_expect(peer, bad_starts[i].reply);
		srv_expect_out(rig, peer, bad_starts[i].why);
		assert_int_equal(rig->nb_new, i);
		srv_expect_serves(rig);
	}
}

/* ---- well-formed and refused: the client stays ---- */

struct row {
	const char *ask, *reply;
	unsigned int nb_fds;
};

static const struct row refused[] = {
	/* region info and interrupt info of indexes that no PCI device has */
	{ "0200 0500 30000000 00000000 00000000 20000000 00000000 09000000 00000000 "
	  "0000000000000000 0000000000000000",
			EINVAL_REPLY("0200 0500"), 0 },
	{ "0200 0500 30000000 00000000 00000000 20000000 00000000 ffffffff 00000000 "
	  "0000000000000000 0000000000000000",
			EINVAL_REPLY("0200 0500"), 0 },
	{ "0200 0700 20000000 00000000 00000000 10000000 00000000 05000000 00000000",
			EINVAL_REPLY("0200 0700"), 0 },
	{ "0200 0700 20000000 00000000 00000000 10000000 00000000 ffffffff 00000000",
			EINVAL_REPLY("0200 0700"), 0 },
	/* unmap: a part of a map */
	{ "0200 0300 28000000 00000000 00000000 18000000 00000000 0000004005000000 "
	  "0010000000000000",
			EINVAL_REPLY("0200 0300"), 0 },
	/* reads: none, across the end, at it, far behind it, wrapping, no such region or index */
	{ "0200 0900 20000000 00000000 00000000 0000000000000000 02000000 00000000",
			EINVAL_REPLY("0200 0900"), 0 },
	{ "0200 0900 20000000 00000000 00000000 fd7f000000000000 02000000 04000000",
			EINVAL_REPLY("0200 0900"), 0 },
	{ "0200 0900 20000000 00000000 00000000 0080000000000000 02000000 01000000",
			EINVAL_REPLY("0200 0900"), 0 },
	{ "0200 0900 20000000 00000000 00000000 0000000001000000 02000000 04000000",
			EINVAL_REPLY("0200 0900"), 0 },
	{ "0200 0900 20000000 00000000 00000000 ffffffffffffffff 02000000 04000000",
			EINVAL_REPLY("0200 0900"), 0 },
	{ "0200 0900 20000000 00000000 00000000 0000000000000000 06000000 04000000",
			EINVAL_REPLY("0200 0900"), 0 },
	{ "0200 0900 20000000 00000000 00000000 0000000000000000 09000000 04000000",
			EINVAL_REPLY("0200 0900"), 0 },
	{ "0200 0900 20000000 00000000 00000000 0000000000000000 ffffffff 04000000",
			EINVAL_REPLY("0200 0900"), 0 },
	/* writes: across the end, nothing, to the read-only region, no such index */
	{ "0200 0a00 24000000 00000000 00000000 fd7f000000000000 02000000 04000000 00000000",
			EINVAL_REPLY("0200 0a00"), 0 },
	{ "0200 0a00 20000000 00000000 00000000 0000000000000000 02000000 00000000",
			EINVAL_REPLY("0200 0a00"), 0 },
	{ "0200 0a00 24000000 00000000 00000000 0000000000000000 04000000 04000000 00000000",
			EINVAL_REPLY("0200 0a00"), 0 },
	{ "0200 0a00 24000000 00000000 00000000 0000000000000000 09000000 04000000 00000000",
			EINVAL_REPLY("0200 0a00"), 0 },
	/* set irqs: no such index, no vectors there, across the end, behind it; masking, triggering
	 */
	{ IRQ_HEAD "14000000 24000000 05000000 00000000 01000000", EINVAL_REPLY("0200 0800"), 1 },
	{ IRQ_HEAD "14000000 24000000 ffffffff 00000000 01000000", EINVAL_REPLY("0200 0800"), 1 },
	{ IRQ_HEAD "14000000 24000000 00000000 00000000 01000000", EINVAL_REPLY("0200 0800"), 1 },
	{ IRQ_HEAD "14000000 24000000 02000000 1f000000 02000000", EINVAL_REPLY("0200 0800"), 2 },
	{ IRQ_HEAD "14000000 24000000 02000000 00080000 01000000", EINVAL_REPLY("0200 0800"), 0 },
	{ IRQ_HEAD "14000000 24000000 02000000 00000000 00080000", EINVAL_REPLY("0200 0800"), 0 },
	{ IRQ_HEAD "14000000 09000000 02000000 00000000 01000000",
			ERROR_16("0200 0800", "5f000000"), 0 },
	{ IRQ_HEAD "14000000 11000000 02000000 00000000 01000000",
			ERROR_16("0200 0800", "5f000000"), 0 },
	{ IRQ_HEAD "14000000 21000000 02000000 00000000 01000000",
			ERROR_16("0200 0800", "5f000000"), 0 },
	{ IRQ_HEAD "14000000 0c000000 02000000 00000000 02000000",
			ERROR_16("0200 0800", "5f000000"), 2 },
	{ GOLD_BOOL_IRQS_ASK, ERROR_16("0200 0800", "5f000000"), 0 },
	/* options of the specification that we have not: region I/O fds, write multiple, features,
	 * migration */
	{ "0200 0600 20000000 00000000 00000000 10000000 00000000 00000000 00000000",
			ERROR_16("0200 0600", "5f000000"), 0 },
	{ "0200 0f00 18000000 00000000 00000000 0000000000000000",
			ERROR_16("0200 0f00", "5f000000"), 0 },
	{ "0200 1000 18000000 00000000 00000000 0800000000000000",
			ERROR_16("0200 1000", "5f000000"), 0 },
	{ "0200 1100 18000000 00000000 00000000 0800000000000000",
			ERROR_16("0200 1100", "5f000000"), 0 },
	{ "0200 1200 18000000 00000000 00000000 0800000000000000",
			ERROR_16("0200 1200", "5f000000"), 0 },
};

static void
what_cannot_be_granted_is_refused(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client_mapped(rig), fds[2];

	fp_eventfds(fds, 2);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		srv_ask_fds(rig, peer, refused[i].ask, fds, refused[i].nb_fds, refused[i].reply);
		srv_expect_unharmed(rig, peer, 2);
	}
	fp_close_all(fds, 2);
	assert_int_equal(rig->nb_accesses, 0);
	assert_int_equal(rig->nb_set_irqs, 0);
	assert_int_equal(rig->nb_unmaps, 0);
	assert_int_equal(rig->nb_maps, 1);
	srv_leave(rig, peer);
}

/* ---- broken form: the client is thrown out ---- */

static const struct {
	const char *ask, *reply, *why;
	unsigned int nb_fds;
} broken[] = {
	/* maps: argsz, flags, file offset, address, size */
	{ MAP_HEAD "20000000 03000000 0000000000000000 0000000000000000 0000000000000000",
			EINVAL_REPLY("0200 0200"), "empty DMA range", 1 },
	{ MAP_HEAD "20000000 03000000 0000000000000000 00f0ffffffffffff 0020000000000000",
			EINVAL_REPLY("0200 0200"), "wraps around", 1 },
	{ MAP_HEAD "20000000 03000000 0000000000000000 0000000000000000 00f0ffffffffffff",
			EINVAL_REPLY("0200 0200"), "exceed any file", 1 },
	{ MAP_HEAD "20000000 03000000 0000000000000000 0100000000000000 0010000000000000",
			EINVAL_REPLY("0200 0200"), "not page aligned", 1 },
	{ MAP_HEAD "20000000 03000000 0000000000000000 0000000000000000 0110000000000000",
			EINVAL_REPLY("0200 0200"), "not page aligned", 1 },
	{ MAP_HEAD "20000000 03000000 0002000000000000 0000000000000000 0010000000000000",
			EINVAL_REPLY("0200 0200"), "offset is not page aligned", 1 },
	{ MAP_HEAD "20000000 00000000 0000000000000000 0000000000000000 0010000000000000",
			EINVAL_REPLY("0200 0200"), "access flags", 1 },
	{ MAP_HEAD "20000000 13000000 0000000000000000 0000000000000000 0010000000000000",
			EINVAL_REPLY("0200 0200"), "access flags", 1 },
	/* the file of 0x201000 bytes ends a page too early */
	{ MAP_HEAD "20000000 03000000 0020000000000000 0000000000000000 0000200000000000",
			EINVAL_REPLY("0200 0200"), "larger than its file", 1 },
	/* the live map: the same, its last page, all around it */
	{ GOLD_MAP_ASK, ERROR_16("0200 0200", "11000000"), "overlaps another one", 1 },
	{ MAP_HEAD "20000000 03000000 0000000000000000 00f01f4005000000 0020000000000000",
			ERROR_16("0200 0200", "11000000"), "overlaps another one", 1 },
	{ MAP_HEAD "20000000 03000000 0000000000000000 0000000000000000 0000000010000000",
			ERROR_16("0200 0200", "11000000"), "overlaps another one", 0 },
	{ GOLD_MAP_ASK, EINVAL_REPLY("0200 0200"), "descriptors where none belong", 2 },
	{ "0200 0200 2f000000 00000000 00000000 20000000 03000000 0010000000000000 "
	  "0000004005000000 00002000000000",
			EINVAL_REPLY("0200 0200"), "DMA_MAP 2: wrong size", 1 },
	{ "0200 0200 10000000 00000000 00000000", EINVAL_REPLY("0200 0200"), "wrong size", 0 },
	/* unmaps */
	{ "0200 0300 28000000 00000000 00000000 18000000 00000000 0000004005000000 "
	  "0000000000000000",
			EINVAL_REPLY("0200 0300"), "empty DMA range", 0 },
	{ "0200 0300 28000000 00000000 00000000 18000000 02000000 0000004005000000 "
	  "0000000000000000",
			EINVAL_REPLY("0200 0300"), "unmap of all with", 0 },
	{ "0200 0300 30000000 00000000 00000000 18000000 00000000 0000004005000000 "
	  "0000200000000000 0000000000000000",
			EINVAL_REPLY("0200 0300"), "wrong size", 0 },
	{ GOLD_UNMAP_ASK, EINVAL_REPLY("0200 0300"), "descriptors where none belong", 1 },
	/* information */
	{ "0200 0400 1c000000 00000000 00000000 10000000 00000000 00000000",
			EINVAL_REPLY("0200 0400"), "DEVICE_GET_INFO 4: wrong size", 0 },
	{ "0200 0400 20000000 00000000 00000000 0f000000 00000000 00000000 00000000",
			EINVAL_REPLY("0200 0400"), "argsz", 0 },
	{ "0200 0500 14000000 00000000 00000000 20000000", EINVAL_REPLY("0200 0500"), "wrong size",
			0 },
	{ "0200 0700 14000000 00000000 00000000 10000000", EINVAL_REPLY("0200 0700"), "wrong size",
			0 },
	{ GOLD_INFO_ASK, EINVAL_REPLY("0200 0400"), "descriptors where none belong", 1 },
	{ GOLD_REGION0_ASK, EINVAL_REPLY("0200 0500"), "descriptors where none belong", 16 },
	{ GOLD_IRQ_ASK, EINVAL_REPLY("0200 0700"), "descriptors where none belong", 2 },
	/* interrupts */
	{ GOLD_SET_IRQS_ASK, EINVAL_REPLY("0200 0800"), "as many file descriptors", 1 },
	{ GOLD_SET_IRQS_ASK, EINVAL_REPLY("0200 0800"), "as many file descriptors", 16 },
	{ IRQ_HEAD "14000000 24000000 02000000 00000000 00000000", EINVAL_REPLY("0200 0800"),
			"as many file descriptors", 1 },
	{ GOLD_CLEAR_IRQS_ASK, EINVAL_REPLY("0200 0800"), "descriptors where none belong", 1 },
	{ GOLD_BOOL_IRQS_ASK, EINVAL_REPLY("0200 0800"), "descriptors where none belong", 2 },
	{ IRQ_HEAD "14000000 24000000 02000000 00000000 01080000", EINVAL_REPLY("0200 0800"),
			"more vectors", 0 },
	{ IRQ_HEAD "14000000 24000000 02000000 ffffffff 02000000", EINVAL_REPLY("0200 0800"),
			"more vectors", 2 },
	{ IRQ_HEAD "14000000 22000000 02000000 00000000 ffffffff", EINVAL_REPLY("0200 0800"),
			"more vectors", 0 },
	{ IRQ_HEAD "14000000 26000000 02000000 00000000 02000000", EINVAL_REPLY("0200 0800"),
			"one kind of data", 2 },
	{ IRQ_HEAD "14000000 22000000 02000000 00000000 01000000", EINVAL_REPLY("0200 0800"),
			"wrong size", 0 },
	/* transfers */
	{ "0200 0900 20000000 00000000 00000000 0000000000000000 02000000 01400000",
			EINVAL_REPLY("0200 0900"), "exceeds max_data_xfer_size", 0 },
	{ "0200 0900 20000000 00000000 00000000 0000000000000000 02000000 ffffffff",
			EINVAL_REPLY("0200 0900"), "exceeds max_data_xfer_size", 0 },
	{ "0200 0900 24000000 00000000 00000000 0000000000000000 02000000 04000000 00000000",
			EINVAL_REPLY("0200 0900"), "REGION_READ 9: wrong size", 0 },
	{ "0200 0a00 20000000 00000000 00000000 0000000000000000 02000000 04000000",
			EINVAL_REPLY("0200 0a00"), "REGION_WRITE 10: wrong size", 0 },
	{ "0200 0a00 24000000 00000000 00000000 0000000000000000 02000000 03000000 00000000",
			EINVAL_REPLY("0200 0a00"), "wrong size", 0 },
	{ GOLD_WRITE_ASK, EINVAL_REPLY("0200 0a00"), "descriptors where none belong", 1 },
	{ GOLD_READ_ASK, EINVAL_REPLY("0200 0900"), "descriptors where none belong", 1 },
	{ "0200 0d00 14000000 00000000 00000000 00000000", EINVAL_REPLY("0200 0d00"), "wrong size",
			0 },
	{ GOLD_RESET_ASK, EINVAL_REPLY("0200 0d00"), "descriptors where none belong", 1 },
	{ "0200 1000 18000000 00000000 00000000 0800000000000000", EINVAL_REPLY("0200 1000"),
			"descriptors where none belong", 1 },
};

static void
broken_form_ends_the_client(void **state)
{
	struct srv_rig *rig = *state;
	int peer, fds[16];

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		peer = srv_client_mapped(rig);
		rig->nb_resets = rig->nb_accesses = rig->nb_unmaps = 0;
		fp_files(fds, 16, 0x201000);
		fp_send_fds(peer, broken[i].ask, fds, broken[i].nb_fds);
		fp_close_all(fds, 16);
		srv_run(rig);
		fp_expect(peer, broken[i].reply);
		srv_expect_out(rig, peer, broken[i].why);
		assert_non_null(strstr(rig->why, "thrown out: "));
		assert_int_equal(rig->nb_resets + rig->nb_accesses + rig->nb_unmaps, 0);
		assert_int_equal(rig->nb_set_irqs, 0);
		srv_expect_serves(rig);
	}
}

/* A descriptor that is no regular file cannot be mapped, or not be trusted to have a size. */
static void
maps_need_a_regular_file(void **state)
{
	struct srv_rig *rig = *state;
	int fds[3], pair[2], peer;

	fp_eventfds(&fds[0], 1);
	fds[1] = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	fds[2] = pair[0];
	rig->nb_fds_idle += 4;
	for (int i = 0; i < 3; i++) {
		peer = srv_client_mapped(rig);
		srv_ask_fds(rig, peer,
				MAP_HEAD "20000000 03000000 0000000000000000 "
					 "0000000000000000 0010000000000000",
				&fds[i], 1, EINVAL_REPLY("0200 0200"));
		srv_expect_out(rig, peer, "no file that can be mapped");
	}
	fp_close_all(fds, 3);
	close(pair[1]);
	rig->nb_fds_idle -= 4;
	srv_expect_serves(rig);
}

/* Whole messages with one byte changed, any byte to any of some values: no leak, no crash. */
static void
one_wrong_byte_anywhere(void **state)
{
	static const char *const asks[] = { GOLD_MAP_ASK, GOLD_UNMAP_ASK, GOLD_INFO_ASK,
		GOLD_REGION0_ASK, GOLD_IRQ_ASK, GOLD_SET_IRQS_ASK, GOLD_READ_ASK, GOLD_WRITE_ASK };
	static const uint8_t values[] = { 0, 1, 2, 4, 0x20, 0x7f, 0x80, 0xff };
	struct srv_rig *rig = *state;
	uint8_t ask[64];
	size_t len;
	int peer;

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		len = fp_bytes(asks[i], ask, sizeof(ask));
		for (size_t at = 0; at < len * sizeof(values); at++) {
			fp_bytes(asks[i], ask, sizeof(ask));
			ask[at / sizeof(values)] = values[at % sizeof(values)];
			peer = srv_client_mapped(rig);
			assert_int_equal(send(peer, ask, len, 0), len);
			srv_run(rig);
			close(peer);
			srv_run(rig);
			assert_int_equal(rig->nb_maps, 0);
			assert_int_equal(rig->nb_new, rig->nb_gone);
			assert_int_equal(fds_count(), rig->nb_fds_idle);
		}
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, srv_setup, srv_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_no_message_ends_the_client),
		CASE(a_bad_start_is_the_end),
		CASE(what_cannot_be_granted_is_refused),
		CASE(broken_form_ends_the_client),
		CASE(maps_need_a_regular_file),
		CASE(one_wrong_byte_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/vfio_user/vup_server_dma.c, and the client's half in vup_client.c: DMA by messages. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "fake_peer.h"
#include "golden.h"
#include "server_rig.h"

/* One DMA in a thread of its own, as the device's data thread would do it. */
struct dma {
	struct vup_server *srv;
	bool is_write;
	uint64_t iova;
	uint8_t buf[40000];
	uint32_t len;
	int ret;
	pthread_t thread;
};

static struct dma dma;

static void *
dma_main(void *arg)
{
	struct dma *d = arg;

	d->ret = d->is_write ? vup_server_dma_write(d->srv, d->iova, d->buf, d->len)
	                     : vup_server_dma_read(d->srv, d->iova, d->buf, d->len);
	return NULL;
}

static void
dma_start(struct srv_rig *rig, bool is_write, uint64_t iova, uint32_t len)
{
	dma.srv = rig->srv;
	dma.is_write = is_write;
	dma.iova = iova;
	dma.len = len;
	dma.ret = 1;
	assert_int_equal(pthread_create(&dma.thread, NULL, dma_main, &dma), 0);
}

static int
dma_end(void)
{
	pthread_join(dma.thread, NULL);
	return dma.ret;
}

static void
a_read_brings_the_clients_bytes(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	dma_start(rig, false, 0x123456789000, 4);
	fp_expect(peer, "0000 0b00 20000000 00000000 00000000 0090785634120000 0400000000000000");
	fp_send(peer, "0000 0b00 24000000 01000000 00000000 0090785634120000 0400000000000000 "
		      "deadbeef");
	assert_int_equal(dma_end(), 0);
	assert_memory_equal(dma.buf, "\xde\xad\xbe\xef", 4);
	srv_leave(rig, peer);
}

/* The count of the reply has 8 bytes or, as one table of the specification says, 4. */
static void
a_write_carries_them(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	memcpy(dma.buf, "hello", 5);
	dma_start(rig, true, 0x2000, 5);
	fp_expect(peer, "0000 0c00 25000000 00000000 00000000 0020000000000000 0500000000000000 "
			"'hello'");
	fp_send(peer, "0000 0c00 20000000 01000000 00000000 0020000000000000 0500000000000000");
	assert_int_equal(dma_end(), 0);
	dma_start(rig, true, 0x2000, 5);
	fp_expect(peer, "0100 0c00 25000000 00000000 00000000 0020000000000000 0500000000000000 "
			"'hello'");
	fp_send(peer, "0100 0c00 1c000000 01000000 00000000 0020000000000000 05000000");
	assert_int_equal(dma_end(), 0);
	srv_leave(rig, peer);
}

/* What the client asks in between is not lost and is answered in order. */
static void
requests_in_between_are_deferred(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	dma_start(rig, false, 0x1000, 1);
	fp_expect(peer, "0000 0b00 20000000 00000000 00000000 0010000000000000 0100000000000000");
	fp_send(peer, "1100 0d00 10000000 00000000 00000000");
	fp_send(peer, "1200 0d00 10000000 00000000 00000000");
	fp_send(peer, "0000 0b00 21000000 01000000 00000000 0010000000000000 0100000000000000 77");
	fp_send(peer, "1300 0d00 10000000 00000000 00000000");
	assert_int_equal(dma_end(), 0);
	assert_int_equal(dma.buf[0], 0x77);
	assert_int_equal(rig->nb_resets, 0);
	srv_run(rig);
	assert_int_equal(rig->nb_resets, 3);
	fp_expect(peer, "1100 0d00 10000000 01000000 00000000");
	fp_expect(peer, "1200 0d00 10000000 01000000 00000000");
	fp_expect(peer, "1300 0d00 10000000 01000000 00000000");
	srv_leave(rig, peer);
}

/* The server's thread may be the one that reads the answer. */
static void
the_servers_thread_hands_the_answer_on(void **state)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	for (int i = 0; i < 50; i++) {
		char reply[] = "..00 0b00 21000000 01000000 00000000 0010000000000000 "
			       "0100000000000000 55";
		struct fp_msg ask;

		dma_start(rig, false, 0x1000, 1);
		fp_recv(peer, 32, &ask);
		assert_int_equal(ask.len, 32);
		reply[0] = "0123456789abcdef"[ask.bytes[0] >> 4];
		reply[1] = "0123456789abcdef"[ask.bytes[0] & 15];
		fp_send(peer, reply);
		for (int k = 0; k < 3; k++) {
			vup_server_poll(rig->srv);
			nanosleep(&pause, NULL);
		}
		assert_int_equal(dma_end(), 0);
	}
	srv_leave(rig, peer);
}

static void
a_refusal_is_an_error_and_no_more(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	dma_start(rig, false, 0x1000, 8);
	fp_expect(peer, "0000 0b00 20000000 00000000 00000000 0010000000000000 0800000000000000");
	fp_send(peer, "0000 0b00 10000000 21000000 16000000");
	assert_int_equal(dma_end(), -EFAULT);
	srv_expect_unharmed(rig, peer, 0);
	srv_leave(rig, peer);
}

/* Each of these ends the client, and the wait at once. */
static void
nonsense_ends_the_client(void **state)
{
	static const struct {
		const char *reply, *why;
	} rows[] = {
		{ "0000 0b00 24000000 01000000 00000000 0020000000000000 0400000000000000 01020304",
				"another range" },
		{ "0000 0b00 23000000 01000000 00000000 0010000000000000 0300000000000000 010203",
				"another range" },
		{ "0000 0b00 20000000 01000000 00000000 0010000000000000 0400000000000000",
				"wrong size" },
		{ "0000 0b00 1c000000 01000000 00000000 0010000000000000 04000000", "wrong size" },
		{ "0000 0b00 10000000 01000000 00000000", "wrong size" },
		{ "0000 0b00 20000000 01000000 00000000 0010000000000000 0000000000000000",
				"no bytes" },
		{ "0000 0b00 20000000 01000000 00000000 0010000000000000 0400000001000000",
				"no bytes" },
		{ "0000 0b00 00000000", "smaller than a header" },
	};
	struct srv_rig *rig = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err, peer;

		vup_server_destroy(rig->srv); /* ids count from 0 again */
		rig->srv = vup_server_create(&rig->cfg, &err);
		assert_non_null(rig->srv);
		peer = srv_client(rig);
		dma_start(rig, false, 0x1000, 4);
		fp_expect(peer, "0000 0b00 20000000 00000000 00000000 0010000000000000 "
				"0400000000000000");
		fp_send(peer, rows[i].reply);
		if (strlen(rows[i].reply) < 20)
			fp_send(peer, "00000000 00000000");
		assert_true(dma_end() < 0);
		/* and nothing is asked of it any more */
		assert_int_equal(vup_server_dma_read(rig->srv, 0x1000, dma.buf, 4), -ENOTCONN);
		srv_run(rig);
		if (!strstr(rig->why, rows[i].why))
			fail_msg("awaited '%s', got '%s'", rows[i].why, rig->why);
		close(peer);
	}
}

static void
a_client_that_does_not_answer_is_ended(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(vup_server_dma_read(rig->srv, 0x1000, dma.buf, 4), -ETIMEDOUT);
	assert_int_equal(vup_server_dma_read(rig->srv, 0x1000, dma.buf, 4), -ENOTCONN);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_true(to.tv_sec - from.tv_sec <= 10); /* 2 s, and a busy machine */
	fp_expect(peer, "0000 0b00 20000000 00000000 00000000 0010000000000000 0400000000000000");
	srv_expect_out(rig, peer, "it does not answer a DMA request");
	srv_expect_serves(rig);
}

static void
a_client_that_goes_ends_the_wait(void **state)
{
	struct srv_rig *rig = *state;
	int peer = srv_client(rig);

	assert_int_equal(vup_server_dma_read(rig->srv, 0, dma.buf, 0), 0);
	dma_start(rig, false, 0x1000, 4);
	fp_expect(peer, "0000 0b00 20000000 00000000 00000000 0010000000000000 0400000000000000");
	close(peer);
	assert_int_equal(dma_end(), -ENOTCONN);
	srv_run(rig);
	assert_int_equal(rig->nb_gone, 1);
	assert_int_equal(vup_server_dma_read(rig->srv, 0x1000, dma.buf, 4), -ENOTCONN);
}

/* ---- with the real client ---- */

static uint8_t memory[65536]; /* the client's, at IOVA 0x100000 */

static int
mem_read(void *ctx, uint64_t iova, void *buf, uint32_t len)
{
	(void)ctx;
	if (iova < 0x100000 || iova - 0x100000 > sizeof(memory) - len)
		return -EFAULT;
	memcpy(buf, memory + (iova - 0x100000), len);
	return 0;
}

static int
mem_write(void *ctx, uint64_t iova, const void *buf, uint32_t len)
{
	(void)ctx;
	if (iova < 0x100000 || iova - 0x100000 > sizeof(memory) - len)
		return -EFAULT;
	memcpy(memory + (iova - 0x100000), buf, len);
	return 0;
}

struct pair {
	struct srv_rig *rig;
	struct vup_client *cl;
	bool watch; /* the client's thread serves; else it is inside requests all the time */
	int stop, err;
	char why[VUP_WHY_LEN];
};

static void *
client_main(void *arg)
{
	const struct vup_client_ops ops = { mem_read, mem_write };
	struct pair *p = arg;
	struct vup_client_cfg cfg = { .path = p->rig->dir.sock, .ops = &ops };
	struct vup_client *cl = vup_client_create(&cfg, &p->err, p->why);
	const struct timespec pause = { .tv_nsec = 200000 };

	while (cl && p->err == 0 && !__atomic_load_n(&p->stop, __ATOMIC_RELAXED)) {
		p->err = p->watch ? vup_client_check(cl, p->why) : vup_client_reset(cl);
		if (p->watch)
			nanosleep(&pause, NULL);
	}
	vup_client_destroy(cl);
	return NULL;
}

/* 20 reads and writes of 40,000 bytes (more than one message), while the client looks now and then,
 * or sends requests without a break. */
static void
the_real_client_answers(void **state)
{
	struct srv_rig *rig = *state;

	for (int watch = 0; watch < 2; watch++) {
		struct pair p = { .rig = rig, .watch = watch };
		pthread_t thread;

		memset(memory, 0, sizeof(memory));
		assert_int_equal(pthread_create(&thread, NULL, client_main, &p), 0);
		while (!vup_server_has_client(rig->srv))
			vup_server_poll(rig->srv);
		for (int i = 0; i < 20; i++) {
			for (uint32_t k = 0; k < 40000; k++)
				dma.buf[k] = (uint8_t)(k * 7 + (uint32_t)i);
			dma_start(rig, true, 0x100010, 40000);
			while (__atomic_load_n(&dma.ret, __ATOMIC_RELAXED) == 1)
				vup_server_poll(rig->srv);
			assert_int_equal(dma_end(), 0);
			assert_int_equal(memory[16 + 30000], (uint8_t)(30000 * 7 + i));
			memset(dma.buf, 0, sizeof(dma.buf));
			dma_start(rig, false, 0x100010, 40000);
			while (__atomic_load_n(&dma.ret, __ATOMIC_RELAXED) == 1)
				vup_server_poll(rig->srv);
			assert_int_equal(dma_end(), 0);
			assert_memory_equal(dma.buf, memory + 16, 40000);
		}
		dma_start(rig, false, 0x200000, 4);
		while (__atomic_load_n(&dma.ret, __ATOMIC_RELAXED) == 1)
			vup_server_poll(rig->srv);
		assert_int_equal(dma_end(), -EFAULT);
		__atomic_store_n(&p.stop, 1, __ATOMIC_RELAXED);
		while (vup_server_has_client(rig->srv))
			vup_server_poll(rig->srv);
		pthread_join(thread, NULL);
		assert_int_equal(p.err, 0);
		if (!watch)
			assert_true(rig->nb_resets > 0);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, srv_setup, srv_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_read_brings_the_clients_bytes),
		CASE(a_write_carries_them),
		CASE(requests_in_between_are_deferred),
		CASE(the_servers_thread_hands_the_answer_on),
		CASE(a_refusal_is_an_error_and_no_more),
		CASE(nonsense_ends_the_client),
		CASE(a_client_that_does_not_answer_is_ended),
		CASE(a_client_that_goes_ends_the_wait),
		CASE(the_real_client_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

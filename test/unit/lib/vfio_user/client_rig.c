/* SPDX-License-Identifier: BSD-3-Clause */
/* A client and the bytes of its server; see client_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_rig.h"
#include "golden.h"

int
cl_setup(void **state)
{
	static struct cl_rig rig;

	memset(&rig, 0, sizeof(rig));
	rig.nb_fds_before = fds_count();
	fp_dir_make(&rig.dir);
	rig.g.listener = fp_listen(rig.dir.sock);
	rig.peer = -1;
	*state = &rig;
	return 0;
}

void
cl_detach(struct cl_rig *rig)
{
	vup_client_destroy(rig->cl);
	rig->cl = NULL;
	if (rig->peer >= 0)
		close(rig->peer);
	rig->peer = -1;
	assert_int_equal(fds_count(), rig->nb_fds_before + 1); /* the listener */
}

int
cl_teardown(void **state)
{
	struct cl_rig *rig = *state;

	cl_detach(rig);
	close(rig->g.listener);
	fp_dir_remove(&rig->dir);
	return 0;
}

static void *
greet(void *arg)
{
	struct greeter *g = arg;

	g->sock = accept(g->listener, NULL, NULL);
	g->ask_len = recv(g->sock, g->ask, sizeof(g->ask), 0); /* one send, one piece */
	g->sent = g->reply_len == 0 ||
	          fp_try_send(g->sock, g->reply, g->reply_len, g->fds, g->nb_fds);
	if (g->reply_len < 16)
		shutdown(g->sock, SHUT_WR);
	return NULL;
}

static void
create_within(struct cl_rig *rig, const char *reply, unsigned int nb_fds, uint32_t timeout_ms)
{
	struct vup_client_cfg cfg = {
		.path = rig->dir.sock, .timeout_ms = timeout_ms, .map_regions = rig->map_regions
	};
	pthread_t thread;

	rig->g.reply_len = fp_bytes(reply, rig->g.reply, sizeof(rig->g.reply));
	rig->g.nb_fds = nb_fds;
	fp_eventfds(rig->g.fds, nb_fds);
	rig->why[0] = '\0';
	assert_int_equal(pthread_create(&thread, NULL, greet, &rig->g), 0);
	rig->cl = vup_client_create(&cfg, &rig->err, rig->why);
	pthread_join(thread, NULL);
	rig->peer = rig->g.sock;
	fp_close_all(rig->g.fds, nb_fds);
}

void
cl_create(struct cl_rig *rig, const char *reply, unsigned int nb_fds)
{
	create_within(rig, reply, nb_fds, 1000);
	assert_true(rig->g.sent);
}

struct vup_client *
cl_attach(struct cl_rig *rig)
{
	cl_create(rig, GOLD_VERSION_REPLY, 0);
	assert_non_null(rig->cl);
	assert_int_equal(rig->err, 0);
	return rig->cl;
}

struct vup_client *
cl_attach_hasty(struct cl_rig *rig)
{
	/* Where others have the core, the greeting itself comes too late for it. */
	for (unsigned int tries = 0; tries < 50; tries++) {
		create_within(rig, GOLD_VERSION_REPLY, 0, 60);
		if (rig->cl)
			break;
		cl_detach(rig);
	}
	assert_non_null(rig->cl);
	return rig->cl;
}

struct vup_client *
cl_await(struct cl_rig *rig, const char *reply, const int *fds, unsigned int nb_fds)
{
	if (rig->cl)
		cl_detach(rig);
	cl_attach(rig);
	fp_send_fds(rig->peer, reply, fds, nb_fds);
	return rig->cl;
}

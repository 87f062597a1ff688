/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A struct vup_client whose server is a byte-level peer, for the tests of vup_client.c. The answer
 * to the next request lies in the socket before the request is made, so that one thread can do
 * both; only negotiation, within vup_client_create(), has a thread of its own.
 */
#ifndef CLIENT_RIG_H
#define CLIENT_RIG_H

#include <sys/types.h>

#include "fake_peer.h"
#include "fds.h"
#include "vup.h"

/* The server's part in vup_client_create(), in its own thread: never asserts. */
struct greeter {
	int listener;
	int sock; /* of the client, after it ran */
	bool sent;
	size_t reply_len;
	unsigned int nb_fds;
	int fds[4];
	uint8_t ask[512];
	ssize_t ask_len;
	uint8_t reply[512];
};

struct cl_rig {
	struct fp_dir dir;
	unsigned int nb_fds_before;
	struct greeter g;
	struct vup_client *cl;
	int peer; /* the server's end */
	int err;
	bool map_regions;
	char why[VUP_WHY_LEN];
};

/* For cmocka: a listening socket; teardown checks that nothing is left open. */
int cl_setup(void **state);
int cl_teardown(void **state);

/* vup_client_create() against a server that answers @p reply (shorter than a header: then ends). */
void cl_create(struct cl_rig *rig, const char *reply, unsigned int nb_fds);

/* A client that has negotiated; its requests wait 1 s, or 60 ms. */
struct vup_client *cl_attach(struct cl_rig *rig);
struct vup_client *cl_attach_hasty(struct cl_rig *rig);
/* The end of it, with a look for descriptors left open. */
void cl_detach(struct cl_rig *rig);

/* A new connection with this answer to its next message, the second, as in golden.h. */
struct vup_client *cl_await(
		struct cl_rig *rig, const char *reply, const int *fds, unsigned int nb_fds);

#endif

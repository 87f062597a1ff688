/* SPDX-License-Identifier: BSD-3-Clause */
/* What vup_server.c (connections) and vup_server_cmd.c (commands) share. One thread owns it all. */
#ifndef VUP_SERVER_PRIV_H
#define VUP_SERVER_PRIV_H

#include <stdio.h>

#include "log.h"
#include "vup_ranges.h"
#include "vup_sock.h"

#define VUP_LOG "vfio_user"

struct vup_conn {
	int sock; /* -1: none */
	bool negotiated;
	bool maps_regions; /* the client maps regions itself */
	struct deadline negotiate_by;
	struct vup_rx rx;
};

struct vup_server {
	const struct vup_server_ops *ops;
	void *ctx;
	char *path;
	char *name;
	int listener;
	int epoll; /* holds the listener (data NULL) and the connections (data conn) */
	struct stat file_id;
	struct vup_conn client;
	struct vup_conn refused; /* waits to be told EBUSY */
	struct vup_ranges maps;  /* live DMA maps of the client */
	struct vup_region regions[VUP_NB_REGIONS];
	uint32_t nb_vectors[VUP_NB_IRQS];
	uint8_t tx[VUP_MSG_MAX]; /* the reply being built */
};

/* What goes back: an error, or `len` bytes at srv->tx + VUP_HDR_SIZE and perhaps a descriptor. */
struct vup_reply {
	int err; /* positive errno, 0: none */
	size_t len;
	int fd; /* borrowed; -1: none */
};

/* One command. The handler answers in @p reply; it returns NULL, or why the client must go. */
struct vup_cmd_row {
	unsigned int max_fds; /* that a message may carry */
	const char *(*handle)(struct vup_server *srv, struct vup_conn *conn, const uint8_t *payload,
			size_t len, struct vup_reply *reply);
};

/** The row of a command that a client may send; NULL: unknown. */
const struct vup_cmd_row *vup_cmd_row(uint16_t cmd);

#endif

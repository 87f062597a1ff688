/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What vup_server.c (connections), vup_server_cmd.c (commands) and vup_server_dma.c (DMA by
 * messages) share. One thread owns it all, but for what is marked: that is under srv->io.
 */
#ifndef VUP_SERVER_PRIV_H
#define VUP_SERVER_PRIV_H

#include <pthread.h>
#include <stdio.h>

#include "log.h"
#include "vup_ranges.h"
#include "vup_sock.h"

#define VUP_LOG "vfio_user"

/* A message that came while somebody waited for another. */
struct vup_deferred {
	struct vup_deferred *next;
	struct vup_rx rx;
};

struct vup_conn {
	int sock;            /* -1: none; changed under io */
	uint64_t generation; /* io: of connections here */
	uint32_t max_xfer;   /* bytes in one DMA message that the client takes; 0: none */
	bool negotiated;
	bool maps_regions; /* the client maps regions itself */
	struct deadline negotiate_by;
	struct vup_rx rx;              /* the message being handled */
	struct vup_rx in;              /* io: the one being received */
	struct vup_deferred *deferred; /* io: complete ones, in order */
	unsigned int nb_deferred;      /* io */
	const char *broken;            /* io: why the client is to be ended; NULL: it is not */
};

/* A DMA request that is out. */
struct vup_dma_call {
	uint16_t cmd, id;
	bool done;
	int err; /* negative errno */
	struct vup_dma_rw rw;
	void *buf;
};

struct vup_server {
	const struct vup_server_ops *ops;
	void *ctx;
	char *path;
	char *name;
	int listener;
	int epoll; /* holds the listener (data NULL), the connections (data conn), wake_fd (srv) */
	struct stat file_id;
	struct vup_conn client;
	struct vup_conn refused; /* waits to be told EBUSY */
	struct vup_ranges maps;  /* live DMA maps of the client */
	struct vup_region regions[VUP_NB_REGIONS];
	uint32_t nb_vectors[VUP_NB_IRQS];
	uint8_t tx[VUP_MSG_MAX]; /* the reply being built */

	pthread_mutex_t io;            /* the client's socket */
	pthread_mutex_t dma_turn;      /* one DMA request at a time; taken before io */
	struct vup_dma_call *dma_call; /* io */
	uint16_t dma_next_id;          /* io */
	int dma_fd;                    /* wakes who waits for the answer */
	int wake_fd;                   /* the client has deferred messages, or is broken */
	uint8_t dma_tx[VUP_MSG_MAX];   /* io */
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

/* ---- vup_server_dma.c ---- */

int vup_server_dma_init(struct vup_server *srv);
void vup_server_dma_fini(struct vup_server *srv);

/** Nothing is deferred any more: srv->wake_fd is quiet. */
void vup_server_dma_drain(struct vup_server *srv);

/** The next message into conn->rx, which is empty; returns as vup_rx_step(). */
int vup_conn_step(struct vup_server *srv, struct vup_conn *conn, const char **why);

/** Drop all messages, handled or not. io held. */
void vup_conn_forget(struct vup_conn *conn);

/* ---- vup_server_cmd.c ---- */

/** The row of a command that a client may send; NULL: unknown. */
const struct vup_cmd_row *vup_cmd_row(uint16_t cmd);

#endif

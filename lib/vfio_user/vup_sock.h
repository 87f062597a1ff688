/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UNIX stream sockets with file descriptors in flight: listen, connect, send one message, receive
 * one message piece by piece. All sockets are non-blocking and close-on-exec.
 *
 * File descriptors: what arrives is owned by struct vup_rx until vup_rx_take_fd(); vup_rx_next()
 * closes the rest. A message is read in exact pieces (header, then payload), because the kernel may
 * otherwise hand over the descriptors of a following message with this one's bytes.
 */
#ifndef VUP_SOCK_H
#define VUP_SOCK_H

#include <sys/stat.h>
#include <sys/types.h>

#include "deadline.h"
#include "vup_msg.h"

/* The message being received. */
struct vup_rx {
	uint32_t have; /* bytes so far */
	bool has_hdr;  /* hdr is decoded */
	unsigned int nb_fds;
	struct vup_hdr hdr;
	int fds[VUP_MAX_FDS]; /* -1: taken */
	uint8_t buf[VUP_MSG_MAX];
};

void vup_rx_init(struct vup_rx *rx);

/** Close what was not taken and be ready for the next message. */
void vup_rx_next(struct vup_rx *rx);

/** Move a complete message; @p to must be empty, @p from is afterwards. */
void vup_rx_move(struct vup_rx *to, struct vup_rx *from);

/** Whether all of a message is there. */
static inline bool
vup_rx_is_complete(const struct vup_rx *rx)
{
	return rx->has_hdr && rx->have == rx->hdr.size;
}

/** The descriptor @p i of a complete message, or -1; the caller owns it. */
int vup_rx_take_fd(struct vup_rx *rx, unsigned int i);

/**
 * Read what there is of one message.
 *
 * @param why  on failure the reason in words
 * @return 1 the message is complete; 0 come back when readable; -ECONNRESET the peer is gone
 * (cleanly, between messages, or not: see why); -EPROTO not a message, or too many descriptors;
 * another errno of recvmsg
 */
int vup_rx_step(int sock, struct vup_rx *rx, const char **why);

/**
 * Send a whole message, @p fds (borrowed) with its first byte.
 *
 * @param d  NULL: do not wait at all
 * @return 0; -EAGAIN (d NULL) or -ETIMEDOUT: the peer does not read, and may have got a part;
 * -EPIPE or another errno of sendmsg
 */
int vup_sock_send(int sock, const void *msg, size_t len, const int *fds, unsigned int nb_fds,
		const struct deadline *d);

/** Wait until readable or hung up. @return 0 or -ETIMEDOUT */
int vup_sock_wait(int sock, const struct deadline *d);

/**
 * Bind (mode 0600) and listen; a socket file without a listener is replaced.
 *
 * @param id   gets device and inode of the file, for vup_sock_unlink()
 * @param why  VUP_WHY_LEN bytes, filled on failure
 * @return the socket or a negative errno
 */
int vup_sock_listen(const char *path, struct stat *id, char *why);

/** Remove the socket file if it is still the one that vup_sock_listen() made. */
void vup_sock_unlink(const char *path, const struct stat *id);

/** @param why  VUP_WHY_LEN bytes, filled on failure  @return the socket or a negative errno */
int vup_sock_connect(const char *path, const struct deadline *d, char *why);

/** The next connection, or a negative errno (-EAGAIN: none). */
int vup_sock_accept(int sock);

#endif

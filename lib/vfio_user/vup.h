/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vfio-user: a PCI device whose model lives in another process, over a UNIX stream socket. Both
 * sides, without EAL. The wire format is the published specification's (QEMU
 * docs/interop/vfio-user.rst, protocol 0.0); words are little-endian.
 *
 * struct vup_server is the device: listens, serves one client at a time, calls struct
 * vup_server_ops. struct vup_client is the driver's side: typed, synchronous requests with a
 * deadline each.
 *
 * Trust: neither side trusts the other. The server checks each message before a callback sees it; a
 * malformed, oversized or out-of-order one ends that client with a logged reason, never the server.
 * The client checks replies likewise; the first broken one kills the connection, and later requests
 * fail at once with -ENOTCONN.
 *
 * Memory or traps: a region with VUP_REGION_MMAP is offered as a file descriptor to clients that
 * ask for it with a capability of ours in the version message (our EAL bus). Others (QEMU) are told
 * that nothing can be mapped, and every access arrives as region_read/region_write.
 *
 * Threads: a server and all its callbacks belong to the thread that calls vup_server_poll(), DMA by
 * messages apart. A client may be used by several threads; requests are serialised by a lock
 * inside.
 *
 * Read next: vup_msg.h (messages as pure functions on buffers), vup_sock.h, vup_server.c,
 * vup_client.c.
 */
#ifndef VUP_H
#define VUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Region and interrupt indexes of a PCI device (linux/vfio.h). */
enum vup_region_index {
	VUP_REGION_BAR0 = 0,
	VUP_REGION_BAR2 = 2,
	VUP_REGION_BAR4 = 4,
	VUP_REGION_ROM = 6,
	VUP_REGION_CONFIG = 7,
	VUP_REGION_VGA = 8,
	VUP_NB_REGIONS = 9,
};

enum vup_irq_index {
	VUP_IRQ_INTX = 0,
	VUP_IRQ_MSI = 1,
	VUP_IRQ_MSIX = 2,
	VUP_IRQ_ERR = 3,
	VUP_IRQ_REQ = 4,
	VUP_NB_IRQS = 5,
};

/* vup_region.flags */
#define VUP_REGION_READ  0x1u
#define VUP_REGION_WRITE 0x2u
#define VUP_REGION_MMAP  0x4u /* `fd` can be mapped shared, from `offset` */

/* Protection of a DMA map, from the device's point of view. */
#define VUP_DMA_READ  0x1u
#define VUP_DMA_WRITE 0x2u

#define VUP_MAX_FDS      16u    /* file descriptors in one message that we accept */
#define VUP_MAX_XFER     16384u /* bytes in one region read or write that we accept */
#define VUP_MAX_DMA_MAPS 65535u /* live maps that a server accepts */
#define VUP_MAX_VECTORS  2048u  /* vectors of one interrupt index (the limit of MSI-X) */
#define VUP_WHY_LEN      256    /* room for a reason in words */

struct vup_region {
	uint64_t size; /* 0: the device has no such region */
	uint32_t flags;
	int fd;          /* with VUP_REGION_MMAP; else -1 */
	uint64_t offset; /* into `fd` */
};

/* ------------------------------------------------------------------------------------- server --
 */

struct vup_server;

/**
 * What the device does.
 *
 * Callbacks that return int return 0 or a negative errno; the latter goes into the reply and does
 * not end the client. All run inside vup_server_poll() (client_gone also inside
 * vup_server_destroy() and vup_server_drop_client()); none may call those. A missing callback
 * (NULL) answers ENOTSUP, except dma_unmap, client_new and client_gone, which then do nothing.
 */
struct vup_server_ops {
	/** A client has passed version negotiation. @p maps_regions: it asked to map BARs and
	 * config space. */
	void (*client_new)(void *ctx, bool maps_regions);

	/**
	 * The client is gone (closed, killed, or thrown out); called once for each client_new,
	 * after the last other callback. Nothing of it may be touched after the return: the
	 * callback unmaps all that dma_map mapped (dma_unmap is not called for it), closes every
	 * event fd taken from set_irqs, and brings the device to the state in which the next client
	 * may find it.
	 * @param why  in words; the server has logged it already
	 */
	void (*client_gone)(void *ctx, const char *why);

	/**
	 * Memory becomes reachable. The range is page aligned, not empty, does not wrap, overlaps
	 * no live map, and lies inside the file.
	 * @param prot  VUP_DMA_READ | VUP_DMA_WRITE
	 * @param fd    borrowed: map or dup it before the return, the server closes it afterwards
	 * in every case. -1: the client shares no file; vup_server_dma_read() and _write() reach
	 * the memory
	 */
	int (*dma_map)(void *ctx, uint64_t iova, uint64_t size, uint32_t prot, int fd,
			uint64_t offset);

	/**
	 * Memory ceases to be reachable; the range is exactly that of a live map. After the return
	 * (of whatever value) the device must not touch it: the reply that follows tells the client
	 * to give the pages away.
	 */
	int (*dma_unmap)(void *ctx, uint64_t iova, uint64_t size);

	/** Read/write a region, trapped. Bounds and VUP_REGION_READ/WRITE are checked; count > 0.
	 */
	int (*region_read)(void *ctx, uint32_t region, uint64_t offset, void *buf, uint32_t count);
	int (*region_write)(void *ctx, uint32_t region, uint64_t offset, const void *buf,
			uint32_t count);

	/**
	 * Vectors start .. start+count-1 of an index (inside its count) get event fds; the device
	 * writes 8 bytes to one to raise its vector.
	 * @param fds  count entries. fds[i] >= 0 (made non-blocking): the callback owns it if it
	 *             returns 0, the server closes it if not. -1: the vector loses its event fd.
	 *             The callback closes what these vectors had before.
	 */
	int (*set_irqs)(void *ctx, uint32_t index, uint32_t start, uint32_t count, const int *fds);

	/** Function level reset, asked for by message. DMA maps and event fds stay. */
	int (*reset)(void *ctx);
};

struct vup_server_cfg {
	const char *path;                 /* of the socket; copied; shorter than 108 bytes */
	const char *name;                 /* in log lines ("port 0"); copied */
	const struct vup_server_ops *ops; /* must outlive the server */
	void *ctx;                        /* first argument of every callback */
	struct vup_region regions[VUP_NB_REGIONS]; /* copied; fds borrowed until destroy */
	uint32_t nb_vectors[VUP_NB_IRQS];          /* per index; <= VUP_MAX_VECTORS */
};

/**
 * Listen at cfg->path (mode 0600). A socket file that nobody listens on any more is replaced.
 *
 * @param err  0 or a negative errno: -EADDRINUSE somebody serves there; -EEXIST the path is no
 *             socket; -ENAMETOOLONG; -EINVAL; -ENOMEM; or what socket, bind, listen, epoll gave.
 *             Logged.
 * @return NULL on failure
 */
struct vup_server *vup_server_create(const struct vup_server_cfg *cfg, int *err);

/**
 * End the client (client_gone is called), stop listening, remove the socket file if it is still
 * ours. NULL: no-op.
 */
void vup_server_destroy(struct vup_server *srv);

/**
 * A file descriptor that polls readable whenever vup_server_poll() has something to do. Owned by
 * the server.
 */
int vup_server_fd(const struct vup_server *srv);

/**
 * Do what can be done without waiting: accept, read, answer.
 *
 * Blocks: never (callbacks aside). A client that stops in the middle of a message or does not read
 * its answers harms itself only. Bounded: some messages per call, so that other work gets its turn.
 * @return messages answered plus clients that came or went; 0: nothing to do
 */
unsigned int vup_server_poll(struct vup_server *srv);

/**
 * Read or write client memory by messages: what dma_map got without a file. Any thread but not
 * inside a callback; one at a time, others wait for their turn.
 *
 * Blocks: until the client answers, at most a second; one that does not is ended by the next
 * vup_server_poll(), and fails all later requests at once.
 * @return 0; -EFAULT the client refuses the range; -ENOTCONN there is none; -ETIMEDOUT, -EPROTO
 */
int vup_server_dma_read(struct vup_server *srv, uint64_t iova, void *buf, uint32_t len);
int vup_server_dma_write(struct vup_server *srv, uint64_t iova, const void *buf, uint32_t len);

/** Whether a client is attached (has passed version negotiation). */
bool vup_server_has_client(const struct vup_server *srv);

/** Throw the client out, if any; @p why goes to the log and to client_gone. */
void vup_server_drop_client(struct vup_server *srv, const char *why);

/* ------------------------------------------------------------------------------------- client --
 */

struct vup_client;

/** What the server may ask for. Callbacks run in whatever thread is inside a request or
 * vup_client_check(), with the client's lock held: they make no request. They return 0 or a
 * negative errno. */
struct vup_client_ops {
	/** DMA by messages, in memory mapped without a file. Check the range. */
	int (*dma_read)(void *ctx, uint64_t iova, void *buf, uint32_t len);
	int (*dma_write)(void *ctx, uint64_t iova, const void *buf, uint32_t len);
};

struct vup_client_cfg {
	const char *path;
	const struct vup_client_ops *ops; /* NULL: every such request is refused */
	void *ctx;                        /* of ops */
	uint32_t timeout_ms;              /* for each request; 0: 2000 */
	bool map_regions;                 /* ask for regions to map */
};

/**
 * Connect and negotiate.
 *
 * @param err  -ENOENT no such socket; -ENOTSOCK the path is something else; -EACCES; -ECONNREFUSED
 *             nobody listens; -EBUSY the server has a client; -ETIMEDOUT no answer; -EPROTO not
 *             vfio-user; -EPROTONOSUPPORT other major version; -ENAMETOOLONG; -EMFILE; -ENOMEM
 * @param why  VUP_WHY_LEN bytes; on failure the reason in words, with what to do
 * @return NULL on failure
 */
struct vup_client *vup_client_create(const struct vup_client_cfg *cfg, int *err, char *why);

/** Close the connection. No other thread may be inside a request. NULL: no-op. */
void vup_client_destroy(struct vup_client *cl);

/** The socket, to poll for hang-up. Owned by the client. */
int vup_client_fd(const struct vup_client *cl);

/**
 * Look whether the server is still there, and do what it asks for, without waiting for it; to be
 * called when vup_client_fd() polls readable. A message that nobody asked for kills the connection.
 *
 * Blocks: while another thread's request is out (at most its time-out); then as long as the server
 * asks without a pause (at most the same; what is left polls readable).
 * @param why  VUP_WHY_LEN bytes or NULL; the reason when dead
 * @return 0 alive; -ENOTCONN dead
 */
int vup_client_check(struct vup_client *cl, char *why);

/*
 * Requests. Each returns 0; or the server's refusal as a negative errno (-EIO where it named none,
 * or one of the following three); or, with the connection dead from then on: -ETIMEDOUT (a late
 * answer could be taken for another's), -EPROTO (broken answer), -ENOTCONN (the server is gone, or
 * was already).
 */

int vup_client_device_info(struct vup_client *cl, uint32_t *nb_regions, uint32_t *nb_irqs);

/** @param region  .fd is the caller's to close if .flags has VUP_REGION_MMAP, else -1 */
int vup_client_region_info(struct vup_client *cl, uint32_t index, struct vup_region *region);

int vup_client_irq_info(struct vup_client *cl, uint32_t index, uint32_t *nb_vectors);

/** Give event fds (borrowed) to vectors start.. of an index; split as the server needs it. */
int vup_client_set_irqs(struct vup_client *cl, uint32_t index, uint32_t start, uint32_t count,
		const int *fds);

/** Take the event fds of all vectors of an index away. */
int vup_client_clear_irqs(struct vup_client *cl, uint32_t index);

/** @param fd  borrowed; -1: memory without a file */
int vup_client_dma_map(struct vup_client *cl, uint64_t iova, uint64_t size, uint32_t prot, int fd,
		uint64_t offset);

/** On 0 the server has let go of the range, which must be exactly that of a map. */
int vup_client_dma_unmap(struct vup_client *cl, uint64_t iova, uint64_t size);

/** Trapped access; -EMSGSIZE: more than the server takes in one message. */
int vup_client_region_read(
		struct vup_client *cl, uint32_t region, uint64_t offset, void *buf, uint32_t count);
int vup_client_region_write(struct vup_client *cl, uint32_t region, uint64_t offset,
		const void *buf, uint32_t count);

int vup_client_reset(struct vup_client *cl);

#endif

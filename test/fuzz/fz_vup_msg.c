/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any client of a port: messages of all kinds, whole or broken, with file descriptors of all kinds
 * or far too many of them; maps that overlap, overflow, or lose their file under them while the
 * device uses them. The server answers or throws the client out; it keeps no descriptor and no map
 * of a client that is gone.
 *
 * Input: u8 settings; then steps, each u8 what, and what it needs (step()).
 */
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu_port.h"
#include "log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(what)                                                                                \
	do {                                                                                       \
		if (!(what))                                                                       \
			abort();                                                                   \
	} while (0)
#define FDS_FLOOD 253 /* SCM_MAX_FD */
#define MEM_BYTES 0x10000

static struct emu_port port;
static char path[128], dir[96];

struct client {
	const uint8_t *at, *end;
	int sock;
	int mem[4];  /* memfds that were given, or -1 */
	uint16_t id; /* of the next message */
};

void
emu_data_pause(void)
{
}

void
emu_data_resume(void)
{
}

static void
at_exit(void)
{
	emu_port_close(&port);
	rmdir(dir);
}

static void
port_make(void)
{
	static struct emu_port_opts opts = { .wire = "null",
		.vf_of = -1,
		.device_id = 0xa222,
		.revision = 0x21,
		.caps = EMU_CAPS_DEFAULT,
		.mac = { 2, 0, 0, 0, 0, 0x0e },
		.nb_queues = 2 };
	const char *tmp = getenv("TMPDIR");

	base_log_level_set((enum base_log_level)0); /* a line for each refusal is too much */
	snprintf(dir, sizeof(dir), "%.60s/fz_vup_XXXXXX", tmp ? tmp : "/tmp");
	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	opts.socket = path;
	CHECK(emu_port_open(&port, 0, &opts, NULL, NULL) == 0 && emu_port_listen(&port) == 0);
	atexit(at_exit);
}

static void
bytes(struct client *c, void *to, size_t len)
{
	size_t nb = (size_t)(c->end - c->at) < len ? (size_t)(c->end - c->at) : len;

	memset(to, 0, len);
	memcpy(to, c->at, nb);
	c->at += nb;
}

static uint32_t
word(struct client *c, size_t len)
{
	uint8_t b[4];

	bytes(c, b, len);
	return (uint32_t)(len > 3 ? b[3] << 24 | b[2] << 16 : 0) |
	       (uint32_t)(len > 1 ? b[1] << 8 : 0) | b[0];
}

/* The port's two threads; and what the client would read. */
static void
serve(struct client *c)
{
	uint8_t answer[4096];

	for (unsigned int i = 0; i < 4; i++) {
		emu_port_service(&port);
		emu_dev_tx_poll(port.dev, 32);
	}
	while (c->sock >= 0 && recv(c->sock, answer, sizeof(answer), MSG_DONTWAIT) > 0)
		continue;
}

/* Descriptors to go with a message, as @p kind says; those in fds[0 .. return - 1] are new. */
static int
fds_make(struct client *c, uint8_t kind, int *fds)
{
	int nb = kind >> 4 & 3;

	if ((kind & 0xf) == 0xf)
		nb = FDS_FLOOD;
	for (int i = 0; i < nb; i++) {
		switch (kind & 7) {
		case 0:
		case 1:
		case 2:
			fds[i] = memfd_create("fuzz", 0);
			CHECK(ftruncate(fds[i], kind & 8 ? 100 : MEM_BYTES) == 0);
			if (i < 4 && nb <= 4) {
				if (c->mem[i] >= 0)
					close(c->mem[i]);
				c->mem[i] = dup(fds[i]);
			}
			break;
		case 3:
			fds[i] = open("/dev/null", O_RDWR);
			break;
		case 4:
			fds[i] = socket(AF_UNIX, SOCK_STREAM, 0);
			break;
		default:
			fds[i] = eventfd(0, 0);
			break;
		}
		CHECK(fds[i] >= 0);
	}
	return nb;
}

static void
message_send(struct client *c, const void *msg, size_t len, uint8_t kind)
{
	int fds[FDS_FLOOD], nb = fds_make(c, kind, fds);
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(fds))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)msg, len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (nb > 0) {
		mh.msg_control = &control;
		mh.msg_controllen = CMSG_SPACE((size_t)nb * sizeof(int));
		control.hdr.cmsg_level = SOL_SOCKET;
		control.hdr.cmsg_type = SCM_RIGHTS;
		control.hdr.cmsg_len = CMSG_LEN((size_t)nb * sizeof(int));
		memcpy(CMSG_DATA(&control.hdr), fds, (size_t)nb * sizeof(int));
	}
	(void)!sendmsg(c->sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL); /* the server may have hung up */
	for (int i = 0; i < nb; i++)
		close(fds[i]);
}

static void
put(uint8_t *p, uint64_t val, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(val >> 8 * i);
}

/* A message with a right header, but for what @p wrong says; 16 bytes of room are in front. */
static void
header_send(struct client *c, uint8_t *msg, uint16_t cmd, size_t len, uint8_t kind, uint8_t wrong)
{
	put(msg, c->id++, 2);
	put(msg + 2, cmd, 2);
	put(msg + 4, len + 16, 4);
	put(msg + 8, wrong & 1 ? 0x10 : 0, 4);
	put(msg + 12, 0, 4);
	if (wrong & 2)
		bytes(c, msg + 4, 4);
	if (wrong & 4)
		bytes(c, msg + 8, 8);
	message_send(c, msg, len + 16, kind);
}

static void
version(struct client *c, bool maps)
{
	static const char *const text[2] = {
		"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576}}",
		"{\"capabilities\":{\"pagelift_map_regions\":true}}",
	};
	uint8_t msg[256] = { 0 };
	size_t len = strlen(text[maps]) + 1;

	memcpy(msg + 20, text[maps], len);
	header_send(c, msg, 1, len + 4, 0, 0);
	serve(c);
}

/* A map of a page or some, at one of few places, so that they meet; or anywhere. */
static void
dma_map(struct client *c, uint8_t what)
{
	uint8_t msg[16 + 32] = { 0 };
	uint32_t at = word(c, 1), pages = word(c, 1);

	put(msg + 16, 32, 4);
	put(msg + 20, 3, 4);
	put(msg + 24, (uint64_t)(pages >> 4) << 12, 8);
	put(msg + 32, 0x540000000 + ((uint64_t)at << 12), 8);
	put(msg + 40, (uint64_t)(pages & 15) << 12, 8);
	if (what & 0x40)
		bytes(c, msg + 20, 28);
	header_send(c, msg, what & 0x20 ? 3 : 2, what & 0x20 ? 24 : 32,
			what & 0x20 ? 0 : (uint8_t)word(c, 1), 0);
}

/* A write into BAR 2, where rings and command queues are set up. */
static void
bar_write(struct client *c, uint8_t what)
{
	uint8_t msg[16 + 16 + 8] = { 0 };
	uint32_t reg = word(c, 2);

	put(msg + 16, what & 0x20 ? 0x27000 + (reg & 0x1fc) : 0x80000 + (reg & 0x3fc), 8);
	put(msg + 24, what & 0x40 ? 2 : (reg >> 12) % 9, 4);
	put(msg + 28, what & 0x10 ? 8 : 4, 4);
	bytes(c, msg + 32, 8);
	header_send(c, msg, 10, what & 0x10 ? 24 : 20, 0, 0);
}

static void
step(struct client *c)
{
	uint8_t what = (uint8_t)word(c, 1), msg[16 + 1024];
	uint32_t len, i;

	switch (what & 7) {
	case 0: /* bytes */
		len = word(c, 1);
		bytes(c, msg, len);
		message_send(c, msg, len, (uint8_t)word(c, 1));
		break;
	case 1: /* any command with any content */
		len = word(c, 2) % 1024;
		i = word(c, 1);
		bytes(c, msg + 16, len);
		header_send(c, msg, (uint16_t)(i % 20), len, (uint8_t)word(c, 1), what >> 3);
		break;
	case 2:
	case 3:
		dma_map(c, what);
		break;
	case 4:
	case 5:
		bar_write(c, what);
		break;
	case 6: /* the file under a map becomes shorter */
		i = what >> 3 & 3;
		if (c->mem[i] >= 0)
			CHECK(ftruncate(c->mem[i], what & 0x80 ? 0 : 0x1000) == 0);
		break;
	default: /* SET_IRQS, well-formed */
		memset(msg, 0, sizeof(msg));
		put(msg + 16, 20, 4);
		put(msg + 20, 0x24, 4); /* event fd, trigger */
		put(msg + 24, 2, 4);
		put(msg + 28, word(c, 1), 4);
		put(msg + 32, what >> 4, 4);
		header_send(c, msg, 8, 20, (uint8_t)word(c, 1), 0);
		break;
	}
	if (what & 0x80)
		serve(c);
}

static void
client_end(struct client *c)
{
	serve(c);
	close(c->sock);
	c->sock = -1;
	for (unsigned int i = 0; i < 4; i++) {
		if (c->mem[i] >= 0)
			close(c->mem[i]);
	}
	for (unsigned int i = 0; i < 64 && vup_server_has_client(port.server); i++)
		serve(c);
	serve(c);
	CHECK(!vup_server_has_client(port.server));
	CHECK(port.iommu.nb_maps == 0 && port.iommu.live_bytes == 0);
}

/* The lowest descriptor that is free. */
static int
free_fd(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct client c = { .at = data, .end = data + size, .mem = { -1, -1, -1, -1 } };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	uint8_t settings;
	int fd;

	if (!port.server)
		port_make();
	fd = free_fd();
	settings = (uint8_t)word(&c, 1);
	c.sock = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(c.sock >= 0);
	memcpy(addr.sun_path, path, strlen(path) + 1);
	CHECK(connect(c.sock, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	serve(&c);
	if (!(settings & 1))
		version(&c, settings & 2);
	while (c.at < c.end)
		step(&c);
	client_end(&c);
	CHECK(free_fd() == fd);
	return 0;
}

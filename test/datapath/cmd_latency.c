/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long commands wait for their answers: a client of one port of an emulator, with registers
 * mapped, that does nothing but send "link status" (0x0307) and look for the answer, while other
 * ports are busy (dp_cmd_latency.sh). cmd_latency SOCKET NB prints microseconds: p50, p90, p99,
 * max.
 *
 * What is measured is from the tail's store to the head's change, which is looked for every few
 * microseconds; with real-time priority where that is allowed, so that what is late is the
 * emulator's answer and not this process.
 */
#include <endian.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "vup.h"

#define MEM_BYTES (64u << 10) /* send ring, receive ring behind it */
#define MEM_IOVA  UINT64_C(0x100000000)
#define DEPTH     1024u
#define ANSWER_MS 1000
#define PAUSE_NS  500000 /* between commands: a driver sends few */
#define LOOK_NS   5000

static uint8_t *bar, *mem;

static uint32_t
reg_read(uint32_t at)
{
	return __atomic_load_n((uint32_t *)(void *)(bar + at), __ATOMIC_ACQUIRE);
}

static void
reg_write(uint32_t at, uint32_t val)
{
	__atomic_store_n((uint32_t *)(void *)(bar + at), val, __ATOMIC_RELEASE);
}

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "cmd_latency: %s: %s\n", what, why);
	return EXIT_FAILURE;
}

/* Map the device's registers and our memory into it; program both command queues [1:3.8]. */
static int
attach(struct vup_client *cl)
{
	int fd = memfd_create("cmd_latency", MFD_CLOEXEC);
	struct vup_region region;

	if (fd < 0 || ftruncate(fd, MEM_BYTES) ||
			vup_client_region_info(cl, VUP_REGION_BAR2, &region) ||
			!(region.flags & VUP_REGION_MMAP))
		return -1;
	mem = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	bar = mmap(NULL, region.size, PROT_READ | PROT_WRITE, MAP_SHARED, region.fd,
			(off_t)region.offset);
	if (mem == MAP_FAILED || bar == MAP_FAILED ||
			vup_client_dma_map(cl, MEM_IOVA, MEM_BYTES, VUP_DMA_READ | VUP_DMA_WRITE,
					fd, 0))
		return -1;
	reg_write(0x27000, (uint32_t)MEM_IOVA);
	reg_write(0x27004, (uint32_t)(MEM_IOVA >> 32));
	reg_write(0x27008, DEPTH / 8);
	reg_write(0x27014, 0);
	reg_write(0x27010, 0);
	return 0;
}

/* Send one command; nanoseconds until it was answered, 0: it was not. */
static uint64_t
command(uint32_t slot)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	uint16_t head[2] = { htole16(0x0307), htole16(0x0019) };
	uint32_t next = (slot + 1) % DEPTH;
	uint64_t start, end;

	memset(mem + 32 * (size_t)slot, 0, 32);
	memcpy(mem + 32 * (size_t)slot, head, sizeof(head));
	start = deadline_now_ns();
	reg_write(0x27010, next);
	do {
		nanosleep(&look, NULL);
		end = deadline_now_ns();
		if (reg_read(0x27014) == next)
			return end - start + 1;
	} while (end < start + UINT64_C(1000000) * ANSWER_MS);
	return 0;
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct vup_client_cfg cfg = { .path = argc > 1 ? argv[1] : "", .map_regions = true };
	size_t nb = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	uint64_t *took = calloc(nb + 1, sizeof(*took));
	struct vup_client *cl;
	char why[VUP_WHY_LEN] = "";
	int err = 0;

	prctl(PR_SET_TIMERSLACK, 1);
	if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 2 }))
		fprintf(stderr, "cmd_latency: no real-time priority: %s\n", strerror(errno));
	if (nb == 0 || !took)
		return fail("usage", "cmd_latency SOCKET NUMBER");
	cl = vup_client_create(&cfg, &err, why);
	if (!cl)
		return fail(cfg.path, why);
	if (attach(cl))
		return fail("cannot attach", strerror(errno));
	for (size_t i = 0; i < nb; i++) {
		took[i] = command((uint32_t)(i % DEPTH));
		if (took[i] == 0)
			return fail("no answer", "within a second");
		nanosleep(&pause, NULL);
	}
	qsort(took, nb, sizeof(*took), by_value);
	printf("%.1f %.1f %.1f %.1f\n", (double)took[nb / 2] / 1e3, (double)took[nb * 9 / 10] / 1e3,
			(double)took[nb * 99 / 100] / 1e3, (double)took[nb - 1] / 1e3);
	vup_client_destroy(cl);
	free(took);
	return EXIT_SUCCESS;
}

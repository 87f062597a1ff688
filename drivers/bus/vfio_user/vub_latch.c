/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters that reading clears. A driver adds up what it reads, and in mapped registers nobody sees
 * a read. So the driver's statistics calls are framed (vub_ops.c): vub_latch_take() has the server
 * put into the registers what has come since the last time, the driver reads each once, and
 * vub_latch_give() has them emptied; outside of a frame they read 0. What has to hold inside:
 *
 *   One reader. A lock keeps other threads out (a mutex) and other processes (a lock on the BAR's
 *   file, which the kernel takes from the dead). The primary's interrupt thread, in which drivers
 *   read counters once a second, is not asked to lock: it is parked, by an event fd whose callback
 *   holds it until the frame is over. If it cannot come (a reset is being waited for in it), the
 *   counters are not shown: the driver reads zeros, and what came will be shown another time.
 *   Others have to wait for the end of such a frame, too.
 *
 *   No time-out while others stand still. Waits count their looks, not time, so a machine that
 *   freezes all of us for seconds breaks nothing; they end for a peer that is dead or stopped.
 *
 * The page is in BAR 2; a server without the magic word is not asked. See doc/adr/0011.
 *
 * Threads: init and fini in the hot-plug thread; take and give in any; the callback in EAL's
 * interrupt thread.
 */
#include "vub_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>

#define LATCH_BAR     2
#define LATCH_PAGE    0x70000u
#define LATCH_IS_HERE 0x6c746369u

/* Words of the page. */
enum {
	LATCH_MAGIC,
	LATCH_ASK, /* a number << 2 | kind; then the server's LATCH_ACK is the same */
	LATCH_ACK,
	LATCH_MORE, /* of the server: a register was too small for what there is */
	LATCH_PARK, /* among ourselves: enum park */
};

enum ask {
	ASK_SHOW = 1, /* counters into the registers */
	ASK_READ,     /* registers to 0; what stood there was read */
	ASK_BACK,     /* registers to 0; what stood there is to be shown again */
};

enum park {
	PARK_FREE,
	PARK_WANTED,
	PARK_IS_ON, /* the interrupt thread is in on_park() */
};

/* Looks, each LOOK_US and what the kernel adds (about 50 us) after the last one. */
#define LOOK_US    10
#define LOOKS_ASK  30000  /* seconds; an answer comes in microseconds */
#define LOOKS_LOCK 300000 /* longer than whoever has it may take */
#define LOOKS_COME 15000  /* a second for the interrupt thread, which may be busy */
#define LOOKS_PARK 100000

/* The page, or NULL: the device has none. */
static uint32_t *
page_of(const struct vub_dev *dev)
{
	const struct rte_mem_resource *bar = &dev->slot.pci.mem_resource[LATCH_BAR];
	uint32_t *page = RTE_PTR_ADD(bar->addr, LATCH_PAGE);

	if (dev->slot.pci.id.vendor_id != 0x19e5 || !bar->addr || bar->len < LATCH_PAGE + 4096)
		return NULL;
	return __atomic_load_n(&page[LATCH_MAGIC], __ATOMIC_RELAXED) == LATCH_IS_HERE ? page : NULL;
}

static bool
word_wait(const uint32_t *word, uint32_t want, unsigned int looks)
{
	/* [LATCH-A] with the server's or the interrupt thread's store: what it says is so. */
	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != want) {
		if (looks-- == 0)
			return false;
		rte_delay_us_sleep(LOOK_US);
	}
	return true;
}

static bool
word_change(uint32_t *word, uint32_t from, uint32_t to)
{
	/* [LATCH-R] what was done before is over; [LATCH-A] as in word_wait(). */
	return __atomic_compare_exchange_n(
			word, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

/* Ask and wait. A server that has not answered the last time is not waited for. */
static bool
server_ask(struct vub_dev *dev, uint32_t *page, enum ask kind)
{
	uint32_t last = __atomic_load_n(&page[LATCH_ASK], __ATOMIC_RELAXED);
	uint32_t ask = ((last >> 2) + 1) << 2 | kind;
	bool is_there = __atomic_load_n(&page[LATCH_ACK], __ATOMIC_RELAXED) == last;

	if (kind == ASK_SHOW && !is_there)
		return false;
	__atomic_store_n(&page[LATCH_ASK], ask, __ATOMIC_RELEASE); /* [LATCH-R] reads are done */
	if (is_there && word_wait(&page[LATCH_ACK], ask, LOOKS_ASK))
		return true;
	VUB_LOG(DEBUG, "%s: its counters are not latched", dev->name);
	return false;
}

/* ---------------------------------------------------------------------------------- exclusion --
 */

static int
file_lock(const struct vub_dev *dev, short type)
{
	struct flock range = { .l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)dev->bar_files[LATCH_BAR].offset + LATCH_PAGE,
		.l_len = 1 };

	return fcntl(dev->bar_files[LATCH_BAR].fd, F_SETLK, &range);
}

static bool
lock_try(struct vub_dev *dev)
{
	if (pthread_mutex_trylock(&dev->latch.lock) != 0)
		return false;
	if (file_lock(dev, F_WRLCK) == 0)
		return true;
	pthread_mutex_unlock(&dev->latch.lock);
	return false;
}

static bool
lock_take(struct vub_dev *dev)
{
	for (unsigned int i = 0; i < LOOKS_LOCK; i++) {
		if (lock_try(dev))
			return true;
		rte_delay_us_sleep(LOOK_US);
	}
	return false;
}

static void
lock_give(struct vub_dev *dev)
{
	file_lock(dev, F_UNLCK);
	pthread_mutex_unlock(&dev->latch.lock);
}

/* In the interrupt thread: stay as long as who called wants it. The next one calls again. */
static void
on_park(void *arg)
{
	struct vub_dev *dev = arg;
	uint32_t *page = page_of(dev);
	uint64_t events;

	if (read(dev->latch.park_fd, &events, sizeof(events)) < 0 && errno != EAGAIN)
		VUB_LOG(ERR, "%s: reading an event fd: %s", dev->name, strerror(errno));
	if (!page || !word_change(&page[LATCH_PARK], PARK_WANTED, PARK_IS_ON))
		return;
	/* [LATCH-A] with unpark(): the registers are empty. */
	for (unsigned int i = 0; __atomic_load_n(&page[LATCH_PARK], __ATOMIC_ACQUIRE) == PARK_IS_ON;
			i++) {
		if (i < LOOKS_PARK && !lock_try(dev)) {
			rte_delay_us_sleep(LOOK_US);
			continue;
		}
		/* whoever called is dead, or as good as that */
		if (i < LOOKS_PARK) {
			server_ask(dev, page, ASK_BACK);
			lock_give(dev);
		}
		word_change(&page[LATCH_PARK], PARK_IS_ON, PARK_FREE);
	}
}

static bool
park(struct vub_dev *dev, uint32_t *page)
{
	uint64_t one = 1;

	if (rte_eal_process_type() == RTE_PROC_PRIMARY && rte_thread_is_intr())
		return true; /* it is here */
	word_change(&page[LATCH_PARK], PARK_FREE, PARK_WANTED);
	if (write(dev->latch.park_fd, &one, sizeof(one)) == sizeof(one) &&
			word_wait(&page[LATCH_PARK], PARK_IS_ON, LOOKS_COME))
		return true;
	return !word_change(&page[LATCH_PARK], PARK_WANTED, PARK_FREE);
}

static void
unpark(uint32_t *page)
{
	/* [LATCH-R] to on_park(): the registers are empty. */
	__atomic_store_n(&page[LATCH_PARK], PARK_FREE, __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------------------------------- frames --
 */

bool
vub_latch_take(struct vub_dev *dev)
{
	uint32_t *page = page_of(dev);

	if (!page || dev->latch.park_fd < 0 ||
			atomic_load_explicit(&dev->lost, memory_order_relaxed) || !lock_take(dev))
		return false;
	/* If nothing is shown, the lock stays all the same: the caller would read what others are
	 * shown. */
	dev->latch.is_shown = park(dev, page);
	if (dev->latch.is_shown && !server_ask(dev, page, ASK_SHOW)) {
		dev->latch.is_shown = false;
		unpark(page);
	}
	return true;
}

bool
vub_latch_give(struct vub_dev *dev, bool is_taken, bool is_read)
{
	uint32_t *page = page_of(dev);
	bool more = false;

	if (!is_taken)
		return false;
	if (dev->latch.is_shown) {
		more = is_read && __atomic_load_n(&page[LATCH_MORE], __ATOMIC_RELAXED);
		server_ask(dev, page, is_read ? ASK_READ : ASK_BACK);
		unpark(page);
	}
	lock_give(dev);
	return more;
}

/* --------------------------------------------------------------------------------- life cycle --
 */

int
vub_latch_init(struct vub_dev *dev)
{
	struct rte_intr_handle *handle;

	if (!page_of(dev))
		return 0;
	dev->latch.park_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	handle = dev->latch.handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	if (dev->latch.park_fd < 0 || !handle || rte_intr_fd_set(handle, dev->latch.park_fd) ||
			rte_intr_type_set(handle, RTE_INTR_HANDLE_VDEV) ||
			rte_intr_callback_register(handle, on_park, dev)) {
		VUB_LOG(ERR, "%s: cannot set up its counters' latch", dev->name);
		vub_latch_fini(dev);
		return -EIO;
	}
	return 0;
}

void
vub_latch_fini(struct vub_dev *dev)
{
	if (dev->latch.handle)
		vub_irq_unregister(dev, dev->latch.handle, on_park);
	rte_intr_instance_free(dev->latch.handle);
	dev->latch.handle = NULL;
	if (dev->latch.park_fd >= 0)
		close(dev->latch.park_fd);
	dev->latch.park_fd = -1;
}

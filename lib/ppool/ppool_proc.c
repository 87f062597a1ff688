/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between the processes that share pools, settled once in each at the end of
 * rte_eal_init(). DPDK has no hook there for a library; a bus without devices is the nearest.
 *
 * 1. A mempool names its handler by an index into the process's own table, which is in the order in
 *    which the plugins were loaded. The primary writes down its table; a secondary puts its own
 *    into that order. A handler that it has not got is one that refuses every call.
 * 2. The callback of an external buffer is an address, and lies elsewhere in every process. Ours is
 *    a trampoline at an address that all processes agree on, to the process's own function.
 * 3. An owner's hints are written by one thread, told by its lcore id. DPDK wants lcores distinct
 *    over processes, but cannot see that they are: here each process claims its own, and one that
 *    finds another's claim works by the owner that threads without an lcore share, under its lock.
 *
 * Threads: that of rte_eal_init().
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bus_driver.h>
#include <rte_eal.h>
#include <rte_errno.h>

#include "ppool_eal.h"

#define PROC_MZ    "PPOOL_PROC"
#define JUMP_HINT  UINT64_C(0xfff00000) /* where nothing is loaded by chance */
#define JUMP_BYTES 32

/* In a memzone; written by the primary but for pid_of[]. */
struct proc_shared {
	uintptr_t jumps; /* JUMP_BYTES each; 0: this system forbids them */
	rte_mbuf_extbuf_free_callback_t last_put[PPOOL_NB_LAST_PUTS];
	uint32_t nb_ops;
	char ops[RTE_MEMPOOL_MAX_OPS_IDX][RTE_MEMPOOL_OPS_NAMESIZE];
	at_u32 pid_of[RTE_MAX_LCORE]; /* who uses that slot of all pools; 0: nobody */
};

static const rte_mbuf_extbuf_free_callback_t own_last_put[PPOOL_NB_LAST_PUTS] = {
	[PPOOL_LAST_PUT_PAIRED] = ppool_paired_last_put,
	[PPOOL_LAST_PUT_FRAG] = ppool_frag_last_put,
	[PPOOL_LAST_PUT_PAGE] = ppool_page_last_put,
};
rte_mbuf_extbuf_free_callback_t ppool_last_put[PPOOL_NB_LAST_PUTS] = {
	[PPOOL_LAST_PUT_PAIRED] = ppool_paired_last_put,
	[PPOOL_LAST_PUT_FRAG] = ppool_frag_last_put,
	[PPOOL_LAST_PUT_PAGE] = ppool_page_last_put,
};
uint32_t ppool_slot_or;
static struct proc_shared *shared;

/* Code for "jump to @p to". False: not for this CPU. */
static bool
jump_write(unsigned char *code, rte_mbuf_extbuf_free_callback_t to)
{
#if defined(__x86_64__)
	static const unsigned char head[] = { 0xf3, 0x0f, 0x1e, 0xfa, 0x48,
		0xb8 };                                     /* endbr64; mov */
	static const unsigned char tail[] = { 0xff, 0xe0 }; /* jmp *%rax */
#elif defined(__aarch64__)
	static const unsigned char head[] = { 0x5f, 0x24, 0x03, 0xd5, /* bti c */
		0x70, 0x00, 0x00, 0x58,                               /* ldr x16, .+12 */
		0x00, 0x02, 0x1f, 0xd6,                               /* br x16 */
		0x1f, 0x20, 0x03, 0xd5 }; /* nop: the address behind it is aligned */
	static const unsigned char tail[] = { 0 };
#endif
#if defined(__x86_64__) || defined(__aarch64__)
	memcpy(code, head, sizeof(head));
	memcpy(code + sizeof(head), &to, sizeof(to));
	memcpy(code + sizeof(head) + sizeof(to), tail, sizeof(tail));
	__builtin___clear_cache((char *)code, (char *)code + JUMP_BYTES);
	return true;
#else
	(void)code;
	(void)to;
	return false;
#endif
}

/* The trampolines of this process at @p at, no matter what the kernel likes better; 0: they cannot
 * be. */
static uintptr_t
jumps_map(uintptr_t at)
{
	const size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *code = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	bool is_done = code == (void *)at;

	if (code == MAP_FAILED)
		return 0;
	for (unsigned int i = 0; i < PPOOL_NB_LAST_PUTS && is_done; i++)
		is_done = jump_write(code + i * JUMP_BYTES, own_last_put[i]);
	if (is_done && mprotect(code, bytes, PROT_READ | PROT_EXEC) == 0)
		return at;
	munmap(code, bytes);
	return 0;
}

/* Any page that is free in this process, if the usual one is not. */
static uintptr_t
jumps_map_anywhere(void)
{
	uintptr_t at = jumps_map(JUMP_HINT);
	void *page;

	if (at != 0)
		return at;
	page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	if (page == MAP_FAILED)
		return 0;
	munmap(page, (size_t)sysconf(_SC_PAGESIZE));
	return jumps_map((uintptr_t)page);
}

static void
callbacks_publish(void)
{
	shared->jumps = jumps_map_anywhere();
	for (unsigned int i = 0; i < PPOOL_NB_LAST_PUTS; i++)
		shared->last_put[i] =
				shared->jumps == 0
						? own_last_put[i]
						: (rte_mbuf_extbuf_free_callback_t)(shared->jumps +
										    i * JUMP_BYTES);
	memcpy(ppool_last_put, shared->last_put, sizeof(ppool_last_put));
}

static void
callbacks_adopt(void)
{
	bool is_same = memcmp(shared->last_put, own_last_put, sizeof(own_last_put)) == 0;

	if (!is_same && (shared->jumps == 0 || jumps_map(shared->jumps) == 0))
		PPOOL_LOG(ERR,
				"this process must not be the last to free a clone of a paired "
				"pool's mbuf or an mbuf on a fragment, but by "
				"ppool_pktmbuf_free_bulk(): %s",
				shared->jumps == 0 ? "executable pages are forbidden in the primary"
						   : "the page for it cannot be had");
	/* What tells our buffers from others' is the shared address, even if it cannot be called.
	 */
	memcpy(ppool_last_put, shared->last_put, sizeof(ppool_last_put));
}

int
ppool_refuse(const struct rte_mempool *mp)
{
	static at_u32 is_said; /* a caller may try for ever: one line is enough */

	if (at_exchange(&is_said, 1, relaxed) == 0)
		PPOOL_LOG(ERR,
				"pool %s was not made by handler %s, which is what this process "
				"has at its index %d; give all processes the same -d plugins in "
				"the same order",
				mp->name, rte_mempool_get_ops(mp->ops_index)->name, mp->ops_index);
	return -EINVAL;
}

static int
absent_alloc(struct rte_mempool *mp)
{
	PPOOL_LOG(ERR, "pool %s: its handler is not loaded in this process", mp->name);
	return -ENOTSUP;
}

/* A caller may try for ever: one line is enough. */
static void
absent_say(const struct rte_mempool *mp)
{
	static at_u32 is_said;

	if (at_exchange(&is_said, 1, relaxed) == 0)
		PPOOL_LOG(ERR,
				"pool %s: used, but the handler that the primary has at index %d "
				"is not loaded in this process; give both the same -d plugins",
				mp->name, mp->ops_index);
}

static int
absent_enqueue(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	(void)objs;
	(void)n;
	absent_say(mp);
	return -ENOTSUP;
}

static int
absent_dequeue(struct rte_mempool *mp, void **objs, unsigned int n)
{
	(void)objs;
	(void)n;
	absent_say(mp);
	return -ENOTSUP;
}

static unsigned int
absent_count(const struct rte_mempool *mp)
{
	absent_say(mp);
	return 0;
}

static const struct rte_mempool_ops absent_ops = {
	.alloc = absent_alloc,
	.enqueue = absent_enqueue,
	.dequeue = absent_dequeue,
	.get_count = absent_count,
};

static void
ops_list_log(const char *whose, uint32_t nb, const char *names, size_t step)
{
	char text[RTE_MEMPOOL_MAX_OPS_IDX * (RTE_MEMPOOL_OPS_NAMESIZE + 1)];
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < nb; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, " %s", names + i * step);
	PPOOL_LOG(ERR, "mempool handlers of %s:%s", whose, text);
}

static uint32_t
ops_find(const struct rte_mempool_ops_table *t, const char *name)
{
	uint32_t i = 0;

	while (i < t->num_ops && strcmp(t->ops[i].name, name) != 0)
		i++;
	return i;
}

/*
 * This process's table in the primary's order, and what only this process has behind it, as far as
 * there is room. @return 0, or -ENOENT: it lacks some of the primary's
 */
static int
ops_adopt(void)
{
	struct rte_mempool_ops_table *t = &rte_mempool_ops_table, old = *t;
	int ret = 0;

	t->num_ops = shared->nb_ops;
	for (uint32_t i = 0; i < shared->nb_ops; i++) {
		uint32_t at = ops_find(&old, shared->ops[i]);

		t->ops[i] = at < old.num_ops ? old.ops[at] : absent_ops;
		memcpy(t->ops[i].name, shared->ops[i], sizeof(t->ops[i].name));
		if (at < old.num_ops)
			continue;
		ret = -ENOENT;
		PPOOL_LOG(ERR,
				"the primary's mempool handler %s is not loaded in this process: "
				"its pools cannot be used here",
				shared->ops[i]);
	}
	for (uint32_t i = 0; i < old.num_ops && t->num_ops < RTE_MEMPOOL_MAX_OPS_IDX; i++)
		if (ops_find(t, old.ops[i].name) == t->num_ops)
			t->ops[t->num_ops++] = old.ops[i];
	return ret;
}

static bool
ops_differ(void)
{
	for (uint32_t i = 0; i < shared->nb_ops; i++)
		if (ops_find(&rte_mempool_ops_table, shared->ops[i]) != i)
			return true;
	return false;
}

int
ppool_ops_check(void)
{
	const struct rte_mempool_ops_table *t = &rte_mempool_ops_table;
	const char *done;
	int ret;

	if (shared == NULL) {
		PPOOL_LOG(ERR, "the primary process does not know libppool: give it -d libppool.so "
			       "before its other -d arguments");
		return -ENXIO;
	}
	if (!ops_differ())
		return 0;
	ops_list_log("the primary process", shared->nb_ops, shared->ops[0], sizeof(shared->ops[0]));
	ops_list_log("this process", t->num_ops, t->ops[0].name, sizeof(t->ops[0]));
	ret = ops_adopt();
	done = ret == 0 ? "this process's are in the primary's order now"
	                : "pools of those that are not loaded here refuse every call";
	PPOOL_LOG(ERR, "give both processes the same -d plugins in the same order; %s", done);
	return ret;
}

static bool
is_alive(uint32_t pid)
{
	return kill((pid_t)pid, 0) == 0 || errno != ESRCH;
}

/* The process has gone that used a slot; its hints may be half written. */
static void
slot_inherit(struct rte_mempool *mp, void *slot)
{
	ppool_slot_reset(mp, *(const uint32_t *)slot);
}

/* False: another process that lives uses @p slot. */
static bool
slot_claim(uint32_t slot, uint32_t pid)
{
	uint32_t was = 0;

	if (at_cas(&shared->pid_of[slot], &was, pid, relaxed) || was == pid)
		return true;
	if (is_alive(was) || !at_cas(&shared->pid_of[slot], &was, pid, relaxed))
		return false;
	rte_mempool_walk(slot_inherit, &slot);
	return true;
}

static void
slots_claim(void)
{
	for (uint32_t i = 0; i < RTE_MAX_LCORE; i++) {
		if (rte_eal_lcore_role(i) == ROLE_OFF || slot_claim(i, (uint32_t)getpid()))
			continue;
		ppool_slot_or = UINT32_MAX;
		PPOOL_LOG(WARNING,
				"lcore %u is process %u's, too: caches of mempools will be "
				"corrupted, says DPDK; bitmap pools work, but slowly",
				i, at_load(&shared->pid_of[i], relaxed));
	}
	for (uint32_t i = 0; ppool_slot_or != 0 && i < rte_mempool_ops_table.num_ops; i++)
		ppool_handler_share(&rte_mempool_ops_table.ops[i]);
}

static int
proc_cleanup(void)
{
	for (uint32_t i = 0; i < RTE_MAX_LCORE && shared != NULL; i++) {
		uint32_t pid = (uint32_t)getpid();

		at_cas(&shared->pid_of[i], &pid, 0, relaxed);
	}
	return 0;
}

static void
primary_publish(void)
{
	const struct rte_memzone *mz =
			rte_memzone_reserve(PROC_MZ, sizeof(*shared), SOCKET_ID_ANY, 0);

	if (mz == NULL) {
		PPOOL_LOG(ERR, "no memory: secondary processes cannot use pools");
		return;
	}
	shared = mz->addr;
	memset(shared, 0, sizeof(*shared));
	callbacks_publish();
	for (uint32_t i = 0; i < rte_mempool_ops_table.num_ops; i++)
		memcpy(shared->ops[i], rte_mempool_ops_table.ops[i].name, sizeof(shared->ops[i]));
	shared->nb_ops = rte_mempool_ops_table.num_ops;
}

static int
proc_start(void)
{
	const struct rte_memzone *mz;

	if (rte_eal_process_type() == RTE_PROC_PRIMARY) {
		primary_publish();
	} else {
		mz = rte_memzone_lookup(PROC_MZ);
		shared = mz != NULL ? mz->addr : NULL;
		if (shared != NULL)
			callbacks_adopt();
		ppool_ops_check();
	}
	if (shared != NULL)
		slots_claim();
	return 0;
}

static int
proc_scan(void)
{
	return 0;
}

static struct rte_device *
proc_find_device(const struct rte_device *start, rte_dev_cmp_t cmp, const void *data)
{
	(void)start;
	(void)cmp;
	(void)data;
	return NULL;
}

static struct rte_bus proc_bus = {
	.scan = proc_scan,
	.probe = proc_start,
	.find_device = proc_find_device,
	.cleanup = proc_cleanup,
};

RTE_REGISTER_BUS(ppool, proc_bus);

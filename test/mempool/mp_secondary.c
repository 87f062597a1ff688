/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools made by a primary process, used by secondaries; run by mp_secondary.sh.
 *
 *   mp_secondary EAL arguments -- CASE EXPECTED EAL arguments of the secondary
 *
 * The primary makes the pools, starts this program again as a secondary, waits for how it ends
 * (EXPECTED: "ok", "segv", "kill"), and looks at what it has left. Not linked with libppool, so
 * that -d decides whether it is there, and where in the order.
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "ppool.h"
#include "ppool_frag.h"

#define N     600
#define ROOM  2048
#define BURST 32

/* X(function) */
/* clang-format off */
#define API(X)\
	X(ppool_audit)\
	X(ppool_dump)\
	X(ppool_held)\
	X(ppool_stats_get)\
	X(ppool_recover)\
	X(ppool_ops_check)\
	X(ppool_pktmbuf_pool)\
	X(ppool_pktmbuf_pool_create)\
	X(ppool_pktmbuf_alloc_runs)\
	X(ppool_pktmbuf_free_bulk)\
	X(ppool_create)\
	X(ppool_lookup)\
	X(ppool_destroy)\
	X(ppool_frag_alloc)\
	X(ppool_frag_put)\
	X(ppool_frag_held)\
	X(ppool_frag_audit)\
	X(ppool_extbuf_alloc_bulk)
/* clang-format on */
static struct {
#define API_FIELD(name) __typeof__(name) *name;
	API(API_FIELD)
} api;
static void *lib; /* NULL: -d did not load it */

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("line %d: not so: %s\n", __LINE__, #cond);                          \
			exit(1);                                                                   \
		}                                                                                  \
	} while (0)

static const char *const pool_names[] = { "handler", "count", "bitmap" };

static void
api_load(void)
{
	lib = dlopen(getenv("LIBPPOOL"), RTLD_NOW | RTLD_NOLOAD);
	if (lib == NULL)
		return;
#define API_LOAD(name) *(void **)&api.name = dlsym(lib, #name);
	API(API_LOAD)
}

/* A handler that only the primary has: one object after another, never back. */
static int
extra_alloc(struct rte_mempool *mp)
{
	mp->pool_data = mp;
	return 0;
}

static int
extra_enqueue(struct rte_mempool *mp, void *const *objs, unsigned int n)
{
	(void)mp;
	(void)objs;
	(void)n;
	return 0;
}

static int
extra_dequeue(struct rte_mempool *mp, void **objs, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		objs[i] = mp;
	return 0;
}

static unsigned int
extra_count(const struct rte_mempool *mp)
{
	return mp->size;
}

static const struct rte_mempool_ops extra_ops = {
	.name = "extra",
	.alloc = extra_alloc,
	.enqueue = extra_enqueue,
	.dequeue = extra_dequeue,
	.get_count = extra_count,
};

/* All of it, by bursts, and back; contents are ours. */
static void
pool_use(struct rte_mempool *mp)
{
	struct rte_mbuf *m[N];
	unsigned int nb = 0;

	for (; nb < N && rte_pktmbuf_alloc_bulk(mp, m + nb, RTE_MIN(BURST, N - nb)) == 0;
			nb += RTE_MIN(BURST, N - nb))
		;
	CHECK(nb == N);
	CHECK(rte_pktmbuf_alloc(mp) == NULL);
	CHECK(rte_mempool_avail_count(mp) == 0);
	for (unsigned int i = 0; i < N; i++)
		memset(rte_pktmbuf_append(m[i], 1500), (int)i, 1500);
	for (unsigned int i = 0; i < N; i++)
		CHECK(*rte_pktmbuf_mtod_offset(m[i], uint8_t *, 1499) == (uint8_t)i);
	for (unsigned int i = 0; i < N / 2; i++)
		rte_pktmbuf_free(m[i]);
	api.ppool_pktmbuf_free_bulk(m + N / 2, N / 2);
	CHECK(rte_mempool_avail_count(mp) == N);
}

/* Original first, so that the clone is the last and comes by the callback. */
static void
clones_use(struct rte_mempool *mp, struct rte_mempool *hdrs)
{
	for (int i = 0; i < 2; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(mp), *clone = rte_pktmbuf_clone(m, hdrs);

		CHECK(clone != NULL);
		rte_pktmbuf_free(i ? m : clone);
		CHECK(rte_mempool_in_use_count(mp) == 1);
		rte_pktmbuf_free(i ? clone : m);
		CHECK(rte_mempool_in_use_count(mp) == 0);
	}
}

static void
pool_look(struct rte_mempool *mp)
{
	struct ppool_stats stats;
	struct rte_mempool_info info;

	CHECK(api.ppool_audit(stdout, mp) == 0);
	CHECK(api.ppool_held(mp) == 0);
	CHECK(api.ppool_stats_get(mp, &stats) == 0 && stats.alloc_frags >= N);
	CHECK(api.ppool_dump(stdout, mp) == 0);
	rte_mempool_audit(mp);
	if (strcmp(mp->name, "handler") == 0)
		CHECK(rte_mempool_ops_get_info(mp, &info) == 0 && info.contig_block_size > 1);
}

static void
frags_use(struct rte_mempool *hdrs)
{
	struct ppool *p = api.ppool_lookup("frags");
	struct rte_mbuf *m[BURST];
	char *frag;

	CHECK(p != NULL && api.ppool_lookup("no such pool") == NULL);
	frag = api.ppool_frag_alloc(p, 3000, 0);
	CHECK(frag != NULL);
	memset(frag, 1, 3000);
	CHECK(api.ppool_frag_put(p, frag) == 0);
	for (int way = 0; way < 2; way++) {
		CHECK(api.ppool_extbuf_alloc_bulk(p, hdrs, m, BURST, 2000) == BURST);
		CHECK(api.ppool_frag_held(p) == BURST);
		if (way == 0)
			rte_pktmbuf_free_bulk(m, BURST);
		else
			api.ppool_pktmbuf_free_bulk(m, BURST);
		CHECK(api.ppool_frag_held(p) == 0);
	}
	CHECK(api.ppool_frag_audit(stdout, p) == 0);
}

/* All that the primary can do with its pools, and to free what it has sent. */
static void
secondary_use(void)
{
	struct rte_mempool *hdrs = rte_mempool_lookup("hdrs");
	struct rte_ring *ring = rte_ring_lookup("ring");
	struct ppool_run run;
	struct rte_mbuf *m = NULL;

	CHECK(lib != NULL);
	CHECK(api.ppool_ops_check() == 0);
	while (rte_ring_dequeue(ring, (void **)&m) == 0) {
		CHECK(*rte_pktmbuf_mtod(m, uint8_t *) == 7);
		rte_pktmbuf_free(m); /* clones whose originals are free: callbacks set there */
	}
	for (unsigned int i = 0; i < RTE_DIM(pool_names); i++) {
		struct rte_mempool *mp = rte_mempool_lookup(pool_names[i]);

		CHECK(mp != NULL);
		pool_use(mp);
		clones_use(mp, hdrs);
		pool_look(mp);
		if (i == 0)
			continue;
		CHECK(api.ppool_pktmbuf_pool_create("x", N, 0, 0, ROOM, SOCKET_ID_ANY, NULL) ==
				NULL);
		CHECK(rte_errno == E_RTE_SECONDARY);
		CHECK(api.ppool_pktmbuf_alloc_runs(
				      api.ppool_pktmbuf_pool(mp), PPOOL_HOLDER_NONE, &run, 1) == 1);
		rte_pktmbuf_free(run.first);
	}
	frags_use(hdrs);
}

/* The primary's handler is not here: refused, and nothing is touched. */
static void
secondary_refused(void)
{
	struct rte_mempool *mp = rte_mempool_lookup("extra");
	void *obj;

	CHECK(mp != NULL);
	CHECK(rte_mempool_get(mp, &obj) < 0);
	CHECK(rte_mempool_avail_count(mp) == 0);
	rte_mempool_put(mp, mp);
}

static void
churn(double seconds)
{
	uint64_t end = rte_get_timer_cycles() + (uint64_t)(seconds * rte_get_timer_hz());
	struct rte_mbuf *m[BURST];

	do {
		for (unsigned int i = 0; i < RTE_DIM(pool_names); i++) {
			struct rte_mempool *mp = rte_mempool_lookup(pool_names[i]);

			for (int j = 0; j < 1000; j++)
				if (rte_pktmbuf_alloc_bulk(mp, m, BURST) == 0)
					rte_pktmbuf_free_bulk(m, BURST);
		}
	} while (rte_get_timer_cycles() < end);
}

static int
secondary_main(const char *what)
{
	void *obj;

	if (strcmp(what, "use") == 0)
		secondary_use();
	else if (strcmp(what, "refused") == 0)
		secondary_refused();
	else if (strcmp(what, "foreign") == 0) /* ends by SIGSEGV */
		rte_mempool_get(rte_mempool_lookup("handler"), &obj);
	else if (strcmp(what, "share") == 0)
		churn(1);
	else if (strcmp(what, "die") == 0) {
		rte_ring_enqueue(rte_ring_lookup("ring"), &obj);
		churn(60);
	} else
		CHECK(!"a case that is known");
	CHECK(rte_eal_cleanup() == 0);
	return 0;
}

static void
pools_make(void)
{
	struct ppool_conf frags = { .nb_pages = 16, .socket_id = SOCKET_ID_ANY, .ext_bytes = 1024 };

	CHECK(rte_pktmbuf_pool_create("hdrs", 255, 0, 0, 0, SOCKET_ID_ANY) != NULL);
	CHECK(rte_ring_create("ring", 64, SOCKET_ID_ANY, 0) != NULL);
	if (getenv("EXTRA") != NULL) {
		struct rte_mempool *mp =
				rte_mempool_create_empty("extra", N, 64, 0, 0, SOCKET_ID_ANY, 0);

		CHECK(rte_mempool_set_ops_byname(mp, "extra", NULL) == 0);
		CHECK(rte_mempool_populate_default(mp) == N);
	}
	if (lib == NULL)
		return;
	CHECK(rte_pktmbuf_pool_create_by_ops(
			      "handler", N, 0, 0, ROOM, SOCKET_ID_ANY, PPOOL_OPS_NAME) != NULL);
	for (int i = 1; i < 3; i++) {
		struct ppool_pktmbuf_conf conf = { .kind = i == 1 ? PPOOL_KIND_COUNT
			                                          : PPOOL_KIND_BITMAP };

		CHECK(api.ppool_pktmbuf_pool_create(
				      pool_names[i], N, 0, 0, ROOM, SOCKET_ID_ANY, &conf) != NULL);
	}
	CHECK(api.ppool_create("frags", &frags) != NULL);
}

/* Clones in the ring, their originals freed here. */
static void
clones_send(void)
{
	for (unsigned int i = 0; i < RTE_DIM(pool_names); i++)
		for (int j = 0; j < 4; j++) {
			struct rte_mbuf *m = rte_pktmbuf_alloc(rte_mempool_lookup(pool_names[i]));
			struct rte_mbuf *clone;

			memset(rte_pktmbuf_append(m, 100), 7, 100);
			clone = rte_pktmbuf_clone(m, rte_mempool_lookup("hdrs"));
			CHECK(clone != NULL);
			CHECK(rte_ring_enqueue(rte_ring_lookup("ring"), clone) == 0);
			rte_pktmbuf_free(m);
		}
}

static pid_t
secondary_start(char **argv)
{
	pid_t pid = fork();

	if (pid == 0) {
		unsetenv("EXTRA");
		execv("/proc/self/exe", argv);
		_exit(126);
	}
	return pid;
}

/* Nothing is lost but what a killed process held, and whatever happened everything goes on. */
static void
pools_check(unsigned int lost_max)
{
	for (unsigned int i = 0; i < RTE_DIM(pool_names); i++) {
		struct rte_mempool *mp = rte_mempool_lookup(pool_names[i]);
		struct rte_mbuf *m[N];
		unsigned int nb = 0;

		if (lost_max != 0)
			printf("%s: %d locks taken away\n", mp->name, api.ppool_recover(mp));
		while (nb < N && (m[nb] = rte_pktmbuf_alloc(mp)) != NULL)
			nb++;
		printf("%s: %u of %d\n", mp->name, nb, N);
		/* a count page that an lcore has begun is not cut anew while it is in use */
		CHECK(nb + lost_max + (i == 1 ? 2 * 30 : 0) >= N);
		rte_pktmbuf_free_bulk(m, nb);
		/* the call that was cut short may not have been counted */
		CHECK(api.ppool_audit(stdout, mp) <= (lost_max != 0));
		CHECK(lost_max != 0 || rte_mempool_avail_count(mp) == N);
	}
}

static void
primary_run(const char *what, const char *expected, char **argv)
{
	bool is_killed = strcmp(expected, "kill") == 0;
	int status;
	pid_t pid;

	alarm(60);
	if (strcmp(what, "use") == 0)
		clones_send();
	pid = secondary_start(argv);
	if (is_killed) {
		while (rte_ring_empty(rte_ring_lookup("ring")))
			rte_delay_us_sleep(1000);
		rte_delay_us_sleep(50000 + (unsigned int)getpid() % 1000 * 10);
		kill(pid, SIGKILL);
	} else if (strcmp(what, "share") == 0) {
		churn(2);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (strcmp(expected, "ok") == 0)
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	else
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == (is_killed ? SIGKILL : SIGSEGV));
	if (lib != NULL)
		pools_check(is_killed ? 200 : 0);
	if (lib != NULL && !is_killed)
		CHECK(api.ppool_destroy(api.ppool_lookup("frags")) == 0);
}

int
main(int argc, char **argv)
{
	int ret;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (getenv("EXTRA") != NULL)
		CHECK(rte_mempool_register_ops(&extra_ops) == 0);
	ret = rte_eal_init(argc, argv);
	if (ret < 0)
		return 1;
	argc -= ret;
	argv += ret;
	api_load();
	if (rte_eal_process_type() == RTE_PROC_SECONDARY)
		return secondary_main(argv[1]);
	pools_make();
	primary_run(argv[1], argv[2], argv + 3);
	return rte_eal_cleanup() != 0;
}

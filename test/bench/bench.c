/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows, runs and statistics: bench.h says how and why. */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_memzone.h>

#define RING_BUFS    1024
#define ROUNDS_MAX   1024
#define ATTEMPTS_MAX 4 /* of a window that was disturbed */
#define ROUNDS_MIN   8
#define RUN_MS       600 /* after that, on a busy machine, no more than ROUNDS_MIN rounds */

struct bench_conf bench = { .runs = 9, .rounds = 40, .window_bufs = 65536, .build = "" };

void
bench_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("FAIL bench_ppool: ");
	vprintf(fmt, args);
	printf("\n");
	va_end(args);
	exit(1);
}

static uint32_t
number_parse(const char *name, const char *text, uint32_t max)
{
	char *end;
	unsigned long v = text != NULL ? strtoul(text, &end, 10) : 0;

	if (v == 0 || v > max || *end != '\0')
		bench_fail("%s takes a number from 1 to %u", name, max);
	return (uint32_t)v;
}

void
bench_conf_parse(int argc, char **argv)
{
	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--runs") == 0)
			bench.runs = number_parse(argv[i], value, BENCH_RUNS_MAX);
		else if (strcmp(argv[i], "--rounds") == 0)
			bench.rounds = number_parse(argv[i], value, ROUNDS_MAX);
		else if (strcmp(argv[i], "--window") == 0)
			bench.window_bufs = number_parse(argv[i], value, 1u << 24);
		else if (strcmp(argv[i], "--only") == 0 && value != NULL)
			bench.only = value;
		else if (strcmp(argv[i], "--build") == 0 && value != NULL)
			bench.build = value;
		else
			bench_fail("unknown argument \"%s\"", argv[i]);
	}
}

bool
bench_is_wanted(const char *name)
{
	return bench.only == NULL || strstr(name, bench.only) != NULL;
}

static int
double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double
bench_quartile(double *values, uint32_t nb)
{
	qsort(values, nb, sizeof(*values), double_cmp);
	return values[nb / 4];
}

/* Rank from either end that bounds the median with 95 %: a sum of the binomial distribution. */
static uint32_t
median_rank(uint32_t nb)
{
	double p = 1, sum = 0;
	uint32_t rank = 0;

	for (uint32_t i = 0; i < nb; i++)
		p /= 2;
	for (; rank < nb / 2; rank++) {
		sum += p;
		if (sum > 0.025)
			break;
		p = p * (nb - rank) / (rank + 1);
	}
	return rank == 0 ? 0 : rank - 1;
}

struct bench_stat
bench_median(const double *values, uint32_t nb)
{
	double sorted[BENCH_RUNS_MAX];
	uint32_t rank = median_rank(nb);

	memcpy(sorted, values, nb * sizeof(*values));
	qsort(sorted, nb, sizeof(*sorted), double_cmp);
	return (struct bench_stat){ (sorted[(nb - 1) / 2] + sorted[nb / 2]) / 2, sorted[rank],
		sorted[nb - 1 - rank] };
}

void
bench_result(const char *name, struct bench_stat stat, const char *unit, const char *note)
{
	printf("RESULT %s%s %.3f %s [%.3f %.3f]%s%s\n", name, bench.build, stat.median, unit,
			stat.low, stat.high, note[0] != '\0' ? " " : "", note);
	fflush(stdout);
}

/* The side that is best over all runs. */
static const struct bench_side *
side_best(const struct bench_side *sides, uint32_t nb, bool is_ours, uint32_t cache)
{
	const struct bench_side *best = NULL;
	double least = 0;

	for (uint32_t i = 0; i < nb; i++) {
		double m = bench_median(sides[i].cycles, bench.runs).median;

		if (sides[i].is_ours != is_ours ||
				(is_ours && cache != UINT32_MAX && sides[i].cache != cache))
			continue;
		if (best == NULL || m < least) {
			best = &sides[i];
			least = m;
		}
	}
	if (best == NULL)
		bench_fail("a group has nobody to compare");
	return best;
}

void
bench_result_ratio(const char *name, const struct bench_side *sides, uint32_t nb, uint32_t cache)
{
	const struct bench_side *peer = side_best(sides, nb, false, cache);
	const struct bench_side *ours = side_best(sides, nb, true, cache);
	double ratio[BENCH_RUNS_MAX];
	char note[128];

	for (uint32_t r = 0; r < bench.runs; r++)
		ratio[r] = peer->cycles[r] / ours->cycles[r];
	snprintf(note, sizeof(note), "%s c%u %.2f, ppool c%u %.2f cycles", peer->ops, peer->cache,
			bench_median(peer->cycles, bench.runs).median, ours->cache,
			bench_median(ours->cycles, bench.runs).median);
	bench_result(name, bench_median(ratio, bench.runs), "ratio", note);
}

uint32_t
bench_nb_bufs(const struct bench_side *s)
{
	return s->nb_bufs != 0 ? s->nb_bufs : BENCH_POOL_BUFS;
}

/* The buffers of a side that has its headers elsewhere, or none. */
static void
data_create(struct bench_side *s, const char *name)
{
	const uint32_t n = bench_nb_bufs(s), page_bytes = s->frag_page_bytes;

	if (page_bytes != 0) {
		struct ppool_conf conf = { .nb_pages = n / (page_bytes / s->frag_bytes) + 1,
			.page_bytes = page_bytes,
			.socket_id = SOCKET_ID_ANY,
			.ext_bytes = s->ops != NULL ? 2048 : 0 };

		s->fp = ppool_create(name, &conf);
	} else {
		s->data_mp = rte_mempool_create(name, n, s->frag_bytes, s->cache, 0, NULL, NULL,
				NULL, NULL, SOCKET_ID_ANY, 0);
	}
	if (s->fp == NULL && s->data_mp == NULL)
		bench_fail("no pool of %u fragments: %s", n, rte_strerror(rte_errno));
}

/* No device ever sees the buffers, so any IOVA will do. */
static void
pinned_create(struct bench_side *s, uint32_t n, uint16_t room)
{
	struct rte_pktmbuf_extmem data = { .elt_size = room, .buf_len = (size_t)n * room };
	char name[RTE_MEMZONE_NAMESIZE];

	snprintf(name, sizeof(name), "x%s", s->name);
	s->pinned_mz = rte_memzone_reserve_aligned(name, data.buf_len, SOCKET_ID_ANY, 0, 4096);
	if (s->pinned_mz == NULL)
		bench_fail("no memory for %u buffers", n);
	data.buf_ptr = s->pinned_mz->addr;
	data.buf_iova = s->pinned_mz->iova;
	s->mp = rte_pktmbuf_pool_create_extbuf(
			s->name, n, s->cache, 0, room, SOCKET_ID_ANY, &data, 1);
}

void
bench_pool_create(struct bench_side *s)
{
	static unsigned int id;
	uint32_t n = bench_nb_bufs(s);
	uint16_t room = s->room != 0 ? s->room : RTE_MBUF_DEFAULT_BUF_SIZE;
	char data_name[RTE_MEMPOOL_NAMESIZE];

	snprintf(s->name, sizeof(s->name), "b%u", id);
	snprintf(data_name, sizeof(data_name), "d%u", id++);
	if (s->frag_bytes != 0) {
		data_create(s, data_name);
		if (s->ops == NULL)
			return;
		room = 0;
	}
	if (s->is_pinned)
		pinned_create(s, n, room);
	else if (s->ops != NULL)
		s->mp = rte_pktmbuf_pool_create_by_ops(
				s->name, n, s->cache, 0, room, SOCKET_ID_ANY, s->ops);
	else
		s->mp = ppool_pktmbuf_pool_create(
				s->name, n, s->cache, 0, room, SOCKET_ID_ANY, &s->paired);
	if (s->mp == NULL)
		bench_fail("no pool of %u buffers, %s: %s", n, s->ops != NULL ? s->ops : "paired",
				rte_strerror(rte_errno));
	s->pp = s->ops == NULL ? ppool_pktmbuf_pool(s->mp) : NULL;
}

static void
mempool_check(const struct rte_mempool *mp)
{
	if (rte_mempool_avail_count(mp) != mp->size)
		bench_fail("%s: %u of %u buffers came back", mp->name, rte_mempool_avail_count(mp),
				mp->size);
	if (ppool_audit(stdout, mp) > 0)
		bench_fail("%s: the audit found violations", mp->name);
}

void
bench_pool_free(struct bench_side *s)
{
	rte_mempool_free(s->mp);
	rte_mempool_free(s->data_mp);
	rte_memzone_free(s->pinned_mz);
	s->pinned_mz = NULL;
	if (s->fp != NULL && ppool_destroy(s->fp) != 0)
		bench_fail("%s: fragments did not come back", s->name);
	s->mp = s->data_mp = NULL;
	s->fp = NULL;
}

/* A broken run shows here: all buffers have to be back. */
void
bench_pool_destroy(struct bench_side *s)
{
	if (s->mp != NULL)
		mempool_check(s->mp);
	if (s->data_mp != NULL)
		mempool_check(s->data_mp);
	if (s->fp != NULL && ppool_frag_audit(stdout, s->fp) != 0)
		bench_fail("%s: the audit found violations", s->name);
	bench_pool_free(s);
}

/* Times that the calling thread lost its CPU to others. */
static long
switches(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

static int
other_main(void *arg)
{
	struct bench_side *s = arg;
	long before = switches();
	int ret = s->consume(s);

	s->other_switches = switches() - before;
	return ret;
}

/* Cycles per buffer of one window; false: disturbed. */
static bool
window_try(struct bench_side *s, double *cycles)
{
	uint32_t nb_bursts = bench.window_bufs / s->burst;
	unsigned int other = rte_get_next_lcore(-1, 1, 0);
	long before;
	uint64_t start;

	s->other_switches = 0;
	if (s->consume != NULL) {
		__atomic_store_n(&s->is_over, false, __ATOMIC_RELAXED);
		if (rte_eal_remote_launch(other_main, s, other) != 0)
			bench_fail("the other lcore is busy");
	}
	s->turns(s, RTE_MAX(2 * s->in_flight, 4096u) / s->burst);
	before = switches();
	start = rte_rdtsc_precise();
	s->turns(s, nb_bursts);
	*cycles = (double)(rte_rdtsc_precise() - start) / nb_bursts / s->burst;
	before = switches() - before;
	if (s->consume != NULL) {
		__atomic_store_n(&s->is_over, true, __ATOMIC_RELEASE);
		if (rte_eal_wait_lcore(other) != 0)
			bench_fail("the other lcore failed");
	}
	return before == 0 && s->other_switches == 0;
}

static void
group_round(struct bench_side *sides, uint32_t nb, double (*windows)[ROUNDS_MAX], uint32_t round)
{
	for (uint32_t i = 0; i < nb; i++) {
		/* Each round starts with another side, so that none always follows the same one. */
		uint32_t at = (i + round) % nb;

		for (int n = 0; n < ATTEMPTS_MAX; n++)
			if (window_try(&sides[at], &windows[at][round]))
				break;
	}
}

void
bench_group_run(struct bench_side *sides, uint32_t nb, void (*prime)(struct bench_side *s),
		void (*drain)(struct bench_side *s))
{
	static double windows[BENCH_SIDES_MAX][ROUNDS_MAX];

	if (nb > BENCH_SIDES_MAX)
		bench_fail("a group has %u sides", nb);
	for (uint32_t run = 0; run < bench.runs; run++) {
		for (uint32_t i = 0; i < nb; i++) {
			struct bench_side *s = &sides[i];

			bench_pool_create(s);
			s->ring = rte_ring_create(s->name, RING_BUFS, SOCKET_ID_ANY,
					RING_F_SP_ENQ | RING_F_SC_DEQ);
			s->q = rte_zmalloc(NULL, s->in_flight * sizeof(*s->q) + 64, 64);
			if (s->ring == NULL || s->q == NULL)
				bench_fail("no memory");
			s->at = s->nb_q = 0;
			prime(s);
		}
		const uint64_t start = rte_rdtsc();
		uint32_t round = 0;

		while (round < bench.rounds &&
				(round < ROUNDS_MIN ||
						rte_rdtsc() - start <
								RUN_MS * rte_get_tsc_hz() / 1000))
			group_round(sides, nb, windows, round++);
		for (uint32_t i = 0; i < nb; i++) {
			sides[i].cycles[run] = bench_quartile(windows[i], round);
			drain(&sides[i]);
			rte_free(sides[i].q);
			rte_ring_free(sides[i].ring);
			bench_pool_destroy(&sides[i]);
		}
	}
}

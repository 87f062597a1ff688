/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of forwarding modes, the loop that a worker lcore runs, and the two requests that end
 * it. The loop tests no option: the engine's burst function was chosen at start.
 *
 * Threads: tpf_lcore_run() on workers; the requests from any thread and from signal handlers.
 * Read next: stream.h, fwd_io.c.
 */
#include <string.h>

#include "stream.h"

const struct tpf_engine *const tpf_engines[] = {
	&tpf_io_engine,
	&tpf_mac_engine,
	&tpf_macswap_engine,
	&tpf_rxonly_engine,
	&tpf_txonly_engine,
	NULL,
};

static atomic_bool stop_is_requested, abort_is_requested;

const struct tpf_engine *
tpf_engine_find(const char *name)
{
	for (const struct tpf_engine *const *e = tpf_engines; *e != NULL; e++)
		if (strcmp((*e)->name, name) == 0)
			return *e;
	return NULL;
}

/* Flags only: whoever acts on them joins the lcores first, and the join is what orders data. */
void
tpf_stop_request(void)
{
	atomic_store_explicit(&stop_is_requested, true, memory_order_relaxed);
}

void
tpf_abort_request(void)
{
	atomic_store_explicit(&abort_is_requested, true, memory_order_relaxed);
	tpf_stop_request();
}

bool
tpf_stop_is_requested(void)
{
	return atomic_load_explicit(&stop_is_requested, memory_order_relaxed);
}

bool
tpf_abort_is_requested(void)
{
	return atomic_load_explicit(&abort_is_requested, memory_order_relaxed);
}

static inline void
busy_burst_count(struct tpf_counters *count, uint64_t start_tsc)
{
	uint64_t end_tsc = rte_rdtsc();

	tpf_count_add(&count->bursts, 1);
	tpf_count_add(&count->busy_cycles, end_tsc - start_tsc);
	if (unlikely(tpf_count_get(&count->first_tsc) == 0))
		atomic_store_explicit(&count->first_tsc, start_tsc, memory_order_relaxed);
	atomic_store_explicit(&count->last_tsc, end_tsc, memory_order_relaxed);
}

/* What still waits for a Tx ring gets its time, a second signal cuts it short. */
static void
pending_finish(struct tpf_lcore *lc)
{
	for (uint16_t i = 0; i < lc->nb_streams; i++)
		while (lc->streams[i]->nb_pend != 0)
			tpf_stream_retry(lc->streams[i]); /* bounded by pend_until_tsc */
}

int
tpf_lcore_run(void *lcore)
{
	struct tpf_lcore *lc = lcore;

	while (!tpf_stop_is_requested()) {
		for (uint16_t i = 0; i < lc->nb_streams; i++) {
			struct tpf_stream *fs = lc->streams[i];
			uint64_t start_tsc = rte_rdtsc();

			if (lc->burst(fs) != 0)
				busy_burst_count(&fs->count, start_tsc);
		}
	}
	pending_finish(lc);
	return 0;
}

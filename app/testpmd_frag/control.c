/* SPDX-License-Identifier: BSD-3-Clause */
/* The main thread while the lcores forward: periodic statistics, and the reasons to stop. */
#include <inttypes.h>

#include <rte_cycles.h>

#include "stream.h"

#define TICK_MS 10

struct totals {
	uint64_t rx_pkts, tx_pkts, dropped_pkts;
};

static struct totals
totals_get(const struct tpf_app *app)
{
	struct totals t = { 0 };

	for (uint16_t i = 0; i < app->nb_streams; i++) {
		const struct tpf_counters *c = &app->streams[i]->count;

		t.rx_pkts += tpf_count_get(&c->rx_pkts);
		t.tx_pkts += tpf_count_get(&c->tx_pkts);
		t.dropped_pkts += tpf_count_get(&c->full_pkts) + tpf_count_get(&c->aborted_pkts) +
		                  tpf_count_get(&c->drained_pkts) + tpf_count_get(&c->flushed_pkts);
	}
	return t;
}

static void
period_print(const struct totals *now, const struct totals *before, uint32_t seconds)
{
	printf("rx %" PRIu64 " (%.3f Mpps)  tx %" PRIu64 " (%.3f Mpps)  dropped %" PRIu64 "\n",
			now->rx_pkts, (double)(now->rx_pkts - before->rx_pkts) / seconds / 1e6,
			now->tx_pkts, (double)(now->tx_pkts - before->tx_pkts) / seconds / 1e6,
			now->dropped_pkts);
	fflush(stdout);
}

void
tpf_control_run(struct tpf_app *app)
{
	const struct tpf_opts *opts = &app->opts;
	uint64_t hz_ms = rte_get_tsc_hz() / 1000, start = rte_rdtsc(), last_change = start;
	uint64_t next_print = start + hz_ms * 1000 * opts->stats_period_s;
	struct totals printed = { 0 }, seen = { 0 };

	app->stop_reason = "signal";
	while (!tpf_stop_is_requested()) {
		struct totals now;
		uint64_t tsc; /* one for all decisions: what is due at the end is not missed */

		rte_delay_us_sleep(TICK_MS * 1000);
		tsc = rte_rdtsc();
		now = totals_get(app);
		if (now.rx_pkts != seen.rx_pkts || now.tx_pkts != seen.tx_pkts)
			last_change = tsc;
		seen = now;
		if (opts->stats_period_s != 0 && tsc >= next_print) {
			period_print(&now, &printed, opts->stats_period_s);
			printed = now;
			next_print += hz_ms * 1000 * opts->stats_period_s;
		}
		if (opts->run_seconds != 0 && tsc - start >= hz_ms * 1000 * opts->run_seconds) {
			app->stop_reason = "--run-seconds";
			break;
		}
		if (opts->idle_ms != 0 && now.rx_pkts != 0 &&
				tsc - last_change >= hz_ms * opts->idle_ms) {
			app->stop_reason = "--exit-when-idle";
			break;
		}
		if (tpf_ports_are_gone(app)) {
			app->stop_reason = "a port was removed";
			app->exit_status = TPF_EXIT_PORT_GONE;
			break;
		}
	}
	tpf_stop_request();
}

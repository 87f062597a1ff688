/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line behind "--": testpmd's names where testpmd has the option. Nothing is opened
 * here. */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "tpf.h"

#define TX_HEADERS_BYTES 42 /* Ethernet, IPv4, UDP: what txonly changes per flow lies in these */

enum opt_id {
	OPT_FORWARD_MODE = 256,
	OPT_RX_MODE,
	OPT_PAGE_KIND,
	OPT_NB_CORES,
	OPT_RXQ,
	OPT_TXQ,
	OPT_RXD,
	OPT_TXD,
	OPT_BURST,
	OPT_MBUF_SIZE,
	OPT_TOTAL_NUM_MBUFS,
	OPT_MBCACHE,
	OPT_MAX_PKT_LEN,
	OPT_PORT_TOPOLOGY,
	OPT_PORTMASK,
	OPT_ETH_PEER,
	OPT_TXPKTS,
	OPT_TXONLY_MULTI_FLOW,
	OPT_NO_FLUSH_RX,
	OPT_ENABLE_SCATTER,
	OPT_DISABLE_LINK_CHECK,
	OPT_TX_RETRY_MS,
	OPT_RUN_SECONDS,
	OPT_EXIT_WHEN_IDLE,
	OPT_STATS_PERIOD,
	OPT_REPORT,
	OPT_HELP,
};

static const struct option longopts[] = {
	{ "forward-mode", required_argument, NULL, OPT_FORWARD_MODE },
	{ "rx-mode", required_argument, NULL, OPT_RX_MODE },
	{ "page-kind", required_argument, NULL, OPT_PAGE_KIND },
	{ "nb-cores", required_argument, NULL, OPT_NB_CORES },
	{ "rxq", required_argument, NULL, OPT_RXQ },
	{ "txq", required_argument, NULL, OPT_TXQ },
	{ "rxd", required_argument, NULL, OPT_RXD },
	{ "txd", required_argument, NULL, OPT_TXD },
	{ "burst", required_argument, NULL, OPT_BURST },
	{ "mbuf-size", required_argument, NULL, OPT_MBUF_SIZE },
	{ "total-num-mbufs", required_argument, NULL, OPT_TOTAL_NUM_MBUFS },
	{ "mbcache", required_argument, NULL, OPT_MBCACHE },
	{ "max-pkt-len", required_argument, NULL, OPT_MAX_PKT_LEN },
	{ "port-topology", required_argument, NULL, OPT_PORT_TOPOLOGY },
	{ "portmask", required_argument, NULL, OPT_PORTMASK },
	{ "eth-peer", required_argument, NULL, OPT_ETH_PEER },
	{ "txpkts", required_argument, NULL, OPT_TXPKTS },
	{ "txonly-multi-flow", no_argument, NULL, OPT_TXONLY_MULTI_FLOW },
	{ "no-flush-rx", no_argument, NULL, OPT_NO_FLUSH_RX },
	{ "enable-scatter", no_argument, NULL, OPT_ENABLE_SCATTER },
	{ "disable-link-check", no_argument, NULL, OPT_DISABLE_LINK_CHECK },
	{ "tx-retry-ms", required_argument, NULL, OPT_TX_RETRY_MS },
	{ "run-seconds", required_argument, NULL, OPT_RUN_SECONDS },
	{ "exit-when-idle", required_argument, NULL, OPT_EXIT_WHEN_IDLE },
	{ "stats-period", required_argument, NULL, OPT_STATS_PERIOD },
	{ "report", required_argument, NULL, OPT_REPORT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

void
tpf_opts_usage(FILE *f)
{
	fputs("usage: testpmd_frag [EAL options] -- [options]\n"
	      "\n"
	      "  --forward-mode=io|mac|macswap|rxonly|txonly   (io)\n"
	      "  --rx-mode=frag|object    buffers: page fragments of ppool, or a stock mbuf pool "
	      "(frag,\n"
	      "                           unless a port's driver cannot)\n"
	      "  --page-kind=count|bitmap how fragments are accounted for (what ppool takes for "
	      "best)\n"
	      "  --nb-cores=N             lcores that forward (1)\n"
	      "  --rxq=N --txq=N          queues of each port (1)\n"
	      "  --rxd=N --txd=N          descriptors of each queue (the port's preference)\n"
	      "  --burst=N                packets in one burst (32)\n"
	      "  --mbuf-size=BYTES        data room, headroom included (2176)\n"
	      "  --total-num-mbufs=N      buffers of each pool (by rings and streams)\n"
	      "  --mbcache=N              mempool cache of each lcore (256)\n"
	      "  --max-pkt-len=BYTES      longest frame with CRC (1518)\n"
	      "  --port-topology=paired|chained|loop   (paired)\n"
	      "  --portmask=HEX           ports to use (all)\n"
	      "  --eth-peer=PORT,MAC      destination that mode mac writes\n"
	      "  --txpkts=LEN[,LEN...]    segments of a frame made by txonly (60)\n"
	      "  --txonly-multi-flow      vary its source address\n"
	      "  --no-flush-rx            do not empty the Rx queues before forwarding\n"
	      "  --enable-scatter         receive into several buffers even if one would do\n"
	      "  --disable-link-check     do not wait for the links\n"
	      "  --tx-retry-ms=MS         how long a packet waits for a Tx ring (1000)\n"
	      "  --run-seconds=N          stop after N seconds (0: at a signal)\n"
	      "  --exit-when-idle=MS      stop when no packet came for so long after the first\n"
	      "  --stats-period=SECONDS   print statistics now and then (0: never)\n"
	      "  --report=FILE            write the final report as JSON\n",
			f);
}

/* A whole number in @p base (0: as in C); no sign and no space, which strtoull() would take. */
static int
parse_u64(const char *text, int base, uint64_t low, uint64_t high, uint64_t *out)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, base);
	if (errno != 0 || end == text || *end != '\0' || !isxdigit((unsigned char)*text) ||
			v < low || v > high)
		return -EINVAL;
	*out = v;
	return 0;
}

/* Options that are a number: where it goes and what it may be. */
struct number {
	enum opt_id id;
	size_t offset, bytes;
	uint64_t low, high;
};
#define NUMBER(id, field, low, high)                                                               \
	{                                                                                          \
		id, offsetof(struct tpf_opts, field), sizeof(((struct tpf_opts *)0)->field), low,  \
				high                                                               \
	}

static const struct number numbers[] = {
	NUMBER(OPT_NB_CORES, nb_lcores, 1, RTE_MAX_LCORE - 1),
	NUMBER(OPT_RXQ, nb_rxq, 1, TPF_QUEUES_MAX),
	NUMBER(OPT_TXQ, nb_txq, 1, TPF_QUEUES_MAX),
	NUMBER(OPT_RXD, nb_rxd, 1, UINT16_MAX),
	NUMBER(OPT_TXD, nb_txd, 1, UINT16_MAX),
	NUMBER(OPT_BURST, burst_pkts, 1, TPF_BURST_MAX),
	NUMBER(OPT_MBUF_SIZE, mbuf_bytes, RTE_PKTMBUF_HEADROOM + 128, UINT16_MAX),
	NUMBER(OPT_TOTAL_NUM_MBUFS, nb_mbufs, 512, 1u << 24),
	NUMBER(OPT_MBCACHE, cache_mbufs, 0, RTE_MEMPOOL_CACHE_MAX_SIZE),
	NUMBER(OPT_MAX_PKT_LEN, frame_max, 64, TPF_FRAME_MAX),
	NUMBER(OPT_TX_RETRY_MS, tx_retry_ms, 0, 60000),
	NUMBER(OPT_RUN_SECONDS, run_seconds, 0, UINT32_MAX),
	NUMBER(OPT_EXIT_WHEN_IDLE, idle_ms, 1, 3600000),
	NUMBER(OPT_STATS_PERIOD, stats_period_s, 0, 86400),
};

/* 0, -EINVAL with @p err, or 1: the option is not a number. */
static int
number_set(struct tpf_opts *opts, int id, const char *name, const char *val, char err[TPF_ERR_MAX])
{
	for (unsigned int i = 0; i < RTE_DIM(numbers); i++) {
		const struct number *n = &numbers[i];
		uint64_t v;

		if (n->id != (enum opt_id)id)
			continue;
		if (parse_u64(val, 0, n->low, n->high, &v) != 0) {
			snprintf(err, TPF_ERR_MAX,
					"--%s=%s: give a number of %" PRIu64 " to %" PRIu64, name,
					val, n->low, n->high);
			return -EINVAL;
		}
		memcpy((char *)opts + n->offset, &v, n->bytes); /* little-endian hosts only */
		return 0;
	}
	return 1;
}

/* Index of @p val in the NULL-terminated @p words, or -1 with @p err. */
static int
word_find(const char *name, const char *val, const char *const *words, char err[TPF_ERR_MAX])
{
	size_t at;

	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], val) == 0)
			return i;
	at = (size_t)snprintf(err, TPF_ERR_MAX, "--%s=%s: choose one of", name, val);
	for (int i = 0; words[i] != NULL && at < TPF_ERR_MAX; i++)
		at += (size_t)snprintf(err + at, TPF_ERR_MAX - at, " %s", words[i]);
	return -1;
}

/* Hexadecimal with or without 0x, as testpmd reads it. */
static int
portmask_set(struct tpf_opts *opts, const char *val, char err[TPF_ERR_MAX])
{
	if (parse_u64(val, 16, 1, UINT64_MAX, &opts->port_mask) == 0)
		return 0;
	snprintf(err, TPF_ERR_MAX,
			"--portmask=%s: give a hexadecimal mask that is not 0, such as 0x3", val);
	return -EINVAL;
}

static int
eth_peer_set(struct tpf_opts *opts, const char *val, char err[TPF_ERR_MAX])
{
	char text[64], *mac;
	uint64_t port;
	bool is_whole = rte_strscpy(text, val, sizeof(text)) >= 0;

	mac = strchr(text, ',');
	if (mac != NULL)
		*mac++ = '\0';
	if (!is_whole || mac == NULL || parse_u64(text, 0, 0, TPF_PORTS_MAX - 1, &port) != 0 ||
			rte_ether_unformat_addr(mac, &opts->peer[port]) != 0) {
		snprintf(err, TPF_ERR_MAX,
				"--eth-peer=%s: give PORT,MAC such as 0,02:00:00:00:00:01", val);
		return -EINVAL;
	}
	opts->peer_is_set[port] = true;
	return 0;
}

static int
txpkts_set(struct tpf_opts *opts, const char *val, char err[TPF_ERR_MAX])
{
	char text[256], *rest = text, *t;
	uint64_t len;

	opts->nb_tx_segs = 0;
	if (rte_strscpy(text, val, sizeof(text)) < 0)
		rest = NULL;
	while ((t = strsep(&rest, ",")) != NULL) {
		if (opts->nb_tx_segs == TPF_TX_SEGS_MAX ||
				parse_u64(t, 0, 1, TPF_FRAME_MAX, &len) != 0) {
			opts->nb_tx_segs = 0;
			break;
		}
		opts->tx_seg_bytes[opts->nb_tx_segs++] = (uint16_t)len;
	}
	if (opts->nb_tx_segs == 0 || tpf_opts_tx_bytes(opts) < TPF_FRAME_MIN ||
			tpf_opts_tx_bytes(opts) > TPF_FRAME_MAX - TPF_CRC_LEN) {
		snprintf(err, TPF_ERR_MAX,
				"--txpkts=%s: give up to %d lengths, together %d to %d bytes", val,
				TPF_TX_SEGS_MAX, TPF_FRAME_MIN, TPF_FRAME_MAX - TPF_CRC_LEN);
		return -EINVAL;
	}
	return 0;
}

uint32_t
tpf_opts_tx_bytes(const struct tpf_opts *opts)
{
	uint32_t sum = 0;

	for (uint16_t i = 0; i < opts->nb_tx_segs; i++)
		sum += opts->tx_seg_bytes[i];
	return sum;
}

static int
engine_set(struct tpf_opts *opts, const char *val, char err[TPF_ERR_MAX])
{
	opts->engine = tpf_engine_find(val);
	if (opts->engine != NULL)
		return 0;
	snprintf(err, TPF_ERR_MAX, "--forward-mode=%s: choose one of io mac macswap rxonly txonly",
			val);
	return -EINVAL;
}

static int
other_set(struct tpf_opts *opts, int id, const char *name, const char *val, char err[TPF_ERR_MAX])
{
	static const char *const rx_modes[] = { "frag", "object", NULL };
	static const char *const page_kinds[] = { "count", "bitmap", NULL };
	static const char *const topologies[] = { "paired", "chained", "loop", NULL };
	int i;

	switch (id) {
	case OPT_FORWARD_MODE:
		return engine_set(opts, val, err);
	case OPT_RX_MODE:
		i = word_find(name, val, rx_modes, err);
		opts->rx_mode = (enum tpf_rx_mode)i;
		return i < 0 ? -EINVAL : 0;
	case OPT_PAGE_KIND:
		i = word_find(name, val, page_kinds, err);
		opts->page_kind = i == 0 ? PPOOL_KIND_COUNT : PPOOL_KIND_BITMAP;
		return i < 0 ? -EINVAL : 0;
	case OPT_PORT_TOPOLOGY:
		i = word_find(name, val, topologies, err);
		opts->topology = (enum tpf_topology)i;
		return i < 0 ? -EINVAL : 0;
	case OPT_PORTMASK:
		return portmask_set(opts, val, err);
	case OPT_ETH_PEER:
		return eth_peer_set(opts, val, err);
	case OPT_TXPKTS:
		return txpkts_set(opts, val, err);
	case OPT_TXONLY_MULTI_FLOW:
		opts->multi_flow = true;
		return 0;
	case OPT_NO_FLUSH_RX:
		opts->flush_rx = false;
		return 0;
	case OPT_ENABLE_SCATTER:
		opts->scatter = true;
		return 0;
	case OPT_DISABLE_LINK_CHECK:
		opts->link_check = false;
		return 0;
	case OPT_REPORT:
		opts->report_path = val;
		return 0;
	default:
		return 1; /* help */
	}
}

/* What getopt did not take. @p optopt_was  0: no such option */
static int
bad_option(int opt, int optopt_was, char *const *argv, char err[TPF_ERR_MAX])
{
	const char letter[] = { '-', (char)optopt_was, '\0' };
	/* Of letters in one word getopt passes the word with the last: "-x" is behind it, "-xyz"
	 * not yet. */
	bool is_letter = optopt_was != 0 && optopt_was < OPT_FORWARD_MODE;
	bool is_ahead = is_letter && strcmp(argv[optind - 1], letter) != 0;
	const char *what = opt == ':'                       ? "a value is missing"
	                   : optopt_was >= OPT_FORWARD_MODE ? "the option takes no value"
	                                                    : "unknown option";

	snprintf(err, TPF_ERR_MAX, "%s: %s; see --help", argv[is_ahead ? optind : optind - 1],
			what);
	return -EINVAL;
}

/* What only shows when all options are known. */
static int
combination_check(const struct tpf_opts *opts, char err[TPF_ERR_MAX])
{
	if (opts->engine->receives && opts->engine->transmits && opts->nb_txq < opts->nb_rxq) {
		snprintf(err, TPF_ERR_MAX, "--txq=%u: each of the %u Rx queues needs a Tx queue",
				opts->nb_txq, opts->nb_rxq);
		return -EINVAL;
	}
	for (uint16_t i = 0; i < opts->nb_tx_segs; i++) {
		if (opts->tx_seg_bytes[i] + RTE_PKTMBUF_HEADROOM <= opts->mbuf_bytes)
			continue;
		snprintf(err, TPF_ERR_MAX,
				"--txpkts: a segment of %u bytes needs --mbuf-size=%u or more",
				opts->tx_seg_bytes[i],
				opts->tx_seg_bytes[i] + RTE_PKTMBUF_HEADROOM);
		return -EINVAL;
	}
	if (opts->multi_flow && opts->tx_seg_bytes[0] < TX_HEADERS_BYTES) {
		snprintf(err, TPF_ERR_MAX,
				"--txonly-multi-flow: the first length of --txpkts must be %d or "
				"more, for the headers",
				TX_HEADERS_BYTES);
		return -EINVAL;
	}
	return 0;
}

int
tpf_opts_parse(struct tpf_opts *opts, int argc, char **argv, char err[TPF_ERR_MAX])
{
	int opt, index = 0, ret;

	*opts = (struct tpf_opts){
		.engine = &tpf_io_engine,
		.rx_mode = TPF_RX_AUTO,
		.nb_lcores = 1,
		.nb_rxq = 1,
		.nb_txq = 1,
		.burst_pkts = 32,
		.mbuf_bytes = 2048 + RTE_PKTMBUF_HEADROOM,
		.cache_mbufs = -1,
		.port_mask = UINT64_MAX,
		.tx_seg_bytes = { TPF_FRAME_MIN },
		.nb_tx_segs = 1,
		.flush_rx = true,
		.link_check = true,
		.tx_retry_ms = 1000,
	};
	for (uint16_t i = 0; i < TPF_PORTS_MAX; i++)
		opts->peer[i].addr_bytes[0] = 0x02, opts->peer[i].addr_bytes[5] = (uint8_t)i;
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", longopts, &index)) != -1) {
		if (opt == '?' || opt == ':')
			return bad_option(opt, optopt, argv, err);
		ret = optarg == NULL ? 1 : number_set(opts, opt, longopts[index].name, optarg, err);
		if (ret == 1)
			ret = other_set(opts, opt, longopts[index].name, optarg, err);
		if (ret != 0)
			return ret;
	}
	if (optind < argc) {
		snprintf(err, TPF_ERR_MAX, "\"%s\" is no option; see --help", argv[optind]);
		return -EINVAL;
	}
	return combination_check(opts, err);
}

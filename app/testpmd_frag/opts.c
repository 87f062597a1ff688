/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line behind "--": testpmd's names where testpmd has the option. Nothing is opened
 * here. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "tpf.h"

enum opt_id {
	OPT_FORWARD_MODE = 256,
	OPT_RX_MODE,
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

static int
parse_u64(const char *text, uint64_t low, uint64_t high, uint64_t *out)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' || v < low || v > high)
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
	NUMBER(OPT_PORTMASK, port_mask, 1, UINT64_MAX),
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
		if (parse_u64(val, n->low, n->high, &v) != 0) {
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

static int
eth_peer_set(struct tpf_opts *opts, const char *val, char err[TPF_ERR_MAX])
{
	char text[64], *mac;
	uint64_t port;

	rte_strscpy(text, val, sizeof(text));
	mac = strchr(text, ',');
	if (mac != NULL)
		*mac++ = '\0';
	if (mac == NULL || parse_u64(text, 0, TPF_PORTS_MAX - 1, &port) != 0 ||
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
	char text[256], *save = NULL;
	uint64_t len;

	rte_strscpy(text, val, sizeof(text));
	opts->nb_tx_segs = 0;
	for (char *t = strtok_r(text, ",", &save); t != NULL; t = strtok_r(NULL, ",", &save)) {
		if (opts->nb_tx_segs == TPF_TX_SEGS_MAX ||
				parse_u64(t, 1, TPF_FRAME_MAX, &len) != 0) {
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
	static const char *const topologies[] = { "paired", "chained", "loop", NULL };
	int i;

	switch (id) {
	case OPT_FORWARD_MODE:
		return engine_set(opts, val, err);
	case OPT_RX_MODE:
		i = word_find(name, val, rx_modes, err);
		opts->rx_mode = (enum tpf_rx_mode)i;
		return i < 0 ? -EINVAL : 0;
	case OPT_PORT_TOPOLOGY:
		i = word_find(name, val, topologies, err);
		opts->topology = (enum tpf_topology)i;
		return i < 0 ? -EINVAL : 0;
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
		if (opt == '?' || opt == ':') {
			snprintf(err, TPF_ERR_MAX, "%s: %s; see --help", argv[optind - 1],
					opt == '?' ? "unknown option" : "a value is missing");
			return -EINVAL;
		}
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
	if (opts->engine->receives && opts->engine->transmits && opts->nb_txq < opts->nb_rxq) {
		snprintf(err, TPF_ERR_MAX, "--txq=%u: each of the %u Rx queues needs a Tx queue",
				opts->nb_txq, opts->nb_rxq);
		return -EINVAL;
	}
	return 0;
}

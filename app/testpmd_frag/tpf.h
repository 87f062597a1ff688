/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * testpmd_frag: run-to-completion forwarding on ethdev ports, with testpmd's flag names.
 *
 * Life of a run (main.c): options -> EAL -> pools -> ports -> streams -> lcores poll -> stop,
 * drain, ports closed, pools audited, report. One stream = one Rx queue and the Tx queue that it
 * feeds; it belongs to one lcore from start to stop, and is that lcore's alone but for its
 * counters, which the main thread reads.
 *
 * Threads: the main lcore runs everything but the loop in fwd.c, which the worker lcores run.
 * Read next: main.c, stream.h (the hot path), fwd_io.c (the smallest engine).
 */
#ifndef TPF_H
#define TPF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mempool.h>

#include <ppool.h>

#define TPF_PORTS_MAX    RTE_MAX_ETHPORTS
#define TPF_QUEUES_MAX   64
#define TPF_BURST_MAX    512
#define TPF_TX_SEGS_MAX  16
#define TPF_FRAME_MAX    9728 /* with CRC: the largest --max-pkt-len */
#define TPF_FRAME_MIN    60   /* without CRC: the smallest frame that txonly makes */
#define TPF_SOCKETS_MAX  RTE_MAX_NUMA_NODES
#define TPF_ERR_MAX      256 /* bytes of an error text */
#define TPF_CRC_LEN      4
#define TPF_DEFAULT_DESC 1024

/* Exit status; the first that applies, from the top. */
enum tpf_exit {
	TPF_EXIT_OK = 0,
	TPF_EXIT_SETUP = 1,     /* bad option, no port, a port that does not start */
	TPF_EXIT_PORT_GONE = 5, /* a port was removed while running */
	TPF_EXIT_CONSERVE = 3,  /* in = out + named drops does not hold */
	TPF_EXIT_IN_FLIGHT = 4, /* a pool misses buffers after all ports were closed */
	TPF_EXIT_SHUTDOWN = 6,  /* shutdown did not end in time */
};

enum tpf_topology {
	TPF_PAIRED,  /* 0 <-> 1, 2 <-> 3; an odd last port answers itself */
	TPF_CHAINED, /* 0 -> 1 -> 2 -> 0 */
	TPF_LOOP,    /* out of the port it came in by */
};

enum tpf_rx_mode {
	TPF_RX_FRAG,   /* paired pools of lib/ppool: mbuf headers beside page fragments */
	TPF_RX_OBJECT, /* stock mbuf pools */
	TPF_RX_AUTO,   /* frag, unless a port's driver cannot */
};

enum tpf_rss {
	TPF_RSS_ALL, /* IP, TCP and UDP, as far as the port offers them */
	TPF_RSS_IP,
	TPF_RSS_NONE,
};

struct tpf_engine;

/* What the command line asked for; 0 means "chosen at start" where so marked. */
struct tpf_opts {
	const struct tpf_engine *engine;
	enum tpf_rx_mode rx_mode; /* AUTO is settled before the pools are made */
	enum ppool_kind page_kind;
	enum tpf_topology topology;
	enum tpf_rss rss;
	uint16_t nb_lcores;
	uint16_t nb_rxq, nb_txq;
	uint16_t nb_rxd, nb_txd; /* 0: the port's own preference */
	uint16_t burst_pkts;
	uint16_t mbuf_bytes; /* data room, headroom included */
	uint32_t nb_mbufs;   /* per pool; 0: by rings and streams */
	int32_t cache_mbufs; /* per lcore; -1: by the kind of pool */
	uint16_t frame_max;  /* --max-pkt-len, CRC included; 0: the standard MTU of 1500 */
	uint64_t port_mask;
	bool peer_is_set[TPF_PORTS_MAX];
	struct rte_ether_addr peer[TPF_PORTS_MAX];
	uint16_t tx_seg_bytes[TPF_TX_SEGS_MAX]; /* of a frame made by txonly, CRC excluded */
	uint16_t nb_tx_segs;
	bool multi_flow;
	bool flush_rx;
	bool scatter; /* asked for even if frames fit one buffer */
	bool link_check;
	uint32_t tx_retry_ms;
	uint32_t run_seconds; /* 0: until a signal */
	uint32_t idle_ms;     /* 0: never */
	uint32_t stats_period_s;
	const char *report_path; /* NULL: none */
};

/* Counters of one stream: written by its lcore only, read by the main thread at any time. */
struct tpf_counters {
	_Atomic uint64_t rx_pkts;      /* received, or made by txonly */
	_Atomic uint64_t tx_pkts;      /* accepted by the port */
	_Atomic uint64_t sunk_pkts;    /* rxonly: received and freed, as asked */
	_Atomic uint64_t full_pkts;    /* dropped: Tx ring full for longer than --tx-retry-ms */
	_Atomic uint64_t aborted_pkts; /* dropped: shutdown was hurried or the port was gone */
	_Atomic uint64_t drained_pkts; /* dropped: still in the Rx queue when forwarding stopped */
	_Atomic uint64_t flushed_pkts; /* dropped: in the Rx queue before forwarding, --flush-rx */
	_Atomic uint64_t waits;        /* bursts that found the Tx ring full */
	_Atomic uint64_t no_mbuf;      /* txonly: bursts not made for want of buffers */
	_Atomic uint64_t bursts;       /* bursts that carried packets */
	_Atomic uint64_t busy_cycles;  /* TSC cycles of those */
	_Atomic uint64_t first_tsc;    /* start of the first of those; 0: none yet */
	_Atomic uint64_t last_tsc;     /* end of the last of those */
};

typedef void (*tpf_free_bulk_t)(struct rte_mbuf **pkts, unsigned int nb_pkts);

/*
 * Three owners, three sets of cache lines: what is fixed at start, what the lcore keeps while it
 * polls, and the counters. pkts[pend_first .. pend_first + nb_pend) wait for room in the Tx ring;
 * while they do, the stream receives nothing (the Rx ring is the buffer, the wire sees the
 * backpressure) and the other streams of the lcore go on.
 */
struct tpf_stream {
	bool has_rx, has_tx;
	uint16_t rx_port, rx_queue;
	uint16_t tx_port, tx_queue;
	uint16_t burst_pkts;
	tpf_free_bulk_t free_bulk;
	uint64_t retry_cycles;
	struct rte_ether_addr src_mac, dst_mac; /* what engine mac writes */
	struct rte_mempool *mp;                 /* where txonly takes buffers from */
	void *engine_data;                      /* the engine's own, made by its init */

	uint16_t pend_first __rte_aligned(128);
	uint16_t nb_pend;
	uint64_t pend_until_tsc;
	struct rte_mbuf *pkts[TPF_BURST_MAX];

	struct tpf_counters count __rte_aligned(128);
} __rte_aligned(128);

/* A forwarding mode. One file each, fwd_<mode>.c; the table is in fwd.c. */
struct tpf_engine {
	const char *name;
	bool receives, transmits;
	int (*init)(struct tpf_stream *fs, const struct tpf_opts *opts); /* 0 or -errno */
	uint16_t (*burst)(struct tpf_stream *fs); /* packets received or made */
	void (*fini)(struct tpf_stream *fs);
};

extern const struct tpf_engine tpf_io_engine, tpf_mac_engine, tpf_macswap_engine, tpf_rxonly_engine,
		tpf_txonly_engine;

/* The NULL-terminated table. */
extern const struct tpf_engine *const tpf_engines[];

const struct tpf_engine *tpf_engine_find(const char *name);

/* One reading of a port's counters. */
struct tpf_port_count {
	bool is_valid; /* the port could be asked */
	struct rte_eth_stats eth;
};

struct tpf_xstat {
	char name[RTE_ETH_XSTATS_NAME_SIZE];
	uint64_t value;
};

struct tpf_port {
	uint16_t id;
	char name[RTE_ETH_NAME_MAX_LEN];
	const char *driver;
	struct rte_ether_addr mac;
	int socket_id; /* >= 0 */
	uint16_t nb_rxd, nb_txd;
	uint16_t mtu_bytes;
	bool scatter;
	bool is_configured, is_started;
	atomic_bool is_gone; /* set by the event callback, in EAL's interrupt thread */
	struct tpf_port_count base, last;
	struct tpf_xstat *xstats; /* non-zero ones, read after the stop */
	uint32_t nb_xstats;
};

struct tpf_pool {
	struct rte_mempool *mp;
	int socket_id;
	uint32_t nb_mbufs;
	uint32_t in_use_at_stop;  /* buffers in rings, caches excluded */
	uint32_t in_flight;       /* after all ports were closed: 0 or a leak */
	uint32_t violations;      /* what ppool_audit() found */
	bool is_ppool;            /* has the statistics below */
	struct ppool_stats stats; /* as of the audit */
};

struct tpf_memory {
	uint64_t held_bytes;   /* by EAL, in pages of page_bytes */
	uint64_t page_bytes;   /* the largest page in use */
	uint64_t heap_bytes;   /* handed out by EAL's heap */
	uint64_t extern_bytes; /* registered from outside EAL */
};

struct tpf_lcore {
	uint32_t lcore_id;
	uint16_t nb_streams;
	struct tpf_stream **streams; /* into tpf_app.streams */
	uint16_t (*burst)(struct tpf_stream *fs);
};

struct tpf_app {
	struct tpf_opts opts;
	struct tpf_port ports[TPF_PORTS_MAX];
	uint16_t nb_ports;
	struct tpf_pool pools[TPF_SOCKETS_MAX];
	uint16_t nb_pools;
	struct tpf_stream **streams;
	uint16_t nb_streams;
	struct tpf_lcore *lcores;
	uint16_t nb_lcores;
	struct tpf_memory memory;
	const char *stop_reason;
	int exit_status;
};

/* opts.c */

/**
 * Parse what follows "--" on the command line.
 *
 * @param err  on failure: one line that names the option and what would be right
 * @return 0, 1 if help was asked for, or -EINVAL
 */
int tpf_opts_parse(struct tpf_opts *opts, int argc, char **argv, char err[TPF_ERR_MAX]);
void tpf_opts_usage(FILE *f);
/* Bytes of a frame made by txonly, CRC excluded. */
uint32_t tpf_opts_tx_bytes(const struct tpf_opts *opts);

/* plugin.c */

/* Load the project's own bus and driver, unless argv has a -d; a broken plugin is an error text. */
int tpf_plugins_load(int argc, char **argv, char err[TPF_ERR_MAX]);

/* pool.c */
int tpf_pools_create(struct tpf_app *app);
struct rte_mempool *tpf_pool_find(const struct tpf_app *app, int socket_id);
tpf_free_bulk_t tpf_pool_free_bulk(const struct tpf_app *app);
void tpf_pools_read(struct tpf_app *app);
/* Count and list what did not come back. @return number of missing buffers */
uint32_t tpf_pools_audit(struct tpf_app *app);
void tpf_pools_destroy(struct tpf_app *app);

/* port.c */
int tpf_ports_find(struct tpf_app *app);
int tpf_ports_start(struct tpf_app *app);
void tpf_ports_wait_link(struct tpf_app *app);
/* True if a port was removed since the start. */
bool tpf_ports_are_gone(struct tpf_app *app);
/* Wait until the device has sent what it accepted, for a bounded time. */
void tpf_ports_drain_tx(struct tpf_app *app);
void tpf_ports_stop(struct tpf_app *app);
void tpf_ports_close(struct tpf_app *app);
struct tpf_port *tpf_port_get(struct tpf_app *app, uint16_t port_id);

/* stream.c */

/* One row of the stream map: positions in the list of ports, not port ids. */
struct tpf_route {
	uint16_t rx_pos, tx_pos, queue;
};

/* The port that @p pos of @p nb_ports feeds. */
uint16_t tpf_topology_peer(enum tpf_topology topology, uint16_t pos, uint16_t nb_ports);
/* Fill @p routes (nb_ports * nb_queues rows), queue by queue, and in each all ports. */
void tpf_routes_make(enum tpf_topology topology, uint16_t nb_ports, uint16_t nb_queues,
		struct tpf_route *routes);
/* First stream and number of streams of lcore @p i of @p nb_lcores: shares as even as can be. */
void tpf_share_get(
		uint16_t nb_streams, uint16_t nb_lcores, uint16_t i, uint16_t *first, uint16_t *nb);
int tpf_streams_create(struct tpf_app *app);
void tpf_streams_destroy(struct tpf_app *app);
/* Read and free what is in the Rx queues, into the counter that `flush` or not names. */
void tpf_streams_drain_rx(struct tpf_app *app, bool flush);

/* fwd.c */
void tpf_stop_request(void);
void tpf_abort_request(void); /* also gives up packets that wait for a Tx ring */
bool tpf_stop_is_requested(void);
bool tpf_abort_is_requested(void);
int tpf_lcore_run(void *lcore);

/* signal.c */
void tpf_signals_init(void);
int tpf_signals_get(void); /* how many came */
/* End the process with TPF_EXIT_SHUTDOWN if it is still there in @p seconds. */
void tpf_watchdog_start(unsigned int seconds);
void tpf_watchdog_stop(void);

/* control.c */

/* The main thread's loop while the lcores forward: ends with a reason in app->stop_reason. */
void tpf_control_run(struct tpf_app *app);

#endif

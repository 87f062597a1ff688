/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Contents end to end, for dp_contents.sh: random frames leave port 0, cross the wire to port 1,
 * are forwarded there as they came and cross back to port 0, where every byte is compared. Sizes 60
 * to 9,000, log-uniform; sent in 1 to 8 pieces of random lengths; headers of VLANs, IPv4, IPv6,
 * TCP, UDP, VXLAN and none; the rest random: a stretch of a table of random bytes, each 8 of it
 * combined with a key of the frame's own.
 *
 *   contents EAL-ARGUMENTS -- FRAMES SEED
 *
 * A frame is a function of seed and number, so the receiving side makes it again and needs no
 * store; one queue, so frames come back in order and a lost one shows as a wrong one. One thread.
 * Prints "RESULT" lines; exit 0: all are right.
 */
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEN_MIN     60u
#define LEN_MAX     9000u
#define SEGS_MAX    8u /* that the driver takes without TSO */
#define BURST       32u
#define NB_DESC     4096u
/* Frames on their way: fewer than a ring has room for, in pieces of a buffer. */
#define WINDOW      (NB_DESC / 8)
#define TABLE_WORDS (1u << 16)
#define STALL_SECS  20u
#define BUF_BYTES   2048u

struct rng {
	uint64_t s;
};

/* splitmix64 */
static uint64_t
rng_next(struct rng *r)
{
	uint64_t z = r->s += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Headers a frame may begin with behind its addresses; what is 0x5a is made random. */
static const struct {
	uint32_t len;
	uint8_t bytes[64];
} heads[] = {
	{ 0, { 0 } },
	{ 2, { 0x08, 0x06 } },
	{ 6, { 0x81, 0x00, 0x5a, 0x5a, 0x08, 0x00 } },
	{ 10, { 0x81, 0x00, 0x5a, 0x5a, 0x81, 0x00, 0x5a, 0x5a, 0x86, 0xdd } },
	{ 22, { 0x08, 0x00, 0x45, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x00, 0x00, 0x40, 0x06, 0x5a, 0x5a,
			      10, 0, 0, 0x5a, 10, 0, 1, 0x5a } },
	{ 22, { 0x08, 0x00, 0x45, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x00, 0x00, 0x40, 0x11, 0x5a, 0x5a,
			      10, 0, 0, 0x5a, 10, 0, 1, 0x5a } },
	{ 22, { 0x08, 0x00, 0x4f, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x20, 0x5a, 0x40, 0x84, 0x5a, 0x5a,
			      10, 0, 0, 0x5a, 10, 0, 1, 0x5a } },
	{ 10, { 0x86, 0xdd, 0x60, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x06, 0x40 } },
	{ 10, { 0x86, 0xdd, 0x60, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x00, 0x40 } },
	{ 44, { 0x08, 0x00, 0x45, 0, 0x5a, 0x5a, 0, 0, 0, 0, 0x40, 0x11, 0x5a, 0x5a, 10, 0, 0, 1,
			      10, 0, 0, 2, 0x5a, 0x5a, 0x12, 0xb5, 0x5a, 0x5a, 0, 0, 0x08, 0, 0, 0,
			      0x5a, 0x5a, 0x5a, 0, 2, 0, 0, 0, 0, 1 } },
};

static uint64_t table[TABLE_WORDS + LEN_MAX / 8 + 1];
static uint8_t scratch[LEN_MAX + 8];

static void
table_make(uint64_t seed)
{
	struct rng r = { seed };

	for (size_t i = 0; i < RTE_DIM(table); i++)
		table[i] = rng_next(&r);
}

/* Frame @p nb into scratch; its length. */
static uint32_t
frame_make(uint64_t seed, uint64_t nb)
{
	static const uint8_t addrs[12] = { 0x02, 0xbb, 0, 0, 0, 1, 0x02, 0xaa, 0, 0, 0, 1 };
	struct rng r = { seed ^ nb * 0xd1342543de82ef95u };
	uint64_t pick = rng_next(&r), key = rng_next(&r);
	const uint64_t *from = table + rng_next(&r) % TABLE_WORDS;
	uint32_t octave = (uint32_t)(pick % 8), low = LEN_MIN << octave, high, len;
	unsigned int head = (unsigned int)(pick >> 8) % RTE_DIM(heads);

	high = low * 2 < LEN_MAX ? low * 2 : LEN_MAX;
	len = low + (uint32_t)((pick >> 16) % (high - low + 1));
	for (uint32_t at = 0; at < len; at += 8) {
		uint64_t v = *from++ ^ key;

		memcpy(scratch + at, &v, 8);
	}
	memcpy(scratch, addrs, sizeof(addrs));
	for (uint32_t i = 0; i < heads[head].len; i++) {
		if (heads[head].bytes[i] != 0x5a)
			scratch[12 + i] = heads[head].bytes[i];
	}
	return len;
}

/* Frame @p nb in one or several mbufs; NULL: none are free. */
static struct rte_mbuf *
frame_to_mbufs(struct rte_mempool *pool, uint64_t seed, uint64_t nb)
{
	uint32_t len = frame_make(seed, nb), at = 0;
	struct rng r = { seed + nb };
	struct rte_mbuf *first = NULL, *m;
	unsigned int pieces = 1 + (unsigned int)(rng_next(&r) % SEGS_MAX), left;

	if (rng_next(&r) % 2)
		pieces = 1; /* half of all in as few as possible */
	if (pieces < (len + BUF_BYTES - 1) / BUF_BYTES)
		pieces = (len + BUF_BYTES - 1) / BUF_BYTES;
	for (left = pieces; left > 0; left--) {
		uint32_t rest = len - at, need = (left - 1) * BUF_BYTES;
		uint32_t least = rest > need ? rest - need : 1, most = rest - (left - 1), part;

		if (most > BUF_BYTES)
			most = BUF_BYTES;
		part = left == 1 ? rest : least + (uint32_t)(rng_next(&r) % (most - least + 1));
		m = rte_pktmbuf_alloc(pool);
		if (!m)
			goto fail;
		memcpy(rte_pktmbuf_append(m, (uint16_t)part), scratch + at, part);
		at += part;
		if (!first) {
			first = m;
		} else if (rte_pktmbuf_chain(first, m)) {
			rte_pktmbuf_free(m);
			goto fail;
		}
	}
	return first;
fail:
	rte_pktmbuf_free(first);
	return NULL;
}

/* Whether @p m is frame @p nb. */
static bool
frame_is_right(const struct rte_mbuf *m, uint64_t seed, uint64_t nb)
{
	uint32_t len = frame_make(seed, nb), at = 0;

	if (m->pkt_len != len)
		return false;
	for (; m; at += m->data_len, m = m->next) {
		if (at + m->data_len > len ||
				memcmp(rte_pktmbuf_mtod(m, void *), scratch + at, m->data_len) != 0)
			return false;
	}
	return at == len;
}

static int
port_start(uint16_t port, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = {
		.rxmode = { .mtu = 9500, .offloads = RTE_ETH_RX_OFFLOAD_SCATTER },
		.txmode = { .offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS },
	};
	int ret = rte_eth_dev_configure(port, 1, 1, &conf);

	ret = ret ? ret : rte_eth_rx_queue_setup(port, 0, NB_DESC, SOCKET_ID_ANY, NULL, pool);
	ret = ret ? ret : rte_eth_tx_queue_setup(port, 0, NB_DESC, SOCKET_ID_ANY, NULL);
	ret = ret ? ret : rte_eth_dev_start(port);
	ret = ret ? ret : rte_eth_promiscuous_enable(port);
	if (ret)
		fprintf(stderr, "contents: port %u does not start: %s\n", port, strerror(-ret));
	return ret;
}

struct run {
	struct rte_mempool *pool;
	uint64_t seed, nb_frames, sent, back, bad, bytes, segs;
};

/* Everything that comes to @p port is sent from there again. */
static unsigned int
forward(uint16_t port)
{
	struct rte_mbuf *burst[BURST];
	unsigned int nb = rte_eth_rx_burst(port, 0, burst, BURST), done = 0;

	while (done < nb) /* WINDOW frames have room in the ring */
		done += rte_eth_tx_burst(port, 0, burst + done, (uint16_t)(nb - done));
	return nb;
}

static unsigned int
frames_send(struct run *r)
{
	struct rte_mbuf *burst[BURST];
	unsigned int nb = 0, done = 0;

	while (nb < BURST && r->sent + nb < r->nb_frames && r->sent + nb - r->back < WINDOW) {
		burst[nb] = frame_to_mbufs(r->pool, r->seed, r->sent + nb);
		if (!burst[nb])
			break;
		r->segs += burst[nb]->nb_segs;
		nb++;
	}
	while (done < nb)
		done += rte_eth_tx_burst(0, 0, burst + done, (uint16_t)(nb - done));
	r->sent += nb;
	return nb;
}

static unsigned int
frames_check(struct run *r)
{
	struct rte_mbuf *burst[BURST];
	unsigned int nb = rte_eth_rx_burst(0, 0, burst, BURST);

	for (unsigned int i = 0; i < nb; i++) {
		r->bytes += burst[i]->pkt_len;
		if (!frame_is_right(burst[i], r->seed, r->back + i) && r->bad++ < 5)
			printf("frame %lu is wrong, %u bytes\n", r->back + i, burst[i]->pkt_len);
		rte_pktmbuf_free(burst[i]);
	}
	r->back += nb;
	return nb;
}

/* Until all are back or nothing moves any more. */
static void
run(struct run *r)
{
	uint64_t patience = STALL_SECS * rte_get_timer_hz(), last = rte_get_timer_cycles();

	while (r->back < r->nb_frames) {
		unsigned int moved = frames_send(r) + forward(1) + frames_check(r);

		if (moved)
			last = rte_get_timer_cycles();
		else if (rte_get_timer_cycles() - last > patience)
			break;
		else
			sched_yield(); /* to the emulated NIC, if it shares this core */
	}
}

int
main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	struct run r = { 0 };
	uint64_t begin;

	if (used < 0 || argc - used != 3 || rte_eth_dev_count_avail() != 2) {
		fprintf(stderr, "contents EAL-ARGUMENTS -- FRAMES SEED, with two ports\n");
		return EXIT_FAILURE;
	}
	r.nb_frames = strtoull(argv[used + 1], NULL, 10);
	r.seed = strtoull(argv[used + 2], NULL, 10);
	table_make(r.seed);
	r.pool = rte_pktmbuf_pool_create(
			"contents", 24575, 256, 0, RTE_PKTMBUF_HEADROOM + BUF_BYTES, SOCKET_ID_ANY);
	if (!r.pool || port_start(0, r.pool) || port_start(1, r.pool))
		return EXIT_FAILURE;
	begin = rte_get_timer_cycles();
	run(&r);
	printf("%lu of %lu frames came back, %lu of them wrong; %lu bytes, %lu pieces sent, %.1f "
	       "s\n",
			r.back, r.nb_frames, r.bad, r.bytes, r.segs,
			(double)(rte_get_timer_cycles() - begin) / (double)rte_get_timer_hz());
	for (uint16_t port = 0; port < 2; port++) {
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
	rte_eal_cleanup();
	return r.bad == 0 && r.back == r.nb_frames ? EXIT_SUCCESS : EXIT_FAILURE;
}

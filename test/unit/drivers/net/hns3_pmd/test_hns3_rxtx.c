/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rx BD decode and Tx BD build against bytes typed by hand from the tables [2:1.10] and [2:2.9].
 * The rings are plain arrays, the doorbells plain words, the mbufs static: nothing is allocated.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hns3_rxtx.h"

#define NB 64

struct rx_case {
	uint32_t dw2, dw3, dw6, dw7;
	uint32_t ptype;
	uint64_t ol_flags;
	uint32_t pkt_len;
};

/* The mbuf of BD 0; the others are never looked at. The ring is not refilled: 1 bare BD < 32. */
static struct rte_mbuf *
rx_one(struct hns3_rxq *q, const struct rx_case *c, uint16_t *nb)
{
	static uint32_t ring[NB][8];
	static struct rte_mbuf bufs[NB], *sw[NB], model;
	static uint32_t doorbell;
	struct rte_mbuf *pkts[4] = { NULL };

	memset(ring, 0, sizeof(ring));
	memset(q, 0, sizeof(*q));
	for (unsigned int i = 0; i < NB; i++)
		sw[i] = &bufs[i];
	ring[0][2] = c->dw2;
	ring[0][3] = c->dw3;
	ring[0][4] = 0x51ccc178;
	ring[0][6] = c->dw6;
	ring[0][7] = c->dw7;
	model.data_off = 128;
	model.nb_segs = 1;
	model.port = 3;
	rte_mbuf_refcnt_set(&model, 1);
	memcpy(&q->rearm_data, &model.rearm_data, 8);
	q->ring = (struct hns3_rx_bd *)ring;
	q->sw = sw;
	q->db_reg = (uint8_t *)&doorbell;
	q->nb_desc = NB;
	q->buf_bytes = 2048;
	q->hash_flag = RTE_MBUF_F_RX_RSS_HASH;
	*nb = hns3_rx_burst_simple(q, pkts, 4);
	return pkts[0];
}

static void
test_rx_golden(void **state)
{
	static const struct rx_case cases[] = {
		/* IPv4/TCP 1514 bytes, all checksums good */
		{ 0x00000100, 0x05ea05ea, 0, 0x00000910, 0x00000111, 0x182, 1514 },
		/* ARP broadcast, 60 bytes, not checked: no hash either */
		{ 0x00000f22, 0x003c003c, 0, 0x00000110, 0x00000003, 0, 60 },
		/* bad TCP checksum: delivered */
		{ 0x00040100, 0x05ea05ea, 0, 0x00000910, 0x00000111, 0x8a, 1514 },
		/* VXLAN, outer IPv4, inner IPv4/TCP */
		{ 0x00000100, 0x05ea05ea, 0x00000100, 0x00000910, 0x01116211, 0x182, 1514 },
	};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(cases); i++) {
		struct hns3_rxq q;
		uint16_t nb;
		struct rte_mbuf *m = rx_one(&q, &cases[i], &nb);

		assert_int_equal(nb, 1);
		assert_int_equal(m->pkt_len, cases[i].pkt_len);
		assert_int_equal(m->data_len, cases[i].pkt_len);
		assert_int_equal(m->data_off, 128);
		assert_int_equal(m->port, 3);
		assert_int_equal(m->hash.rss, 0x51ccc178);
		assert_int_equal(m->packet_type, cases[i].ptype);
		assert_int_equal(m->ol_flags, cases[i].ol_flags);
		assert_int_equal(q.next, 1);
		assert_int_equal(q.nb_bare, 1);
		assert_int_equal(q.count[HNS3_RX_PKTS], 1);
		assert_int_equal(q.count[HNS3_RX_BYTES], cases[i].pkt_len);
	}
}

static void
test_rx_not_valid(void **state)
{
	const struct rx_case c = { .dw3 = 0x05ea05ea, .dw7 = 0x00000900 };
	struct hns3_rxq q;
	uint16_t nb;

	(void)state;
	assert_null(rx_one(&q, &c, &nb));
	assert_int_equal(nb, 0);
	assert_int_equal(q.nb_bare, 0);
}

/* 3000 bytes in 2048-byte buffers: BD 0, then BD 1 in a later burst [2:1.10]. */
static void
test_rx_scattered(void **state)
{
	static uint32_t ring[NB][8] = { { 0, 0, 0, 0x08000000, 0, 0, 0, 0x10 } };
	static struct rte_mbuf bufs[NB], *sw[NB], model;
	struct rte_mbuf *pkts[4] = { NULL };
	struct hns3_rxq q = {
		.ring = (struct hns3_rx_bd *)ring, .sw = sw, .nb_desc = NB, .buf_bytes = 2048
	};

	(void)state;
	for (unsigned int i = 0; i < NB; i++)
		sw[i] = &bufs[i];
	model.nb_segs = 1;
	memcpy(&q.rearm_data, &model.rearm_data, 8);
	assert_int_equal(hns3_rx_burst_scattered(&q, pkts, 4), 0);
	assert_int_equal(q.nb_bare, 1);
	ring[1][2] = 0x00000100;
	ring[1][3] = 0x03b80bb8;
	ring[1][7] = 0x00000910;
	assert_int_equal(hns3_rx_burst_scattered(&q, pkts, 4), 1);
	assert_ptr_equal(pkts[0], &bufs[0]);
	assert_ptr_equal(bufs[0].next, &bufs[1]);
	assert_int_equal(bufs[0].nb_segs, 2);
	assert_int_equal(bufs[0].pkt_len, 3000);
	assert_int_equal(bufs[0].data_len, 2048);
	assert_int_equal(bufs[1].data_len, 952);
	assert_null(bufs[1].next);
}

static void
tx_setup(struct hns3_txq *q, uint32_t ring[NB][8], struct rte_mbuf **sw, uint32_t *doorbell)
{
	memset(ring, 0xff, sizeof(uint32_t[NB][8])); /* stale words must not survive */
	memset(q, 0, sizeof(*q));
	q->ring = (struct hns3_tx_bd *)ring;
	q->sw = sw;
	q->db_reg = (uint8_t *)doorbell;
	q->nb_desc = NB;
	q->nb_free = NB - 1;
}

/* 60 bytes, no offload: first row of [2:2.9]; all eight words. */
static void
test_tx_golden(void **state)
{
	static const uint32_t want[8] = { 0x89abc080, 0x12345, 0x003c0000, 0, 0, 0, 0, 0x00000110 };
	static uint32_t ring[NB][8];
	static struct rte_mbuf *sw[NB], m;
	struct rte_mbuf *pkts[1] = { &m };
	uint32_t doorbell = 0;
	struct hns3_txq q;

	(void)state;
	m.buf_iova = 0x1234589abc000;
	m.data_off = 128;
	m.data_len = 60;
	m.pkt_len = 60;
	m.nb_segs = 1;
	tx_setup(&q, ring, sw, &doorbell);
	assert_int_equal(hns3_tx_burst_simple(&q, pkts, 1), 1);
	assert_memory_equal(ring[0], want, sizeof(want));
	assert_int_equal(doorbell, 1);
	assert_int_equal(q.nb_free, NB - 2);
	tx_setup(&q, ring, sw, &doorbell);
	assert_int_equal(hns3_tx_burst_general(&q, pkts, 1), 1);
	assert_memory_equal(ring[0], want, sizeof(want));
}

/* Offsets count from the next BD; VALID is 0x10, in word 7 of both rings. */
static void
test_desc_status(void **state)
{
	static uint32_t rx[NB][8] = { [2][7] = 0x10, [3][7] = 0x910 },
			tx[NB][8] = { [NB - 1][7] = 0x110 };
	struct hns3_rxq rxq = {
		.ring = (struct hns3_rx_bd *)rx, .nb_desc = NB, .next = 2, .nb_bare = 3
	};
	struct hns3_txq txq = { .ring = (struct hns3_tx_bd *)tx, .nb_desc = NB, .next_use = 0 };

	(void)state;
	assert_int_equal(hns3_rx_desc_status(&rxq, 0), 1); /* RTE_ETH_RX_DESC_DONE */
	assert_int_equal(hns3_rx_desc_status(&rxq, 1), 1);
	assert_int_equal(hns3_rx_desc_status(&rxq, 2), 0);
	assert_int_equal(hns3_rx_desc_status(&rxq, NB - 4), 0);
	assert_int_equal(hns3_rx_desc_status(&rxq, NB - 3), 2); /* bare */
	assert_int_equal(hns3_rx_desc_status(&rxq, NB), -EINVAL);
	assert_int_equal(hns3_rx_queue_count(&rxq), 2);
	assert_int_equal(hns3_tx_desc_status(&txq, NB - 1), 0); /* RTE_ETH_TX_DESC_FULL */
	assert_int_equal(hns3_tx_desc_status(&txq, 0), 1);
	assert_int_equal(hns3_tx_desc_status(&txq, NB), -EINVAL);
}

/* Two segments: VALID on both, frame end on the last; one doorbell counts BDs. */
static void
test_tx_segments(void **state)
{
	static uint32_t ring[NB][8];
	static struct rte_mbuf *sw[NB], m[2];
	struct rte_mbuf *pkts[1] = { &m[0] };
	uint32_t doorbell = 0;
	struct hns3_txq q;

	(void)state;
	m[0].data_len = 54;
	m[0].pkt_len = 1054;
	m[0].nb_segs = 2;
	m[0].next = &m[1];
	m[1].data_len = 1000;
	tx_setup(&q, ring, sw, &doorbell);
	assert_int_equal(hns3_tx_burst_general(&q, pkts, 1), 1);
	assert_int_equal(ring[0][2], 0x00360000);
	assert_int_equal(ring[0][7], 0x00000100);
	assert_int_equal(ring[1][2], 0x03e80000);
	assert_int_equal(ring[1][7], 0x00000110);
	assert_int_equal(ring[2][7], 0xffffffff);
	assert_int_equal(doorbell, 2);
	assert_ptr_equal(sw[1], &m[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rx_golden),
		cmocka_unit_test(test_rx_not_valid),
		cmocka_unit_test(test_rx_scattered),
		cmocka_unit_test(test_tx_golden),
		cmocka_unit_test(test_tx_segments),
		cmocka_unit_test(test_desc_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Scheduler [3:6.8], pause [3:1.15] and packet buffer [3:3.5] for the one traffic class this driver
 * uses: everything in class 0, priority 0, group 0, queue set 0. Control path only.
 */
#include <errno.h>

#include <rte_common.h>

#include "hns3_fw.h"
#include "hns3_log.h"

#define HNS3_TM_MAX_RATE_MBPS 100000
#define HNS3_TM_WEIGHT        100
#define HNS3_BUF_UPDATE       0x8000 /* bit 15 of every size word */
#define HNS3_BUF_NB_TCS       8

/* Shaper word of @p rate_mbps [3:6.4]: 126 is the largest mantissa the search starts from. */
uint32_t
hns3_tm_shaper(uint32_t rate_mbps, uint32_t tick)
{
	const uint64_t top = UINT64_C(126) * 8000;
	uint64_t base = (top + tick / 2 - 1) / tick, ir_b = 126;
	uint32_t ir_u = 0, ir_s = 0;

	if (base > rate_mbps) {
		while (base >= rate_mbps && base != 0)
			base = top / ((uint64_t)tick << ++ir_s);
		ir_b = (((uint64_t)rate_mbps * tick << ir_s) + 4000) / 8000;
	} else if (base < rate_mbps) {
		while (base < rate_mbps)
			base = ((top << ++ir_u) + tick / 2) / tick;
		if (base != rate_mbps) {
			ir_u--;
			ir_b = ((uint64_t)rate_mbps * tick + (UINT64_C(8000) << ir_u) / 2) /
			       (UINT64_C(8000) << ir_u);
		}
	}
	return UINT32_C(0x02850000) | ir_s << 12 | ir_u << 8 | (uint32_t)ir_b;
}

static int
send_bytes(struct hns3_cmdq *q, uint16_t opcode, const uint8_t *bytes, size_t nb)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, opcode, false);
	memcpy(d.data, bytes, nb);
	return hns3_cmdq_send(q, &d, 1);
}

/* Shaper of group or priority 0: parameters, then the rate itself. */
static int
shaper_set(struct hns3_cmdq *q, uint16_t opcode, uint32_t para, uint32_t rate_mbps)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, opcode, false);
	hns3_cmd_put32(&d, 4, para);
	d.data[8] = 1;
	hns3_cmd_put32(&d, 12, rate_mbps);
	return hns3_cmdq_send(q, &d, 1);
}

static int
port_shaper_set(struct hns3_cmdq *q, uint32_t rate_mbps)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_TM_PORT_SHAPER, false);
	hns3_cmd_put32(&d, 0, hns3_tm_shaper(rate_mbps, HNS3_TM_TICK_PORT));
	d.data[4] = 1;
	hns3_cmd_put32(&d, 8, rate_mbps);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:6.2] queue to queue set 0, valid bit 10. */
int
hns3_tm_queue_link(struct hns3_cmdq *q, uint16_t queue)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_TM_NQ_TO_QS, false);
	hns3_cmd_put16(&d, 0, queue);
	hns3_cmd_put16(&d, 4, 0x0400);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:1.15] both address fields, default gap and time. */
int
hns3_tm_pause_param_set(struct hns3_cmdq *q, const struct rte_ether_addr *mac)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_PAUSE_PARAM, false);
	memcpy(d.data, mac->addr_bytes, RTE_ETHER_ADDR_LEN);
	d.data[6] = 0x18;
	hns3_cmd_put16(&d, 8, 0xffff);
	memcpy(d.data + 16, mac->addr_bytes, RTE_ETHER_ADDR_LEN);
	return hns3_cmdq_send(q, &d, 1);
}

/* The constant commands of the table in [3:6.8], in its order; shapers and queue links between. */
int
hns3_tm_default_set(struct hns3_cmdq *q, uint16_t nb_queues, uint32_t port_mbps,
		const struct rte_ether_addr *mac)
{
	static const uint8_t zero[8];
	static const uint8_t pg_to_pri[] = { 0, 0, 0, 0, 0x01 };
	static const uint8_t qs_to_pri[] = { 0, 0, 0, 0, 0, 1 };
	static const uint8_t weight[] = { 0, HNS3_TM_WEIGHT };
	static const uint8_t qs_weight[] = { 0, 0, HNS3_TM_WEIGHT };
	static const uint8_t dwrr[] = { 0, 0, 0, 0, 1 };
	const uint32_t max = HNS3_TM_MAX_RATE_MBPS;
	const struct {
		uint16_t opcode;
		const uint8_t *bytes;
		size_t nb;
	} tail[] = {
		{ HNS3_CMD_TM_PG_WEIGHT, weight, sizeof(weight) },
		{ HNS3_CMD_TM_PRI_WEIGHT, weight, sizeof(weight) },
		{ HNS3_CMD_TM_QS_WEIGHT, qs_weight, sizeof(qs_weight) },
		{ HNS3_CMD_TM_PG_MODE, dwrr, sizeof(dwrr) },
		{ HNS3_CMD_TM_PRI_MODE, dwrr, sizeof(dwrr) },
		{ HNS3_CMD_TM_QS_MODE, dwrr, sizeof(dwrr) },
	};
	int ret;

	ret = send_bytes(q, HNS3_CMD_PRI_TO_TC, zero, 4);
	ret = ret ? ret : send_bytes(q, HNS3_CMD_TM_PG_TO_PRI, pg_to_pri, sizeof(pg_to_pri));
	ret = ret ? ret : send_bytes(q, HNS3_CMD_TM_QS_TO_PRI, qs_to_pri, sizeof(qs_to_pri));
	for (uint16_t i = 0; i < nb_queues && ret == 0; i++)
		ret = hns3_tm_queue_link(q, i);
	ret = ret ? ret : port_shaper_set(q, port_mbps);
	ret = ret ? ret : shaper_set(q, HNS3_CMD_TM_PG_C_SHAPER, 0, max);
	ret = ret ? ret
	          : shaper_set(q, HNS3_CMD_TM_PG_P_SHAPER, hns3_tm_shaper(max, HNS3_TM_TICK_PG),
				    max);
	ret = ret ? ret : shaper_set(q, HNS3_CMD_TM_PRI_C_SHAPER, 0, max);
	ret = ret ? ret
	          : shaper_set(q, HNS3_CMD_TM_PRI_P_SHAPER, hns3_tm_shaper(max, HNS3_TM_TICK_PRI),
				    max);
	for (unsigned int i = 0; i < RTE_DIM(tail) && ret == 0; i++)
		ret = send_bytes(q, tail[i].opcode, tail[i].bytes, tail[i].nb);
	ret = ret ? ret : hns3_tm_pause_param_set(q, mac);
	ret = ret ? ret : send_bytes(q, HNS3_CMD_PAUSE_ENABLE, zero, 4);
	ret = ret ? ret : send_bytes(q, HNS3_CMD_PFC_ENABLE, zero, 2);
	return ret;
}

/* What the five buffer commands say; bytes, class 0 only, all other classes 0. */
struct buf_plan {
	uint32_t tx, priv, shared;
	uint32_t priv_high, priv_low;
	uint32_t thrd_high, thrd_low;
	uint32_t self_high, self_low;
};

/* Arithmetic of [3:3.5.1] steps 3 and 4 with one class that has no priority flow control. */
static int
buf_plan_make(struct buf_plan *p, const struct hns3_fw_resources *res, uint32_t mps)
{
	uint32_t a = RTE_ALIGN_CEIL(mps, 256), dv = res->dv_buf_bytes, rx_all, need;

	memset(p, 0, sizeof(*p));
	p->tx = res->tx_buf_bytes;
	if (res->pkt_buf_bytes <= p->tx)
		return -ENOMEM;
	rx_all = res->pkt_buf_bytes - p->tx;
	p->priv = RTE_ALIGN_FLOOR(rx_all * 90 / 100, 256);
	if (p->priv >= RTE_ALIGN_CEIL(dv + 0x3c00 + 5 * (mps / 2), 256)) {
		p->priv_high = p->priv - dv;
		p->priv_low = p->priv_high - 0x1800;
		return 0;
	}
	p->priv_high = 2 * a;
	p->priv = p->priv_high + dv;
	need = p->priv + RTE_ALIGN_CEIL(2 * a + dv, 256);
	if (rx_all < need)
		return -ENOMEM;
	p->shared = RTE_ALIGN_FLOOR(rx_all - p->priv, 256);
	p->self_high = p->shared - dv;
	p->self_low = p->self_high - RTE_ALIGN_CEIL(a / 2, 256);
	p->thrd_high = RTE_ALIGN_FLOOR(RTE_MAX((p->shared - dv) * 90 / 100, 2 * a), 256);
	p->thrd_low = p->thrd_high - a / 2;
	return 0;
}

static uint16_t
buf_word(uint32_t bytes)
{
	return (uint16_t)(bytes / 128 | HNS3_BUF_UPDATE);
}

/* 0x0903 and 0x0904: four classes per descriptor, high then low. */
static int
waterline_set(struct hns3_cmdq *q, uint16_t opcode, uint32_t high, uint32_t low)
{
	struct hns3_cmd_desc d[2];

	for (unsigned int i = 0; i < 2; i++) {
		hns3_cmd_init(&d[i], opcode, false);
		for (unsigned int w = 0; w < 8; w++)
			hns3_cmd_put16(&d[i], 2 * w, HNS3_BUF_UPDATE);
	}
	d[0].flag_le |= rte_cpu_to_le_16(HNS3_CMD_FLAG_NEXT);
	hns3_cmd_put16(&d[0], 0, buf_word(high));
	hns3_cmd_put16(&d[0], 2, buf_word(low));
	return hns3_cmdq_send(q, d, 2);
}

int
hns3_tm_buffers_set(struct hns3_cmdq *q, const struct hns3_fw_resources *res, uint16_t frame_bytes)
{
	struct hns3_cmd_desc d;
	struct buf_plan p;
	int ret;

	ret = buf_plan_make(&p, res, frame_bytes);
	if (ret != 0) {
		HNS3_LOG(ERR, "packet buffer of %u bytes is too small for frames of %u",
				res->pkt_buf_bytes, frame_bytes);
		return ret;
	}
	hns3_cmd_init(&d, HNS3_CMD_TX_BUFFER, false);
	for (unsigned int i = 0; i < HNS3_BUF_NB_TCS; i++)
		hns3_cmd_put16(&d, 2 * i, i == 0 ? buf_word(p.tx) : HNS3_BUF_UPDATE);
	ret = hns3_cmdq_send(q, &d, 1);
	if (ret != 0)
		return ret;
	hns3_cmd_init(&d, HNS3_CMD_RX_PRIV_BUFFER, false);
	for (unsigned int i = 0; i < HNS3_BUF_NB_TCS; i++)
		hns3_cmd_put16(&d, 2 * i, i == 0 ? buf_word(p.priv) : HNS3_BUF_UPDATE);
	hns3_cmd_put16(&d, 16, buf_word(p.shared));
	ret = hns3_cmdq_send(q, &d, 1);
	ret = ret ? ret : waterline_set(q, HNS3_CMD_RX_PRIV_WATERLINE, p.priv_high, p.priv_low);
	ret = ret ? ret : waterline_set(q, HNS3_CMD_RX_COMMON_THRESHOLD, p.thrd_high, p.thrd_low);
	if (ret != 0)
		return ret;
	hns3_cmd_init(&d, HNS3_CMD_RX_COMMON_WATERLINE, false);
	hns3_cmd_put16(&d, 0, buf_word(p.self_high));
	hns3_cmd_put16(&d, 2, buf_word(p.self_low));
	return hns3_cmdq_send(q, &d, 1);
}

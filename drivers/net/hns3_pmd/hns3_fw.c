/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Firmware commands of device, queues, VLAN, RSS and statistics; MAC commands are in hns3_mac.c,
 * scheduler and buffers in hns3_tm.c. Offsets are data offsets of [1:5] and [3], as cited.
 */
#include "hns3_fw.h"

#include <errno.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "deadline.h"
#include "hns3_log.h"

#define HNS3_UNIT_BYTES           128    /* packet buffer unit [1:5.5] */
#define HNS3_TX_BUF_DEFAULT_BYTES 0x4000 /* reported 0 [1:5.5] */
#define HNS3_DV_BUF_DEFAULT_BYTES 0xa000
#define HNS3_FW_READY_TIMEOUT_MS  20 /* [1:5.4] asks for 11 tries 1 ms apart */
#define HNS3_QUEUE_RESET_MS       200
#define HNS3_MAC_SPACE_DEFAULT    384 /* [3:1.18] */

/* [1:5.1] */
int
hns3_fw_version_get(struct hns3_cmdq *q, uint32_t *version, uint32_t *caps)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_FW_VERSION, true);
	hns3_cmd_put32(&d, 8, 1);
	ret = hns3_cmdq_send(q, &d, 1);
	*version = hns3_cmd_get32(&d, 0);
	*caps = hns3_cmd_get32(&d, 12);
	return ret;
}

/* [1:5.2] bit 0: push link changes. */
int
hns3_fw_compat_set(struct hns3_cmdq *q, bool link_events)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_FW_COMPAT, false);
	hns3_cmd_put32(&d, 0, link_events ? 1 : 0);
	return hns3_cmdq_send(q, &d, 1);
}

/* [1:4] firmware without it has nothing to clear. */
int
hns3_fw_hw_state_clear(struct hns3_cmdq *q)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_CLEAR_HW_STATE, false);
	ret = hns3_cmdq_send(q, &d, 1);
	return ret == -EOPNOTSUPP ? 0 : ret;
}

/* [1:5.4] */
int
hns3_fw_ready_wait(struct hns3_cmdq *q)
{
	struct deadline end = deadline_in_ms(HNS3_FW_READY_TIMEOUT_MS);

	for (;;) {
		bool is_late = deadline_has_passed(&end);
		struct hns3_cmd_desc d;
		int ret;

		hns3_cmd_init(&d, HNS3_CMD_FUNC_STATUS, true);
		ret = hns3_cmdq_send(q, &d, 1);
		if (ret != 0)
			return ret;
		if (d.data[16] & 1) /* pf_state: done */
			return 0;
		if (is_late || d.data[16] != 0) {
			HNS3_LOG(ERR, "firmware has not set this function up: state 0x%x",
					d.data[16]);
			return -EAGAIN;
		}
		rte_delay_us_sleep(1000);
	}
}

/* [1:5.5] */
int
hns3_fw_resources_get(struct hns3_cmdq *q, struct hns3_fw_resources *res)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_PF_RESOURCES, true);
	ret = hns3_cmdq_send(q, &d, 1);
	if (ret != 0)
		return ret;
	res->nb_tqps = (uint32_t)hns3_cmd_get16(&d, 0) + hns3_cmd_get16(&d, 16);
	res->pkt_buf_bytes = hns3_cmd_get16(&d, 2) * HNS3_UNIT_BYTES;
	res->nb_vectors = hns3_cmd_get16(&d, 6);
	res->nb_funcs = hns3_cmd_get16(&d, 10);
	res->tx_buf_bytes = hns3_cmd_get16(&d, 12) * HNS3_UNIT_BYTES;
	res->dv_buf_bytes = hns3_cmd_get16(&d, 14) * HNS3_UNIT_BYTES;
	if (res->tx_buf_bytes == 0)
		res->tx_buf_bytes = HNS3_TX_BUF_DEFAULT_BYTES;
	if (res->dv_buf_bytes == 0)
		res->dv_buf_bytes = HNS3_DV_BUF_DEFAULT_BYTES;
	res->tx_buf_bytes = RTE_ALIGN_CEIL(res->tx_buf_bytes, 256);
	res->dv_buf_bytes = RTE_ALIGN_CEIL(res->dv_buf_bytes, 256);
	return 0;
}

/* [1:5.7] two queries of 16 bytes, one tail write, no NEXT flag. */
int
hns3_fw_config_get(struct hns3_cmdq *q, struct hns3_fw_config *cfg)
{
	struct hns3_cmd_desc d[2];
	uint8_t exponent;
	int ret;

	for (unsigned int i = 0; i < 2; i++) {
		hns3_cmd_init(&d[i], HNS3_CMD_CONFIG_BLOCK, true);
		hns3_cmd_put32(&d[i], 0, UINT32_C(4) << 24 | 16 * i);
	}
	ret = hns3_cmdq_send(q, d, 2);
	if (ret != 0)
		return ret;
	cfg->media_type = d[0].data[13];
	memcpy(cfg->mac.addr_bytes, d[0].data + 16, RTE_ETHER_ADDR_LEN);
	cfg->speed_code = d[0].data[22];
	exponent = d[1].data[16] & 0xf;
	cfg->rss_max_queues = exponent != 0 ? 1u << exponent : d[0].data[23];
	cfg->mac_space = hns3_cmd_get16(&d[1], 14);
	if (cfg->mac_space == 0)
		cfg->mac_space = HNS3_MAC_SPACE_DEFAULT;
	return 0;
}

/* [3:3.1] physical queue = queue of function 0, valid. */
int
hns3_fw_queue_map(struct hns3_cmdq *q, uint16_t queue)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_QUEUE_MAP, false);
	hns3_cmd_put16(&d, 0, queue);
	d.data[3] = 0x02;
	hns3_cmd_put16(&d, 4, queue);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:3.2] */
int
hns3_fw_queue_enable(struct hns3_cmdq *q, uint16_t queue, bool on)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_QUEUE_ENABLE, false);
	hns3_cmd_put16(&d, 0, queue);
	d.data[4] = on;
	return hns3_cmdq_send(q, &d, 1);
}

/* One queue, on firmware without the bulk reset [3:3.2]. */
static int
queue_reset(struct hns3_cmdq *q, uint16_t queue)
{
	struct deadline end = deadline_in_ms(HNS3_QUEUE_RESET_MS);
	struct hns3_cmd_desc d;
	bool is_ready = false, is_late = false;
	int ret, ret2;

	hns3_cmd_init(&d, HNS3_CMD_QUEUE_RESET, false);
	hns3_cmd_put16(&d, 0, queue);
	d.data[2] = 1;
	ret = hns3_cmdq_send(q, &d, 1);
	while (ret == 0 && !is_ready && !is_late) {
		is_late = deadline_has_passed(&end);
		rte_delay_us_sleep(1000);
		hns3_cmd_init(&d, HNS3_CMD_QUEUE_RESET, true);
		hns3_cmd_put16(&d, 0, queue);
		ret = hns3_cmdq_send(q, &d, 1);
		is_ready = d.data[3] & 1;
	}
	hns3_cmd_init(&d, HNS3_CMD_QUEUE_RESET, false); /* release it in any case */
	hns3_cmd_put16(&d, 0, queue);
	ret2 = hns3_cmdq_send(q, &d, 1);
	if (ret == 0 && !is_ready) {
		HNS3_LOG(ERR, "queue %u: not ready for reset after %u ms", queue,
				HNS3_QUEUE_RESET_MS);
		return -ETIME;
	}
	return ret != 0 ? ret : ret2;
}

/* Disable queues 0..nb-1 and reset them; returns 0 only when the device is quiet [3:3.2]. */
int
hns3_fw_queues_reset(struct hns3_cmdq *q, uint16_t nb)
{
	struct hns3_cmd_desc d;
	int ret = 0;

	for (uint16_t i = 0; i < nb && ret == 0; i++)
		ret = hns3_fw_queue_enable(q, i, false);
	if (ret != 0 || nb == 0)
		return ret;
	hns3_cmd_init(&d, HNS3_CMD_RESET_TRIGGER, false);
	d.data[2] = 0x02; /* all queues from 0 on */
	hns3_cmd_put16(&d, 4, 0);
	hns3_cmd_put16(&d, 6, nb);
	ret = hns3_cmdq_send(q, &d, 1);
	if (ret != 0)
		return ret;
	if (d.data[8] == 1)
		return 0;
	if (d.data[8] != 0) {
		HNS3_LOG(ERR, "reset of %u queues failed: status %u", nb, d.data[8]);
		return -EIO;
	}
	for (uint16_t i = 0; i < nb && ret == 0; i++)
		ret = queue_reset(q, i);
	return ret;
}

/* [3:3.4] one entry: ring type in bits 1:0, queue in 12:2, gap limiter in 14:13. */
int
hns3_fw_vector_unbind(struct hns3_cmdq *q, uint16_t vector, uint16_t queue, bool is_rx)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_VECTOR_UNBIND, false);
	d.data[0] = (uint8_t)vector;
	d.data[1] = 1;
	hns3_cmd_put16(&d, 2, is_rx ? queue << 2 | 1 : queue << 2 | 1 << 13);
	d.data[23] = vector >> 8;
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:2.1] type 0 = function filter, 1 = port filter; nothing filtered. */
int
hns3_fw_vlan_filter_off(struct hns3_cmdq *q, bool port)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_VLAN_FILTER_CTRL, false);
	d.data[0] = port;
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:2.7] then [3:2.8] */
int
hns3_fw_vlan_types_set(struct hns3_cmdq *q, uint16_t tpid)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_VLAN_TYPES, false);
	for (unsigned int i = 0; i < 4; i++)
		hns3_cmd_put16(&d, 2 * i, tpid);
	ret = hns3_cmdq_send(q, &d, 1);
	if (ret != 0)
		return ret;
	hns3_cmd_init(&d, HNS3_CMD_VLAN_INSERT_TYPES, false);
	hns3_cmd_put16(&d, 0, tpid);
	hns3_cmd_put16(&d, 2, tpid);
	return hns3_cmdq_send(q, &d, 1);
}

/* No port VLAN, no insertion [3:2.6]; no stripping [3:2.5]. */
int
hns3_fw_vlan_tags_default(struct hns3_cmdq *q)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_VLAN_TX, false);
	d.data[0] = 0xe3;
	d.data[8] = 1; /* function 0 */
	ret = hns3_cmdq_send(q, &d, 1);
	if (ret != 0)
		return ret;
	hns3_cmd_init(&d, HNS3_CMD_VLAN_RX, false);
	d.data[8] = 1;
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:2.2] VLAN 0: untagged and priority-tagged frames pass the port filter. */
int
hns3_fw_vlan_zero_set(struct hns3_cmdq *q, bool remove)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_VLAN_FILTER_PORT, false);
	d.data[1] = remove;
	d.data[4] = 1;
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:3.6] */
int
hns3_fw_tso_limits_set(struct hns3_cmdq *q)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_TSO_LIMITS, false);
	hns3_cmd_put16(&d, 0, 256);
	hns3_cmd_put16(&d, 2, 9668);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:3.7] */
int
hns3_fw_gro_off(struct hns3_cmdq *q)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_GRO, false);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:4.1] Toeplitz, 16 key bytes per command. */
int
hns3_fw_rss_key_set(struct hns3_cmdq *q, const uint8_t *key)
{
	int ret = 0;

	for (unsigned int at = 0; at < HNS3_RSS_KEY_BYTES && ret == 0; at += 16) {
		struct hns3_cmd_desc d;

		hns3_cmd_init(&d, HNS3_CMD_RSS_KEY, false);
		d.data[0] = (uint8_t)(at / 16 << 4);
		memcpy(d.data + 8, key + at, RTE_MIN(16u, HNS3_RSS_KEY_BYTES - at));
		ret = hns3_cmdq_send(q, &d, 1);
	}
	return ret;
}

/* [3:4.3] */
int
hns3_fw_rss_tuple_set(struct hns3_cmdq *q, const uint8_t tuple[8])
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_RSS_TUPLE, false);
	memcpy(d.data, tuple, 8);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:4.2] */
int
hns3_fw_rss_indirection_set(struct hns3_cmdq *q, uint16_t first, const uint16_t entries[16])
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_RSS_INDIRECTION, false);
	hns3_cmd_put16(&d, 0, first);
	hns3_cmd_put16(&d, 2, 0xffff);
	for (unsigned int i = 0; i < 16; i++) {
		d.data[8 + i] = (uint8_t)entries[i];
		d.data[4 + i / 4] |= (entries[i] >> 8 & 3) << 2 * (i % 4);
	}
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:4.4] TC 0: queues from 0 on, log2 of their number rounded up. */
int
hns3_fw_rss_tc_mode_set(struct hns3_cmdq *q, uint16_t nb_queues)
{
	uint32_t size = rte_log2_u32(nb_queues);
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_RSS_TC_MODE, false);
	hns3_cmd_put16(&d, 0, 0x8000 | (size & 7) << 12 | (size >> 3) << 11);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:7.2] frames the device dropped since the last query; revision below 0x30. */
int
hns3_fw_rpu_drops_get(struct hns3_cmdq *q, uint32_t *drops)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_RPU_DROP, true);
	ret = hns3_cmdq_send(q, &d, 1);
	*drops = ret == 0 ? hns3_cmd_get32(&d, 12) : 0;
	return ret;
}

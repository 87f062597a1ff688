/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One typed function per firmware command. Threads: any (hns3_cmdq.h). All return 0 or a negative
 * errno. Callers: hns3_pf.c (probe, close), hns3_ethdev.c, hns3_mac.c, hns3_rss.c, hns3_stats.c.
 */
#ifndef HNS3_FW_H
#define HNS3_FW_H

#include <rte_ether.h>

#include "hns3_cmdq.h"

struct hns3_fw_resources { /* [1:5.5] */
	uint32_t nb_tqps;
	uint32_t nb_vectors; /* with vector 0 */
	uint32_t nb_funcs;
	uint32_t pkt_buf_bytes;
	uint32_t tx_buf_bytes;
	uint32_t dv_buf_bytes;
};

struct hns3_fw_config { /* [1:5.7] */
	struct rte_ether_addr mac;
	uint8_t media_type;
	uint8_t speed_code;
	uint16_t rss_max_queues;
	uint16_t mac_space;
};

struct hns3_fw_sfp {         /* [3:1.6] */
	uint32_t speed_mbps; /* 0: no module */
	uint32_t supported;
	bool autoneg;
	bool autoneg_ability;
};

#define HNS3_MEDIA_FIBRE     1
#define HNS3_MEDIA_BACKPLANE 3

int hns3_fw_version_get(struct hns3_cmdq *q, uint32_t *version, uint32_t *caps);
int hns3_fw_compat_set(struct hns3_cmdq *q, bool link_events);
int hns3_fw_hw_state_clear(struct hns3_cmdq *q);
int hns3_fw_ready_wait(struct hns3_cmdq *q);
int hns3_fw_resources_get(struct hns3_cmdq *q, struct hns3_fw_resources *res);
int hns3_fw_config_get(struct hns3_cmdq *q, struct hns3_fw_config *cfg);
int hns3_fw_queue_map(struct hns3_cmdq *q, uint16_t queue);
int hns3_fw_queue_enable(struct hns3_cmdq *q, uint16_t queue, bool on);
int hns3_fw_queues_reset(struct hns3_cmdq *q, uint16_t nb);
int hns3_fw_vector_unbind(struct hns3_cmdq *q, uint16_t vector, uint16_t queue, bool is_rx);
int hns3_fw_mac_mode_set(struct hns3_cmdq *q, bool on);
int hns3_fw_link_get(struct hns3_cmdq *q, bool *up);
int hns3_fw_sfp_get(struct hns3_cmdq *q, struct hns3_fw_sfp *sfp);
int hns3_fw_max_frame_set(struct hns3_cmdq *q, uint16_t bytes);
int hns3_fw_speed_set(struct hns3_cmdq *q, uint8_t code);
int hns3_fw_promisc_set(struct hns3_cmdq *q, uint8_t func, bool uc, bool mc, bool bc);
int hns3_fw_mac_space(struct hns3_cmdq *q, bool release, uint32_t *nb);
int hns3_fw_mac_lookup(struct hns3_cmdq *q, const struct rte_ether_addr *mac, bool *hit);
int hns3_fw_mac_add(struct hns3_cmdq *q, const struct rte_ether_addr *mac);
int hns3_fw_mac_remove(struct hns3_cmdq *q, const struct rte_ether_addr *mac);
int hns3_fw_vlan_filter_off(struct hns3_cmdq *q, bool port);
int hns3_fw_vlan_types_set(struct hns3_cmdq *q, uint16_t tpid);
int hns3_fw_vlan_tags_default(struct hns3_cmdq *q);
int hns3_fw_vlan_zero_set(struct hns3_cmdq *q, bool remove);
int hns3_fw_tso_limits_set(struct hns3_cmdq *q);
int hns3_fw_gro_off(struct hns3_cmdq *q);
int hns3_fw_rss_key_set(struct hns3_cmdq *q, const uint8_t *key);
int hns3_fw_rss_tuple_set(struct hns3_cmdq *q, const uint8_t tuple[8]);
int hns3_fw_rss_indirection_set(struct hns3_cmdq *q, uint16_t first, const uint16_t entries[16]);
int hns3_fw_rss_tc_mode_set(struct hns3_cmdq *q, uint16_t nb_queues);
int hns3_fw_rpu_drops_get(struct hns3_cmdq *q, uint32_t *drops);

/* hns3_tm.c: scheduler, pause and packet buffer for one traffic class [3:6.8] [3:3.5]. */
int hns3_tm_default_set(struct hns3_cmdq *q, uint16_t nb_queues, uint32_t port_mbps,
		const struct rte_ether_addr *mac);
int hns3_tm_queue_link(struct hns3_cmdq *q, uint16_t queue);
int hns3_tm_pause_param_set(struct hns3_cmdq *q, const struct rte_ether_addr *mac);
int hns3_tm_buffers_set(
		struct hns3_cmdq *q, const struct hns3_fw_resources *res, uint16_t frame_bytes);
uint32_t hns3_tm_shaper(uint32_t rate_mbps, uint32_t tick);

#define HNS3_TM_TICK_PRI  1536 /* [3:6.4] */
#define HNS3_TM_TICK_PG   192
#define HNS3_TM_TICK_PORT 48

#define HNS3_RSS_KEY_BYTES  40
#define HNS3_RSS_NB_ENTRIES 512 /* [3:4.2] */

#endif

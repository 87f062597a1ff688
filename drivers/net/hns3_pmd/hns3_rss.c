/* SPDX-License-Identifier: BSD-3-Clause */
/* Receive-side scaling, programmed as a whole at every start [3:4]. Control path. */
#include <errno.h>

#include "hns3_dev.h"
#include "hns3_log.h"

/* [3:4.1] */
static const uint8_t default_key[HNS3_RSS_KEY_BYTES] = { 0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e,
	0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b,
	0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe,
	0xac, 0x01, 0xfa };

/* Byte of the tuple command and the fields that a hash type turns on [3:4.3]. */
static const struct {
	uint64_t type;
	uint8_t byte;
	uint8_t fields;
} tuple_map[] = {
	{ RTE_ETH_RSS_NONFRAG_IPV4_TCP, 0, 0x0f },
	{ RTE_ETH_RSS_NONFRAG_IPV4_UDP, 1, 0x0f },
	{ RTE_ETH_RSS_NONFRAG_IPV4_SCTP, 2, 0x0f },
	{ RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER, 3, 0x03 },
	{ RTE_ETH_RSS_FRAG_IPV4, 3, 0x0c },
	{ RTE_ETH_RSS_NONFRAG_IPV6_TCP, 4, 0x0f },
	{ RTE_ETH_RSS_NONFRAG_IPV6_UDP, 5, 0x0f },
	{ RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER, 7, 0x03 },
	{ RTE_ETH_RSS_FRAG_IPV6, 7, 0x0c },
};

uint64_t
hns3_rss_types(void)
{
	uint64_t types = 0;

	for (unsigned int i = 0; i < RTE_DIM(tuple_map); i++)
		types |= tuple_map[i].type;
	return types;
}

/* Without RSS no field is hashed, and every entry of the table says queue 0. */
int
hns3_rss_apply(struct rte_eth_dev *dev)
{
	const struct rte_eth_rss_conf *conf = &dev->data->dev_conf.rx_adv_conf.rss_conf;
	bool has_rss = dev->data->dev_conf.rxmode.mq_mode & RTE_ETH_MQ_RX_RSS_FLAG;
	uint16_t nb = has_rss ? dev->data->nb_rx_queues : 1;
	struct hns3_cmdq *q = &hns3_dev_of(dev)->cmdq;
	uint8_t tuple[8] = { 0 };
	int ret;

	if (nb == 0)
		nb = 1;
	if (has_rss && conf->rss_key != NULL && conf->rss_key_len != HNS3_RSS_KEY_BYTES) {
		HNS3_LOG(ERR, "RSS key of %u bytes: must be %u", conf->rss_key_len,
				HNS3_RSS_KEY_BYTES);
		return -EINVAL;
	}
	for (unsigned int i = 0; has_rss && i < RTE_DIM(tuple_map); i++)
		if (conf->rss_hf & tuple_map[i].type)
			tuple[tuple_map[i].byte] |= tuple_map[i].fields;

	ret = hns3_fw_rss_key_set(q, has_rss && conf->rss_key ? conf->rss_key : default_key);
	for (uint16_t at = 0; at < HNS3_RSS_NB_ENTRIES && ret == 0; at += 16) {
		uint16_t entries[16];

		for (uint16_t i = 0; i < 16; i++)
			entries[i] = (at + i) % nb;
		ret = hns3_fw_rss_indirection_set(q, at, entries);
	}
	ret = ret ? ret : hns3_fw_rss_tc_mode_set(q, nb);
	return ret ? ret : hns3_fw_rss_tuple_set(q, tuple);
}

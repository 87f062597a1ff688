/* SPDX-License-Identifier: BSD-3-Clause */
/* Firmware commands of MAC, link, address table and promiscuous mode [3:1]. Control path. */
#include <errno.h>

#include "hns3_fw.h"
#include "hns3_log.h"
#include "hns3_regs.h"

/* Tx and Rx on, padding and FCS by the MAC, FCS stripped and checked, length checks [3:1.1]. */
#define HNS3_MAC_MODE_ON 0x007e18c0

/* Response codes of the address table [3:1.16]. */
#define HNS3_MAC_RESP_OK       0
#define HNS3_MAC_RESP_MISS     1 /* lookup, remove; of an add: success */
#define HNS3_MAC_RESP_OVERFLOW 2

/* [3:1.1] */
int
hns3_fw_mac_mode_set(struct hns3_cmdq *q, bool on)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_MAC_MODE, false);
	hns3_cmd_put32(&d, 0, on ? HNS3_MAC_MODE_ON : 0);
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:1.3] */
int
hns3_fw_link_get(struct hns3_cmdq *q, bool *up)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_LINK_STATUS, true);
	ret = hns3_cmdq_send(q, &d, 1);
	*up = ret == 0 && (d.data[0] & 1);
	return ret;
}

/* [3:1.6] */
int
hns3_fw_sfp_get(struct hns3_cmdq *q, struct hns3_fw_sfp *sfp)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_SFP_INFO, true);
	d.data[4] = 1; /* all active parameters */
	ret = hns3_cmdq_send(q, &d, 1);
	if (ret != 0)
		return ret;
	sfp->speed_mbps = hns3_cmd_get32(&d, 0);
	sfp->autoneg = d.data[6];
	sfp->autoneg_ability = d.data[7];
	sfp->supported = hns3_cmd_get32(&d, 8);
	return 0;
}

/* [3:1.4] */
int
hns3_fw_max_frame_set(struct hns3_cmdq *q, uint16_t bytes)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_MAX_FRAME, false);
	hns3_cmd_put16(&d, 0, bytes);
	d.data[2] = 64;
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:1.5] full duplex, change FEC with the speed. */
int
hns3_fw_speed_set(struct hns3_cmdq *q, uint8_t code)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_SPEED_DUPLEX, false);
	d.data[0] = 0x80 | (code & 0x3f);
	d.data[1] = 1;
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:1.20] bits 4 and 5, both directions, are always set. */
int
hns3_fw_promisc_set(struct hns3_cmdq *q, uint8_t func, bool uc, bool mc, bool bc)
{
	struct hns3_cmd_desc d;

	hns3_cmd_init(&d, HNS3_CMD_PROMISC, false);
	d.data[0] = 0x30 | uc << 1 | mc << 2 | bc << 3;
	d.data[1] = func;
	return hns3_cmdq_send(q, &d, 1);
}

/* [3:1.18] @p nb wanted on entry, granted on return; 0 granted means the wanted number. */
int
hns3_fw_mac_space(struct hns3_cmdq *q, bool release, uint32_t *nb)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, HNS3_CMD_MAC_SPACE, false);
	d.data[0] = release;
	hns3_cmd_put32(&d, 4, *nb);
	ret = hns3_cmdq_send(q, &d, 1);
	if (ret == 0 && hns3_cmd_get32(&d, 4) != 0)
		*nb = hns3_cmd_get32(&d, 4);
	return ret;
}

/* One unicast entry of function 0 [3:1.16]; returns the response code or a negative errno. */
static int
mac_table(struct hns3_cmdq *q, uint16_t opcode, bool is_read, const struct rte_ether_addr *mac)
{
	struct hns3_cmd_desc d;
	int ret;

	hns3_cmd_init(&d, opcode, is_read);
	d.data[0] = 1;
	memcpy(d.data + 4, mac->addr_bytes, RTE_ETHER_ADDR_LEN);
	ret = hns3_cmdq_send(q, &d, 1);
	return ret != 0 ? ret : d.data[1];
}

int
hns3_fw_mac_lookup(struct hns3_cmdq *q, const struct rte_ether_addr *mac, bool *hit)
{
	int resp = mac_table(q, HNS3_CMD_MAC_ADD, true, mac);

	*hit = resp == HNS3_MAC_RESP_OK;
	if (resp < 0)
		return resp;
	return resp <= HNS3_MAC_RESP_MISS ? 0 : -EIO;
}

/* Nothing to do for an address that is there already. */
int
hns3_fw_mac_add(struct hns3_cmdq *q, const struct rte_ether_addr *mac)
{
	bool hit;
	int resp;

	resp = hns3_fw_mac_lookup(q, mac, &hit);
	if (resp != 0 || hit)
		return resp;
	resp = mac_table(q, HNS3_CMD_MAC_ADD, false, mac);
	if (resp < 0)
		return resp;
	if (resp == HNS3_MAC_RESP_OVERFLOW)
		return -ENOSPC;
	return resp <= HNS3_MAC_RESP_MISS ? 0 : -EIO;
}

/* An entry that was not there counts as removed. */
int
hns3_fw_mac_remove(struct hns3_cmdq *q, const struct rte_ether_addr *mac)
{
	int resp = mac_table(q, HNS3_CMD_MAC_REMOVE, false, mac);

	if (resp < 0)
		return resp;
	return resp <= HNS3_MAC_RESP_MISS ? 0 : -EIO;
}

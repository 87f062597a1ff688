/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about VLAN filters and tags [3:2]. */
#include "emu_fw.h"

#include <string.h>

static enum emu_fw_ret
emu_fw_vlan_ctrl(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint8_t type = p[0];

	if (type > 1)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		p[1] = dev->nic->vlan_filter[type][1];
		return EMU_FW_OK;
	}
	memcpy(dev->nic->vlan_filter[type], p, 8);
	dev->nic->vlan_port_filter = dev->nic->vlan_filter[1][1] & 1; /* NIC ingress */
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_vlan_port(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;

	if (p[0] > 25 || p[1] > 1)
		return EMU_FW_PARA_ERR;
	for (unsigned int i = 0; i < 20; i++) { /* blocks of 160 VIDs: 20 whole bytes */
		unsigned int at = p[0] * 20u + i;

		if (at >= sizeof(dev->nic->vlan_table))
			break;
		if (p[1] == 0)
			dev->nic->vlan_table[at] |= p[4 + i];
		else
			dev->nic->vlan_table[at] &= (uint8_t)~p[4 + i];
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_vlan_rx(struct emu_dev *dev, struct emu_cmd *cmd)
{
	enum emu_fw_ret ret = emu_fw_echo(dev, cmd);

	if (!cmd->is_read)
		dev->rx_vlan_cfg = cmd->d[0].data[0];
	return ret;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_vlan_ops[] = {
	ECHO(0x0f01, "VLAN_PORT_TX_CFG"),
	{ 0x0f02, EMU_FW_F_PAUSE, "VLAN_PORT_RX_CFG", emu_fw_vlan_rx },
	ECHO(0x1002, "MAC_VLAN_TYPE_ID"),
	ECHO(0x1003, "MAC_VLAN_INSERT"),
	{ 0x1100, EMU_FW_F_PAUSE, "VLAN_FILTER_CTRL", emu_fw_vlan_ctrl },
	{ 0x1101, EMU_FW_F_PAUSE, "VLAN_FILTER_PF_CFG", emu_fw_vlan_port },
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about VLAN filters and tags [3:2]. */
#include "emu_fw.h"
#include "emu_mbx.h"

#include <string.h>

static enum emu_fw_ret
emu_fw_vlan_ctrl(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	struct emu_dev *func = emu_func_get(dev->nic, p[4]);
	uint8_t *fe;

	if (p[0] > 1 || !func)
		return EMU_FW_PARA_ERR;
	fe = p[0] == 0 ? &func->vlan_fe : &dev->nic->vlan_port_fe;
	if (cmd->is_read)
		p[1] = *fe;
	else
		*fe = p[1];
	dev->nic->vlan_port_filter = dev->nic->vlan_port_fe & EMU_VLAN_FE_INGRESS;
	emu_host_port_vlans(dev->nic);
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
	emu_host_port_vlans(dev->nic); /* those of VFs stay */
	return EMU_FW_OK;
}

/* One VID of the functions in a bitmap [3:2.3]. */
static enum emu_fw_ret
emu_fw_vlan_func(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	unsigned int vid = emu_get16(p, 0);

	if (cmd->nb_desc < 2)
		return EMU_FW_NEXT_ERR;
	if (vid > 4095 || p[4] > 1)
		return EMU_FW_PARA_ERR;
	p[2] = p[4]; /* removing what is not there: "not found" */
	for (unsigned int f = 0; f < dev->nic->nb_funcs; f++) {
		struct emu_dev *func = dev->nic->func[f];
		uint8_t bit = (uint8_t)(1u << vid % 8);

		if (!func || !(cmd->d[f / 128].data[8 + f % 128 / 8] & 1u << f % 8))
			continue;
		if (p[4] == 0)
			func->vlan_table[vid / 8] |= bit;
		else if (func->vlan_table[vid / 8] & bit)
			p[2] = 0;
		if (p[4] == 1)
			func->vlan_table[vid / 8] &= (uint8_t)~bit;
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_vlan_bypass(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	struct emu_dev *func = emu_func_get(dev->nic, p[4]);

	if (!func)
		return EMU_FW_PARA_ERR;
	func->vlan_bypass = p[0] & 1;
	return EMU_FW_OK;
}

/* The next function from @p from on that bytes 1 and 8..15 of 0x0F01 and 0x0F02 name; NULL: none
 * [3:2.6]. */
static struct emu_dev *
vport_next(const struct emu_dev *dev, const uint8_t *p, unsigned int from)
{
	for (unsigned int f = from; f < dev->nic->nb_funcs; f++) {
		if (dev->nic->func[f] && f / 64 == p[1] && p[8 + f % 64 / 8] & 1u << f % 8)
			return dev->nic->func[f];
	}
	return NULL;
}

static enum emu_fw_ret
emu_fw_vlan_rx(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	struct emu_dev *func = vport_next(dev, p, 0);

	if (!func)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		p[0] = func->rx_vlan_cfg;
		return EMU_FW_OK;
	}
	for (; func; func = vport_next(dev, p, func->func + 1))
		func->rx_vlan_cfg = p[0];
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_vlan_tx(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	struct emu_dev *func = vport_next(dev, p, 0);

	if (!func)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		p[0] = func->tx_vlan_cfg;
		emu_put16(p, 4, func->tx_vlan_tag[0]);
		emu_put16(p, 6, func->tx_vlan_tag[1]);
		return EMU_FW_OK;
	}
	for (; func; func = vport_next(dev, p, func->func + 1)) {
		func->tx_vlan_cfg = p[0];
		func->tx_vlan_tag[0] = emu_get16(p, 4);
		func->tx_vlan_tag[1] = emu_get16(p, 6);
	}
	return EMU_FW_OK;
}

/* EtherTypes that are tags to the parser [3:2.7]. */
static enum emu_fw_ret
emu_fw_vlan_types(struct emu_dev *dev, struct emu_cmd *cmd)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (cmd->is_read)
			emu_put16(cmd->d[0].data, 2 * i, dev->nic->tpids.tpid[i]);
		else
			dev->nic->tpids.tpid[i] = emu_get16(cmd->d[0].data, 2 * i);
	}
	return EMU_FW_OK;
}

/* EtherTypes of the tags that are inserted [3:2.8]. */
static enum emu_fw_ret
emu_fw_vlan_insert(struct emu_dev *dev, struct emu_cmd *cmd)
{
	for (unsigned int i = 0; i < 2; i++) {
		if (cmd->is_read)
			emu_put16(cmd->d[0].data, 2 * i, dev->nic->tx_tpid[i]);
		else
			dev->nic->tx_tpid[i] = emu_get16(cmd->d[0].data, 2 * i);
	}
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_vlan_ops[] = {
	{ 0x0f01, EMU_FW_F_PAUSE, "VLAN_PORT_TX_CFG", emu_fw_vlan_tx },
	{ 0x0f02, EMU_FW_F_PAUSE, "VLAN_PORT_RX_CFG", emu_fw_vlan_rx },
	{ 0x1002, EMU_FW_F_PAUSE, "MAC_VLAN_TYPE_ID", emu_fw_vlan_types },
	{ 0x1003, EMU_FW_F_PAUSE, "MAC_VLAN_INSERT", emu_fw_vlan_insert },
	{ 0x1100, EMU_FW_F_PAUSE, "VLAN_FILTER_CTRL", emu_fw_vlan_ctrl },
	{ 0x1101, EMU_FW_F_PAUSE, "VLAN_FILTER_PF_CFG", emu_fw_vlan_port },
	{ 0x1102, EMU_FW_F_PAUSE, "VLAN_FILTER_VF_CFG", emu_fw_vlan_func },
	{ 0x1103, EMU_FW_F_PAUSE, "PORT_VLAN_BYPASS", emu_fw_vlan_bypass },
	{ 0 },
};
/* clang-format on */

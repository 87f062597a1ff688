/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about addresses that are received: unicast and multicast table, promiscuity [3:1.16]
 * [3:1.20]. */
#include "emu_fw.h"

#include <string.h>

#define IS_MC(p) ((p)[12] & BIT32(1))
#define MAC_AT   4 /* data byte of the address */

static int
uc_find(const struct emu_dev *dev, const uint8_t *mac)
{
	for (uint32_t i = 0; i < dev->nic->nb_uc; i++) {
		if (memcmp(dev->nic->uc[i].mac, mac, 6) == 0)
			return (int)i;
	}
	return -1;
}

static int
mc_find(const struct emu_dev *dev, const uint8_t *mac)
{
	for (uint32_t i = 0; i < dev->nic->nb_mc; i++) {
		if (memcmp(dev->nic->mc[i].e.mac, mac, 6) == 0)
			return (int)i;
	}
	return -1;
}

static enum emu_fw_ret
mc_table(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	int i = mc_find(dev, p + MAC_AT);

	if (cmd->nb_desc < 3)
		return EMU_FW_NEXT_ERR;
	p[1] = 0;
	if (cmd->is_read) {
		p[1] = i < 0;
		if (i >= 0) {
			memcpy(cmd->d[1].data, dev->nic->mc[i].functions, 24);
			memcpy(cmd->d[2].data, dev->nic->mc[i].functions + 24, 8);
		}
		return EMU_FW_OK;
	}
	if (i < 0 && dev->nic->nb_mc == EMU_MC_MAX) {
		p[1] = 3;
		return EMU_FW_OK;
	}
	if (i < 0) {
		i = (int)dev->nic->nb_mc++;
		memcpy(dev->nic->mc[i].e.mac, p + MAC_AT, 6);
	}
	memcpy(dev->nic->mc[i].functions, cmd->d[1].data, 24);
	memcpy(dev->nic->mc[i].functions + 24, cmd->d[2].data, 8);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_mac_table(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	int i;

	if (IS_MC(p))
		return mc_table(dev, cmd);
	i = uc_find(dev, p + MAC_AT);
	p[1] = 0;
	if (cmd->is_read) {
		p[1] = i < 0;
	} else if (i < 0 && dev->nic->nb_uc == EMU_UC_MAX) {
		p[1] = 2;
	} else if (i < 0) {
		memcpy(dev->nic->uc[dev->nic->nb_uc++].mac, p + MAC_AT, 6);
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_mac_remove(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	int i = IS_MC(p) ? mc_find(dev, p + MAC_AT) : uc_find(dev, p + MAC_AT);

	p[1] = i < 0;
	if (i >= 0 && IS_MC(p))
		dev->nic->mc[i] = dev->nic->mc[--dev->nic->nb_mc];
	else if (i >= 0)
		dev->nic->uc[i] = dev->nic->uc[--dev->nic->nb_uc];
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_umv_space(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t wanted = emu_get32(p, 4);

	(void)dev;
	if (!(p[0] & 1) && wanted > EMU_UC_MAX)
		emu_put32(p, 4, EMU_UC_MAX); /* what is granted [3:1.18] */
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_promisc(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->d[0].data[1] != 0)
		return EMU_FW_PARA_ERR; /* there is no other function */
	dev->promisc = cmd->d[0].data[0];
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_addr_ops[] = {
	{ 0x0e01, EMU_FW_F_PAUSE, "CFG_PROMISC_MODE", emu_fw_promisc },
	{ 0x1000, EMU_FW_F_PAUSE, "MAC_VLAN_ADD", emu_fw_mac_table },
	{ 0x1001, EMU_FW_F_PAUSE, "MAC_VLAN_REMOVE", emu_fw_mac_remove },
	{ 0x1004, 0, "MAC_VLAN_ALLOCATE", emu_fw_umv_space },
	ECHO(0x1010, "MAC_ETHTYPE_ADD"),
	{ 0 },
};
/* clang-format on */

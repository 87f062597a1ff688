/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the MAC and its link [3:1.1] .. [3:1.15]. */
#include "emu_fw.h"

#include <errno.h>
#include <string.h>

/* Mb/s of each speed code [3:1.5]. */
static const uint32_t speed_mbps[] = { 1000, 10000, 25000, 40000, 50000, 100000, 10, 100, 200000 };

uint32_t
emu_nic_speed_mbps(const struct emu_nic *nic)
{
	return speed_mbps[nic->speed_code];
}

int
emu_nic_speed_set(struct emu_nic *nic, uint32_t mbps)
{
	for (uint32_t i = 0; i < sizeof(speed_mbps) / sizeof(speed_mbps[0]); i++) {
		if (speed_mbps[i] == mbps) {
			nic->speed_code = i;
			return 0;
		}
	}
	return -EINVAL;
}

static enum emu_fw_ret
emu_fw_mac_mode(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->is_read)
		emu_put32(cmd->d[0].data, 0, dev->nic->mac_word);
	else
		dev->nic->mac_word = emu_get32(cmd->d[0].data, 0);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_autoneg(struct emu_dev *dev, struct emu_cmd *cmd)
{
	dev->nic->autoneg = emu_get32(cmd->d[0].data, 0) & 1;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_link(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	cmd->d[0].data[0] = dev->nic->wire_up;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_max_frame(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t bytes = emu_get16(cmd->d[0].data, 0);

	if (bytes < 64 || bytes > 9728) /* [3:1.4] */
		return EMU_FW_PARA_ERR;
	dev->nic->max_frame_bytes = bytes;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_speed(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t code = cmd->d[0].data[0] & 0x3f;

	if (code >= sizeof(speed_mbps) / sizeof(speed_mbps[0]))
		return EMU_FW_PARA_ERR;
	dev->nic->speed_code = code;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_sfp(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint8_t query_type = p[4];

	memset(p, 0, 24); /* [3:1.6] */
	emu_put32(p, 0, emu_nic_speed_mbps(dev->nic));
	p[4] = query_type;
	p[6] = dev->nic->autoneg;
	p[7] = 1; /* autonegotiation can be switched */
	emu_put32(p, 8, 0x1f);
	emu_put32(p, 12, 2);
	p[16] = 0x16;
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_mac_ops[] = {
	{ 0x0301, EMU_FW_F_PAUSE, "CONFIG_MAC_MODE", emu_fw_mac_mode },
	{ 0x0304, 0, "CONFIG_AN_MODE", emu_fw_autoneg },
	{ 0x0307, 0, "QUERY_LINK_STATUS", emu_fw_link },
	{ 0x0308, EMU_FW_F_PAUSE, "CONFIG_MAX_FRM_SIZE", emu_fw_max_frame },
	{ 0x0309, 0, "CONFIG_SPEED_DUP", emu_fw_speed },
	ECHO(0x030e, "MAC_COMMON_INT_EN"),
	ECHO(0x0311, "MAC_TNL_INT_EN"),
	ECHO(0x031a, "CONFIG_FEC_MODE"),
	ECHO(0x0701, "CFG_MAC_PAUSE_EN"),
	ECHO(0x0702, "CFG_PFC_PAUSE_EN"),
	ECHO(0x0703, "CFG_MAC_PARA"),
	{ 0x7104, 0, "GET_SFP_INFO", emu_fw_sfp },
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the function as such: identity, capabilities, resources [1:5]. */
#include "emu_fw.h"

#include <string.h>

#define FW_VERSION 0x01092c01u

static enum emu_fw_ret
emu_fw_version(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, FW_VERSION); /* the hardware word stays 0 [1:5.1] */
	emu_put32(cmd->d[0].data, 12, (uint32_t)dev->cfg.caps);
	emu_put32(cmd->d[0].data, 16, (uint32_t)(dev->cfg.caps >> 32));
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_compat(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t bits = emu_get32(cmd->d[0].data, 0); /* [1:5.2] */

	dev->link_events = bits & BIT32(0);
	if (dev->func == 0)
		dev->nic->mac_stats_are_long = bits & BIT32(3);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_func_status(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	memset(p, 0, 24);
	p[16] = 0x03; /* initialised, main PF [1:5.4] */
	p[19] = 1;
	p[20] = 1;
	p[21] = (uint8_t)(dev->nic->nb_funcs - 1);
	return EMU_FW_OK;
}

/* Descriptors 0 and 1 of the device's specifications [1:5.3]; revision 0x21 has none. */
static enum emu_fw_ret
emu_fw_dev_specs(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data, *q = cmd->d[1].data;

	if (dev->cfg.revision < 0x30)
		return EMU_FW_NOT_SUPPORTED;
	if (cmd->nb_desc < 4)
		return EMU_FW_NEXT_ERR;
	for (unsigned int i = 0; i < 4; i++)
		memset(cmd->d[i].data, 0, 24);
	emu_put32(p, 4, EMU_UC_MAX + EMU_MC_MAX); /* addresses */
	emu_put32(p, 8, 32);                      /* management entries */
	emu_put16(p, 12, dev->rss.reta_size);
	emu_put16(p, 14, EMU_RSS_KEY_BYTES);
	p[18] = 18; /* BDs of a frame without TSO */
	emu_put32(p, 20, 200000);
	emu_put16(q, 0, 9728); /* frame size */
	emu_put16(q, 2, 1024); /* queue sets */
	emu_put16(q, 4, 0x1fe0);
	emu_put16(q, 8, EMU_UC_MAX);
	emu_put16(q, 10, EMU_MC_MAX);
	q[12] = 33; /* shortest frame to send */
	q[18] = 2;  /* tunnels */
	q[19] = 1;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_vf_resources(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	if (dev->func == 0)
		return EMU_FW_NO_AUTH;
	memset(p, 0, 24); /* [1:5.6] */
	emu_put16(p, 0, dev->cfg.nb_queues);
	emu_put16(p, 6, emu_func_nb_vectors(dev)); /* RoCE's come behind them */
	emu_put16(p, 8, emu_func_nb_vectors(dev));
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_pf_resources(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	memset(p, 0, 24); /* [1:5.5] */
	/* who serves the VFs divides all of them */
	emu_put16(p, 0,
			(uint16_t)(dev->nic->mbx_by_driver ? dev->nic->nb_tqps
							   : dev->cfg.nb_queues));
	emu_put16(p, 2, 0x2100); /* packet buffer / 128 */
	emu_put16(p, 6, emu_func_nb_vectors(dev));
	emu_put16(p, 10, (uint16_t)dev->nic->nb_funcs);
	emu_put16(p, 12, 0x80);
	emu_put16(p, 14, 0x140);
	return EMU_FW_OK;
}

/* Words 2..5 of the block at byte offset 0 or 16 of the board's configuration [1:5.7]. */
static enum emu_fw_ret
emu_fw_board_config(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t offset = FIELD_GET(BITS32(19, 0), emu_get32(p, 0));
	const uint8_t *mac = dev->cfg.mac;
	uint32_t rss_max = 1;

	memset(p + 8, 0, 16);
	if (offset == 0) {
		while (rss_max * 2 <= dev->cfg.nb_queues)
			rss_max *= 2;     /* a power of two */
		emu_put16(p, 8, 1 << 8);  /* one TC */
		emu_put16(p, 10, 1024);   /* BDs a ring */
		emu_put16(p, 12, 0x01ff); /* fibre, no PHY */
		emu_put16(p, 14, 2048);   /* Rx buffer */
		memcpy(p + 16, mac, 6);
		p[22] = emu_speed_code_default(dev->nic);
		p[23] = (uint8_t)rss_max;
	} else if (offset == 16) {
		p[8] = 0x0f;
		p[12] = (uint8_t)emu_speed_ability(dev->nic);
		p[13] = (uint8_t)(emu_speed_ability(dev->nic) >> 8 << 2);
		emu_put16(p, 14, EMU_UC_MAX);
	}
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_sys_ops[] = {
	{ 0x0001, EMU_FW_F_VF, "QUERY_FW_VER", emu_fw_version },
	{ 0x0022, 0, "QUERY_FUNC_STATUS", emu_fw_func_status },
	{ 0x0023, 0, "QUERY_PF_RSRC", emu_fw_pf_resources },
	{ 0x0024, EMU_FW_F_VF, "QUERY_VF_RSRC", emu_fw_vf_resources },
	{ 0x0050, EMU_FW_F_VF, "QUERY_DEV_SPECS", emu_fw_dev_specs },
	{ 0x0025, EMU_FW_F_SINGLE, "GET_CFG_PARAM", emu_fw_board_config },
	ECHO(0x700b, "CLEAR_HW_STATE"),
	{ 0x701a, EMU_FW_F_VF, "FIRMWARE_COMPAT_CFG", emu_fw_compat },
	{ 0 },
};
/* clang-format on */

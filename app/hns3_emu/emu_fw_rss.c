/* SPDX-License-Identifier: BSD-3-Clause */
/* RSS: its commands [3:4]; the hash and the choice of a queue are in emu_rss.c. And the switch of
 * GRO [3:3.7]. */
#include "emu_fw.h"

#include <string.h>

static enum emu_fw_ret
emu_fw_rss_config(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	unsigned int chunk = p[0] >> 4, algorithm = p[0] & 0xf;

	if (chunk * 16 >= EMU_RSS_KEY_BYTES)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		p[0] = (uint8_t)(chunk << 4 | dev->rss.algorithm);
		memcpy(p + 8, dev->rss.key + 16 * chunk, 16);
		return EMU_FW_OK;
	}
	if (algorithm > EMU_RSS_SYMMETRIC)
		return EMU_FW_PARA_ERR;
	dev->rss.algorithm = (uint8_t)algorithm;
	memcpy(dev->rss.key + 16 * chunk, p + 8, 16);
	emu_rss_key_plan(&dev->rss);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_rss_tuple(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->is_read)
		memcpy(cmd->d[0].data, dev->rss.tuple, 8);
	else
		memcpy(dev->rss.tuple, cmd->d[0].data, 8);
	emu_rss_plan(&dev->rss);
	return EMU_FW_OK;
}

/* Sixteen entries as a write carries them, for a driver that changes only some of them [3:4.2]. */
static void
reta_read(const struct emu_rss *rss, uint32_t first, uint8_t *p)
{
	memset(p + 2, 0, 22);
	emu_put16(p, 2, 0xffff);
	for (unsigned int i = 0; i < 16 && first + i < rss->reta_size; i++) {
		uint16_t queue = rss->reta[first + i];

		p[4 + i / 4] |= (uint8_t)((queue >> 8 & 3u) << (2 * (i % 4)));
		p[8 + i] = (uint8_t)queue;
	}
}

static enum emu_fw_ret
emu_fw_rss_reta(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t first = emu_get16(p, 0), valid = emu_get16(p, 2);

	if (first >= dev->rss.reta_size || first % 16 != 0)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		reta_read(&dev->rss, first, p);
		return EMU_FW_OK;
	}
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t high = p[4 + i / 4] >> (2 * (i % 4)) & 3u;

		if (valid & BIT32(i) && first + i < dev->rss.reta_size)
			dev->rss.reta[first + i] = (uint16_t)(high << 8 | p[8 + i]);
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_rss_tc(struct emu_dev *dev, struct emu_cmd *cmd)
{
	for (unsigned int tc = 0; tc < 8; tc++)
		dev->rss.tc_mode[tc] = emu_get16(cmd->d[0].data, 2 * tc);
	emu_rss_plan(&dev->rss);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_gro(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->is_read) {
		cmd->d[0].data[0] = dev->gro_is_on;
		return EMU_FW_OK;
	}
	dev->gro_is_on = cmd->d[0].data[0] & 1;
	emu_bar_store(dev, EMU_GRO_EN, dev->gro_is_on);
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_rss_ops[] = {
	{ 0x0c10, EMU_FW_F_PAUSE | EMU_FW_F_VF, "GRO_GENERIC_CONFIG", emu_fw_gro },
	{ 0x0d01, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_GENERIC_CONFIG", emu_fw_rss_config },
	{ 0x0d02, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_INPUT_TUPLE", emu_fw_rss_tuple },
	{ 0x0d07, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_INDIR_TABLE", emu_fw_rss_reta },
	{ 0x0d08, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_TC_MODE", emu_fw_rss_tc },
	{ 0 },
};
/* clang-format on */

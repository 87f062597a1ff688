/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flow director: its commands [3:5]; the work is in emu_fd.c. The data thread is paused only where
 * a rule is or becomes valid: a driver clears all rules one by one when it starts.
 */
#include "emu_fw.h"

#include <string.h>

#define STAGE_1 0 /* the only one */

static enum emu_fw_ret
emu_fw_fd_mode(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24); /* [3:5.1] */
	cmd->d[0].data[0] = (uint8_t)dev->nic->fd->mode;
	cmd->d[0].data[1] = 1;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_fd_sizes(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24); /* [3:5.2] */
	emu_put32(cmd->d[0].data, 0, dev->nic->fd->nb_rules);
	emu_put16(cmd->d[0].data, 8, EMU_FD_COUNTERS_MAX);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_fd_key(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;

	if (p[0] != STAGE_1)
		return EMU_FW_PARA_ERR;
	emu_fd_key_layout(dev->nic->fd, ~emu_get32(p, 8), ~emu_get32(p, 12));
	return EMU_FW_OK;
}

/* Key bytes of a rule in the three descriptors [3:5.7]. */
static void
tcam_key(struct emu_cmd *cmd, uint8_t *key, bool from_command)
{
	static const struct {
		uint8_t desc, at, len, key_at;
	} part[] = { { 0, 16, 8, 0 }, { 1, 0, 24, 8 }, { 2, 0, 20, 32 } };

	for (unsigned int i = 0; i < 3; i++) {
		uint8_t *data = cmd->d[part[i].desc].data + part[i].at;

		if (from_command)
			memcpy(key + part[i].key_at, data, part[i].len);
		else
			memcpy(data, key + part[i].key_at, part[i].len);
	}
}

static enum emu_fw_ret
emu_fw_fd_tcam(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data, key[EMU_FD_KEY_BYTES];
	uint32_t index = emu_get32(p, 4);
	struct emu_fd *fd = dev->nic->fd;
	bool is_x = p[1] & 1, is_valid = p[8] & 1, pauses;
	struct emu_fd_rule *rule;

	if (cmd->nb_desc < 3)
		return EMU_FW_NEXT_ERR;
	if (p[0] != STAGE_1 || index >= fd->nb_rules)
		return EMU_FW_PARA_ERR;
	rule = &fd->rule[index];
	if (cmd->is_read) {
		p[8] = rule->is_valid;
		tcam_key(cmd, is_x ? fd->half[index].x : fd->half[index].y, false);
		return EMU_FW_OK;
	}
	tcam_key(cmd, key, true);
	pauses = rule->is_valid || (is_x && is_valid);
	if (pauses)
		emu_data_pause();
	if (is_x)
		emu_fd_rule_write_x(fd, index, key, is_valid);
	else
		emu_fd_rule_write_y(fd, index, key);
	if (pauses)
		emu_data_resume();
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_fd_action(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	uint32_t index = emu_get32(p, 4);
	bool pauses;

	if (p[0] != STAGE_1 || index >= dev->nic->fd->nb_rules)
		return EMU_FW_PARA_ERR;
	pauses = dev->nic->fd->rule[index].is_valid;
	if (pauses)
		emu_data_pause();
	emu_fd_action_write(dev->nic->fd, index, emu_get32(p, 8), emu_get32(p, 12));
	if (pauses)
		emu_data_resume();
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_fd_counter(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t counter = emu_get16(p, 4);
	uint64_t nb;

	if (p[0] != STAGE_1 || counter >= EMU_FD_COUNTERS_MAX)
		return EMU_FW_PARA_ERR;
	nb = emu_fd_counter_read(dev->nic->fd, counter);
	emu_put32(p, 8, (uint32_t)nb); /* [3:5.9] */
	emu_put32(p, 12, (uint32_t)(nb >> 32));
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_fd_user_def(struct emu_dev *dev, struct emu_cmd *cmd)
{
	dev->nic->fd->has_user_def = false;
	for (unsigned int i = 0; i < 6; i++) { /* [3:5.10] */
		uint32_t word = emu_get16(cmd->d[0].data, 2 * i);

		dev->nic->fd->user_def[i].is_on = word & BIT32(15);
		dev->nic->fd->has_user_def |= word & BIT32(15);
		dev->nic->fd->user_def[i].offset = (uint16_t)(word & BITS32(14, 0));
	}
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_fd_ops[] = {
	{ 0x1200, 0, "FD_MODE_CTRL", emu_fw_fd_mode },
	{ 0x1201, 0, "FD_GET_ALLOCATION", emu_fw_fd_sizes },
	{ 0x1202, EMU_FW_F_PAUSE, "FD_KEY_CONFIG", emu_fw_fd_key },
	{ 0x1203, 0, "FD_TCAM_OP", emu_fw_fd_tcam },
	{ 0x1204, 0, "FD_AD_OP", emu_fw_fd_action },
	{ 0x1205, 0, "FD_COUNTER_OP", emu_fw_fd_counter },
	{ 0x1207, EMU_FW_F_PAUSE, "FD_USER_DEF_OP", emu_fw_fd_user_def },
	{ 0 },
};
/* clang-format on */

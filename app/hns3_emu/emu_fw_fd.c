/* SPDX-License-Identifier: BSD-3-Clause */
/* Flow director: its commands [3:5]. */
#include "emu_fw.h"

#include <string.h>

static enum emu_fw_ret
emu_fw_fd_mode(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24); /* mode 0: 2K rules of 400 bits [3:5.1] */
	cmd->d[0].data[1] = 1;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_fd_sizes(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24); /* [3:5.2] */
	emu_put32(cmd->d[0].data, 0, 512);
	emu_put16(cmd->d[0].data, 8, 128);
	return EMU_FW_OK;
}

/* Rules are accepted and have no effect yet [3:5.7]. */
static enum emu_fw_ret
emu_fw_fd_tcam(struct emu_dev *dev, struct emu_cmd *cmd)
{
	return cmd->nb_desc < 3 ? EMU_FW_NEXT_ERR : emu_fw_echo(dev, cmd);
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_fd_ops[] = {
	{ 0x1200, 0, "FD_MODE_CTRL", emu_fw_fd_mode },
	{ 0x1201, 0, "FD_GET_ALLOCATION", emu_fw_fd_sizes },
	ECHO(0x1202, "FD_KEY_CONFIG"),
	{ 0x1203, EMU_FW_F_ECHO, "FD_TCAM_OP", emu_fw_fd_tcam },
	{ 0 },
};
/* clang-format on */

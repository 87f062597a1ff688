/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands by opcode. EMU_FW_F_ECHO marks those that are accepted and stored but have no effect
 * yet, so that the report can tell what a driver relies on. What is in no table is answered "not
 * supported", and counted.
 */
#include "emu_fw.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

static const struct emu_fw_op *const topics[] = {
	emu_fw_addr_ops,
	emu_fw_err_ops,
	emu_fw_fd_ops,
	emu_fw_mac_ops,
	emu_fw_mbx_ops,
	emu_fw_queue_ops,
	emu_fw_reset_ops,
	emu_fw_rss_ops,
	emu_fw_stats_ops,
	emu_fw_sys_ops,
	emu_fw_tm_ops,
	emu_fw_vlan_ops,
};

static const struct emu_fw_op *ops[EMU_FW_OPS_MAX];
static int nb_ops;
static int16_t by_opcode[UINT16_MAX + 1]; /* number of its command + 1; 0: none */

/* Before main(): all that is done here is constant. */
__attribute__((constructor)) static void
ops_collect(void)
{
	for (unsigned int i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		for (const struct emu_fw_op *op = topics[i]; op->opcode != 0; op++) {
			assert(nb_ops < EMU_FW_OPS_MAX && by_opcode[op->opcode] == 0);
			ops[nb_ops++] = op;
			by_opcode[op->opcode] = (int16_t)nb_ops;
		}
	}
}

int
emu_fw_find(uint16_t opcode)
{
	return by_opcode[opcode] - 1;
}

const struct emu_fw_op *
emu_fw_op_at(int idx)
{
	return idx >= 0 && idx < nb_ops ? ops[idx] : NULL;
}

enum emu_fw_ret
emu_fw_echo(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *stored = dev->stored[emu_fw_find(cmd->opcode)];

	if (cmd->is_read)
		memcpy(cmd->d[0].data, stored, sizeof(dev->stored[0]));
	else
		memcpy(stored, cmd->d[0].data, sizeof(dev->stored[0]));
	return EMU_FW_OK;
}

uint16_t
emu_get16(const uint8_t *p, unsigned int at)
{
	uint16_t val;

	memcpy(&val, p + at, sizeof(val));
	return le16toh(val);
}

uint32_t
emu_get32(const uint8_t *p, unsigned int at)
{
	uint32_t val;

	memcpy(&val, p + at, sizeof(val));
	return le32toh(val);
}

void
emu_put16(uint8_t *p, unsigned int at, uint16_t val)
{
	val = htole16(val);
	memcpy(p + at, &val, sizeof(val));
}

void
emu_put32(uint8_t *p, unsigned int at, uint32_t val)
{
	val = htole32(val);
	memcpy(p + at, &val, sizeof(val));
}

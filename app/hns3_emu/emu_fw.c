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
	emu_fw_dump_ops,
	emu_fw_err_ops,
	emu_fw_fd_ops,
	emu_fw_mac_ops,
	emu_fw_mbx_ops,
	emu_fw_module_ops,
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

/* Where a command's data are kept: for each key of a keyed one, as long as there is room. */
static uint8_t *
store_find(struct emu_dev *dev, const struct emu_cmd *cmd)
{
	int idx = emu_fw_find(cmd->opcode);
	unsigned int flags = ops[idx]->flags;
	uint32_t key, at;

	if (!(flags & (EMU_FW_F_KEY8 | EMU_FW_F_KEY16)))
		return dev->stored[idx];
	key = flags & EMU_FW_F_KEY8 ? cmd->d[0].data[0] : emu_get16(cmd->d[0].data, 0);
	key |= (uint32_t)(idx + 1) << 16; /* not 0, which marks free ones */
	at = key * UINT32_C(2654435761) >> 16;
	for (unsigned int i = 0; i < EMU_KEPT_MAX; i++) {
		struct emu_kept *k = &dev->kept[(at + i) % EMU_KEPT_MAX];

		if (k->key == key)
			return k->data;
		if (k->key == 0) {
			k->key = key;
			memcpy(k->data, cmd->d[0].data, flags & EMU_FW_F_KEY8 ? 1 : 2);
			return k->data;
		}
	}
	return dev->stored[idx];
}

enum emu_fw_ret
emu_fw_echo(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *stored = store_find(dev, cmd);

	if (cmd->is_read)
		memcpy(cmd->d[0].data, stored, sizeof(dev->stored[0]));
	else
		memcpy(stored, cmd->d[0].data, sizeof(dev->stored[0]));
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_zeros(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	if (cmd->is_read) {
		for (unsigned int i = 0; i < cmd->nb_desc; i++)
			memset(cmd->d[i].data, 0, sizeof(cmd->d[i].data));
	}
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

/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about queue pairs and the vectors of their rings [1:5.10] [1:6.5] [3:3]. */
#include "emu_fw.h"
#include "emu_reset.h"

/* Reset a queue pair by the PF's number, whosever it is [1:5.10]. */
static void
tqp_reset(struct emu_nic *nic, uint32_t tqp)
{
	struct emu_dev *func = emu_func_get(nic, nic->tqp[tqp].func);

	if (func && nic->tqp[tqp].is_on)
		emu_queue_reset(func, nic->tqp[tqp].vid);
}

/* Reset of a function, or of a range of queues [1:5.10]. */
static enum emu_fw_ret
emu_fw_reset_trigger(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t first = emu_get16(p, 4), nb = emu_get16(p, 6);

	if (p[0] & BIT32(7)) {
		struct emu_dev *func = emu_func_get(dev->nic, p[1]);

		if (!func)
			return EMU_FW_PARA_ERR;
		emu_reset_func_start(func);
		return EMU_FW_OK;
	}
	if (p[0] & BIT32(3)) /* of the MAC: no driver asks for it */
		return EMU_FW_NOT_SUPPORTED;
	if (!(p[2] & BIT32(1)))
		return EMU_FW_PARA_ERR;
	if (first + nb > dev->nic->nb_tqps)
		return EMU_FW_PARA_ERR;
	for (uint32_t q = first; q < first + nb; q++)
		tqp_reset(dev->nic, q);
	p[8] = 1;
	return EMU_FW_OK;
}

/* Queue pair @p p 0 of the PF is number @p p 4 of a function [3:3.1]. */
static enum emu_fw_ret
emu_fw_tqp_map(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	uint32_t tqp = emu_get16(p, 0), vid = emu_get16(p, 4);
	const struct emu_dev *func = emu_func_get(dev->nic, p[2]);

	if (tqp >= dev->nic->nb_tqps || !func || vid >= func->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	dev->nic->tqp[tqp] = (struct emu_tqp){ p[2], p[3] & BIT32(1), (uint16_t)vid };
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_queue_enable(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t q = emu_get16(cmd->d[0].data, 0);

	if (q >= dev->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	/* the same switch as the register [2:8.2] */
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN, cmd->d[0].data[4] & 1);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_queue_reset(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t q = emu_get16(p, 0);

	if (q >= dev->nic->nb_tqps)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read)
		p[3] = 1; /* ready: the reset was done at the request */
	else if (p[2] & 1)
		tqp_reset(dev->nic, q);
	return EMU_FW_OK;
}

/* One direction of a queue pair, whose enables stay [3:3.2]. */
static enum emu_fw_ret
emu_fw_queue_reset_one(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t tqp = emu_get16(p, 0);
	struct emu_dev *func = dev;

	if (dev->func == 0) { /* the PF's number; a VF counts its own */
		if (tqp >= dev->nic->nb_tqps || !emu_func_get(dev->nic, dev->nic->tqp[tqp].func))
			return EMU_FW_PARA_ERR;
		func = emu_func_get(dev->nic, dev->nic->tqp[tqp].func);
		tqp = dev->nic->tqp[tqp].vid;
	}
	if (tqp >= func->cfg.nb_queues || p[4] > 1)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		p[3] = 1;
		return EMU_FW_OK;
	}
	if (p[2] & 1)
		emu_ring_reset(func, tqp, p[4]);
	return EMU_FW_OK;
}

/* The class of a Tx queue, which is a register, too [3:3.3]. */
static enum emu_fw_ret
emu_fw_queue_tc(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t q = emu_get16(p, 0);

	if (q >= dev->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read)
		p[4] = emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_TC) & 7;
	else
		emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_TC, p[4] & 7u);
	return EMU_FW_OK;
}

/* Entries of 0x1503 and 0x1504 [1:6.5]; @p vector -1: unmap. */
static enum emu_fw_ret
vector_set(struct emu_dev *dev, const uint8_t *p, int32_t vector)
{
	unsigned int nb = p[1];

	if (nb == 0 || nb > 10)
		return EMU_FW_PARA_ERR;
	for (unsigned int i = 0; i < nb; i++) {
		uint32_t entry = emu_get16(p, 2 + 2 * i);
		uint32_t q = FIELD_GET(BITS32(12, 2), entry);
		struct emu_ring *ring;

		if (q >= dev->cfg.nb_queues || (entry & 3) > 1)
			return EMU_FW_PARA_ERR;
		ring = (entry & 3) == 1 ? &dev->queue[q].rx : &dev->queue[q].tx;
		ring->vector = vector;
		ring->irq_pending = false;
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_vector_add(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	int32_t vector = p[0] | p[23] << 8;

	if (cmd->is_read || vector >= (int32_t)emu_dev_nb_vectors(dev))
		return EMU_FW_PARA_ERR;
	return vector_set(dev, p, vector);
}

static enum emu_fw_ret
emu_fw_vector_del(struct emu_dev *dev, struct emu_cmd *cmd)
{
	return vector_set(dev, cmd->d[0].data, -1);
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_queue_ops[] = {
	{ 0x0020, EMU_FW_F_PAUSE, "CFG_RST_TRIGGER", emu_fw_reset_trigger },
	{ 0x0a01, EMU_FW_F_PAUSE, "SET_TQP_MAP", emu_fw_tqp_map },
	{ 0x0b04, EMU_FW_F_VF, "TQP_TX_QUEUE_TC", emu_fw_queue_tc },
	{ 0x0b20, EMU_FW_F_PAUSE | EMU_FW_F_VF, "CFG_COM_TQP_QUEUE", emu_fw_queue_enable },
	{ 0x0b22, EMU_FW_F_PAUSE, "RESET_TQP_QUEUE", emu_fw_queue_reset },
	{ 0x0b23, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RESET_TQP_QUEUE_INDEP", emu_fw_queue_reset_one },
	{ 0x1503, EMU_FW_F_PAUSE, "ADD_RING_TO_VECTOR", emu_fw_vector_add },
	{ 0x1504, EMU_FW_F_PAUSE, "DEL_RING_TO_VECTOR", emu_fw_vector_del },
	{ 0 },
};
/* clang-format on */

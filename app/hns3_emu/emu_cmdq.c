/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command queue: takes commands between head and tail of the send ring, has them carried out
 * (emu_fw.c), writes the answers into the same slots, then moves head; posts messages into the
 * receive ring.
 *
 * A command's extent: a raw opcode takes all up to the tail; else descriptors are taken while NEXT
 * is set [1:3.5]. Nothing of a descriptor is believed before it was checked.
 */
#include "emu_fw.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "emu_trace.h"
#include "log.h"

#define MODULE "emu.cmdq"

static uint64_t
ring_iova(const struct emu_dev *dev, uint32_t base_reg)
{
	return (uint64_t)emu_bar_load(dev, base_reg + 4) << 32 | emu_bar_load(dev, base_reg);
}

static void
unsupported_count(struct emu_dev *dev, uint16_t opcode)
{
	for (uint32_t i = 0; i < dev->nb_unsupported; i++) {
		if (dev->unsupported[i].opcode == opcode) {
			dev->unsupported[i].count++;
			return;
		}
	}
	if (dev->nb_unsupported == sizeof(dev->unsupported) / sizeof(dev->unsupported[0]))
		return; /* the first ones tell the tale */
	base_log(BASE_LOG_NOTICE, MODULE, "%s: command 0x%04x (%s) is not supported", dev->cfg.name,
			opcode, emu_opcode_name(opcode) ? emu_opcode_name(opcode) : "unknown");
	dev->unsupported[dev->nb_unsupported].opcode = opcode;
	dev->unsupported[dev->nb_unsupported++].count = 1;
}

/* Fill in the reply headers. */
static void
finish(struct emu_cmd *cmd, uint16_t ret)
{
	for (unsigned int i = 0; i < (cmd->is_raw ? 1 : cmd->nb_desc); i++) {
		cmd->d[i].flag_le |= htole16(EMU_CMD_OUT);
		cmd->d[i].retval_le = htole16(ret);
	}
}

/* Answer without having done anything. */
static void
fail(struct emu_dev *dev, struct emu_cmd *cmd, uint16_t ret)
{
	finish(cmd, ret);
	if (emu_trace_is_on(dev))
		emu_trace_command(dev, cmd, cmd, ret);
}

/* Carry @p cmd out. */
static void
run(struct emu_dev *dev, struct emu_cmd *cmd)
{
	int idx = emu_fw_find(cmd->opcode);
	const struct emu_fw_op *op = emu_fw_op_at(idx);
	enum emu_fw_ret ret = EMU_FW_NOT_SUPPORTED;
	struct emu_cmd request;

	if (emu_trace_is_on(dev))
		request = *cmd;
	if (!op) {
		unsupported_count(dev, cmd->opcode);
	} else if (dev->func != 0 && !(op->flags & EMU_FW_F_VF)) {
		dev->cmd_count[idx]++;
		ret = EMU_FW_NO_AUTH; /* a command of PFs alone [3:9.4] */
	} else {
		dev->cmd_count[idx]++;
		if (op->flags & EMU_FW_F_PAUSE)
			emu_data_pause();
		ret = op->run(dev, cmd);
		if (op->flags & EMU_FW_F_PAUSE) {
			dev->nic->steer.is_stale = true; /* it may have changed what that reads */
			emu_data_resume();
		}
	}
	finish(cmd, (uint16_t)ret);
	if (emu_trace_is_on(dev))
		emu_trace_command(dev, &request, cmd, ret);
}

/* Read the command at @p head, of @p avail descriptors at most. 0 or -EFAULT. */
static int
fetch(struct emu_dev *dev, struct emu_cmd *cmd, uint64_t ring, uint32_t depth, uint32_t head,
		uint32_t avail)
{
	unsigned int nb = 0, flags = 0;

	do {
		struct emu_cmd_desc *d = &cmd->d[nb];

		if (emu_dma_read(dev->cfg.iommu,
				    ring + (uint64_t)((head + nb) % depth) * sizeof(*d), d,
				    sizeof(*d)))
			return -EFAULT;
		if (nb++ == 0) {
			const struct emu_fw_op *op;

			cmd->opcode = le16toh(d->opcode_le);
			cmd->is_read = le16toh(d->flag_le) & EMU_CMD_READ;
			op = emu_fw_op_at(emu_fw_find(cmd->opcode));
			flags = op ? op->flags : 0;
			cmd->is_raw = flags & EMU_FW_F_RAW;
		}
		if (!cmd->is_raw &&
				(!(le16toh(d->flag_le) & EMU_CMD_NEXT) || flags & EMU_FW_F_SINGLE))
			break;
	} while (nb < avail && nb < EMU_CMD_DESCS_MAX);
	cmd->nb_desc = nb;
	return 0;
}

unsigned int
emu_cmdq_poll(struct emu_dev *dev)
{
	uint32_t tail = emu_bar_load(dev, EMU_CSQ_TAIL);
	uint32_t head = emu_bar_load(dev, EMU_CSQ_HEAD);
	uint32_t depth = FIELD_GET(EMU_DEPTH_MASK, emu_bar_load(dev, EMU_CSQ_DEPTH)) * 8;
	uint64_t ring = ring_iova(dev, EMU_CSQ_BASE_L);
	uint32_t shown = head;
	enum emu_fault_cmd fate = EMU_FAULT_CMD_GOES;
	struct emu_cmd cmd;
	unsigned int nb = 0;
	uint16_t ret = 0;

	if (dev->faults.cmd_is_held && emu_fault_queue_waits(dev, &head, tail))
		return 0;
	if (tail == head || ring == 0 || depth == 0)
		return 0;
	if (tail >= depth || head >= depth) {
		emu_dev_violation(
				dev, EMU_V_CMDQ_TAIL, "head or tail of the send ring lies outside");
		emu_bar_store(dev, EMU_CSQ_TAIL, 0);
		emu_bar_store(dev, EMU_CSQ_HEAD, 0);
		return 1;
	}
	emu_counters_hide(dev); /* a command ends the time in which the driver read them */
	while (head != tail) {
		if (fetch(dev, &cmd, ring, depth, head, (tail + depth - head) % depth))
			break;
		if (emu_faults_armed(dev, EMU_FAULTS_CMD))
			fate = emu_fault_command(dev, cmd.opcode, head, tail, &ret);
		if (fate == EMU_FAULT_CMD_GONE)
			return nb + 1;
		if (fate == EMU_FAULT_CMD_WAITS)
			break;
		if (fate != EMU_FAULT_CMD_FAILS)
			run(dev, &cmd);
		else
			fail(dev, &cmd, ret);
		for (unsigned int i = 0; i < cmd.nb_desc; i++) {
			if (emu_dma_write(dev->cfg.iommu,
					    ring + (uint64_t)((head + i) % depth) *
									    sizeof(cmd.d[0]),
					    &cmd.d[i], sizeof(cmd.d[0])))
				break; /* the fault was counted */
		}
		head = (head + cmd.nb_desc) % depth;
		nb++;
	}
	if (fate == EMU_FAULT_CMD_WAITS) {
		tail = nb ? head : shown;
		dev->faults.cmd_head = tail;
	}
	emu_bar_store(dev, EMU_CSQ_HEAD, tail); /* the answers are visible before it [1:3.7] */
	return nb + 1;
}

bool
emu_dev_is_waiting(const struct emu_dev *dev)
{
	uint32_t tail = emu_bar_load(dev, EMU_CSQ_TAIL);

	return (tail != emu_bar_load(dev, EMU_CSQ_HEAD) &&
			       !__atomic_load_n(&dev->faults.cmd_is_held, __ATOMIC_RELAXED) &&
			       emu_bar_load(dev, EMU_CSQ_DEPTH) != 0 &&
			       ring_iova(dev, EMU_CSQ_BASE_L) != 0) ||
	       emu_bar_load(dev, EMU_MISC_RESET_STS) != 0 ||
	       emu_bar_load(dev, EMU_CMDQ_SRC) != emu_bar_load(dev, EMU_CMDQ_STAT) ||
	       emu_latch_is_waiting(dev);
}

int
emu_crq_post(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24])
{
	if (emu_faults_armed(dev, EMU_FAULTS_MBX) && emu_fault_message(dev, opcode, data))
		return 0;
	return emu_crq_write(dev, opcode, data);
}

int
emu_crq_write(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24])
{
	uint32_t depth = FIELD_GET(EMU_DEPTH_MASK, emu_bar_load(dev, EMU_CRQ_DEPTH)) * 8;
	uint32_t tail = emu_bar_load(dev, EMU_CRQ_TAIL);
	uint64_t ring = ring_iova(dev, EMU_CRQ_BASE_L);
	struct emu_cmd_desc d = { .opcode_le = htole16(opcode), .flag_le = htole16(EMU_CMD_OUT) };

	if (emu_trace_is_on(dev))
		emu_trace_message(dev, opcode, data);
	if (ring == 0 || depth == 0 || tail >= depth)
		return -ENXIO;
	if ((tail + 1) % depth == emu_bar_load(dev, EMU_CRQ_HEAD))
		return -ENOSPC;
	memcpy(d.data, data, sizeof(d.data));
	if (emu_dma_write(dev->cfg.iommu, ring + (uint64_t)tail * sizeof(d), &d, sizeof(d)))
		return -EFAULT;
	emu_bar_store(dev, EMU_CRQ_TAIL, (tail + 1) % depth);
	emu_cmdq_cause_set(dev, EMU_CMDQ_SRC_RX);
	return 0;
}

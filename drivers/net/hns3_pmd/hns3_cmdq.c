/* SPDX-License-Identifier: BSD-3-Clause */
/* Command queue; contract in hns3_cmdq.h, typed commands in hns3_fw.c. */
#include "hns3_cmdq.h"

#include <errno.h>
#include <stdio.h>

#include <rte_common.h>
#include <rte_cycles.h>
#include <rte_errno.h>

#include "deadline.h"
#include "hns3_hw.h"
#include "hns3_log.h"
#include "hns3_regs.h"

#define HNS3_CMDQ_TIMEOUT_MS       30  /* [1:3.4] */
#define HNS3_CMDQ_RESET_TIMEOUT_MS 100 /* opcode 0x0020 */
#define HNS3_CMDQ_RING_BYTES       (HNS3_CMDQ_NB_DESC * sizeof(struct hns3_cmd_desc))

static const struct {
	int err;
	const char *text;
} hns3_retvals[] = {
	/* index = firmware return code [1:3.6] */
	[0] = { 0, "success" },
	[1] = { EPERM, "no authority" },
	[2] = { EOPNOTSUPP, "not supported" },
	[3] = { EXFULL, "queue full" },
	[4] = { ENOSR, "next descriptor missing" },
	[5] = { ENOTBLK, "not executed" },
	[6] = { EINVAL, "bad parameter" },
	[7] = { ERANGE, "bad result" },
	[8] = { ETIME, "timeout" },
	[9] = { ENOLINK, "serdes fault" },
	[10] = { ENXIO, "illegal queue" },
	[11] = { EBADR, "invalid" },
	[12] = { EINVAL, "ROH check failed" },
};

static const uint16_t hns3_raw_opcodes[] = {
	/* [3:0.3] */
	HNS3_CMD_STATS_64,
	HNS3_CMD_STATS_32,
	HNS3_CMD_STATS_MAC,
	HNS3_CMD_STATS_MAC_ALL,
	HNS3_CMD_REG_32,
	HNS3_CMD_REG_64,
	HNS3_CMD_MPF_RAS,
	HNS3_CMD_PF_RAS,
	HNS3_CMD_MPF_MSIX,
	HNS3_CMD_PF_MSIX,
	HNS3_CMD_ERR_INFO,
};

int
hns3_cmdq_errno(uint16_t retval)
{
	return retval < RTE_DIM(hns3_retvals) ? -hns3_retvals[retval].err : -EREMOTEIO;
}

static bool
opcode_is_raw(uint16_t opcode)
{
	for (unsigned int i = 0; i < RTE_DIM(hns3_raw_opcodes); i++)
		if (hns3_raw_opcodes[i] == opcode)
			return true;
	return false;
}

int
hns3_cmdq_result(const struct hns3_cmd_desc *descs, uint32_t nb)
{
	uint16_t opcode = rte_le_to_cpu_16(descs[0].opcode_le);
	const struct hns3_cmd_desc *d = opcode_is_raw(opcode) ? &descs[0] : &descs[nb - 1];
	uint16_t retval = rte_le_to_cpu_16(d->retval_le);

	if (retval != 0)
		HNS3_LOG(DEBUG, "command 0x%04x: firmware answers %u (%s)", opcode, retval,
				retval < RTE_DIM(hns3_retvals) ? hns3_retvals[retval].text
							       : "unknown code");
	return hns3_cmdq_errno(retval);
}

bool
hns3_cmdq_is_dead(const struct hns3_cmdq *q)
{
	return __atomic_load_n(&q->dead, __ATOMIC_RELAXED);
}

void
hns3_cmdq_kill(struct hns3_cmdq *q, const char *why)
{
	if (!__atomic_exchange_n(&q->dead, true, __ATOMIC_RELAXED))
		HNS3_LOG(ERR, "%s: no more commands until the port is probed again", why);
}

static void
regs_clear(uint8_t *bar)
{
	static const uint32_t regs[] = { HNS3_REG_CSQ_BASE_L, HNS3_REG_CSQ_BASE_H,
		HNS3_REG_CSQ_DEPTH, HNS3_REG_CSQ_HEAD, HNS3_REG_CSQ_TAIL, HNS3_REG_CRQ_BASE_L,
		HNS3_REG_CRQ_BASE_H, HNS3_REG_CRQ_DEPTH, HNS3_REG_CRQ_HEAD, HNS3_REG_CRQ_TAIL };

	for (unsigned int i = 0; i < RTE_DIM(regs); i++)
		hns3_reg_write(bar, regs[i], 0);
}

/* Order of [1:3.8]: a tail equal to the head comes last. */
static void
regs_program(uint8_t *bar, rte_iova_t iova)
{
	const uint32_t depth = HNS3_CMDQ_NB_DESC / HNS3_CMDQ_DEPTH_DIV;
	rte_iova_t crq_iova = iova + HNS3_CMDQ_RING_BYTES;

	hns3_reg_write(bar, HNS3_REG_CSQ_BASE_L, (uint32_t)iova);
	hns3_reg_write(bar, HNS3_REG_CSQ_BASE_H, (uint32_t)(iova >> 32));
	hns3_reg_write(bar, HNS3_REG_CSQ_DEPTH, depth | HNS3_CSQ_SW_RST_RDY);
	hns3_reg_write(bar, HNS3_REG_CSQ_HEAD, 0);
	hns3_reg_write(bar, HNS3_REG_CSQ_TAIL, 0);
	hns3_reg_write(bar, HNS3_REG_CRQ_BASE_L, (uint32_t)crq_iova);
	hns3_reg_write(bar, HNS3_REG_CRQ_BASE_H, (uint32_t)(crq_iova >> 32));
	hns3_reg_write(bar, HNS3_REG_CRQ_DEPTH, depth);
	hns3_reg_write(bar, HNS3_REG_CRQ_HEAD, 0);
	hns3_reg_write(bar, HNS3_REG_CRQ_TAIL, 0);
}

int
hns3_cmdq_init(struct hns3_cmdq *q, uint8_t *bar, const char *name, int socket_id)
{
	char mz_name[RTE_MEMZONE_NAMESIZE];

	memset(q, 0, sizeof(*q));
	snprintf(mz_name, sizeof(mz_name), "hns3_pmd_cmdq_%.12s", name);
	q->mz = rte_memzone_reserve_aligned(mz_name, 2 * HNS3_CMDQ_RING_BYTES, socket_id,
			RTE_MEMZONE_IOVA_CONTIG, 2 * HNS3_CMDQ_RING_BYTES);
	if (q->mz == NULL) {
		HNS3_LOG(ERR, "%s: no memory for the command queue: %s", mz_name,
				rte_strerror(rte_errno));
		return -ENOMEM;
	}
	memset(q->mz->addr, 0, 2 * HNS3_CMDQ_RING_BYTES);
	q->bar = bar;
	q->csq = q->mz->addr;
	q->crq = q->csq + HNS3_CMDQ_NB_DESC;
	pthread_mutex_init(&q->lock, NULL);

	regs_clear(bar);
	/* Stale events of an earlier owner [1:9.1] step 3. */
	hns3_reg_write(bar, HNS3_REG_RESET_CLEAR,
			HNS3_OTHER_INT_GLOBAL | HNS3_OTHER_INT_CORE | HNS3_OTHER_INT_IMP);
	hns3_reg_write(bar, HNS3_REG_CMDQ_SRC, 0);
	hns3_reg_write(bar, HNS3_REG_RESET_CLEAR, HNS3_OTHER_INT_PTP);
	regs_program(bar, q->mz->iova);
	if (hns3_reg_read(bar, HNS3_REG_OTHER_INT) & HNS3_OTHER_INT_RESET) {
		HNS3_LOG(ERR, "%s: the device is being reset; probe it again later", name);
		hns3_cmdq_fini(q);
		return -EBUSY;
	}
	return 0;
}

void
hns3_cmdq_fini(struct hns3_cmdq *q)
{
	if (q->mz == NULL)
		return;
	regs_clear(q->bar);
	rte_memzone_free(q->mz);
	pthread_mutex_destroy(&q->lock);
	q->mz = NULL;
}

static int
wait_done(struct hns3_cmdq *q, uint16_t opcode)
{
	struct deadline end =
			deadline_in_ms(opcode == HNS3_CMD_RESET_TRIGGER ? HNS3_CMDQ_RESET_TIMEOUT_MS
									: HNS3_CMDQ_TIMEOUT_MS);

	for (;;) {
		bool is_late = deadline_has_passed(&end); /* one more look after the deadline */

		if (hns3_reg_read(q->bar, HNS3_REG_CSQ_HEAD) == q->csq_idx)
			return 0;
		if (hns3_reg_read(q->bar, HNS3_REG_OTHER_INT) & HNS3_OTHER_INT_RESET) {
			hns3_cmdq_kill(q, "device reset during a command");
			return -EIO;
		}
		if (is_late) {
			HNS3_LOG(ERR, "command 0x%04x: no completion, send head %u, tail %u",
					opcode, hns3_reg_read(q->bar, HNS3_REG_CSQ_HEAD),
					q->csq_idx);
			hns3_cmdq_kill(q, "command timeout");
			return -ETIME;
		}
		rte_delay_us_block(1);
	}
}

static int
send_locked(struct hns3_cmdq *q, struct hns3_cmd_desc *descs, uint32_t nb)
{
	uint32_t first = q->csq_idx;
	int ret;

	if (hns3_cmdq_is_dead(q))
		return -EIO;
	/* Idle between commands, so any other head, or a lost base, means that the ring is gone. */
	if (hns3_reg_read(q->bar, HNS3_REG_CSQ_HEAD) != first ||
			hns3_reg_read(q->bar, HNS3_REG_CSQ_BASE_L) != (uint32_t)q->mz->iova) {
		hns3_cmdq_kill(q, "command queue registers do not hold what was written");
		return -EIO;
	}
	for (uint32_t i = 0; i < nb; i++)
		q->csq[(first + i) % HNS3_CMDQ_NB_DESC] = descs[i];
	q->csq_idx = (first + nb) % HNS3_CMDQ_NB_DESC;
	rte_io_wmb();
	hns3_reg_write(q->bar, HNS3_REG_CSQ_TAIL, q->csq_idx);

	ret = wait_done(q, rte_le_to_cpu_16(descs[0].opcode_le));
	if (ret != 0)
		return ret;
	rte_io_rmb();
	for (uint32_t i = 0; i < nb; i++)
		descs[i] = q->csq[(first + i) % HNS3_CMDQ_NB_DESC];
	return hns3_cmdq_result(descs, nb);
}

int
hns3_cmdq_send(struct hns3_cmdq *q, struct hns3_cmd_desc *descs, uint32_t nb)
{
	int ret;

	if (nb == 0 || nb >= HNS3_CMDQ_NB_DESC)
		return -EINVAL;
	pthread_mutex_lock(&q->lock);
	ret = send_locked(q, descs, nb);
	pthread_mutex_unlock(&q->lock);
	return ret;
}

void
hns3_cmdq_drain(struct hns3_cmdq *q, hns3_cmdq_msg_cb cb, void *arg)
{
	uint32_t tail = hns3_reg_read(q->bar, HNS3_REG_CRQ_TAIL);

	if (tail >= HNS3_CMDQ_NB_DESC) {
		hns3_cmdq_kill(q, "receive queue tail out of range");
		return;
	}
	/* The tail was read once: at most one ring of messages per call. */
	while (q->crq_idx != tail) {
		struct hns3_cmd_desc *d = &q->crq[q->crq_idx];

		if (rte_le_to_cpu_16(d->flag_le) & HNS3_CMD_FLAG_OUT)
			cb(arg, d->data);
		else
			HNS3_LOG(WARNING, "message %u without the valid bit dropped", q->crq_idx);
		d->flag_le = 0;
		q->crq_idx = (q->crq_idx + 1) % HNS3_CMDQ_NB_DESC;
	}
	hns3_reg_write(q->bar, HNS3_REG_CRQ_HEAD, q->crq_idx);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Hardware errors: which the driver has enabled, what is pending, its queries and clears [1:6.4]
 * [3:8.2] .. [3:8.4]. An error is raised from outside (emu_err_raise()); it stays, and holds a
 * cause of vector 0, until the driver clears its bits. An error whose enable command was not sent,
 * or switched off again, is not raised.
 */
#include "emu_fw.h"

#include <errno.h>
#include <string.h>

#define MPF_DESCS    10u /* [3:8.3] */
#define PF_DESCS     4u
#define MSIX_PENDING BIT32(8) /* of 0x20800, bits 16:8 [1:2.4] */
#define RAS_PENDING  BIT32(8) /* of 0x20B00, bits 15:8 */
#define MSIX_EN      BIT32(6) /* of 0x20600 */

enum reaction {
	LOG = 0,
	FUNC = 5, /* reset levels [1:8.1] */
	GLOBAL = 6,
};

static const uint16_t block_opcodes[EMU_ERR_BLOCKS] = { 0x1511, 0x1512, 0x1514, 0x1515 };

static const struct err {
	const char *name;
	uint8_t block, desc, word; /* where in the status [1:6.4] */
	uint32_t bits;
	uint16_t enable; /* opcode; on if its first word has a bit of enable_mask */
	uint32_t enable_mask;
	uint8_t module, type; /* in 0x1517 [3:8.4] */
	uint8_t reaction;
} errs[] = {
	/* clang-format off: a table */
	{ "imp_tcm_ecc", EMU_ERR_MPF_RAS, 0, 0, 0x2, 0x1505, ~0u, 1, 2, LOG },
	{ "cmdq_mem_ecc", EMU_ERR_MPF_RAS, 0, 1, 0x2, 0x1505, ~0u, 1, 2, LOG },
	{ "imp_rd_poison", EMU_ERR_MPF_RAS, 0, 2, 0x1, 0x1505, ~0u, 1, 3, LOG },
	{ "tqp_int_ecc", EMU_ERR_MPF_RAS, 0, 3, 0x40, 0x1505, ~0u, 1, 5, LOG },
	{ "msix_ecc", EMU_ERR_MPF_RAS, 0, 4, 0x2, 0x1505, ~0u, 1, 4, LOG },
	{ "ssu_ecc", EMU_ERR_MPF_RAS, 2, 2, 0x1, 0x0989, ~0u, 10, 2, GLOBAL },
	{ "ssu_common", EMU_ERR_MPF_RAS, 2, 4, 0x4, 0x098c, ~0u, 10, 8, GLOBAL },
	{ "igu_common", EMU_ERR_MPF_RAS, 3, 0, 0x1, 0x1806, 0xf, 3, 8, GLOBAL },
	{ "ppp_mpf_ecc", EMU_ERR_MPF_RAS, 4, 1, 0x1, 0x2100, ~0u, 6, 2, GLOBAL },
	{ "ppp_mpf_other", EMU_ERR_MPF_RAS, 4, 3, 0x1, 0x2101, ~0u, 6, 8, GLOBAL },
	{ "ppu_mpf_ecc", EMU_ERR_MPF_RAS, 5, 1, 0x1, 0x0b40, ~0u, 8, 2, GLOBAL },
	{ "ppu_mpf_other", EMU_ERR_MPF_RAS, 5, 3, 0x10, 0x0b41, ~0u, 8, 7, GLOBAL },
	{ "tm_sch_ecc", EMU_ERR_MPF_RAS, 6, 0, 0x2, 0x0829, ~0u, 11, 2, GLOBAL },
	{ "qcn_fifo", EMU_ERR_MPF_RAS, 7, 0, 0x1, 0x1a14, 0xffff00, 7, 1, GLOBAL },
	{ "qcn_ecc", EMU_ERR_MPF_RAS, 7, 1, 0x2, 0x1a14, 0xffff00, 7, 2, GLOBAL },
	{ "ncsi_ecc", EMU_ERR_MPF_RAS, 9, 0, 0x2, 0x2401, ~0u, 5, 11, LOG },
	{ "ssu_port", EMU_ERR_PF_RAS, 0, 0, 0x1, 0x098c, ~0u, 10, 9, FUNC },
	{ "ssu_fifo_overflow", EMU_ERR_PF_RAS, 0, 1, 0x1, 0x098c, ~0u, 10, 1, GLOBAL },
	{ "ssu_ets_tcg", EMU_ERR_PF_RAS, 0, 2, 0x1, 0x098c, ~0u, 10, 10, GLOBAL },
	{ "igu_egu_tnl", EMU_ERR_PF_RAS, 1, 0, 0x1, 0x1803, ~0u, 3, 8, GLOBAL },
	{ "ppu_pf_abnormal", EMU_ERR_PF_RAS, 3, 0, 0x8, 0x0b42, ~0u, 8, 6, FUNC },
	{ "mac_afifo_tnl", EMU_ERR_MPF_MSIX, 1, 0, 0x1, 0x030e, ~0u, 15, 1, LOG },
	{ "mac_afifo_ecc", EMU_ERR_MPF_MSIX, 1, 0, 0x2, 0x030e, ~0u, 15, 2, GLOBAL },
	{ "ppu_mpf_rx_q_search_miss", EMU_ERR_MPF_MSIX, 5, 2, 0x20000000, 0x0b41, ~0u, 8, 7, LOG },
	{ "ssu_port_msix", EMU_ERR_PF_MSIX, 0, 0, 0x200, 0x098c, ~0u, 10, 9, LOG },
	{ "ppp_pf_tnl", EMU_ERR_PF_MSIX, 2, 0, 0x1, 0x2100, ~0u, 6, 6, LOG },
	{ "ppu_pf_over_8bd", EMU_ERR_PF_MSIX, 3, 0, 0x1, 0x0b42, ~0u, 8, 6, FUNC },
	{ "ppu_pf_tso_mss", EMU_ERR_PF_MSIX, 3, 0, 0x2, 0x0b42, ~0u, 8, 6, LOG },
	/* clang-format on */
};

#define NB_ERRS (sizeof(errs) / sizeof(errs[0]))

/* Number of a block's word: the first descriptor has 6, each further slot 8 [1:6.4]. */
static unsigned int
word_at(unsigned int desc, unsigned int word)
{
	return desc == 0 ? word : 6 + 8 * (desc - 1) + word;
}

static bool
block_is_pending(const struct emu_nic *nic, unsigned int block)
{
	for (unsigned int i = 0; i < EMU_ERR_WORDS; i++) {
		if (nic->err[block][i])
			return true;
	}
	return false;
}

/* The registers say whether something is pending [1:6.3]. */
static void
status_store(struct emu_dev *pf)
{
	const struct emu_nic *nic = pf->nic;
	bool msix = block_is_pending(nic, EMU_ERR_MPF_MSIX) ||
	            block_is_pending(nic, EMU_ERR_PF_MSIX);
	bool ras = block_is_pending(nic, EMU_ERR_MPF_RAS) || block_is_pending(nic, EMU_ERR_PF_RAS);
	uint32_t status = emu_bar_load(pf, EMU_OTHER_INT_STS) & ~MSIX_PENDING;

	emu_bar_store(pf, EMU_OTHER_INT_STS, status | (msix ? MSIX_PENDING : 0));
	emu_bar_store(pf, EMU_RAS_STS, ras ? RAS_PENDING : 0);
}

const char *
emu_err_name(unsigned int i)
{
	return i < NB_ERRS ? errs[i].name : NULL;
}

int
emu_err_raise(struct emu_dev *dev, const char *name)
{
	struct emu_dev *pf = dev->nic->func[0];
	const struct err *e = errs;
	bool is_msix;

	while (e < errs + NB_ERRS && strcmp(e->name, name) != 0)
		e++;
	if (e == errs + NB_ERRS)
		return -ENOENT;
	is_msix = e->block == EMU_ERR_MPF_MSIX || e->block == EMU_ERR_PF_MSIX;
	if (!(emu_get32(pf->stored[emu_fw_find(e->enable)], 0) & e->enable_mask) ||
			(is_msix && !(emu_bar_load(pf, EMU_PF_OTHER_INT) & MSIX_EN)))
		return -EACCES;
	dev->nic->err[e->block][word_at(e->desc, e->word)] |= e->bits;
	status_store(pf);
	return 0;
}

void
emu_err_reset(struct emu_nic *nic)
{
	memset(nic->err, 0, sizeof(nic->err));
}

/* 0x1510, 0x1513: descriptors of the main PF's and of the PF's status. */
static enum emu_fw_ret
emu_fw_err_sizes(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, MPF_DESCS);
	emu_put32(cmd->d[0].data, 4, PF_DESCS);
	return EMU_FW_OK;
}

/* Status of a block; written back, the bits that are set are cleared. */
static enum emu_fw_ret
emu_fw_err_status(struct emu_dev *dev, struct emu_cmd *cmd)
{
	unsigned int block = 0, nb = 6 + 8 * (cmd->nb_desc - 1);
	uint8_t *p = emu_cmd_raw(cmd);

	while (block_opcodes[block] != cmd->opcode)
		block++;
	if (cmd->is_read)
		memset(p, 0, 4 * (size_t)nb);
	for (unsigned int i = 0; i < EMU_ERR_WORDS && i < nb; i++) {
		if (cmd->is_read)
			emu_put32(p, 4 * i, dev->nic->err[block][i]);
		else
			dev->nic->err[block][i] &= ~emu_get32(p, 4 * i);
	}
	status_store(dev);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_err_all_size(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, MPF_DESCS);
	return EMU_FW_OK;
}

/* 0x1517: a stream of words, for each error its module, its type and one register [3:8.4]; what
 * was told is cleared. */
static enum emu_fw_ret
emu_fw_err_all(struct emu_dev *dev, struct emu_cmd *cmd)
{
	unsigned int nb = 6 + 8 * (cmd->nb_desc - 1), at = 1, modules = 0, reaction = LOG;
	uint8_t *p = emu_cmd_raw(cmd);

	memset(p, 0, 4 * (size_t)nb);
	for (unsigned int i = 0; i < NB_ERRS && at + 3 <= nb; i++) {
		const struct err *e = &errs[i];
		uint32_t *word = &dev->nic->err[e->block][word_at(e->desc, e->word)];
		bool is_ras = e->block == EMU_ERR_MPF_RAS || e->block == EMU_ERR_PF_RAS;

		if (!(*word & e->bits))
			continue;
		emu_put32(p, 4 * at++, e->module | 1u << 8);
		emu_put32(p, 4 * at++, e->type | (is_ras ? 0x80u : 0) | 1u << 8);
		emu_put32(p, 4 * at++, *word & e->bits);
		*word &= ~e->bits;
		modules++;
		reaction = e->reaction > reaction ? e->reaction : reaction;
	}
	emu_put32(p, 0, reaction | modules << 8);
	status_store(dev);
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_err_ops[] = {
	{ 0x0310, 0, "QUERY_MAC_TNL_INT", emu_fw_zeros },
	{ 0x0312, 0, "CLEAR_MAC_TNL_INT", emu_fw_zeros },
	ECHO(0x0829, "TM_SCH_ECC_INT_EN"),
	ECHO(0x0989, "SSU_ECC_INT_CMD"),
	ECHO(0x098c, "SSU_COMMON_INT_CMD"),
	ECHO(0x0b40, "PPU_MPF_ECC_INT_CMD"),
	ECHO(0x0b41, "PPU_MPF_OTHER_INT_CMD"),
	ECHO(0x0b42, "PPU_PF_OTHER_INT_CMD"),
	{ 0x0b4a, 0, "PPU_PF_OTHER_INT_DFX", emu_fw_zeros },
	ECHO(0x1505, "COMMON_ECC_INT_CFG"),
	{ 0x1510, 0, "QUERY_RAS_INT_STS_BD_NUM", emu_fw_err_sizes },
	{ 0x1511, EMU_FW_F_RAW, "QUERY_CLEAR_MPF_RAS_INT", emu_fw_err_status },
	{ 0x1512, EMU_FW_F_RAW, "QUERY_CLEAR_PF_RAS_INT", emu_fw_err_status },
	{ 0x1513, 0, "QUERY_MSIX_INT_STS_BD_NUM", emu_fw_err_sizes },
	{ 0x1514, EMU_FW_F_RAW, "QUERY_CLEAR_ALL_MPF_MSIX_INT", emu_fw_err_status },
	{ 0x1515, EMU_FW_F_RAW, "QUERY_CLEAR_ALL_PF_MSIX_INT", emu_fw_err_status },
	{ 0x1516, 0, "QUERY_ALL_ERR_BD_NUM", emu_fw_err_all_size },
	{ 0x1517, EMU_FW_F_RAW, "QUERY_ALL_ERR_INFO", emu_fw_err_all },
	ECHO(0x1580, "CONFIG_ROCEE_RAS_INT_EN"),
	{ 0x1581, 0, "QUERY_CLEAR_ROCEE_RAS_INT", emu_fw_zeros },
	{ 0x1584, 0, "ROCEE_PF_RAS_INT_CMD", emu_fw_zeros },
	{ 0x1585, 0, "QUERY_ROCEE_ECC_RAS_INFO", emu_fw_zeros },
	{ 0x1586, 0, "QUERY_ROCEE_AXI_RAS_INFO", emu_fw_zeros },
	ECHO(0x1803, "IGU_EGU_TNL_INT_EN"),
	ECHO(0x1806, "IGU_COMMON_INT_EN"),
	ECHO(0x1a14, "TM_QCN_MEM_INT_CFG"),
	ECHO(0x2100, "PPP_CMD0_INT_CMD"),
	ECHO(0x2101, "PPP_CMD1_INT_CMD"),
	ECHO(0x2401, "NCSI_INT_EN"),
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about error interrupts: which are enabled [3:8.2]. */
#include "emu_fw.h"

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_err_ops[] = {
	ECHO(0x0829, "TM_SCH_ECC_INT_EN"),
	ECHO(0x0989, "SSU_ECC_INT_CMD"),
	ECHO(0x098c, "SSU_COMMON_INT_CMD"),
	ECHO(0x0b40, "PPU_MPF_ECC_INT_CMD"),
	ECHO(0x0b41, "PPU_MPF_OTHER_INT_CMD"),
	ECHO(0x0b42, "PPU_PF_OTHER_INT_CMD"),
	ECHO(0x1505, "COMMON_ECC_INT_CFG"),
	ECHO(0x1803, "IGU_EGU_TNL_INT_EN"),
	ECHO(0x1806, "IGU_COMMON_INT_EN"),
	ECHO(0x1a14, "TM_QCN_MEM_INT_CFG"),
	ECHO(0x2100, "PPP_CMD0_INT_CMD"),
	ECHO(0x2101, "PPP_CMD1_INT_CMD"),
	ECHO(0x2401, "NCSI_INT_EN"),
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about what hangs on the port: the module and its EEPROM, a PHY behind firmware or MDIO,
 * the LED, wake on LAN, diagnosis of the link [3:1.10] .. [3:1.14] [3:1.22]. Ports are optical: the
 * PHY commands only keep what is written.
 */
#include "emu_fw.h"

#include <string.h>

#define EEPROM_BYTES   640u /* QSFP28, SFF-8636: lower page, pages 00h .. 03h [3:1.12] */
#define EEPROM_CALL    140u
#define VENDOR_AT      148u
#define PART_AT        168u
#define SERIAL_AT      196u
#define BASE_SUM_AT    191u
#define EXT_SUM_AT     223u
#define LINK_IS_NORMAL 0u
#define MODULE_ABSENT  3u

/* A 100GBASE-SR4 module [SFF-8636]. */
static void
eeprom_make(uint8_t e[EEPROM_BYTES])
{
	uint8_t sum = 0;

	memset(e, 0, EEPROM_BYTES);
	e[0] = e[128] = 0x11; /* QSFP28 */
	e[1] = 0x07;          /* SFF-8636 revision 2.5 */
	e[130] = 0x0c;        /* MPO */
	e[131] = 0x80;        /* extended compliance */
	e[140] = 0xff;        /* above 25.4 Gbit/s a lane: see 222 */
	e[222] = 103;
	e[192] = 0x02; /* 100GBASE-SR4 */
	memset(e + VENDOR_AT, ' ', 16);
	memcpy(e + VENDOR_AT, "PAGELIFT", 8);
	memset(e + PART_AT, ' ', 16);
	memcpy(e + PART_AT, "EMULATED-SR4", 12);
	memset(e + SERIAL_AT, ' ', 16);
	memcpy(e + SERIAL_AT, "00000001", 8);
	for (unsigned int i = 128; i < BASE_SUM_AT; i++)
		sum = (uint8_t)(sum + e[i]);
	e[BASE_SUM_AT] = sum;
	sum = 0;
	for (unsigned int i = BASE_SUM_AT + 1; i < EXT_SUM_AT; i++)
		sum = (uint8_t)(sum + e[i]);
	e[EXT_SUM_AT] = sum;
}

/* 140 bytes a call: 20 in the first descriptor, 24 in each of the others. */
static enum emu_fw_ret
emu_fw_eeprom(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t offset = emu_get16(cmd->d[0].data, 0), len = emu_get16(cmd->d[0].data, 2);
	uint8_t e[EEPROM_BYTES];

	(void)dev;
	if (cmd->nb_desc < 6)
		return EMU_FW_NEXT_ERR;
	if (len == 0 || len > EEPROM_CALL)
		return EMU_FW_PARA_ERR;
	eeprom_make(e);
	for (uint32_t i = 0; i < len; i++) {
		uint32_t desc = i < 20 ? 0 : 1 + (i - 20) / 24;
		uint32_t at = i < 20 ? 4 + i : (i - 20) % 24;

		cmd->d[desc].data[at] = offset + i < EEPROM_BYTES ? e[offset + i] : 0;
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_module_present(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, 1);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_diagnosis(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, dev->nic->wire_up ? LINK_IS_NORMAL : MODULE_ABSENT);
	return EMU_FW_OK;
}

/* Settings of a PHY behind firmware: two descriptors; there is none to change them [3:1.10]. */
static enum emu_fw_ret
emu_fw_phy(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->nb_desc < 2)
		return EMU_FW_NEXT_ERR;
	if (cmd->is_read)
		memset(cmd->d[1].data, 0, 24);
	return emu_fw_echo(dev, cmd);
}

/* 0x7026: register @0, value @4; 0x1900: operation @0 (2: read), register @2, data @6 and @8. */
static enum emu_fw_ret
emu_fw_phy_reg(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint16_t *reg = &dev->nic->phy_reg[cmd->opcode == 0x7026 ? p[0] & 31 : p[2] & 31];

	if (cmd->opcode == 0x7026) {
		if (cmd->is_read)
			emu_put16(p, 4, *reg);
		else
			*reg = emu_get16(p, 4);
		return EMU_FW_OK;
	}
	if ((p[0] >> 3 & 3) == 1)
		*reg = emu_get16(p, 6);
	emu_put16(p, 8, *reg);
	emu_put16(p, 10, 0);
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_module_ops[] = {
	{ 0x1900, 0, "MDIO_CONFIG", emu_fw_phy_reg },
	{ 0x1a84, 0, "QUERY_SCC_VER", emu_fw_zeros },
	{ 0x2201, 0, "WOL_GET_SUPPORTED_MODE", emu_fw_zeros },
	ECHO(0x2202, "WOL_CFG"),
	{ 0x7025, EMU_FW_F_ECHO, "PHY_PARAM_CFG", emu_fw_phy },
	{ 0x7026, 0, "PHY_REG", emu_fw_phy_reg },
	{ 0x702a, 0, "QUERY_LINK_DIAGNOSIS", emu_fw_diagnosis },
	{ 0x7100, 0, "GET_SFP_EEPROM", emu_fw_eeprom },
	{ 0x7101, 0, "GET_SFP_EXIST", emu_fw_module_present },
	ECHO(0xb000, "LED_STATUS_CFG"),
	{ 0 },
};
/* clang-format on */

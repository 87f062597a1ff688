/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The firmware behind the command queue: one table of commands for each topic (emu_fw_<topic>.c),
 * found by opcode (emu_fw.c), carried out for emu_cmdq.c. Service thread.
 */
#ifndef EMU_FW_H
#define EMU_FW_H

#include "emu_dev_priv.h"

/* A command being carried out; data of descriptor i is d[i].data. */
struct emu_cmd {
	uint16_t opcode;
	bool is_read;
	bool is_raw; /* all bytes of d[1..] are data [1:3.5] */
	unsigned int nb_desc;
	struct emu_cmd_desc d[EMU_CMD_DESCS_MAX];
};

/* All bytes behind the first header: data of a command with EMU_FW_F_RAW [1:3.5]. */
static inline uint8_t *
emu_cmd_raw(struct emu_cmd *cmd)
{
	return (uint8_t *)cmd->d + offsetof(struct emu_cmd_desc, data);
}

typedef enum emu_fw_ret (*emu_fw_run)(struct emu_dev *dev, struct emu_cmd *cmd);

#define EMU_FW_F_RAW    0x1u  /* [1:3.5] */
#define EMU_FW_F_PAUSE  0x2u  /* changes what the data thread reads */
#define EMU_FW_F_SINGLE 0x4u  /* each descriptor is a command, whatever the tail says [1:3.5] */
#define EMU_FW_F_ECHO   0x8u  /* accepted and stored; has no effect yet */
#define EMU_FW_F_VF     0x10u /* virtual functions may send it, too [1:4] */
#define EMU_FW_F_KEY8   0x20u /* its first byte says of what it is: each is kept for itself */
#define EMU_FW_F_KEY16  0x40u /* likewise the first two */

struct emu_fw_op {
	uint16_t opcode;
	uint16_t flags;
	const char *name;
	emu_fw_run run;
};

#define ECHO(opcode, name)                                                                         \
	{                                                                                          \
		opcode, EMU_FW_F_ECHO, name, emu_fw_echo                                           \
	}

#define ECHO8(opcode, name)                                                                        \
	{                                                                                          \
		opcode, EMU_FW_F_ECHO | EMU_FW_F_KEY8, name, emu_fw_echo                           \
	}
#define ECHO16(opcode, name)                                                                       \
	{                                                                                          \
		opcode, EMU_FW_F_ECHO | EMU_FW_F_KEY16, name, emu_fw_echo                          \
	}

/* Tables of commands, each ends with opcode 0. */
extern const struct emu_fw_op emu_fw_addr_ops[], emu_fw_dump_ops[], emu_fw_err_ops[],
		emu_fw_fd_ops[], emu_fw_mac_ops[], emu_fw_mbx_ops[], emu_fw_module_ops[],
		emu_fw_queue_ops[], emu_fw_reset_ops[], emu_fw_rss_ops[], emu_fw_stats_ops[],
		emu_fw_sys_ops[], emu_fw_tm_ops[], emu_fw_vlan_ops[];

/* Commands of all tables are numbered from 0; -1: there is none with that opcode. */
int emu_fw_find(uint16_t opcode);
const struct emu_fw_op *emu_fw_op_at(int idx);

/* Keep what is written; reading gives it back. */
enum emu_fw_ret emu_fw_echo(struct emu_dev *dev, struct emu_cmd *cmd);
/* Reading gives zeros. */
enum emu_fw_ret emu_fw_zeros(struct emu_dev *dev, struct emu_cmd *cmd);

/* Little-endian words at byte @p at of a buffer. */
uint16_t emu_get16(const uint8_t *p, unsigned int at);
uint32_t emu_get32(const uint8_t *p, unsigned int at);
void emu_put16(uint8_t *p, unsigned int at, uint16_t val);
void emu_put32(uint8_t *p, unsigned int at, uint32_t val);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Commands about the MAC and its link [3:1.1] .. [3:1.9] [3:1.15], and the link itself: whether
 * there is a partner, how fast; changes are told to the PF [1:6.6].
 */
#include "emu_fw.h"

#include <errno.h>
#include <string.h>

#include "emu_mbx.h"
#include "emu_trace.h"
#include "log.h"

#define MODULE         "emu.mac"
#define LINK_EVENT     201                              /* code of the message [1:6.6] */
#define LOOP_KINDS     (BIT32(0) | BIT32(2) | BIT32(3)) /* serial, parallel, PHY [3:1.9] */
#define LOOP_SUCCESS   3                                /* done, and well */
#define FEC_MODE(byte) ((byte) >> 1 & 7u)

/* Mb/s of each speed code, and its bit in the mask of speeds [3:1.5] [3:1.6]. */
static const struct {
	uint32_t mbps;
	uint8_t ability;
} speeds[] = { { 1000, 0 }, { 10000, 1 }, { 25000, 2 }, { 40000, 5 }, { 50000, 3 }, { 100000, 4 },
	{ 10, 7 }, { 100, 6 }, { 200000, 8 } };

#define NB_SPEEDS (sizeof(speeds) / sizeof(speeds[0]))

/* The code of a speed, or -1. */
static int
speed_code(uint32_t mbps)
{
	for (unsigned int i = 0; i < NB_SPEEDS; i++) {
		if (speeds[i].mbps == mbps)
			return (int)i;
	}
	return -1;
}

/* What the port runs at unless told otherwise: cfg.speed_mbps, or what its id stands for [1:1.1];
 * a222 and a226 do 100 Gbit/s. */
static uint32_t
speed_default(const struct emu_dev *pf)
{
	if (pf->cfg.speed_mbps)
		return pf->cfg.speed_mbps;
	switch (pf->cfg.device_id) {
	case 0xa220:
		return 1000;
	case 0xa221:
	case 0xa223:
		return 25000;
	case 0xa224:
	case 0xa225:
		return 50000;
	case 0xa228: /* drivers know no shaper above 100G on revision 0x21 [1:1.3] */
		return pf->cfg.revision < 0x30 ? 100000 : 200000;
	default:
		return 100000;
	}
}

uint32_t
emu_speed_ability(const struct emu_nic *nic)
{
	uint32_t most = speed_default(nic->func[0]), mask = 0;

	for (unsigned int i = 0; i < NB_SPEEDS; i++) {
		if (speeds[i].mbps >= 1000 && speeds[i].mbps <= most)
			mask |= BIT32(speeds[i].ability);
	}
	return mask;
}

uint8_t
emu_speed_code_default(const struct emu_nic *nic)
{
	int code = speed_code(speed_default(nic->func[0]));

	return code < 0 ? 5 : (uint8_t)code;
}

void
emu_mac_reset(struct emu_nic *nic)
{
	nic->mac_word = 0;
	nic->max_frame_bytes = 1526; /* [3:1.4] */
	nic->speed_code = emu_speed_code_default(nic);
	nic->is_half_duplex = false;
	nic->autoneg = false;
	nic->loops = 0;
	nic->fec = 0;
	nic->pause = nic->pfc = nic->pfc_priorities = 0;
	nic->pause_until_ns = nic->pause_sent_until_ns = 0;
	nic->flaw = (struct emu_rx_flaw){ 0 };
}

/* ---- the link, as the other end makes it ---- */

static void
link_event(struct emu_dev *pf)
{
	uint8_t msg[24] = { 0 };

	if (emu_trace_is_on(pf))
		emu_trace_event(pf, "link up=%d speed_mbps=%u", pf->nic->wire_up,
				emu_nic_speed_mbps(pf->nic));
	if (!pf->link_events)
		return;
	msg[8] = LINK_EVENT;
	msg[9] = pf->nic->wire_up;
	if (emu_crq_post(pf, 0x2001, msg))
		base_log(BASE_LOG_WARNING, MODULE, "%s: the driver cannot be told of its link",
				pf->cfg.name);
}

void
emu_dev_link_set(struct emu_dev *dev, bool up)
{
	if (dev->nic->wire_up == up)
		return;
	emu_data_pause();
	dev->nic->wire_up = up;
	emu_data_resume();
	emu_host_link_changed(dev->nic);
	link_event(dev->nic->func[0]);
}

int
emu_dev_speed_set(struct emu_dev *dev, uint32_t mbps)
{
	int code = speed_code(mbps);

	if (code < 0)
		return -EINVAL;
	dev->nic->speed_code = (uint32_t)code;
	emu_host_link_changed(dev->nic);
	link_event(dev->nic->func[0]); /* the driver asks for link and speed */
	return 0;
}

/* ---- commands ---- */

uint32_t
emu_nic_speed_mbps(const struct emu_nic *nic)
{
	return speeds[nic->speed_code].mbps;
}

static enum emu_fw_ret
emu_fw_mac_mode(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->is_read)
		emu_put32(cmd->d[0].data, 0, dev->nic->mac_word);
	else
		dev->nic->mac_word = emu_get32(cmd->d[0].data, 0);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_autoneg(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->is_read)
		emu_put32(cmd->d[0].data, 0, dev->nic->autoneg);
	else
		dev->nic->autoneg = emu_get32(cmd->d[0].data, 0) & 1;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_link(struct emu_dev *dev, struct emu_cmd *cmd)
{
	memset(cmd->d[0].data, 0, 24);
	cmd->d[0].data[0] = dev->nic->wire_up || dev->nic->loops;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_max_frame(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t bytes = emu_get16(cmd->d[0].data, 0);

	if (bytes < 64 || bytes > 9728) /* [3:1.4] */
		return EMU_FW_PARA_ERR;
	dev->nic->max_frame_bytes = bytes;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_speed(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t code = p[0] & 0x3f;

	if (cmd->is_read) {
		p[0] = (uint8_t)(dev->nic->speed_code | (dev->nic->is_half_duplex ? 0 : 0x80));
		return EMU_FW_OK;
	}
	if (code >= NB_SPEEDS)
		return EMU_FW_PARA_ERR;
	dev->nic->speed_code = code;
	dev->nic->is_half_duplex = !(p[0] & BIT32(7));
	return EMU_FW_OK;
}

/* Loops end outside the MAC; they begin and end at once. */
static enum emu_fw_ret
emu_fw_loopback(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	if (cmd->is_read) {
		p[2] = LOOP_SUCCESS;
		return EMU_FW_OK;
	}
	if (p[0] & ~LOOP_KINDS)
		return EMU_FW_PARA_ERR;
	dev->nic->loops = (uint8_t)((dev->nic->loops & ~p[0]) | (p[1] & p[0]));
	return EMU_FW_OK;
}

/* Four descriptors of counters; an emulated wire has no bit errors [3:1.8]. */
static enum emu_fw_ret
emu_fw_fec_stats(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->nb_desc < 4)
		return EMU_FW_NEXT_ERR;
	emu_fw_zeros(dev, cmd);
	cmd->d[0].data[12] = 4; /* lanes */
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_fec(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	if (cmd->is_read) {
		p[0] = dev->nic->fec;
		return EMU_FW_OK;
	}
	if (FEC_MODE(p[0]) > 3)
		return EMU_FW_PARA_ERR;
	dev->nic->fec = p[0] & 0xf;
	return EMU_FW_OK;
}

/* 0x0701: bit 0 send, bit 1 honour; 0x0702: the same, and the priorities [3:1.15]. */
static enum emu_fw_ret
emu_fw_pause(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	if (cmd->opcode == 0x0701) {
		if (cmd->is_read) {
			emu_put32(p, 0, dev->nic->pause);
			return EMU_FW_OK;
		}
		dev->nic->pause = p[0] & 3;
		dev->nic->pause_until_ns = dev->nic->pause_sent_until_ns = 0;
		return EMU_FW_OK;
	}
	if (cmd->is_read) {
		p[0] = dev->nic->pfc;
		p[1] = dev->nic->pfc_priorities;
	} else {
		dev->nic->pfc = p[0] & 3;
		dev->nic->pfc_priorities = p[1];
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_sfp(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint8_t query_type = p[4];

	memset(p, 0, 24); /* [3:1.6] */
	emu_put32(p, 0, emu_nic_speed_mbps(dev->nic));
	p[4] = query_type;
	p[5] = (uint8_t)FEC_MODE(dev->nic->fec);
	p[6] = dev->nic->autoneg;
	p[7] = 1; /* autonegotiation can be switched */
	emu_put32(p, 8, emu_speed_ability(dev->nic));
	emu_put32(p, 12, 2);               /* short range fibre */
	p[16] = 0x1e;                      /* BASE-R, RS, LLRS, none */
	p[17] = 4;                         /* lanes */
	p[18] = dev->nic->pause ? 0xf : 0; /* both ends agree [3:1.6] */
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_mac_ops[] = {
	{ 0x0301, EMU_FW_F_PAUSE, "CONFIG_MAC_MODE", emu_fw_mac_mode },
	{ 0x0304, 0, "CONFIG_AN_MODE", emu_fw_autoneg },
	{ 0x0307, 0, "QUERY_LINK_STATUS", emu_fw_link },
	{ 0x0308, EMU_FW_F_PAUSE, "CONFIG_MAX_FRM_SIZE", emu_fw_max_frame },
	{ 0x0309, 0, "CONFIG_SPEED_DUP", emu_fw_speed },
	ECHO(0x030e, "MAC_COMMON_INT_EN"),
	ECHO(0x0311, "MAC_TNL_INT_EN"),
	{ 0x0315, EMU_FW_F_PAUSE, "COMMON_LOOPBACK", emu_fw_loopback },
	{ 0x0316, 0, "QUERY_FEC_STATS", emu_fw_fec_stats },
	{ 0x031a, 0, "CONFIG_FEC_MODE", emu_fw_fec },
	{ 0x0701, EMU_FW_F_PAUSE, "CFG_MAC_PAUSE_EN", emu_fw_pause },
	{ 0x0702, EMU_FW_F_PAUSE, "CFG_PFC_PAUSE_EN", emu_fw_pause },
	ECHO(0x0703, "CFG_MAC_PARA"),
	{ 0x7104, 0, "GET_SFP_INFO", emu_fw_sfp },
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Flow control [3:1.15] [3:10.2]: pause frames that come are counted, and, where they are honoured,
 * consumed; those of 802.3x hold the port's sending for as long as they say. Where pause is sent, a
 * frame without a free BD makes one pause frame, and no second before its time is over. Data
 * thread.
 */
#include "emu_pause.h"

#include <string.h>

#include "deadline.h"

#define QUANTUM_BITS 512u
#define SEND         0x1u /* bits of 0x0701, 0x0702 */
#define HONOUR       0x2u
/* Counters [3:7.1] */
#define TX_MAC_PAUSE 0
#define RX_MAC_PAUSE 1
#define RX_PFC_PRI   11
#define RX_PFC_PAUSE 84
#define TX_CTRL      85
#define RX_CTRL      86

static uint64_t
quanta_ns(const struct emu_nic *nic, uint32_t quanta)
{
	return (uint64_t)quanta * QUANTUM_BITS * 1000 / emu_nic_speed_mbps(nic);
}

bool
emu_pause_take(struct emu_nic *nic, const struct emu_frame *frame, const struct emu_parsed *p)
{
	uint8_t body[6]; /* opcode; quanta, or priorities and the first one's quanta */

	emu_frame_copy(frame, 14 + 4u * p->h[0].nb_tags, body, sizeof(body));
	nic->mac_stats[RX_CTRL]++;
	if (p->h[0].l3id == EMU_L3ID_PFC_PAUSE) {
		nic->mac_stats[RX_PFC_PAUSE]++;
		for (unsigned int i = 0; i < 8; i++)
			nic->mac_stats[RX_PFC_PRI + i] += body[3] >> i & 1;
		return nic->pfc & HONOUR;
	}
	nic->mac_stats[RX_MAC_PAUSE]++;
	if (!(nic->pause & HONOUR))
		return false;
	nic->pause_until_ns =
			deadline_now_ns() + quanta_ns(nic, (uint32_t)(body[2] << 8 | body[3]));
	return true;
}

bool
emu_pause_holds(struct emu_nic *nic)
{
	if (nic->pause_until_ns == 0 || deadline_now_ns() < nic->pause_until_ns)
		return nic->pause_until_ns != 0;
	nic->pause_until_ns = 0;
	return false;
}

void
emu_pause_no_bd(struct emu_nic *nic)
{
	static const uint8_t head[16] = { 0x01, 0x80, 0xc2, 0, 0, 1, [12] = 0x88, 0x08, 0, 1 };
	struct emu_dev *pf = nic->func[0];
	/* source address @0, time @8 [3:1.15] */
	const uint8_t *para = pf->stored[emu_fw_find(0x0703)];
	uint8_t bytes[EMU_FRAME_BYTES_MIN] = { 0 };
	struct emu_frame frame = { .len_bytes = sizeof(bytes), .nb_segs = 1 };
	const struct emu_frame *frames = &frame;
	enum emu_tx_result next;
	uint64_t now;

	if (!(nic->pause & SEND) || !nic->wire_up || !(nic->mac_word & EMU_MAC_TX_EN))
		return;
	now = deadline_now_ns();
	if (now < nic->pause_sent_until_ns)
		return;
	nic->pause_sent_until_ns = now + quanta_ns(nic, emu_get16(para, 8));
	memcpy(bytes, head, sizeof(head));
	memcpy(bytes + 6, para, 6);
	bytes[16] = para[9]; /* network order */
	bytes[17] = para[8];
	frame.seg[0] = (struct iovec){ bytes, sizeof(bytes) };
	if (emu_port_tx(pf->cfg.port, &frames, 1, &next) == 1) {
		nic->mac_stats[TX_MAC_PAUSE]++;
		nic->mac_stats[TX_CTRL]++;
	}
}

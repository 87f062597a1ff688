/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The switch between the functions of a NIC and its wire, from the side of a function that sends:
 * what it may send, and who gets it (emu_steer.h): other functions, the wire, or both
 * [3:10.3] [3:1.21].
 *
 * A NIC without VFs has no switch: what its PF sends goes out, whatever the address. A function
 * without room misses a frame; nobody waits for it. The wire may be busy: then the frame comes
 * again, and nobody has got it yet.
 */
#include "emu_switch.h"

/* Whether the function may send a frame that begins so; else it is counted. */
static bool
is_allowed(struct emu_dev *dev, const uint8_t *head)
{
	bool is_tagged = head[12] == 0x81 && head[13] == 0x00;
	unsigned int vid = is_tagged ? (head[14] & 0xfu) << 8 | head[15] : 0;

	if (dev->switch_param & EMU_SWITCH_ANTI_SPOOF &&
			emu_uc_owner(dev->nic, head + 6) != (int)dev->func) {
		dev->drops[EMU_DROP_TX_SPOOF]++;
		return false;
	}
	if (dev->vlan_fe & EMU_VLAN_FE_INGRESS && !(dev->vlan_table[vid / 8] & 1u << vid % 8)) {
		dev->drops[EMU_DROP_TX_VLAN_FILTER]++;
		return false;
	}
	return true;
}

/* One frame; what became of it. */
static enum emu_tx_result
frame_out(struct emu_dev *dev, const struct emu_frame *frame)
{
	struct emu_nic *nic = dev->nic;
	enum emu_tx_result next = EMU_TX_TAKEN;
	uint8_t head[18];
	uint32_t funcs;
	bool to_wire;

	emu_frame_copy(frame, 0, head, sizeof(head)); /* no frame is shorter than 60 bytes */
	if (!is_allowed(dev, head))
		return EMU_TX_DROPPED;
	funcs = emu_steer_tx(nic, dev->func, head, &to_wire);
	if (to_wire && !nic->wire_up) {
		dev->drops[EMU_DROP_TX_LINK_DOWN]++;
		next = EMU_TX_DROPPED;
	} else if (to_wire) {
		emu_port_tx(nic->func[0]->cfg.port, &frame, 1, &next);
		if (next == EMU_TX_BUSY)
			return next;
		if (next == EMU_TX_DROPPED)
			dev->drops[EMU_DROP_TX_WIRE]++;
		else
			emu_mac_count(nic, 19, frame->len_bytes + 4, emu_dmac_class(head));
	}
	if (funcs != 0)
		emu_rx_from_func(nic, frame, funcs);
	return funcs != 0 ? EMU_TX_TAKEN : next;
}

unsigned int
emu_switch_out(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	unsigned int i = 0;

	if (dev->nic->steer.is_stale)
		emu_steer_plan(dev->nic);
	do
		*next = frame_out(dev, frames[i]);
	while (*next == EMU_TX_TAKEN && ++i < nb);
	return i;
}

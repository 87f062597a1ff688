/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The mailbox between VFs and who serves them [1:7]: the PF's driver, or the host that firmware
 * plays (emu_mbx_host.c), which behaves like a PF's driver that serves VFs. Service thread, with
 * the data thread paused.
 */
#ifndef EMU_MBX_H
#define EMU_MBX_H

#include "emu_dev_priv.h"

enum emu_mbx_code { /* [1:7.4] */
	EMU_MBX_RESET = 1,
	EMU_MBX_ASSERTING_RESET = 2,
	EMU_MBX_SET_UNICAST = 3,
	EMU_MBX_SET_MULTICAST = 4,
	EMU_MBX_SET_VLAN = 5,
	EMU_MBX_MAP_RING = 6,
	EMU_MBX_UNMAP_RING = 7,
	EMU_MBX_SET_PROMISC = 8,
	EMU_MBX_GET_QINFO = 11,
	EMU_MBX_GET_QDEPTH = 12,
	EMU_MBX_GET_BASIC_INFO = 13,
	EMU_MBX_GET_RSS_KEY = 15,
	EMU_MBX_GET_MAC = 16,
	EMU_MBX_RESPONSE = 17,
	EMU_MBX_LINK_CHANGE = 23,
	EMU_MBX_GET_LINK = 26,
	EMU_MBX_QUEUE_RESET = 27,
	EMU_MBX_KEEP_ALIVE = 28,
	EMU_MBX_SET_ALIVE = 29,
	EMU_MBX_SET_MTU = 30,
	EMU_MBX_GET_QID = 31,
	EMU_MBX_LINK_MODE = 32,
	EMU_MBX_GET_LINK_MODE = 33,
	EMU_MBX_VLAN_INFO = 34,
	EMU_MBX_GET_MEDIA = 35,
	EMU_MBX_PROMISC_INFO = 36,
	EMU_MBX_UNINIT = 37,
	EMU_MBX_HANDLE_TABLE = 38,
	EMU_MBX_GET_RING_VECTOR = 39,
	EMU_MBX_GET_TC = 47,
	EMU_MBX_SET_TC = 48,
};

/* Name of a code, or NULL. */
const char *emu_mbx_name(unsigned int code);
/* Put 24 bytes into the receive queue of @p to; what cannot be is counted there. */
void emu_mbx_post(struct emu_dev *to, uint16_t opcode, const uint8_t data[24]);
/* A message that nobody asked for: the code, and @p len bytes from byte 10 on. */
void emu_mbx_push(struct emu_dev *vf, enum emu_mbx_code code, const void *data, size_t len);

/* ---- emu_mbx_host.c ---- */

/* Carry out what @p vf asks for in @p req, and answer if it wants that. */
void emu_host_request(struct emu_dev *vf, const uint8_t req[24]);
/* Power-on, or the VF's driver is gone: forget all but what the host itself decided. */
void emu_host_forget(struct emu_dev *vf);
/* After what is configured for the VF was reset: what stays of it [1:8.2]. */
void emu_host_restore(struct emu_dev *vf);
/* The port's filter lets VIDs of VFs pass. */
void emu_host_port_vlans(struct emu_nic *nic);
/* The link changed, or the VF asked: code 23. */
void emu_host_link_push(struct emu_dev *vf);
/* To each VF that is alive [1:7.5]. */
void emu_host_link_changed(struct emu_nic *nic);
/* The PF resets itself (2) or had an FLR (3): its VFs do so, too, and are told [1:8.5]. */
void emu_host_pf_reset(struct emu_nic *nic, unsigned int level);
/* Tell a VF to start over, at once or, if it is not alive, when it is [1:7.6]. */
void emu_host_reset_push(struct emu_dev *vf, unsigned int level);

/* What the host's administrator can decide for a VF [1:7.6]; 0 or -EINVAL. */
int emu_host_mac_set(struct emu_dev *vf, const uint8_t mac[6]);
int emu_host_pvid_set(struct emu_dev *vf, uint16_t tci); /* 0: none */
int emu_host_trust_set(struct emu_dev *vf, bool trusted);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Transport of the mailbox: commands 0x2000 and 0x2001, and the receive queues [1:7.1]. The command
 * that carries a message is completed whatever becomes of the message.
 */
#include "emu_mbx.h"

#include <string.h>

#include "emu_fw.h"

#define AT_VFID 1 /* of a request: the sender, by firmware [1:7.2] */
#define AT_CODE 8

static const char *const names[EMU_MBX_CODES] = {
	[EMU_MBX_RESET] = "RESET",
	[EMU_MBX_ASSERTING_RESET] = "ASSERTING_RESET",
	[EMU_MBX_SET_UNICAST] = "SET_UNICAST",
	[EMU_MBX_SET_MULTICAST] = "SET_MULTICAST",
	[EMU_MBX_SET_VLAN] = "SET_VLAN",
	[EMU_MBX_MAP_RING] = "MAP_RING_TO_VECTOR",
	[EMU_MBX_UNMAP_RING] = "UNMAP_RING_TO_VECTOR",
	[EMU_MBX_SET_PROMISC] = "SET_PROMISC_MODE",
	[EMU_MBX_GET_QINFO] = "GET_QINFO",
	[EMU_MBX_GET_QDEPTH] = "GET_QDEPTH",
	[EMU_MBX_GET_BASIC_INFO] = "GET_BASIC_INFO",
	[EMU_MBX_GET_RSS_KEY] = "GET_RSS_KEY",
	[EMU_MBX_GET_MAC] = "GET_MAC_ADDR",
	[EMU_MBX_RESPONSE] = "PF_VF_RESP",
	[EMU_MBX_LINK_CHANGE] = "LINK_STAT_CHANGE",
	[EMU_MBX_GET_LINK] = "GET_LINK_STATUS",
	[EMU_MBX_QUEUE_RESET] = "QUEUE_RESET",
	[EMU_MBX_KEEP_ALIVE] = "KEEP_ALIVE",
	[EMU_MBX_SET_ALIVE] = "SET_ALIVE",
	[EMU_MBX_SET_MTU] = "SET_MTU",
	[EMU_MBX_GET_QID] = "GET_QID_IN_PF",
	[EMU_MBX_LINK_MODE] = "LINK_STAT_MODE",
	[EMU_MBX_GET_LINK_MODE] = "GET_LINK_MODE",
	[EMU_MBX_VLAN_INFO] = "PUSH_VLAN_INFO",
	[EMU_MBX_GET_MEDIA] = "GET_MEDIA_TYPE",
	[EMU_MBX_PROMISC_INFO] = "PUSH_PROMISC_INFO",
	[EMU_MBX_UNINIT] = "VF_UNINIT",
	[EMU_MBX_HANDLE_TABLE] = "HANDLE_VF_TBL",
	[EMU_MBX_GET_RING_VECTOR] = "GET_RING_VECTOR_MAP",
	[EMU_MBX_GET_TC] = "GET_TC",
	[EMU_MBX_SET_TC] = "SET_TC",
};

const char *
emu_mbx_name(unsigned int code)
{
	return code < EMU_MBX_CODES ? names[code] : NULL;
}

void
emu_mbx_post(struct emu_dev *to, uint16_t opcode, const uint8_t data[24])
{
	unsigned int code = data[AT_CODE];

	if (emu_crq_post(to, opcode, data))
		to->mbx_lost++;
	else
		to->mbx_in[code < EMU_MBX_CODES ? code : 0]++;
}

void
emu_mbx_push(struct emu_dev *vf, enum emu_mbx_code code, const void *data, size_t len)
{
	uint8_t msg[24] = { 0 };

	msg[0] = (uint8_t)vf->func;
	emu_put16(msg, AT_CODE, (uint16_t)code);
	memcpy(msg + 10, data, len < sizeof(msg) - 10 ? len : sizeof(msg) - 10);
	emu_mbx_post(vf, 0x2000, msg);
}

static enum emu_fw_ret
emu_fw_vf_to_pf(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t msg[24];

	if (dev->func == 0)
		return EMU_FW_NO_AUTH;
	memcpy(msg, cmd->d[0].data, sizeof(msg));
	msg[AT_VFID] = (uint8_t)dev->func; /* whatever the VF wrote there [3:0.6] */
	dev->mbx_out[msg[AT_CODE] < EMU_MBX_CODES ? msg[AT_CODE] : 0]++;
	if (dev->nic->mbx_by_driver)
		emu_mbx_post(dev->nic->func[0], 0x2001, msg);
	else
		emu_host_request(dev, msg);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_pf_to_vf(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	struct emu_dev *vf = p[0] ? emu_func_get(dev->nic, p[0]) : NULL;

	if (!vf)
		return EMU_FW_PARA_ERR;
	emu_mbx_post(vf, 0x2000, p);
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_mbx_ops[] = {
	{ 0x2000, 0, "MBX_PF_TO_VF", emu_fw_pf_to_vf },
	{ 0x2001, EMU_FW_F_PAUSE | EMU_FW_F_VF, "MBX_VF_TO_PF", emu_fw_vf_to_pf },
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about addresses that are received: unicast and multicast table, promiscuity [3:1.16]
 * [3:1.20]. */
#include "emu_fw.h"

#include <errno.h>
#include <string.h>

#define IS_MC(p)  ((p)[12] & BIT32(1))
#define MAC_AT    4  /* data byte of the address */
#define EGRESS_AT 14 /* of the egress port */

static int
uc_find(const struct emu_nic *nic, const uint8_t *mac)
{
	for (uint32_t i = 0; i < nic->nb_uc; i++) {
		if (memcmp(nic->uc[i].mac, mac, 6) == 0)
			return (int)i;
	}
	return -1;
}

static int
mc_find(const struct emu_nic *nic, const uint8_t *mac)
{
	for (uint32_t i = 0; i < nic->nb_mc; i++) {
		if (memcmp(nic->mc[i].e.mac, mac, 6) == 0)
			return (int)i;
	}
	return -1;
}

int
emu_uc_add(struct emu_nic *nic, const uint8_t *mac, unsigned int func)
{
	int i = uc_find(nic, mac);

	if (i < 0 && nic->nb_uc == EMU_UC_MAX)
		return -ENOSPC;
	if (i < 0)
		i = (int)nic->nb_uc++;
	memcpy(nic->uc[i].mac, mac, 6);
	nic->uc[i].func = (uint8_t)func;
	return 0;
}

int
emu_uc_owner(const struct emu_nic *nic, const uint8_t *mac)
{
	int i = uc_find(nic, mac);

	return i < 0 ? -ENOENT : nic->uc[i].func;
}

int
emu_uc_remove(struct emu_nic *nic, const uint8_t *mac)
{
	int i = uc_find(nic, mac);

	if (i < 0)
		return -ENOENT;
	nic->uc[i] = nic->uc[--nic->nb_uc];
	return 0;
}

/* The entry of @p mac, made if need be; -ENOSPC. */
static int
mc_get(struct emu_nic *nic, const uint8_t *mac)
{
	int i = mc_find(nic, mac);

	if (i >= 0)
		return i;
	if (nic->nb_mc == EMU_MC_MAX)
		return -ENOSPC;
	i = (int)nic->nb_mc++;
	memset(&nic->mc[i], 0, sizeof(nic->mc[i]));
	memcpy(nic->mc[i].e.mac, mac, 6);
	return i;
}

int
emu_mc_add(struct emu_nic *nic, const uint8_t *mac, unsigned int func)
{
	int i = mc_get(nic, mac);

	if (i < 0)
		return i;
	nic->mc[i].functions[func / 8] |= (uint8_t)(1u << func % 8);
	return 0;
}

int
emu_mc_remove(struct emu_nic *nic, const uint8_t *mac, unsigned int func)
{
	static const uint8_t none[sizeof(nic->mc[0].functions)];
	int i = mc_find(nic, mac);

	if (i < 0 || !(nic->mc[i].functions[func / 8] & 1u << func % 8))
		return -ENOENT;
	nic->mc[i].functions[func / 8] &= (uint8_t) ~(1u << func % 8);
	if (memcmp(nic->mc[i].functions, none, sizeof(none)) == 0)
		nic->mc[i] = nic->mc[--nic->nb_mc];
	return 0;
}

static enum emu_fw_ret
mc_table(struct emu_nic *nic, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	int i;

	if (cmd->nb_desc < 3)
		return EMU_FW_NEXT_ERR;
	i = cmd->is_read ? mc_find(nic, p + MAC_AT) : mc_get(nic, p + MAC_AT);
	p[1] = 0;
	if (i < 0) {
		p[1] = cmd->is_read ? 1 : 3; /* not there; no room */
	} else if (cmd->is_read) {
		memcpy(cmd->d[1].data, nic->mc[i].functions, 24);
		memcpy(cmd->d[2].data, nic->mc[i].functions + 24, 8);
	} else {
		memcpy(nic->mc[i].functions, cmd->d[1].data, 24);
		memcpy(nic->mc[i].functions + 24, cmd->d[2].data, 8);
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_mac_table(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	unsigned int func = FIELD_GET(BITS32(10, 3), emu_get16(p, EGRESS_AT));

	if (IS_MC(p))
		return mc_table(dev->nic, cmd);
	p[1] = 0;
	if (cmd->is_read) {
		int owner = emu_uc_owner(dev->nic, p + MAC_AT);

		p[1] = owner < 0;
		if (owner >= 0)
			emu_put16(p, EGRESS_AT, (uint16_t)(owner << 3));
		return EMU_FW_OK;
	}
	if (!emu_func_get(dev->nic, func))
		return EMU_FW_PARA_ERR;
	if (emu_uc_add(dev->nic, p + MAC_AT, func))
		p[1] = 2;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_mac_remove(struct emu_dev *dev, struct emu_cmd *cmd)
{
	struct emu_nic *nic = dev->nic;
	uint8_t *p = cmd->d[0].data;
	int i;

	if (!IS_MC(p)) {
		p[1] = emu_uc_remove(nic, p + MAC_AT) != 0;
		return EMU_FW_OK;
	}
	/* Drivers that do not serve VFs remove an entry without looking who else has it [3:1.16];
	 * where we serve them, theirs stays. */
	i = mc_find(nic, p + MAC_AT);
	p[1] = i < 0;
	if (i >= 0 && nic->mbx_by_driver)
		nic->mc[i] = nic->mc[--nic->nb_mc];
	else if (i >= 0)
		emu_mc_remove(nic, p + MAC_AT, 0);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_umv_space(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t wanted = emu_get32(p, 4);

	(void)dev;
	if (!(p[0] & 1) && wanted > EMU_UC_MAX)
		emu_put32(p, 4, EMU_UC_MAX); /* what is granted [3:1.18] */
	return EMU_FW_OK;
}

/* Byte 0 is for both directions; on revision 0x30 byte 2, if there is one, says it for each
 * [3:1.20].
 */
static enum emu_fw_ret
emu_fw_promisc(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	struct emu_dev *func = emu_func_get(dev->nic, p[1]);
	const uint8_t all = EMU_PROMISC_UC | EMU_PROMISC_MC | EMU_PROMISC_BC;

	if (!func)
		return EMU_FW_PARA_ERR;
	func->promisc = p[0];
	func->promisc_tx = p[0] & EMU_PROMISC_TX ? p[0] & all : 0;
	if (p[2] != 0 && dev->cfg.revision >= 0x30) {
		func->promisc = (uint8_t)((p[2] >> 1 & all) | EMU_PROMISC_TX | EMU_PROMISC_RX);
		func->promisc_tx = p[2] >> 4 & all;
	}
	return EMU_FW_OK;
}

/* Key of a management entry, in command and table [3:1.19]. */
static struct emu_managed
managed_of(const uint8_t *p)
{
	struct emu_managed m = {
		.flags = p[0], .vid = emu_get16(p, 2), .ether_type = emu_get16(p, 12)
	};

	memcpy(m.mac, p + MAC_AT, 6);
	return m;
}

static enum emu_fw_ret
emu_fw_managed(struct emu_dev *dev, struct emu_cmd *cmd)
{
	struct emu_managed key = managed_of(cmd->d[0].data);
	struct emu_nic *nic = dev->nic;
	uint8_t *p = cmd->d[0].data;
	uint32_t i = 0;

	while (i < nic->nb_managed && memcmp(&nic->managed[i], &key, sizeof(key)) != 0)
		i++;
	p[1] = 0;
	if (cmd->opcode == 0x1011) {
		if (i < nic->nb_managed)
			nic->managed[i] = nic->managed[--nic->nb_managed];
		return EMU_FW_OK;
	}
	if (i < nic->nb_managed)
		p[1] = 1; /* it is there already */
	else if (i == EMU_MANAGED_MAX)
		p[1] = 2;
	else
		nic->managed[nic->nb_managed++] = key;
	return EMU_FW_OK;
}

/* What the switch inside does with a function's frames [3:1.21]. */
static enum emu_fw_ret
emu_fw_switch(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	struct emu_dev *func = emu_func_get(dev->nic, FIELD_GET(BITS32(10, 3), emu_get32(p, 4)));

	if (!func)
		return EMU_FW_PARA_ERR;
	if (!cmd->is_read)
		func->switch_param = (uint8_t)((func->switch_param & p[12]) | (p[8] & ~p[12]));
	p[8] = func->switch_param;
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_addr_ops[] = {
	{ 0x0e01, EMU_FW_F_PAUSE, "CFG_PROMISC_MODE", emu_fw_promisc },
	{ 0x1000, EMU_FW_F_PAUSE, "MAC_VLAN_ADD", emu_fw_mac_table },
	{ 0x1001, EMU_FW_F_PAUSE, "MAC_VLAN_REMOVE", emu_fw_mac_remove },
	{ 0x1004, 0, "MAC_VLAN_ALLOCATE", emu_fw_umv_space },
	{ 0x1010, EMU_FW_F_PAUSE, "MAC_ETHTYPE_ADD", emu_fw_managed },
	{ 0x1011, EMU_FW_F_PAUSE, "MAC_ETHTYPE_REMOVE", emu_fw_managed },
	{ 0x1033, EMU_FW_F_PAUSE, "MAC_VLAN_SWITCH_PARAM", emu_fw_switch },
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Functions of a NIC: which there are, what they may have (identity, capabilities, queues), and
 * what the NIC's tables hold of each one. Service thread; with the data thread paused where tables
 * change.
 */
#include "emu_mbx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Device ids of [1:1.1]. */
static const struct {
	uint16_t id;
	bool is_vf;
} ids[] = {
	{ 0xa220, false },
	{ 0xa221, false },
	{ 0xa222, false },
	{ 0xa223, false },
	{ 0xa224, false },
	{ 0xa225, false },
	{ 0xa226, false },
	{ 0xa228, false },
	{ 0xa22e, true },
	{ 0xa22f, true },
};

bool
emu_id_is_known(uint16_t device_id, bool is_vf)
{
	for (unsigned int i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (ids[i].id == device_id)
			return ids[i].is_vf == is_vf;
	}
	return false;
}

uint64_t
emu_caps_default(uint8_t revision)
{
	/* Revision 0x21 is known by its number; 0x30 says what it can [1:5.1]. */
	return revision < 0x30 ? 0 : EMU_CAP_GRO | EMU_CAP_RXD_ADV | EMU_CAP_FD_REGION;
}

uint16_t
emu_func_nb_vectors(const struct emu_dev *dev)
{
	return (uint16_t)(dev->cfg.nb_queues + 2); /* [1:1.6] */
}

struct emu_dev *
emu_func_get(const struct emu_nic *nic, unsigned int func)
{
	return func < nic->nb_funcs ? nic->func[func] : NULL;
}

/* Queue pairs as they are divided at power-on: the PF's, then each VF's [3:3.1]. */
static void
tqps_divide(struct emu_nic *nic)
{
	nic->nb_tqps = 0;
	memset(nic->tqp, 0, sizeof(nic->tqp));
	for (unsigned int f = 0; f < nic->nb_funcs; f++) {
		unsigned int nb = nic->func[f] ? nic->func[f]->cfg.nb_queues : 0;

		for (uint16_t vid = 0; vid < nb && nic->nb_tqps < EMU_TQPS_MAX; vid++)
			nic->tqp[nic->nb_tqps++] = (struct emu_tqp){ (uint8_t)f, true, vid };
	}
}

/* What the host keeps on of the MAC for VFs, where no client of the PF can. */
static uint32_t
mac_word_held(const struct emu_nic *nic)
{
	bool is_held = nic->nb_funcs > 1 && !nic->pf_has_client && !nic->mbx_by_driver;

	return is_held ? EMU_MAC_TX_EN | EMU_MAC_RX_EN | EMU_MAC_FCS_STRIP | EMU_MAC_FCS_CHECK : 0;
}

int
emu_nic_join(struct emu_dev *dev, struct emu_dev *pf)
{
	struct emu_nic *nic = pf ? pf->nic : calloc(1, sizeof(*nic));
	unsigned int func = pf ? 1 : 0;

	if (nic && !nic->fd)
		nic->fd = emu_fd_create(dev->cfg.fd_is_4k ? EMU_FD_4K_200 : EMU_FD_2K_400);
	if (!nic || !nic->fd) {
		free(nic);
		return -ENOMEM;
	}
	while (func < EMU_FUNCS_MAX && nic->func[func])
		func++;
	if (func == EMU_FUNCS_MAX)
		return -ENOSPC;
	dev->nic = nic;
	dev->func = func;
	nic->func[func] = dev;
	if (func >= nic->nb_funcs)
		nic->nb_funcs = func + 1;
	if (func == 0)
		nic->wire_up = true;
	tqps_divide(nic);
	if (func == 0)
		nic->mbx_by_driver = dev->cfg.mbx_by_driver;
	else
		nic->mac_word |= mac_word_held(nic); /* there is somebody to hold it for */
	memcpy(dev->host.mac, dev->cfg.mac, sizeof(dev->host.mac));
	dev->host.is_trusted = true;
	return 0;
}

void
emu_nic_leave(struct emu_dev *dev)
{
	if (!dev->nic)
		return;
	dev->nic->func[dev->func] = NULL;
	dev->nic->steer.is_stale = true;
	if (dev->func == 0) {
		emu_fd_destroy(dev->nic->fd);
		free(dev->nic);
	}
}

void
emu_func_tables_clear(struct emu_dev *dev)
{
	struct emu_nic *nic = dev->nic;

	for (uint32_t i = nic->nb_uc; i-- > 0;) { /* backwards: the last one fills a gap */
		if (nic->uc[i].func == dev->func)
			emu_uc_remove(nic, nic->uc[i].mac);
	}
	for (uint32_t i = nic->nb_mc; i-- > 0;)
		emu_mc_remove(nic, nic->mc[i].e.mac, dev->func);
	memset(dev->vlan_table, 0, sizeof(dev->vlan_table));
	nic->steer.is_stale = true;
}

void
emu_func_reset(struct emu_dev *dev)
{
	dev->link_events = false;
	dev->promisc = dev->promisc_tx = 0;
	dev->rx_vlan_cfg = 0;
	dev->gro_is_on = false;
	dev->tx_vlan_cfg = EMU_TX_VLAN_DEFAULT;
	dev->tx_vlan_tag[0] = dev->tx_vlan_tag[1] = 0;
	dev->vlan_fe = 0;
	dev->vlan_bypass = false;
	dev->switch_param = EMU_SWITCH_LOOPBACK;
	emu_rss_init(&dev->rss, EMU_RETA_SIZE);
	memset(dev->stored, 0, sizeof(dev->stored));
	memset(dev->kept, 0, sizeof(dev->kept));
	if (dev->func != 0 && !dev->nic->mbx_by_driver)
		emu_host_restore(dev);
}

void
emu_nic_vlans_clear(struct emu_nic *nic)
{
	memset(nic->vlan_table, 0, sizeof(nic->vlan_table));
	emu_host_port_vlans(nic);
}

void
emu_nic_reset(struct emu_nic *nic)
{
	emu_mac_reset(nic);
	nic->mac_word = mac_word_held(nic);
	nic->tso_mss_min = 256;
	nic->tso_mss_max = 9668;
	nic->tx_tpid[0] = nic->tx_tpid[1] = 0x8100;
	nic->vlan_port_filter = false;
	nic->vlan_port_fe = 0;
	nic->nb_managed = 0;
	nic->tpids = (struct emu_tpids){ { 0x8100, 0x8100, 0x8100, 0x8100 } };
	nic->steer.is_stale = true;
	emu_fd_reset(nic->fd);
	emu_mac_stats_get(nic, nic->mac_stats_shown);
	tqps_divide(nic);
}

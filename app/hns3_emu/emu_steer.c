/* SPDX-License-Identifier: BSD-3-Clause */
/* See emu_steer.h. */
#include "emu_steer.h"

#include <endian.h>
#include <string.h>

#include "emu_dev_priv.h"

#define KEY_IS_USED BIT64(48)
#define UNICAST     0u
#define MULTICAST   1u
#define BROADCAST   2u

_Static_assert(EMU_STEER_SLOTS >= 3 * (EMU_UC_MAX + EMU_MC_MAX), "the table stays sparse");

/* @p mac lies in a frame or in a table; 8 bytes can be read there. */
static inline uint64_t
key_of(const uint8_t *mac)
{
	uint64_t word;

	memcpy(&word, mac, 8);
	return (le64toh(word) & BITS64(47, 0)) | KEY_IS_USED;
}

static inline uint32_t
slot_of(uint64_t key)
{
	return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % EMU_STEER_SLOTS;
}

static inline uint32_t
table_find(const struct emu_steer *s, uint64_t key)
{
	uint32_t i = slot_of(key);

	while (s->slot[i].key != 0) {
		if (s->slot[i].key == key)
			return s->slot[i].funcs;
		i = (i + 1) % EMU_STEER_SLOTS;
	}
	return 0;
}

static void
table_add(struct emu_steer *s, const uint8_t mac[6], uint32_t funcs)
{
	uint8_t padded[8] = { 0 };
	uint64_t key;
	uint32_t i;

	memcpy(padded, mac, 6);
	key = key_of(padded);
	i = slot_of(key);
	while (s->slot[i].key != 0 && s->slot[i].key != key)
		i = (i + 1) % EMU_STEER_SLOTS;
	s->slot[i].key = key;
	s->slot[i].funcs |= funcs;
}

static void
func_plan(struct emu_steer *s, const struct emu_dev *dev)
{
	static const uint8_t bit[3] = { EMU_PROMISC_UC, EMU_PROMISC_MC, EMU_PROMISC_BC };
	uint32_t self = BIT32(dev->func);

	for (unsigned int i = 0; i < 3; i++) {
		if (dev->promisc & EMU_PROMISC_RX && dev->promisc & bit[i])
			s->promisc[i] |= self;
		if (dev->promisc_tx & bit[i])
			s->promisc_tx[i] |= self;
	}
	s->vlan_filter |= dev->vlan_fe & EMU_VLAN_FE_EGRESS ? self : 0;
	s->vlan_bypass |= dev->vlan_bypass ? self : 0;
	s->loopback |= dev->switch_param & EMU_SWITCH_LOOPBACK ? self : 0;
}

void
emu_steer_plan(struct emu_nic *nic)
{
	struct emu_steer *s = &nic->steer;
	uint32_t existing = 0;

	memset(s, 0, sizeof(*s));
	for (unsigned int f = 0; f < nic->nb_funcs; f++) {
		if (!nic->func[f])
			continue;
		existing |= BIT32(f);
		func_plan(s, nic->func[f]);
	}
	for (uint32_t i = 0; i < nic->nb_uc; i++)
		table_add(s, nic->uc[i].mac, BIT32(nic->uc[i].func) & existing);
	for (uint32_t i = 0; i < nic->nb_mc; i++) {
		uint32_t funcs;

		memcpy(&funcs, nic->mc[i].functions, sizeof(funcs));
		table_add(s, nic->mc[i].e.mac, le32toh(funcs) & existing);
	}
	s->existing = existing;
	s->port_filter = nic->vlan_port_filter;
	s->nb_managed = nic->nb_managed;
	/* nothing can stay inside without a second function or an address of one's own */
	if (nic->nb_uc == 0 && (existing & (existing - 1)) == 0)
		s->loopback = 0;
}

/* The tag that filters look at; frames without one are in VLAN 0 [3:2.2]. */
static inline unsigned int
vid_of(const struct emu_parsed *p)
{
	return p->h[0].tci[0] & 0xfffu;
}

static inline bool
vid_is_in(const uint8_t table[512], unsigned int vid)
{
	return table[vid / 8] & 1u << vid % 8;
}

/* Whether an entry of the management table gives the frame to its PF [3:1.19]. */
static bool
is_managed(const struct emu_nic *nic, const struct emu_parsed *p)
{
	for (unsigned int i = 0; i < nic->nb_managed; i++) {
		const struct emu_managed *m = &nic->managed[i];

		if ((m->flags & EMU_MANAGED_ANY_VLAN || m->vid == vid_of(p)) &&
				(m->flags & EMU_MANAGED_ANY_MAC ||
						memcmp(m->mac, p->head, 6) == 0) &&
				(m->flags & EMU_MANAGED_ANY_TYPE ||
						m->ether_type == p->h[0].ether_type))
			return true;
	}
	return false;
}

uint32_t
emu_steer_rx(const struct emu_nic *nic, const struct emu_parsed *p, unsigned int *why)
{
	const struct emu_steer *s = &nic->steer;
	uint32_t funcs = s->promisc[p->dmac_class];

	if (p->dmac_class != BROADCAST && funcs != s->existing)
		funcs |= table_find(s, key_of(p->head));
	if (s->nb_managed && !(funcs & 1) && is_managed(nic, p))
		return 1;
	*why = EMU_DROP_RX_NO_DESTINATION;
	if (s->port_filter && !vid_is_in(nic->vlan_table, vid_of(p))) {
		funcs &= s->vlan_bypass;
		*why = EMU_DROP_RX_VLAN_FILTER;
	}
	return funcs;
}

bool
emu_steer_is_pf(const struct emu_nic *nic, const uint8_t *mac)
{
	return table_find(&nic->steer, key_of(mac)) & 1;
}

bool
emu_steer_vlan_is_refused(const struct emu_nic *nic, unsigned int func, const struct emu_parsed *p)
{
	return nic->steer.vlan_filter & BIT32(func) &&
	       !vid_is_in(nic->func[func]->vlan_table, vid_of(p));
}

uint32_t
emu_steer_tx(const struct emu_nic *nic, unsigned int from, const uint8_t *dmac, bool *to_wire)
{
	const struct emu_steer *s = &nic->steer;
	unsigned int dmac_class = emu_dmac_class(dmac);
	uint32_t others = ~BIT32(from), funcs;

	*to_wire = true;
	if (!(s->loopback & BIT32(from)))
		return 0;
	funcs = dmac_class == BROADCAST ? 0 : table_find(s, key_of(dmac));
	if (dmac_class != UNICAST)
		return (funcs | s->promisc_tx[dmac_class]) & others;
	/* an address of ours, be it the sender's own, is not looked for outside [3:1.21] */
	*to_wire = funcs == 0;
	return funcs | (s->promisc_tx[UNICAST] & others);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * State of the device, shared by its files. A NIC (struct emu_nic) is one port: the MAC and the
 * tables that its functions share, commands of the PF change them. A function (struct emu_dev) has
 * a BAR, a command queue, queue pairs, and what is configured for it alone, by itself or by the PF.
 * Function 0 is the PF, n the n-th VF; commands call that number "function" or "vport" [3:0.6].
 *
 * Who may write what: the service thread writes configuration (all but the struct emu_queue members
 * marked "data"), with the data thread paused where that reads more than one word of it; the data
 * thread writes counters and ring positions. BAR memory is written by the client at any time: each
 * word is loaded once and checked.
 */
#ifndef EMU_DEV_PRIV_H
#define EMU_DEV_PRIV_H

#include "emu_desc.h"
#include "emu_dev.h"
#include "emu_fault.h"
#include "emu_fd.h"
#include "emu_parse.h"
#include "emu_rss.h"
#include "emu_steer.h"

#define EMU_BAR2_BYTES      0x100000u /* [1:1.4] */
#define EMU_CONFIG_BYTES    4096u     /* with the extended space, which is empty */
#define EMU_VECTOR_MAX      (EMU_DEV_QUEUES_MAX + 2)
#define EMU_MAC_STATS       105u /* [3:7.1] */
#define EMU_KEPT_MAX        2048u
#define EMU_UC_MAX          384u /* [3:1.16] */
#define EMU_MC_MAX          256u
#define EMU_CMD_DESCS_MAX   64u
#define EMU_FW_OPS_MAX      320
#define EMU_FUNCS_MAX       32u /* PF and VFs of a NIC */
#define EMU_TQPS_MAX        1024u
#define EMU_MBX_CODES       64u
#define EMU_TX_BDS_MAX      8u  /* revision 0x21, frames without TSO [2:3.2] */
#define EMU_TX_BDS_MAX_V3   18u /* revision 0x30, as its specifications say [1:5.3] */
#define EMU_TX_BDS_TSO_MAX  63u /* [2:3.2] */
#define EMU_MAC_TX_OVERSIZE 29u /* of mac_stats [3:7.1] */

/* Offsets of registers (emu_regs.def). */
enum emu_reg {
#define EMU_REG(name, offset, reset, writable, read, source) EMU_##name = (offset),
#define EMU_TQP(name, offset, reset, writable, read, source) EMU_TQP_##name = (offset),
#define EMU_VEC(name, offset, reset, writable, read, source) EMU_##name = (offset),
#include "emu_regs.def"
#undef EMU_REG
#undef EMU_TQP
#undef EMU_VEC
};
#define EMU_TQP_BASE(q) (0x80000u + (q)*0x200u) /* q < 1024 [1:2.6] */

/* Bits of registers. */
#define EMU_OTHER_INT_GLOBAL     BIT32(5) /* 0x20800 [1:2.4] */
#define EMU_OTHER_INT_IMP        BIT32(7)
#define EMU_OTHER_EN_TRIGGER_IMP BIT32(7) /* 0x20600 */
#define EMU_CMDQ_SRC_RX          BIT32(1) /* 0x27100 [1:2.3] */
#define EMU_CMDQ_SRC_RST         BIT32(2) /* VF: a reset of the NIC */
#define EMU_DEPTH_MASK           BITS32(15, 0) /* 0x27008: descriptors / 8; bit 16 is a handshake [1:2.2] */

/* MAC mode word of 0x0301 [3:1.1] */
#define EMU_MAC_TX_EN             BIT32(6)
#define EMU_MAC_RX_EN             BIT32(7)
#define EMU_MAC_APP_LP            BIT32(15)
#define EMU_MAC_FCS_STRIP         BIT32(19)
#define EMU_MAC_FCS_CHECK         BIT32(20)
/* Promiscuous byte of 0x0E01 [3:1.20] */
#define EMU_PROMISC_UC            BIT32(1)
#define EMU_PROMISC_MC            BIT32(2)
#define EMU_PROMISC_BC            BIT32(3)
#define EMU_PROMISC_TX            BIT32(4)
#define EMU_PROMISC_RX            BIT32(5)
/* Filter byte of 0x1100 [3:2.1]. Of a function: egress is its Rx, ingress its Tx (anti-spoof). */
#define EMU_VLAN_FE_INGRESS       BIT32(0)
#define EMU_VLAN_FE_EGRESS        BIT32(1)
/* Tx VLAN configuration of 0x0F01 [3:2.6] */
#define EMU_TX_VLAN_ACCEPT_TAG1   BIT32(0)
#define EMU_TX_VLAN_ACCEPT_UNTAG1 BIT32(1)
#define EMU_TX_VLAN_INSERT_TAG1   BIT32(2)
#define EMU_TX_VLAN_INSERT_TAG2   BIT32(3)
#define EMU_TX_VLAN_ACCEPT_TAG2   BIT32(5)
#define EMU_TX_VLAN_ACCEPT_UNTAG2 BIT32(6)
#define EMU_TX_VLAN_SHIFT         BIT32(7)
#define EMU_TX_VLAN_DEFAULT       0xe3u /* all accepted, nothing inserted */
/* Switch parameter of 0x1033 [3:1.21] */
#define EMU_SWITCH_ANTI_SPOOF     BIT32(0)
#define EMU_SWITCH_LOOPBACK       BIT32(1)

/* Capability bits of 0x0001 [1:5.1] */
#define EMU_CAP_UDP_GSO         BIT64(0)
#define EMU_CAP_FD_REGION       BIT64(2)
#define EMU_CAP_PTP             BIT64(3)
#define EMU_CAP_SIMPLE_BD       BIT64(5)
#define EMU_CAP_TX_PUSH         BIT64(6)
#define EMU_CAP_UDP_TUNNEL_CSUM BIT64(11)
#define EMU_CAP_RXD_ADV         BIT64(15)
#define EMU_CAP_GRO             BIT64(20)
#define EMU_CAP_VF_MULTI_TCS    BIT64(34)

/* What a driver did that real hardware refuses; counted, and logged the first times. */
enum emu_violation {
	EMU_V_TX_TOO_MANY_BDS, /* TX-01; the others in order */
	EMU_V_TX_RESERVED,
	EMU_V_TX_TOO_LONG,
	EMU_V_TX_HEADERS,
	EMU_V_TX_IP_LENGTH,
	EMU_V_TX_LAYERS,
	EMU_V_TX_TSO,
	EMU_V_TX_MSS,
	EMU_V_TX_PAYLEN,
	EMU_V_TX_HEADER_SIZE,
	EMU_V_TX_SPREAD,
	EMU_V_TX_TUNNEL,
	EMU_V_TX_OUTER_UDP_SUM,
	EMU_V_TX_CAPABILITY,
	EMU_V_TX_VLAN_LAYERS,
	EMU_V_TX_UDP_PORT,
	EMU_V_TX_TOO_SHORT,
	EMU_V_TX_SIMPLE,
	EMU_V_TX_BD_NOT_VALID,
	EMU_V_RX_BUFFER_ALIGN,
	EMU_V_RX_BD_NOT_FREE,
	EMU_V_RING_ALIGN,
	EMU_V_RING_SIZE,
	EMU_V_DOORBELL_TOO_MANY,
	EMU_V_DOORBELL_MISSING,
	EMU_V_CMDQ_TAIL,
	EMU_V_REG_READ_ONLY,
	EMU_V_REG_UNKNOWN,
	EMU_V_REG_ACCESS,
	EMU_V_NB,
};

enum emu_drop {
	EMU_DROP_RX_MAC_DISABLED,
	EMU_DROP_RX_LINK_DOWN,
	EMU_DROP_RX_OVERSIZE,
	EMU_DROP_RX_UNDERSIZE,
	EMU_DROP_RX_BAD_FCS,
	EMU_DROP_RX_VLAN_FILTER,
	EMU_DROP_RX_NO_DESTINATION,
	EMU_DROP_RX_FUNC_VLAN_FILTER,
	EMU_DROP_RX_FLOW_RULE,
	EMU_DROP_RX_QUEUE_STOPPED,
	EMU_DROP_RX_DMA_FAULT,
	EMU_DROP_RX_NO_BD,
	EMU_DROP_RX_NB,
	EMU_DROP_TX_MAC_DISABLED = EMU_DROP_RX_NB,
	EMU_DROP_TX_LINK_DOWN,
	EMU_DROP_TX_VIOLATION,
	EMU_DROP_TX_VLAN_ACCEPT,
	EMU_DROP_TX_DMA_FAULT,
	EMU_DROP_TX_WIRE,
	EMU_DROP_TX_SPOOF,
	EMU_DROP_TX_VLAN_FILTER,
	EMU_DROP_NB,
};

/* One ring. idx and the cached fields are the data thread's. */
struct emu_ring {
	uint8_t *va;                     /* data: cached translation; NULL: not looked up */
	uint32_t generation;             /* data: of the IOMMU, when va was looked up */
	uint32_t nb_bds;                 /* data: cached */
	const struct emu_iommu_run *run; /* data: where its buffers were last */
	uint32_t idx;                    /* data: next BD */
	uint32_t buf_bytes;              /* data: Rx only */
	uint64_t pkts, bytes;            /* data: ever */
	uint64_t pkts_shown;             /* of pkts, how many the client has been told */
	int32_t vector;                  /* MSI-X vector of its events, -1: none */
	bool is_rx;
	uint32_t nb_placed;  /* data: Rx, BDs given to frames of a burst that are not written yet */
	bool irq_pending;    /* data: an event waits for its vector */
	bool has_news;       /* data: during a burst */
	bool has_more;       /* data: Tx, BDs may be valid that were not looked at */
	uint64_t pkts_fired; /* data: of pkts, when its vector fired last */
	uint32_t seg_idx;    /* data: Tx, segments of the frame at idx that have gone */
	uint32_t held;       /* emu_doorbell.h */
	bool has_rung;
	bool is_skipping; /* data: Tx, BDs up to the next end are of a refused frame */
};

struct emu_queue {
	struct emu_ring rx, tx;
} __attribute__((aligned(128)));

struct emu_mac_entry {
	uint8_t mac[6];
	uint8_t func; /* unicast: whose it is; from the entry's egress port [3:1.16] */
};

/* A queue pair of the NIC, by the number that the PF knows it by [3:3.1]. */
struct emu_tqp {
	uint8_t func;
	bool is_on;
	uint16_t vid; /* its number in that function */
};

/* A reset that is under way: emu_reset.c. */
struct emu_reset_state {
	bool is_on;
	enum emu_reset_kind kind;
	uint64_t start_ns, least_ns, most_ns;
};

/* Status words of hardware errors, by the query that tells them [1:6.4]. */
enum emu_err_block {
	EMU_ERR_MPF_RAS,
	EMU_ERR_PF_RAS,
	EMU_ERR_MPF_MSIX,
	EMU_ERR_PF_MSIX,
	EMU_ERR_BLOCKS,
};
#define EMU_ERR_WORDS 78u /* of 10 descriptors */

/* An entry of the management table [3:1.19]. */
#define EMU_MANAGED_MAX      32u
#define EMU_MANAGED_ANY_VLAN BIT32(0)
#define EMU_MANAGED_ANY_MAC  BIT32(1)
#define EMU_MANAGED_ANY_TYPE BIT32(2)
struct emu_managed {
	uint8_t mac[6];
	uint16_t flags; /* what is not looked at */
	uint16_t vid, ether_type;
};

/* What is wrong with the frame that the wire brings next (emu_rx_fcs.c). Data thread. */
struct emu_rx_flaw {
	bool is_judged; /* plans have been asked; else nothing is */
	bool fcs_is_bad;
	bool is_passed_on;  /* a bad one, to the driver */
	uint32_t cut_bytes; /* what is left of it; 0: all */
};

/* One port. The PF's device makes it and ends it, after those of the VFs. */
struct emu_nic {
	struct emu_dev *func[EMU_FUNCS_MAX]; /* NULL: there is no such function */
	unsigned int nb_funcs;               /* highest + 1 */
	bool wire_up;
	bool mbx_by_driver; /* VFs are served by the PF's driver, not by emu_mbx_host.c */
	bool pf_has_client;

	/* configuration; back to defaults by emu_dev_reset() of the PF */
	uint32_t mac_word, max_frame_bytes, speed_code;
	uint16_t tso_mss_min, tso_mss_max; /* 0x0C01 [3:3.6] */
	uint16_t tx_tpid[2];               /* 0x1003: of tag 1 (outer) and tag 2 [3:2.8] */
	bool autoneg, is_half_duplex;
	uint8_t loops;                      /* 0x0315: outside the MAC [3:1.9] */
	uint8_t fec;                        /* byte 0 of 0x031A [3:1.7] */
	uint8_t pause, pfc, pfc_priorities; /* bit 0 send, bit 1 honour [3:1.15] */
	bool mac_stats_are_long;            /* the driver knows 105 counters [1:5.8] */
	uint16_t phy_reg[32];
	bool vlan_port_filter;
	uint8_t vlan_port_fe;    /* 0x1100 type 1 [3:2.1] */
	uint8_t vlan_table[512]; /* port filter: a bit for each VID */
	struct emu_mac_entry uc[EMU_UC_MAX];
	uint32_t nb_uc;
	struct {
		struct emu_mac_entry e;
		uint8_t functions[32];
	} mc[EMU_MC_MAX];
	uint32_t nb_mc;
	struct emu_managed managed[EMU_MANAGED_MAX];
	uint32_t nb_managed;
	struct emu_tpids tpids; /* 0x1002 */
	struct emu_fd *fd;      /* owned */
	struct emu_steer steer; /* derived from what is above, and of each function, by the data
	                           thread */
	struct emu_tqp tqp[EMU_TQPS_MAX]; /* 0x0A01; at power-on the PF's, then each VF's in order
	                                   */
	uint32_t nb_tqps;

	struct emu_rx_flaw flaw;      /* data */
	uint64_t pause_until_ns;      /* data: nothing is sent before; 0: no pause */
	uint64_t pause_sent_until_ns; /* data: of the last pause frame that was sent */

	struct emu_ptp {
		uint64_t host_ns; /* when the rest was true */
		uint64_t sec;
		uint32_t ns, part; /* part: den-ths of a ns */
		uint32_t num, den; /* quo + num / den ns a tick, which is 1 ns */
		uint8_t quo;
	} ptp; /* emu_ptp.h */

	struct emu_reset_state reset; /* global or IMP */
	bool vfs_wait;                /* for the PF to be rebuilt after one [1:8.3] */
	uint32_t err[EMU_ERR_BLOCKS][EMU_ERR_WORDS];

	/* counters for the report; never reset */
	uint64_t mac_stats[EMU_MAC_STATS], mac_stats_shown[EMU_MAC_STATS];
};

/* What the host knows of a VF and decided for it (emu_mbx_host.c). */
struct emu_vf_host {
	/* as long as the VF has a driver */
	bool is_alive, wants_bc, wants_uc, wants_mc, limits_promisc, filters_vlan, strips_vlan;
	uint64_t heard_ns;       /* last sign of life */
	uint8_t owed_level;      /* of a reset that it has to be told of; 0: none */
	uint8_t vlan_table[512]; /* what it asked for; kept over its resets */
	/* for good */
	bool is_trusted, mac_is_fixed;
	uint8_t mac[6];
	uint16_t pvid_tci; /* 0: none */
};

struct emu_dev {
	struct emu_dev_cfg cfg;
	struct emu_nic *nic;
	unsigned int func; /* its number in the NIC; 0: the PF */
	uint8_t *bar;      /* EMU_BAR2_BYTES */
	uint8_t *config;
	int bar_fd, config_fd;
	bool sees_doorbells; /* the client maps nothing: emu_doorbell.h */
	struct emu_queue queue[EMU_DEV_QUEUES_MAX];

	/* configuration; back to defaults by emu_dev_reset() */
	bool link_events;
	uint8_t promisc;         /* EMU_PROMISC_*: of frames that come in, if EMU_PROMISC_RX */
	uint8_t promisc_tx;      /* UC, MC, BC: of frames that other functions send [3:1.20] */
	uint8_t rx_vlan_cfg;     /* 0x0F02 [3:2.5] */
	bool gro_is_on;          /* 0x0C10 [3:3.7] */
	uint8_t tx_vlan_cfg;     /* 0x0F01: EMU_TX_VLAN_* [3:2.6] */
	uint16_t tx_vlan_tag[2]; /* 0x0F01: TCI of tag 1 (outer: the PVID) and tag 2 */
	uint8_t vlan_fe;         /* 0x1100 type 0: EMU_VLAN_FE_* [3:2.1] */
	bool vlan_bypass;        /* 0x1103: the port's filter is not for it [3:2.4] */
	uint8_t vlan_table[512]; /* 0x1102: a bit for each VID [3:2.3] */
	uint8_t switch_param;    /* 0x1033: EMU_SWITCH_* [3:1.21] */
	struct emu_rss rss;
	uint8_t stored[EMU_FW_OPS_MAX][24]; /* of each command, what was last written */
	struct emu_kept {
		uint32_t key; /* 0: free */
		uint8_t data[24];
	} kept[EMU_KEPT_MAX]; /* of commands about one of many: EMU_FW_F_KEY8, KEY16 */

	struct emu_reset_state reset; /* of this function */
	bool reset_is_held;           /* the PF says so: 0x0021 */
	struct emu_vf_host host;      /* of a VF */

	/* command queue and vector 0 */
	bool counters_shown;
	bool has_latch;        /* the client asks for counters: emu_latch.c */
	bool is_trapped;       /* the client's accesses to registers are messages */
	uint64_t vector0_told; /* causes that vector 0 was signalled for */
	uint64_t vector0_again_ns, vector0_gap_ns; /* when it is repeated, while they stay */
	uint32_t cmdq_pending;                     /* bits of 0x27100 that stand */

	/* emu_ringpos.h: what RX_FBDNUM was made from at the last look: data */
	bool ringpos_is_due;      /* atomic */
	uint64_t ringpos_next_ns; /* the service thread's */
	struct emu_ringpos {
		uint32_t idx, filled;
		uint32_t kept; /* BDs that the driver has taken and not given back */
	} ringpos[EMU_DEV_QUEUES_MAX];

	/* of each queue, the Tx BD whose size is 0, and since when: data */
	struct emu_tx_zero {
		const void *bd;
		uint64_t pkts; /* that the ring had sent by then */
		uint64_t since_ns;
	} tx_zero[EMU_DEV_QUEUES_MAX];

	/* queues' vectors: data */
	bool irqs_pending;                       /* some ring's irq_pending may be set */
	uint64_t vector_next_ns[EMU_VECTOR_MAX]; /* by register index: not before */

	struct emu_fault_set faults;

	/* counters for the report; never reset */
	uint64_t nb_resets[EMU_RESET_NB];
	uint64_t drops[EMU_DROP_NB];
	uint64_t gro_merged_pkts; /* frames that became a part of another one */
	uint64_t rpu_drops_shown;
	uint64_t violations[EMU_V_NB];
	uint64_t cmd_count[EMU_FW_OPS_MAX];
	struct {
		uint16_t opcode;
		uint64_t count;
	} unsupported[64];
	uint32_t nb_unsupported;
	uint64_t mbx_out[EMU_MBX_CODES], mbx_in[EMU_MBX_CODES]; /* by code; 0: codes above */
	uint64_t mbx_unknown, mbx_lost;
};

/* ---- emu_fault.c ---- */

/* Whether there are plans of one of these kinds: one load, asked before anything may go wrong. */
static inline bool
emu_faults_armed(const struct emu_dev *dev, uint32_t kinds)
{
	/* Relaxed: the data thread is paused when what belongs to it changes. */
	return __builtin_expect(
			(__atomic_load_n(&dev->faults.armed, __ATOMIC_RELAXED) & kinds) != 0, 0);
}

/* ---- emu_regs.c ---- */

/* Load or store a word of the BAR; the client may do so at the same time. */
static inline uint32_t
emu_bar_load(const struct emu_dev *dev, uint32_t offset)
{
	/* [BAR-A] what the driver wrote before this word is visible; the driver orders its side. */
	return __atomic_load_n(
			(const uint32_t *)(const void *)(dev->bar + offset), __ATOMIC_ACQUIRE);
}

/* Whether a queue's direction runs: the bit of the pair and its own, which is 1 by default [1:2.6].
 */
static inline bool
emu_rx_runs(const struct emu_dev *dev, unsigned int q)
{
	return emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN) &
	       emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_RX_EN) & 1;
}

static inline bool
emu_tx_runs(const struct emu_dev *dev, unsigned int q)
{
	return emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN) &
	       emu_bar_load(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_EN) & 1;
}

static inline void
emu_bar_store(struct emu_dev *dev, uint32_t offset, uint32_t val)
{
	/* [BAR-R] a driver that sees this word sees what we wrote to its memory before. */
	__atomic_store_n((uint32_t *)(void *)(dev->bar + offset), val, __ATOMIC_RELEASE);
}

void emu_regs_reset(struct emu_dev *dev);

/* ---- emu_dev.c ---- */
/* emu_dev_reset(), but addresses and VLANs stay [1:8.5]. The data thread is paused. */
void emu_dev_flr(struct emu_dev *dev);
void emu_dev_violation(struct emu_dev *dev, enum emu_violation v, const char *detail);
/* Positions and counts of a queue to 0, disabled; the data thread is paused. */
void emu_queue_reset(struct emu_dev *dev, unsigned int q);
/* Of one direction alone; RING_EN and its enable bit stay. */
void emu_ring_reset(struct emu_dev *dev, unsigned int q, bool is_rx);

/* ---- emu_func.c ---- */

/* Whether there is such a PF, or VF [1:1.1]. */
bool emu_id_is_known(uint16_t device_id, bool is_vf);
/* Capability bits that a function of that revision has unless told otherwise [1:5.1]. */
uint64_t emu_caps_default(uint8_t revision);
/* Vectors for the NIC: vector 0, one a queue pair, and the one that revision 0x21 sets aside. */
uint16_t emu_func_nb_vectors(const struct emu_dev *dev);
/* Function @p func, or NULL. */
struct emu_dev *emu_func_get(const struct emu_nic *nic, unsigned int func);
/* Make @p dev the next VF of @p pf's NIC, or (NULL) the PF of a new one. -ENOMEM, -ENOSPC. */
int emu_nic_join(struct emu_dev *dev, struct emu_dev *pf);
void emu_nic_leave(struct emu_dev *dev);
/* Forget the function's addresses and VLANs. */
void emu_func_tables_clear(struct emu_dev *dev);
/* What is configured for the function, back to power-on; addresses and VLANs of a VF stay, since
 * its driver does not set them again [1:8.5]. */
void emu_func_reset(struct emu_dev *dev);
/* The port's VLANs: none but those of VFs that the host serves. */
void emu_nic_vlans_clear(struct emu_nic *nic);
/* What the functions share, likewise; entries in the tables stay. The MAC is off, unless
 * there are VFs to serve and no client of the PF that could switch it on. */
void emu_nic_reset(struct emu_nic *nic);

/* ---- emu_config.c ---- */
void emu_config_reset(struct emu_dev *dev);
/* Carry out a function level reset that was asked for. Returns how much was done. */
unsigned int emu_config_poll(struct emu_dev *dev);

/* ---- emu_fw_addr.c: the tables of addresses; whoever changes them has paused the data thread ----
 */

/* 0, -ENOSPC; an address that another function has changes hands. */
int emu_uc_add(struct emu_nic *nic, const uint8_t *mac, unsigned int func);
int emu_uc_owner(const struct emu_nic *nic, const uint8_t *mac); /* or -ENOENT */
int emu_uc_remove(struct emu_nic *nic, const uint8_t *mac);      /* 0, -ENOENT */
int emu_mc_add(struct emu_nic *nic, const uint8_t *mac, unsigned int func);
int emu_mc_remove(struct emu_nic *nic, const uint8_t *mac, unsigned int func);

/* ---- emu_cmdq.c ---- */

unsigned int emu_cmdq_poll(struct emu_dev *dev);
/* Post a message of 24 bytes to the driver; -ENOSPC its queue is full, -EFAULT, -ENXIO no queue. */
int emu_crq_post(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24]);
/* Likewise, past the faults. */
int emu_crq_write(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24]);

/* ---- emu_fw_mac.c ---- */
uint32_t emu_nic_speed_mbps(const struct emu_nic *nic);
void emu_mac_reset(struct emu_nic *nic);
uint8_t emu_speed_code_default(const struct emu_nic *nic);
uint32_t emu_speed_ability(const struct emu_nic *nic); /* mask of 0x7104 [3:1.6] */
/* What is sent comes back, whatever the link does [3:1.1] [3:1.9]. */
static inline bool
emu_nic_loops(const struct emu_nic *nic)
{
	return nic->mac_word & EMU_MAC_APP_LP || nic->loops;
}

/* ---- emu_fw_stats.c ---- */
/* All MAC counters, since the device was made [3:7.1]. */
void emu_mac_stats_get(const struct emu_nic *nic, uint64_t out[EMU_MAC_STATS]);
/* What a counter's register has counted since it was read last, for a trapped read [1:2.6]. */
uint32_t emu_counter_take(struct emu_dev *dev, uint32_t offset);
/* Counters into mapped registers, where they are read next; true: there is more than fits. */
bool emu_counters_put(struct emu_dev *dev);
/* Mapped registers back to 0; what stood there was read, or is shown again the next time. */
void emu_counters_drop(struct emu_dev *dev, bool is_read);
/* All that was counted so far has been told. */
void emu_counters_reset(struct emu_dev *dev);
/* Both for a client without a latch, by the commands that it sends [1:2.9]. */
void emu_counters_show(struct emu_dev *dev);
void emu_counters_hide(struct emu_dev *dev);
/* Rx frames that found no room: RPU drops [3:7.2]. */
uint64_t emu_rpu_drops(const struct emu_dev *dev);

/* ---- emu_latch.c ---- */
#define EMU_LATCH_PAGE 0x70000u /* of BAR 2: no hns3 has registers there */

/* A client comes, or is gone. */
void emu_latch_reset(struct emu_dev *dev);
bool emu_latch_is_waiting(const struct emu_dev *dev);
unsigned int emu_latch_poll(struct emu_dev *dev);

/* ---- emu_fw_err.c ---- */
void emu_err_reset(struct emu_nic *nic);

/* ---- emu_rx.c, emu_tx.c ---- */
/* Look up a ring that the client has (re)programmed; false: it cannot be used. */
bool emu_ring_open(struct emu_dev *dev, unsigned int q, struct emu_ring *ring, bool is_rx);
/* Which of the counters by length, from tx_64 or rx_64 on, counts a frame of @p len bytes [3:7.1].
 */
unsigned int emu_mac_bin(uint32_t len);

/* MAC counters of a frame that passes the MAC; @p base is 19 (tx) or 45 (rx) [3:7.1]. */
static inline void
emu_mac_count(struct emu_nic *nic, unsigned int base, uint32_t len, unsigned int dmac_class)
{
	uint64_t *s = nic->mac_stats + base;

	/* the rest follows from these: emu_mac_stats_get() */
	s[4] += len;         /* good octets */
	s[6 + dmac_class]++; /* unicast, multicast, broadcast */
	s[11 + (len <= 64 ? 0 : emu_mac_bin(len))]++;
}

/* Likewise @p nb unicast frames of the shortest length. */
static inline void
emu_mac_count_shortest(struct emu_nic *nic, unsigned int base, uint64_t nb)
{
	uint64_t *s = nic->mac_stats + base;

	s[4] += nb * (EMU_FRAME_BYTES_MIN + 4);
	s[6] += nb;
	s[11] += nb;
}

/* Give a frame that a function sent to others, a bit each; whoever has no room misses it. */
void emu_rx_from_func(struct emu_nic *nic, const struct emu_frame *frame, uint32_t funcs);

/* ---- emu_irq.c ---- */
/* Vector 0: raise if it is enabled and something is pending that was not told [1:6.3]. */
unsigned int emu_vector0_poll(struct emu_dev *dev);
/* New causes: bits of 0x27100, of 0x20800. */
void emu_cmdq_cause_set(struct emu_dev *dev, uint32_t bits);
void emu_other_cause_set(struct emu_dev *dev, uint32_t bits);
/* A ring has news: raise its vector, or remember it until the vector is armed [2:8.4]. */
void emu_ring_event(struct emu_dev *dev, struct emu_ring *ring);
/* Raise what was remembered. */
void emu_ring_events_poll(struct emu_dev *dev);

#endif

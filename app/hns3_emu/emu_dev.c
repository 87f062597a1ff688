/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One function: made, reset, served, reported. Read next: emu_dev_priv.h (state), emu_cmdq.c,
 * emu_rx.c, emu_tx.c.
 */
#include "emu_fw.h"
#include "emu_mbx.h"
#include "emu_ptp.h"
#include "emu_reset.h"
#include "emu_ringpos.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu_trace.h"
#include "log.h"

#define MODULE            "emu.dev"
/* Violations logged one by one; the rest is counted. */
#define VIOLATIONS_LOGGED 8

static const char *const violation_names[EMU_V_NB] = {
	[EMU_V_TX_TOO_MANY_BDS] = "TX-01 too many BDs in a frame",
	[EMU_V_TX_RESERVED] = "TX-02 reserved bits or codes",
	[EMU_V_TX_TOO_LONG] = "TX-03 longer than the maximum frame size",
	[EMU_V_TX_HEADERS] = "TX-04 header lengths do not fit the frame",
	[EMU_V_TX_IP_LENGTH] = "TX-05 IP length does not fit the frame",
	[EMU_V_TX_LAYERS] = "TX-06 checksum request without its layer's type",
	[EMU_V_TX_TSO] = "TX-07 segmentation of something else than TCP or UDP",
	[EMU_V_TX_MSS] = "TX-08 MSS outside the limits",
	[EMU_V_TX_PAYLEN] = "TX-09 PAYLEN is not what the BDs hold",
	[EMU_V_TX_HEADER_SIZE] = "TX-10 headers too long or in too many BDs",
	[EMU_V_TX_SPREAD] = "TX-11 too little data in consecutive BDs",
	[EMU_V_TX_TUNNEL] = "TX-12 incomplete tunnel request",
	[EMU_V_TX_OUTER_UDP_SUM] = "TX-13 outer UDP checksum in a segmented tunnel",
	[EMU_V_TX_CAPABILITY] = "TX-14 request without its capability bit",
	[EMU_V_TX_VLAN_LAYERS] = "TX-15 more than two VLAN tags",
	[EMU_V_TX_UDP_PORT] = "TX-16 UDP checksum to a tunnel's port",
	[EMU_V_TX_TOO_SHORT] = "TX-17 too short",
	[EMU_V_TX_SIMPLE] = "TX-18 simple checksum outside the frame",
	[EMU_V_TX_BD_NOT_VALID] = "TX-19 doorbell for a BD that is not valid",
	[EMU_V_RX_BUFFER_ALIGN] = "RX-01 buffer alignment",
	[EMU_V_RX_BD_NOT_FREE] = "RX-02 doorbell for a BD that is not free",
	[EMU_V_RING_ALIGN] = "RING-01 base alignment",
	[EMU_V_RING_SIZE] = "RING-02 size",
	[EMU_V_DOORBELL_TOO_MANY] = "RING-03 doorbell for more BDs than there are",
	[EMU_V_DOORBELL_MISSING] = "RING-04 stopped with a BD that had no doorbell",
	[EMU_V_CMDQ_TAIL] = "CMDQ-01 index outside the ring",
	[EMU_V_REG_READ_ONLY] = "REG-01 write to read-only bits",
	[EMU_V_REG_UNKNOWN] = "REG-02 write to no register",
	[EMU_V_REG_ACCESS] = "REG-03 access is not of aligned words",
};

static const char *const drop_names[EMU_DROP_NB] = {
	[EMU_DROP_RX_MAC_DISABLED] = "mac_disabled",
	[EMU_DROP_RX_LINK_DOWN] = "link_down",
	[EMU_DROP_RX_OVERSIZE] = "oversize",
	[EMU_DROP_RX_UNDERSIZE] = "undersize",
	[EMU_DROP_RX_BAD_FCS] = "bad_fcs",
	[EMU_DROP_RX_VLAN_FILTER] = "vlan_filter",
	[EMU_DROP_RX_NO_DESTINATION] = "no_destination",
	[EMU_DROP_RX_FUNC_VLAN_FILTER] = "function_vlan_filter",
	[EMU_DROP_RX_FLOW_RULE] = "flow_rule",
	[EMU_DROP_RX_QUEUE_STOPPED] = "queue_stopped",
	[EMU_DROP_RX_DMA_FAULT] = "dma_fault",
	[EMU_DROP_RX_NO_BD] = "no_bd",
	[EMU_DROP_TX_MAC_DISABLED] = "mac_disabled",
	[EMU_DROP_TX_LINK_DOWN] = "link_down",
	[EMU_DROP_TX_VIOLATION] = "violation",
	[EMU_DROP_TX_VLAN_ACCEPT] = "vlan_accept",
	[EMU_DROP_TX_DMA_FAULT] = "dma_fault",
	[EMU_DROP_TX_WIRE] = "wire",
	[EMU_DROP_TX_SPOOF] = "spoof",
	[EMU_DROP_TX_VLAN_FILTER] = "vlan_filter",
};

void
emu_dev_violation(struct emu_dev *dev, enum emu_violation v, const char *detail)
{
	uint64_t nb = __atomic_fetch_add(
			&dev->violations[v], 1, __ATOMIC_RELAXED); /* both threads */

	if (nb < VIOLATIONS_LOGGED)
		base_log(BASE_LOG_WARNING, MODULE, "%s: driver error %s: %s", dev->cfg.name,
				violation_names[v], detail);
}

unsigned int
emu_mac_bin(uint32_t len)
{
	static const struct {
		uint32_t up_to;
		unsigned int bin;
	} bins[] = { { 64, 0 }, { 127, 1 }, { 255, 2 }, { 511, 3 }, { 1023, 4 }, { 1518, 5 },
		{ 2047, 6 }, { 4095, 7 }, { 8191, 8 }, { 9216, 10 }, { 12287, 11 },
		{ UINT32_MAX, 12 } };
	unsigned int i = 0;

	while (len > bins[i].up_to)
		i++;
	return bins[i].bin;
}

void
emu_ring_reset(struct emu_dev *dev, unsigned int q, bool is_rx)
{
	struct emu_ring *ring = is_rx ? &dev->queue[q].rx : &dev->queue[q].tx;

	ring->va = NULL;
	ring->idx = ring->seg_idx = ring->held = 0;
	ring->irq_pending = ring->has_rung = ring->is_skipping = false;
	if (is_rx) {
		emu_ringpos_reset(dev, q);
		return;
	}
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_HEAD, 0);
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_BD_ERR, 0);
}

void
emu_queue_reset(struct emu_dev *dev, unsigned int q)
{
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN, 0);
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RX_EN, 1);
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_TX_EN, 1);
	emu_ring_reset(dev, q, true);
	emu_ring_reset(dev, q, false);
}

void
emu_dev_flr(struct emu_dev *dev)
{
	if (!dev->has_latch) /* else the client has lost nothing by a reset */
		emu_counters_reset(dev);
	emu_regs_reset(dev);
	emu_ptp_reset(dev);
	emu_config_reset(dev);
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		emu_queue_reset(dev, q);
		dev->queue[q].rx.is_rx = true;
		dev->queue[q].rx.vector = dev->queue[q].tx.vector = -1;
	}
	if (dev->func == 0)
		emu_nic_reset(dev->nic);
	emu_func_reset(dev);
	dev->reset.is_on = dev->reset_is_held = false;
	dev->counters_shown = dev->is_trapped = false;
	dev->vector0_told = 0;
	dev->cmdq_pending = 0;
}

void
emu_dev_reset(struct emu_dev *dev)
{
	emu_host_forget(dev);
	emu_func_tables_clear(dev);
	if (dev->func == 0)
		emu_nic_vlans_clear(dev->nic);
	emu_dev_flr(dev);
}

/* A memfd of @p bytes that cannot shrink, and our mapping of it. */
static int
region_make(const char *name, size_t bytes, uint8_t **map)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), ret;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)bytes) == 0 &&
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (*map != MAP_FAILED)
			return fd;
	}
	ret = -errno;
	*map = NULL;
	close(fd);
	return ret;
}

struct emu_dev *
emu_dev_create(const struct emu_dev_cfg *cfg, int *err)
{
	struct emu_dev *dev;

	*err = -EINVAL;
	if (!emu_id_is_known(cfg->device_id, cfg->pf != NULL) || cfg->nb_queues == 0 ||
			(cfg->revision != 0x21 && cfg->revision != 0x30) ||
			cfg->nb_queues > EMU_DEV_QUEUES_MAX)
		return NULL;
	*err = -ENOMEM;
	dev = aligned_alloc(128, (sizeof(*dev) + 127) & ~(size_t)127);
	if (!dev)
		return NULL;
	memset(dev, 0, sizeof(*dev));
	dev->cfg = *cfg;
	dev->bar_fd = dev->config_fd = -1;
	if (cfg->caps == EMU_CAPS_DEFAULT)
		dev->cfg.caps = emu_caps_default(cfg->revision);
	*err = emu_nic_join(dev, cfg->pf);
	if (*err == 0)
		dev->bar_fd = *err = region_make("hns3-bar2", EMU_BAR2_BYTES, &dev->bar);
	if (*err >= 0)
		dev->config_fd = *err = region_make("hns3-config", EMU_CONFIG_BYTES, &dev->config);
	if (*err < 0) {
		emu_dev_destroy(dev);
		return NULL;
	}
	*err = 0;
	emu_latch_reset(dev);
	emu_dev_reset(dev);
	return dev;
}

void
emu_dev_destroy(struct emu_dev *dev)
{
	if (dev->bar)
		munmap(dev->bar, EMU_BAR2_BYTES);
	if (dev->config)
		munmap(dev->config, EMU_CONFIG_BYTES);
	if (dev->bar_fd >= 0)
		close(dev->bar_fd);
	if (dev->config_fd >= 0)
		close(dev->config_fd);
	emu_nic_leave(dev);
	free(dev);
}

int
emu_dev_bar2_fd(const struct emu_dev *dev)
{
	return dev->bar_fd;
}

uint64_t
emu_dev_bar2_bytes(const struct emu_dev *dev)
{
	(void)dev;
	return EMU_BAR2_BYTES;
}

uint32_t
emu_dev_nb_vectors(const struct emu_dev *dev)
{
	/* a VF with RDMA asks for a vector behind the NIC's [1:1.6] */
	return emu_func_nb_vectors(dev) + (dev->cfg.device_id == 0xa22f ? 1u : 0u);
}

unsigned int
emu_dev_service(struct emu_dev *dev)
{
	unsigned int nb = emu_reset_poll(dev);

	if (emu_faults_armed(dev, EMU_FAULTS_TIMED) || dev->faults.nb_held)
		nb += emu_fault_poll(dev);
	if (!emu_reset_cmdq_is_dead(dev))
		nb += emu_cmdq_poll(dev);
	nb += emu_vector0_poll(dev);
	nb += emu_latch_poll(dev);
	emu_ringpos_poll(dev);
	emu_ptp_poll(dev);
	return nb + emu_config_poll(dev);
}

void
emu_dev_attached(struct emu_dev *dev, bool has_client)
{
	emu_latch_reset(dev);
	if (dev->func != 0)
		return;
	dev->nic->pf_has_client = has_client;
	emu_nic_reset(dev->nic);
}

void
emu_dev_trace_set(struct emu_dev *dev, FILE *trace)
{
	emu_data_pause();
	dev->cfg.trace = trace;
	emu_data_resume();
}

FILE *
emu_dev_trace(const struct emu_dev *dev)
{
	return dev->cfg.trace;
}

void
emu_dev_stats(const struct emu_dev *dev, emu_dev_emit emit, void *arg)
{
	uint64_t rx_pkts = 0, rx_bytes = 0, tx_pkts = 0, tx_bytes = 0;
	char name[64];

	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		const struct emu_ring *rx = &dev->queue[q].rx, *tx = &dev->queue[q].tx;

		rx_pkts += rx->pkts;
		rx_bytes += rx->bytes;
		tx_pkts += tx->pkts;
		tx_bytes += tx->bytes;
		snprintf(name, sizeof(name), "q%u_pkts", q);
		if (rx->pkts)
			emit(arg, "rx", name, rx->pkts);
		if (tx->pkts)
			emit(arg, "tx", name, tx->pkts);
	}
	emit(arg, "rx", "pkts", rx_pkts);
	emit(arg, "rx", "bytes", rx_bytes);
	emit(arg, "rx", "gro_merged_pkts", dev->gro_merged_pkts);
	emit(arg, "tx", "pkts", tx_pkts);
	emit(arg, "tx", "bytes", tx_bytes);
	for (unsigned int i = 0; i < EMU_FAULT_NB; i++) {
		if (dev->faults.struck[i])
			emit(arg, "faults", emu_fault_kinds[i].name, dev->faults.struck[i]);
	}
	for (unsigned int i = 0; i < EMU_RESET_NB; i++)
		emit(arg, "resets", emu_reset_name(i), dev->nb_resets[i]);
	for (unsigned int i = 0; i < EMU_DROP_NB; i++)
		emit(arg, i < EMU_DROP_RX_NB ? "rx_drops" : "tx_drops", drop_names[i],
				dev->drops[i]);
	for (unsigned int i = 0; i < EMU_V_NB; i++)
		emit(arg, "violations", violation_names[i], dev->violations[i]);
	for (int i = 0; emu_fw_op_at(i); i++) {
		const struct emu_fw_op *op = emu_fw_op_at(i);

		if (dev->cmd_count[i] == 0)
			continue;
		snprintf(name, sizeof(name), "0x%04x %s%s", op->opcode, op->name,
				op->flags & EMU_FW_F_ECHO ? " (stored only)" : "");
		emit(arg, "commands", name, dev->cmd_count[i]);
	}
	for (unsigned int i = 0; i < EMU_MBX_CODES; i++) {
		const char *code = emu_mbx_name(i);

		snprintf(name, sizeof(name), "sent %u %s", i, code ? code : "others");
		if (dev->mbx_out[i])
			emit(arg, "mailbox", name, dev->mbx_out[i]);
		snprintf(name, sizeof(name), "received %u %s", i, code ? code : "others");
		if (dev->mbx_in[i])
			emit(arg, "mailbox", name, dev->mbx_in[i]);
	}
	if (dev->mbx_unknown)
		emit(arg, "mailbox", "unknown", dev->mbx_unknown);
	if (dev->mbx_lost)
		emit(arg, "mailbox", "lost", dev->mbx_lost);
	for (uint32_t i = 0; i < dev->nb_unsupported; i++) {
		const char *known = emu_opcode_name(dev->unsupported[i].opcode);

		snprintf(name, sizeof(name), "0x%04x %s", dev->unsupported[i].opcode,
				known ? known : "unknown");
		emit(arg, "unsupported", name, dev->unsupported[i].count);
	}
}

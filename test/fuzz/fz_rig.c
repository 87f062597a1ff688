/* SPDX-License-Identifier: BSD-3-Clause */
/* See fz_rig.h. */
#include "fz_rig.h"

#include <endian.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"

/* ---- the input ---- */

size_t
fz_left(const struct fz_input *in)
{
	return (size_t)(in->end - in->at);
}

void
fz_bytes(struct fz_input *in, void *to, size_t len)
{
	size_t nb = len < fz_left(in) ? len : fz_left(in);

	memset(to, 0, len);
	memcpy(to, in->at, nb);
	in->at += nb;
}

uint8_t
fz_u8(struct fz_input *in)
{
	uint8_t val;

	fz_bytes(in, &val, sizeof(val));
	return val;
}

uint16_t
fz_u16(struct fz_input *in)
{
	uint16_t val;

	fz_bytes(in, &val, sizeof(val));
	return le16toh(val);
}

uint32_t
fz_u32(struct fz_input *in)
{
	uint32_t val;

	fz_bytes(in, &val, sizeof(val));
	return le32toh(val);
}

uint64_t
fz_u64(struct fz_input *in)
{
	uint64_t val;

	fz_bytes(in, &val, sizeof(val));
	return le64toh(val);
}

/* ---- the host that the device sees ---- */

void
emu_port_irq(struct emu_port *port, unsigned int vector)
{
	(void)port;
	FZ_CHECK(vector < EMU_DEV_QUEUES_MAX + 64);
}

unsigned int
emu_port_tx(struct emu_port *port, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	struct fz_rig *rig = (struct fz_rig *)(void *)port;

	FZ_CHECK(nb >= 1 && nb <= EMU_BURST);
	*next = EMU_TX_TAKEN;
	for (unsigned int i = 0; i < nb; i++) {
		const struct emu_frame *f = frames[i];
		uint32_t len = 0;

		FZ_CHECK(f->nb_segs >= 1 && f->nb_segs <= EMU_FRAME_SEGS_MAX);
		for (uint32_t s = 0; s < f->nb_segs; s++) {
			const uint8_t *p = f->seg[s].iov_base;

			for (size_t b = 0; b < f->seg[s].iov_len; b += 16)
				rig->sum += p[b];
			len += (uint32_t)f->seg[s].iov_len;
		}
		FZ_CHECK(len == f->len_bytes);
		FZ_CHECK(len >= EMU_FRAME_BYTES_MIN && len <= EMU_FRAME_BYTES_MAX);
		if (rig->tx_result != EMU_TX_TAKEN && rig->tx_after-- == 0) {
			rig->tx_after = 0;
			*next = rig->tx_result;
			return i;
		}
	}
	return nb;
}

void
emu_data_pause(void)
{
}

void
emu_data_resume(void)
{
}

/* ---- the devices ---- */

static struct emu_dev *
dev_make(struct fz_rig *rig, bool v3, struct emu_dev *pf)
{
	struct emu_dev_cfg cfg = {
		.name = pf ? "vf" : "pf",
		.device_id = pf ? 0xa22e : 0xa222,
		.revision = v3 ? 0x30 : 0x21,
		.mac = { 2, 0, 0, 0, 0, 0x0e },
		.nb_queues = 4,
		.caps = UINT64_MAX >> 1,
		.pf = pf,
		.speed_mbps = 100000,
		.reset_us = 1,
		.iommu = &rig->mmu,
		.port = (struct emu_port *)(void *)rig,
	};
	int err;
	struct emu_dev *dev = emu_dev_create(&cfg, &err);

	FZ_CHECK(dev);
	return dev;
}

static void
rig_make(struct fz_rig *rig, bool v3)
{
	int fd = memfd_create("fuzz", 0);

	FZ_CHECK(fd >= 0 && ftruncate(fd, (off_t)FZ_MEM_BYTES) == 0);
	rig->mem = mmap(NULL, FZ_MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	FZ_CHECK(rig->mem != MAP_FAILED);
	FZ_CHECK(emu_iommu_init(&rig->mmu, "fuzz") == 0);
	FZ_CHECK(emu_iommu_map(&rig->mmu, FZ_IOVA, FZ_MEM_BYTES, fd, 0,
				 EMU_DMA_READ | EMU_DMA_WRITE) == 0);
	close(fd);
	rig->pf = dev_make(rig, v3, NULL);
	rig->vf = dev_make(rig, v3, rig->pf);
}

struct fz_rig *
fz_open(bool v3)
{
	static struct fz_rig rigs[2];
	struct fz_rig *rig = &rigs[v3];

	if (!rig->pf) {
		base_log_level_set(BASE_LOG_ERR);
		rig_make(rig, v3);
	}
	emu_dev_reset(rig->vf);
	emu_dev_reset(rig->pf);
	emu_dev_attached(rig->pf, true);
	emu_dev_attached(rig->vf, true);
	emu_dev_link_set(rig->pf, true);
	memset(rig->mem, 0, FZ_MEM_BYTES);
	rig->tx_result = EMU_TX_TAKEN;
	rig->tx_after = 0;
	return rig;
}

void
fz_wr(struct emu_dev *dev, uint32_t reg, uint32_t val)
{
	emu_dev_bar2_write(dev, reg, &val, sizeof(val));
}

static uint64_t
queues_at(const struct emu_dev *dev)
{
	return FZ_IOVA + (dev->func ? FZ_VF_QUEUES : 0);
}

uint8_t *
fz_desc(struct fz_rig *rig, const struct emu_dev *dev, unsigned int i)
{
	return rig->mem + (queues_at(dev) - FZ_IOVA) + i % 64 * 32;
}

void
fz_ring(struct emu_dev *dev, uint32_t tail)
{
	fz_wr(dev, EMU_CSQ_TAIL, tail);
}

static void
queue_start(struct fz_rig *rig, struct emu_dev *dev, uint32_t nb_bds)
{
	uint32_t at = dev->func ? 0x1000 : 0, tqp = EMU_TQP_BASE(0);

	for (uint32_t i = 0; i < nb_bds; i++) {
		struct emu_rxbd *bd = (void *)(rig->mem + FZ_RX + at + i * 32);

		bd->addr_le = htole64(FZ_IOVA + FZ_RX_BUFS + i * 2048);
	}
	fz_wr(dev, tqp + EMU_TQP_RX_BASE_L, (uint32_t)(FZ_IOVA + FZ_RX + at));
	fz_wr(dev, tqp + EMU_TQP_RX_BASE_H, (uint32_t)(FZ_IOVA >> 32));
	fz_wr(dev, tqp + EMU_TQP_RX_BD_LEN, 2);
	fz_wr(dev, tqp + EMU_TQP_RX_BD_NUM, nb_bds / 8 - 1);
	fz_wr(dev, tqp + EMU_TQP_TX_BASE_L, (uint32_t)(FZ_IOVA + FZ_TX + at));
	fz_wr(dev, tqp + EMU_TQP_TX_BASE_H, (uint32_t)(FZ_IOVA >> 32));
	fz_wr(dev, tqp + EMU_TQP_TX_BD_NUM, nb_bds / 8 - 1);
	fz_wr(dev, tqp + EMU_TQP_RING_EN, 1);
}

void
fz_start(struct fz_rig *rig, uint32_t nb_bds)
{
	struct emu_dev *const devs[2] = { rig->pf, rig->vf };

	for (unsigned int i = 0; i < 2; i++) {
		uint64_t csq = queues_at(devs[i]), crq = csq + FZ_CRQ;

		fz_wr(devs[i], EMU_CSQ_BASE_L, (uint32_t)csq);
		fz_wr(devs[i], EMU_CSQ_BASE_H, (uint32_t)(csq >> 32));
		fz_wr(devs[i], EMU_CSQ_DEPTH, 64 / 8);
		fz_wr(devs[i], EMU_CRQ_BASE_L, (uint32_t)crq);
		fz_wr(devs[i], EMU_CRQ_BASE_H, (uint32_t)(crq >> 32));
		fz_wr(devs[i], EMU_CRQ_DEPTH, 64 / 8);
		queue_start(rig, devs[i], nb_bds);
	}
	rig->pf->nic->mac_word = EMU_MAC_TX_EN | EMU_MAC_RX_EN;
	rig->pf->promisc = EMU_PROMISC_UC | EMU_PROMISC_MC | EMU_PROMISC_BC | EMU_PROMISC_RX;
	rig->vf->promisc = EMU_PROMISC_BC | EMU_PROMISC_RX;
	fz_run(rig);
}

void
fz_rx(struct fz_rig *rig, const struct emu_frame *frame)
{
	struct emu_rx_done done;

	emu_dev_rx_burst(rig->pf, &frame, 1, true, &done);
}

void
fz_run(struct fz_rig *rig)
{
	for (unsigned int i = 0; i < 4; i++) {
		emu_dev_service(rig->pf);
		emu_dev_service(rig->vf);
		emu_dev_tx_poll(rig->pf, 64);
		emu_dev_tx_poll(rig->vf, 64);
	}
}

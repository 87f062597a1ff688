/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the function as such: identity, resources, queue and vector management [1:5]
 * [3:3]. */
#include "emu_dev_priv.h"

#include <string.h>

#define FW_VERSION 0x01092c01u

enum emu_fw_ret
emu_fw_version(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24);
	emu_put32(cmd->d[0].data, 0, FW_VERSION); /* hardware word and capabilities 0 [1:5.1] */
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_compat(struct emu_dev *dev, struct emu_cmd *cmd)
{
	dev->link_events = emu_get32(cmd->d[0].data, 0) & BIT32(0); /* [1:5.2] */
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_func_status(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	(void)dev;
	memset(p, 0, 24);
	p[16] = 0x03; /* initialised, main PF [1:5.4] */
	p[19] = 1;
	p[20] = 1;
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_pf_resources(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;

	memset(p, 0, 24); /* [1:5.5] */
	emu_put16(p, 0, dev->cfg.nb_queues);
	emu_put16(p, 2, 0x2100); /* packet buffer / 128 */
	emu_put16(p, 6, (uint16_t)emu_dev_nb_vectors(dev));
	emu_put16(p, 10, 1); /* functions */
	emu_put16(p, 12, 0x80);
	emu_put16(p, 14, 0x140);
	return EMU_FW_OK;
}

/* Words 2..5 of the block at byte offset 0 or 16 of the board's configuration [1:5.7]. */
enum emu_fw_ret
emu_fw_board_config(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t offset = FIELD_GET(BITS32(19, 0), emu_get32(p, 0));
	const uint8_t *mac = dev->cfg.mac;
	uint32_t rss_max = 1;

	memset(p + 8, 0, 16);
	if (offset == 0) {
		while (rss_max * 2 <= dev->cfg.nb_queues)
			rss_max *= 2;     /* a power of two */
		emu_put16(p, 8, 1 << 8);  /* one TC */
		emu_put16(p, 10, 1024);   /* BDs a ring */
		emu_put16(p, 12, 0x01ff); /* fibre, no PHY */
		emu_put16(p, 14, 2048);   /* Rx buffer */
		memcpy(p + 16, mac, 6);
		p[22] = 5; /* 100G */
		p[23] = (uint8_t)rss_max;
	} else if (offset == 16) {
		p[8] = 0x0f;
		p[12] = 0x1f; /* 1G to 100G */
		emu_put16(p, 14, EMU_UC_MAX);
	}
	return EMU_FW_OK;
}

/* Only the reset of a range of queues; what resets the whole function is not emulated yet [1:5.10].
 */
enum emu_fw_ret
emu_fw_reset_trigger(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t first = emu_get16(p, 4), nb = emu_get16(p, 6);

	if (p[0] & (BIT32(7) | BIT32(3)))
		return EMU_FW_NOT_SUPPORTED;
	if (!(p[2] & BIT32(1)))
		return EMU_FW_PARA_ERR;
	if (first + nb > dev->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	for (uint32_t q = first; q < first + nb; q++)
		emu_queue_reset(dev, q);
	p[8] = 1;
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_queue_enable(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint32_t q = emu_get16(cmd->d[0].data, 0);

	if (q >= dev->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	/* the same switch as the register [2:8.2] */
	emu_bar_store(dev, EMU_TQP_BASE(q) + EMU_TQP_RING_EN, cmd->d[0].data[4] & 1);
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_queue_reset(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	uint32_t q = emu_get16(p, 0);

	if (q >= dev->cfg.nb_queues)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read)
		p[3] = 1; /* ready: the reset was done at the request */
	else if (p[2] & 1)
		emu_queue_reset(dev, q);
	return EMU_FW_OK;
}

/* Entries of 0x1503 and 0x1504 [1:6.5]; @p vector -1: unmap. */
static enum emu_fw_ret
vector_set(struct emu_dev *dev, const uint8_t *p, int32_t vector)
{
	unsigned int nb = p[1];

	if (nb == 0 || nb > 10)
		return EMU_FW_PARA_ERR;
	for (unsigned int i = 0; i < nb; i++) {
		uint32_t entry = emu_get16(p, 2 + 2 * i);
		uint32_t q = FIELD_GET(BITS32(12, 2), entry);
		struct emu_ring *ring;

		if (q >= dev->cfg.nb_queues || (entry & 3) > 1)
			return EMU_FW_PARA_ERR;
		ring = (entry & 3) == 1 ? &dev->queue[q].rx : &dev->queue[q].tx;
		ring->vector = vector;
		ring->irq_pending = false;
	}
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_vector_add(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	int32_t vector = p[0] | p[23] << 8;

	if (cmd->is_read || vector >= (int32_t)emu_dev_nb_vectors(dev))
		return EMU_FW_PARA_ERR;
	return vector_set(dev, p, vector);
}

enum emu_fw_ret
emu_fw_vector_del(struct emu_dev *dev, struct emu_cmd *cmd)
{
	return vector_set(dev, cmd->d[0].data, -1);
}

enum emu_fw_ret
emu_fw_fd_mode(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24); /* mode 0: 2K rules of 400 bits [3:5.1] */
	cmd->d[0].data[1] = 1;
	return EMU_FW_OK;
}

enum emu_fw_ret
emu_fw_fd_sizes(struct emu_dev *dev, struct emu_cmd *cmd)
{
	(void)dev;
	memset(cmd->d[0].data, 0, 24); /* [3:5.2] */
	emu_put32(cmd->d[0].data, 0, 512);
	emu_put16(cmd->d[0].data, 8, 128);
	return EMU_FW_OK;
}

/* Rules are accepted and have no effect yet [3:5.7]. */
enum emu_fw_ret
emu_fw_fd_tcam(struct emu_dev *dev, struct emu_cmd *cmd)
{
	return cmd->nb_desc < 3 ? EMU_FW_NEXT_ERR : emu_fw_echo(dev, cmd);
}

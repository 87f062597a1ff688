/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PCI configuration space [PCI] [1:1]: header, PCI Express and MSI-X capabilities, function level
 * reset. Service thread.
 *
 * It is memory that a client may map. What a client writes there unseen, a request for a reset, is
 * found when it is polled. BAR addresses are the client's matter; the MSI-X table is, too, and only
 * needs a place (BAR 0) that is told here.
 */
#include "emu_fw.h"

#include <errno.h>
#include <string.h>

#define COMMAND      0x04u
#define CAP_EXPRESS  0x40u
#define DEVCTL       (CAP_EXPRESS + 0x08)
#define DEVCTL_FLR   BIT32(15)
#define CAP_MSIX     0x80u
#define MSIX_CONTROL (CAP_MSIX + 2)
#define PBA_OFFSET   0x8000u /* the table lies in the first half of BAR 0 */

/* Bits that a client may change; all others keep their value. Words of 16 bits. */
static const struct {
	uint16_t at, writable;
} writable[] = {
	{ COMMAND, 0x0546 }, /* memory, bus master, parity, SERR#, INTx off */
	{ DEVCTL, 0xffff }, { CAP_EXPRESS + 0x10, 0x0fc3 }, /* link control */
	{ CAP_EXPRESS + 0x28, 0x001f },                     /* device control 2 */
	{ MSIX_CONTROL, 0xc000 },                           /* enable, mask all */
};

static void
express_make(uint8_t *cap)
{
	cap[0x00] = 0x10;
	cap[0x01] = CAP_MSIX;
	emu_put16(cap, 0x02, 0x0002); /* version 2, an endpoint */
	emu_put32(cap, 0x04,
			0x10008fe1); /* payload of 256 bytes, extended tags, function level reset */
	emu_put16(cap, 0x08, 0x2810);     /* reads of 512 bytes, relaxed order */
	emu_put32(cap, 0x0c, 0x00000103); /* link: 16 lanes of 8 GT/s, and so it is */
	emu_put16(cap, 0x12, 0x0103);
	emu_put32(cap, 0x24, 0x00000012); /* completion timeouts can be chosen, and off */
	emu_put32(cap, 0x2c, 0x0000000e); /* speeds up to 8 GT/s */
	emu_put16(cap, 0x30, 0x0003);
}

void
emu_config_reset(struct emu_dev *dev)
{
	uint8_t *c = dev->config;

	memset(c, 0, EMU_CONFIG_BYTES);
	emu_put16(c, 0x00, 0x19e5); /* [1:1.1] */
	emu_put16(c, 0x02, dev->cfg.device_id);
	emu_put16(c, 0x06, 0x0010); /* there is a capability list */
	c[0x08] = dev->cfg.revision;
	c[0x0b] = 0x02;                 /* class: Ethernet controller */
	emu_put32(c, 0x10, 0x0000000c); /* BARs 0, 2, 4: 64 bits, prefetchable [1:1.4] */
	emu_put32(c, 0x18, 0x0000000c);
	emu_put32(c, 0x20, 0x0000000c);
	emu_put16(c, 0x2c, 0x19e5);
	c[0x34] = CAP_EXPRESS;
	express_make(c + CAP_EXPRESS);
	c[CAP_MSIX] = 0x11;
	emu_put16(c, MSIX_CONTROL, (uint16_t)(emu_dev_nb_vectors(dev) - 1));
	emu_put32(c, CAP_MSIX + 4, 0); /* table: BAR 0 [1:1.4] */
	emu_put32(c, CAP_MSIX + 8, PBA_OFFSET);
}

unsigned int
emu_config_poll(struct emu_dev *dev)
{
	/* Relaxed: a request alone. */
	if (!(__atomic_load_n(&dev->config[DEVCTL + 1], __ATOMIC_RELAXED) & 0x80))
		return 0;
	emu_reset_trigger(dev, EMU_RESET_FLR); /* clears the request, too */
	return 1;
}

uint32_t
emu_dev_config_bytes(const struct emu_dev *dev)
{
	(void)dev;
	return EMU_CONFIG_BYTES;
}

int
emu_dev_config_fd(const struct emu_dev *dev)
{
	return dev->config_fd;
}

int
emu_dev_config_read(struct emu_dev *dev, uint64_t offset, void *buf, uint32_t len)
{
	if (offset > EMU_CONFIG_BYTES || len > EMU_CONFIG_BYTES - offset)
		return -EINVAL;
	memcpy(buf, dev->config + offset, len);
	return 0;
}

int
emu_dev_config_write(struct emu_dev *dev, uint64_t offset, const void *buf, uint32_t len)
{
	if (offset > EMU_CONFIG_BYTES || len > EMU_CONFIG_BYTES - offset)
		return -EINVAL;
	for (unsigned int i = 0; i < 2 * sizeof(writable) / sizeof(writable[0]); i++) {
		uint64_t at = writable[i / 2].at + i % 2;
		uint8_t mask = (uint8_t)(writable[i / 2].writable >> 8 * (i % 2)), byte;

		if (at < offset || at - offset >= len)
			continue;
		byte = (uint8_t)(((const uint8_t *)buf)[at - offset] & mask);
		dev->config[at] = (uint8_t)(byte | (dev->config[at] & ~mask));
	}
	emu_config_poll(dev);
	return 0;
}

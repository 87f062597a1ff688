/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RSS: its commands, and the choice of a queue [3:4]. The Toeplitz hash is linear, so for each byte
 * of the input a table of 256 partial hashes is made when the key changes; a packet then costs one
 * look-up a byte.
 */
#include "emu_fw.h"

#include <string.h>

enum {
	TOEPLITZ = 0,
	SIMPLE_XOR = 1,
	SYMMETRIC = 2,
};

/* 32 bits of the key from bit @p at on. */
static uint32_t
key_window(const uint8_t *key, unsigned int at)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < 5; i++)
		bits = bits << 8 | key[at / 8 + i];
	return (uint32_t)(bits >> (8 - at % 8));
}

static void
toeplitz_tables_make(struct emu_rss *rss)
{
	for (unsigned int byte = 0; byte < EMU_RSS_INPUT_MAX; byte++) {
		uint32_t window[8];

		for (unsigned int bit = 0; bit < 8; bit++)
			window[bit] = key_window(rss->key, 8 * byte + bit);
		for (unsigned int val = 0; val < 256; val++) {
			uint32_t hash = 0;

			for (unsigned int bit = 0; bit < 8; bit++)
				hash ^= val & (0x80u >> bit) ? window[bit] : 0;
			rss->toeplitz[byte][val] = hash;
		}
	}
}

void
emu_rss_reset(struct emu_dev *dev)
{
	memset(&dev->rss, 0, sizeof(dev->rss));
	dev->rss.tc_mode[0] = BIT32(15); /* TC 0 has one queue */
}

static enum emu_fw_ret
emu_fw_rss_config(struct emu_dev *dev, struct emu_cmd *cmd)
{
	uint8_t *p = cmd->d[0].data;
	unsigned int chunk = p[0] >> 4, algorithm = p[0] & 0xf;

	if (chunk * 16 >= EMU_RSS_KEY_BYTES)
		return EMU_FW_PARA_ERR;
	if (cmd->is_read) {
		p[0] = (uint8_t)(chunk << 4 | dev->rss.algorithm);
		memcpy(p + 8, dev->rss.key + 16 * chunk, 16);
		return EMU_FW_OK;
	}
	if (algorithm > SYMMETRIC)
		return EMU_FW_PARA_ERR;
	dev->rss.algorithm = (uint8_t)algorithm;
	memcpy(dev->rss.key + 16 * chunk, p + 8, 16);
	toeplitz_tables_make(&dev->rss);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_rss_tuple(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->is_read)
		memcpy(cmd->d[0].data, dev->rss.tuple, 8);
	else
		memcpy(dev->rss.tuple, cmd->d[0].data, 8);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_rss_reta(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	uint32_t first = emu_get16(p, 0), valid = emu_get16(p, 2);

	if (first >= EMU_RETA_SIZE || first % 16 != 0)
		return EMU_FW_PARA_ERR;
	for (unsigned int i = 0; i < 16; i++) {
		uint32_t high = p[4 + i / 4] >> (2 * (i % 4)) & 3u;

		if (valid & BIT32(i))
			dev->rss.reta[first + i] = (uint16_t)(high << 8 | p[8 + i]);
	}
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_rss_tc(struct emu_dev *dev, struct emu_cmd *cmd)
{
	for (unsigned int tc = 0; tc < 8; tc++)
		dev->rss.tc_mode[tc] = emu_get16(cmd->d[0].data, 2 * tc);
	return EMU_FW_OK;
}

/* Bytes of the input that @p bits of a tuple byte select; layout: source, destination, ports
 * [3:4.3] [3:4.5]. */
static void
input_mask(uint8_t *input, unsigned int addr_len, bool has_ports, uint32_t bits)
{
	if (!(bits & BIT32(3)))
		memset(input, 0, addr_len);
	if (!(bits & BIT32(2)))
		memset(input + addr_len, 0, addr_len);
	if (!has_ports || !(bits & BIT32(1)))
		memset(input + 2 * (size_t)addr_len, 0, 2);
	if (!has_ports || !(bits & BIT32(0)))
		memset(input + 2 * (size_t)addr_len + 2, 0, 2);
}

/* Both halves of each pair become their XOR [3:4.6]. */
static void
input_symmetric(uint8_t *input, unsigned int addr_len)
{
	for (unsigned int i = 0; i < addr_len; i++)
		input[i] = input[addr_len + i] = input[i] ^ input[addr_len + i];
	for (unsigned int i = 2 * addr_len; i < 2 * addr_len + 2; i++)
		input[i] = input[i + 2] = input[i] ^ input[i + 2];
}

uint32_t
emu_rss_hash(const struct emu_dev *dev, const struct emu_parsed *p, bool *hashed)
{
	const struct emu_rss *rss = &dev->rss;
	uint8_t input[EMU_RSS_INPUT_MAX];
	uint32_t bits, hash = 0;
	bool is_other;

	*hashed = false;
	if (p->rss_type == 0xff)
		return 0;
	is_other = p->rss_type % 4 == 3;
	bits = rss->tuple[p->rss_type];
	if (is_other) /* addresses only: bits 0, 1 whole packets, 2, 3 fragments */
		bits = (p->is_frag ? bits >> 2 & 3 : bits & 3) << 2;
	if ((bits & 0xf) == 0)
		return 0;
	memcpy(input, p->rss_input, p->rss_len);
	input_mask(input, (p->rss_len - 4u) / 2, !is_other, bits);
	if (rss->algorithm == SYMMETRIC)
		input_symmetric(input, (p->rss_len - 4u) / 2);
	*hashed = true;
	for (unsigned int i = 0; i < p->rss_len; i++) {
		if (rss->algorithm == SIMPLE_XOR)
			hash ^= (uint32_t)input[i] << (24 - 8 * (i % 4));
		else
			hash ^= rss->toeplitz[i][input[i]];
	}
	return hash;
}

unsigned int
emu_rss_queue(const struct emu_dev *dev, uint32_t hash)
{
	uint32_t mode = dev->rss.tc_mode[0];
	uint32_t size = FIELD_GET(BITS32(14, 12), mode) | (mode & BIT32(11) ? 8 : 0);

	if (!(mode & BIT32(15)))
		return 0;
	return FIELD_GET(BITS32(10, 0), mode) +
	       (dev->rss.reta[hash % EMU_RETA_SIZE] & ((1u << size) - 1));
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_rss_ops[] = {
	{ 0x0d01, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_GENERIC_CONFIG", emu_fw_rss_config },
	{ 0x0d02, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_INPUT_TUPLE", emu_fw_rss_tuple },
	{ 0x0d07, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_INDIR_TABLE", emu_fw_rss_reta },
	{ 0x0d08, EMU_FW_F_PAUSE | EMU_FW_F_VF, "RSS_TC_MODE", emu_fw_rss_tc },
	{ 0 },
};
/* clang-format on */

/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-GRO: segments of a TCP stream become one frame [2:5.7]. */
#include "conf.h"

#include <string.h>

static uint8_t bytes[8][1600];

/* Segment @p n of 1460 bytes of the stream from source port 2794 + @p stream. */
static struct emu_frame
segment(unsigned int i, uint32_t n, uint8_t stream)
{
	struct emu_frame f = { .nb_segs = 1 };
	uint8_t *b = bytes[i];
	uint32_t seq = 1000 + n * 1460;

	f.len_bytes = rig_ipv4(b, 6, 1460);
	b[19] = (uint8_t)(b[19] + n);
	b[35] = (uint8_t)(b[35] + stream);
	b[40] = (uint8_t)(seq >> 8);
	b[41] = (uint8_t)seq;
	rig_tcp_sums(b);
	f.seg[0] = (struct iovec){ b, f.len_bytes };
	return f;
}

static void
gro(struct rig *rig, bool on)
{
	uint8_t d[24] = { on };

	assert_int_equal(rig_cmd1(rig, 0x0c10, 0x11, d), 0);
}

/* Four segments in one burst, of @p streams in turn. */
static void
burst(struct rig *rig, unsigned int streams)
{
	struct emu_frame f[4];
	const struct emu_frame *frames[4];
	struct emu_rx_done done;

	for (unsigned int i = 0; i < 4; i++) {
		f[i] = segment(i, i / streams, (uint8_t)(i % streams));
		frames[i] = &f[i];
	}
	assert_int_equal(emu_dev_rx_burst(rig->dev, frames, 4, false, &done), 4);
	assert_int_equal(done.taken, 4);
}

static void
merged(struct rig *rig)
{
	const uint8_t *bd = rig_rxbd(rig, 0, 0), *first = rig->mem + rig_rx_buf(0, 0);

	gro(rig, true);
	burst(rig, 1);
	assert_int_equal(get32(bd + 28), 0x00000010);
	assert_int_equal(get32(bd + 60), 0x00000010);
	assert_int_equal(get32(bd + 64 + 8), 0x04000100);
	assert_int_equal(get16(bd + 64 + 12), 5894);
	assert_int_equal(get32(bd + 64 + 28), 0x05b40910);
	assert_int_equal(first[16] << 8 | first[17], 5880); /* the IP header's length */
	assert_int_equal(rig_fold16(rig_sum16(first + 14, 20, 0)), 0xffff);
}

static void
not_merged(struct rig *rig)
{
	burst(rig, 1);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(get32(rig_rxbd(rig, 0, i) + 8), 0x00000100);
		assert_int_equal(get32(rig_rxbd(rig, 0, i) + 28), 0x00000910);
	}
	gro(rig, true);
	gro(rig, false);
	burst(rig, 1);
	assert_int_equal(get32(rig_rxbd(rig, 0, 7) + 28), 0x00000910);
}

static void
streams(struct rig *rig)
{
	gro(rig, true);
	burst(rig, 2);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(get32(rig_rxbd(rig, 0, i) + 28), 0x00000910);
}

static const struct conf_rule rules[] = {
	{ "CONF-GRO-01", "2:5.7", "merged segments have size and count in the last BD",
			rig_setup_started, merged, 0 },
	{ "CONF-GRO-02", "3:3.7", "nothing is merged unless it is switched on", rig_setup_started,
			not_merged, 0 },
	{ "CONF-GRO-03", "2:5.7", "what is not merged has no segment size", rig_setup_started,
			streams, 0 },
};

CONF_MAIN(rules)

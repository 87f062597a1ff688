/* SPDX-License-Identifier: BSD-3-Clause */
/* The bench behind the device's unit tests; see emu_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "emu_rig.h"

#define SERVICE_ROUNDS_MAX 10000

static bool rig_mapped;
static uint8_t rig_revision = 0x21;
static uint64_t rig_caps;
static bool rig_mbx_by_driver;
static struct rig the_rig;

/* ---- the host that the device sees ---- */

void
emu_port_irq(struct emu_port *port, unsigned int vector)
{
	struct rig *rig = (struct rig *)(void *)port;

	assert_true(vector < RIG_VECTORS_MAX);
	rig->irqs[vector]++;
}

static enum emu_tx_result
frame_keep(struct rig *rig, const struct emu_frame *frame)
{
	struct rig_frame *out = &rig->sent[rig->nb_sent];
	uint32_t len = 0;

	if (rig->tx_result != EMU_TX_TAKEN && rig->tx_after-- == 0)
		return rig->tx_after = 0, rig->tx_result;
	assert_true(rig->nb_sent < RIG_FRAMES_MAX);
	assert_true(frame->nb_segs >= 1 && frame->nb_segs <= EMU_FRAME_SEGS_MAX);
	for (uint32_t i = 0; i < frame->nb_segs; i++) {
		assert_true(len + frame->seg[i].iov_len <= sizeof(out->bytes));
		memcpy(out->bytes + len, frame->seg[i].iov_base, frame->seg[i].iov_len);
		len += (uint32_t)frame->seg[i].iov_len;
	}
	assert_int_equal(len, frame->len_bytes);
	out->len = len;
	rig->nb_sent++;
	return EMU_TX_TAKEN;
}

unsigned int
emu_port_tx(struct emu_port *port, const struct emu_frame *const *frames, unsigned int nb,
		enum emu_tx_result *next)
{
	*next = EMU_TX_TAKEN;
	for (unsigned int i = 0; i < nb; i++) {
		*next = frame_keep((struct rig *)(void *)port, frames[i]);
		if (*next != EMU_TX_TAKEN)
			return i;
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

/* ---- life cycle and registers ---- */

static void
client_mem_map(struct rig *rig)
{
	int fd = memfd_create("rig", 0);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)RIG_MEM_BYTES), 0);
	rig->mem = mmap(NULL, RIG_MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(rig->mem != MAP_FAILED);
	assert_int_equal(emu_iommu_init(&rig->mmu, "rig"), 0);
	assert_int_equal(emu_iommu_map(&rig->mmu, RIG_IOVA, RIG_MEM_BYTES, fd, 0,
					 EMU_DMA_READ | EMU_DMA_WRITE),
			0);
	close(fd);
}

static void
func_open(struct rig *rig, bool mapped, struct emu_dev_cfg *cfg)
{
	int err = 0;

	*rig = (struct rig){ .mapped = mapped,
		.revision = cfg->revision,
		.caps = cfg->caps,
		.tx_result = EMU_TX_TAKEN };
	rig->sent = calloc(RIG_FRAMES_MAX, sizeof(*rig->sent));
	assert_non_null(rig->sent);
	client_mem_map(rig);
	cfg->name = "rig";
	cfg->nb_queues = 4;
	cfg->reset_us = 1; /* a reset lasts until the driver is ready */
	cfg->iommu = &rig->mmu;
	cfg->port = (struct emu_port *)(void *)rig;
	rig->dev = emu_dev_create(cfg, &err);
	assert_non_null(rig->dev);
	rig->bar = mmap(NULL, 0x100000, PROT_READ | PROT_WRITE, MAP_SHARED,
			emu_dev_bar2_fd(rig->dev), 0);
	assert_true(rig->bar != MAP_FAILED);
}

void
rig_open(struct rig *rig, bool mapped)
{
	struct emu_dev_cfg cfg = {
		.device_id = 0xa222,
		.revision = rig_revision,
		.caps = rig_caps,
		.mbx_by_driver = rig_mbx_by_driver,
		.mac = { 0x02, 0x00, 0x00, 0x00, 0x00, 0x0e },
		.speed_mbps = 100000,
	};

	rig_next_is(0x21, 0);
	rig_mbx_by_driver = false;
	func_open(rig, mapped, &cfg);
	emu_dev_link_set(rig->dev, true);
}

void
rig_next_is(uint8_t revision, uint64_t caps)
{
	rig_revision = revision;
	rig_caps = caps;
}

void
rig_next_serves_vfs(void)
{
	rig_mbx_by_driver = true;
}

void
rig_open_vf(struct rig *rig, struct rig *pf)
{
	struct emu_dev_cfg cfg = { .device_id = 0xa22e,
		.revision = pf->revision,
		.caps = pf->caps,
		.mac = { 0x02, 0, 0, 0, 0, (uint8_t)(0x21 + pf->nb_vfs++) },
		.pf = pf->dev };

	func_open(rig, pf->mapped, &cfg);
}

void
rig_close(struct rig *rig)
{
	emu_dev_destroy(rig->dev);
	emu_iommu_fini(&rig->mmu);
	munmap(rig->bar, 0x100000);
	munmap(rig->mem, RIG_MEM_BYTES);
	free(rig->sent);
}

void
rig_access_set(bool mapped)
{
	rig_mapped = mapped;
}

int
rig_setup(void **state)
{
	rig_open(&the_rig, rig_mapped);
	*state = &the_rig;
	return 0;
}

int
rig_setup_cmdq(void **state)
{
	rig_setup(state);
	rig_cmdq_init(*state, 1024);
	return 0;
}

int
rig_setup_started(void **state)
{
	rig_setup(state);
	rig_start(*state, 1);
	return 0;
}

int
rig_setup_v3_started(void **state)
{
	rig_next_is(0x30, 1u << 15 | 1u << 20);
	rig_setup_started(state);
	rig_wr(*state, 0x28008, 1);
	return 0;
}

int
rig_teardown(void **state)
{
	rig_close(*state);
	return 0;
}

int
rig_run(const struct CMUnitTest *tests, size_t nb_tests)
{
	int failed;

	rig_access_set(false);
	failed = _cmocka_run_group_tests("trapped", tests, nb_tests, NULL, NULL);
	rig_access_set(true);
	return failed + _cmocka_run_group_tests("mapped", tests, nb_tests, NULL, NULL);
}

uint32_t
rig_rd(struct rig *rig, uint32_t reg)
{
	uint8_t val[4] = { 0 };

	if (rig->mapped)
		return *(volatile uint32_t *)(rig->bar + reg);
	assert_int_equal(emu_dev_bar2_read(rig->dev, reg, val, 4), 0);
	return get32(val);
}

void
rig_wr(struct rig *rig, uint32_t reg, uint32_t val)
{
	uint8_t bytes[4];

	if (rig->mapped) {
		*(volatile uint32_t *)(rig->bar + reg) = val;
		return;
	}
	put32(bytes, val);
	assert_int_equal(emu_dev_bar2_write(rig->dev, reg, bytes, 4), 0);
}

void
rig_service(struct rig *rig)
{
	unsigned int nb = 0;

	while (emu_dev_service(rig->dev) > 0) {
		if (++nb > SERVICE_ROUNDS_MAX)
			fail_msg("the service never becomes idle");
	}
}

/* ---- commands ---- */

void
rig_cmdq_init(struct rig *rig, uint32_t depth)
{
	uint64_t csq = RIG_IOVA + RIG_CSQ, crq = RIG_IOVA + RIG_CRQ;

	rig->csq_depth = depth;
	rig->csq_next = 0;
	rig->crq_next = 0;
	rig_wr(rig, 0x27000, (uint32_t)csq);
	rig_wr(rig, 0x27004, (uint32_t)(csq >> 32));
	rig_wr(rig, 0x27008, depth / 8 | 0x10000); /* bit 16: software ready */
	rig_wr(rig, 0x27014, 0);
	rig_wr(rig, 0x27010, 0);
	rig_wr(rig, 0x27018, (uint32_t)crq);
	rig_wr(rig, 0x2701c, (uint32_t)(crq >> 32));
	rig_wr(rig, 0x27020, depth / 8);
	rig_wr(rig, 0x27028, 0);
	rig_wr(rig, 0x27024, 0);
	rig_service(rig);
}

struct rig_desc
rig_desc(uint16_t opcode, uint16_t flag)
{
	struct rig_desc d = { .b = { 0 } };

	put16(d.b, opcode);
	put16(d.b + 2, flag);
	return d;
}

void
rig_cmd(struct rig *rig, struct rig_desc *desc, uint32_t nb)
{
	uint32_t first = rig->csq_next;

	for (uint32_t i = 0; i < nb; i++)
		memcpy(rig->mem + RIG_CSQ + (first + i) % rig->csq_depth * 32, desc[i].b, 32);
	rig->csq_next = (first + nb) % rig->csq_depth;
	rig_wr(rig, 0x27010, rig->csq_next);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27014), rig->csq_next);
	for (uint32_t i = 0; i < nb; i++)
		memcpy(desc[i].b, rig->mem + RIG_CSQ + (first + i) % rig->csq_depth * 32, 32);
}

uint16_t
rig_cmd1(struct rig *rig, uint16_t opcode, uint16_t flag, uint8_t *data)
{
	struct rig_desc d = rig_desc(opcode, flag);

	if (data)
		memcpy(d.b + 8, data, 24);
	rig_cmd(rig, &d, 1);
	if (data)
		memcpy(data, d.b + 8, 24);
	return get16(d.b + 4);
}

/* ---- queues ---- */

uint32_t
rig_tqp(unsigned int q)
{
	return 0x80000 + q * 0x200;
}

uint8_t *
rig_rxbd(struct rig *rig, unsigned int q, unsigned int i)
{
	return rig->mem + RIG_RX_RING(q) + i * 32;
}

uint8_t *
rig_txbd(struct rig *rig, unsigned int q, unsigned int i)
{
	return rig->mem + RIG_TX_RING(q) + i * 32;
}

uint32_t
rig_rx_buf(unsigned int q, unsigned int i)
{
	return RIG_BUFS + (q * RIG_RING_BDS + i) * 2048;
}

void
rig_rx_arm(struct rig *rig, unsigned int q, unsigned int i)
{
	put64(rig_rxbd(rig, q, i), RIG_IOVA + rig_rx_buf(q, i));
	put32(rig_rxbd(rig, q, i) + 28, 0);
}

void
rig_tx_put(struct rig *rig, unsigned int q, unsigned int i, const struct rig_txbd *bd)
{
	uint8_t *p = rig_txbd(rig, q, i);

	put64(p, RIG_IOVA + bd->buf);
	put16(p + 8, bd->vlan_tag);
	put16(p + 10, bd->size);
	put32(p + 12, bd->dw3);
	put32(p + 16, bd->dw4);
	put32(p + 20, bd->dw5);
	put32(p + 24, bd->dw6);
	put16(p + 30, bd->mss);
	put16(p + 28, bd->more ? 0x0100 : 0x0110);
}

unsigned int
rig_tx_go(struct rig *rig, unsigned int q, uint32_t nb)
{
	rig_wr(rig, rig_tqp(q) + 0x58, nb);
	return emu_dev_tx_poll(rig->dev, 64);
}

static enum emu_rx_result
rx_one(struct rig *rig, const void *bytes, uint32_t len, bool waits)
{
	struct emu_frame f = { .len_bytes = len, .nb_segs = 1 };
	const struct emu_frame *frame = &f;
	struct emu_rx_done done;

	f.seg[0] = (struct iovec){ .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
	emu_dev_rx_burst(rig->dev, &frame, 1, waits, &done);
	assert_int_equal(done.taken + done.missed + done.dropped, 1);
	return done.taken ? EMU_RX_TAKEN : done.missed ? EMU_RX_NO_BD : EMU_RX_DROPPED;
}

enum emu_rx_result
rig_rx(struct rig *rig, const void *bytes, uint32_t len)
{
	return rx_one(rig, bytes, len, true);
}

enum emu_rx_result
rig_rx_to(struct rig *rig, const char *dst)
{
	uint8_t frame[60] = { [6] = 2, [12] = 0x12, 0x34 };

	memcpy(frame, dst, 6);
	return rig_rx(rig, frame, 60);
}

void
rig_rx_missed(struct rig *rig, const void *bytes, uint32_t len)
{
	assert_int_equal(rx_one(rig, bytes, len, false), EMU_RX_NO_BD);
}

void
rig_queue_start(struct rig *rig, unsigned int q)
{
	uint64_t rx = RIG_IOVA + RIG_RX_RING(q), tx = RIG_IOVA + RIG_TX_RING(q);
	uint32_t tqp = rig_tqp(q);

	for (unsigned int i = 0; i < RIG_RING_BDS; i++)
		rig_rx_arm(rig, q, i);
	memset(rig_txbd(rig, q, 0), 0, RIG_RING_BDS * 32);
	rig_wr(rig, tqp + 0x00, (uint32_t)rx);
	rig_wr(rig, tqp + 0x04, (uint32_t)(rx >> 32));
	rig_wr(rig, tqp + 0x0c, 2); /* 2048 bytes */
	rig_wr(rig, tqp + 0x08, 7); /* 64 / 8 - 1 */
	rig_wr(rig, tqp + 0x40, (uint32_t)tx);
	rig_wr(rig, tqp + 0x44, (uint32_t)(tx >> 32));
	rig_wr(rig, tqp + 0x48, 7);
	rig_wr(rig, tqp + 0x50, 0);
	rig_wr(rig, tqp + 0x90, 1);
}

void
rig_start(struct rig *rig, unsigned int nb_queues)
{
	uint8_t compat[24] = { 1 }, promisc[24] = { 0x38 }, mac_on[24] = { 0xc0, 0x18, 0x7e };
	uint8_t own[24] = { 1, 0, 0, 0, 0x02, 0, 0, 0, 0, 0x0e };
	uint8_t reset[24] = { 0, 0, 2, 0, 0, 0, (uint8_t)nb_queues };

	rig_cmdq_init(rig, 1024);
	assert_int_equal(rig_cmd1(rig, 0x701a, 0x11, compat), 0);
	assert_int_equal(rig_cmd1(rig, 0x0e01, 0x11, promisc), 0);
	assert_int_equal(rig_cmd1(rig, 0x1000, 0x11, own), 0);
	assert_int_equal(own[1], 0);
	for (unsigned int q = 0; q < nb_queues; q++) {
		uint8_t off[24] = { (uint8_t)q };

		assert_int_equal(rig_cmd1(rig, 0x0b20, 0x11, off), 0);
	}
	assert_int_equal(rig_cmd1(rig, 0x0020, 0x11, reset), 0);
	assert_int_equal(reset[8], 1);
	for (unsigned int q = 0; q < nb_queues; q++)
		rig_queue_start(rig, q);
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x11, mac_on), 0);
	rig_service(rig);
}

struct stat_sum {
	const char *group, *name;
	uint64_t sum;
};

static void
stat_add(void *arg, const char *group, const char *name, uint64_t value)
{
	struct stat_sum *s = arg;

	if (strcmp(group, s->group) == 0 && (!s->name || strcmp(name, s->name) == 0))
		s->sum += value;
}

uint64_t
rig_stat(struct rig *rig, const char *group, const char *name)
{
	struct stat_sum s = { .group = group, .name = name };

	emu_dev_stats(rig->dev, stat_add, &s);
	return s.sum;
}

/* ---- bytes ---- */

uint16_t
get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t
get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

uint64_t
get64(const uint8_t *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

void
put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void
put32(uint8_t *p, uint32_t v)
{
	put16(p, (uint16_t)v);
	put16(p + 2, (uint16_t)(v >> 16));
}

void
put64(uint8_t *p, uint64_t v)
{
	put32(p, (uint32_t)v);
	put32(p + 4, (uint32_t)(v >> 32));
}

uint32_t
rig_sum16(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	return sum;
}

uint16_t
rig_fold16(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

void
rig_ip_sum(uint8_t *ip, uint32_t len)
{
	uint16_t sum;

	ip[10] = ip[11] = 0;
	sum = (uint16_t)~rig_fold16(rig_sum16(ip, len, 0));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

uint16_t
rig_l4_sum(const uint8_t *frame)
{
	uint32_t l4 = (uint32_t)(frame[16] << 8 | frame[17]) - 20;
	uint32_t sum = rig_sum16(frame + 26, 8, frame[23] + l4);

	return rig_fold16(rig_sum16(frame + 34, l4, sum));
}

void
rig_tcp_sums(uint8_t *frame)
{
	uint16_t sum;

	rig_ip_sum(frame + 14, 20);
	frame[50] = frame[51] = 0;
	sum = (uint16_t)~rig_l4_sum(frame);
	frame[50] = (uint8_t)(sum >> 8);
	frame[51] = (uint8_t)sum;
}

uint32_t
rig_ipv4(uint8_t *frame, uint8_t proto, uint32_t payload_bytes)
{
	static const uint8_t head[34] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 0x01, 0x08,
		0x00,
		/* IPv4 */ 0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, 0, 0, 0, 66, 9, 149, 187, 161, 142,
		100, 80 };
	uint32_t l4 = proto == 6 ? 20 : 8, total = 20 + l4 + payload_bytes;
	uint16_t csum;

	memset(frame, 0, 14 + total);
	memcpy(frame, head, sizeof(head));
	frame[16] = (uint8_t)(total >> 8);
	frame[17] = (uint8_t)total;
	frame[23] = proto;
	rig_ip_sum(frame + 14, 20);
	/* ports 2794 = 0x0aea, 1766 = 0x06e6 */
	memcpy(frame + 34, "\x0a\xea\x06\xe6", 4);
	if (proto == 6) {
		frame[46] = 0x50;
		frame[47] = 0x10;
	} else {
		frame[38] = (uint8_t)((l4 + payload_bytes) >> 8);
		frame[39] = (uint8_t)(l4 + payload_bytes);
	}
	for (uint32_t i = 0; i < payload_bytes; i++)
		frame[34 + l4 + i] = (uint8_t)(i * 7 + 3);
	csum = (uint16_t)~rig_l4_sum(frame);
	frame[34 + (proto == 6 ? 16 : 6)] = (uint8_t)(csum >> 8);
	frame[35 + (proto == 6 ? 16 : 6)] = (uint8_t)csum;
	return 14 + total;
}

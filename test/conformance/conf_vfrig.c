/* SPDX-License-Identifier: BSD-3-Clause */
/* See conf_vfrig.h. */
#include "conf_vfrig.h"

#include <string.h>

static uint16_t match_id;

void
vfrig_open(struct vfrig *v, struct rig *pf)
{
	memset(v, 0, sizeof(*v));
	v->pf = pf;
	for (unsigned int i = 0; i < 2; i++) {
		rig_open_vf(&v->vf[i], pf);
		rig_cmdq_init(&v->vf[i], 1024);
		rig_wr(&v->vf[i], 0x20400, 1);
		rig_service(&v->vf[i]);
	}
}

void
vfrig_close(struct vfrig *v)
{
	rig_close(&v->vf[1]);
	rig_close(&v->vf[0]);
}

void
vfrig_start(struct vfrig *v, struct rig *pf)
{
	vfrig_open(v, pf);
	for (unsigned int i = 0; i < 2; i++) {
		struct vfrig_req mac = { 3, 1, { 2, 0, 0, 0, 0, (uint8_t)(0x21 + i) } };

		assert_int_equal(vfrig_ask(&v->vf[i], &mac, NULL), 0);
		TELL(&v->vf[i], 8, 1, 0); /* broadcast */
		assert_int_equal(ASK(&v->vf[i], NULL, 5, 0, 0, 0, 0, 0x00, 0x81), 0); /* VLAN 0 */
		rig_queue_start(&v->vf[i], 0);
	}
}

uint16_t
vfrig_take(struct rig *rig, uint8_t data[24])
{
	const uint8_t *d = rig->mem + RIG_CRQ + (size_t)rig->crq_next * 32;

	if (rig_rd(rig, 0x27024) == rig->crq_next)
		return 0;
	assert_true(get16(d + 2) & 2); /* valid [1:3.3] */
	memcpy(data, d + 8, 24);
	rig->crq_next = (rig->crq_next + 1) % 1024;
	rig_wr(rig, 0x27028, rig->crq_next);
	rig_service(rig);
	return get16(d);
}

bool
vfrig_take_code(struct rig *rig, unsigned int code, uint8_t data[24])
{
	while (vfrig_take(rig, data) != 0) {
		if (data[8] == code)
			return true;
	}
	return false;
}

static void
request_send(struct rig *vf, const struct vfrig_req *req, bool wants, uint16_t id)
{
	uint8_t d[24] = { 0, 0x7f, wants, 0, 0x5a };

	put16(d + 6, id);
	d[8] = req->code;
	d[9] = req->sub;
	memcpy(d + 10, req->data, sizeof(req->data));
	assert_int_equal(rig_cmd1(vf, 0x2001, 0x11, d), 0);
}

uint16_t
vfrig_ask(struct rig *vf, const struct vfrig_req *req, uint8_t *resp)
{
	uint8_t msg[24];

	if (++match_id == 0)
		match_id = 1;
	request_send(vf, req, true, match_id);
	if (!vfrig_take_code(vf, 17, msg))
		fail_msg("code %u has no answer", req->code);
	assert_int_equal(msg[4], 0x5a); /* the request's length field */
	assert_int_equal(get16(msg + 6), match_id);
	assert_int_equal(get16(msg + 10), req->code);
	assert_int_equal(get16(msg + 12), req->sub);
	if (resp)
		memcpy(resp, msg + 16, 8);
	return get16(msg + 14);
}

void
vfrig_tell(struct rig *vf, const struct vfrig_req *req)
{
	request_send(vf, req, false, 0);
}

bool
vfrig_is_known(struct vfrig *v, const char *mac)
{
	uint8_t d[24] = { 1 };

	memcpy(d + 4, mac, 6);
	assert_int_equal(rig_cmd1(v->pf, 0x1000, 0x19, d), 0);
	return d[1] == 0;
}

static uint32_t
frame_make(uint8_t *frame, const char *dst, const char *src, unsigned int vid)
{
	memset(frame, 0, 64);
	memcpy(frame, dst, 6);
	memcpy(frame + 6, src, 6);
	if (vid == 0)
		return put16(frame + 12, 0xb588), 60;
	frame[12] = 0x81;
	frame[14] = (uint8_t)(vid >> 8);
	frame[15] = (uint8_t)vid;
	put16(frame + 16, 0xb588);
	return 64;
}

enum emu_rx_result
vfrig_wire(struct vfrig *v, const char *dst, unsigned int vid)
{
	uint8_t frame[64];
	uint32_t len = frame_make(frame, dst, "\x02\xbb\0\0\0\x01", vid);

	return rig_rx(v->pf, frame, len);
}

static struct rig *
func_of(struct vfrig *v, unsigned int func)
{
	return func == 0 ? v->pf : &v->vf[func - 1];
}

void
vfrig_send(struct vfrig *v, unsigned int func, const char *dst, const char *src, unsigned int vid)
{
	struct rig *rig = func_of(v, func);
	struct rig_txbd bd = { .buf = 0x700000 };

	bd.size = (uint16_t)frame_make(rig->mem + bd.buf, dst, src, vid);
	rig_tx_put(rig, 0, v->tx[func]++ % RIG_RING_BDS, &bd);
	assert_int_equal(rig_tx_go(rig, 0, 1), 1);
}

void
vfrig_got(struct vfrig *v, const unsigned int want[3], int line)
{
	for (unsigned int func = 0; func < 3; func++) {
		uint64_t now = rig_stat(func_of(v, func), "rx", "pkts");

		if (now - v->seen[func] != want[func])
			fail_msg("line %d: function %u received %u frames, not %u", line, func,
					(unsigned int)(now - v->seen[func]), want[func]);
		v->seen[func] = now;
	}
}

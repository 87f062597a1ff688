/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-RST: resets and their handshakes [1:8]. */
#include "conf.h"

#include <string.h>
#include <unistd.h>

static struct rig vf;

/* Software has to say that it is ready: what a driver does before it asks for a reset. */
static void
ready_set(struct rig *rig, bool ready)
{
	usleep(5); /* the bench's resets take a microsecond */
	rig_wr(rig, 0x27008, (rig_rd(rig, 0x27008) & 0xffff) | (ready ? 0x10000 : 0));
}

static int
setup_running(void **state)
{
	rig_setup_started(state);
	ready_set(*state, false);
	rig_wr(*state, 0x20400, 1);
	rig_service(*state);
	return 0;
}

static void
func_reset(struct rig *rig, uint8_t func)
{
	uint8_t d[24] = { 0x80, func };

	assert_int_equal(rig_cmd1(rig, 0x0020, 0x11, d), 0);
}

/* The driver is ready, and the reset is over. */
static void
finish(struct rig *rig)
{
	ready_set(rig, true);
	rig_service(rig);
}

static void
func_in_progress(struct rig *rig)
{
	func_reset(rig, 0);
	assert_int_equal(rig_rd(rig, 0x20c00) & 1, 1);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20c00) & 1, 1);
	finish(rig);
	assert_int_equal(rig_rd(rig, 0x20c00), 0);
	assert_int_equal(rig->irqs[0], 0);
}

static void
func_stops_queues(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };

	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	rig_wr(rig, 0x20000, 1);
	func_reset(rig, 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x90), 0);
	assert_int_equal(rig_rd(rig, 0x20000), 0);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	finish(rig);
	rig_start(rig, 1); /* from BD 0 again */
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	assert_int_equal(get32(rig_rxbd(rig, 0, 0) + 28) & 0x10, 0x10);
	assert_int_equal(get32(rig_rxbd(rig, 0, 1) + 28) & 0x10, 0);
}

/* Whether the PF's address is in the table: the answer of a look-up. */
static uint8_t
address_is_gone(struct rig *rig)
{
	uint8_t d[24] = { 1, 0, 0, 0, 0x02, 0, 0, 0, 0, 0x0e };

	assert_int_equal(rig_cmd1(rig, 0x1000, 0x19, d), 0);
	return d[1];
}

/* Forgotten is what a driver sets again: RSS keys, and with a global reset the tables, too. */
static void
func_keeps(struct rig *rig)
{
	uint8_t key[24] = { 0, 0, 0, 0, 0, 0, 0, 0, 0xab };

	assert_int_equal(rig_cmd1(rig, 0x0d01, 0x11, key), 0);
	assert_int_equal(address_is_gone(rig), 0);
	func_reset(rig, 0);
	finish(rig);
	rig_cmdq_init(rig, 1024);
	assert_int_equal(address_is_gone(rig), 0);
	memset(key, 0, sizeof(key));
	assert_int_equal(rig_cmd1(rig, 0x0d01, 0x19, key), 0);
	assert_int_equal(key[8], 0);
	assert_int_equal(emu_reset_trigger(rig->dev, EMU_RESET_FLR), 0);
	rig_cmdq_init(rig, 1024);
	assert_int_equal(address_is_gone(rig), 0);
	rig_wr(rig, 0x20a00, 1);
	rig_service(rig);
	finish(rig);
	rig_cmdq_init(rig, 1024);
	assert_int_equal(address_is_gone(rig), 1);
}

static void
indices_are_zero(struct rig *rig)
{
	uint64_t before;

	func_reset(rig, 0);
	finish(rig);
	assert_int_equal(rig_rd(rig, 0x27010), 0);
	assert_int_equal(rig_rd(rig, 0x27014), 0);
	assert_int_equal(rig_rd(rig, 0x27024), 0);
	assert_int_equal(rig_rd(rig, 0x27028), 0);
	before = rig_stat(rig, "commands", NULL);
	/* the driver's order, with a look of the device after each step */
	rig_wr(rig, 0x27000, (uint32_t)(RIG_IOVA + RIG_CSQ));
	rig_service(rig);
	rig_wr(rig, 0x27008, 0x10080);
	rig_service(rig);
	rig_wr(rig, 0x27014, 0);
	rig_service(rig);
	rig_wr(rig, 0x27010, 0);
	rig_service(rig);
	assert_int_equal(rig_stat(rig, "commands", NULL), before);
}

static void
global_by_register(struct rig *rig)
{
	rig_wr(rig, 0x20a00, 1);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20800), 0x20);
	assert_int_equal(rig_rd(rig, 0x20a00), 1);
	assert_int_equal(rig->irqs[0], 1);
	finish(rig);
	assert_int_equal(rig_rd(rig, 0x20a00), 0);
}

static void
cause_goes_at_once(struct rig *rig)
{
	rig_wr(rig, 0x20a00, 1);
	rig_service(rig);
	rig_wr(rig, 0x20400, 0);
	rig_wr(rig, 0x20700, 0x20);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20800), 0);
	assert_int_equal(rig_rd(rig, 0x20a00), 1); /* still in progress */
	finish(rig);
	assert_int_equal(rig_rd(rig, 0x20800), 0); /* and it does not come again */
}

static void
global_stops_the_port(struct rig *rig)
{
	static const uint8_t frame[60] = { 0x02, 0, 0, 0, 0, 0x0e, 0x02, 0, 0, 0, 0, 1, 0x12,
		0x34 };
	uint8_t d[24] = { 0 };

	rig_wr(rig, 0x20a00, 1);
	rig_service(rig);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x90), 0);
	finish(rig);
	rig_cmdq_init(rig, 1024);
	assert_int_equal(rig_cmd1(rig, 0x0301, 0x19, d), 0);
	assert_int_equal(get32(d), 0);
	rig_start(rig, 1);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
}

static void
imp_by_register(struct rig *rig)
{
	rig_wr(rig, 0x20600, 0xc0); /* bit 6 stays, bit 7 asks */
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20800), 0x80);
	assert_int_equal(rig_rd(rig, 0x20a00), 4);
	assert_int_equal(rig_rd(rig, 0x20600), 0x40);
	assert_int_equal(rig->irqs[0], 1);
	finish(rig);
	assert_int_equal(rig_rd(rig, 0x20a00), 0);
}

static void
imp_does_not_answer(struct rig *rig)
{
	uint32_t head = rig_rd(rig, 0x27014);
	uint8_t d[24] = { 0 };

	rig_wr(rig, 0x20600, 0x80);
	rig_service(rig);
	rig_wr(rig, 0x27010, head + 1);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x27014), head);
	finish(rig);
	rig_cmdq_init(rig, 1024);
	assert_int_equal(rig_cmd1(rig, 0x0001, 0x19, d), 0);
}

static void
the_greater_wins(struct rig *rig)
{
	rig_wr(rig, 0x20a00, 1);
	rig_service(rig);
	rig_wr(rig, 0x20600, 0x80);
	rig_service(rig);
	assert_int_equal(rig_rd(rig, 0x20a00), 4);
	assert_int_equal(rig_rd(rig, 0x20800), 0xa0);
	finish(rig);
	assert_int_equal(rig_rd(rig, 0x20a00), 0);
}

static void
flr(struct rig *rig)
{
	assert_int_equal(emu_reset_trigger(rig->dev, EMU_RESET_FLR), 0);
	assert_int_equal(rig_rd(rig, 0x27000), 0);
	assert_int_equal(rig_rd(rig, 0x27008), 0);
	assert_int_equal(rig_rd(rig, 0x20400), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x90), 0);
	assert_int_equal(rig_rd(rig, rig_tqp(0) + 0x98), 1);
	rig_start(rig, 1); /* and it can be started again */
}

/* ---- VFs ---- */

static int
setup_vf(void **state)
{
	struct rig *pf;

	setup_running(state);
	pf = *state;
	rig_open_vf(&vf, pf);
	rig_cmdq_init(&vf, 1024);
	ready_set(&vf, false);
	rig_wr(&vf, 0x20400, 1);
	rig_service(&vf);
	vf.irqs[0] = 0;
	return 0;
}

/* Both functions look until nothing happens. */
static void
both(struct rig *pf)
{
	rig_service(pf);
	rig_service(&vf);
	rig_service(pf);
}

static void
vf_sees_global(struct rig *pf)
{
	rig_wr(pf, 0x20a00, 1);
	both(pf);
	assert_int_equal(rig_rd(&vf, 0x27104) & 4, 4);
	assert_int_equal(rig_rd(&vf, 0x20c00), 0x20);
	assert_int_equal(vf.irqs[0], 1);
	rig_wr(&vf, 0x27100, 0xfffffffb); /* cleared by a 0 there */
	both(pf);
	assert_int_equal(rig_rd(&vf, 0x27104) & 4, 0);
	ready_set(pf, true);
	both(pf);
	assert_int_equal(rig_rd(pf, 0x20a00), 1); /* the VF is not ready */
	ready_set(&vf, true);
	both(pf);
	assert_int_equal(rig_rd(pf, 0x20a00), 0);
	assert_int_equal(rig_rd(&vf, 0x20c00), 0);
	rig_close(&vf);
}

static void
vf_mark(struct rig *pf)
{
	uint8_t done[24] = { 1 };

	rig_wr(pf, 0x20a00, 1);
	both(pf);
	rig_wr(&vf, 0x07008, 0x10000);
	ready_set(pf, true);
	ready_set(&vf, true);
	both(pf);
	assert_int_equal(rig_rd(pf, 0x20a00), 0);
	assert_int_equal(rig_rd(&vf, 0x07008), 0x10000); /* the PF is not rebuilt */
	rig_cmdq_init(pf, 1024);
	assert_int_equal(rig_cmd1(pf, 0x0026, 0x11, done), 0);
	both(pf);
	assert_int_equal(rig_rd(&vf, 0x07008), 0);
	rig_close(&vf);
}

static void
vf_held_by_pf(struct rig *pf)
{
	uint8_t set[24] = { 1, 1 }, clear[24] = { 1, 0 }, nobody[24] = { 9, 1 };

	assert_int_equal(rig_cmd1(pf, 0x0021, 0x11, set), 0);
	assert_int_equal(rig_rd(&vf, 0x20c00), 1);
	assert_int_equal(rig_rd(pf, 0x20c00), 0);
	assert_int_equal(rig_rd(&vf, 0x27008), 0x80); /* nothing else happens to it */
	assert_int_equal(rig_cmd1(pf, 0x0021, 0x11, clear), 0);
	assert_int_equal(rig_rd(&vf, 0x20c00), 0);
	assert_int_equal(rig_cmd1(pf, 0x0021, 0x11, nobody), 6);
	rig_close(&vf);
}

static void
vf_readiness(struct rig *pf)
{
	uint8_t d[24] = { 0 };

	assert_int_equal(rig_cmd1(pf, 0x0027, 0x19, d), 0);
	assert_int_equal(d[0], 0);
	ready_set(&vf, true);
	assert_int_equal(rig_cmd1(pf, 0x0027, 0x19, d), 0);
	assert_int_not_equal(d[0], 0);
	rig_close(&vf);
}

static void
vf_alone(struct rig *pf)
{
	rig_wr(&vf, rig_tqp(2) + 0x90, 1);
	func_reset(pf, 1);
	assert_int_equal(rig_rd(&vf, 0x20c00), 1);
	assert_int_equal(rig_rd(&vf, rig_tqp(2) + 0x90), 0);
	assert_int_equal(rig_rd(pf, 0x20c00), 0);
	assert_int_equal(rig_rd(pf, rig_tqp(0) + 0x90), 1);
	ready_set(&vf, true);
	both(pf);
	assert_int_equal(rig_rd(&vf, 0x20c00), 0);
	rig_close(&vf);
}

static const struct conf_rule rules[] = {
	{ "CONF-RST-01", "1:8.3",
			"0x0020 FUNC is answered, and 0x20C00 bit 0 stays until the driver is "
			"ready",
			setup_running, func_in_progress, 0 },
	{ "CONF-RST-02", "1:8.3",
			"a function reset stops queues, masks vectors, returns rings to BD 0",
			setup_running, func_stops_queues, 0 },
	{ "CONF-RST-03", "1:8.3",
			"a function reset and an FLR keep the addresses, a global one forgets them",
			setup_running, func_keeps, 0 },
	{ "CONF-RST-04", "1:3.7",
			"after a reset the command queues' indices are 0: nothing stale is run",
			setup_running, indices_are_zero, 0 },
	{ "CONF-RST-05", "1:2.4",
			"0x20A00 bit 0 asks for a global reset, is held, and causes 0x20800 bit 5",
			setup_running, global_by_register, 0 },
	{ "CONF-RST-06", "1:8.2", "0x20700 clears a reset's cause at once, while the reset goes on",
			setup_running, cause_goes_at_once, 0 },
	{ "CONF-RST-07", "1:8.3", "a global reset stops the port and forgets its MAC configuration",
			setup_running, global_stops_the_port, 0 },
	{ "CONF-RST-08", "1:2.4",
			"0x20600 bit 7 asks for an IMP reset: 0x20800 bit 7, 0x20A00 bit 2",
			setup_running, imp_by_register, 0 },
	{ "CONF-RST-09", "1:8.3", "commands are not answered during an IMP reset, and are after it",
			setup_running, imp_does_not_answer, 0 },
	{ "CONF-RST-10", "1:8.2", "an IMP reset takes the place of a global one", setup_running,
			the_greater_wins, 0 },
	{ "CONF-RST-11", "1:8.5", "an FLR puts all registers back to their reset values",
			setup_running, flr, 0 },
	{ "CONF-RST-12", "1:6.2",
			"a VF sees a global reset at 0x27104 bit 2 and 0x20C00 bit 5; it is waited "
			"for",
			setup_vf, vf_sees_global, 0 },
	{ "CONF-RST-13", "1:8.3",
			"a VF's mark at 0x07008 goes when the PF says that it is rebuilt (0x0026)",
			setup_vf, vf_mark, 0 },
	{ "CONF-RST-14", "1:5.10",
			"0x0021 sets and clears 0x20C00 bit 0 of the function it names, no more",
			setup_vf, vf_held_by_pf, 0 },
	{ "CONF-RST-15", "1:5.10", "0x0027 tells whether all VFs are ready", setup_vf, vf_readiness,
			0 },
	{ "CONF-RST-16", "1:8.3", "0x0020 FUNC for a VF resets the VF alone", setup_vf, vf_alone,
			0 },
};

CONF_MAIN(rules)

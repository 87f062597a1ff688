/* SPDX-License-Identifier: BSD-3-Clause */
/* CONF-PTP: the clock of a PF with the PTP capability [1:2.5] [2:9] [3:8.1]. */
#include "conf.h"

#include <unistd.h>

#define S UINT64_C(1000000000)

static int
setup(void **state)
{
	rig_next_is(0x21, 1u << 3);
	return rig_setup_cmdq(state);
}

/* Write a register, and let the device find it where it is mapped. */
static void
ask(struct rig *rig, uint32_t reg, uint32_t val)
{
	rig_wr(rig, 0x29000 + reg, val);
	rig_service(rig);
}

static void
set(struct rig *rig, uint32_t sec_h, uint32_t sec_l, uint32_t ns)
{
	rig_wr(rig, 0x29050, sec_h);
	rig_wr(rig, 0x29054, sec_l);
	rig_wr(rig, 0x29058, ns);
	ask(rig, 0x5c, 1);
}

/* Seconds: high half and low, without what is beyond 48 bits; *ns. */
static uint64_t
now(struct rig *rig, uint32_t *ns)
{
	rig_service(rig);
	*ns = rig_rd(rig, 0x2907c);
	assert_true(*ns < S);
	return (uint64_t)rig_rd(rig, 0x29074) << 32 | rig_rd(rig, 0x29078);
}

/* From second 1,000 on, where a few seconds of a slow machine cannot matter: ns since then. */
static uint64_t
since_1000(struct rig *rig)
{
	uint32_t ns;
	uint64_t sec = now(rig, &ns);

	assert_true(sec >= 1000 && sec < 2000);
	return (sec - 1000) * S + ns;
}

static void
defaults(struct rig *rig)
{
	uint32_t ns;

	assert_int_equal(rig_rd(rig, 0x29064), 1);
	assert_int_not_equal(rig_rd(rig, 0x29068), 0);
	assert_int_equal(rig_rd(rig, 0x2906c), 0);
	assert_int_equal(rig_rd(rig, 0x29030), 0); /* no timestamp waits */
	assert_true(now(rig, &ns) < 600);          /* since power-on */
}

static void
runs(struct rig *rig)
{
	uint64_t first, then;

	set(rig, 0, 1000, 0);
	first = since_1000(rig);
	usleep(20000);
	then = since_1000(rig);
	assert_true(then - first >= 20000000);
	assert_true(then - first < 600 * S);
}

static void
is_set(struct rig *rig)
{
	uint32_t ns;
	uint64_t sec;

	set(rig, 0xabcd, 0x12345678, 5);
	assert_int_equal(rig_rd(rig, 0x2905c), 0); /* done */
	sec = now(rig, &ns);
	assert_true(sec >= UINT64_C(0xabcd12345678) && sec < UINT64_C(0xabcd12345678) + 600);
	set(rig, 0xffff, 0xffffffff, 999999999); /* wraps around within a nanosecond */
	usleep(1000);
	assert_true(now(rig, &ns) < 600);
}

/* 2 minutes on, 1 back: what passes meanwhile does not matter. */
static void
is_moved(struct rig *rig)
{
	uint64_t before;

	set(rig, 0, 1000, 0);
	for (unsigned int i = 0; i < 240; i++) {
		rig_wr(rig, 0x29058, 500000000);
		ask(rig, 0x60, 1);
	}
	before = since_1000(rig);
	assert_true(before >= 120 * S && before < 150 * S);
	for (unsigned int i = 0; i < 60; i++) {
		rig_wr(rig, 0x29058, 0x80000000u | 999999999);
		ask(rig, 0x60, 1);
	}
	assert_int_equal(rig_rd(rig, 0x29060), 0);
	assert_true(since_1000(rig) >= 60 * S);
	assert_true(since_1000(rig) < before - 30 * S);
}

/* 20 ns a tick, then (by 1 / 1000) as good as none; the bounds leave time for a slow machine. */
static void
is_made_faster(struct rig *rig)
{
	uint64_t before, fast, slow;

	rig_wr(rig, 0x29064, 20);
	rig_wr(rig, 0x29068, 1000);
	ask(rig, 0x70, 1);
	set(rig, 0, 1000, 0);
	usleep(20000);
	fast = since_1000(rig);
	assert_true(fast >= 20000000u * UINT64_C(20));
	rig_wr(rig, 0x29064, 0);
	rig_wr(rig, 0x2906c, 1);
	ask(rig, 0x70, 1);
	set(rig, 0, 1000, 0);
	before = since_1000(rig);
	usleep(20000);
	slow = since_1000(rig) - before;
	assert_true(slow >= 20000 && slow < fast / 10);
	assert_int_equal(rig_rd(rig, 0x2906c), 1);
}

static void
zero_is_no_denominator(struct rig *rig)
{
	uint64_t before;

	set(rig, 0, 1000, 0);
	rig_wr(rig, 0x29064, 0);
	rig_wr(rig, 0x29068, 0);
	ask(rig, 0x70, 1);
	before = since_1000(rig);
	usleep(2000);
	assert_true(since_1000(rig) - before >= 2000000);
}

static void
is_not_there(struct rig *rig)
{
	assert_int_equal(rig_rd(rig, 0x29068), 0);
	rig_wr(rig, 0x29070, 1);
	assert_int_equal(rig_stat(rig, "violations", "REG-02 write to no register"), 1);
}

static const struct conf_rule rules[] = {
	{ "CONF-PTP-01", "1:2.5", "the cycle has a denominator, and no timestamp waits", setup,
			defaults, 0 },
	{ "CONF-PTP-02", "3:8.1", "the clock runs from the start", setup, runs, 0 },
	{ "CONF-PTP-03", "2:9", "TIME_SYNC sets 48 bits of seconds and the nanoseconds", setup,
			is_set, 0 },
	{ "CONF-PTP-04", "2:9", "TIME_ADJ moves the time by nanoseconds, bit 31 is back", setup,
			is_moved, 0 },
	{ "CONF-PTP-05", "2:9", "a tick is worth QUO + NUM / DEN when CYCLE_CFG is written", setup,
			is_made_faster, 0 },
	{ "CONF-PTP-06", "3:8.1", "a denominator of 0 changes nothing", setup,
			zero_is_no_denominator, 0 },
	{ "CONF-PTP-07", "1:5.1", "without capability bit 3 there are no such registers",
			rig_setup_cmdq, is_not_there, CONF_TRAPPED_ONLY },
};

CONF_MAIN(rules)

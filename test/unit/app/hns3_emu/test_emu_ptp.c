/* SPDX-License-Identifier: BSD-3-Clause */
/* app/hns3_emu/emu_ptp.c: arithmetic of the clock, with the host's time made up; what registers do
 * is in test/conformance/conf_ptp.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "deadline.h"
#include "emu_ptp.h"
#include "emu_rig.h"

static int
setup(void **state)
{
	rig_access_set(true);
	rig_next_is(0x21, 1u << 3);
	return rig_setup(state);
}

/* As if @p ns more had passed; seconds since. */
static uint64_t
after(struct rig *rig, uint64_t ns)
{
	rig->dev->nic->ptp.host_ns -= ns;
	emu_ptp_poll(rig->dev);
	return rig->dev->nic->ptp.sec;
}

/* A day in steps of a third of a second loses nothing to rounding, at a tick of 1 + 1/3 ns. */
static void
nothing_is_rounded_away(void **state)
{
	struct rig *rig = *state;
	struct emu_ptp *c = &rig->dev->nic->ptp;
	uint64_t host_ns = deadline_now_ns(), ticks;

	*c = (struct emu_ptp){ .host_ns = host_ns, .quo = 1, .num = 1, .den = 3 };
	for (unsigned int i = 0; i < 3 * 86400; i++)
		after(rig, 333333333);
	ticks = c->host_ns + UINT64_C(333333333) * 3 * 86400 - host_ns;
	assert_true(c->sec * 1000000000 + c->ns == ticks * 4 / 3);
	assert_int_equal(c->part, ticks * 4 % 3);
}

/* A week that the process did not run, at the fastest cycle there is. */
static void
a_long_pause_does_not_overflow(void **state)
{
	struct rig *rig = *state;
	uint64_t sec;

	rig->dev->nic->ptp = (struct emu_ptp){
		.host_ns = deadline_now_ns(), .quo = 255, .num = UINT32_MAX - 1, .den = UINT32_MAX
	};
	sec = after(rig, UINT64_C(604800) * 1000000000);
	assert_true(sec >= UINT64_C(604800) * 255 && sec < UINT64_C(605400) * 256);
}

static void
back_before_zero_is_zero(void **state)
{
	struct rig *rig = *state;
	struct emu_ptp *c = &rig->dev->nic->ptp;

	*c = (struct emu_ptp){ .host_ns = deadline_now_ns(), .ns = 5, .quo = 0, .den = 1 };
	rig_wr(rig, 0x29058, 0x80000000u | 6);
	rig_wr(rig, 0x29060, 1);
	emu_ptp_poll(rig->dev);
	assert_true(c->sec == 0 && c->ns == 999999999);
	c->sec = 7;
	rig_wr(rig, 0x29060, 1);
	emu_ptp_poll(rig->dev);
	assert_true(c->sec == 7 && c->ns == 999999993);
	rig_wr(rig, 0x29058, 7);
	rig_wr(rig, 0x29060, 1);
	emu_ptp_poll(rig->dev);
	assert_true(c->sec == 8 && c->ns == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_rounded_away, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(
				a_long_pause_does_not_overflow, setup, rig_teardown),
		cmocka_unit_test_setup_teardown(back_before_zero_is_zero, setup, rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_fault.c and emu_fault_plan.c: every kind of fault on a device whose driver is
 * the test; what it does, when it strikes, and that all is well afterwards.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "emu_fault.h"
#include "emu_rig.h"

static void
arm(struct rig *rig, const char *plan)
{
	struct emu_fault f;
	char why[512];

	if (emu_fault_parse(plan, &f, why, sizeof(why)))
		fail_msg("\"%s\" is refused: %s", plan, why);
	assert_int_equal(emu_fault_arm(rig->dev, &f), 0);
}

static void
clear(struct rig *rig)
{
	assert_int_equal(emu_fault_clear(rig->dev, NULL), 0);
}

/* Send one command and let the device look once; whether it was answered. */
static bool
ask(struct rig *rig, uint16_t opcode, struct rig_desc *out)
{
	struct rig_desc d = rig_desc(opcode, 0x19);
	uint32_t slot = rig->csq_next;

	memcpy(rig->mem + RIG_CSQ + slot * 32, d.b, 32);
	rig->csq_next = (slot + 1) % rig->csq_depth;
	rig_wr(rig, 0x27010, rig->csq_next);
	rig_service(rig);
	if (out)
		memcpy(out->b, rig->mem + RIG_CSQ + slot * 32, 32);
	return rig_rd(rig, 0x27014) == rig->csq_next;
}

/* ---- plans ---- */

static void
plans_are_parsed(void **state)
{
	struct emu_fault f;
	char why[512];

	(void)state;
	assert_int_equal(emu_fault_parse("cmd-lost", &f, why, sizeof(why)), 0);
	assert_string_equal(f.name, "cmd-lost");
	assert_int_equal(f.port, -1);
	assert_int_equal(f.match, UINT32_MAX);
	assert_true(f.nth == 1 && f.every == 1 && f.count == 1 && f.seed == 1);
	assert_true(f.chance == UINT64_C(0x100000000));
	assert_int_equal(emu_fault_parse("cmd-late:name=x,port=3,opcode=0x0d01,nth=2,every=5,count="
					 "0,"
					 "p=0.5,seed=9,ms=77",
					 &f, why, sizeof(why)),
			0);
	assert_string_equal(f.name, "x");
	assert_int_equal(f.port, 3);
	assert_int_equal(f.match, 0x0d01);
	assert_true(f.nth == 2 && f.every == 5 && f.count == 0 && f.seed == 9 && f.ms == 77);
	assert_true(f.chance == UINT64_C(0x80000000));
	assert_int_equal(emu_fault_parse("reset:val=3", &f, why, sizeof(why)), 0);
	assert_int_equal(f.val, 3);
	assert_int_equal(emu_fault_parse("fw-dead", &f, why, sizeof(why)), 0);
	assert_true(f.count == 0);
}

static void
wrong_plans_are_told_what_is_right(void **state)
{
	static const char *const cases[][2] = {
		{ "", "there is no fault \"\"; there are cmd-lost, cmd-late, cmd-error, fw-dead, "
		      "reset, "
		      "mbx-lost, mbx-late, mbx-dup, irq-lost, irq-spurious, link-flap, "
		      "frame-bad-fcs, frame-truncated, bd-torn, "
		      "bd-late, bd-bad-len, bd-bad-count, bd-bad-index, dma-refused" },
		{ "cmd-lots", "there is no fault \"cmd-lots\"; there are" },
		{ "cmd-lost:ms=3", "cmd-lost has no key \"ms\"; there are name, port, nth, every, "
				   "count, "
				   "p, seed, opcode" },
		{ "bd-torn:opcode=3",
				"bd-torn has no key \"opcode\"; there are name, port, nth, every, "
				"count, p, seed, queue, us" },
		{ "cmd-lost:nth=0", "cmd-lost: nth takes a number from 1" },
		{ "cmd-lost:nth", "cmd-lost: nth takes a number from 1" },
		{ "cmd-lost:count=x", "cmd-lost: count takes a number from 0" },
		{ "cmd-lost:p=0", "cmd-lost: p takes a probability above 0, at most 1" },
		{ "cmd-lost:p=1.5", "cmd-lost: p takes a probability" },
		{ "cmd-lost:p=nan", "cmd-lost: p takes a probability" },
		{ "cmd-lost:opcode=65536", "cmd-lost: opcode takes a number in its range" },
		{ "cmd-late:ms=60001", "cmd-late: ms takes a number in its range" },
		{ "bd-late:us=10001", "bd-late: us takes a number in its range" },
		{ "reset:val=4", "reset: val takes a number in its range" },
		{ "frame-bad-fcs:val=2", "frame-bad-fcs: val takes a number in its range" },
		{ "frame-truncated:val=0", "frame-truncated: val takes a number in its range" },
		{ "frame-bad-fcs:queue=1", "frame-bad-fcs has no key \"queue\"" },
		{ "cmd-lost:port=32", "cmd-lost: port takes a number in its range" },
		{ "cmd-lost:name=", "cmd-lost: name takes a name of up to 31 characters" },
	};
	struct emu_fault f;
	char why[512];

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(emu_fault_parse(cases[i][0], &f, why, sizeof(why)), -EINVAL);
		if (strncmp(why, cases[i][1], strlen(cases[i][1])) != 0)
			fail_msg("\"%s\" is refused with \"%s\"", cases[i][0], why);
	}
}

static void
sixteen_plans_of_different_names(void **state)
{
	struct rig *rig = *state;
	struct emu_fault f;
	char why[512], plan[64];

	for (unsigned int i = 0; i < 16; i++) {
		snprintf(plan, sizeof(plan), "cmd-lost:name=f%u,nth=1000", i);
		arm(rig, plan);
	}
	assert_int_equal(emu_fault_parse("fw-dead:name=f3", &f, why, sizeof(why)), 0);
	assert_int_equal(emu_fault_arm(rig->dev, &f), -EEXIST);
	strcpy(f.name, "new");
	assert_int_equal(emu_fault_arm(rig->dev, &f), -ENOSPC);
	assert_int_equal(emu_fault_clear(rig->dev, "f3"), 0);
	assert_int_equal(emu_fault_clear(rig->dev, "f3"), -ENOENT);
	assert_int_equal(emu_fault_arm(rig->dev, &f), 0);
	assert_int_equal(emu_fault_set_of(rig->dev)->nb_plans, 16);
	clear(rig);
	assert_int_equal(emu_fault_set_of(rig->dev)->nb_plans, 0);
	assert_true(ask(rig, 0x0033, NULL));
}

/* nth, every, count, and dice that fall as a script computed them. */
static void
when_a_plan_strikes(void **state)
{
	static const struct {
		const char *plan, *strikes;
	} cases[] = {
		{ "cmd-error:nth=3", "..x............................." },
		{ "cmd-error:nth=2,every=3,count=4", ".x..x..x..x....................." },
		{ "cmd-error:opcode=0x0001", "................................" },
		{ "cmd-error:p=0.25,seed=7,count=0", ".x...x..x.x..........x....x....x" },
		{ "cmd-error:p=0.25,seed=8,count=0", "....x...x....x..xx...x....xx...x" },
		{ "cmd-error:p=0.25,seed=7,count=0", ".x...x..x.x..........x....x....x" },
	};
	struct rig *rig = *state;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 6; i++) {
		char got[33] = "";

		arm(rig, cases[i].plan);
		for (unsigned int n = 0; n < 32; n++) {
			got[n] = rig_cmd1(rig, 0x0033, 0x19, NULL) == 6 ? 'x' : '.';
			sum += got[n] == 'x';
		}
		assert_string_equal(got, cases[i].strikes);
		clear(rig);
	}
	assert_int_equal(rig_stat(rig, "faults", "cmd-error"), sum);
}

/* ---- commands ---- */

static void
a_lost_command_is_never_answered(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d;

	arm(rig, "cmd-lost:opcode=0x0033,nth=2");
	assert_true(ask(rig, 0x0033, NULL));
	assert_true(ask(rig, 0x0001, NULL)); /* another one */
	assert_false(ask(rig, 0x0033, &d));
	assert_int_equal(get16(d.b + 2), 0x19); /* untouched */
	assert_int_equal(rig_rd(rig, 0x27014), 2);
	assert_false(emu_dev_is_waiting(rig->dev));
	assert_true(ask(rig, 0x0033, &d)); /* the next one goes on */
	assert_int_equal(get32(d.b + 8), 84);
	assert_int_equal(get16(rig->mem + RIG_CSQ + 2 * 32 + 2), 0x19);
	assert_int_equal(rig_stat(rig, "faults", "cmd-lost"), 1);
}

/* After a lost command the driver may program the queue anew [1:3.7]. */
static void
a_new_queue_forgets_the_lost_command(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d;

	arm(rig, "cmd-lost");
	assert_false(ask(rig, 0x0033, NULL));
	rig_cmdq_init(rig, 1024);
	rig_service(rig);
	assert_true(ask(rig, 0x0033, &d));
	assert_int_equal(get32(d.b + 8), 84);
	arm(rig, "cmd-lost:name=second,nth=3");
	for (unsigned int i = 0; i < 2; i++)
		assert_true(ask(rig, 0x0033, NULL));
	assert_false(ask(rig, 0x0033, NULL));
	rig_cmdq_init(rig, 1024);
	assert_true(ask(rig, 0x0033, &d)); /* without a look between */
	assert_int_equal(get32(d.b + 8), 84);
}

static void
a_late_command_is_answered_late(void **state)
{
	struct rig *rig = *state;
	uint64_t start = deadline_now_ns();

	arm(rig, "cmd-late:ms=30");
	assert_false(ask(rig, 0x0033, NULL));
	while (rig_rd(rig, 0x27014) != rig->csq_next) {
		usleep(1000);
		rig_service(rig);
		assert_true(deadline_now_ns() - start < UINT64_C(5000000000));
	}
	assert_true(deadline_now_ns() - start >= UINT64_C(30000000));
	assert_int_equal(get32(rig->mem + RIG_CSQ + 8), 84);
	assert_true(ask(rig, 0x0033, NULL));
	assert_int_equal(rig_stat(rig, "faults", "cmd-late"), 1);
}

static void
a_command_fails_by_plan(void **state)
{
	struct rig *rig = *state;
	uint8_t data[24] = { 0 };

	arm(rig, "cmd-error:opcode=0x0308,val=9");
	put16(data, 9000);
	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, data), 9);
	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, data), 0);
}

static void
dead_firmware_answers_nothing(void **state)
{
	struct rig *rig = *state;

	arm(rig, "fw-dead");
	for (unsigned int i = 0; i < 5; i++)
		assert_false(ask(rig, 0x0033, NULL));
	assert_int_equal(rig_rd(rig, 0x27014), 0);
	clear(rig);
	assert_true(ask(rig, 0x0033, NULL));
	assert_int_equal(rig_stat(rig, "faults", "fw-dead"), 5);
}

static void
a_command_brings_a_reset(void **state)
{
	struct rig *rig = *state;

	arm(rig, "reset:opcode=0x0308,val=1");
	ask(rig, 0x0033, NULL);
	assert_int_equal(rig_stat(rig, "resets", "global"), 0);
	ask(rig, 0x0308, NULL);
	assert_int_equal(rig_stat(rig, "resets", "global"), 1);
	assert_int_equal(rig_rd(rig, 0x20800) & 0x20, 0x20);
}

/* A reset that takes the queue with it leaves no answer, and no stale command behind. */
static void
a_command_brings_an_flr(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d;

	arm(rig, "reset:val=3,nth=2");
	assert_true(ask(rig, 0x0033, NULL));
	assert_false(ask(rig, 0x0033, &d));
	assert_int_equal(get16(d.b + 2), 0x19); /* untouched */
	assert_int_equal(rig_stat(rig, "faults", "reset"), 1);
	assert_int_equal(rig_rd(rig, 0x27010), 0);
	assert_int_equal(rig_rd(rig, 0x27014), 0);
	rig_cmdq_init(rig, 1024);
	assert_true(ask(rig, 0x0033, &d));
	assert_int_equal(get32(d.b + 8), 84);
}

/* ---- messages, interrupts, link ---- */

/* Messages of the link [1:6.6]: how many are in the receive queue. */
static uint32_t
messages(struct rig *rig)
{
	return rig_rd(rig, 0x27024);
}

static void
messages_go_wrong(void **state)
{
	struct rig *rig = *state;
	struct deadline end = deadline_in_ms(5000);
	uint32_t at = messages(rig);

	emu_dev_link_set(rig->dev, false);
	assert_int_equal(messages(rig), at + 1);
	arm(rig, "mbx-lost:code=201");
	emu_dev_link_set(rig->dev, true);
	assert_int_equal(messages(rig), at + 1);
	arm(rig, "mbx-dup:code=201");
	emu_dev_link_set(rig->dev, false);
	assert_int_equal(messages(rig), at + 3);
	arm(rig, "mbx-late:code=201,ms=20");
	emu_dev_link_set(rig->dev, true);
	rig_service(rig);
	assert_int_equal(messages(rig), at + 3);
	while (messages(rig) != at + 4) {
		assert_false(deadline_has_passed(&end));
		usleep(1000);
		rig_service(rig);
	}
	assert_int_equal(rig->mem[RIG_CRQ + (at + 3) * 32 + 17], 1); /* up */
	emu_dev_link_set(rig->dev, false);
	assert_int_equal(messages(rig), at + 5);
	arm(rig, "mbx-lost:name=other,code=23"); /* another message */
	emu_dev_link_set(rig->dev, true);
	assert_int_equal(messages(rig), at + 6);
}

static void
interrupts_go_wrong(void **state)
{
	struct rig *rig = *state;
	struct deadline end = deadline_in_ms(5000);
	unsigned int before;

	rig_wr(rig, 0x20400, 1);
	rig_service(rig);
	arm(rig, "irq-lost:vector=0");
	before = rig->irqs[0];
	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	assert_int_equal(rig->irqs[0], before);
	assert_int_equal(rig_stat(rig, "faults", "irq-lost"), 1);
	rig_wr(rig, 0x27100, 0); /* the driver has found it by itself */
	rig_service(rig);
	before = rig->irqs[0];
	arm(rig, "irq-spurious:vector=2,ms=5,count=3");
	while (rig->irqs[2] < 3) {
		assert_false(deadline_has_passed(&end));
		usleep(1000);
		rig_service(rig);
	}
	usleep(20000);
	rig_service(rig);
	assert_int_equal(rig->irqs[2], 3);
	assert_int_equal(rig->irqs[0], before);
}

static bool
link_is_up(struct rig *rig)
{
	uint8_t data[24] = { 0 };

	assert_int_equal(rig_cmd1(rig, 0x0307, 0x19, data), 0);
	return data[0] & 1;
}

static void
the_link_flaps(void **state)
{
	struct rig *rig = *state;
	struct deadline end = deadline_in_ms(5000);
	bool was = true;
	unsigned int changes = 0;

	assert_true(link_is_up(rig));
	arm(rig, "link-flap:ms=10,count=2");
	while (changes < 4) {
		bool now = link_is_up(rig);

		changes += now != was;
		was = now;
		assert_false(deadline_has_passed(&end));
		usleep(500);
	}
	usleep(30000);
	assert_true(link_is_up(rig));
	assert_int_equal(rig_stat(rig, "faults", "link-flap"), 2);
	clear(rig);
	arm(rig, "link-flap:ms=10,count=0");
	while (link_is_up(rig)) {
		assert_false(deadline_has_passed(&end));
		usleep(500);
	}
	clear(rig);
	assert_true(link_is_up(rig)); /* as it was before */
}

/* ---- the data path ---- */

/* One frame of 60 bytes; the BD that it is in. */
static uint8_t *
one_frame(struct rig *rig, unsigned int i)
{
	uint8_t frame[60];
	uint8_t *bd = rig_rxbd(rig, 0, i);

	rig_ipv4(frame, 17, 18);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	return bd;
}

static void
bds_lie(void **state)
{
	struct rig *rig = *state;
	uint8_t *bd;

	arm(rig, "bd-bad-len:queue=0,val=40000");
	arm(rig, "bd-bad-count:queue=0,nth=2");
	arm(rig, "bd-bad-index:queue=0,nth=3");
	arm(rig, "bd-bad-len:name=elsewhere,queue=1");
	bd = one_frame(rig, 0);
	assert_int_equal(get16(bd + 12), 40000); /* pkt_len, size */
	assert_int_equal(get16(bd + 14), 40000);
	assert_int_equal(get32(bd + 28) & 0x110, 0x110);
	bd = one_frame(rig, 1);
	assert_int_equal(get16(bd + 12), 60);
	assert_int_equal(get32(bd + 28) & 0x110, 0x010); /* valid, and not the last */
	bd = one_frame(rig, 2);
	assert_int_equal(get16(bd + 20), 0xffff); /* fd_id */
	assert_int_equal(get32(bd + 8), 0xffffffff);
	assert_int_equal(get32(bd + 28) & 0x310, 0x310);
	bd = one_frame(rig, 3);
	assert_int_equal(get16(bd + 12), 60);
	assert_int_equal(get16(bd + 14), 60);
	assert_int_equal(get16(bd + 20), 0);
	assert_int_equal(get32(bd + 28) & 0x310, 0x110);
	assert_int_equal(rig_stat(rig, "faults", NULL), 3);
}

/* What a driver sees that looks at a BD all the time. */
struct looker {
	const uint8_t *bd;
	bool valid_before_words, words_before_valid;
};

static void *
look(void *arg)
{
	struct looker *l = arg;
	struct deadline end = deadline_in_ms(2000);

	while (!deadline_has_passed(&end)) {
		uint32_t base = __atomic_load_n(
				(const uint32_t *)(const void *)(l->bd + 28), __ATOMIC_SEQ_CST);
		uint16_t size = __atomic_load_n(
				(const uint16_t *)(const void *)(l->bd + 14), __ATOMIC_SEQ_CST);

		if (!(base & 0x10) && size != 0)
			l->words_before_valid = true;
		if (!(base & 0x10))
			continue;
		l->valid_before_words = size == 0;
		break;
	}
	return NULL;
}

static void
bds_come_in_pieces(void **state)
{
	struct rig *rig = *state;
	bool torn = false, late = false;

	arm(rig, "bd-torn:us=10000,nth=1,every=2,count=0");
	arm(rig, "bd-late:us=10000,nth=2,every=2,count=0");
	for (unsigned int i = 0; i < 60 && !(torn && late); i++) {
		struct looker l = { .bd = rig_rxbd(rig, 0, i) };
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, look, &l), 0);
		one_frame(rig, i);
		pthread_join(thread, NULL);
		if (i % 2 == 0)
			torn |= l.valid_before_words;
		else
			late |= l.words_before_valid;
		assert_false(i % 2 && l.valid_before_words);
		assert_int_equal(get16(l.bd + 14), 60); /* all is there in the end */
		assert_int_equal(get32(l.bd + 28) & 0x110, 0x110);
	}
	assert_true(torn);
	assert_true(late);
}

static void
dma_is_refused(void **state)
{
	struct rig *rig = *state;
	struct rig_txbd bd = { .buf = RIG_BUFS, .size = 60 };
	uint8_t frame[60];

	rig_ipv4(frame, 17, 18);
	one_frame(rig, 0);
	arm(rig, "dma-refused:nth=2,count=1"); /* the first access looks the ring up */
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_DROPPED);
	assert_int_equal(rig_stat(rig, "rx_drops", "dma_fault"), 1);
	assert_int_equal(rig->mmu.nb_refused, 1);
	assert_int_equal(rig->mmu.faults_read + rig->mmu.faults_write, 0);
	assert_int_equal(get32(rig_rxbd(rig, 0, 1) + 28), 0);
	one_frame(rig, 1);
	clear(rig);
	one_frame(rig, 2);
	rig_tx_put(rig, 0, 0, &bd);
	rig_tx_go(rig, 0, 1);
	assert_int_equal(rig->nb_sent, 1);
	arm(rig, "dma-refused:nth=2,count=1");
	rig_tx_put(rig, 0, 1, &bd);
	rig_tx_go(rig, 0, 1);
	assert_int_equal(rig->nb_sent, 1);
	assert_int_equal(rig_stat(rig, "tx_drops", "dma_fault"), 1);
	rig_tx_put(rig, 0, 2, &bd);
	rig_tx_go(rig, 0, 1);
	assert_int_equal(rig->nb_sent, 2);
}

#define CASE(f)   cmocka_unit_test_setup_teardown(f, rig_setup_cmdq, rig_teardown)
#define CASE_Q(f) cmocka_unit_test_setup_teardown(f, rig_setup_started, rig_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(plans_are_parsed),
		CASE(wrong_plans_are_told_what_is_right),
		CASE(sixteen_plans_of_different_names),
		CASE(when_a_plan_strikes),
		CASE(a_lost_command_is_never_answered),
		CASE(a_new_queue_forgets_the_lost_command),
		CASE(a_late_command_is_answered_late),
		CASE(a_command_fails_by_plan),
		CASE(dead_firmware_answers_nothing),
		CASE(a_command_brings_a_reset),
		CASE(a_command_brings_an_flr),
		CASE_Q(messages_go_wrong),
		CASE_Q(interrupts_go_wrong),
		CASE_Q(the_link_flaps),
		CASE_Q(bds_lie),
		CASE_Q(bds_come_in_pieces),
		CASE_Q(dma_is_refused),
	};

	return RIG_RUN(tests);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_trace.c: golden lines. Commands are sent as a driver would; what is compared is
 * everything behind the time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu_fault.h"
#include "emu_rig.h"
#include "emu_trace.h"

static char *text;
static size_t text_size, text_seen;
static FILE *out;

static int
setup(void **state)
{
	rig_setup_cmdq(state);
	out = open_memstream(&text, &text_size);
	assert_non_null(out);
	text_seen = 0;
	emu_dev_trace_set(((struct rig *)*state)->dev, out);
	return 0;
}

static int
teardown(void **state)
{
	emu_dev_trace_set(((struct rig *)*state)->dev, NULL);
	fclose(out);
	free(text);
	return rig_teardown(state);
}

/* What was traced since the last call, without the times. */
static const char *
traced(void)
{
	static char lines[8192];
	char *to = lines;

	fflush(out);
	while (text_seen < text_size) {
		char *line = text + text_seen, *end = strchr(line, '\n');
		unsigned int s, us;
		int used = 0;

		assert_non_null(end); /* lines are whole */
		*end = '\0';
		if (sscanf(line, "%u.%6u %n", &s, &us, &used) != 2 || used == 0)
			fail_msg("no time: %s", line);
		to += snprintf(to, sizeof(lines) - (size_t)(to - lines), "%s\n", line + used);
		text_seen = (size_t)(end + 1 - text);
	}
	*to = '\0';
	return lines;
}

static void
cmd(struct rig *rig, uint16_t opcode, uint16_t flag, const char *data)
{
	uint8_t bytes[24] = { 0 };

	for (unsigned int i = 0; data[2 * i]; i++)
		sscanf(data + 2 * i, "%2hhx", &bytes[i]);
	rig_cmd1(rig, opcode, flag, bytes);
}

static void
commands_by_field(void **state)
{
	struct rig *rig = *state;

	cmd(rig, 0x0308, 0x11, "f60540");
	assert_string_equal(traced(), "rig cmd 0x0308 CONFIG_MAX_FRM_SIZE write n=1 ret=0 "
				      "max_frame=1526 min_frame=64 ->\n");
	cmd(rig, 0x0309, 0x11, "8501");
	assert_string_equal(traced(),
			"rig cmd 0x0309 CONFIG_SPEED_DUP write n=1 ret=0 speed_code=5 "
			"full_duplex=1 change_fec=1 lanes=0 ->\n");
	cmd(rig, 0x1004, 0x11, "0000000080010000");
	assert_string_equal(traced(), "rig cmd 0x1004 MAC_VLAN_ALLOCATE write n=1 ret=0 free=0 "
				      "wanted=384 -> granted=384\n");
	cmd(rig, 0x1000, 0x19, "010000000200000000a1");
	assert_string_equal(traced(), "rig cmd 0x1000 MAC_VLAN_ADD read n=1 ret=0 flags=0x1 "
				      "mac=02:00:00:00:00:a1 -> resp=1\n");
	cmd(rig, 0x0d01, 0x11, "2000000000000000000102030405060708090a0b0c0d0e0f");
	assert_string_equal(traced(),
			"rig cmd 0x0d01 RSS_GENERIC_CONFIG write n=1 ret=0 algorithm=0 "
			"chunk=2 key=000102030405060708090a0b0c0d0e0f ->\n");
	cmd(rig, 0x0d08, 0x11, "00b0");
	assert_string_equal(traced(), "rig cmd 0x0d08 RSS_TC_MODE write n=1 ret=0 "
				      "tc=[0xb000,0x0,0x0,0x0,0x0,0x0,0x0,0x0] ->\n");
	/* queue 3, counter 5, mark 7 [3:5.8] */
	cmd(rig, 0x1204, 0x11, "00000000020000000eb000000f000000");
	assert_string_equal(traced(),
			"rig cmd 0x1204 FD_AD_OP write n=1 ret=0 stage=0 index=2 drop=0 direct=1 "
			"queue=3 use_counter=1 counter=5 next_step=0 next_key=0 write_rule_id=1 "
			"rule_id=7 region=0 region_log2=0 queue_bit10=0 counter_bit7=0 ->\n");
}

static void
what_is_not_known_is_shown(void **state)
{
	struct rig *rig = *state;

	cmd(rig, 0x0308, 0x11, "f60540000000000000000000000000000000000000000007");
	assert_string_equal(traced(), "rig cmd 0x0308 CONFIG_MAX_FRM_SIZE write n=1 ret=0 "
				      "max_frame=1526 min_frame=64 ?d0+23=0x07 ->\n");
	cmd(rig, 0x4321, 0x19, "00ff");
	assert_string_equal(traced(), "rig cmd 0x4321 ? read n=1 ret=2 ?d0+1=0xff ->\n");
	cmd(rig, 0x0705, 0x19, "");
	assert_string_equal(traced(), "rig cmd 0x0705 QUERY_MAC_TX_PKT_CNT read n=1 ret=2 ->\n");
	assert_int_equal(rig_stat(rig, "unsupported", "0x4321 unknown"), 1);
	assert_int_equal(rig_stat(rig, "unsupported", "0x0705 QUERY_MAC_TX_PKT_CNT"), 1);
}

static void
commands_of_several_descriptors(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d[22] = { rig_desc(0x1203, 0x15), rig_desc(0x1203, 0x15),
		rig_desc(0x1203, 0x11) };

	memcpy(d[0].b + 8, "\0\1\0\0\5\0\0\0\1", 9);
	d[0].b[8 + 16] = 0xaa;
	d[1].b[8] = 0xbb;
	d[2].b[8 + 19] = 0xcc;
	rig_cmd(rig, d, 3);
	assert_string_equal(traced(),
			"rig cmd 0x1203 FD_TCAM_OP write n=3 ret=0 stage=0 is_x=1 port_info=0x0 "
			"index=5 valid=1 key=aa00000000000000 "
			"key8=bb0000000000000000000000000000000000000000000000 "
			"key32=00000000000000000000000000000000000000cc ->\n");
	memset(d, 0, sizeof(d));
	d[0] = rig_desc(0x0034, 0x19);
	rig_cmd(rig, d, 22);
	assert_string_equal(traced(), "rig cmd 0x0034 STATS_MAC_ALL read n=22 ret=0 ->\n");
}

/* Counters that are not 0 are shown by their index; those of frames that came in [3:7.1]. */
static void
raw_answers_are_indexed(void **state)
{
	struct rig *rig = *state;
	struct rig_desc d[22];
	uint8_t frame[60];

	rig_start(rig, 1);
	rig_ipv4(frame, 17, 18);
	assert_int_equal(rig_rx(rig, frame, 60), EMU_RX_TAKEN);
	traced();
	memset(d, 0, sizeof(d));
	d[0] = rig_desc(0x0034, 0x19);
	rig_cmd(rig, d, 22);
	assert_string_equal(traced(),
			"rig cmd 0x0034 STATS_MAC_ALL read n=22 ret=0 -> counter[45]=1 "
			"counter[46]=64 "
			"counter[47]=1 counter[49]=64 counter[51]=1 counter[56]=1 counter[81]=1\n");
}

static void
events_are_lines_too(void **state)
{
	struct rig *rig = *state;
	struct emu_fault f;
	char why[256];

	cmd(rig, 0x701a, 0x11, "01");
	rig_wr(rig, 0x20400, 1);
	rig_service(rig);
	traced();
	emu_dev_link_set(rig->dev, false);
	rig_service(rig);
	assert_string_equal(traced(), "rig link up=0 speed_mbps=100000\n"
				      "rig msg 0x2001 PUSH_LINK_STATUS func=0 need_resp=0 "
				      "match_id=0 code=201 up=0 "
				      "fail=0\n"
				      "rig irq vector=0\n");
	assert_int_equal(emu_fault_parse("cmd-error:val=9", &f, why, sizeof(why)), 0);
	assert_int_equal(emu_fault_arm(rig->dev, &f), 0);
	cmd(rig, 0x0033, 0x19, "");
	assert_string_equal(traced(), "rig fault name=cmd-error occasion=1\n"
				      "rig cmd 0x0033 QUERY_MAC_REG_NUM read n=1 ret=9 -> "
				      "counters=0\n");
	assert_int_equal(emu_reset_trigger(rig->dev, EMU_RESET_GLOBAL), 0);
	assert_string_equal(traced(), "rig reset begins kind=global\n");
}

/* Messages of a VF and to it, as bytes [1:7.2]. */
static void
messages_by_field(void **state)
{
	static const uint8_t data[24] = { 2, 0, 0, 0, 0, 0, 7, 0, 17, 0, 3, 0, 1, 0, 28, 0, 0xab };
	struct rig *rig = *state;

	emu_trace_message(rig->dev, 0x2000, data);
	assert_string_equal(traced(),
			"rig msg 0x2000 PF_VF_RESP func=2 match_id=7 code=17 of_code=3 "
			"of_sub=1 status=28 data=ab00000000000000\n");
	emu_trace_message(rig->dev, 0x2001,
			(const uint8_t[24]){ 0, 1, 1, 0, 0, 0, 9, 0, 3, 1, 2, 0, 0, 0, 0, 0x55 });
	assert_string_equal(traced(), "rig msg 0x2001 SET_UNICAST func=1 need_resp=1 match_id=9 "
				      "code=3 sub=1 mac=02:00:00:00:00:55 "
				      "old_mac=00:00:00:00:00:00\n");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(commands_by_field),
		CASE(what_is_not_known_is_shown),
		CASE(commands_of_several_descriptors),
		CASE(raw_answers_are_indexed),
		CASE(events_are_lines_too),
		CASE(messages_by_field),
	};

	return RIG_RUN(tests);
}

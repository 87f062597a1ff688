/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames through the emulated Tx, for a judge outside: conf_tx_scapy.py writes requests to stdin
 * and reads what was sent from stdout. The argument is the revision. All numbers are little-endian.
 *
 * Request: u32 dw3, dw5, dw6; u16 vlan_tag, outer_tag, mss, number of cuts; u32 length; cuts as
 * u16; the frame. Answer: u32 number of frames; of each u32 length and its bytes.
 */
#include "conf_txrig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t frame[1 << 17];
static FILE *answers;

static void
read_all(void *to, size_t len)
{
	if (fread(to, 1, len, stdin) != len)
		fail_msg("the request is cut short");
}

static void
answer(const struct rig *rig)
{
	uint8_t word[4];

	put32(word, rig->nb_sent);
	fwrite(word, 4, 1, answers);
	for (unsigned int i = 0; i < rig->nb_sent; i++) {
		put32(word, rig->sent[i].len);
		fwrite(word, 4, 1, answers);
		fwrite(rig->sent[i].bytes, 1, rig->sent[i].len, answers);
	}
}

static void
requests(void **state)
{
	struct rig *rig = *state;
	uint8_t head[24], cuts[2 * 64], max[24] = { 0x00, 0x26, 64 }; /* 9728 */

	assert_int_equal(rig_cmd1(rig, 0x0308, 0x11, max), 0);
	while (fread(head, 1, sizeof(head), stdin) == sizeof(head)) {
		struct tx_ask ask = { .dw3 = get32(head),
			.dw5 = get32(head + 4),
			.dw6 = get32(head + 8),
			.vlan_tag = get16(head + 12),
			.outer_tag = get16(head + 14),
			.mss = get16(head + 16) };
		uint32_t nb_cuts = get16(head + 18), len = get32(head + 20);

		assert_true(nb_cuts < 64 && len <= sizeof(frame));
		read_all(cuts, 2 * nb_cuts);
		read_all(frame, len);
		for (uint32_t i = 0; i < nb_cuts; i++)
			ask.cut[i] = get16(cuts + 2 * i);
		tx_send(rig, frame, len, &ask);
		answer(rig);
	}
}

int
main(int argc, char **argv)
{
	bool is_v3 = argc > 1 && strcmp(argv[1], "0x30") == 0;
	const struct CMUnitTest test[] = { cmocka_unit_test_setup_teardown(
			requests, is_v3 ? tx_setup_v3 : tx_setup_caps, rig_teardown) };
	int failed;

	/* stdout is the answers'; cmocka's messages go to stderr */
	answers = fdopen(dup(STDOUT_FILENO), "wb");
	if (!answers || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return EXIT_FAILURE;
	failed = cmocka_run_group_tests(test, NULL, NULL);
	return fclose(answers) == 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

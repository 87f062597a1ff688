/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Conformance rules: what the device has to do, as doc/hns3 says it, judged at register level by a
 * driver of a few lines (emu_rig.h). One block of the device is one program, conf_<block>.c: a
 * table of rules that ends in CONF_MAIN(table). Each rule runs with trapped and with mapped
 * registers and is one line of output, "PASS CONF-RST-03 [1:8.3] sentence", that test/run.sh
 * counts. conf_ids.sh looks after the numbers: none twice, every citation resolves.
 *
 * A check uses cmocka's assertions. Numbers in it are typed from doc/hns3.
 */
#ifndef CONF_H
#define CONF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "emu_rig.h"

/* Where a rule can be seen at all; 0: both. */
#define CONF_TRAPPED_ONLY 0x1u /* single accesses have to be seen */
#define CONF_MAPPED_ONLY  0x2u

struct conf_rule {
	const char *id;             /* "CONF-RST-03" */
	const char *where;          /* "1:8.3": part and section of doc/hns3 */
	const char *says;           /* what the device does: one sentence */
	int (*setup)(void **state); /* rig_setup, rig_setup_cmdq, rig_setup_started, ... */
	void (*check)(struct rig *rig);
	unsigned int flags;
};

/* Run the rules (or with --list, print them); the exit status of main(). */
int conf_main(int argc, char **argv, const struct conf_rule *rules, size_t nb);

#define CONF_MAIN(rules)                                                                           \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return conf_main(argc, argv, rules, sizeof(rules) / sizeof((rules)[0]));           \
	}

#endif

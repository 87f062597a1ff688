/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a table of rules; see conf.h. */
#include "conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rule being run: cmocka's fixtures have no other way to it. */
static const struct conf_rule *rule;
static bool held;

static int
setup(void **state)
{
	return rule->setup(state);
}

static void
check(void **state)
{
	rule->check(*state);
	held = true;
}

static bool
rule_holds(const struct conf_rule *r, bool mapped)
{
	const struct CMUnitTest test[] = {
		{ r->id, check, setup, rig_teardown, NULL },
	};

	if (r->flags & (mapped ? CONF_TRAPPED_ONLY : CONF_MAPPED_ONLY))
		return true;
	rule = r;
	held = false;
	rig_access_set(mapped);
	if (_cmocka_run_group_tests(mapped ? "mapped" : "trapped", test, 1, NULL, NULL) == 0 &&
			held)
		return true;
	printf("%s fails with %s registers\n", r->id, mapped ? "mapped" : "trapped");
	return false;
}

int
conf_main(int argc, char **argv, const struct conf_rule *rules, size_t nb)
{
	bool list = argc > 1 && strcmp(argv[1], "--list") == 0;
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < nb; i++) {
		const struct conf_rule *r = &rules[i];
		const char *verdict = "";

		if (!list) {
			bool trapped = rule_holds(r, false), mapped = rule_holds(r, true);

			verdict = trapped && mapped ? "PASS " : "FAIL ";
			if (!trapped || !mapped)
				status = EXIT_FAILURE;
		}
		printf("%s%s [%s] %s\n", verdict, r->id, r->where, r->says);
		fflush(stdout); /* what a crash leaves says which rule it was */
	}
	return status;
}

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# What the statistics of lib/ppool cost: instructions of a loop that frees and allocates, counted by callgrind with the
# statistics and without (PPOOL_NO_STATS). More than 1 % fails. Instructions, because 1 % of the time drowns in noise.
. "$(dirname "$0")/../support/env.sh"

apis='handler paired_count frag'
limit=1.0
status=0

instructions() { # PROGRAM: a line "API instructions" each to WORK/PROGRAM.count, what it says to WORK/PROGRAM.log
	local api toggles=
	for api in $apis; do toggles="$toggles --toggle-collect=count_$api"; done
	# shellcheck disable=SC2086 # words on purpose
	LD_BIND_NOW=1 timeout -s KILL 120 valgrind --tool=callgrind $toggles --callgrind-out-file="$WORK/$1.out" \
		"$BUILD/test/bench/$1" -l 0 --no-huge --no-shconf --no-pci --no-telemetry -m 256 >"$WORK/$1.log" 2>&1 ||
		fail "$1 under valgrind: status $?"
	# the loop's own line comes first; others of its name are what was inlined into it
	callgrind_annotate --inclusive=yes --threshold=100 "$WORK/$1.out" | tr -d , |
		sed -nE 's/^ *([0-9]+) .*bench_stats\.c:count_([a-z_]+) .*/\2 \1/p' >"$WORK/$1.count"
}
of() { awk -v api="$2" '$1 == api {print $2; exit}' "$WORK/$1.count"; } # PROGRAM API

instructions bench_stats
instructions bench_stats_none
grep -qE '^counted [1-9][0-9]* [1-9][0-9]* [1-9]' "$WORK/bench_stats.log" || fail "nothing was counted with the statistics"
grep -q '^counted 0 0 0$' "$WORK/bench_stats_none.log" || fail "something was counted without the statistics"
for api in $apis; do
	with=$(of bench_stats "$api") without=$(of bench_stats_none "$api")
	[ -n "$with" ] && [ -n "$without" ] || fail "$api: no instructions were counted"
	percent=$(awk -v a="$with" -v b="$without" 'BEGIN {printf "%.2f", 100 * (a - b) / b}')
	echo "RESULT ppool_stats_instructions_$api $percent % $with with them, $without without"
	if awk -v p="$percent" -v l="$limit" 'BEGIN {exit !(p <= l)}'; then
		pass "stats $api: $percent % more instructions"
	else
		echo "FAIL stats $api: $percent % more instructions, may be $limit %"
		status=1
	fi
done
exit $status

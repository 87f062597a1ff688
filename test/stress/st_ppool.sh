#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The cores of the page pool under many threads, with ThreadSanitizer: BUILD is a build directory made with
# -Db_sanitize=thread. 20 s in all, with FULL=1 5 minutes; SEED repeats a run's choices (not its interleaving).
set -uo pipefail
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build-tsan}
log=$(mktemp "${TMPDIR:-/tmp}/pagelift-test.XXXXXX")
trap 'rm -f "$log"' EXIT
export TSAN_OPTIONS=halt_on_error=1
SEED=${SEED:-$(date +%s)}
if [ -n "${FULL:-}" ]; then seconds=75; else seconds=5; fi
status=0

run() { # "NAME" PROGRAM arguments...
	local name=$1 ret
	shift
	timeout -s KILL $((seconds + 120)) "$@" >"$log" 2>&1
	ret=$?
	if [ $ret = 0 ]; then
		echo "PASS $name: $(tail -n 1 "$log")"
	else
		echo "FAIL $name: status $ret"
		head -n 60 "$log"
		status=1
	fi
}

for kind in count bitmap; do
	run "st_ppool_$kind, slots of their own" "$BUILD/test/stress/st_ppool_$kind" 4 $seconds "$SEED" own
	run "st_ppool_$kind, a slot shared, seed $SEED" "$BUILD/test/stress/st_ppool_$kind" 6 $seconds "$SEED" shared
done
run "test_ppool_threads" "$BUILD/test/unit/lib/ppool/test_ppool_threads"
exit $status

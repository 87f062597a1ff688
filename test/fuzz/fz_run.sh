#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Fuzz harnesses, 10 s each; FULL=1: a quarter of an hour each. What libFuzzer finds is kept in the build's fuzz-found/.
# corpus/HARNESS.tar.gz: inputs that reach everything reached so far (libFuzzer's -merge=1), and those that once found
# something, as found-WHAT.
#
#   test/fuzz/fz_run.sh [HARNESS]...     SECONDS_EACH=n overrides the time
set -uo pipefail
cd "$(dirname "$0")/../.."
build=${FUZZ_BUILD:-build-fuzz}
seconds=${SECONDS_EACH:-$([ -n "${FULL:-}" ] && echo 900 || echo 10)}
[ $# -gt 0 ] || set -- tx_bd cmdq mbx vup_msg
command -v clang >/dev/null || {
	echo "SKIP fz_run: clang is not installed (config/packages.txt)"
	exit 77
}
targets=()
for name in "$@"; do targets+=("test/fuzz/fz_$name"); done
if [ ! -f "$build/build.ninja" ]; then
	CC=clang meson setup "$build" -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Dtests=disabled >"$build.log" 2>&1
fi && ninja -C "$build" "${targets[@]}" >>"$build.log" 2>&1 || {
	tail -n 20 "$build.log"
	echo "FAIL fz_run: the build in $build failed"
	exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$PWD/$build/fuzz-found
mkdir -p "$found"
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TMPDIR=$work
export ASAN_OPTIONS=handle_sigbus=0:detect_leaks=1 # SIGBUS is the emulator's own

status=0
for name in "$@"; do
	log=$work/$name.log
	mkdir -p "$work/corpus" "$work/new-$name"
	tar -xzf "test/fuzz/corpus/$name.tar.gz" -C "$work/corpus" || exit 1
	timeout -k 10 $((seconds + 120)) "$build/test/fuzz/fz_$name" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2048 \
		-max_len=8192 -print_final_stats=1 -artifact_prefix="$found/$name-" "$work/new-$name" "$work/corpus/$name" >"$log" 2>&1
	code=$?
	runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)/\1/p' "$log")
	if [ "$code" = 0 ] && [ "${runs:-0}" -gt 100 ]; then
		echo "PASS fz_$name: $runs inputs in $seconds s, $(grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
	else
		tail -n 60 "$log"
		echo "FAIL fz_$name: exit status $code after ${runs:-0} inputs; see $build/fuzz-found"
		status=1
	fi
done
exit "$status"

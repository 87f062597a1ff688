#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Speed of the libraries as ratios to what DPDK has, measured side by side in one process.
#
#   test/bench/run.sh [--smoke | --full] [--only TEXT] [ppool]
#
# Two builds are measured: *generic* with the flags of the distribution's libdpdk.pc (BUILD, default build/), *native* with
# -O3 -march=native (NATIVE, default BUILD with "-native" behind). Rows, one a line:
#
#   RESULT name value unit [95 % interval] note
#
# name_generic and name_native are the builds' own; name without either is the worse of the two. Unit "ratio": the best
# rte_mempool handler / ours, above 1 we are faster; in all other units less is better. --smoke: only that everything runs.
set -uo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

size="--runs 9 --rounds 40 --window 65536" mode= only=
while [ $# -gt 0 ]; do
	case $1 in
	--smoke) mode=smoke size="--runs 1 --rounds 6 --window 16384" ;;
	--full) mode=full size="--runs 31 --rounds 80 --window 65536" ;;
	--only)
		only=${2:?--only takes a part of a row\'s name}
		shift
		;;
	ppool) ;;
	-h | --help)
		sed -n '3,13s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*)
		echo "test/bench/run.sh: unknown argument \"$1\"; see --help" >&2
		exit 2
		;;
	esac
	shift
done

BUILD=${BUILD:-$TOP/build} NATIVE=${NATIVE:-${BUILD:-$TOP/build}-native}
work=$(mktemp -d "${TMPDIR:-/tmp}/pagelift-bench.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

fail() {
	[ -f "$work/log" ] && tail -n 25 "$work/log"
	echo "FAIL bench ppool: $*"
	exit 1
}
build() { # DIR meson arguments...
	local dir=$1
	shift
	{
		[ -f "$dir/build.ninja" ] || meson setup "$dir" "$TOP" "$@"
	} >"$work/log" 2>&1 && ninja -C "$dir" test/bench/bench_ppool >>"$work/log" 2>&1 || fail "no build in $dir"
}

free=$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)
[ "$free" -ge 320 ] || { echo "320 free hugepages of 2 MiB are needed, there are $free"; exit 77; }
lcores=0
[ "$(nproc)" -ge 2 ] && lcores=0,1 || echo "one CPU only: no rows with two lcores"
build "$BUILD"
build "$NATIVE" -Dbuildtype=release -Dc_args=-march=native -Dtests=disabled
for kind in generic native; do
	dir=$BUILD
	[ $kind = native ] && dir=$NATIVE
	# shellcheck disable=SC2086 # words on purpose
	"$dir/test/bench/bench_ppool" -l $lcores --in-memory --no-pci --no-telemetry --log-level=error -- \
		--build _$kind ${only:+--only "$only"} $size >"$work/log" 2>&1 || fail "the $kind build: exit status $?"
	grep '^RESULT ' "$work/log" | tee "$work/$kind" || fail "the $kind build measured nothing"
done
awk '
	{ name = $2; sub(/_(generic|native)$/, "", name) }
	!(name in worst) { order[++nb] = name; worst[name] = $3; line[name] = $0; next }
	$4 == "ratio" ? $3 < worst[name] : $3 > worst[name] { worst[name] = $3; line[name] = $0 }
	END {
		for (i = 1; i <= nb; i++) {
			$0 = line[order[i]]
			build = $2; sub(/.*_/, "", build)
			print "RESULT", order[i], $3, $4, $5, $6, build
		}
	}' "$work/generic" "$work/native"
echo "PASS bench ppool${mode:+ $mode}: $(wc -l <"$work/generic") rows of each build"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From a bare Debian 12 to all tests.
#
#   test/run.sh [--full] [--only TIER]...
#
# TIER: lint, unit, conformance, model, mempool, datapath, vm, bench, compat, sanitize, stress, fuzz. As root it installs the packages
# of config/packages.txt that are missing and reserves hugepages of 2 MiB if there are fewer than 512; it changes nothing
# else on the system. Caches: ~/.cache/pagelift. Builds: build/, and build-* for other compilers' flags.
# A script prints PASS, FAIL or SKIP lines, one a case; the last line counts them all. The tier bench only shows that the
# benchmarks run; test/bench/run.sh and test/bench/emu.sh measure.
set -uo pipefail
cd "$(dirname "$0")/.."

only= full=
while [ $# -gt 0 ]; do
	case $1 in
	--full) full=1 ;;
	--only)
		case ${2:-} in
		lint | unit | conformance | model | mempool | datapath | vm | bench | compat | sanitize | stress | fuzz) only="$only $2" ;;
		*)
			echo "test/run.sh: --only takes one of the tiers in --help, not \"${2:-}\"" >&2
			exit 2
			;;
		esac
		shift
		;;
	-h | --help)
		sed -n '3,11s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*)
		echo "test/run.sh: unknown argument \"$1\"; see --help" >&2
		exit 2
		;;
	esac
	shift
done
export FULL=$full
wanted() { [ -z "$only" ] || case " $only " in *" $1 "*) true ;; *) false ;; esac; }

passed=0 failed=0 skipped=0
logs=build/test-logs

die() {
	echo "test/run.sh: $*" >&2
	exit 1
}

build() { # DIR meson arguments...; targets: what to build, all if it is not set
	local dir=$1
	shift
	if [ -f "$dir/build.ninja" ]; then
		meson setup --reconfigure "$dir" >"$dir.log" 2>&1
	else
		meson setup "$dir" "$@" >"$dir.log" 2>&1
	fi && ninja -C "$dir" ${targets:-} >>"$dir.log" 2>&1 || {
		tail -n 40 "$dir.log"
		die "the build in $dir failed"
	}
	mkdir -p "$dir/test-logs"
}

# Count the PASS, FAIL and SKIP lines of one run; a script that ends badly without saying so counts as a failure.
count() { # NAME STATUS LOG
	local p f s
	p=$(grep -c '^PASS ' "$3") f=$(grep -c '^FAIL ' "$3") s=$(grep -c '^SKIP ' "$3")
	if [ "$2" = 77 ] && [ "$s" = 0 ]; then
		echo "SKIP $1: $(tail -n 1 "$3")"
		s=1
	elif [ "$2" != 0 ] && [ "$2" != 77 ] && [ "$f" = 0 ]; then
		echo "FAIL $1: exit status $2"
		tail -n 20 "$3"
		f=1
	elif [ "$2" = 0 ] && [ "$p$f$s" = 000 ]; then
		echo "FAIL $1: it ran no case"
		f=1
	fi
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

run_script() { # BUILD SCRIPT arguments...
	local build=$1 script=$2 name log status limit=1200
	[ -z "$full" ] || limit=7200
	name=$(basename "$script" .sh) log=$build/test-logs/$(basename "$script").log
	shift 2
	BUILD=$build timeout -k 10 "$limit" bash "$script" "$@" </dev/null >"$log" 2>&1
	status=$?
	[ "$status" = 124 ] && echo "FAIL $name: did not end within $limit s" >>"$log"
	grep -E '^(PASS|FAIL|SKIP|RESULT) ' "$log"
	if [ "$status" != 0 ] && grep -q '^FAIL ' "$log"; then sed -n '/^FAIL /,$p' "$log" | tail -n 60; fi
	count "$name" "$status" "$log"
}

# The tests of one suite, each a case; and the rules that conformance programs print, each a case, too.
run_meson_tests() { # BUILD SUITE
	local log=$1/test-logs/$2.log
	meson test -C "$1" --suite "$2" --no-rebuild --print-errorlogs --logbase "pagelift-$2" >"$log" 2>&1
	sed -nE 's/^ *[0-9]+\/[0-9]+ +(pagelift:[a-z]+ \/ )?([A-Za-z0-9_-]+) +(OK|FAIL|SKIP|TIMEOUT|ERROR).*/\3 \2/p' "$log" |
		sed 's/^OK /PASS /; s/^\(TIMEOUT\|ERROR\) /FAIL /; s/^SKIP \(.*\)/SKIP \1: see the log/' >"$log.lines"
	grep -hE '^(PASS|FAIL) CONF-' "$1/meson-logs/pagelift-$2.txt" >>"$log.lines"
	cat "$log.lines"
	if grep -q '^FAIL ' "$log.lines"; then tail -n 60 "$log"; fi
	count "$2" "$([ -s "$log.lines" ] && echo 0 || echo 1)" "$log.lines"
}

. config/setup.sh
setup_packages
setup_hugepages 512
wanted lint && {
	mkdir -p "$logs"
	for s in devtools/check-*.sh; do run_script build "$s"; done
}
if wanted unit || wanted conformance || wanted model || wanted mempool || wanted datapath || wanted vm || wanted bench; then
	build build
	wanted unit && run_meson_tests build unit
	wanted conformance && run_meson_tests build conformance
	wanted model && [ -d test/model ] && run_meson_tests build model
	for tier in conformance mempool datapath vm; do
		wanted "$tier" || continue
		for s in test/"$tier"/*.sh; do
			[ -f "$s" ] || continue
			[ "$(basename "$s")" = conf_ids.sh ] || run_script build "$s" # Meson runs that one, with arguments
		done
	done
	wanted bench && {
		run_script "$PWD/build" test/bench/run.sh --smoke ppool
		run_script build test/bench/stats.sh
		run_script build test/bench/emu.sh --smoke
	}
fi
wanted compat && {
	mkdir -p "$logs"
	for s in test/compat/*.sh; do run_script build "$s"; done
}
wanted sanitize && {
	build build-asan -Db_sanitize=address,undefined -Db_lundef=false
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	run_meson_tests build-asan unit
	for s in test/sanitize/*.sh; do [ -f "$s" ] && run_script build-asan "$s"; done
}
wanted stress && {
	targets="test/stress/st_ppool_count test/stress/st_ppool_bitmap test/unit/lib/ppool/test_ppool_threads" \
		build build-tsan -Db_sanitize=thread -Db_lundef=false -Dtests=enabled
	for s in test/stress/*.sh; do run_script build-tsan "$s"; done
}
wanted fuzz && {
	mkdir -p "$logs"
	for s in tx_bd cmdq mbx vup_msg; do run_script build test/fuzz/fz_run.sh "$s"; done
}
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

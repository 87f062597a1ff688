#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Pools of a primary process in secondaries: plugins in the same order, in another one, without ours, with a handler
# missing; on the same lcore; killed.
. "$(dirname "$0")/../support/env.sh"

[ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -ge 64 ] || { echo "no hugepages, and processes share no other memory"; exit 77; }
export LIBPPOOL=$BUILD/lib/ppool/libppool.so
stack=$(find /usr/lib /usr/local/lib -name 'librte_mempool_stack.so*' 2>/dev/null | sort | head -n 1)
[ -n "$stack" ] || { echo "DPDK has no librte_mempool_stack.so"; exit 77; }
eal="--file-prefix $PREFIX --no-pci --no-telemetry"

run() { # NAME CASE EXPECTED "primary's arguments" "secondary's arguments"
	local log=$WORK/$1.log
	# shellcheck disable=SC2086 # words on purpose
	timeout -s KILL 90 "$BUILD/test/mempool/mp_secondary" -l 0 $eal $4 -- "$2" "$3" \
		mp_secondary --proc-type=secondary $eal $5 -- "$2" >"$log" 2>&1 </dev/null || fail "$1: status $?"
	rm -f "/dev/hugepages/${PREFIX}"map_*
}
told() { grep -qF -- "$2" "$WORK/$1.log" || fail "$1: no line \"$2\""; }
quiet() { ! grep -q 'ppool: ' "$WORK/$1.log" || fail "$1: a line of ppool's where none is due"; }

ours="-d $LIBPPOOL -d $stack" other="-d $stack -d $LIBPPOOL"
run same_order use ok "$ours" "-l 1 $ours"
quiet same_order
pass "mp_secondary: plugins in the same order"
run other_order use ok "$ours" "-l 1 $other"
told other_order "mempool handlers of the primary process: ppool ppool_paired"
told other_order "mempool handlers of this process: stack"
told other_order "give both processes the same -d plugins in the same order; this process's are in the primary's order now"
pass "mp_secondary: plugins in another order are told, and put right"
EXTRA=1 run a_handler_missing use ok "$ours" "-l 1 $ours"
told a_handler_missing "the primary's mempool handler extra is not loaded in this process"
EXTRA=1 run its_pool_refused refused ok "$ours" "-l 1 $ours"
told its_pool_refused "pool extra: used, but the handler that the primary has at index 0 is not loaded in this process"
pass "mp_secondary: a handler that is missing refuses, the others serve"
EXTRA=1 run only_the_secondary refused ok "" "-l 1 $ours"
told only_the_secondary "the primary process does not know libppool"
told only_the_secondary "pool extra was not made by handler ppool"
pass "mp_secondary: a pool of another handler at our index is refused"
run without_ours foreign segv "$ours" "-l 1"
pass "mp_secondary: without libppool the secondary ends, and the pool takes no harm"
run same_lcore share ok "$ours" "-l 0 $ours"
told same_lcore "ppool: lcore 0 is process"
pass "mp_secondary: two processes on one lcore id"
for i in $(seq $((${FULL:+25} + 5))); do
	run "killed$i" die kill "$ours" "-l 1 $ours"
done
pass "mp_secondary: killed in the middle, the primary goes on"

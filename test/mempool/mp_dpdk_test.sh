#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The distribution's dpdk-test, unmodified: its mempool and mbuf tests with our handler as the default one. (Most of its
# mempool cases use the ring handler whatever is asked; mp_cases.sh has them all.)
. "$(dirname "$0")/../support/env.sh"

command -v dpdk-test >/dev/null || { echo "dpdk-test is not installed"; exit 77; }
memory=--in-memory
[ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -ge 256 ] || memory="--no-huge --no-shconf -m 1024"
for t in mempool_autotest mbuf_autotest; do
	# shellcheck disable=SC2086 # words on purpose
	DPDK_TEST=$t timeout -s KILL 200 dpdk-test -l 0,1 --no-pci $memory -d "$BUILD/lib/ppool/libppool.so" \
		--mbuf-pool-ops-name=ppool >"$WORK/$t.log" 2>&1 || fail "$t: exit status is not 0"
	grep -q '^Test OK' "$WORK/$t.log" || fail "$t: no \"Test OK\""
	if [ $t = mempool_autotest ]; then
		grep -q 'ops_name: <ppool>' "$WORK/$t.log" || fail "$t: no pool had our handler"
	fi
	pass "mp_dpdk_test $t with --mbuf-pool-ops-name=ppool"
done

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Pools under EAL, case by case, in hugepages and in pages of 4 KiB.
. "$(dirname "$0")/../support/env.sh"

run() { # NAME "EAL arguments"
	local prog=$1 status
	# shellcheck disable=SC2086 # words on purpose
	timeout -s KILL 120 "$BUILD/test/mempool/$prog" -l 0,1 --no-pci --no-telemetry $2 >"$WORK/$prog.log" 2>&1
	status=$?
	grep -oE '\[  FAILED  \] [a-z0-9_]+$' "$WORK/$prog.log" | sort -u | sed "s/.* /FAIL $prog $3: /"
	[ $status = 0 ] || fail "$prog $3: status $status"
	pass "$prog $3: $(grep -oE '\[       OK \]' "$WORK/$prog.log" | wc -l) cases"
}
set +e
for prog in mp_handler mp_paired mp_frag mp_extbuf mp_life mp_review mp_mbuf_ops mp_nth; do
	if [ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -ge 128 ]; then
		run $prog "--in-memory" "in hugepages"
	fi
	run $prog "--no-huge --no-shconf -m 512" "without hugepages"
done

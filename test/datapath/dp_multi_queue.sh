#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Four queues and 256 flows: RSS spreads them over every queue, for the distribution's driver and for ours; each stream is conserved.
. "$(dirname "$0")/../support/env.sh"

run() { # DRIVER
	emu_start --port "socket=$WORK/p0.sock,wire=gen:size=64,rate=100000,flows=256" --port "socket=$WORK/p1.sock,wire=null"
	# shellcheck disable=SC2046 # words on purpose
	timeout -s KILL 60 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$1" -a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=$1" \
		-- --disable-link-check --rxq 4 --txq 4 --run-seconds 2 --report "$WORK/app.json" >"$WORK/app.log" 2>&1 ||
		fail "$1: exit status is not 0"
	emu_stop
	emu_is_clean
	spread=$(python3 - "$WORK/app.json" <<-'PY'
		import json, sys
		r = json.load(open(sys.argv[1]))
		assert all(s["conserved"] for s in r["streams"])
		got = [s["in"] for s in r["streams"] if s["rx_port"] == 0]
		assert len(got) == 4 and min(got) > sum(got) / 16, got
		assert sum(got) > 100000, got
		print(got)
	PY
	) || fail "$1: not conserved, or badly spread"
	pass "dp_multi_queue $1: packets by queue $spread"
}
run net_hns3
run net_hns3_pmd

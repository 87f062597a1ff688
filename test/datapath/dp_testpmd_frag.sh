#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# testpmd_frag forwards random frames byte-identically; its own account (in = out + named drops, per stream) and the device's agree.
. "$(dirname "$0")/../support/env.sh"

FRAMES=10000
run() { # NAME HIGH "arguments"
	python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 "$2" 5
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
	# shellcheck disable=SC2046,SC2086 # words on purpose
	timeout -s KILL 60 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
		-d "$BUS" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" \
		-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=net_hns3" \
		-- --disable-link-check --exit-when-idle 500 --report "$WORK/app.json" $3 >"$WORK/app.log" 2>&1 ||
		fail "$1: exit status is not 0"
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$1: frames differ"
	emu_is_clean
	python3 - "$WORK/app.json" "$FRAMES" <<-'PY' || fail "$1: the report is wrong"
		import json, sys
		r, n = json.load(open(sys.argv[1])), int(sys.argv[2])
		assert all(s["conserved"] for s in r["streams"])
		assert sum(s["in"] for s in r["streams"]) == n == sum(s["out"] for s in r["streams"])
		assert r["ports"][0]["ipackets"] == n == r["ports"][1]["opackets"]
		assert all(p["in_flight"] == 0 for p in r["pools"])
	PY
	pass "dp_testpmd_frag $1: $FRAMES frames identical, conserved per stream, 0 buffers missing"
}
run simple 1500 ""
run scattered 9000 "--max-pkt-len=9600"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Frames of more segments than the device takes (8) are copied into fewer and counted, not dropped; with page fragments and with a
# stock pool. Ten segments of 100 bytes in, one frame of 1000 out, all with the same payload as a frame of one segment.
. "$(dirname "$0")/../support/env.sh"

run() { # MODE
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:out=$WORK/out.pcap"
	# shellcheck disable=SC2046 # words on purpose
	timeout -s KILL 60 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3_pmd" \
		-- --forward-mode=txonly --txpkts=100,100,100,100,100,100,100,100,100,100 --rx-mode="$1" --run-seconds 1 \
		--report "$WORK/app.json" >"$WORK/app.log" 2>&1 || fail "$1: exit status is not 0"
	emu_stop
	emu_is_clean
	said=$(python3 - "$WORK/app.json" "$WORK/out.pcap" <<-'PY'
		import json, struct, sys
		r = json.load(open(sys.argv[1]))
		port, = r["ports"]
		n, x = port["opackets"], port["xstats"]
		assert n > 1000 and x["tx_linearised_packets"] == n, (n, x)
		assert all(v == 0 for k, v in x.items() if k.endswith("drops")), x
		assert r["streams"][0]["conserved"] and r["pools"][0]["in_flight"] == 0
		data, at, frames, sums = open(sys.argv[2], "rb").read(), 24, 0, set()
		sizes = set()
		while at < len(data): caplen, = struct.unpack_from("<I", data, at + 8); sizes.add(caplen); at += 16 + caplen; frames += 1
		assert sizes == {1000} and frames == n, (sizes, frames, n)
		print(n)
	PY
	) || fail "$1: not all frames were linearised, counted and sent"
	pass "dp_linearise $1: $said frames of 10 segments, linearised, none dropped"
}
run frag
run object

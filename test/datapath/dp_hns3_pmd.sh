#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Our driver: the distribution's unmodified dpdk-testpmd with ring_mp_mc pools, and testpmd_frag, forward random frames byte-identically.
. "$(dirname "$0")/../support/env.sh"

FRAMES=10000
PMD=$BUILD/drivers/net/hns3_pmd/librte_net_hns3_pmd.so
start() { # HIGH
	python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 "$1" 77
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
}
check() { # NAME
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$1: frames differ"
	emu_is_clean
	pass "dp_hns3_pmd $1: $FRAMES frames identical, 0 faults, 0 driver errors"
}
testpmd() { # NAME HIGH "testpmd arguments"
	start "$2"
	testpmd_run "$FRAMES" "$WORK/out.pcap" "$(memory_args 256) -d $PMD" "$3" ",driver=net_hns3_pmd"
	grep -q "RX-packets: $FRAMES  *RX-dropped: 0" "$WORK/testpmd.log" || fail "$1: testpmd's count differs"
	check "testpmd $1"
}
frag() { # NAME HIGH "arguments"
	start "$2"
	# shellcheck disable=SC2046,SC2086 # words on purpose
	timeout -s KILL 60 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock" -a "vfio_user:vfu1,socket=$WORK/p1.sock" \
		-- --exit-when-idle 500 --report "$WORK/app.json" $3 >"$WORK/app.log" 2>&1 || fail "$1: exit status is not 0"
	grep -q 'Port 0 .*net_hns3_pmd.*link up' "$WORK/app.log" || fail "$1: port 0 is not ours, or its link is not up"
	python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); sys.exit(not all(s["conserved"] for s in r["streams"]))' \
		"$WORK/app.json" || fail "$1: not conserved"
	check "testpmd_frag $1"
}
testpmd simple 1500 "--max-pkt-len=1518"
testpmd scattered 9000 "--max-pkt-len=9600 --enable-scatter --tx-offloads=0x8000"
frag simple 1500 ""
frag scattered 9000 "--max-pkt-len=9600"

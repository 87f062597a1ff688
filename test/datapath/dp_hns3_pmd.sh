#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Our driver: the distribution's unmodified dpdk-testpmd with ring_mp_mc and with ppool pools, and testpmd_frag with page fragments
# and with a stock pool, forward random frames byte-identically; with fragments of either kind, pages come back and none is missing.
. "$(dirname "$0")/../support/env.sh"

FRAMES=10000
PPOOL=$BUILD/lib/ppool/libppool.so
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
testpmd() { # NAME HIGH "testpmd arguments" ["EAL arguments"]
	start "$2"
	testpmd_run "$FRAMES" "$WORK/out.pcap" "$(memory_args 256) -d $PMD ${4:-}" "$3" ",driver=net_hns3_pmd"
	grep -q "RX-packets: $FRAMES  *RX-dropped: 0" "$WORK/testpmd.log" || fail "$1: testpmd's count differs"
	check "testpmd $1"
}
frag() { # NAME HIGH count|bitmap|object "arguments"
	start "$2"
	# shellcheck disable=SC2046,SC2086 # words on purpose
	timeout -s KILL 60 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock" -a "vfio_user:vfu1,socket=$WORK/p1.sock" \
		-- --exit-when-idle 500 --report "$WORK/app.json" $([ "$3" = object ] && echo --rx-mode=object || echo "--page-kind=$3") $4 >"$WORK/app.log" 2>&1 || fail "$1: exit status is not 0"
	grep -q 'Port 0 .*net_hns3_pmd.*link up' "$WORK/app.log" || fail "$1: port 0 is not ours, or its link is not up"
	pages=$(python3 - "$WORK/app.json" "$FRAMES" "$3" <<-'PY'
		import json, sys
		r, n = json.load(open(sys.argv[1])), int(sys.argv[2])
		assert all(s["conserved"] for s in r["streams"])
		assert sum(s["in"] for s in r["streams"]) == n == sum(s["out"] for s in r["streams"])
		pool, = r["pools"]
		assert pool["in_flight"] == 0
		assert ("ppool" in pool) == (sys.argv[3] != "object")
		p = pool.get("ppool")
		assert not p or (p["alloc_refill_pages"] > 0 and (p["recycle_charges"] > 0) == (sys.argv[3] == "count") and p["violations"] == 0), p
		assert not p or p["alloc_frags"] == p["recycle_cached_frags"] + p["recycle_ring_frags"] >= n, p
		if p: print("; pages recycled:", p["alloc_refill_pages"], "bias charges:", p["recycle_charges"], "in flight: 0")
	PY
	) || fail "$1: the report is wrong"
	check "testpmd_frag $1$pages"
}
testpmd simple 1500 "--max-pkt-len=1518"
testpmd scattered 9000 "--max-pkt-len=9600 --enable-scatter --tx-offloads=0x8000"
testpmd "simple, --mbuf-pool-ops-name=ppool" 1500 "--max-pkt-len=1518" "-d $PPOOL --mbuf-pool-ops-name=ppool"
testpmd "scattered, --mbuf-pool-ops-name=ppool" 9000 "--max-pkt-len=9600 --enable-scatter --tx-offloads=0x8000" \
	"-d $PPOOL --mbuf-pool-ops-name=ppool"
for mode in count bitmap object; do
	frag "$mode simple" 1500 $mode ""
	frag "$mode scattered" 9000 $mode "--max-pkt-len=9600"
done

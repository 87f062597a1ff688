#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The bus shares memory in each way that EAL can hold it: every mode forwards the same frames without an IOMMU fault. So it does
# while pages come and go under traffic; and buffers in an application's own memory, which has no file, are reached by messages.
. "$(dirname "$0")/../support/env.sh"

FRAMES=2000
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 1500 4711

run() { # NAME "EAL arguments" ["testpmd arguments"]
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" \
		--port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
	testpmd_run "$FRAMES" "$WORK/out.pcap" "$2" "--max-pkt-len=1518 ${3:-}" ",driver=net_hns3"
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$1: frames differ"
	emu_is_clean
	[[ $1 != external* ]] || [ "$(emu_value 'ports[1]["iommu"]["by_message"]')" -ge "$FRAMES" ] || fail "$1: not by messages"
	pass "dp_memory_modes $1: $FRAMES frames, at most $(emu_value 'ports[0]["iommu"]["peak_maps"]') maps, 0 faults"
}

# hot_memory on one port, in by its wire and out again.
hot() { # NAME eal|external "EAL arguments"
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap,out=$WORK/out.pcap"
	# shellcheck disable=SC2086 # words on purpose
	timeout -s KILL 40 "$BUILD/test/datapath/hot_memory" -l 0 --no-pci --file-prefix "$PREFIX" $3 -d "$BUS" \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" -- "$FRAMES" "$2" >"$WORK/app.log" 2>&1 || fail "$1: the application failed"
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$1: frames differ"
	emu_is_clean
	[ "$2" = external ] || [ "$(emu_value 'ports[0]["iommu"]["unmapped"] > ports[0]["iommu"]["peak_maps"]')" = True ] ||
		fail "$1: no page has come and gone"
	[ "$2" = eal ] || [ "$(emu_value 'ports[0]["iommu"]["by_message"]')" -ge $((2 * FRAMES)) ] || fail "$1: not by messages"
	pass "dp_memory_modes $1: $FRAMES frames, $(tail -n 1 "$WORK/app.log"), 0 faults"
}

run no-huge "--no-huge -m 256"
if [ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -lt 160 ]; then
	echo "SKIP dp_memory_modes hugepages: fewer than 160 free hugepages of 2 MiB"
	exit 0
fi
run default "-m 256"
run single-file-segments "-m 256 --single-file-segments"
run in-memory "-m 256 --in-memory"
run huge-unlink "-m 256 --huge-unlink"
run legacy-mem "-m 256 --legacy-mem"
run external-heap "-m 256" "--mp-alloc=xmemhuge"
hot on-demand eal ""
hot on-demand-single-file-segments eal "--single-file-segments"
hot on-demand-in-memory eal "--in-memory"
hot external-by-dma-map external ""

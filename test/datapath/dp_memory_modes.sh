#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The bus shares memory in each way that EAL can hold it: every mode forwards the same frames without an IOMMU fault.
. "$(dirname "$0")/../support/env.sh"

FRAMES=2000
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 1500 4711

run() { # NAME "EAL arguments"
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" \
		--port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
	testpmd_run "$FRAMES" "$WORK/out.pcap" "$2" "--max-pkt-len=1518" ",driver=net_hns3"
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$1: frames differ"
	emu_is_clean
	pass "dp_memory_modes $1: $FRAMES frames, at most $(emu_value 'ports[0]["iommu"]["peak_maps"]') maps, 0 faults"
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

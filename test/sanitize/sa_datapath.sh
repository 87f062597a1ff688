#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The path with AddressSanitizer and UndefinedBehaviorSanitizer in the emulator, the bus, our driver, the page pool and the application: frames are
# identical, and no sanitizer speaks. Leaks are looked for in the emulator; DPDK's own at exit are not ours.
. "$(dirname "$0")/../support/env.sh"

FRAMES=2000
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 9000 31
run() { # DRIVER MODE
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
	ASAN_OPTIONS=detect_leaks=0 timeout -s KILL 120 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --no-huge -m 256 \
		--file-prefix "$PREFIX" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$1" \
		-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=$1" \
		-- --disable-link-check --max-pkt-len 9600 --rx-mode=$2 --exit-when-idle 1000 >"$WORK/app.log" 2>&1 || fail "the application ends badly"
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "frames differ"
	emu_is_clean
	if grep -E 'AddressSanitizer|LeakSanitizer|runtime error' "$WORK/emu.log" "$WORK/app.log"; then fail "a sanitizer speaks"; fi
	pass "sa_datapath $1 $2: $FRAMES frames of 60 to 9000 bytes identical, sanitizers silent"
}
run net_hns3_pmd frag
run net_hns3_pmd object
run net_hns3 object

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The whole path as arm64 programs under qemu-user: emulator, bus, driver, pools and application, with our driver in fragments
# and in whole buffers, and with the distribution's, whose burst functions on arm64 are not those of x86.
. "$(dirname "$0")/../support/arm64.sh"
arm64_build
. "$TOP/test/support/env.sh"
for prog in mp_handler mp_paired; do
	timeout -s KILL 120 "${WRAPPER[@]}" "$BUILD/test/mempool/$prog" -l 0,1 --no-pci --no-telemetry --no-huge --no-shconf -m 512 \
		>"$WORK/$prog.log" 2>&1 || fail "$prog: exit status is not 0"
	pass "arm64 $prog: $(grep -c '^\[       OK \]' "$WORK/$prog.log") cases"
done

FRAMES=2000
printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${WRAPPER[*]}" "$EMU" >"$WORK/emu"
chmod +x "$WORK/emu"
EMU=$WORK/emu
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 9000 31
run() { # DRIVER MODE
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
	timeout -s KILL 60 "${WRAPPER[@]}" "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --no-huge -m 256 \
		--file-prefix "$PREFIX" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$1" \
		-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=$1" \
		-- --disable-link-check --max-pkt-len 9600 --rx-mode="$2" --exit-when-idle 1000 >"$WORK/app.log" 2>&1 ||
		fail "$1 $2: the application ends badly"
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$1 $2: frames differ"
	emu_is_clean
	pass "arm64 $1 $2: $FRAMES frames of 60 to 9000 bytes identical"
}
run net_hns3_pmd frag
run net_hns3_pmd object
run net_hns3 object

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# kill -9 of the application in mid-traffic: the emulator forgets all its memory and serves the next one.
# kill -9 of the emulator in mid-traffic: the application says so, ends in bounded time; a new emulator takes over the socket.
. "$(dirname "$0")/../support/env.sh"

DRIVER=${DRIVER:-net_hns3}
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" 1000 60 1500 99
MEM=$(memory_args 256)

ports() { emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap,loop" --port "socket=$WORK/p1.sock,wire=null"; }

app_start() {
	# shellcheck disable=SC2086 # words on purpose
	(sleep 30 | exec stdbuf -oL dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $MEM -d "$BUS" \
		-d "$BUILD/drivers/net/hns3_pmd/librte_net_hns3_pmd.so" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$DRIVER" \
		-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=$DRIVER" \
		-- -i --auto-start --disable-link-check --total-num-mbufs=16384 --max-pkt-len=1518) >"$WORK/testpmd.log" 2>&1 &
	local i
	for i in $(seq 150); do
		APP_PID=$(pgrep -f "dpdk-testpmd .*--file-prefix $PREFIX " | tail -n 1 || true)
		grep -q 'io packet forwarding' "$WORK/testpmd.log" && [ -n "$APP_PID" ] && { sleep 1; return 0; }
		sleep 0.1
	done
	fail "testpmd does not forward"
}

ports
app_start
kill -9 "$APP_PID"
for i in $(seq 50); do
	grep -q 'port 1: client gone' "$WORK/emu.log" && break
	sleep 0.1
done
grep -q 'port 0: client gone' "$WORK/emu.log" || fail "the emulator did not notice that its client is gone"
APP_PID=
rm -f /dev/hugepages/"${PREFIX}"map_*
app_start
kill -9 "$APP_PID"
APP_PID=
sleep 0.5
emu_stop
emu_is_clean
[ "$(emu_value 'ports[0]["clients"]')" = 2 ] || fail "the emulator did not serve a second client"
[ "$(emu_value 'ports[1]["wire"]["tx_pkts"]')" -gt 1000 ] || fail "there was no traffic"
pass "dp_kill $DRIVER application: two clients killed in mid-traffic, no map left, 0 faults"

rm -f /dev/hugepages/"${PREFIX}"map_*
ports
app_start
kill -9 "$EMU_PID"
wait "$EMU_PID" 2>/dev/null || true
EMU_PID=
for i in $(seq 50); do
	grep -qi 'vfu0.*\(gone\|hung up\|lost\|closed\)' "$WORK/testpmd.log" && break
	sleep 0.1
done
grep -i 'vfu0.*\(gone\|hung up\|lost\|closed\)' "$WORK/testpmd.log" | head -n 1 || fail "the bus does not say that the emulator is gone"
kill -INT "$APP_PID"
for i in $(seq 300); do
	kill -0 "$APP_PID" 2>/dev/null || break
	sleep 0.1
done
kill -0 "$APP_PID" 2>/dev/null && fail "testpmd did not end within 30 s after the emulator's death"
APP_PID=
[ -S "$WORK/p0.sock" ] || fail "there is no stale socket to take over"
ports
emu_stop
[ ! -e "$WORK/p0.sock" ] || fail "the emulator left its socket behind"
pass "dp_kill $DRIVER emulator: reported, application ended, stale socket taken over and removed"

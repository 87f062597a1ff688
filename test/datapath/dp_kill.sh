#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# kill -9 of the application in mid-traffic: the emulator forgets all its memory and serves the next one.
# kill -9 of the emulator in mid-traffic: the application says so, ends in bounded time; a new emulator takes over the socket.
. "$(dirname "$0")/../support/env.sh"

DRIVER=${DRIVER:-net_hns3}
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" 1000 60 1500 99
MEM=$(memory_args 256)

ports() { emu_start --ctl "$WORK/ctl" --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap,loop" --port "socket=$WORK/p1.sock,wire=null"; }
# Frames since the emulator's start, or, when a client has come anew, since then.
sent() { echo $(($(python3 "$SUPPORT/emu_ctl.py" "$WORK/ctl" '{"cmd": "stats", "port": 1}' "ports[0]['wire']['tx_pkts']") - before)); }
before=0

traffic_start() {
	local i
	rm -f "$WORK/stdin"
	mkfifo "$WORK/stdin"
	# shellcheck disable=SC2086 # words on purpose
	stdbuf -oL dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $MEM -d "$BUS" \
		-d "$BUILD/drivers/net/hns3_pmd/librte_net_hns3_pmd.so" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$DRIVER" \
		-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=$DRIVER" \
		-- -i --auto-start --disable-link-check --total-num-mbufs=16384 --max-pkt-len=1518 <"$WORK/stdin" >"$WORK/testpmd.log" 2>&1 &
	APP_PID=$!
	exec 9>"$WORK/stdin" # kept open: it ends with its input
	for i in $(seq 300); do
		[ "$(sent)" -gt 1000 ] && return 0
		kill -0 "$APP_PID" 2>/dev/null || fail "testpmd ended early"
		sleep 0.1
	done
	fail "testpmd does not forward"
}
traffic_kill() {
	kill -9 "$APP_PID"
	wait "$APP_PID" 2>/dev/null || true
	APP_PID=
	rm -f /dev/hugepages/"${PREFIX}"map_*
}
gone() { # COUNT: so many connections ended, within 10 s
	local i
	for i in $(seq 100); do
		[ "$(grep -c 'client gone' "$WORK/emu.log")" = "$1" ] && return 0
		sleep 0.1
	done
	fail "the emulator did not notice that its client is gone"
}

ports
traffic_start
traffic_kill
gone 2
before=$(sent)
traffic_start
traffic_kill
gone 4
emu_stop
emu_is_clean
[ "$(emu_value 'ports[0]["clients"]')" = 2 ] || fail "the emulator did not serve a second client"
pass "dp_kill $DRIVER application: two clients killed in mid-traffic, no map left, 0 faults"

before=0
ports
traffic_start
kill -9 "$EMU_PID"
wait "$EMU_PID" 2>/dev/null || true
EMU_PID=
for i in $(seq 100); do
	grep -qi 'vfu0.*\(gone\|hung up\|lost\|closed\)' "$WORK/testpmd.log" && break
	sleep 0.1
done
grep -i 'vfu0.*\(gone\|hung up\|lost\|closed\)' "$WORK/testpmd.log" | head -n 1 || fail "the bus does not say that the emulator is gone"
# testpmd removes the ports by itself, and crashes if it is told to close them meanwhile.
for i in $(seq 300); do
	[ "$(grep -c 'Device is detached' "$WORK/testpmd.log")" = 2 ] && break
	sleep 0.1
done
printf 'stop\nquit\n' >&9
exec 9>&-
for i in $(seq 300); do
	kill -0 "$APP_PID" 2>/dev/null || break
	sleep 0.1
done
kill -0 "$APP_PID" 2>/dev/null && fail "testpmd did not end within 30 s of its quit"
wait "$APP_PID" || fail "testpmd's exit status is not 0"
APP_PID=
[ -S "$WORK/p0.sock" ] || fail "there is no stale socket to take over"
ports
emu_stop
[ ! -e "$WORK/p0.sock" ] || fail "the emulator left its socket behind"
pass "dp_kill $DRIVER emulator: reported, ports removed, application ended, stale socket taken over and removed"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# One testpmd session with the unmodified net_hns3 that starts without devices: attach, forward, detach, attach again, forward;
# then the emulator is killed under traffic: the bus says so, testpmd is told and removes the ports by itself; a new emulator,
# attach, forward, and a clean exit.
. "$(dirname "$0")/../support/env.sh"

FRAMES=1500
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 1500 55
trap '' PIPE

ports() { # input wire
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/p0.sock,wire=$1" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
}
say() { printf '%s\n' "$@" >&9 || fail "testpmd ended early"; }
# The log has COUNT lines with this in them, within 20 s.
await() { # COUNT PATTERN
	local i
	for i in $(seq 200); do
		[ "$(grep -c "$2" "$WORK/testpmd.log")" -ge "$1" ] && return 0
		kill -0 "$APP_PID" 2>/dev/null || fail "testpmd ended early, before '$2'"
		sleep 0.1
	done
	fail "testpmd has not said '$2' $1 times"
}
attach() {
	for p in 0 1; do say "port attach vfio_user:vfu$p,socket=$WORK/p$p.sock,driver=net_hns3"; done
	say "port start all" "set fwd io" "start"
}
forwarded() { # NAME COUNT
	local i
	for i in $(seq 200); do
		[ "$(python3 "$SUPPORT/frames.py" count "$WORK/out.pcap")" -ge "$2" ] && break
		sleep 0.1
	done
	[ "$i" -lt 200 ] || fail "$1: only $(python3 "$SUPPORT/frames.py" count "$WORK/out.pcap") of $2 frames came out"
}

# shellcheck disable=SC2046 # words on purpose
app_start 100 stdbuf -oL dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) -d "$BUS" \
	-- -i --disable-link-check --rxd=256 --txd=1024 --total-num-mbufs=16384 --max-pkt-len=1518
await 1 'testpmd> '
say "set port setup on event"

ports "pcap:in=$WORK/in.pcap"
attach
forwarded attach "$FRAMES"
python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "attach: frames differ"
say "stop" "port stop all" "port detach 0" "port detach 1" "show port summary all"
await 2 'Device is detached'
for i in $(seq 50); do
	[ "$(grep -c 'client gone: connection closed' "$WORK/emu.log")" = 2 ] && break
	sleep 0.1
done
emu_stop
emu_is_clean
pass "dp_hotplug net_hns3 attach, forward, detach: $FRAMES frames, no map left, 0 faults"

ports "gen:size=64,rate=5000,flows=16"
attach
forwarded "second attach" "$FRAMES"
kill -9 "$EMU_PID"
wait "$EMU_PID" 2>/dev/null || true
EMU_PID=
await 1 'vfu0: lost the device'
await 1 'vfu1: lost the device'
await 4 'Device is detached'
say "stop" "show port summary all"
await 2 'Number of available ports: 0'
pass "dp_hotplug net_hns3 killed emulator: reported, both ports removed by the application"

ports "pcap:in=$WORK/in.pcap"
attach
forwarded "third attach" "$FRAMES"
app_stop stop quit
emu_stop
emu_is_clean
python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "third attach: frames differ"
pass "dp_hotplug net_hns3 attached to a new emulator: $FRAMES frames, clean exit, 0 faults"

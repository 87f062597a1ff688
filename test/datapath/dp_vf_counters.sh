#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A VF's packet counters are exact under the unmodified net_hns3_vf, which takes reading them for clearing them: what ethdev says
# is what the device counts, however often it is asked, and 0 after a clear.
. "$(dirname "$0")/../support/env.sh"

FRAMES=1000
trap '' PIPE
python3 "$SUPPORT/frames.py" make-udp "$WORK/in.pcap" "$FRAMES" 60 1500 77
emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap,loop" --port "socket=$WORK/p1.sock,vf=0,mac=02:a2:22:00:00:01"
mkfifo "$WORK/stdin"
# shellcheck disable=SC2046 # words on purpose
timeout -s KILL 60 stdbuf -oL dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) -d "$BUS" \
	-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" -a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=net_hns3_vf" \
	-- -i --disable-link-check --rxd=256 --txd=1024 --total-num-mbufs=16384 --portlist=1 <"$WORK/stdin" >"$WORK/testpmd.log" 2>&1 &
APP_PID=$!
exec 9>"$WORK/stdin"
say() { printf '%s\n' "$@" >&9 || fail "testpmd ended early"; }

say "set fwd rxonly" "start"
for i in $(seq 20); do # the frames come meanwhile
	say "show port stats 1" "show port xstats 1"
	sleep 0.1
done
say "stop" "set fwd txonly" "start"
sleep 0.5
say "stop"
sleep 0.5 # what lies in the ring is sent
say "show port stats 1" "show port stats 1" "clear port stats 1" "show port stats 1" "quit"
exec 9>&-
wait "$APP_PID" || fail "testpmd's exit status is not 0"
APP_PID=
emu_stop
emu_is_clean
# The last three answers: all that was counted, the same again, nothing.
said=$(sed -n 's/^ *[RT]X-packets: \([0-9]*\) .*[RT]X-\(missed\|errors\).*/\1/p' "$WORK/testpmd.log" | tail -n 6 | xargs)
got=$(emu_value 'ports[1]["device"]["rx"]["pkts"]') sent=$(emu_value 'ports[1]["device"]["tx"]["pkts"]')
[ "$got" -gt 100 ] && [ "$sent" -gt 1000 ] || fail "too little traffic: $got frames in, $sent out"
[ "$said" = "$got $sent $got $sent 0 0" ] || fail "the device has counted $got in, $sent out; testpmd says $said"
pass "dp_vf_counters net_hns3_vf: $got frames in, $sent out, exact however often asked, and cleared"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Packet counters are exact, although reading clears them and nobody sees a mapped register being read: what stats and xstats
# say of each queue is what the application itself has counted there, after many calls under traffic, and again after a clear.
# Stock PF and VF of both revisions, whose drivers add up registers, and hns3_pmd. Frames without a BD are all in imissed.
. "$(dirname "$0")/../support/env.sh"

python3 "$SUPPORT/frames.py" make-udp "$WORK/in.pcap" 1000 60 1500 77
trap '' PIPE
say() { printf '%s\n' "$@" >&9 || fail "$NAME: testpmd ended early"; }
link() { python3 "$SUPPORT/emu_ctl.py" "$WORK/ctl.sock" "{\"cmd\": \"link\", \"port\": 0, \"up\": $1}" >"$WORK/link.log"; }
device() { # rx|tx: what the device has counted in queues 0 and 1
	local at="ports[$PORT]['device']['$1']"
	python3 "$SUPPORT/emu_ctl.py" "$WORK/ctl.sock" '{"cmd": "stats"}' "'%u %u' % ($at.get('q0_pkts', 0), $at.get('q1_pkts', 0))"
}
sum() { awk '{print $1 + $2}' <<<"$*"; }
# The last answers of testpmd: packets forwarded from queues 0 and 1; what it says of port and queues.
forwarded() { sed -n '/RX Port=.*Queue= *[01] /{n;s/.*RX-packets: *\([0-9]*\) .*/\1/p}' "$WORK/testpmd.log" | tail -n 2 | xargs; }
of_port() { sed -n 's/^ *RX-packets: \([0-9]*\) *RX-missed: \([0-9]*\) .*/\1 \2/p' "$WORK/testpmd.log" | tail -n 1; }
of_queues() { sed -n "s/^$1_q[01]_packets: //p" "$WORK/testpmd.log" | tail -n 2 | xargs; }
# Traffic, questions meanwhile, quiet: testpmd has forwarded all that the device gave it, and says so.
phase() { # WHICH
	local i more before sent
	before=$(sum "$(device rx)") sent=$(device tx)
	link true
	for i in $(seq 5); do
		say "show port stats 0" "show port xstats 0"
		sleep 0.05
	done
	more=$((before + 3000))
	for i in $(seq 200); do
		[ "$(sum "$(device rx)")" -gt "$more" ] && break
		sleep 0.05
	done
	[ "$i" -lt 200 ] || fail "$NAME: too little traffic"
	link false
	for i in $(seq 100); do
		say "show fwd stats all"
		sleep 0.1
		[ "$(sum "$(device rx)")" = "$((before + $(sum "$(forwarded)")))" ] && break
	done
	say "show port stats 0" "show port xstats 0" "show fwd stats all" "show port xstats 0" "show port stats 0"
	for i in $(seq 200); do # seven answers in each phase
		[ "$(grep -c 'Tx-pps' "$WORK/testpmd.log")" -ge "$((7 * $1))" ] && break
		sleep 0.05
	done
	GOT=$(forwarded) SENT=$(paste -d' ' <(echo "$sent") <(device tx) | awk '{print $3 - $1, $4 - $2}')
	[ "$(of_queues rx)" = "$GOT" ] || fail "$NAME, phase $1: $GOT were received, testpmd says $(of_queues rx)"
	# hns3_pmd counts what it gives to the ring, where the last ones still lie
	[ "$NAME" = net_hns3_pmd ] || [ "$(of_queues tx)" = "$SENT" ] || fail "$NAME, phase $1: $SENT were sent, testpmd says $(of_queues tx)"
	[ "$(of_port | cut -d' ' -f1)" = "$(sum "$GOT")" ] || fail "$NAME, phase $1: the queues' sum $GOT is not what stats say: $(of_port)"
	MISSED=$((MISSED + $(of_port | cut -d' ' -f2)))
}

# NAME DRIVER REVISION PORT [lossy]: port 0 is a PF, 1 its VF
counters() {
	NAME=$1 PORT=$4 MISSED=0
	local first device=() dev0=
	[ "$PORT" = 1 ] && device=(-a "vfio_user:vfu1,socket=$WORK/p0.sock,driver=net_hns3") dev0=,vf=0,mac=02:a2:22:00:00:01
	emu_start --ctl "$WORK/ctl.sock" --port "socket=$WORK/p0.sock,rev=$3,wire=pcap:in=$WORK/in.pcap,loop${5:+,$5}" \
		--port "socket=$WORK/p1.sock,rev=$3${dev0:-,wire=null}"
	link false
	# shellcheck disable=SC2046 # words on purpose
	app_start 90 stdbuf -oL dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) -d "$BUS" \
		-d "$BUILD/test/datapath/libpool128.so" --mbuf-pool-ops-name=pool128 -d "$BUILD/drivers/net/hns3_pmd/librte_net_hns3_pmd.so" \
		-a "vfio_user:vfu0,socket=$WORK/p$PORT.sock,driver=$2" "${device[@]}" -- -i --disable-link-check --rxq=2 --txq=2 --rss-udp \
		--rxd=256 --txd=256 --total-num-mbufs=16384 --portlist=0 --forward-mode=macswap
	say "start"
	phase 1
	first="$GOT in, $SENT out"
	say "clear port stats 0" "clear port xstats 0" "clear fwd stats all"
	phase 2
	app_stop stop quit
	emu_stop
	emu_is_clean
	[ -z "${5:-}" ] || [ "$MISSED" = "$(emu_value "ports[$PORT]['device']['rx_drops']['no_bd']")" ] || fail "$NAME: imissed is $MISSED, and not what the device dropped"
	pass "dp_counters $NAME: frames of two queues: $first, then $GOT in, $SENT out, exact, $MISSED missed"
}

counters net_hns3 net_hns3 0x21 0 lossy
counters "net_hns3 rev 0x30" net_hns3 0x30 0 lossy
counters net_hns3_vf net_hns3_vf 0x21 1
counters "net_hns3_vf rev 0x30" net_hns3_vf 0x30 1 lossy
counters net_hns3_pmd net_hns3_pmd 0x21 0 lossy

# Two threads ask at once, and the driver's own service beside them.
emu_start --port "socket=$WORK/p0.sock,wire=gen:size=64,rate=100000,flows=4"
# shellcheck disable=SC2046 # words on purpose
timeout -s KILL 90 "$BUILD/test/datapath/stats_threads" -l 0 --no-pci --in-memory $(memory_args 64) -d "$BUS" \
	-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" -- 5 >"$WORK/threads.log" 2>&1 || fail "stats_threads: exit status $?"
emu_stop
read -r got said calls < <(grep -E '^[0-9]+ [0-9]+ [0-9]+$' "$WORK/threads.log")
[ "$got" -gt 1000 ] && [ "$calls" -gt 100 ] || fail "too little: $got frames, $calls calls"
[ "$got" = "$said" ] || fail "$got frames were received, ipackets says $said after $calls calls of two threads"
pass "dp_counters threads: $got frames, exact after $calls calls of two threads"

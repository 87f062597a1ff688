#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A PF and two VFs of one NIC under the distribution's unmodified dpdk-testpmd with its unmodified net_hns3 and
# net_hns3_vf. testpmd forwards from each port to the next one and addresses the frames anew: what comes for VF 1 leaves
# through VF 2 to the PF's address, there through VF 1 to VF 2's, and there through the PF to an address outside. So a
# frame for VF 1 passes each function, the switch twice and the wire twice; one for the PF or VF 2 joins on the way;
# each copy of a broadcast frame takes its own way out. Counts are exact, each byte behind the addresses is compared.
. "$(dirname "$0")/../support/env.sh"

POOL=$BUILD/test/datapath/libpool128.so
NB=150 # frames for each destination: a function never gets more than its ring holds, so that none is missed
PF=02:00:00:00:00:10 VF1=02:00:00:00:00:11 VF2=02:00:00:00:00:12 OUT=02:aa:aa:aa:aa:aa

# Frames with a number and random bytes: capture FILE DESTINATION...
capture() {
	python3 - "$NB" "$@" <<-'END'
		import random, sys
		sys.path.insert(0, __import__("os").environ["SUPPORT"])
		import frames
		nb, path, dests = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
		order = dests * nb
		random.Random(20261128).shuffle(order)
		dest = iter(order)
		seq = iter(range(len(order)))

		def frame(rnd, size):
		    head = bytes.fromhex(next(dest).replace(":", "")) + bytes.fromhex("02bb00000001 88b5")
		    return head + next(seq).to_bytes(4, "big") + rnd.randbytes(size - 18)

		frames.make(path, len(order), 60, 1500, 1, frame)
	END
}

# Each frame of IN came out COPIES times (per destination), to OUT, with the same bytes: outcome IN OUT DESTINATION=COPIES...
outcome() {
	python3 - "$OUT" "$@" <<-'END'
		import collections, sys
		sys.path.insert(0, __import__("os").environ["SUPPORT"])
		import frames
		to = bytes.fromhex(sys.argv[1].replace(":", ""))
		copies = {bytes.fromhex(a.split("=")[0].replace(":", "")): int(a.split("=")[1]) for a in sys.argv[4:]}
		want = collections.Counter()
		for f in frames.frames(sys.argv[2]):
		    want[f[12:]] += copies.get(f[:6], 0)
		got = collections.Counter(f[12:] for f in frames.frames(sys.argv[3]))
		bad = [f for f in frames.frames(sys.argv[3]) if f[:6] != to]
		if bad or got != +want:
		    print(f"{sum(want.values())} frames were to come out, {sum(got.values())} did, {len(bad)} to a wrong address;"
		          f" {sum((want - got).values())} are missing, {sum((got - want).values())} are too many")
		    sys.exit(1)
	END
}
export SUPPORT

# testpmd on sockets $WORK/s<N>, started in order: run_vfs FRAMES "EAL arguments" "testpmd arguments" PEERS DRIVER...
run_vfs() {
	local frames=$1 eal=$2 args=$3 peers=$4 i=0 devs=() order=() p
	shift 4
	for p in "$@"; do
		devs+=(-a "vfio_user:vfu$i,socket=$WORK/s$i,driver=$p")
		order=("$i" "${order[@]}") # the PF's MAC is the door: it opens last
		i=$((i + 1))
	done
	# shellcheck disable=SC2086 # words on purpose
	app_start 120 dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $eal -d "$BUS" "${devs[@]}" \
		-- -i --disable-device-start --disable-link-check --forward-mode=mac --port-topology=chained --rxd=1024 \
		--txd=1024 --total-num-mbufs=8192 $args
	printf 'set promisc all off\n' >&9
	i=0
	for p in $peers; do
		printf 'set eth-peer %s %s\n' "$i" "$p" >&9
		i=$((i + 1))
	done
	for i in "${order[@]}"; do printf 'port start %s\n' "$i" >&9; done
	printf 'show port info all\nstart\n' >&9
	app_forwards "$frames" "$WORK/out.pcap" 300
	sleep 0.3 # what is too much would come now
	app_stop stop quit
}

func_rx() { emu_value "ports[$1]['device']['rx']['pkts']"; }

# All three functions with clients: whole NAME REVISION "EAL arguments"
whole() {
	local name=$1 rev=$2 eal=$3
	capture "$WORK/in.pcap" $PF $VF1 $VF2 ff:ff:ff:ff:ff:ff 02:cc:00:00:00:01
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/s0,mac=$PF,rev=$rev,queues=4,wire=pcap:in=$WORK/in.pcap,out=$WORK/out.pcap" \
		--port "socket=$WORK/s1,vf=0,mac=$VF1,queues=2" --port "socket=$WORK/s2,vf=0,mac=$VF2,queues=2"
	# 3 copies of a broadcast frame, the last of which comes out as it does
	run_vfs $((6 * NB)) "$eal" "" "$OUT $VF2 $PF" net_hns3 net_hns3_vf net_hns3_vf
	emu_stop
	outcome "$WORK/in.pcap" "$WORK/out.pcap" $PF=1 $VF1=1 $VF2=1 ff:ff:ff:ff:ff:ff=3 || fail "$name: frames differ"
	# own, and what passes; broadcast frames once and what passes of them
	[ "$(func_rx 1)" = $((2 * NB)) ] || fail "$name: VF 1 received $(func_rx 1)"
	[ "$(func_rx 0)" = $((4 * NB)) ] || fail "$name: the PF received $(func_rx 0)"
	[ "$(func_rx 2)" = $((6 * NB)) ] || fail "$name: VF 2 received $(func_rx 2)"
	[ "$(emu_value "ports[0]['device']['rx_drops']['no_destination']")" = "$NB" ] || fail "$name: a stranger's frame was taken"
	emu_is_clean
	grep -qi "MAC address: $VF1" "$WORK/testpmd.log" || fail "$name: VF 1 does not have the address that the host gave"
	pass "dp_vf $name: each frame by each function, $((6 * NB)) came out identical"
}

# Nobody drives the PF: the host holds the MAC up. Frames for VF 2 leave through VF 1.
alone() {
	capture "$WORK/in.pcap" $VF2 $PF
	rm -f "$WORK/out.pcap"
	emu_start --port "socket=$WORK/pf,mac=$PF,wire=pcap:in=$WORK/in.pcap,out=$WORK/out.pcap" \
		--port "socket=$WORK/s0,vf=0,mac=$VF1,queues=2" --port "socket=$WORK/s1,vf=0,mac=$VF2,queues=2"
	run_vfs "$NB" "$(memory_args 256)" "" "$OUT $OUT" net_hns3_vf net_hns3_vf
	emu_stop
	outcome "$WORK/in.pcap" "$WORK/out.pcap" $VF2=1 || fail "alone: frames differ"
	emu_is_clean
	pass "dp_vf VFs while the PF has no client: $NB frames identical"
}

whole "revision 0x21" 0x21 "$(memory_args 256)"
# Revision 0x30 wants buffers aligned to 128 bytes, which the stock pool does not give.
whole "revision 0x30" 0x30 "$(memory_args 256) -d $POOL --mbuf-pool-ops-name=pool128"
alone

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two processes share two ports of the unmodified net_hns3: primary and secondary testpmd forward each their own queue, and every
# frame comes out once. The secondary gets BARs and config space from the primary, the device has one client.
. "$(dirname "$0")/../support/env.sh"

if [ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -lt 160 ]; then
	echo "fewer than 160 free hugepages of 2 MiB: memory of other kinds is not shared by processes"
	exit 77
fi
FRAMES=4000
python3 "$SUPPORT/frames.py" make-udp "$WORK/in.pcap" "$FRAMES" 60 1500 808
emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"

# testpmd number ID on lcore ID; its commands come through file descriptor 5 + ID.
SECOND_PID=
testpmd_start() { # ID "more EAL arguments"
	local fifo=$WORK/stdin$1 i
	mkfifo "$fifo"
	# shellcheck disable=SC2086 # words on purpose
	timeout -s KILL 60 stdbuf -oL dpdk-testpmd --lcores "0@$1,$((1 + $1))@$1" --no-pci --file-prefix "$PREFIX" $2 -d "$BUS" \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" -a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=net_hns3" \
		-- -i --num-procs=2 --proc-id="$1" --rxq=2 --txq=2 --rss-udp --disable-link-check --rxd=256 --txd=1024 \
		--total-num-mbufs=16384 --max-pkt-len=1518 --forward-mode=mac --eth-peer="1,02:00:00:00:00:0$1" <"$fifo" >"$WORK/testpmd$1.log" 2>&1 &
	if [ "$1" = 0 ]; then APP_PID=$!; else SECOND_PID=$!; fi
	eval "exec $((5 + $1))>\"\$fifo\""
	for i in $(seq 200); do
		grep -q 'testpmd> ' "$WORK/testpmd$1.log" && return 0
		sleep 0.1
	done
	fail "testpmd $1 is not ready"
}
trap '' PIPE
trap 'kill -9 $SECOND_PID 2>/dev/null || true; cleanup' EXIT

testpmd_start 0 "--proc-type=primary -m 256"
testpmd_start 1 "--proc-type=secondary"
grep -q 'vfu0: 19e5:a222 at the primary process, driver net_hns3' "$WORK/testpmd1.log" || fail "the secondary has not attached"
printf 'start\n' >&6
printf 'start\n' >&5
for i in $(seq 200); do
	got=$(python3 "$SUPPORT/frames.py" count "$WORK/out.pcap")
	[ "$got" -ge "$FRAMES" ] && break
	printf 'show port xstats all\n' | tee /dev/fd/5 >&6 # both read counters that reading clears
	sleep 0.1
done
printf 'show port xstats all\n' | tee /dev/fd/5 >&6
for id in 1 0; do
	printf 'stop\nquit\n' >&$((5 + id)) || fail "testpmd $id ended early"
	eval "exec $((5 + id))>&-"
	if [ "$id" = 0 ]; then wait "$APP_PID"; else wait "$SECOND_PID"; fi || fail "the exit status of testpmd $id is not 0"
done
APP_PID= SECOND_PID=
emu_stop
emu_is_clean
for id in 0 1; do
	said=$(sed -n 's/^[rt]x_q[01]_packets: //p' "$WORK/testpmd$id.log" | tail -n 8 | xargs | awk '{print $1 + $2, $7 + $8}')
	[ "$said" = "$FRAMES $FRAMES" ] || fail "testpmd $id counts $said frames in and out, not $FRAMES"
done
[ "$(emu_value 'ports[0]["clients"]')" = 1 ] || fail "the device has seen more than one client"
# Whoever forwards a frame writes its own peer's address into it.
split=$(python3 - "$SUPPORT" "$WORK" "$FRAMES" <<-'PY'
	import sys
	sys.path.insert(0, sys.argv[1])
	from frames import frames
	work, count = sys.argv[2], int(sys.argv[3])
	sent, got = frames(work + "/in.pcap"), frames(work + "/out.pcap")
	if sorted(f[12:] for f in sent) != sorted(f[12:] for f in got):
	    sys.exit(f"{len(sent)} frames went in, {len(got)} came out, or they differ")
	by = [sum(f[:6] == bytes([2, 0, 0, 0, 0, i]) for f in got) for i in (0, 1)]
	if sum(by) != count or min(by) < count // 4:
	    sys.exit(f"badly divided: {by}")
	print(by[0], "and", by[1])
PY
) || fail "${split:-frames differ or are badly divided, see above}"
split=$(tail -n 1 <<<"$split")
pass "dp_secondary net_hns3: $FRAMES frames through two processes ($split), each once, 0 faults"

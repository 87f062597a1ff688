#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An arm64 guest with Debian's kernel, whose own hns3 driver runs on the emulated NIC, with and without an IOMMU. The wire is a TAP
# interface in a namespace that the test makes: ping, files over TCP both ways with the right SHA-256, iperf3 with TSO and GRO,
# what ethtool shows and changes, MTU 9000; the one with an IOMMU is of revision 0x30 and has a PTP clock; then all modules go and leave no DMA map. Linux 6.12; with --full 6.1, too, and longer.
. "$(dirname "$0")/../support/env.sh"
. "$(dirname "$0")/../support/vm.sh"

NS=plvm$$ MIB=16 NS_PIDS=
ns_cleanup() {
	local pid
	for pid in $NS_PIDS; do kill -9 "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	NS_PIDS=
	ip netns del "$NS" 2>/dev/null || true
}
trap 'ns_cleanup; vm_cleanup' EXIT

# A namespace with the wire's interface at 192.168.78.2: a file to download, a sink for one that comes, an iperf3 server.
ns_start() {
	local tools port
	ip netns add "$NS"
	ip link set "$NS" netns "$NS"
	ip -n "$NS" addr add 192.168.78.2/24 dev "$NS"
	ip -n "$NS" link set "$NS" mtu 9000 up
	ip -n "$NS" link set lo up
	vm_fetch tools "$(dpkg --print-architecture)" trixie
	tools=$FETCHED
	mkdir -p "$WORK/www"
	head -c $((MIB * 1048576)) /dev/urandom >"$WORK/www/file"
	cd "$WORK/www"
	ip netns exec "$NS" python3 -m http.server 8000 --bind 192.168.78.2 >"$WORK/http.log" 2>&1 &
	NS_PIDS="$NS_PIDS $!"
	cd "$TOP"
	ip netns exec "$NS" python3 - "$WORK/back" <<-'PY' >"$WORK/sink.log" 2>&1 &
		import socket, sys
		server = socket.create_server(("192.168.78.2", 9000))
		peer, _ = server.accept()
		with open(sys.argv[1], "wb") as f:
		    while data := peer.recv(65536):
		        f.write(data)
	PY
	NS_PIDS="$NS_PIDS $!"
	# A server listens anew after each test, and who calls before that is turned away: one for each direction.
	for port in 5201 5202; do
		ip netns exec "$NS" "$(echo "$tools"/usr/lib*/ld-linux-*.so.*)" --library-path "$(echo "$tools"/usr/lib/*-linux-gnu)" \
			"$tools/usr/bin/iperf3" -s -B 192.168.78.2 -p "$port" >"$WORK/iperf-$port.log" 2>&1 &
		NS_PIDS="$NS_PIDS $!"
	done
}

run() { # NAME KIND SUITE SECONDS QEMU_ARGS...; KIND: pf, pf30 (revision 0x30, with a PTP clock), or vf of a PF that nobody drives
	local name=$1 kind=$2 seconds=$4 cases="probe link events ping files iperf3 ethtool-k ethtool-glx ethtool-n mtu flr rmmod" sum merged port=0
	local ports=(--port "socket=$WORK/p0.sock,mac=02:00:00:00:78:01,wire=tap:$NS")
	# Capabilities: queue region 2, PTP 3, outer UDP checksum 11, advanced layout 15, GRO 20, flow director 21.
	[ "$kind" != pf30 ] || ports=("${ports[0]}" "${ports[1]/,wire=/,rev=0x30,caps=0x30880c,wire=}")
	if [ "$kind" = vf ]; then
		port=1 cases=${cases/ethtool-n /}
		ports=(--port "socket=$WORK/pf.sock,wire=tap:$NS" --port "socket=$WORK/p0.sock,id=a22e,vf=0,mac=02:00:00:00:78:01")
	fi
	vm_need arm64 "$3"
	shift 4
	vm_root virtio-iommu libphy fixed_phy fwnode_mdio of_mdio mdio_devres hnae3 hclge-common hclge hclgevf hns3
	vm_add ethtool iperf3
	emu_start --ctl "$WORK/ctl" --trace "$WORK/trace" "${ports[@]}"
	ns_start
	{
		echo "SECONDS_IPERF=$seconds KIND=$kind"
		cat <<'GUEST'
irqs() { awk '/hns3.*TxRx/ { n += $2 + $3 } END { print n + 0 }' /proc/interrupts; }
stat() { ethtool -S eth0 | awk -v n="$1" '$1 ~ n { s += $2 } END { print s + 0 }'; }
wait_for() { # SECONDS COMMAND...
	i=$(($1 * 5))
	shift
	until "$@"; do
		i=$((i - 1))
		[ $i -gt 0 ] || return 1
		sleep 0.2
	done
}
link_is_up() { ethtool eth0 | grep -q 'Link detected: yes'; }
download_on() { # QUEUE: nearly all frames of a download come on it
	before=$(stat rxq$1_packets) all=$(stat rxq.*_packets)
	wget -q -O /dev/null http://192.168.78.2:8000/file || die "no download with a rule"
	before=$(($(stat rxq$1_packets) - before)) all=$(($(stat rxq.*_packets) - all))
	[ $before -gt 100 ] && [ $((before * 10)) -gt $((all * 9)) ] || die "$before of $all frames are on queue $1"
}
link_is_down() { ethtool eth0 | grep -q 'Link detected: no'; }
speed_is() { ethtool eth0 | grep -q "Speed: $1Mb/s"; }
ping_works() { ping -c 1 -W 5 "$@" 192.168.78.2 >/dev/null; }

[ "$(cat /sys/class/net/eth0/address)" = 02:00:00:00:78:01 ] || die "there is no eth0 with the NIC's address"
ethtool -i eth0
ethtool -i eth0 | grep -q '^driver: hns3$' || die "another driver"
[ $KIND != pf30 ] || ethtool -T eth0 | grep -q 'PTP Hardware Clock: 0' || die "no PTP clock"
ok probe

ip addr add 192.168.78.1/24 dev eth0
ip link set eth0 up || die "the interface cannot be set up"
wait_for 20 link_is_up || die "no link"
ethtool eth0 | grep -q 'Speed: 100000Mb/s' || die "the speed is not 100G"
ok link

host '{"cmd": "link", "port": 0, "up": false}'
wait_for 20 link_is_down || die "the link does not go down with the cable"
host '{"cmd": "link", "port": 0, "up": true, "speed_mbps": 25000}'
wait_for 20 link_is_up || die "the link does not come back with the cable"
wait_for 20 speed_is 25000 || die "the speed is not 25G"
host '{"cmd": "link", "port": 0, "speed_mbps": 100000}'
wait_for 20 speed_is 100000 || die "the speed is not 100G again"
ok events

wait_for 20 ping_works || die "no answer to a ping"
before=$(irqs)
ping -c 10 -i 0.2 -W 20 192.168.78.2 || die "pings were lost"
[ "$(irqs)" -gt "$before" ] || die "no interrupts of queues"
ok ping

wget -q -O /tmp/file http://192.168.78.2:8000/file || die "the download failed"
echo "sum $(sha256sum </tmp/file)"
nc 192.168.78.2 9000 </tmp/file || die "the upload failed"
rm /tmp/file
ok files

iperf3 -c 192.168.78.2 -f m -t "$SECONDS_IPERF" -R || die "iperf3 -R failed"
iperf3 -c 192.168.78.2 -f m -p 5202 -t "$SECONDS_IPERF" || die "iperf3 failed"
ok iperf3

ethtool -k eth0 | grep -E ': on|segmentation|gro'
for f in rx-checksumming tx-checksumming scatter-gather tcp-segmentation-offload rx-gro-hw; do
	ethtool -k eth0 | grep -q "^$f: on" || die "$f is not on"
done
for f in tso gro rx-gro-hw rx tx rxvlan txvlan $([ $KIND = vf ] || echo ntuple); do
	ethtool -K eth0 $f off || die "$f cannot be switched off"
	ping_works || die "nothing works without $f"
	ethtool -K eth0 $f on || die "$f cannot be switched on"
done
ping_works -s 1400 || die "nothing works after -K"
ok ethtool-k

ethtool -G eth0 rx 512 tx 256 || die "rings cannot be made smaller"
ethtool -g eth0 | sed -n '/^Current/,$p' | grep -E '^RX:[[:space:]]*512$' || die "the Rx rings have another size"
ping_works || die "nothing works with small rings"
ethtool -L eth0 combined 4 || die "there cannot be 4 channels"
ethtool -l eth0 | sed -n '/^Current/,$p' | grep -E '^Combined:[[:space:]]*4$' || die "there are not 4 channels"
ethtool -X eth0 equal 2 hkey 00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77 || die "indirection table and key cannot be set"
ethtool -x eth0 | awk '/^ *[0-9]+: / { for (i = 2; i <= NF; i++) n[$i]++ } END { exit !(n[0] == n[1] && n[0] > 0 && !(2 in n)) }' || die "the indirection table is another"
ethtool -x eth0 | grep -q '00:11:22:33:44:55:66:77:88:99:aa' || die "the key is another"
wait_for 20 ping_works || die "nothing works with 4 channels"
before=$(stat rxq[23]_packets) all=$(stat rxq.*_packets)
wget -q -O /dev/null http://192.168.78.2:8000/file || die "no download with 4 channels"
[ $(($(stat rxq.*_packets) - all)) -gt 100 ] || die "the queues count nothing"
[ "$(stat rxq[23]_packets)" = "$before" ] || die "frames on queues that are not in the indirection table"
ok ethtool-glx

if [ $KIND != vf ]; then
ethtool -N eth0 flow-type tcp4 src-ip 192.168.78.2 src-port 8000 action 3 loc 5 || die "no rule can be set"
ethtool -N eth0 flow-type tcp4 src-port 8000 action 2 loc 2 || die "no second rule can be set"
ethtool -n eth0 | grep -q 'Filter: 5' || die "the rule is not shown"
download_on 2 # of rules that match, the first location wins
ethtool -N eth0 delete 2 || die "the rule cannot be deleted"
download_on 3
ethtool -N eth0 delete 5 || die "the rule cannot be deleted"
before=$(stat rxq[23]_packets)
wget -q -O /dev/null http://192.168.78.2:8000/file || die "no download without rules"
[ "$(stat rxq[23]_packets)" = "$before" ] || die "frames where rules were that are deleted"
ok ethtool-n
fi

ip link set eth0 mtu 9000 || die "the MTU cannot be 9000"
wait_for 20 ping_works -s 8972 || die "no answer to a ping of 9000 bytes"
[ "$(stat rxq.*_csum_err)$(stat l3l4_csum_err)" = 00 ] || die "checksum errors"
[ $KIND = vf ] || [ "$(stat mac_rx_total_pkt_num)" -gt 1000 ] || die "the MAC counts nothing"
ok mtu

dev=$(readlink -f /sys/class/net/eth0/device)
cat "$dev/reset_method"
grep -q '^flr' "$dev/reset_method" || die "the kernel does not offer a function level reset"
echo 1 >"$dev/reset" || die "no function level reset"
wait_for 20 link_is_up || die "no link after a function level reset"
wait_for 20 ping_works -s 8972 || die "nothing works after a function level reset"
ok flr

rmmod hns3 && rmmod hclgevf && rmmod hclge || die "the modules cannot be removed"
rmmod hclge-common 2>/dev/null
rmmod hnae3 || die "hnae3 cannot be removed"
[ ! -e /sys/class/net/eth0 ] || die "there is an interface still"
dmesg | grep -iE 'hns3.*(fail|error|timeout)|WARNING|BUG:' && die "the kernel complains"
ok rmmod
GUEST
	} >"$WORK/test.sh"
	vm_run $((400 + 4 * seconds)) "$WORK/test.sh" -cpu cortex-a72 -m 768 -M virt,gic-version=3 \
		-object memory-backend-memfd,id=mem0,size=768M,share=on -machine memory-backend=mem0 "$@" \
		-device pcie-root-port,id=rp0,chassis=1,slot=1,addr=03.0,bus=pcie.0 \
		-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"$WORK/p0.sock\"},\"bus\":\"rp0\"}" \
		-append "console=ttyAMA0 panic=-1 quiet iommu.strict=1"
	emu_stop
	emu_is_clean
	sum=$(sha256sum <"$WORK/www/file")
	grep -aq "^sum ${sum%% *}" "$SERIAL" || fail "$name: the download differs"
	cmp "$WORK/www/file" "$WORK/back" || fail "$name: the upload differs"
	[ "$(emu_value 'ports[0]["wire"]["tx_pkts"] - ports['"$port"']["device"]["tx"]["pkts"]')" -gt 1000 ] || fail "$name: hardly anything was segmented"
	[ "$(emu_value 'ports['"$port"']["device"]["resets"]["flr"] > 0')" = True ] || fail "$name: the device saw no function level reset"
	# shellcheck disable=SC2086 # words on purpose
	vm_cases "vm_linux $name" $cases
	tr -d '\r' <"$SERIAL" | awk -v name="vm_linux_$name" '/ receiver$/ { print "RESULT", name (n++ ? "_to_wire" : "_from_wire"), $(NF - 2), "Mbit/s" }'
	merged=$(emu_value 'ports['"$port"']["device"]["rx"]["gro_merged_pkts"]')
	[ "$merged" -gt 100 ] || fail "$name: the NIC merged only $merged TCP segments"
	pass "vm_linux $name rx-gro-hw: $merged of $(emu_value 'ports[0]["wire"]["rx_pkts"]') frames from the wire were merged with others"
	if [ $# -gt 0 ]; then
		[ "$(emu_value 'ports['"$port"']["iommu"]["maps_left"]')" = 0 ] || fail "$name: the drivers left DMA maps"
		[ "$(emu_value 'ports['"$port"']["iommu"]["mapped"]')" -gt 100 ] || fail "$name: the IOMMU was not in use"
		pass "vm_linux $name no map left: $(emu_value 'ports['"$port"']["iommu"]["mapped"]') came and went"
	fi
	ns_cleanup
}
VIOMMU='virtio-iommu-pci,addr=02.0,bus=pcie.0,granule=4k'
wanted() { # NAME
	[ -z "$ONLY" ] || case " $ONLY " in *" $1 "*) return 0 ;; *) return 1 ;; esac
	case $1 in 6.12 | 6.12-iommu | 6.12-vf) return 0 ;; *) [ -n "${FULL:-}" ] ;; esac
}
ONLY=$*
if wanted 6.12; then run 6.12 pf trixie 5; fi
if wanted 6.12-iommu; then run 6.12-iommu pf30 trixie 5 -device "$VIOMMU"; fi
if wanted 6.12-vf; then run 6.12-vf vf trixie 5 -device "$VIOMMU"; fi
# Debian's 6.1 has no virtio-iommu.
if wanted 6.1; then run 6.1 pf bookworm 5; fi
if wanted 6.1-vf; then run 6.1-vf vf bookworm 5; fi
if wanted 6.12-60s; then run 6.12-60s pf trixie 60 -device "$VIOMMU"; fi

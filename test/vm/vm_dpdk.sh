#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# An x86 guest with an IOMMU: two emulated NICs behind vfio-pci in one container, the host's own dpdk-testpmd on hugetlbfs with the
# distribution's net_hns3, then with our driver on an ordinary pool and on page fragments. QEMU maps no register: each access is a
# message. Random frames from port 0 to port 1, byte-identical; then one port is detached while both have traffic.
. "$(dirname "$0")/../support/env.sh"
. "$(dirname "$0")/../support/vm.sh"

FRAMES=5000 EMU_ARGS=()
LIBS=/usr/lib/$(gcc -print-multiarch)
PMDS=$(echo "$LIBS"/dpdk/pmds-*)
PPOOL=$BUILD/lib/ppool/libppool.so.0

# Programs and drivers go into the guest without EAL's directory of plugins: each driver is named by -d and is there once.
dpdk_root() {
	local f
	vm_need amd64 trixie
	vm_root irqbypass vfio vfio_iommu_type1 vfio-pci-core vfio-pci
	cp -L /usr/bin/dpdk-testpmd "$BUILD/app/testpmd_frag/testpmd_frag" "$GUEST/bin/"
	cp -L "$PPOOL" "$BUILD/drivers/net/hns3_pmd/librte_net_hns3_pmd.so" "$GUEST/usr/lib/"
	for f in bus_pci mempool_ring net_hns3; do cp -L "$PMDS"/librte_$f.so.[0-9][0-9] "$GUEST/usr/lib/"; done
	cp -L /lib64/ld-linux-x86-64.so.2 "$LIBS/libgcc_s.so.1" "$GUEST/usr/lib/"
	vm_libs "$LIBS $PMDS" "$GUEST"/bin/dpdk-testpmd "$GUEST"/bin/testpmd_frag "$GUEST"/usr/lib/lib{ppool,rte_}*.so*
}

# Every device of ours to vfio-pci; testpmd by its prompt.
guest_functions() {
	cat <<'GUEST'
echo 256 >/proc/sys/vm/nr_hugepages
mount -t hugetlbfs h /mnt/huge
for dev in /sys/bus/pci/devices/*; do
	[ "$(cat "$dev/vendor")" = 0x19e5 ] || continue
	echo vfio-pci >"$dev/driver_override"
	echo "${dev##*/}" >/sys/bus/pci/drivers/vfio-pci/bind
done
EAL="-l 0,1 --huge-dir /mnt/huge --no-telemetry"
for d in /usr/lib/librte_bus_pci.so.* /usr/lib/librte_mempool_ring.so.*; do EAL="$EAL -d $d"; done
STOCK=$(echo /usr/lib/librte_net_hns3.so.*) OURS=/usr/lib/librte_net_hns3_pmd.so
testpmd_start() { # "EAL arguments" "testpmd arguments"
	rm -f /tmp/in
	mkfifo /tmp/in
	dpdk-testpmd $EAL $1 -- -i --disable-link-check --rxd=256 --txd=512 --total-num-mbufs=4096 $2 </tmp/in >/tmp/out 2>&1 &
	TESTPMD=$!
	exec 9>/tmp/in
}
ask() { echo "$*" >&9; }
# Its output is not a terminal and comes late, when there is more of it.
wait_for() { # SECONDS PATTERN COMMAND: until the output has it, asking again
	i=$(($1 * 2))
	until grep -qE "$2" /tmp/out; do
		i=$((i - 1))
		kill -0 $TESTPMD 2>/dev/null && [ $i -gt 0 ] || { cat /tmp/out; die "no \"$2\" in testpmd's output"; }
		ask "$3"
		sleep 0.5
	done
}
testpmd_stop() {
	ask stop
	ask quit
	exec 9>&-
	wait $TESTPMD || { cat /tmp/out; die "testpmd's exit status is not 0"; }
	grep -E 'EAL:|RX-packets|TX-packets|hns3' /tmp/out
	grep -q 'Using IOMMU type 1' /tmp/out || die "the IOMMU was not used"
}
GUEST
}

# Ports 0 to 5: three pairs, captures in and out; ports 6 and 7 have generators.
dpdk_root
set --
for i in 0 1 2 3 4 5 6 7; do
	[ $i -lt 6 ] || wire=gen:size=imix,rate=5000,flows=64
	[ $i -ge 6 ] || [ $((i % 2)) = 1 ] || { wire=pcap:in=$WORK/in.pcap; }
	[ $i -ge 6 ] || [ $((i % 2)) = 0 ] || { wire=pcap:out=$WORK/out$i.pcap; }
	EMU_ARGS+=(--port "socket=$WORK/p$i.sock,queues=4,wire=$wire")
	set -- "$@" -device "pcie-root-port,id=rp$i,chassis=$i,slot=$i,addr=0$((i + 2)).0,bus=pcie.0" \
		-device "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":\"$WORK/p$i.sock\"},\"bus\":\"rp$i\"}"
done
python3 "$SUPPORT/frames.py" make-broadcast "$WORK/in.pcap" "$FRAMES" 60 1500 20261128 # nothing else passes before the driver says so
emu_start --trace "$WORK/trace" "${EMU_ARGS[@]}"
{
	guest_functions
	cat <<'GUEST'
testpmd_start "-d $STOCK -a 0000:01:00.0 -a 0000:02:00.0" --auto-start
wait_for 100 'TX-packets: 5000 ' 'show port stats 1'
testpmd_stop
ok stock

testpmd_start "-d $OURS -a 0000:03:00.0 -a 0000:04:00.0" --auto-start
wait_for 100 'TX-packets: 5000 ' 'show port stats 1'
wait_for 60 'Driver name: net_hns3_pmd' 'show port info 0'
testpmd_stop
ok ours-object

testpmd_frag $EAL -d $OURS -a 0000:05:00.0 -a 0000:06:00.0 -- --disable-link-check --exit-when-idle 10000 --report /tmp/app.json >/tmp/out 2>&1 || { cat /tmp/out; die "testpmd_frag failed"; }
grep -q 'Using IOMMU type 1' /tmp/out || die "the IOMMU was not used"
grep -q '"alloc_frags":[1-9]' /tmp/app.json || { cat /tmp/app.json; die "no fragments were used"; }
ok ours-frag

# Both ports have traffic from their wires; the second is taken away, the first goes on.
detach() { # DRIVER
	testpmd_start "-d $1 -a 0000:07:00.0 -a 0000:08:00.0" "--forward-mode=macswap --port-topology=loop --auto-start"
	wait_for 60 'TX-packets: [0-9]{3}' 'show port stats 1'
	ask stop
	ask set portlist 0
	ask start
	ask port stop 1
	ask port close 1
	ask device detach 0000:08:00.0
	wait_for 60 'Device 0000:08:00.0 is detached' 'show port stats 0'
	ask clear port xstats 0
	wait_for 60 'rx_good_packets: [0-9]{3}' 'show port xstats 0'
	testpmd_stop
}
detach $STOCK
ok detach-stock
detach $OURS
ok detach-ours
GUEST
} >"$WORK/test.sh"
vm_run 500 "$WORK/test.sh" -cpu max -m 1280 -M q35 -object memory-backend-memfd,id=mem0,size=1280M,share=on -machine memory-backend=mem0 \
	-device intel-iommu,intremap=on,caching-mode=on "$@" -append "console=ttyS0 panic=-1 quiet no_timer_check intel_iommu=on iommu=nopt"
emu_stop
emu_is_clean
for i in 1 3 5; do
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out$i.pcap" || fail "port $i: frames differ"
done
[ "$(emu_value 'sum(p["iommu"]["maps_left"] for p in ports)')" = 0 ] || fail "maps are left"
[ "$(emu_value 'min(p["iommu"]["mapped"] for p in ports) > 10')" = True ] || fail "the IOMMU was not in use"
vm_cases "vm_dpdk" stock ours-object ours-frag detach-stock detach-ours
pass "vm_dpdk contents: 3 x $FRAMES frames identical, 0 faults, 0 driver errors, no map left"

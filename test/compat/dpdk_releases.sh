#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The bus and our driver on other releases of DPDK (--full only): built against each; then that release's unmodified testpmd
# forwards frames, stops and starts, on the emulator of this build: with the release's net_hns3 and net_hns3_vf and with our
# driver. Nothing of these releases is installed (config/dpdk/release.sh).
if [ -z "${FULL:-}" ]; then
	echo "SKIP dpdk_releases: downloads whole releases of DPDK; test/run.sh --full does"
	exit 77
fi
. "$(dirname "$0")/../support/env.sh"

FRAMES=2000
trap '' PIPE

# A plugin, as its meson.build makes one: so_build ROOT OUT DIR SOURCES...; EAL takes none from below a directory that all may
# write to.
so_build() {
	local root=$1 out=$2 lib=$1/usr/lib/x86_64-linux-gnu
	shift 2
	gcc -shared -fPIC -O2 -std=c11 -D_GNU_SOURCE -include rte_config.h -march=corei7 -mpopcnt -Wall -Wextra -Werror \
		-fvisibility=hidden -DALLOW_INTERNAL_API -DALLOW_EXPERIMENTAL_API -isystem "$root/usr/include/dpdk" \
		-isystem "$root/usr/include/x86_64-linux-gnu/dpdk" -isystem "$root/sdk" -I"$TOP/lib/base" -I"$TOP/lib/vfio_user" \
		-I"$TOP/lib/ppool" "$@" -o "$out" -L"$lib" -lrte_bus_pci -lrte_ethdev -lrte_mempool -lrte_mbuf -lrte_ring -lrte_net \
		-lrte_eal -lrte_kvargs -lrte_telemetry -Wl,--allow-shlib-undefined >"$WORK/build.log" 2>&1 || fail "$(basename "$out") cannot be built"
}

# From port 0, whose wire brings the frames, to port 1: case NAME DRIVER
forward() {
	local name=$1 driver=$2 kind=make ports i
	ports=(--port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap")
	if [ "$driver" = net_hns3_vf ]; then
		kind=make-broadcast # for each function, whatever its addresses
		ports=(--port "socket=$WORK/pf0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/pf1.sock,wire=pcap:out=$WORK/out.pcap"
			--port "socket=$WORK/p0.sock,vf=0" --port "socket=$WORK/p1.sock,vf=1")
	fi
	rm -f "$WORK"/{out.pcap,*.sock}
	python3 "$SUPPORT/frames.py" "$kind" "$WORK/in.pcap" "$FRAMES" 60 1500 4711
	emu_start "${ports[@]}"
	# shellcheck disable=SC2046 # words on purpose
	app_start 200 "$ROOT/lib64/ld-linux-x86-64.so.2" --library-path "$LIB" "$ROOT/usr/bin/dpdk-testpmd" -l 0,1 --no-pci \
		--no-telemetry --file-prefix "$PREFIX" $(memory_args 256) -d "$LIB/librte_mempool_ring.so" -d "$LIB/librte_net_hns3.so" \
		-d "$BUS_SO" -d "$PMD_SO" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$driver" \
		-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=$driver" \
		-- -i --auto-start --disable-link-check --rxd=256 --txd=1024 --total-num-mbufs=16384 --max-pkt-len=1518
	app_forwards "$FRAMES" "$WORK/out.pcap" 300
	for i in $(seq 100); do # the driver may learn of the link later than frames come
		printf 'show port info 0\n' >&9 || fail "$name: testpmd ended early"
		sleep 0.2
		grep -q 'Link status: up' "$WORK/testpmd.log" && break
	done
	app_stop stop "port stop all" "port start all" quit
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$name: frames differ"
	emu_is_clean
	grep -q 'Link status: up' "$WORK/testpmd.log" || fail "$name: the link is not up"
	grep -q "Driver name: $driver\$" "$WORK/testpmd.log" || fail "$name: another driver"
	pass "dpdk_releases $name: $FRAMES frames identical, link up, stopped and started, 0 faults, 0 unsupported commands"
}

run() { # SUITE RELEASE
	local status=0
	ROOT=$(bash "$TOP/config/dpdk/release.sh" "$1" "$2" 2>"$WORK/release.log") || status=$?
	if [ "$status" = 77 ]; then
		echo "SKIP dpdk_releases $2: $(tail -n 1 "$WORK/release.log")"
		return 0
	fi
	[ "$status" = 0 ] || fail "$2: $(tail -n 1 "$WORK/release.log")"
	LIB=$ROOT/usr/lib/x86_64-linux-gnu
	BUS_SO=$BUILD/librte_bus_vfio_user-$2.so PMD_SO=$BUILD/librte_net_hns3_pmd-$2.so
	so_build "$ROOT" "$BUS_SO" "$TOP"/drivers/bus/vfio_user/*.c "$TOP"/lib/vfio_user/*.c "$TOP"/lib/base/*.c
	so_build "$ROOT" "$PMD_SO" "$TOP"/drivers/net/hns3_pmd/*.c "$TOP"/lib/ppool/*.c "$TOP"/lib/base/*.c
	pass "dpdk_releases $2: bus and driver built"
	forward "$2 PF" net_hns3
	forward "$2 VF" net_hns3_vf
	forward "$2 our driver" net_hns3_pmd
	rm -f "$BUS_SO" "$PMD_SO"
}
run trixie 24.11
run sid 25.11

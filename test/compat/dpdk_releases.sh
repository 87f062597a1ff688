#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The bus on other releases of DPDK (--full only): built against each, then that release's unmodified testpmd and net_hns3 forward
# frames, stop and start, on the emulator of this build. Nothing of these releases is installed (config/dpdk/release.sh).
if [ -z "${FULL:-}" ]; then
	echo "SKIP dpdk_releases: downloads whole releases of DPDK; test/run.sh --full does"
	exit 77
fi
. "$(dirname "$0")/../support/env.sh"

FRAMES=2000
trap '' PIPE
python3 "$SUPPORT/frames.py" make "$WORK/in.pcap" "$FRAMES" 60 1500 4711

bus_build() { # ROOT OUT: a shared object, as drivers/bus/vfio_user/meson.build makes one
	local root=$1 lib=$1/usr/lib/x86_64-linux-gnu
	gcc -shared -fPIC -O2 -std=c11 -D_GNU_SOURCE -include rte_config.h -march=corei7 -Wall -Wextra -Werror \
		-DALLOW_INTERNAL_API -DALLOW_EXPERIMENTAL_API -isystem "$root/usr/include/dpdk" \
		-isystem "$root/usr/include/x86_64-linux-gnu/dpdk" -isystem "$root/sdk" -I"$TOP/lib/vfio_user" -I"$TOP/lib/base" \
		"$TOP"/drivers/bus/vfio_user/*.c "$TOP"/lib/vfio_user/*.c "$TOP"/lib/base/*.c -o "$2" \
		-L"$lib" -lrte_bus_pci -lrte_ethdev -lrte_eal -lrte_kvargs -Wl,--allow-shlib-undefined
}

run() { # SUITE RELEASE
	local root lib out=$WORK/bus-$2 status=0 i
	root=$(bash "$TOP/config/dpdk/release.sh" "$1" "$2" 2>"$WORK/release.log") || status=$?
	if [ "$status" = 77 ]; then
		echo "SKIP dpdk_releases $2: $(tail -n 1 "$WORK/release.log")"
		return 0
	fi
	[ "$status" = 0 ] || fail "$2: $(tail -n 1 "$WORK/release.log")"
	lib=$root/usr/lib/x86_64-linux-gnu
	# EAL takes no plugin from below a directory that all may write to.
	out=$BUILD/librte_bus_vfio_user-$2.so
	bus_build "$root" "$out" >"$WORK/build.log" 2>&1 || fail "$2: the bus cannot be built"
	rm -f "$WORK/out.pcap" "$WORK/stdin"
	emu_start --port "socket=$WORK/p0.sock,wire=pcap:in=$WORK/in.pcap" --port "socket=$WORK/p1.sock,wire=pcap:out=$WORK/out.pcap"
	mkfifo "$WORK/stdin"
	# shellcheck disable=SC2046 # words on purpose
	timeout -s KILL 90 "$root/lib64/ld-linux-x86-64.so.2" --library-path "$lib" "$root/usr/bin/dpdk-testpmd" -l 0,1 --no-pci \
		--no-telemetry --file-prefix "$PREFIX" $(memory_args 256) -d "$lib/librte_mempool_ring.so" -d "$lib/librte_net_hns3.so" \
		-d "$out" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" -a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=net_hns3" \
		-- -i --auto-start --disable-link-check --rxd=256 --txd=1024 --total-num-mbufs=16384 --max-pkt-len=1518 \
		<"$WORK/stdin" >"$WORK/testpmd.log" 2>&1 &
	APP_PID=$!
	exec 9>"$WORK/stdin"
	for i in $(seq 300); do
		[ "$(python3 "$SUPPORT/frames.py" count "$WORK/out.pcap")" -ge "$FRAMES" ] && break
		kill -0 "$APP_PID" 2>/dev/null || fail "$2: testpmd ended early"
		sleep 0.1
	done
	printf 'show port info 0\nstop\nport stop all\nport start all\nquit\n' >&9 || fail "$2: testpmd ended early"
	exec 9>&-
	wait "$APP_PID" || fail "$2: testpmd's exit status is not 0"
	APP_PID=
	rm -f "$out"
	emu_stop
	python3 "$SUPPORT/frames.py" compare "$WORK/in.pcap" "$WORK/out.pcap" || fail "$2: frames differ"
	emu_is_clean
	grep -q 'Link status: up' "$WORK/testpmd.log" || fail "$2: the link is not up"
	pass "dpdk_releases $2: built, $FRAMES frames identical, link up, stopped and started, 0 faults"
}
run trixie 24.11
run sid 25.11

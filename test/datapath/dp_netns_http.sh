#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Two network namespaces, each behind a wire, joined only by testpmd_frag: ping, and a 200 MB download over HTTP with the right
# SHA-256; with our driver and the distribution's over tap, with the latter over netdev (veth, whose sender leaves checksums
# and segmentation to the receiver). All traffic stays in the namespaces that the test makes.
. "$(dirname "$0")/../support/env.sh"

[ "$(id -u)" = 0 ] || { echo "namespaces and TAP interfaces take root"; exit 77; }
[ -c /dev/net/tun ] || { echo "there is no /dev/net/tun"; exit 77; }
A=pl$$a B=pl$$b MIB=200 HTTP_PID=
ns_cleanup() {
	[ -z "$HTTP_PID" ] || kill -9 "$HTTP_PID" 2>/dev/null || true
	ip netns del "$A" 2>/dev/null || true
	ip netns del "$B" 2>/dev/null || true
	cleanup
}
trap ns_cleanup EXIT

run() { # DRIVER WIRE
	for ns in "$A" "$B"; do
		ip netns add "$ns"
		[ "$2" = tap ] || { ip link add "e$ns" type veth peer name "$ns" netns "$ns" && ip link set "e$ns" up; }
	done
	case $2 in
	tap) emu_start --port "socket=$WORK/p0.sock,wire=tap:$A" --port "socket=$WORK/p1.sock,wire=tap:$B" ;;
	*) emu_start --port "socket=$WORK/p0.sock,wire=netdev:e$A" --port "socket=$WORK/p1.sock,wire=netdev:e$B" ;;
	esac
	n=1
	for ns in "$A" "$B"; do
		[ "$2" != tap ] || ip link set "$ns" netns "$ns"
		ip -n "$ns" addr add "192.168.77.$n/24" dev "$ns"
		ip -n "$ns" link set "$ns" up
		ip -n "$ns" link set lo up
		n=2
	done
	# shellcheck disable=SC2046 # words on purpose
	: >"$WORK/app.log"
	timeout -s KILL 200 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$1" -a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=$1" \
		-- --disable-link-check --report "$WORK/app.json" >"$WORK/app.log" 2>&1 &
	APP_PID=$!
	for i in $(seq 200); do
		grep -q '^Forwarding' "$WORK/app.log" && break
		sleep 0.05
	done
	ip netns exec "$A" ping -c 10 -i 0.2 -w 20 192.168.77.2 >"$WORK/ping.log" 2>&1 || fail "ping does not work"
	pass "dp_netns_http $1 $2 ping: $(grep -o '[0-9]* received' "$WORK/ping.log")"

	mkdir -p "$WORK/www"
	head -c $((MIB * 1000000)) /dev/urandom >"$WORK/www/file"
	(cd "$WORK/www" && exec ip netns exec "$B" python3 -m http.server 8000 --bind 192.168.77.2) >"$WORK/http.log" 2>&1 &
	HTTP_PID=$!
	ip netns exec "$A" curl -sS --fail --retry 20 --retry-delay 1 --retry-connrefused --max-time 150 --noproxy '*' -o "$WORK/got" http://192.168.77.2:8000/file 2>"$WORK/curl.log" || fail "the download failed"
	want=$(sha256sum <"$WORK/www/file") got=$(sha256sum <"$WORK/got")
	[ "$want" = "$got" ] || fail "the download differs"
	kill -INT "$APP_PID"
	wait "$APP_PID" || fail "testpmd_frag's exit status is not 0"
	APP_PID=
	emu_stop
	emu_is_clean
	kill -9 "$HTTP_PID" 2>/dev/null || true
	wait "$HTTP_PID" 2>/dev/null || true
	HTTP_PID=
	ip netns del "$A"
	ip netns del "$B"
	pass "dp_netns_http $1 $2: $MIB MB arrived, SHA-256 ${got%% *}"
}
run net_hns3_pmd tap
run net_hns3 tap
run net_hns3 netdev

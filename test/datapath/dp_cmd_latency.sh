#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Commands are answered within a millisecond while the data path is saturated: stock testpmd forwards 64-byte frames
# between two linked ports as fast as it can; a third port's client sends commands and measures. For each of them the
# emulator's own share has to be below that (doc/emulator.md: answers), which no other program can make longer; of what the client
# sees, nine in ten, for the kernel may keep any thread waiting now and then.
. "$(dirname "$0")/../support/env.sh"

NB=2000
passed() { python3 "$SUPPORT/emu_ctl.py" "$WORK/ctl.sock" '{"cmd": "stats"}' 'sum(p["device"]["tx"]["pkts"] for p in ports)'; }

emu_start --ctl "$WORK/ctl.sock" --port "socket=$WORK/p0.sock,wire=link:1" --port "socket=$WORK/p1.sock,wire=link:0" \
	--port "socket=$WORK/p2.sock,wire=null"
# shellcheck disable=SC2046 # words on purpose
app_start 120 dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) -d "$BUS" \
	-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" \
	-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=net_hns3" \
	-- -i --disable-link-check --rxd=1024 --txd=1024 --burst=64 --total-num-mbufs=32768
printf 'start tx_first 8\n' >&9
for _ in $(seq 300); do
	kill -0 "$APP_PID" 2>/dev/null || fail "testpmd ended early"
	[ "$(passed)" -gt 100000 ] && break
	sleep 0.1
done
before=$(passed)
[ "$before" -gt 100000 ] || fail "no traffic between the linked ports"
start=$(date +%s%3N)
read -r p50 p90 p99 max < <("$BUILD/test/datapath/cmd_latency" "$WORK/p2.sock" "$NB") || fail "no figures"
rate=$((($(passed) - before) / ($(date +%s%3N) - start)))
app_stop stop quit
emu_stop
emu_is_clean
own=$(emu_value 'ports[2]["answers"]["max_own_us"]') all=$(emu_value 'ports[2]["answers"]["max_us"]')
[ "$(emu_value 'ports[2]["answers"]["nb"]')" -gt $((NB / 4)) ] || fail "the emulator has measured too few answers"
[ "$rate" -gt 0 ] || fail "the data path was idle"
echo "RESULT command_latency_p50 $p50 us"
echo "RESULT command_latency_p99 $p99 us"
echo "RESULT command_latency_max $max us"
echo "RESULT command_latency_emulator_max $all us"
echo "RESULT command_latency_emulator_own_max $own us"
[ "$own" -lt 1000 ] && [ "$(emu_value 'ports[2]["answers"]["late_own"]')" = 0 ] || fail "a command waited $own us for the emulator itself"
[ "${p90%.*}" -lt 1000 ] || fail "one in ten commands took longer than a millisecond: p90 $p90 us"
pass "dp_cmd_latency: $NB commands under $rate kpps: p50 $p50, p90 $p90, p99 $p99, max $max us; in the emulator at most $all us, its own $own"

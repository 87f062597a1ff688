#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Rx interrupts with the unmodified net_hns3, through stop and start: an application that sleeps in epoll is woken by every
# packet of every round, on both queues, and by nothing else.
. "$(dirname "$0")/../support/env.sh"

ROUNDS=3 PACKETS=60
emu_start --port "socket=$WORK/p0.sock,wire=gen:size=64,rate=50,flows=16"
# shellcheck disable=SC2046 # words on purpose
timeout -s KILL 40 "$BUILD/test/datapath/rx_intr" -l 0 --no-pci --file-prefix "$PREFIX" $(memory_args 128) -d "$BUS" \
	-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" -- "$ROUNDS" "$PACKETS" >"$WORK/app.log" 2>&1 ||
	fail "$(grep -E '^round|Wrong intr' "$WORK/app.log" | tail -n 1)"
emu_stop
emu_is_clean
for r in $(seq "$ROUNDS"); do
	line=$(grep "^round $r: " "$WORK/app.log") || fail "round $r did not end"
	case $line in *', 2 queues') ;; *) fail "$line: packets on 2 queues were expected" ;; esac
	pkts=$(expr "$line" : '.* \([0-9]*\) packets') wakes=$(expr "$line" : '.* \([0-9]*\) wakes')
	# A packet wakes once, nothing else does. One that is taken together with the one before wakes with nothing left.
	[ "$wakes" -le "$pkts" ] || fail "$line: more wakes than packets"
	# 20 ms apart, so that only a machine that stands still lets packets meet.
	[ "$wakes" -ge $((PACKETS / 2)) ] || fail "$line: more wakes were expected"
done
pass "dp_rx_interrupt net_hns3: $ROUNDS rounds of stop and start, every wait ended by an interrupt, and no other"

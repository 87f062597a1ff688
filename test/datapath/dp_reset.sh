#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The distribution's net_hns3 under traffic, while its NIC is reset: function (asked for by an error), global and IMP
# reset, by request and by error. Each time the driver does its handshakes, rebuilds, and forwards again; an error that
# asks for nothing is read and cleared. net_hns3_vf likewise: a global reset, and one that its PF asks it for. At the end
# nothing is left: no fault, no driver error.
. "$(dirname "$0")/../support/env.sh"

WAIT_MS=15000
ctl() { python3 "$SUPPORT/emu_ctl.py" "$WORK/ctl.sock" "$@"; }
passed() { ctl '{"cmd": "stats", "port": 1}' "ports[0]$PASSED"; } # frames that the application has got through
resets() { # KIND: of the NIC by its PF, of a function by itself
	ctl '{"cmd": "stats"}' "ports[$([ "$1" = function ] && echo "$FUNC" || echo 0)]['device']['resets']['$1']"
}
recoveries() { grep -c 'reset done delta' "$WORK/testpmd.log" || true; }

# Wait until COMMAND prints at least NUMBER.
wait_for() { # WHAT NUMBER COMMAND...
	local what=$1 least=$2 end=$(($(date +%s%3N) + WAIT_MS)) got
	shift 2
	while got=$("$@") && [ "$got" -lt "$least" ]; do
		kill -0 "$APP_PID" 2>/dev/null || fail "testpmd ended before $what"
		[ "$(date +%s%3N)" -lt "$end" ] || fail "no $what within $WAIT_MS ms: $got of $least"
		sleep 0.1
	done
}

recovers() { # NAME KIND REQUEST
	local before after nb_resets nb_recoveries
	nb_resets=$(resets "$2") nb_recoveries=$(recoveries)
	before=$(passed)
	ctl "$3" >/dev/null || fail "$1: the emulator refused"
	wait_for "$2 reset for $1" $((nb_resets + 1)) resets "$2"
	wait_for "recovery of the driver from $1" $((nb_recoveries + 1)) recoveries
	after=$(passed)
	wait_for "traffic after $1" $((after + 2000)) passed
	pass "dp_reset $1: driver recovered, $(($(passed) - before)) frames since"
}

testpmd_start() { # EAL arguments -- testpmd arguments
	local eal=()
	while [ "$1" != -- ]; do
		eal+=("$1")
		shift
	done
	# shellcheck disable=SC2046 # words on purpose
	app_start 300 dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
		--log-level=hns3:debug -d "$BUS" "${eal[@]}" -- -i --auto-start --disable-link-check --rxd=256 --txd=1024 \
		--total-num-mbufs=16384 "${@:2}"
	WAIT_MS=60000 wait_for "traffic at all" 2000 passed
}

testpmd_stop() { # NAME
	app_stop stop quit
	emu_stop
	emu_is_clean
	pass "dp_reset $1 end: no fault, no driver error"
}

PASSED='["wire"]["tx_pkts"]' FUNC=0
emu_start --ctl "$WORK/ctl.sock" --port "socket=$WORK/p0.sock,wire=gen:size=64,rate=20000" \
	--port "socket=$WORK/p1.sock,wire=null"
testpmd_start -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" \
	-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=net_hns3" --

recovers "global reset" global '{"cmd": "reset", "port": 0, "kind": "global"}'
recovers "IMP reset" imp '{"cmd": "reset", "port": 0, "kind": "imp"}'
recovers "function reset" function '{"cmd": "reset", "port": 0, "kind": "function"}'
recovers "RAS error igu_egu_tnl" global '{"cmd": "error", "port": 0, "name": "igu_egu_tnl"}'

# An error to be logged: the driver reads and clears it, and forwards on.
cleared() { ctl '{"cmd": "stats", "port": 0}' "ports[0]['device']['commands'].get('0x1514 QUERY_CLEAR_ALL_MPF_MSIX_INT', 0)"; }
nb_cleared=$(cleared) nb_recoveries=$(recoveries)
ctl '{"cmd": "error", "port": 0, "name": "mac_afifo_tnl"}' >/dev/null
wait_for "query and clear of an error" $((nb_cleared + 2)) cleared
nb_passed=$(passed)
wait_for "traffic after an error" $((nb_passed + 2000)) passed
[ "$(recoveries)" = "$nb_recoveries" ] || fail "an error that asks for nothing was answered by a reset"
pass "dp_reset error mac_afifo_tnl: read, cleared, no reset"

testpmd_stop PF

PASSED='["device"]["rx"]["pkts"]' FUNC=1
emu_start --ctl "$WORK/ctl.sock" --port "socket=$WORK/p0.sock,wire=gen:size=64,rate=20000" \
	--port "socket=$WORK/v0.sock,id=a22e,vf=0"
testpmd_start -a "vfio_user:vfu0,socket=$WORK/v0.sock,driver=net_hns3_vf" -- --forward-mode=rxonly
recovers "global reset seen by a VF" global '{"cmd": "reset", "port": 0, "kind": "global"}'
recovers "VF reset" function '{"cmd": "reset", "port": 1, "kind": "function"}'
testpmd_stop VF

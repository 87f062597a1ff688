#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Each device id that the distribution's net_hns3 and net_hns3_vf know, on both revisions: all of them are functions of
# one emulator and ports of one dpdk-testpmd, which starts, stops and closes them.
. "$(dirname "$0")/../support/env.sh"

POOL=$BUILD/test/datapath/libpool128.so
PFS=(a220 a221 a222 a224 a226 a228)

all() { # REVISION "EAL arguments"
	local rev=$1 eal=$2 ports=() devs=() i=0 id
	for id in "${PFS[@]}"; do
		ports+=(--port "socket=$WORK/s$i,id=$id,rev=$rev,queues=$((i + 1)),wire=null")
		devs+=(-a "vfio_user:vfu$i,socket=$WORK/s$i,driver=net_hns3")
		i=$((i + 1))
	done
	for id in a22e a22f; do
		ports+=(--port "socket=$WORK/s$i,vf=$((i - 6)),id=$id,queues=3")
		devs+=(-a "vfio_user:vfu$i,socket=$WORK/s$i,driver=net_hns3_vf")
		i=$((i + 1))
	done
	emu_start "${ports[@]}"
	# shellcheck disable=SC2086 # words on purpose
	printf 'show port info all\nstop\nport stop all\nport start all\nquit\n' |
		timeout -s KILL 120 dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $eal -d "$BUS" "${devs[@]}" \
			-- -i --disable-link-check --rxd=64 --txd=64 --total-num-mbufs=4096 >"$WORK/testpmd.log" 2>&1 ||
		fail "revision $rev: testpmd's exit status is not 0"
	emu_stop
	emu_is_clean
	[ "$(grep -c '^Driver name: net_hns3$' "$WORK/testpmd.log")" = 6 ] || fail "revision $rev: not 6 PFs"
	[ "$(grep -c '^Driver name: net_hns3_vf$' "$WORK/testpmd.log")" = 2 ] || fail "revision $rev: not 2 VFs"
	# queues as they were divided; RSS over powers of two
	[ "$(grep '^Max possible RX queues' "$WORK/testpmd.log" | awk '{ print $NF }' | tail -2 | xargs)" = "3 3" ] ||
		fail "revision $rev: the VFs do not have 3 queues"
	grep -E "Fail|rror|failed" "$WORK/testpmd.log" | grep -v "error handling mode" >"$WORK/errors" && fail "revision $rev: $(head -1 "$WORK/errors")"
	pass "dp_functions revision $rev: ${PFS[*]}, a22e and a22f started twice"
}

all 0x21 "$(memory_args 128)"
all 0x30 "$(memory_args 128) -d $POOL --mbuf-pool-ops-name=pool128"

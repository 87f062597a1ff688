#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every kind of fault under traffic: it strikes, the driver lives, and after the fault is cleared frames flow again. The
# distribution's unmodified net_hns3 first; then our own driver with descriptors that lie, which it must not believe. The
# distribution's believes lengths, so it is in rxonly, which does not look behind them (stock_error.py has what it makes of each).
. "$(dirname "$0")/../support/env.sh"

drive() { # DRIVER "EAL arguments" "PLAN [promisc|flap|mac]"...; a driver of VFs gets one of a PF that nobody drives
	local driver=$1 eal=$2 ports=(--port "socket=$WORK/p0.sock,wire=gen:size=64,rate=100000")
	shift 2
	[[ $driver != *_vf ]] ||
		ports=(--port "socket=$WORK/pf.sock,wire=gen:size=64,rate=100000" --port "socket=$WORK/p0.sock,vf=0")
	emu_start --ctl "$WORK/ctl" "${ports[@]}"
	# shellcheck disable=SC2046,SC2086 # words on purpose
	app_start 170 dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 128) -d "$BUS" $eal \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=$driver" \
		-- -i --auto-start --forward-mode=rxonly --disable-link-check --rxd=256 --txd=256 --total-num-mbufs=8192
	python3 "$SUPPORT/fault_cases.py" "$WORK/ctl" 9 "$driver" "$@" || fail "$driver"
	app_stop stop quit
	emu_stop
	emu_is_clean
}

drive net_hns3 "" \
	"cmd-lost:opcode=0x0e01 promisc" "cmd-late:opcode=0x0e01,ms=60 promisc" \
	"cmd-error:opcode=0x0e01,val=7 promisc" "cmd-lost:opcode=0x0034,p=0.5,seed=7" "fw-dead" \
	"link-flap:ms=200,count=3" "mbx-lost:code=201 flap" "mbx-dup:code=201 flap" "mbx-late:code=201,ms=100 flap" \
	"irq-lost:vector=0 flap" "irq-spurious:vector=0,ms=20,count=20" "bd-torn:us=2,p=0.01,seed=3,count=0" "bd-late:us=20,p=0.01,seed=3,count=0" \
	"dma-refused:p=0.01,seed=5,count=200" "frame-bad-fcs:p=0.01,seed=3,count=50" "frame-bad-fcs:name=passed,val=1,p=0.01,seed=3,count=50" \
	"frame-truncated:val=20,p=0.01,seed=3,count=50" "bd-bad-index:p=0.01,seed=3,count=50" \
	"bd-bad-len:val=65535,p=0.01,seed=3,count=50" "bd-bad-count:p=0.01,seed=3,count=50" "reset:val=0" "reset:val=1" "reset:val=2"
# Answers that a driver waits for, half a second at most, and a message that it does not.
drive net_hns3_vf "" \
	"mbx-lost:code=3 mac" "mbx-late:code=3,ms=100 mac" "mbx-late:code=3,ms=700 mac" "mbx-dup:code=3,count=4 mac" \
	"mbx-lost:p=0.5,seed=11,count=10 mac" "mbx-lost:code=23 flap" "irq-lost:vector=0 mac" "fw-dead mac"
drive net_hns3_pmd "-d $BUILD/drivers/net/hns3_pmd/librte_net_hns3_pmd.so" "frame-bad-fcs:val=1,p=0.01,seed=3,count=50" "frame-truncated:val=20,p=0.01,seed=3,count=50" \
	"bd-bad-index:p=0.01,seed=3,count=50" "bd-bad-len:val=65535,p=0.01,seed=3,count=50" "bd-bad-count:p=0.01,seed=3,count=50"

# SPDX-License-Identifier: BSD-3-Clause
# Shared by the datapath tests (sourced): one emulator with two ports, one application, everything in a directory of
# its own and gone at the end. BUILD is the build directory.
set -euo pipefail

SUPPORT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$SUPPORT/../.." && pwd)
BUILD=$(cd "${BUILD:-$TOP/build}" && pwd)
EMU=$BUILD/app/hns3_emu/hns3_emu
BUS=$BUILD/drivers/bus/vfio_user/librte_bus_vfio_user.so
WORK=$(mktemp -d "${TMPDIR:-/tmp}/pagelift-test.XXXXXX")
PREFIX=pagelift$$
EMU_PID=
APP_PID=

cleanup() {
	local pid
	for pid in $APP_PID $EMU_PID; do
		pkill -9 -P "$pid" 2>/dev/null || true # APP_PID is timeout's, which cannot pass SIGKILL on
		kill -9 "$pid" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	rm -f "/dev/hugepages/${PREFIX}"map_* /mnt/huge/"${PREFIX}"map_* 2>/dev/null || true
	rm -rf "/var/run/dpdk/$PREFIX"
	[ -n "${KEEP:-}" ] || rm -rf "$WORK"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

fail() {
	printf 'FAIL %s: %s\n' "$(basename "$0" .sh)" "$*"
	for f in "$WORK"/*.log; do
		[ -s "$f" ] && { printf -- '--- %s\n' "$(basename "$f")"; tail -n 25 "$f"; }
	done
	exit 1
}
pass() { printf 'PASS %s\n' "$*"; }

# Hugepages if there are enough, else memory of 4 KiB pages.
memory_args() { # MIB
	local free
	free=$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)
	if [ $((free * 2)) -ge "$1" ]; then
		printf '%s' "-m $1"
	else
		printf '%s' "--no-huge -m $1"
	fi
}

emu_start() { # --port arguments...
	: >"$WORK/emu.log" # or the one before would be seen ready
	"$EMU" --report "$WORK/emu.json" "$@" >"$WORK/emu.log" 2>&1 &
	EMU_PID=$!
	local i
	for i in $(seq 600); do
		grep -q 'ready' "$WORK/emu.log" && return 0
		kill -0 "$EMU_PID" 2>/dev/null || fail "the emulator ended at its start"
		sleep 0.05
	done
	fail "the emulator was not ready within 30 s"
}

# End the emulator by SIGTERM; it has to write its report and to leave with 0.
emu_stop() {
	kill -TERM "$EMU_PID"
	local i
	for i in $(seq 600); do
		kill -0 "$EMU_PID" 2>/dev/null || break
		sleep 0.05
	done
	kill -0 "$EMU_PID" 2>/dev/null && fail "the emulator did not end within 30 s of SIGTERM"
	wait "$EMU_PID" || fail "the emulator's exit status is not 0"
	EMU_PID=
}

# A figure of the emulator's report: emu_value 'ports[0]["wire"]["rx_pkts"]'
emu_value() { python3 -c 'import json,sys; r=json.load(open(sys.argv[1])); ports=r["ports"]; print(eval(sys.argv[2]))' "$WORK/emu.json" "$1"; }

# No IOMMU fault, no driver error, no map left: what every run has to end with.
emu_is_clean() {
	python3 "$SUPPORT/emu_clean.py" "$WORK/emu.json" || fail "the emulator's report is not clean"
}

# An application that reads from descriptor 9 until app_stop, and is killed after SECONDS: app_start SECONDS COMMAND...
app_start() {
	rm -f "$WORK/stdin"
	mkfifo "$WORK/stdin"
	timeout -s KILL "$@" <"$WORK/stdin" >"$WORK/testpmd.log" 2>&1 &
	APP_PID=$!
	exec 9>"$WORK/stdin"
}
app_stop() { # LINE...: what it is told last; it has to leave with 0
	printf '%s\n' "$@" >&9 || fail "testpmd ended early"
	exec 9>&-
	wait "$APP_PID" || fail "testpmd's exit status is not 0"
	APP_PID=
}
# Until a capture holds so many frames, or for so many tenths of a second: app_forwards FRAMES PCAP TENTHS
app_forwards() {
	local i
	for i in $(seq "$3"); do
		kill -0 "$APP_PID" 2>/dev/null || fail "testpmd ended early"
		[ "$(python3 "$SUPPORT/frames.py" count "$2")" -ge "$1" ] && break
		sleep 0.1
	done
}

# dpdk-testpmd with two ports on the emulator for as long as FRAMES have not left port 1, at most 80 s.
# testpmd_run FRAMES OUT_PCAP "EAL arguments" "testpmd arguments" ["device arguments"]
testpmd_run() {
	local frames=$1 out=$2 eal=$3 args=$4 dev=${5:-}
	# shellcheck disable=SC2086 # words on purpose
	app_start 120 dpdk-testpmd -l 0,1 --no-pci --file-prefix "$PREFIX" $eal -d "$BUS" \
		-a "vfio_user:vfu0,socket=$WORK/p0.sock$dev" -a "vfio_user:vfu1,socket=$WORK/p1.sock$dev" \
		-- -i --auto-start --disable-link-check --rxd=256 --txd=1024 --total-num-mbufs=16384 $args
	app_forwards "$frames" "$out" 800
	app_stop "show port stats all" stop quit
}

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# From a bare Debian 12 to forwarded packets and a report.
#
#   config/quickstart.sh [--seconds N] [--pcap FILE] [--no-huge]
#
#   --seconds N    how long to forward (5)
#   --pcap FILE    loop this capture through the two ports instead of generated traffic (64-byte frames, 256 flows)
#   --no-huge      use ordinary memory even if there are hugepages
#
# As root it installs the packages of config/packages.txt that are missing and reserves 512 hugepages of 2 MiB if there
# are fewer. Without root, or without hugepages, it runs in ordinary memory, slower, and says so. It builds into build/ and
# runs hns3_emu (two emulated ports) and testpmd_frag between them; Ctrl-C ends both.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=5 pcap= no_huge=
while [ $# -gt 0 ]; do
	case $1 in
	--seconds)
		seconds=${2:-}
		[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "quickstart: --seconds takes a number of seconds" >&2; exit 2; }
		shift
		;;
	--pcap)
		[ -r "${2:-}" ] || { echo "quickstart: --pcap: cannot read \"${2:-}\"" >&2; exit 2; }
		pcap=$(realpath "$2")
		shift
		;;
	--no-huge) no_huge=1 ;;
	-h | --help)
		sed -n '3,13s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	*)
		echo "quickstart: unknown argument \"$1\"; see --help" >&2
		exit 2
		;;
	esac
	shift
done

. config/setup.sh
setup_packages
setup_hugepages 512
memory='-m 256 --in-memory'
if [ -n "$no_huge" ]; then
	memory="--no-huge -m 256 --no-shconf --file-prefix quickstart$$"
elif [ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -lt 128 ] || ! [ -w /dev/hugepages ]; then
	memory="--no-huge -m 256 --no-shconf --file-prefix quickstart$$"
	echo "fewer than 128 free hugepages of 2 MiB that may be used: running with --no-huge, which is slower"
fi

echo "building in build/"
mkdir -p build
{ [ -f build/build.ninja ] || meson setup build; } >build/setup.log 2>&1 || { tail -n 20 build/setup.log; exit 1; }
ninja -C build app/hns3_emu/hns3_emu app/testpmd_frag/testpmd_frag drivers/bus/vfio_user/librte_bus_vfio_user.so \
	drivers/net/hns3_pmd/librte_net_hns3_pmd.so \
	>build/ninja.log 2>&1 || { tail -n 40 build/ninja.log; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/pagelift.XXXXXX")
emu=
finish() {
	[ -z "$emu" ] || { kill "$emu" && wait "$emu"; } 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

wire=gen:size=64,flows=256
[ -z "$pcap" ] || wire=pcap:in=$pcap,loop
build/app/hns3_emu/hns3_emu --report "$work/emu.json" \
	--port "socket=$work/p0.sock,wire=$wire" --port "socket=$work/p1.sock,wire=null" >"$work/emu.log" 2>&1 &
emu=$!
for _ in $(seq 100); do
	grep -q ready "$work/emu.log" && break
	kill -0 "$emu" 2>/dev/null || { cat "$work/emu.log"; exit 1; }
	sleep 0.05
done
echo "emulated hns3 NIC: port 0 on $wire, port 1 on null; forwarding for $seconds s"
cores=0,1
[ "$(nproc)" -ge 2 ] || cores='(0,1)@0'
# shellcheck disable=SC2086 # words on purpose
build/app/testpmd_frag/testpmd_frag --lcores "$cores" --no-pci --log-level=notice $memory \
	-a "vfio_user:vfu0,socket=$work/p0.sock" -a "vfio_user:vfu1,socket=$work/p1.sock" \
	-- --disable-link-check --run-seconds "$seconds" --stats-period 1 || echo "testpmd_frag ended with status $?"
kill "$emu"
wait "$emu" || true
emu=
python3 - "$work/emu.json" <<'PY'
import json, sys
print("\nThe emulated NIC's view:")
for p in json.load(open(sys.argv[1]))["ports"]:
    w, i, d = p["wire"], p["iommu"], p["device"]
    drops = {k: v for g in ("rx_drops", "tx_drops") for k, v in d[g].items() if v}
    wrong = {k: v for k, v in d["violations"].items() if v}
    print(f'  port {p["port"]} ({w["kind"]}): wire to NIC {w["rx_pkts"]} packets, {w["rx_bytes"]} bytes; '
          f'NIC to wire {w["tx_pkts"]} packets, {w["tx_bytes"]} bytes')
    print(f'    drops {drops or "none"}; driver errors {wrong or "none"}; IOMMU faults {i["faults"]}, '
          f'at most {i["peak_maps"]} maps, {i["live_maps"]} left')
PY

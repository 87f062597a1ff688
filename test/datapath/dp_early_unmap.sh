#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Memory that is unmapped while BDs still point to it is caught: the report shows IOMMU faults and emu_clean.py objects. So the
# zeros that the other tests find mean something.
. "$(dirname "$0")/../support/env.sh"

if [ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -lt 128 ]; then
	echo "fewer than 128 free hugepages of 2 MiB: memory that is not of hugepages is never given back"
	exit 77
fi
emu_start --port "socket=$WORK/p0.sock,wire=gen:size=64,rate=2000"
timeout -s KILL 30 "$BUILD/test/datapath/early_unmap" -l 0 --no-pci --file-prefix "$PREFIX" -d "$BUS" \
	-a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" >"$WORK/app.log" 2>&1 || fail "the application failed"
sleep 0.3
emu_stop
faults=$(emu_value 'ports[0]["iommu"]["faults_write"]')
[ "$faults" -gt 0 ] || fail "no fault was counted"
! python3 "$SUPPORT/emu_clean.py" "$WORK/emu.json" >"$WORK/clean.log" || fail "emu_clean.py does not object"
grep -q 'IOMMU faults' "$WORK/clean.log" || fail "emu_clean.py objects to something else"
pass "dp_early_unmap: $faults faults counted, none carried out"

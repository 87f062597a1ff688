#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Everything builds for arm64 without a warning; unit and conformance tests pass under qemu-user, which knows arm64's instructions
# but not its weak order: that is for the models.
. "$(dirname "$0")/../support/arm64.sh"

# Cases that qemu-user (7.2) cannot run: program, case (*: none of the program runs), reason. A case that passes is welcome.
not_here='
vup_client_hostile broken_answers_kill_the_connection	qemu-user loses MSG_CTRUNC and hands out twice the descriptors
vup_server_hostile what_is_no_message_ends_the_client	qemu-user loses MSG_CTRUNC and hands out twice the descriptors
vup_sock too_many_descriptors_are_closed	qemu-user loses MSG_CTRUNC and hands out twice the descriptors
emu_iommu neighbours_are_one_piece	needs the arena of 1 TiB, see test/support/arm64.sh
emu_iommu small_pages	needs the arena of 1 TiB, see test/support/arm64.sh
emu_iommu limits	maps 1 TiB, see test/support/arm64.sh
emu_iommu_guard all_is_dropped_at_once	needs the arena of 1 TiB, see test/support/arm64.sh
emu_iommu_guard a_map_that_fails_leaves_its_place_reserved	needs the arena of 1 TiB, see test/support/arm64.sh
emu_iommu_random *	needs the arena of 1 TiB, see test/support/arm64.sh
emu_wire_netdev *	qemu-user does not pass on PACKET_VNET_HDR
emu_wire_tap net_long_tcp_units_are_cut	qemu-user does not pass on PACKET_VNET_HDR
vub_dma_dynamic *	qemu-user chooses addresses for hugepages that are not aligned to them
'

arm64_build
case $(od -An -tx2 -j18 -N2 "$BUILD/app/hns3_emu/hns3_emu") in
' 00b7') echo "PASS arm64 builds: libraries, drivers, applications, tests" ;;
*) echo "FAIL arm64: the emulator is no AArch64 program" && exit 1 ;;
esac

tests=$(meson test -C "$BUILD" --no-rebuild --list --suite unit --suite conformance 2>/dev/null | sed -n 's|.* / ||p' | grep -vxF "$(sed -n 's/ \*\t.*//p' <<<"$not_here")")
# shellcheck disable=SC2086 # words on purpose
meson test -C "$BUILD" --no-rebuild --timeout-multiplier 4 $tests >>"$BUILD/arm64.log" 2>&1 || true
NOT_HERE=$not_here python3 - "$BUILD/meson-logs/testlog.json" $tests <<'PY'
import json, os, re, sys
reason = {}
for line in os.environ["NOT_HERE"].strip().split("\n"):
    where, why = line.split("\t")
    reason.setdefault(where.split()[0], {})[where.split()[1]] = why
results = [json.loads(line) for line in open(sys.argv[1])]
results = {r["name"].split(" / ")[-1]: r for r in results}
bad = 0
for name, cases in reason.items():
    if "*" in cases:
        print(f"SKIP arm64 {name}: {cases['*']}")
for name in sys.argv[2:]:
    r = results.get(name)
    text = (r.get("stdout") or "") + (r.get("stderr") or "") if r else "it did not run\n"
    cases = reason.get(name, {})
    failed = set(re.findall(r"^\[  (?:FAILED|ERROR) +\] (\w+)$", text, re.M))
    ended = re.search(r"^\[=+\] \d+ test\(s\) run\.$", text, re.M)
    if r and (r["result"] == "OK" or r["returncode"] > 0 and ended and failed and failed <= cases.keys()):
        print(f"PASS arm64 {name}")
        for case in sorted(failed):
            print(f"SKIP arm64 {name} {case}: {cases[case]}")
    elif r and r["result"] == "SKIP":
        print(f"SKIP arm64 {name}: see the log")
    else:
        bad += 1
        print(f"FAIL arm64 {name}: {r['result'] if r else 'NO RESULT'}", *text.split("\n")[-30:], sep="\n    ")
sys.exit(bad != 0)
PY

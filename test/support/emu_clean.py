# SPDX-License-Identifier: BSD-3-Clause
"""Exit 0 if an emulator's report shows no IOMMU fault, no driver error and no map left; say what is wrong otherwise."""
import json
import sys

bad = []
with open(sys.argv[1], encoding="utf-8") as f:
    report = json.load(f)
for port in report["ports"]:
    name = f'port {port["port"]}'
    if port["iommu"]["faults"]:
        bad.append(f'{name}: {port["iommu"]["faults"]} IOMMU faults')
    if port["iommu"]["live_maps"]:
        bad.append(f'{name}: {port["iommu"]["live_maps"]} maps are left')
    for rule, count in port["device"]["violations"].items():
        if count:
            bad.append(f"{name}: driver error {rule}: {count}")
    for opcode, count in port["device"].get("unsupported", {}).items():
        bad.append(f"{name}: command {opcode} is not supported: {count}")
if not report["ports"]:
    bad.append("there are no ports in the report")
if bad:
    print("\n".join(bad))
sys.exit(bool(bad))

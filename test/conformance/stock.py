# SPDX-License-Identifier: BSD-3-Clause
"""
The distribution's unmodified dpdk-testpmd with its own net_hns3 on the emulated NIC: one PASS, FAIL or SKIP line for each
scenario. A scenario that fails takes its session with it; the next one gets a new start.

usage: stock.py BUILD [NAME ...]     only sessions and scenarios with these names
"""
import importlib
import sys
import time
import traceback

from stock_cases import SESSIONS
from stock_rig import Failed, Rig, report_faults

MODULES = ["stock_fwd", "stock_rss", "stock_vlan", "stock_addr", "stock_csum", "stock_flow", "stock_rule", "stock_port", "stock_vf", "stock_error"]


def run(session, wanted, build):
    """Run the scenarios of one session that are wanted, by default all; how many failed."""
    chosen = [s for s in session.scenarios if not wanted or session.name in wanted or s.__name__ in wanted]
    failed, rig = 0, None
    for scenario in chosen:
        name, begin = scenario.__name__, time.monotonic()
        try:
            rig = rig or Rig(build, session)
            scenario(rig)
            rig.undo()
            print(f"PASS stock {name} ({time.monotonic() - begin:.1f} s)", flush=True)
            continue
        except Exception as e:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL stock {name}: {e if isinstance(e, Failed) else traceback.format_exc()}", flush=True)
            if rig and rig.app:
                print("--- testpmd\n" + rig.app.out.text[-1500:] + "\n--- its log\n" + rig.app.err.text[-1500:], flush=True)
        if rig:
            rig.abort()
        rig = None
    return failed + (end(session, rig) if rig else 0)


def end(session, rig):
    """The session's end has to be clean."""
    try:
        bad = report_faults(rig.finish())
    except Failed as e:
        bad = [str(e)]
        rig.abort()
    print(f"FAIL stock clean_{session.name}: {'; '.join(bad)}" if bad else f"PASS stock clean_{session.name}", flush=True)
    return len(bad)


def main():
    build, wanted = sys.argv[1], set(sys.argv[2:])
    for module in MODULES:
        importlib.import_module(module)
    unknown = wanted - {s.name for s in SESSIONS} - {f.__name__ for s in SESSIONS for f in s.scenarios}
    if unknown:
        sys.exit(f"FAIL stock: no session or scenario is named {', '.join(sorted(unknown))}")
    failed = sum(run(session, wanted, build) for session in SESSIONS)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()

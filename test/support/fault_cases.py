# SPDX-License-Identifier: BSD-3-Clause
"""fault_cases.py CTL FD DRIVER "PLAN [promisc|flap|mac]"...: on a running emulator and testpmd (whose standard input is FD), for
each plan: arm it on the driver's port, switch promiscuity, the link or an address if it needs that, see it strike, clear it, see frames flow again."""
import os
import sys
import time

import emu_ctl

ctl_path, fd, driver, cases = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
port = int(driver.endswith("_vf"))


def ask(cmd, **args):
    r = emu_ctl.ask(ctl_path, {"cmd": cmd, "port": port, **args})
    if not r["ok"]:
        sys.exit(f"{cmd} {args}: {r['error']}")
    return r


def device():
    return ask("stats")["ports"][0]["device"]


def until(what, seconds, true, again=lambda: None):
    end, next_try = time.monotonic() + seconds, 0.0
    while not true():
        if time.monotonic() > end:
            sys.exit(f"{driver} {what}: not within {seconds} s")
        if time.monotonic() > next_try:
            again()
            next_try = time.monotonic() + 2
        time.sleep(0.02)


def flows(what, again=lambda: None):
    before = device()["rx"]["pkts"]
    until(f"{what}: frames flow", 30, lambda: device()["rx"]["pkts"] > before + 1000, again)


def stimulate(how):
    if how == "flap":
        ask("link", port=0, up=False)
        ask("link", port=0, up=True)
    elif how == "promisc":
        os.write(fd, b"set promisc all off\nset promisc all on\n")
    elif how == "mac":
        os.write(fd, b"mac_addr set 0 02:11:22:33:44:55\nmac_addr set 0 02:00:00:00:00:01\n")


flows("start")
for case in cases:
    plan, _, how = case.partition(" ")
    kind = plan.split(":")[0]
    before = device().get("faults", {}).get(kind, 0)
    ask("fault", op="arm", plan=plan)
    until(f"{plan}: it strikes", 15, lambda: device().get("faults", {}).get(kind, 0) > before, lambda: stimulate(how))
    time.sleep(0.3)
    ask("fault", op="clear")
    # What a late command did after the driver had given it up is unknown to driver and user: it is given again.
    flows(plan, lambda: stimulate(how) if how == "promisc" else None)
    print(f"PASS dp_faults {driver} {plan}: struck {device()['faults'][kind] - before} times, frames flow", flush=True)

# SPDX-License-Identifier: BSD-3-Clause
"""reset_steps.py BUILD DRIVER KINDS EVERY: one life of a port (attach, start, frames, stop, detach) in dpdk-testpmd, again and
again, each time with a reset when a command of another opcode comes: of all opcodes that such a life sends, each EVERYth. KINDS
are the resets (val of the fault plan), in turn. A driver may give up an attach or a start that was reset; the next life works."""
import itertools
import os
import re
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../conformance"))
from stock_rig import Emu, Failed, Testpmd, ctl_ask, expect, report_faults  # noqa: E402

build, driver, kinds, every = sys.argv[1], sys.argv[2], sys.argv[3].split(","), int(sys.argv[4])
ports = ["", ",vf=0"] if driver.endswith("_vf") else [""]
port, lives = len(ports) - 1, itertools.count()


def received(emu):
    return ctl_ask(emu.ctl_path, "stats", port=port)["ports"][0]["device"]["rx"]["pkts"]


def life(emu, app):
    """Whether it came to 500 frames."""
    out = app.cmd(f"port attach vfio_user:vfu{next(lives)},socket={emu.sockets[port]},driver={driver}", 60)
    attached = re.search(r"Port (\d+) is attached", out)
    if not attached:
        return False
    works = not re.search("Fail to (configure|start) port", app.cmd(f"port start {attached[1]}", 60))
    app.cmd("start")
    before, end = received(emu), time.monotonic() + 20
    while works and received(emu) < before + 500:
        if time.monotonic() > end:
            raise Failed(f"no frames, though the port is started: {app.err.text[-800:]}")
        time.sleep(0.02)
    app.cmd("stop")
    out = app.cmd(f"port stop {attached[1]}", 60) + app.cmd(f"port detach {attached[1]}", 60)
    if "is detached" not in out:
        raise Failed(f"the port is not detached: {out}")
    return works


def opcodes(emu):
    with open(os.path.join(emu.work, "emu.trace"), encoding="utf-8") as trace:
        found = re.findall(rf"^\S+ port{port} cmd (0x\w+)", trace.read(), re.M)
    return list(dict.fromkeys(found))


def steps(emu, app):
    expect(life(emu, app), True, "a life without a reset")
    chosen, spoilt = opcodes(emu)[::every], 0
    for opcode, kind in zip(chosen, itertools.cycle(kinds)):
        what = f"reset {kind} at {opcode}"
        ctl_ask(emu.ctl_path, "fault", port=port, op="arm", plan=f"reset:opcode={opcode},val={kind}")
        works = life(emu, app)
        ctl_ask(emu.ctl_path, "fault", port=port, op="clear")
        if not works:
            spoilt += 1
            expect(life(emu, app), True, f"a life after {what}")
    # A PF's own reset (0) begins when its driver, told by an error, asks for it: not before it handles interrupts.
    begun = sum(port > 0 or kind != "0" for _, kind in zip(chosen, itertools.cycle(kinds)))
    return len(chosen), begun, spoilt


with tempfile.TemporaryDirectory(prefix="pagelift-steps.") as work:
    emulator = Emu(work, f"{build}/app/hns3_emu/hns3_emu", ports, ["gen:size=64,rate=20000"])
    testpmd = Testpmd(f"{build}/drivers/bus/vfio_user/librte_bus_vfio_user.so", [], ["-m", "128"],
                      ["--rxd=256", "--txd=256", "--total-num-mbufs=4096", "--forward-mode=rxonly",
                       "--mask-event", "all"])  # printed by another thread, in the middle of a command's echo
    try:
        nb, nb_begun, nb_spoilt = steps(emulator, testpmd)
        testpmd.quit()
        report = emulator.stop()
    except Failed as e:
        sys.exit(str(e))
    finally:
        if testpmd.proc.poll() is None:
            testpmd.kill()
        if emulator.proc.poll() is None:
            emulator.proc.kill()
    expect(report_faults(report), [], "the report")
    expect(report["ports"][port]["device"]["faults"], {"reset": nb}, "faults that struck")
    resets = sum(sum(p["device"]["resets"].values()) for p in report["ports"])
    expect(resets >= nb_begun, True, f"{nb_begun} resets, {resets} in the report")
    print(f"{nb} lives with a reset at another command each, {nb_spoilt} of them in vain, the next one not")

# SPDX-License-Identifier: BSD-3-Clause
"""
Speed of the emulated NIC: 64-byte frames circulate between two linked ports through the distribution's dpdk-testpmd (io
mode) and its net_hns3. The emulator's data thread has one CPU, testpmd's forwarding lcore the other; many flows, RSS,
checksum verification and address filters are on, nothing is special about the run. Figures come from the emulator's
own counters over the control socket.

usage: emu.py BUILD [--smoke]

RESULT lines: emu_io_64B_... in Mpps (both ports together; median and best of the runs), ns per packet of the data thread,
and how that grows with queues and flow rules.
"""
import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
from stock_rig import Emu, Failed, Testpmd, ctl_ask, report_faults, wait_for  # noqa: E402

SMOKE = "--smoke" in sys.argv
BUILD = os.path.abspath(sys.argv[1])
SECONDS, RUNS = (0.5, 1) if SMOKE else (3, 5)
QUEUES = [1, 4] if SMOKE else [1, 4, 16, 64]
RULES = [0, 64] if SMOKE else [0, 256, 2048]


def pin(pid, name, cpu):
    """The thread of a process called name to a CPU, the others to the rest."""
    cpus = set(os.sched_getaffinity(0))

    def names():
        return {int(t): open(f"/proc/{pid}/task/{t}/comm", encoding="ascii").read().strip() for t in os.listdir(f"/proc/{pid}/task")}

    wait_for(lambda: name in names().values(), 5, f"thread {name}")
    for tid, comm in names().items():
        os.sched_setaffinity(tid, {cpu} if comm == name else (cpus - {cpu}) or cpus)


class Bench:
    """Two linked ports and testpmd on them."""

    def __init__(self, queues):
        self.tmp = tempfile.TemporaryDirectory(prefix="pagelift-bench.")
        self.emu = self.app = None
        self.cpus = sorted(os.sched_getaffinity(0))
        try:
            self.emu = Emu(self.tmp.name, f"{BUILD}/app/hns3_emu/hns3_emu", [f",queues={queues}"] * 2, ["link:1", "link:0"])
            pin(self.emu.proc.pid, "emu-data", self.cpus[-1])
            self.app = Testpmd(
                f"{BUILD}/drivers/bus/vfio_user/librte_bus_vfio_user.so",
                [(path, "net_hns3") for path in self.emu.sockets],
                ["-m", "512"],
                ["--rxd=512", "--txd=512", f"--total-num-mbufs={2048 * queues + 4096}", f"--rxq={queues}", f"--txq={queues}", "--txpkts=60", "--txonly-multi-flow", "--enable-rx-cksum"],
                lcores=f"0@{self.cpus[0]},1@{self.cpus[0]}",
            )
        except BaseException:
            self.abort()
            raise

    def counted(self):
        """Packets received by both devices, and when."""
        now = time.monotonic()
        return sum(p["device"]["rx"]["pkts"] for p in ctl_ask(self.emu.ctl_path, "stats")["ports"]), now

    def rate(self):
        """Mpps of RUNS measurements."""
        self.app.cmd("start tx_first 16")
        time.sleep(0.3)
        got = []
        for _ in range(RUNS):
            pkts, begin = self.counted()
            time.sleep(SECONDS)
            more, end = self.counted()
            got.append((more - pkts) / (end - begin) / 1e6)
        self.app.cmd("stop")
        return got

    def rules(self, first, end):
        """Flow rules first .. end - 1, which no frame of the run matches."""
        path = os.path.join(self.tmp.name, "rules")
        with open(path, "w", encoding="ascii") as f:
            for i in range(first, end):
                ip = f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"
                f.write(f"flow create 0 ingress pattern eth / ipv4 dst is {ip} / udp / end actions queue index 0 / end\n")
        self.app.cmd(f"load {path}", 120)

    def finish(self):
        self.app.quit()
        self.app = None
        bad = report_faults(self.emu.stop())
        self.emu = None
        self.abort()
        if bad:
            raise Failed("; ".join(bad))

    def abort(self):
        if self.app:
            self.app.kill()
        if self.emu and self.emu.proc.poll() is None:
            self.emu.proc.kill()
            self.emu.proc.wait(10)
        self.tmp.cleanup()


def result(name, got):
    mpps = statistics.median(got)
    print(f"RESULT {name} {mpps:.1f} Mpps best {max(got):.1f}", flush=True)
    print(f"RESULT {name}_cost {1000 / mpps:.1f} ns/packet best {1000 / max(got):.1f}", flush=True)
    if mpps < 0.1:
        raise Failed(f"{name}: {mpps} Mpps is no working data path")


def main():
    for queues in QUEUES:
        bench = Bench(queues)
        try:
            result(f"emu_io_64B_{queues}q", bench.rate())
            if queues == QUEUES[1]:
                have = 0
                for nb in RULES[1:]:
                    bench.rules(have, nb)
                    have = nb
                    result(f"emu_io_64B_{queues}q_{nb}rules", bench.rate())
            bench.finish()
        except BaseException:
            bench.abort()
            raise
    print("PASS bench emu: ran")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: BSD-3-Clause
"""
One session of the stock driver: hns3_emu with TAP wires, the distribution's dpdk-testpmd on it, and frames sent and
seen on the wires. Runs in a network namespace of its own (stock.sh), so that interface names and traffic are nobody
else's. Nothing sleeps: commands are answered by the prompt, traffic ends with markers that come back, every wait has a
deadline.
"""
import ctypes
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
import tty

ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
VLAN_VALID, VLAN_TPID_VALID = 0x10, 0x40
MARKER_TYPE = b"\x88\xb5"  # local experimental
MARKER_SRC = b"\x06\x06"
PROMPT = "testpmd> "
# What testpmd says when it does nothing of what it is told.
UNDONE = re.compile(r"Bad arguments|Command not found|Ambiguous command|[Pp]lease (stop|remove) port")

LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """In a new process: nobody is left behind if this one is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Failed(Exception):
    """A scenario's expectation that did not hold."""


def expect(got, want, what):
    if got != want:
        raise Failed(f"{what}: expected {want!r}, got {got!r}")


def expect_in(part, text, what):
    if part not in text:
        raise Failed(f"{what}: {part!r} is not in {str(text)[-1500:]!r}")


def wait_for(condition, seconds, what):
    """The first true value of condition(), looked at each 5 ms."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(0.005)


class Stream(threading.Thread):
    """Text that a process writes, kept from its start."""

    def __init__(self, fd):
        super().__init__(daemon=True)
        self.fd, self.text, self.changed, self.open = fd, "", threading.Condition(), True
        self.start()

    def run(self):
        while True:
            select.select([self.fd], [], [])
            with self.changed:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:  # a pty whose other side is closed
                    data = b""
                self.text += data.decode(errors="replace").replace("\r", "")
                self.open = bool(data)
                self.changed.notify_all()
            if not data:
                return

    def sync(self):
        """All that was written so far is in the text when this returns."""
        size = bytearray(4)
        while True:
            with self.changed:
                if not self.open or (fcntl.ioctl(self.fd, termios.FIONREAD, size) == 0 and not any(size)):
                    return
            time.sleep(0.001)

    def wait(self, pattern, start, seconds, what):
        """Position behind the first match of pattern from start on."""
        end, regex = time.monotonic() + seconds, re.compile(pattern)
        with self.changed:
            while True:
                match = regex.search(self.text, start)
                if match:
                    return match.end()
                if not self.open:
                    raise Failed(f"{what}: the program ended: {self.text[start:][-1500:]!r}")
                if not self.changed.wait(end - time.monotonic()):
                    raise Failed(f"{what}: no {pattern!r} within {seconds} s: {self.text[start:][-1500:]!r}")


class Tap:
    """A TAP wire seen from the network: raw frames, tags included."""

    def __init__(self, name):
        self.name = name
        subprocess.run(["ip", "link", "set", name, "mtu", "9710", "txqueuelen", "20000", "up"], check=True)
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)  # SO_RCVBUFFORCE
        self.sock.bind((name, 0))

    def send(self, frame):
        self.sock.send(bytes(frame))

    def recv(self, seconds):
        """The next frame as it was on the wire, None if none comes in time."""
        if not select.select([self.sock], [], [], max(0, seconds))[0]:
            return None
        data, anc, _, _ = self.sock.recvmsg(65536, 64)
        for level, kind, aux in anc:
            if level != SOL_PACKET or kind != PACKET_AUXDATA:
                continue
            status, tci, tpid = struct.unpack("=I12xHH", aux[:20])
            if status & VLAN_VALID:  # the kernel took the tag out
                tag = struct.pack(">HH", tpid if status & VLAN_TPID_VALID else 0x8100, tci)
                data = data[:12] + tag + data[12:]
        return data

    def drain(self):
        while self.recv(0) is not None:
            pass

    def close(self):
        self.sock.close()


class Emu:
    """The emulator; ports: arguments of each port before its wire, TAP wires t0, t1, ..."""

    def __init__(self, work, exe, ports, wires=None):
        self.work, self.report_path = work, os.path.join(work, "emu.json")
        self.ctl_path = os.path.join(work, "ctl.sock")
        self.sockets = [os.path.join(work, f"p{i}.sock") for i in range(len(ports))]
        args = [exe, "--report", self.report_path, "--trace", os.path.join(work, "emu.trace")]
        for i, (path, port) in enumerate(zip(self.sockets, ports)):
            wire = "" if ",vf=" in port else ",wire=" + (wires[i] if wires else f"tap:t{i}")
            args += ["--port", f"socket={path}{port}{wire}"]
        args += ["--ctl", self.ctl_path]
        with open(os.path.join(work, "emu.log"), "wb") as log:
            self.proc = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)
        wait_for(lambda: "ready" in self.log() or self.proc.poll() is not None, 30, "start of the emulator")
        if self.proc.poll() is not None:
            raise Failed(f"the emulator ended at its start: {self.log()[-800:]}")

    def log(self):
        with open(os.path.join(self.work, "emu.log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def stop(self):
        """End it; its report."""
        self.proc.send_signal(signal.SIGTERM)
        try:
            status = self.proc.wait(30)
        except subprocess.TimeoutExpired:
            self.proc.kill()
            raise Failed("the emulator did not end within 30 s of SIGTERM") from None
        expect(status, 0, "exit status of the emulator")
        with open(self.report_path, encoding="utf-8") as f:
            return json.load(f)


def ctl_ask(path, cmd, **args):
    """A request to an emulator's control socket; its answer, which has to be ok."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.connect(path)
        sock.sendall(json.dumps({"cmd": cmd, **args}).encode() + b"\n")
        answer = json.loads(sock.makefile().readline())
    if not answer["ok"]:
        raise Failed(f"control request {cmd} {args}: {answer}")
    return answer


class Testpmd:
    """dpdk-testpmd -i on a pty; stderr, where logs and errors go, apart."""

    def __init__(self, bus, devices, eal, args, lcores=None):
        cpus = f"0-{os.cpu_count() - 1}"
        words = ["dpdk-testpmd", "--lcores", lcores or f"0@({cpus}),1@({cpus})", "--no-pci", "--in-memory", "--no-telemetry", "-d", bus]
        for i, (path, driver) in enumerate(devices):
            words += ["-a", f"vfio_user:vfu{i},socket={path},driver={driver}"]
        words += eal + ["--", "-i", "--disable-link-check", "--mask-event", "intr_lsc"] + args
        master, slave = pty.openpty()
        tty.setraw(slave)
        err_read, err_write = os.pipe()
        self.proc = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=err_write, preexec_fn=die_with_parent)
        os.close(slave)
        os.close(err_write)
        self.fd, self.out, self.err = master, Stream(master), Stream(err_read)
        try:
            self.at = self.out.wait(PROMPT, 0, 90, "start of testpmd")
        except Failed as e:
            self.kill()
            raise Failed(f"{e}: {self.err.text[-1500:]}") from None

    def cmd(self, text, seconds=30):
        """What a command prints, on both streams."""
        out_at, err_at = len(self.out.text), len(self.err.text)
        os.write(self.fd, text.encode() + b"\n")
        echo = self.out.wait(re.escape(text) + "\n", out_at, seconds, f"echo of {text!r}")
        self.out.wait(PROMPT, echo, seconds, f"end of {text!r}")
        self.err.sync()
        got = self.out.text[echo:].split(PROMPT, 1)[0] + self.err.text[err_at:]
        if UNDONE.search(got):
            raise Failed(f"testpmd did not do {text!r}: {got}")
        return got

    def quit(self):
        os.write(self.fd, b"quit\n")
        try:
            status = self.proc.wait(30)
        except subprocess.TimeoutExpired:
            raise Failed("testpmd did not end within 30 s of quit") from None
        finally:
            self.kill()
        expect(status, 0, "exit status of testpmd")

    def kill(self):
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.wait(10)
        for stream in (self.out, self.err):
            stream.join(10)
            os.close(stream.fd)


RX_RECORD = re.compile(
    r"src=(?P<src>\S+) - dst=(?P<dst>\S+) - pool=\S+ - type=0x(?P<type>\w+) - length=(?P<length>\d+) - "
    r"nb_segs=(?P<nb_segs>\d+)(?P<rest>.*?) - Receive queue=0x(?P<queue>\w+)\n\s*ol_flags: (?P<flags>[^\n]*)", re.S
)


class Rx:
    """One frame as testpmd's verbose output describes it."""

    def __init__(self, match):
        self.src, self.dst = match["src"].lower(), match["dst"].lower()
        self.type, self.length, self.nb_segs = int(match["type"], 16), int(match["length"]), int(match["nb_segs"])
        self.queue, self.flags = int(match["queue"], 16), set(match["flags"].replace("RTE_MBUF_F_RX_", "").split())
        self.rest = match["rest"]
        self.ptype = self._text(r"hw ptype: (.*?) +-")
        self.hash, self.vlan = self._hex(r"RSS hash=0x(\w+)"), self._hex(r"(?<!QinQ )VLAN tci=0x(\w+)")
        self.outer_vlan = self._hex(r"VLAN tci outer=0x(\w+)")
        self.mark = self._hex(r"FDIR matched ID=0x(\w+)")

    def _text(self, pattern):
        match = re.search(pattern, self.rest)
        return match[1].strip() if match else None

    def _hex(self, pattern):
        text = self._text(pattern)
        return int(text, 16) if text is not None else None

    def __repr__(self):
        return f"<{self.length} B, {self.ptype}, queue {self.queue}, {sorted(self.flags)}{self.rest}>"


class Rig:
    """A session: emulator, testpmd, wires; what a scenario needs to drive them."""

    def __init__(self, build, session):
        self.tmp = tempfile.TemporaryDirectory(prefix="pagelift-stock.")
        self.build, self.work, self.undo_cmds, self.markers = build, self.tmp.name, [], 0
        self.emu = self.app = None
        self.taps, self.verbose = [], 0
        try:
            wires = session.wires(self.work) if session.wires else None
            self.emu = Emu(self.work, f"{build}/app/hns3_emu/hns3_emu", session.ports, wires)
            self.taps = [] if wires else [Tap(f"t{i}") for i, port in enumerate(session.ports) if ",vf=" not in port]
            pool = ["-d", f"{build}/test/datapath/libpool128.so", "--mbuf-pool-ops-name=pool128"] if session.aligned else []
            self.app = Testpmd(
                f"{build}/drivers/bus/vfio_user/librte_bus_vfio_user.so",
                [(self.emu.sockets[i], session.driver(i)) for i in session.attached],
                ["-m", "320"] + session.eal + pool,
                ["--rxd=256", "--txd=256", "--total-num-mbufs=12288"] + session.args,
            )
        except BaseException:
            self.abort()
            raise
        if "Fail to start port" in self.app.err.text:
            why = self.app.err.text[-800:]
            self.abort()
            raise Failed(f"a port did not start: {why}")
        self.mac = re.search(r"MAC address: (\S+)", self.cmd("show port info 0"))[1].lower()

    # -- commands

    def cmd(self, *texts, undo=None, seconds=30):
        """Run commands; undo (one or a list) is run when the scenario is over. What the last one prints."""
        out = ""
        if undo:
            self.undo_cmds[:0] = [undo] if isinstance(undo, str) else undo
        for text in texts:
            out = self.app.cmd(text, seconds)
        return out

    def undo(self):
        cmds, self.undo_cmds = self.undo_cmds, []
        for text in cmds:
            self.app.cmd(text)

    def reconfigure(self, *texts, undo=None):
        """Commands on a stopped port. What the last one prints."""
        down, up = ["stop", "port stop 0"], ["port start 0"]
        out = self.cmd(*down, *texts)
        started = self.cmd("port start 0")
        if "ail" in started or "rror" in started:
            raise Failed(f"port start: {started}")
        if undo is not None:
            self.undo_cmds[:0] = down + ([undo] if isinstance(undo, str) else undo) + up
        return out

    def forward(self, mode="io", verbose=1):
        """Forwarding on, from a known state; off when the scenario is over."""
        self.cmd("stop", f"set fwd {mode}", f"set verbose {verbose}", undo=["stop", "set verbose 0"])
        self.verbose = verbose
        for tap in self.taps:
            tap.drain()
        self.cmd("start")

    def stats(self, port=0):
        text = self.cmd(f"show port stats {port}")
        return {k: int(v) for k, v in re.findall(r"([RT]X-\w+): +(\d+)", text)}

    def xstats(self, port=0):
        return {k: int(v) for k, v in re.findall(r"^(\w+): (\d+)$", self.cmd(f"show port xstats {port}"), re.M)}

    # -- traffic

    def marker(self):
        self.markers += 1
        text = b"marker %08d" % self.markers
        src = MARKER_SRC + self.markers.to_bytes(4, "big")
        return bytes.fromhex(self.mac.replace(":", "")) + src + MARKER_TYPE + text.ljust(46, b"\0"), text

    def await_marker(self, seconds=30, tap_in=0, tap_out=0, wrap=None):
        """Send a marker; frames that arrive until it is back."""
        frame, text = self.marker()
        self.taps[tap_in].send(wrap(frame) if wrap else frame)
        got, end = [], time.monotonic() + seconds
        while True:
            data = self.taps[tap_out].recv(end - time.monotonic())
            if data is None:
                raise Failed(f"no marker came back within {seconds} s, only {len(got)} frames")
            if text in data:
                return got
            if MARKER_TYPE + b"marker" not in data:
                got.append(data)

    def exchange(self, frames, tap_in=0, tap_out=0, wrap=None):
        """
        Send frames, return those that come back and what verbose output says of those received. The first marker
        comes back when the device has dealt with all frames, the others when every queue was looked at after that.
        """
        at = len(self.app.out.text)
        for frame in frames:
            self.taps[tap_in].send(frame)
        got = []
        for _ in range(3):
            got += self.await_marker(tap_in=tap_in, tap_out=tap_out, wrap=wrap)
        if self.verbose:
            src = (MARKER_SRC + self.markers.to_bytes(4, "big")).hex(":").upper()
            self.app.out.wait(f"src={src}.*\n.*\n", at, 30, "verbose output")
        return got, self.records(at)

    def records(self, at):
        """Verbose output from position at on, without markers."""
        found = [Rx(m) for m in RX_RECORD.finditer(self.app.out.text, at)]
        return [r for r in found if not r.src.startswith(MARKER_SRC.hex(":"))]

    def collect(self, nb, seconds=30, tap=0):
        """nb frames from the wire."""
        got, end = [], time.monotonic() + seconds
        while len(got) < nb:
            data = self.taps[tap].recv(end - time.monotonic())
            if data is None:
                raise Failed(f"{len(got)} of {nb} frames came within {seconds} s")
            got.append(data)
        return got

    # -- the emulator

    def ctl(self, cmd, **args):
        return ctl_ask(self.emu.ctl_path, cmd, **args)

    def device(self, port=0):
        """The emulator's own figures of a port."""
        return self.ctl("stats", port=port)["ports"][0]

    # -- the end

    def finish(self):
        """A clean end; the emulator's report."""
        self.app.quit()
        self.app = None
        report = self.emu.stop()
        self.emu = None
        self.abort()
        return report

    def abort(self):
        for tap in self.taps:
            tap.close()
        if self.app:
            self.app.kill()
        if self.emu and self.emu.proc.poll() is None:
            self.emu.proc.kill()
            self.emu.proc.wait(10)
        self.app = self.emu = None
        self.taps = []
        self.tmp.cleanup()


def report_faults(report):
    """What a report shows that a correct run does not."""
    bad = []
    for port in report["ports"]:
        name, device = f"port {port['port']}", port["device"]
        for key in ("faults", "live_maps"):
            if port["iommu"][key]:
                bad.append(f"{name}: {key} {port['iommu'][key]}")
        bad += [f"{name}: driver error {k}: {v}" for k, v in device["violations"].items() if v]
        bad += [f"{name}: command {k} not supported: {v}" for k, v in device.get("unsupported", {}).items()]
    return bad

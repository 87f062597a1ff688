#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Random frames with offloads through the emulated Tx, judged by Scapy: what is sent has to be, byte by byte, what
Scapy makes of the same packet. Checksums that the device is asked for are junk in what it is given.

conf_tx_scapy.py PROGRAM [NUMBER] [SEED]: PROGRAM is tx_judged."""
import os
import random
import struct
import subprocess
import sys

try:
    from scapy.contrib.geneve import GENEVE
    from scapy.layers.inet import IP, TCP, UDP, IPOption
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, PadN
    from scapy.layers.l2 import GRE, Dot1Q, Ether
    from scapy.layers.sctp import SCTP, SCTPChunkData
    from scapy.layers.vxlan import VXLAN
    from scapy.packet import Raw
except ImportError:
    print("SKIP conf_tx_scapy: python3-scapy is not installed")
    sys.exit(77)

L4_SUM_AT = {"tcp": 16, "udp": 6, "sctp": 8}
MAX_BDS = {"0x21": 8, "0x30": 18}


def tcp_options(n):
    return [("NOP", None)] * (4 * n)


class Headers:
    """Scapy layers around a payload, and how long each is."""

    def __init__(self, rnd, revision, tso):
        self.rnd = rnd
        self.outer, self.outer_ask = None, (0, 0)
        self.tunnel = rnd.choice([None, None, "vxlan", "geneve", "nvgre"])
        self.l4 = rnd.choice(["tcp", "udp"] if tso and revision == "0x30" else ["tcp"] if tso else ["tcp", "udp", "sctp"])
        self.v4 = rnd.random() < 0.5
        self.ip_opts = rnd.randrange(4) if self.v4 else 8 * rnd.randrange(1, 4) * rnd.randrange(2)
        self.tcp_opts = rnd.randrange(6)
        self.tag = rnd.random() < 0.2  # a tag of the packet itself
        self.tos = rnd.randrange(256)
        self.id, self.outer_id = rnd.randrange(65536), rnd.randrange(65536)
        self.seq = rnd.randrange(2**32)
        self.flags = rnd.randrange(256) if tso else rnd.randrange(64)
        self.outer_v4 = rnd.random() < 0.5
        self.outer_sum3, self.outer_sum4 = rnd.random() < 0.7 or tso, rnd.random() < 0.6
        self.gnv_opts = 4 * rnd.randrange(6)
        self.ports = rnd.randrange(1024, 4000), rnd.randrange(1024, 4000)

    def l3(self, i):
        if self.v4:
            opts = [IPOption(b"\x01")] * (4 * self.ip_opts)
            return IP(src="192.0.2.1", dst="198.51.100.7", id=(self.id + i) & 0xFFFF, tos=self.tos, options=opts)
        ip = IPv6(src="2001:db8::1", dst="2001:db8:7::99", tc=self.tos)
        if self.ip_opts:
            ext = self.rnd_ext
            ip = ip / ext(options=[PadN(optdata=b"\0" * (self.ip_opts - 4))])
        return ip

    @property
    def rnd_ext(self):
        return IPv6ExtHdrDestOpt if self.id & 1 else IPv6ExtHdrHopByHop

    def l4_header(self, i, mss, last):
        if self.l4 == "udp":
            return UDP(sport=self.ports[0], dport=self.ports[1])
        if self.l4 == "sctp":
            return SCTP(sport=self.ports[0], dport=self.ports[1], tag=self.seq)
        flags = self.flags
        if not last:
            flags &= ~0x09
        if i > 0:
            flags &= ~0x80
        return TCP(sport=self.ports[0], dport=self.ports[1], seq=(self.seq + i * mss) % 2**32, flags=flags,
                   options=tcp_options(self.tcp_opts))

    def outer_layers(self, i):
        if self.outer_v4:
            ip = IP(src="203.0.113.1", dst="203.0.113.2", id=(self.outer_id + i) & 0xFFFF)
            if not self.outer_sum3:
                ip.chksum = 0x5A5A
        else:
            ip = IPv6(src="2001:db8:1::1", dst="2001:db8:2::2")
        if self.tunnel == "nvgre":
            return ip / GRE(key_present=1, key=0x123400, proto=0x6558)
        udp = UDP(sport=50000, dport=4789 if self.tunnel == "vxlan" else 6081)
        if not self.outer_sum4:
            udp.chksum = 0
        if self.tunnel == "vxlan":
            return ip / udp / VXLAN(vni=77, flags=8)
        return ip / udp / GENEVE(vni=77, proto=0x6558, options=[], optionlen=0)

    def frame(self, payload, i=0, mss=0, last=True):
        p = self.l3(i) / self.l4_header(i, mss, last)
        p = p / (SCTPChunkData(data=payload) if self.l4 == "sctp" else Raw(payload))
        eth = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
        p = eth / Dot1Q(vlan=5) / p if self.tag else eth / p
        if self.tunnel:
            p = Ether(src="02:00:00:00:00:03", dst="02:00:00:00:00:04") / self.outer_layers(i) / p
        return bytes(p)

    def offsets(self):
        """outer l3, outer l4, inner l2, l3, l4, end of headers"""
        o3, o4, base = 0, 0, 0
        if self.tunnel:
            o3, o4 = 14, 14 + (20 if self.outer_v4 else 40)
            base = o4 + (8 if self.tunnel == "nvgre" else 16)
        l3 = base + (18 if self.tag else 14)
        l4 = l3 + (20 + 4 * self.ip_opts if self.v4 else 40 + self.ip_opts)
        return o3, o4, base, l3, l4, l4 + {"tcp": 20 + 4 * self.tcp_opts, "udp": 8, "sctp": 12}[self.l4]


def cuts(rnd, total, head, mss, most):
    """How the frame is cut into BDs, by the rules of doc/driver-rules.md."""
    nb = rnd.randrange(most)
    if mss and nb and rnd.random() < 0.5:
        return [head]
    at = sorted(rnd.sample(range(max(head, 14), total), min(nb, max(0, total - max(head, 14) - 1)))) if nb else []
    return [b - a for a, b in zip([0] + at, at)]


def request(rnd, revision):
    tso = rnd.random() < 0.4
    h = Headers(rnd, revision, tso)
    o3, o4, base, l3, l4, head = h.offsets()
    mss = rnd.randrange(256, 1400) if tso else 0
    size = rnd.randrange(mss + 1, 20 * mss) if tso else rnd.randrange(0, 1300)
    payload = rnd.randbytes(size)
    if h.l4 != "sctp" and not tso and size > 1 and rnd.random() < 0.1:  # a checksum that comes out as 0
        (rest,) = struct.unpack_from(">H", h.frame(b"\0\0" + payload[2:]), l4 + L4_SUM_AT[h.l4])
        payload = struct.pack(">H", rest) + payload[2:]
    full = bytearray(h.frame(payload) if not tso else h.frame(payload[:60000]))
    l4t = {"tcp": 1, "udp": 2, "sctp": 3}[h.l4]
    sum3 = h.v4 and (tso or rnd.random() < 0.8)
    sum4 = tso or rnd.random() < 0.9
    dw3 = (2 if h.v4 else 1) | l4t << 2 | sum3 << 4 | sum4 << 5 | tso << 7
    dw3 |= (l3 - base) // 2 << 8 | (l4 - l3) // 4 << 16 | (head - l4) // 4 << 24
    dw5 = dw6 = 0
    if h.tunnel:
        ol3t = (3 if h.outer_sum3 else 2) if h.outer_v4 else 1
        dw5 = ol3t | (2 if h.tunnel == "nvgre" else 1) << 4 | o3 // 2 << 8 | (o4 - o3) // 4 << 16 | (base - o4) // 4 << 24
        if h.outer_v4 and h.outer_sum3:
            full[o3 + 10:o3 + 12] = rnd.randbytes(2)
        if h.tunnel != "nvgre" and h.outer_sum4:
            dw6 |= 1 << 22
            full[o4 + 6:o4 + 8] = rnd.randbytes(2)
    if sum3:
        full[l3 + 10:l3 + 12] = rnd.randbytes(2)
    if sum4:
        at, n = l4 + L4_SUM_AT[h.l4], 4 if h.l4 == "sctp" else 2
        full[at:at + n] = rnd.randbytes(n)
    if tso:
        dw6 |= size
        want = [h.frame(payload[i:i + mss], i // mss, mss, i + mss >= size) for i in range(0, size, mss)]
    else:
        dw6 |= rnd.randrange(1 << 20)
        want = [h.frame(payload)]
    tags, vlan, outer_tag = b"", 0, 0
    room = 2 - (0 if h.tunnel else h.tag)  # tags on the wire at revision 0x21
    if rnd.random() < 0.3:
        dw5 |= 4
        outer_tag = rnd.randrange(65536)
        tags, room = tags + struct.pack(">HH", 0x8100, outer_tag), room - 1
    if room > 0 and rnd.random() < 0.3:
        dw3 |= 1 << 6
        vlan = rnd.randrange(65536)
        tags += struct.pack(">HH", 0x8100, vlan)
    want = [(w[:12] + tags + w[12:]).ljust(60, b"\0") for w in want]
    cut = cuts(rnd, len(full), head, mss, MAX_BDS[revision])
    ask = struct.pack("<IIIHHHHI", dw3, dw5, dw6, vlan, outer_tag, mss, len(cut), len(full))
    return h, ask + struct.pack("<%dH" % len(cut), *cut) + bytes(full), want


def run(program, revision, nb, seed):
    rnd = random.Random(seed)
    asked = [request(rnd, revision) for _ in range(nb)]
    wrapper = os.environ.get("MESON_EXE_WRAPPER", "").split()  # for programs of another machine
    out = subprocess.run([*wrapper, program, revision], input=b"".join(a[1] for a in asked), capture_output=True, timeout=120)
    says = out.stderr.decode()[-500:]
    if out.returncode != 0:
        return "it ends with %d and says %s" % (out.returncode, says)
    at, frames = 0, 0
    for n, (h, _, want) in enumerate(asked):
        got, (number,) = [], struct.unpack_from("<I", out.stdout, at)
        at += 4
        for _ in range(number):
            (size,) = struct.unpack_from("<I", out.stdout, at)
            got.append(out.stdout[at + 4:at + 4 + size])
            at += 4 + size
        if got != want:
            bad = next((i for i, (g, w) in enumerate(zip(got, want)) if g != w), -1)
            text = "request %d (%s): %d frames of %d, frame %d differs" % (n, vars(h), len(got), len(want), bad)
            return text + ("\n  got  %s\n  want %s" % (got[bad].hex(), want[bad].hex()) if bad >= 0 else says)
        frames += number
    if at != len(out.stdout) or frames <= nb:
        return "%d frames for %d requests, %d bytes left" % (frames, nb, len(out.stdout) - at)
    print("PASS conf_tx_scapy revision %s: %d requests became %d frames, all as Scapy makes them" % (revision, nb, frames))
    return None


def main():
    nb = int(sys.argv[2]) if len(sys.argv) > 2 else 150
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(2**31)
    print("seed %d" % seed)
    status = 0
    for revision in ("0x21", "0x30"):
        wrong = run(sys.argv[1], revision, nb, seed)
        if wrong:
            print("FAIL conf_tx_scapy revision %s: %s" % (revision, wrong))
            status = 1
    return status


sys.exit(main())

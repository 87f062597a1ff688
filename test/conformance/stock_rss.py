# SPDX-License-Identifier: BSD-3-Clause
"""
RSS: the queue of each frame is predicted by DPDK's rte_softrss() (stock_thash), which has to give the published
verification values first [3:4.7], and by a table that the test computes itself.
"""
import random
import re
import socket
import subprocess

from scapy.all import IP, SCTP, TCP, UDP, Dot1Q, Ether, IPv6, Raw

from stock_cases import Session
from stock_rig import Failed, expect, expect_in

TESTER = "02:aa:00:00:00:01"
TABLE = 512
DEFAULT_KEY = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa"
OTHER_KEY = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728"
# The published verification values: IPs alone, IPs and ports.
VECTORS = [
    ("66.9.149.187", 2794, "161.142.100.80", 1766, 0x323E8FC2, 0x51CCC178),
    ("199.92.111.2", 14230, "65.69.140.83", 4739, 0xD718262A, 0xC626B0EA),
    ("24.19.198.95", 12898, "12.22.207.184", 38024, 0xD2D0A5DE, 0x5C2B394A),
    ("38.27.205.30", 48228, "209.142.163.6", 2217, 0x82989176, 0xAFC7327F),
    ("153.39.163.191", 44251, "202.188.127.2", 1303, 0x5D1809C5, 0x10E828A2),
    ("3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x2CC18CD5, 0x40207D3D),
    ("3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0x0F0C461C, 0xDDE51BBF),
    ("3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x4B61E985, 0x02D1FEEF),
]

rss = Session("rss", args=["--rxq=8", "--txq=8", "--rss-udp"])


def packed(addr):
    return socket.inet_pton(socket.AF_INET6 if ":" in addr else socket.AF_INET, addr)


def toeplitz(rig, tuples, key=DEFAULT_KEY):
    """Hashes of tuples given as bytes."""
    lines = "".join(f"{key} {t.hex()}\n" for t in tuples)
    out = subprocess.run([f"{rig.build}/test/conformance/stock_thash"], input=lines, capture_output=True, text=True, check=True)
    return [int(line, 16) for line in out.stdout.split()]


class Flow:
    """A random flow of one kind and its frame."""

    def __init__(self, rig, rnd, layer=UDP, v6=False, tagged=False):
        addr = (lambda: f"2001:db8::{rnd.randrange(1 << 16):x}:{rnd.randrange(1 << 16):x}") if v6 else (
            lambda: f"10.{rnd.randrange(256)}.{rnd.randrange(256)}.{rnd.randrange(1, 255)}"
        )
        self.src, self.dst, self.sport, self.dport = addr(), addr(), rnd.randrange(1, 1 << 16), rnd.randrange(1, 1 << 16)
        frame = Ether(dst=rig.mac, src=TESTER)
        if tagged:
            frame /= Dot1Q(vlan=5)
        frame /= IPv6(src=self.src, dst=self.dst) if v6 else IP(src=self.src, dst=self.dst)
        if layer:
            frame /= layer(sport=self.sport, dport=self.dport)
        elif v6:
            frame.nh = 253
        else:
            frame.proto = 253
        self.frame = bytes(frame / Raw(b"flow" + rnd.randbytes(40)))

    def tuple(self, src=True, dst=True, sport=True, dport=True, ports=True):
        """The input of the hash; what is not selected counts as zeros in its place [3:4.5]."""
        out = b"".join(packed(a) if use else bytes(len(packed(a))) for a, use in ((self.src, src), (self.dst, dst)))
        if ports:
            out += b"".join(p.to_bytes(2, "big") if use else b"\0\0" for p, use in ((self.sport, sport), (self.dport, dport)))
        return out


def check_spread(rig, flows, hashes, queue_of, what):
    """Each frame has its hash and is on its queue."""
    _, rx = rig.exchange([f.frame for f in flows])
    expect(len(rx), len(flows), f"{what}: frames")
    # queues are emptied one by one, so match by hash first
    got = sorted((r.hash if "RSS_HASH" in r.flags else None, r.queue) for r in rx)
    want = sorted((h, queue_of(h)) for h in hashes)
    for g, w in zip(got, want):
        expect(g, w, f"{what}: (hash, queue)")
    if len(set(hashes)) > 1 and len({q for _, q in got}) < 2:
        raise Failed(f"{what}: all on one queue")


def spread(rig, what, layer=UDP, v6=False, nb=64, key=DEFAULT_KEY, queue_of=lambda h: h % TABLE % 8, tagged=False, **fields):
    rnd = random.Random(what)
    flows = [Flow(rig, rnd, layer, v6, tagged) for _ in range(nb)]
    if layer is None:
        fields["ports"] = False
    check_spread(rig, flows, toeplitz(rig, [f.tuple(**fields) for f in flows], key), queue_of, what)


@rss.scenario
def rss_vectors(rig):
    """The predictor gives the published values."""
    ips = [packed(s) + packed(d) for s, _, d, _, _, _ in VECTORS]
    ports = [s.to_bytes(2, "big") + d.to_bytes(2, "big") for _, s, _, d, _, _ in VECTORS]
    expect(toeplitz(rig, ips), [v[4] for v in VECTORS], "hashes of addresses")
    expect(toeplitz(rig, [i + p for i, p in zip(ips, ports)]), [v[5] for v in VECTORS], "hashes of addresses and ports")


@rss.scenario
def rss_published_on_device(rig):
    """The device gives the published values, too."""
    rig.forward("io")
    sent = []
    for src, sport, dst, dport, _, _ in VECTORS:
        ip = IPv6(src=src, dst=dst) if ":" in src else IP(src=src, dst=dst)
        sent.append(bytes(Ether(dst=rig.mac, src=TESTER) / ip / UDP(sport=sport, dport=dport) / Raw(b"v" * 20)))
    _, rx = rig.exchange(sent)
    expect(sorted((r.hash, r.queue) for r in rx), sorted((v[5], v[5] % TABLE % 8) for v in VECTORS), "(hash, queue)")


@rss.scenario
def rss_udp4(rig):
    rig.forward("io")
    spread(rig, "IPv4 UDP", UDP)


@rss.scenario
def rss_udp6(rig):
    rig.forward("io")
    spread(rig, "IPv6 UDP", UDP, v6=True)


@rss.scenario
def rss_tagged(rig):
    """A tag does not hide the flow."""
    rig.forward("io")
    spread(rig, "tagged UDP", UDP, tagged=True)


@rss.scenario
def rss_ip_other(rig):
    """Addresses alone for a protocol without ports."""
    rig.cmd("port config all rss ip", undo="port config all rss default")
    rig.forward("io")
    spread(rig, "IPv4 other", None)
    spread(rig, "IPv6 other", None, v6=True)


@rss.scenario
def rss_all_types(rig):
    rig.cmd("stop")
    out = rig.cmd("port config all rss all", undo="port config all rss default")
    if "rror" in out:
        raise Failed(out)
    rig.forward("io")
    for layer in (TCP, UDP, SCTP, None):
        spread(rig, f"IPv4 {layer and layer.__name__}", layer, nb=32)
    for layer in (TCP, UDP, None):
        spread(rig, f"IPv6 {layer and layer.__name__}", layer, v6=True, nb=32)


@rss.scenario
def rss_none(rig):
    """No type selected: everything on the first queue, without a hash."""
    rig.cmd("port config all rss none", undo="port config all rss default")
    rig.forward("io")
    rnd = random.Random(1)
    _, rx = rig.exchange([Flow(rig, rnd).frame for _ in range(20)])
    expect({(r.queue, "RSS_HASH" in r.flags and r.hash != 0) for r in rx}, {(0, False)}, "queues and hashes")


@rss.scenario
def rss_changed_types(rig):
    """Types changed while it runs: TCP by addresses and ports, UDP not at all."""
    rig.cmd("port config all rss tcp", undo="port config all rss default")
    rig.forward("io")
    spread(rig, "TCP", TCP, nb=32)
    rnd = random.Random(2)
    _, rx = rig.exchange([Flow(rig, rnd, UDP).frame for _ in range(20)])
    expect({r.queue for r in rx}, {0}, "queues of UDP")


@rss.scenario
def rss_src_or_dst_only(rig):
    for name, fields in (
        ("l3-src-only", {"dst": False, "sport": False, "dport": False}),
        ("l3-dst-only", {"src": False, "sport": False, "dport": False}),
        ("l4-src-only", {"src": False, "dst": False, "dport": False}),
        ("l4-dst-only", {"src": False, "dst": False, "sport": False}),
    ):
        rig.cmd("flow flush 0")
        out = rig.cmd(f"flow create 0 ingress pattern eth / ipv4 / udp / end actions rss types ipv4-udp {name} end queues end / end",
                      undo=["flow flush 0", "port config all rss default"])
        expect_in("created", out, name)
        rig.forward("io")
        spread(rig, name, UDP, nb=32, **fields)


@rss.scenario
def rss_changed_key(rig):
    rig.cmd(f"port config 0 rss-hash-key ipv4 {OTHER_KEY}", "port config all rss all",
            undo=[f"port config 0 rss-hash-key ipv4 {DEFAULT_KEY}", "port config all rss default"])
    expect_in(OTHER_KEY.upper(), rig.cmd("show port 0 rss-hash key").upper(), "key")
    rig.forward("io")
    spread(rig, "changed key", UDP, key=OTHER_KEY)
    spread(rig, "changed key, TCP over IPv6", TCP, v6=True, key=OTHER_KEY)


@rss.scenario
def rss_changed_reta(rig):
    """Every entry of the table changed: entry i leads to queue (7 - i) mod 8, but the first 64 to queue 3."""
    table = [3 if i < 64 else (7 - i) % 8 for i in range(TABLE)]
    undo = []
    for at in range(0, TABLE, 8):  # an argument has at most 127 characters
        rig.cmd("port config 0 rss reta " + ",".join(f"({i},{table[i]})" for i in range(at, at + 8)))
        undo.append("port config 0 rss reta " + ",".join(f"({i},{i % 8})" for i in range(at, at + 8)))
    rig.undo_cmds[:0] = undo
    masks = ["0xffffffffffffffff"] * 4
    text = "".join(rig.cmd("show port 0 rss reta 512 (" + ",".join(half) + ")") for half in (masks + ["0"] * 4, ["0"] * 4 + masks))
    expect([int(q) for q in re.findall(r"queue=(\d+)", text)], table, "table as shown")
    rig.forward("io")
    spread(rig, "changed table", UDP, nb=128, queue_of=lambda h: table[h % TABLE])


@rss.scenario
def rss_fewer_queues(rig):
    """Three queues, which is no power of two."""
    rig.reconfigure("port config all rxq 3", "port config all txq 3", undo=["port config all rxq 8", "port config all txq 8"])
    rig.forward("io")
    spread(rig, "three queues", UDP, nb=96, queue_of=lambda h: h % TABLE % 3)


@rss.scenario
def rss_more_queues(rig):
    rig.reconfigure("port config all rxq 16", "port config all txq 16", undo=["port config all rxq 8", "port config all txq 8"])
    rig.forward("io")
    spread(rig, "sixteen queues", UDP, nb=128, queue_of=lambda h: h % TABLE % 16)


@rss.scenario
def rss_queue_counters(rig):
    """Each queue's counters are what was predicted."""
    rig.cmd("clear port xstats all")
    rig.forward("io")
    rnd = random.Random(3)
    flows = [Flow(rig, rnd) for _ in range(100)]
    hashes = toeplitz(rig, [f.tuple() for f in flows])
    rig.exchange([f.frame for f in flows])
    want = [sum(h % TABLE % 8 == q for h in hashes) for q in range(8)]
    want[0] += 3  # the markers
    xstats = rig.xstats()
    expect([xstats[f"rx_q{q}_packets"] for q in range(8)], want, "packets of the receive queues")
    expect([xstats[f"tx_q{q}_packets"] for q in range(8)], want, "packets of the transmit queues")


def function_set(rig, func):
    """Another hash function, by a rule without a pattern."""
    rig.cmd("flow flush 0")
    out = rig.cmd(f"flow create 0 ingress pattern end actions rss func {func} types ipv4-udp ipv6-udp end queues end / end",
                  undo=["flow flush 0", "port config all rss default"])
    expect_in("created", out, func)
    rig.forward("io")


def both_ways(rig, flows):
    """Frames of these flows, and of those with source and destination exchanged."""
    return [f.frame for f in flows] + [f.frame[:26] + f.frame[30:34] + f.frame[26:30] + f.frame[36:38] + f.frame[34:36] + f.frame[38:] for f in flows]


def functions(rig, queues):
    """Symmetric Toeplitz and simple XOR [3:4.6], predicted; both join the directions of a flow."""
    rnd = random.Random(4)
    flows = {v6: [Flow(rig, rnd, v6=v6) for _ in range(32)] for v6 in (False, True)}

    def folded(data):
        half = (len(data) - 4) // 2
        ip = bytes(a ^ b for a, b in zip(data[:half], data[half : 2 * half]))
        port = bytes(a ^ b for a, b in zip(data[-4:-2], data[-2:]))
        return 2 * ip + 2 * port

    def xored(data):
        out = 0
        for at in range(0, len(data), 4):
            out ^= int.from_bytes(data[at : at + 4], "big")
        return out

    function_set(rig, "symmetric_toeplitz")
    for some in flows.values():
        check_spread(rig, some, toeplitz(rig, [folded(f.tuple()) for f in some]), lambda h: h % TABLE % queues, "symmetric Toeplitz")
    _, rx = rig.exchange(both_ways(rig, flows[False]))
    expect(sorted(r.hash for r in rx), sorted(2 * toeplitz(rig, [folded(f.tuple()) for f in flows[False]])), "hashes of both directions")
    function_set(rig, "simple_xor")
    for some in flows.values():
        check_spread(rig, some, [xored(f.tuple()) for f in some], lambda h: h % TABLE % queues, "simple XOR")
    function_set(rig, "toeplitz")
    check_spread(rig, flows[False], toeplitz(rig, [f.tuple() for f in flows[False]]), lambda h: h % TABLE % queues, "Toeplitz again")


@rss.scenario
def rss_functions(rig):
    functions(rig, 8)


@rss.scenario
def rss_flow_queues(rig):
    """An RSS rule names the queues of the table."""
    out = rig.cmd("flow create 0 ingress pattern end actions rss types udp end queues 1 4 6 end / end",
                  undo=["flow flush 0", "port config all rss default"])
    expect_in("created", out, "rule")
    rig.forward("io")
    spread(rig, "three named queues", UDP, queue_of=lambda h: (1, 4, 6)[h % TABLE % 3])

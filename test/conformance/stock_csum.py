# SPDX-License-Identifier: BSD-3-Clause
"""Checksums, packet types, segmentation and merging; what leaves is judged by Scapy's own sums."""
import re

from scapy.all import GRE, ICMP, IP, SCTP, TCP, UDP, VXLAN, Dot1Q, Ether, IPv6, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, Raw, wrpcap
from scapy.contrib.geneve import GENEVE
from scapy.contrib.igmp import IGMP
from scapy.layers.inet import IPOption_NOP
from scapy.layers.l2 import ARP
from scapy.layers.sctp import SCTPChunkData

from stock_cases import Session
from stock_rig import Failed, expect

TESTER = "02:aa:00:00:00:01"
# Checksum offloads of Rx: IPv4, UDP, TCP, outer IPv4, SCTP, outer UDP.
RX_SUMS = 0x4 | 0x8 | 0x2 | 0x40 | 0x20000 | 0x40000

csum = Session("csum", args=[f"--rx-offloads={RX_SUMS:#x}"])


def eth(rig):
    return Ether(dst=rig.mac, src=TESTER)


def ip4(**kw):
    return IP(src="10.0.0.1", dst="10.0.0.2", **kw)


def ip6(**kw):
    return IPv6(src="2001:db8::1", dst="2001:db8::2", **kw)


def data(n=60):
    return Raw(bytes(i * 7 % 256 for i in range(n)))


def sums_are_right(frame, what):
    """Every checksum of every layer; a UDP checksum of 0 stands for none."""
    packet, layer = Ether(frame), None
    layer = packet
    while layer:
        if isinstance(layer, (IP, TCP, SCTP)) or (isinstance(layer, UDP) and layer.chksum):
            del layer.chksum
        layer = layer.payload
    want = bytes(packet)
    if want != frame:
        diff = [i for i, (a, b) in enumerate(zip(want, frame)) if a != b]
        raise Failed(f"{what}: checksums differ at bytes {diff}: {Ether(frame)!r}")


def offload(rig, *kinds, tunnel=False, extra=(), undo=()):
    """csum mode with these checksums left to the device."""
    cmds = [f"csum set {k} hw 0" for k in kinds] + [f"csum parse-tunnel {'on' if tunnel else 'off'} 0"] + list(extra)
    out = rig.reconfigure(*cmds, "csum show 0", undo=[f"csum set {k} sw 0" for k in kinds] + ["csum parse-tunnel off 0"] + list(undo))
    shown = re.findall(r"^(\S+) checksum offload is hw", out.lower(), re.M)
    expect(sorted(shown), sorted(kinds), "checksums that testpmd does not compute itself")
    rig.forward("csum", verbose=0)


def check_sent(rig, packets, what):
    """Packets through csum mode: contents from layer 3 on as they were, sums right."""
    got, _ = rig.exchange([bytes(p) for p in packets])
    expect(len(got), len(packets), f"{what}: frames")
    for sent, frame in zip(packets, got):
        expect(frame[12:], bytes(sent)[12:], f"{what}: frame behind the addresses")
        sums_are_right(frame, what)


def broken(packet, layer, value=0x1234):
    out = packet.copy()
    out[layer].chksum = value
    return out


def check_repaired(rig, packet, layers, what):
    """A packet whose sums are wrong leaves with right ones: the device computed them. layers: their ways from the packet."""
    bad = packet.copy()
    for way in layers:
        layer = bad
        for step in way if isinstance(way, tuple) else (way,):
            layer = layer[step]
        layer.chksum = 0x4242
    got, _ = rig.exchange([bytes(bad)])
    expect(len(got), 1, f"{what}: frames")
    sums_are_right(got[0], what)
    expect(got[0][12:], bytes(packet)[12:], f"{what}: frame behind the addresses")


@csum.scenario
def csum_tx_ip(rig):
    offload(rig, "ip")
    check_repaired(rig, eth(rig) / ip4() / UDP(sport=1, dport=2) / data(), [IP], "IPv4")


@csum.scenario
def csum_tx_udp(rig):
    offload(rig, "ip", "udp")
    for n in (1, 18, 59, 60, 61, 1400):
        check_repaired(rig, eth(rig) / ip4() / UDP(sport=1, dport=2) / data(max(n, 18)), [IP, UDP], f"UDP of {n} bytes")


@csum.scenario
def csum_tx_tcp(rig):
    offload(rig, "ip", "tcp")
    for n in (18, 59, 61, 1400):
        check_repaired(rig, eth(rig) / ip4() / TCP(flags="A") / data(n), [IP, TCP], f"TCP of {n} bytes")
    check_repaired(rig, eth(rig) / ip4() / TCP(options=[("MSS", 1460), ("NOP", None), ("WScale", 7)]) / data(30), [TCP], "TCP options")


@csum.scenario
def csum_tx_ipv6(rig):
    offload(rig, "udp", "tcp")
    check_repaired(rig, eth(rig) / ip6() / UDP(sport=1, dport=2) / data(), [UDP], "UDP over IPv6")
    check_repaired(rig, eth(rig) / ip6() / TCP() / data(), [TCP], "TCP over IPv6")


@csum.scenario
def csum_tx_sctp(rig):
    offload(rig, "ip", "sctp")
    packet = Ether(bytes(eth(rig) / ip4() / SCTP(sport=7, dport=8, tag=9) / SCTPChunkData(data=b"sctp" * 10)))
    check_repaired(rig, packet, [SCTP], "SCTP")


@csum.scenario
def csum_tx_vlan(rig):
    """A tag in the frame moves the headers."""
    offload(rig, "ip", "udp", "tcp")
    check_repaired(rig, eth(rig) / Dot1Q(vlan=7) / ip4() / TCP() / data(), [IP, TCP], "TCP behind a tag")
    check_repaired(rig, eth(rig) / Dot1Q(vlan=7) / Dot1Q(vlan=8) / ip4() / UDP() / data(), [IP, UDP], "UDP behind two tags")


@csum.scenario
def csum_tx_ip_options(rig):
    offload(rig, "ip", "udp")
    packet = Ether(bytes(eth(rig) / ip4(options=[IPOption_NOP()] * 8) / UDP(sport=1, dport=2) / data()))
    check_repaired(rig, packet, [IP, UDP], "IPv4 with options")


def vxlan(rig, inner, **outer):
    return eth(rig) / ip4() / UDP(sport=4000, dport=4789, **outer) / VXLAN(vni=77) / Ether(dst="02:bb:00:00:00:02", src="02:bb:00:00:00:01") / inner


@csum.scenario
def csum_tx_vxlan(rig):
    offload(rig, "ip", "udp", "tcp", "outer-ip", tunnel=True)
    inner = IP(src="192.168.0.1", dst="192.168.0.2") / TCP(sport=5) / data()
    packet = vxlan(rig, inner, chksum=0)
    check_repaired(rig, packet, [IP, (VXLAN, IP), (VXLAN, TCP)], "VXLAN")


@csum.scenario
def csum_tx_nvgre(rig):
    """The driver takes every GRE header for one of 8 bytes with an Ethernet header behind it [2:6.3]."""
    offload(rig, "ip", "udp", "outer-ip", tunnel=True)
    packet = eth(rig) / ip4() / GRE(proto=0x6558, key_present=1, key=0x500) / Ether(dst="02:bb:00:00:00:02", src="02:bb:00:00:00:01")
    packet /= IP(src="192.168.0.1", dst="192.168.0.2") / UDP(sport=5, dport=6) / data()
    check_repaired(rig, packet, [IP, (GRE, IP), (GRE, UDP)], "NVGRE")


@csum.scenario
def csum_tx_geneve(rig):
    offload(rig, "ip", "tcp", "outer-ip", tunnel=True)
    packet = eth(rig) / ip4() / UDP(sport=4000, dport=6081, chksum=0) / GENEVE(vni=5, proto=0x6558)
    packet /= Ether(dst="02:bb:00:00:00:02", src="02:bb:00:00:00:01") / IP(src="192.168.0.1", dst="192.168.0.2") / TCP() / data()
    check_repaired(rig, packet, [(GENEVE, IP), (GENEVE, TCP)], "GENEVE")


@csum.scenario
def csum_tx_mixed(rig):
    """Frames of all kinds in one burst."""
    offload(rig, "ip", "udp", "tcp", "sctp")
    check_sent(rig, [eth(rig) / ip4() / TCP() / data(), eth(rig) / ip6() / UDP(sport=1, dport=2) / data(), eth(rig) / ip4() / UDP() / data(100),
                     eth(rig) / ip4(proto=253) / data(), eth(rig) / ip4() / ICMP() / data(), eth(rig) / ip6() / TCP() / data(700)] * 8, "mixed")


def verdicts(rig, packets):
    """What the device says of the sums of packets: (IP, L4), each GOOD, BAD, NONE or UNKNOWN."""
    _, rx = rig.exchange([bytes(p) for p in packets])
    expect(len(rx), len(packets), "frames")
    return [tuple(next(f[len(k) :] for f in sorted(r.flags) if f.startswith(k)) for k in ("IP_CKSUM_", "L4_CKSUM_")) for r in rx]


@csum.scenario
def csum_rx_verdicts(rig):
    rig.forward("io")
    udp, tcp = eth(rig) / ip4() / UDP(sport=1, dport=2) / data(), eth(rig) / ip4() / TCP() / data()
    tcp6 = eth(rig) / ip6() / TCP() / data()
    sctp = eth(rig) / ip4() / SCTP(tag=1) / SCTPChunkData(data=b"x" * 20)
    good, bad_l4 = ("GOOD", "GOOD"), ("GOOD", "BAD")
    got = verdicts(rig, [udp, tcp, tcp6, sctp, broken(udp, UDP), broken(tcp, TCP), broken(tcp6, TCP), broken(sctp, SCTP)])
    expect(got[:4], [good] * 4, "verdicts of right sums")
    expect(got[4:], [bad_l4] * 4, "verdicts of wrong L4 sums")
    expect([ip for ip, _ in verdicts(rig, [broken(udp, IP), broken(tcp, IP)])], ["BAD", "BAD"], "verdicts of wrong IP sums")


@csum.scenario
def csum_rx_udp_zero(rig):
    """A UDP checksum of 0 is none at all."""
    rig.forward("io")
    expect(verdicts(rig, [broken(eth(rig) / ip4() / UDP(sport=1, dport=2) / data(), UDP, 0)]), [("GOOD", "GOOD")], "verdict")


@csum.scenario
def csum_rx_counted(rig):
    """csum mode counts the bad ones."""
    rig.forward("csum", verbose=0)
    udp = eth(rig) / ip4() / UDP(sport=1, dport=2) / data()
    rig.exchange([bytes(p) for p in [udp] * 3 + [broken(udp, IP)] * 5 + [broken(udp, UDP)] * 7])
    out = rig.cmd("stop")
    expect(re.findall(r"Bad-ipcsum: (\d+) +Bad-l4csum: (\d+)", out)[0], ("5", "7"), "Bad-ipcsum, Bad-l4csum")


@csum.scenario
def csum_rx_xstats(rig):
    """The driver's counters of wrong sums."""
    before = rig.xstats()
    rig.forward("io")
    udp = eth(rig) / ip4() / UDP(sport=1, dport=2) / data()
    rig.exchange([bytes(p) for p in [broken(udp, IP)] * 2 + [broken(udp, UDP)] * 3])
    now = rig.xstats()
    for name, want in (("rx_q0_L3_CHECKSUM_ERRORS", 2), ("rx_q0_L4_CHECKSUM_ERRORS", 3)):
        expect(now[name] - before[name], want, name)


@csum.scenario
def csum_rx_tunnel(rig):
    """Verdicts of the inner sums; a wrong outer IPv4 sum is only counted by this driver [2:5.2]."""
    before = rig.xstats()
    rig.forward("io")
    good = vxlan(rig, IP(src="192.168.0.1", dst="192.168.0.2") / TCP() / data())
    bad_inner, bad_outer = good.copy(), broken(good, IP)
    bad_inner[VXLAN][TCP].chksum = 0x1234
    _, rx = rig.exchange([bytes(p) for p in (good, bad_inner, bad_outer)])
    expect(["L4_CKSUM_BAD" in r.flags for r in rx[:2]], [False, True], "inner L4 sums")
    expect(rig.xstats()["rx_q0_OL3_CHECKSUM_ERRORS"] - before["rx_q0_OL3_CHECKSUM_ERRORS"], 1, "rx_q0_OL3_CHECKSUM_ERRORS")


def check_types(rig, cases):
    """cases: names of types, as testpmd shows them, and packets."""
    rig.forward("io")
    _, rx = rig.exchange([bytes(p) for _, p in cases])
    expect([r.ptype for r in rx], [name for name, _ in cases], "packet types")


def plain_types(rig):
    """Packets and the names of their types at revision 0x21."""
    return [
        ("L2_ETHER L3_IPV4 L4_UDP", eth(rig) / ip4() / UDP() / data()),
        ("L2_ETHER L3_IPV4 L4_TCP", eth(rig) / ip4() / TCP() / data()),
        ("L2_ETHER L3_IPV4 L4_SCTP", eth(rig) / ip4() / SCTP() / SCTPChunkData(data=b"x" * 30)),
        ("L2_ETHER L3_IPV4 L4_ICMP", eth(rig) / ip4() / ICMP() / data()),
        ("L2_ETHER L3_IPV4 L4_IGMP", eth(rig) / ip4(proto=2) / IGMP(gaddr="224.0.0.5") / data()),
        ("L2_ETHER L3_IPV4", eth(rig) / ip4(proto=253) / data()),
        ("L2_ETHER L3_IPV4_EXT L4_UDP", eth(rig) / ip4(options=[IPOption_NOP()] * 4) / UDP() / data()),
        ("L2_ETHER L3_IPV6 L4_UDP", eth(rig) / ip6() / UDP() / data()),
        ("L2_ETHER L3_IPV6 L4_TCP", eth(rig) / ip6() / TCP() / data()),
        ("L2_ETHER L3_IPV6_EXT L4_TCP", eth(rig) / ip6() / IPv6ExtHdrHopByHop() / TCP() / data()),
        ("L2_ETHER L3_IPV4 L4_TCP", eth(rig) / Dot1Q(vlan=4) / ip4() / TCP() / data()),
        ("L2_ETHER_ARP", eth(rig) / ARP() / data()),
        ("L2_ETHER_LLDP", Ether(dst=rig.mac, src=TESTER, type=0x88CC) / data()),
    ]


@csum.scenario
def ptype_plain(rig):
    check_types(rig, plain_types(rig))


@csum.scenario
def ptype_fragments(rig):
    """Only L3 is said of a fragment, and its L4 sum, which none of these has, is not called wrong."""
    rig.forward("io")
    frames = [eth(rig) / ip4(frag=0, flags="MF", proto=17) / data(64), eth(rig) / ip4(frag=8, proto=17) / data(64),
              eth(rig) / ip6() / IPv6ExtHdrFragment(offset=8, nh=17) / data(64)]
    _, rx = rig.exchange([bytes(p) for p in frames])
    expect([(r.ptype, "L4_CKSUM_BAD" in r.flags) for r in rx],
           [("L2_ETHER L3_IPV4", False), ("L2_ETHER L3_IPV4", False), ("L2_ETHER L3_IPV6_EXT", False)], "types and verdicts")


def tunnel_types(rig):
    inner = IP(src="192.168.0.1", dst="192.168.0.2") / TCP() / data()
    grenat = "L2_ETHER L3_IPV4 L4_UDP TUNNEL_GRENAT INNER_L2_ETHER INNER_L3_IPV4 INNER_L4_TCP"
    return [
        (grenat, vxlan(rig, inner)),
        (grenat.replace("INNER_L3_IPV4 INNER_L4_TCP", "INNER_L3_IPV6 INNER_L4_UDP"), vxlan(rig, IPv6() / UDP() / data())),
        (grenat, eth(rig) / ip4() / UDP(dport=6081) / GENEVE(vni=1, proto=0x6558) / Ether() / inner),
        ("L2_ETHER L3_IPV4 TUNNEL_NVGRE INNER_L2_ETHER INNER_L3_IPV4 INNER_L4_TCP",
         eth(rig) / ip4() / GRE(proto=0x6558, key_present=1, key=0x500) / Ether() / inner),
        (grenat.replace("L3_IPV4 L4_UDP", "L3_IPV6 L4_UDP"),
         eth(rig) / ip6() / UDP(dport=4789) / VXLAN(vni=1) / Ether() / inner),
    ]


@csum.scenario
def ptype_tunnels(rig):
    check_types(rig, tunnel_types(rig))


# ---- segmentation and merging

tso = Session("tso", args=["--max-pkt-len=9600", "--enable-scatter", "--tx-offloads=0x8000", f"--rx-offloads={RX_SUMS | 0x2000:#x}",
                           "--mbuf-size=2176"])


def check_segments(frames, packet, mss, what):
    """frames are packet in segments of mss bytes: numbers, flags, lengths, contents, sums."""
    whole = Ether(bytes(packet))
    payload = bytes(whole[TCP].payload)
    parts = [payload[i : i + mss] for i in range(0, len(payload), mss)]
    frames = [f[: 14 + Ether(f)[IP].len] if IP in Ether(f) else f for f in frames]  # without padding
    expect([len(bytes(Ether(f)[TCP].payload)) for f in frames], [len(p) for p in parts], f"{what}: lengths of segments")
    for i, (frame, part) in enumerate(zip(frames, parts)):
        seg, last = Ether(frame), i + 1 == len(parts)
        expect(bytes(seg[TCP].payload), part, f"{what}: contents of segment {i}")
        expect(seg[TCP].seq, (whole[TCP].seq + i * mss) % 2**32, f"{what}: sequence number of segment {i}")
        flags = set(str(whole[TCP].flags))
        expect(set(str(seg[TCP].flags)), flags if last else flags - {"F", "P"}, f"{what}: flags of segment {i}")
        if IP in seg:
            expect(seg[IP].len, len(frame) - 14, f"{what}: IP length of segment {i}")
            expect(seg[IP].id, (whole[IP].id + i) % 2**16, f"{what}: IP id of segment {i}")
        else:
            expect(seg[IPv6].plen, len(frame) - 54, f"{what}: IPv6 length of segment {i}")
        sums_are_right(frame, f"{what}: segment {i}")


@tso.scenario
def tso_tcp4(rig):
    offload(rig, "ip", "tcp", extra=["tso set 800 0"], undo=["tso set 0 0"])
    for size in (801, 1600, 4000, 8000):
        packet = eth(rig) / ip4(id=0xFFFE) / TCP(seq=0xFFFFFC00, flags="PA") / data(size)
        check_segments(rig.exchange([bytes(packet)])[0], packet, 800, f"{size} bytes")


@tso.scenario
def tso_flags(rig):
    """FIN and PSH are in the last segment alone."""
    offload(rig, "ip", "tcp", extra=["tso set 1000 0"], undo=["tso set 0 0"])
    packet = eth(rig) / ip4() / TCP(seq=5, flags="FPA", options=[("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]) / data(3500)
    check_segments(rig.exchange([bytes(packet)])[0], packet, 1000, "FIN")


@tso.scenario
def tso_tcp6(rig):
    offload(rig, "tcp", extra=["tso set 1200 0"], undo=["tso set 0 0"])
    packet = eth(rig) / ip6() / TCP(seq=77, flags="A") / data(5000)
    check_segments(rig.exchange([bytes(packet)])[0], packet, 1200, "IPv6")


@tso.scenario
def tso_short(rig):
    """What fits in one segment is not split."""
    offload(rig, "ip", "tcp", extra=["tso set 800 0"], undo=["tso set 0 0"])
    for size in (800, 801):
        packet = eth(rig) / ip4() / TCP(flags="A") / data(size)
        check_segments(rig.exchange([bytes(packet)])[0], packet, 800, f"{size} bytes")


@tso.scenario
def tso_pvid(rig):
    """Each segment gets the port's VLAN."""
    offload(rig, "ip", "tcp", extra=["tso set 900 0"], undo=["tso set 0 0"])
    rig.cmd("tx_vlan set pvid 0 33 on", undo="tx_vlan set pvid 0 33 off")
    packet = eth(rig) / ip4() / TCP(flags="A") / data(2500)
    got, _ = rig.exchange([bytes(packet)])
    for frame in got:
        expect(frame[12:16], b"\x81\x00\x00\x21", "tag of a segment")
    check_segments([f[:12] + f[16:] for f in got], packet, 900, "tagged")


def check_tunnel_segments(frames, of_udp):
    """4,000 bytes of TCP in a tunnel, in segments of 900: outer and inner lengths, ids and sums."""
    expect(len(frames), 5, "segments")
    for i, frame in enumerate(frames):
        seg, size = Ether(frame), 900 if i < 4 else 400
        inner = seg.getlayer(IP, 2)
        head = 14 + 40 + (16 if of_udp else 8)  # inner headers, the tunnel's
        expect((seg[IP].len, inner.len), (size + head + 20, size + 40), f"IP lengths of segment {i}")
        if of_udp:
            expect(seg[UDP].len, size + head, f"outer UDP length of segment {i}")
        expect((inner[TCP].seq, bytes(inner[TCP].payload)), (1000 + 900 * i, bytes(data(4000))[900 * i : 900 * i + size]), f"segment {i}")
        expect((seg[IP].id, inner.id, str(inner[TCP].flags)), (7 + i, 50 + i, "A" if i < 4 else "PA"), f"ids and flags of segment {i}")
        sums_are_right(frame, f"segment {i}")


@tso.scenario
def tso_tunnels(rig):
    """Segmentation of what is in a tunnel, of each kind."""
    offload(rig, "ip", "tcp", "outer-ip", tunnel=True, extra=["tunnel_tso set 900 0"], undo=["tunnel_tso set 0 0"])
    inner = Ether(dst="02:bb:00:00:00:02", src="02:bb:00:00:00:01") / IP(src="192.168.0.1", dst="192.168.0.2", id=50)
    inner /= TCP(seq=1000, flags="PA") / data(4000)
    udp, gre = UDP(sport=4000, dport=4789, chksum=0), GRE(proto=0x6558, key_present=1, key=0x500)
    check_tunnel_segments(rig.exchange([bytes(eth(rig) / ip4(id=7) / udp / VXLAN(vni=77) / inner)])[0], True)
    udp.dport = 6081
    check_tunnel_segments(rig.exchange([bytes(eth(rig) / ip4(id=7) / udp / GENEVE(vni=5, proto=0x6558) / inner)])[0], True)
    check_tunnel_segments(rig.exchange([bytes(eth(rig) / ip4(id=7) / gre / inner)])[0], False)


PORT = "02:00:00:00:00:00"  # the first port's address
LRO_MARKER = "06:06:00:00:00:00"
LRO_SIZE, LRO_NB = 1000, 8


def lro_wire(work):
    """A capture: GRO joins what comes in one burst. A stream in sequence, then frames that are not to be joined."""
    to = Ether(dst=PORT, src=TESTER)
    frames = [to / ip4(id=i) / TCP(seq=1 + LRO_SIZE * i, ack=5, flags="PA" if i + 1 == LRO_NB else "A") / data(LRO_SIZE) for i in range(LRO_NB)]
    frames += [to / ip4() / TCP(sport=1, seq=1, flags="A") / data(900), to / ip4() / TCP(sport=2, seq=901, flags="A") / data(900),
               to / ip4() / TCP(sport=1, seq=5001, flags="A") / data(900), to / ip4() / UDP() / data(900),
               Ether(dst=PORT, src=LRO_MARKER, type=0x88B5) / data(46)]
    wrpcap(f"{work}/lro.pcap", [Ether(bytes(f)) for f in frames])
    return [f"pcap:in={work}/lro.pcap"]


lro = Session("lro", wires=lro_wire, aligned=True,
              args=["--enable-lro", "--enable-scatter", "--max-pkt-len=1518", "--no-flush-rx", f"--rx-offloads={RX_SUMS | 0x2000 | 0x10:#x}"])


@lro.scenario
def lro_merges(rig):
    """Segments of one stream in sequence become one packet; two streams, a gap and UDP are left apart."""
    rig.forward("rxonly")
    rig.app.out.wait(f"src={LRO_MARKER}.*\n.*\n", 0, 10, "verbose output")
    rx = rig.records(0)
    merged = [r for r in rx if "LRO" in r.flags]
    expect([r.length for r in merged], [54 + LRO_SIZE * LRO_NB], "lengths of merged packets")
    expect(merged[0].nb_segs, 4, "its segments of 2,048 bytes")
    expect(merged[0].ptype, "L2_ETHER L3_IPV4 L4_TCP", "its type")
    expect(sorted(r.length for r in rx if r not in merged), [942, 954, 954, 954], "lengths of the others")

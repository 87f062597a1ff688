# SPDX-License-Identifier: BSD-3-Clause
"""Every forward mode of testpmd that moves frames."""
import re

from scapy.all import ARP, ICMP, IP, TCP, UDP, Ether, Raw

from stock_cases import Session
from stock_rig import Failed, expect, expect_in, wait_for

TESTER = "02:aa:00:00:00:01"
PEER = "02:00:00:00:00:ff"  # what testpmd gives to the peer of port 0 as its address

fwd = Session("fwd", args=["--eth-peer=0," + PEER])


def udp_frame(rig, payload=b"x" * 30, **ip):
    return bytes(Ether(dst=rig.mac, src=TESTER) / IP(src="10.0.0.1", dst="10.0.0.2", **ip) / UDP(sport=1000, dport=2000) / Raw(payload))


@fwd.scenario
def fwd_io(rig):
    rig.forward("io")
    sent = [udp_frame(rig, bytes([i]) * (18 + 50 * i)) for i in range(29)]
    got, rx = rig.exchange(sent)
    expect(got, sent, "frames forwarded by io")
    expect([r.length for r in rx], [len(f) for f in sent], "lengths seen by the application")


@fwd.scenario
def fwd_mac(rig):
    rig.forward("mac")
    sent = udp_frame(rig)
    got, _ = rig.exchange([sent])
    expect(got[0][:12].hex(":"), PEER + ":" + rig.mac, "addresses written by mac")
    expect(got[0][12:], sent[12:], "what follows them")


@fwd.scenario
def fwd_macswap(rig):
    rig.forward("macswap")
    sent = udp_frame(rig)
    got, _ = rig.exchange([sent])
    expect(got, [sent[6:12] + sent[:6] + sent[12:]], "frame forwarded by macswap")


@fwd.scenario
def fwd_5tswap(rig):
    rig.forward("5tswap")
    frame = Ether(dst=rig.mac, src=TESTER) / IP(src="10.1.2.3", dst="10.4.5.6") / TCP(sport=11, dport=22) / Raw(b"y" * 20)
    got, _ = rig.exchange([frame])
    back = Ether(got[0])
    expect((back[IP].src, back[IP].dst, back[TCP].sport, back[TCP].dport), ("10.4.5.6", "10.1.2.3", 22, 11), "5-tuple")
    expect((back.src, back.dst), (rig.mac, TESTER), "addresses")


@fwd.scenario
def fwd_rxonly(rig):
    rig.cmd("clear port stats all")
    rig.forward("rxonly")
    at = len(rig.app.out.text)
    for i in range(10):
        rig.taps[0].send(udp_frame(rig, bytes([i]) * (20 + i)))
    wait_for(lambda: len(rig.records(at)) >= 10, 10, "10 frames in verbose output")
    expect([r.length for r in rig.records(at)], [62 + i for i in range(10)], "lengths")
    expect(rig.taps[0].recv(0), None, "a frame that rxonly sends")
    expect(rig.stats()["RX-packets"], 10, "RX-packets")


@fwd.scenario
def fwd_txonly(rig):
    rig.cmd("set txpkts 100", undo="set txpkts 64")
    rig.forward("txonly", verbose=0)
    got = rig.collect(200)
    rig.cmd("stop")
    for data in got:
        frame = Ether(data)
        expect((len(data), frame.src, frame[IP].src, frame[IP].dst), (100, rig.mac, "198.18.0.1", "198.18.0.2"), "frame")


@fwd.scenario
def fwd_txonly_segments(rig):
    rig.reconfigure("port config 0 tx_offload multi_segs on", undo="port config 0 tx_offload multi_segs off")
    rig.cmd("set txpkts 70,200,331,1", undo="set txpkts 64")
    rig.forward("txonly", verbose=0)
    got = rig.collect(100)
    rig.cmd("stop")
    for data in got:
        frame = Ether(data)
        expect((len(data), frame[IP].len, frame[UDP].len), (602, 588, 568), "frame of four segments")


@fwd.scenario
def fwd_flowgen(rig):
    rig.cmd("set txpkts 80", undo="set txpkts 64")  # with FCS in this mode
    rig.forward("flowgen", verbose=0)
    got = rig.collect(300)
    rig.cmd("stop")
    flows = {(Ether(d)[IP].dst, len(d)) for d in got}
    if len(flows) < 100 or {size for _, size in flows} != {76}:
        raise Failed(f"flowgen sent {len(flows)} flows of sizes {sorted({s for _, s in flows})}")
    for data in got[:50]:
        frame = Ether(data)
        sent = frame[IP].chksum
        del frame[IP].chksum
        expect(Ether(bytes(frame))[IP].chksum, sent, "IP checksum")


@fwd.scenario
def fwd_icmpecho(rig):
    rig.forward("icmpecho", verbose=0)
    rig.taps[0].send(bytes(Ether(dst="ff:ff:ff:ff:ff:ff", src=TESTER) / ARP(op=1, hwsrc=TESTER, psrc="10.0.0.1", pdst="10.0.0.9")))
    reply = Ether(rig.collect(1)[0])
    expect((reply.dst, reply[ARP].op, reply[ARP].psrc, reply[ARP].hwsrc), (TESTER, 2, "10.0.0.9", rig.mac), "ARP reply")
    ping = Ether(dst=rig.mac, src=TESTER) / IP(src="10.0.0.1", dst="10.0.0.9") / ICMP(id=7, seq=3) / Raw(bytes(range(200)))
    rig.taps[0].send(bytes(ping))
    pong = Ether(rig.collect(1)[0])
    expect((pong.dst, pong[IP].src, pong[ICMP].type, pong[ICMP].seq), (TESTER, "10.0.0.9", 0, 3), "echo reply")
    expect(pong[Raw].load[:200], bytes(range(200)), "payload of the echo reply")
    sent = pong[ICMP].chksum
    del pong[ICMP].chksum
    expect(Ether(bytes(pong))[ICMP].chksum, sent, "ICMP checksum")


@fwd.scenario
def fwd_csum_plain(rig):
    """Without offloads csum mode computes in software what arrives wrong."""
    rig.forward("csum")
    right = [udp_frame(rig, bytes([i]) * 40) for i in range(5)]
    got, _ = rig.exchange([f[:24] + b"BB" + f[26:40] + b"BB" + f[42:] for f in right])
    expect([f[14:] for f in got], [f[14:] for f in right], "frames behind the addresses")


@fwd.scenario
def fwd_noisy(rig):
    rig.forward("noisy")
    sent = [udp_frame(rig, bytes([i]) * 40) for i in range(20)]
    got, _ = rig.exchange(sent)
    expect(got, sent, "frames forwarded by noisy")


@fwd.scenario
def fwd_tx_first(rig):
    rig.forward("io", verbose=0)
    rig.cmd("stop", "clear port stats all", "start tx_first 2")
    got = rig.collect(64)
    expect({len(f) for f in got}, {64}, "sizes of 2 bursts of 32")
    rig.cmd("stop")
    expect(rig.stats()["TX-packets"], 64, "TX-packets")


@fwd.scenario
def fwd_stats_exact(rig):
    rig.cmd("clear port stats all")
    rig.forward("io", verbose=0)
    sent = [udp_frame(rig, b"z" * (18 + i)) for i in range(300)]
    for i in range(0, 300, 100):  # testpmd drops what does not fit its Tx ring of 256
        rig.exchange(sent[i : i + 100])
    nb_bytes = sum(map(len, sent)) + 9 * 60
    stats = rig.stats()
    expect({k: stats[k] for k in ("RX-packets", "RX-bytes", "TX-packets", "TX-bytes", "RX-missed", "RX-errors")},
           {"RX-packets": 309, "RX-bytes": nb_bytes, "TX-packets": 309, "TX-bytes": nb_bytes, "RX-missed": 0, "RX-errors": 0},
           "statistics")


pair = Session("pair", ports=["", ""])


@pair.scenario
def fwd_two_ports(rig):
    """Frames cross from one port to the other, both ways."""
    rig.forward("io")
    sent = [udp_frame(rig, bytes([i]) * 60) for i in range(50)]
    got, _ = rig.exchange(sent, tap_in=0, tap_out=1)
    expect(got, sent, "frames from port 0 to 1")
    got, _ = rig.exchange(sent, tap_in=1, tap_out=0)
    expect(got, sent, "frames from port 1 to 0")
    expect_in("RX-packets: 53", rig.cmd("show fwd stats all"), "forward statistics")


@pair.scenario
def stop_one_port(rig):
    """Port 1 is stopped and started while port 0 stays as it is."""
    rig.forward("io")
    rig.cmd("stop", "port stop 1", "port start 1", "start")
    sent = [udp_frame(rig, bytes([i]) * 60) for i in range(20)]
    expect(rig.exchange(sent, tap_in=0, tap_out=1)[0], sent, "frames from port 0 to 1")
    expect(rig.exchange(sent, tap_in=1, tap_out=0)[0], sent, "frames from port 1 to 0")


@pair.scenario
def close_one_port(rig):
    """Port 1 is closed; port 0 goes on alone."""
    rig.cmd("stop", "port stop 1")
    expect_in("Port 1 is closed", rig.cmd("port close 1"), "port close")
    rig.forward("io")
    sent = [udp_frame(rig, bytes([i]) * 60) for i in range(20)]
    expect(rig.exchange(sent)[0], sent, "frames of port 0")
    if re.search(r"Port 1\b", rig.cmd("show port summary all")):
        raise Failed("port 1 is still there")

# SPDX-License-Identifier: BSD-3-Clause
"""The stock driver of virtual functions. The emulator serves the mailbox; frames of the wire come by destination."""
import re

from scapy.all import IP, TCP, UDP, Ether, Raw

import stock_addr
import stock_csum
import stock_rss
from stock_addr import ALL, GROUP, OTHER, TESTER
from stock_cases import Session
from stock_rig import expect, expect_in, wait_for

vf = Session("vf", ports=["", ",vf=0"], attached=[1],
             args=["--rxq=4", "--txq=4", "--rss-udp", "--eth-peer=0," + TESTER])


def frame(rig, dst=None, vid=None, size=60, sport=1):
    tag = b"" if vid is None else b"\x81\x00" + vid.to_bytes(2, "big")
    data = bytes(Ether(dst=dst or rig.mac, src=TESTER) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=sport, dport=2) / Raw(bytes(size - 42)))
    return data[:12] + tag + data[12:]


def taken(rig, *dsts):
    """Which of these destinations the function takes. (Mode io would send frames to the function's own address.)"""
    _, rx = rig.exchange([frame(rig, d) for d in dsts])
    return [r.dst for r in rx]


def tails(frames):
    """Frames behind their addresses, in any order."""
    return sorted(f[12:] for f in frames)


@vf.scenario
def vf_probe(rig):
    text = rig.cmd("show port info 0")
    for part in ("Driver name: net_hns3_vf", "MTU: 1500", "Redirection table size: 512", "Current number of RX queues: 4"):
        expect_in(part, text, "port info")


@vf.scenario
def vf_link(rig):
    """
    Each change of the PF's link is pushed to the VF, and its frames stop and go with it. (This build of the driver neither
    logs a VF's link nor shows it.)
    """
    rig.forward("mac")

    def pushes():
        return rig.device(1)["device"]["mailbox"]["received 23 LINK_STAT_CHANGE"]

    for up in (False, True):
        before, down = pushes(), rig.device(0)["device"]["rx_drops"]["link_down"]
        rig.ctl("link", port=0, up=up)
        wait_for(lambda before=before: pushes() > before, 10, f"push of link {'up' if up else 'down'}")
        rig.taps[0].send(frame(rig))
        if up:
            rig.collect(1)
        else:
            wait_for(lambda down=down: rig.device(0)["device"]["rx_drops"]["link_down"] > down, 10, "a frame dropped")


@vf.scenario
def vf_mac_mode(rig):
    rig.forward("mac")
    sent = [frame(rig, size=60 + 40 * i, sport=i) for i in range(30)]
    got, rx = rig.exchange(sent)
    expect(tails(got), tails(sent), "frames")
    expect(sorted(r.length for r in rx), [len(f) for f in sent], "lengths")


@vf.scenario
def vf_macswap(rig):
    rig.forward("macswap")
    sent = frame(rig)
    expect(rig.exchange([sent])[0], [sent[6:12] + sent[:6] + sent[12:]], "frame")


@vf.scenario
def vf_not_promisc(rig):
    """What is for others is not for a VF; all multicast and broadcast by their switches."""
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    rig.forward("mac")
    expect(taken(rig, rig.mac, OTHER, GROUP, ALL), [rig.mac, ALL], "destinations")
    rig.cmd("set allmulti 0 on", undo="set allmulti 0 off")
    expect(taken(rig, rig.mac, OTHER, GROUP, ALL), [rig.mac, GROUP, ALL], "destinations, all multicast")


@vf.scenario
def vf_promisc(rig):
    """A VF that the host trusts takes everything when told to."""
    rig.cmd("set promisc 0 on")
    rig.forward("mac")
    expect(taken(rig, rig.mac, OTHER, GROUP), [rig.mac, OTHER, GROUP], "destinations")


@vf.scenario
def vf_mac(rig):
    stock_addr.addr_add_remove(rig, "mac", taken)


@vf.scenario
def vf_mac_set(rig):
    stock_addr.addr_default_set(rig, "mac", taken)


@vf.scenario
def vf_multicast(rig):
    stock_addr.addr_multicast_list(rig, "mac", taken)


@vf.scenario
def vf_vlan_filter(rig):
    rig.cmd("set promisc 0 off", "vlan set filter on 0", "rx_vlan add 100 0", undo=["rx_vlan rm 100 0", "vlan set filter off 0", "set promisc 0 on"])
    rig.forward("mac")
    sent = [frame(rig, vid=v) for v in (100, 101)] + [frame(rig)]
    expect(tails(rig.exchange(sent)[0]), tails([sent[0], sent[2]]), "frames")


@vf.scenario
def vf_vlan_strip(rig):
    rig.cmd("vlan set strip on 0", undo="vlan set strip off 0")
    rig.forward("mac")
    got, rx = rig.exchange([frame(rig, vid=0x123)])
    expect((tails(got), rx[0].vlan, "VLAN_STRIPPED" in rx[0].flags), (tails([frame(rig)]), 0x123, True), "frame, tag")


@vf.scenario
def vf_vlan_insert(rig):
    rig.reconfigure("tx_vlan set 0 77", undo="tx_vlan reset 0")
    rig.forward("mac")
    expect(rig.exchange([frame(rig)])[0][0][12:16], b"\x81\x00\x00\x4d", "tag")


@vf.scenario
def vf_mtu(rig):
    rig.reconfigure("port config mtu 0 1700", undo="port config mtu 0 1500")
    expect_in("MTU: 1700", rig.cmd("show port info 0"), "MTU")
    rig.forward("mac")
    sizes = (1014, 1523, 1722, 1723, 2000)
    expect([len(f) for f in rig.exchange([frame(rig, size=n) for n in sizes])[0]], [1014, 1523, 1722], "sizes that pass")


@vf.scenario
def vf_rss(rig):
    rig.forward("mac")
    stock_rss.spread(rig, "VF UDP", UDP, queue_of=lambda h: h % 512 % 4)
    stock_rss.spread(rig, "VF UDP over IPv6", UDP, v6=True, queue_of=lambda h: h % 512 % 4)


@vf.scenario
def vf_rss_changed(rig):
    rig.cmd("port config 0 rss reta (" + "),(".join(f"{i},{3 - i % 4}" for i in range(8)) + ")", undo="port config 0 rss reta (" + "),(".join(f"{i},{i % 4}" for i in range(8)) + ")")
    rig.cmd("port config all rss all", undo="port config all rss udp")
    rig.forward("mac")
    table = [3 - i % 4 if i < 8 else i % 4 for i in range(512)]
    stock_rss.spread(rig, "VF TCP", TCP, nb=128, queue_of=lambda h: table[h % 512])


@vf.scenario
def vf_csum(rig):
    stock_csum.offload(rig, "ip", "udp", "tcp")
    stock_csum.check_repaired(rig, stock_csum.eth(rig) / stock_csum.ip4() / UDP(sport=1, dport=2) / stock_csum.data(), [IP, UDP], "UDP")
    stock_csum.check_repaired(rig, stock_csum.eth(rig) / stock_csum.ip4() / TCP() / stock_csum.data(), [IP, TCP], "TCP")


@vf.scenario
def vf_tso(rig):
    stock_csum.offload(rig, "ip", "tcp", extra=["tso set 500 0"], undo=["tso set 0 0"])
    packet = stock_csum.eth(rig) / stock_csum.ip4(id=9) / TCP(seq=1, flags="PA") / stock_csum.data(1400)
    stock_csum.check_segments(rig.exchange([bytes(packet)])[0], packet, 500, "VF")


@vf.scenario
def vf_counted(rig):
    """Packets are counted by the device, bytes in software by this driver."""
    rig.cmd("clear port stats all")
    rig.forward("mac", verbose=0)
    rig.exchange([frame(rig, size=100)] * 20)
    stats = rig.stats()
    expect((stats["RX-packets"], stats["TX-packets"], stats["RX-bytes"], stats["TX-bytes"]), (23, 23, 2180, 2180), "packets and bytes")


@vf.scenario
def vf_stop_start(rig):
    for _ in range(3):
        rig.reconfigure()
    rig.forward("mac")
    sent = [frame(rig, sport=i) for i in range(20)]
    expect(tails(rig.exchange(sent)[0]), tails(sent), "frames")


@vf.scenario
def vf_reset(rig):
    """A reset of the function: the driver recovers."""
    at = len(rig.app.out.text)
    rig.ctl("reset", port=1, kind="function")
    rig.app.out.wait("Port 0: error recovery successful event", at, 30, "the event of the end of the reset")
    rig.forward("mac")
    sent = [frame(rig, sport=i) for i in range(20)]
    expect(tails(rig.exchange(sent)[0]), tails(sent), "frames")


both = Session("pf_vf", ports=["", ",vf=0", ",vf=0"])


@both.scenario
def vf_beside_pf(rig):
    """PF and two VFs on one wire: each gets what is its own; broadcast goes to all."""
    macs = [re.search(r"MAC address: (\S+)", rig.cmd(f"show port info {p}"))[1].lower() for p in range(3)]
    expect(len(set(macs)), 3, "addresses")
    rig.cmd("set promisc all off")
    rig.cmd("stop", "set fwd rxonly", "set verbose 1", "start", undo=["stop", "set verbose 0"])
    at = len(rig.app.out.text)
    for i, mac in enumerate(macs):
        for _ in range(i + 1):
            rig.taps[0].send(frame(rig, mac))
    rig.taps[0].send(frame(rig, ALL))
    wait_for(lambda: len(rig.records(at)) >= 9, 10, "9 frames in verbose output")
    blocks = re.findall(r"port (\d)/queue 0: received (\d+) packets", rig.app.out.text[at:])
    expect([sum(int(n) for p, n in blocks if p == str(i)) for i in range(3)], [2, 3, 4], "frames of each function")


@both.scenario
def vf_to_vf(rig):
    """Frames between functions cross inside the device and do not come out of the wire."""
    macs = [re.search(r"MAC address: (\S+)", rig.cmd(f"show port info {p}"))[1].lower() for p in range(3)]
    rig.cmd("set promisc all off", "stop", "set portlist 1,2", f"set eth-peer 2 {macs[1]}", "set fwd mac", "set verbose 1",
            undo=["stop", "set verbose 0", "set portlist 0,1,2"])
    rig.cmd("start")
    rig.taps[0].drain()
    at = len(rig.app.out.text)
    rig.taps[0].send(frame(rig, macs[1]))  # port 1 gets it, port 2 sends it on to port 1's address, and so on for ever
    wait_for(lambda: len(rig.records(at)) >= 5, 10, "the frame going round")
    rig.cmd("stop")
    senders = {r.src for r in rig.records(at)}
    expect(macs[2] in senders, True, "the address of port 2 among the senders")
    expect(rig.taps[0].recv(0), None, "a frame on the wire")

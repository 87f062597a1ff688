# SPDX-License-Identifier: BSD-3-Clause
"""Which frames a port takes: addresses, promiscuous modes, frame sizes [3:1.4] [3:1.16] [3:1.20]."""
import re

from scapy.all import IP, UDP, Ether, Raw

from stock_cases import Session
from stock_rig import Failed, expect, expect_in, wait_for

TESTER = "02:aa:00:00:00:01"
MINE, OTHER, THIRD = "02:11:22:33:44:55", "02:11:22:33:44:56", "0a:11:22:33:44:55"
GROUP, GROUP2, ALL = "01:00:5e:00:00:05", "33:33:00:00:00:09", "ff:ff:ff:ff:ff:ff"

addr = Session("addr")


def to(*dsts):
    return [bytes(Ether(dst=d, src=TESTER) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / Raw(b"a" * 30)) for d in dsts]


def taken(rig, *dsts):
    """Which of these destinations the port takes."""
    got, rx = rig.exchange(to(*dsts))
    if len(rx) != len(got):
        raise Failed(f"{len(rx)} frames received, {len(got)} on the wire")
    return [f[:6].hex(":") for f in got]


@addr.scenario
def addr_promisc(rig):
    """Everything in promiscuous mode, what is ours otherwise."""
    rig.forward("io")
    all_of_them = [rig.mac, OTHER, GROUP, ALL]
    expect(taken(rig, *all_of_them), all_of_them, "promiscuous")
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    expect(taken(rig, *all_of_them), [rig.mac, ALL], "not promiscuous")
    rig.cmd("set promisc 0 on")
    expect(taken(rig, *all_of_them), all_of_them, "promiscuous again")


@addr.scenario
def addr_allmulti(rig):
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    rig.forward("io")
    expect(taken(rig, GROUP, GROUP2, OTHER), [], "neither")
    rig.cmd("set allmulti 0 on", undo="set allmulti 0 off")
    expect(taken(rig, GROUP, GROUP2, OTHER), [GROUP, GROUP2], "all multicast")
    rig.cmd("set allmulti 0 off")
    expect(taken(rig, GROUP, GROUP2, OTHER), [], "neither again")


@addr.scenario
def addr_add_remove(rig, mode="io", takes=taken):
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    rig.forward(mode)
    rig.cmd(f"mac_addr add 0 {MINE}", f"mac_addr add 0 {THIRD}")
    expect(takes(rig, MINE, OTHER, THIRD, rig.mac), [MINE, THIRD, rig.mac], "two addresses more")
    rig.cmd(f"mac_addr remove 0 {MINE}")
    expect(takes(rig, MINE, OTHER, THIRD, rig.mac), [THIRD, rig.mac], "one removed")
    rig.cmd(f"mac_addr remove 0 {THIRD}")
    expect(takes(rig, MINE, OTHER, THIRD, rig.mac), [rig.mac], "both removed")


@addr.scenario
def addr_limit(rig):
    """128 addresses fit; the next is refused; each of them is taken."""
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    many = [f"02:11:00:00:01:{i:02x}" for i in range(127)]
    rig.undo_cmds[:0] = [f"mac_addr remove 0 {m}" for m in many]
    for mac in many:
        out = rig.cmd(f"mac_addr add 0 {mac}")
        if "rror" in out:
            raise Failed(f"{mac}: {out}")
    expect_in("No space left", rig.cmd("mac_addr add 0 02:11:00:00:02:00").replace("ENOSPC", "No space left"), "address 129")
    expect_in("Number of MAC address added: 128", rig.cmd("show port 0 macs"), "list")
    rig.forward("io")
    expect(taken(rig, *many, "02:11:00:00:02:00"), many, "addresses")


@addr.scenario
def addr_default_set(rig, mode="io", takes=taken):
    old = rig.mac
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    out = rig.cmd(f"mac_addr set 0 {MINE}", undo=f"mac_addr set 0 {old}")
    if "rror" in out:
        raise Failed(out)
    rig.mac = MINE  # of the markers
    try:
        rig.forward(mode)
        expect(takes(rig, MINE, old, OTHER), [MINE], "new address alone")
        rig.reconfigure()
        rig.cmd("start")
        expect(takes(rig, MINE, old, OTHER), [MINE], "after a new start")
        expect_in(MINE, rig.cmd("show port info 0").lower(), "address shown")
    finally:
        rig.mac = old


@addr.scenario
def addr_multicast_list(rig, mode="io", takes=taken):
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    rig.forward(mode)
    rig.cmd(f"mcast_addr add 0 {GROUP}", undo=f"mcast_addr remove 0 {GROUP}")
    expect(takes(rig, GROUP, GROUP2), [GROUP], "one group")
    rig.cmd(f"mcast_addr add 0 {GROUP2}", undo=f"mcast_addr remove 0 {GROUP2}")
    expect(takes(rig, GROUP, GROUP2, "01:00:5e:00:00:06"), [GROUP, GROUP2], "two groups")
    rig.cmd(f"mcast_addr remove 0 {GROUP}")
    expect(takes(rig, GROUP, GROUP2), [GROUP2], "one removed")
    rig.cmd(f"mcast_addr remove 0 {GROUP2}")
    expect(takes(rig, GROUP, GROUP2), [], "both removed")


@addr.scenario
def addr_multicast_many(rig):
    groups = [f"01:00:5e:01:00:{i:02x}" for i in range(60)]
    rig.cmd("set promisc 0 off", undo="set promisc 0 on")
    for group in groups:
        rig.cmd(f"mcast_addr add 0 {group}", undo=f"mcast_addr remove 0 {group}")
    rig.forward("io")
    expect(taken(rig, *groups, "01:00:5e:01:00:ff"), groups, "groups")


@addr.scenario
def addr_after_restart(rig):
    """Addresses and modes are the same after stop and start."""
    rig.cmd("set promisc 0 off", f"mac_addr add 0 {MINE}", f"mcast_addr add 0 {GROUP}",
            undo=[f"mcast_addr remove 0 {GROUP}", f"mac_addr remove 0 {MINE}", "set promisc 0 on"])
    rig.reconfigure()
    rig.forward("io")
    expect(taken(rig, MINE, GROUP, OTHER, GROUP2, rig.mac), [MINE, GROUP, rig.mac], "destinations")


def sized(rig, size):
    return bytes.fromhex(rig.mac.replace(":", "")) + b"\2\xaa\0\0\0\1\x08\x00" + bytes(i % 251 for i in range(size - 14))


@addr.scenario
def mtu_default(rig):
    """MTU 1500 has room for two tags: 1,522 bytes without FCS pass, one more does not."""
    rig.forward("io")
    sent = [sized(rig, n) for n in (60, 1514, 1518, 1522, 1523, 1600)]
    expect([len(f) for f in rig.exchange(sent)[0]], [60, 1514, 1518, 1522], "sizes that pass")
    rig.cmd("stop")
    expect(rig.xstats()["mac_rx_oversize_pkt_num"], 2, "mac_rx_oversize_pkt_num")


@addr.scenario
def mtu_changed(rig):
    rig.reconfigure("port config mtu 0 1700", undo="port config mtu 0 1500")
    expect_in("MTU: 1700", rig.cmd("show port info 0"), "MTU shown")
    rig.forward("io")
    sent = [sized(rig, n) for n in (1014, 1523, 1722, 1723, 2000)]
    expect([len(f) for f in rig.exchange(sent)[0]], [1014, 1523, 1722], "sizes that pass")


@addr.scenario
def mtu_floor(rig):
    """The driver never asks for less than MTU 1500 needs [3:1.4]."""
    rig.reconfigure("port config mtu 0 1000", undo="port config mtu 0 1500")
    rig.forward("io")
    sent = [sized(rig, n) for n in (1014, 1522, 1523)]
    expect([len(f) for f in rig.exchange(sent)[0]], [1014, 1522], "sizes that pass")


@addr.scenario
def size_least(rig):
    """60 bytes pass as they are; shorter ones that the application makes are padded."""
    rig.forward("io")
    sent = [sized(rig, 60)]
    expect(rig.exchange(sent)[0], sent, "frame")
    rig.cmd("stop", "set txpkts 42", undo="set txpkts 64")
    rig.forward("txonly", verbose=0)
    got = rig.collect(10)
    rig.cmd("stop")
    for data in got:
        expect((len(data), data[42:]), (60, bytes(18)), "frame of 42 bytes padded to 60")


jumbo = Session("jumbo", args=["--max-pkt-len=9600", "--enable-scatter", "--tx-offloads=0x8000", "--rx-offloads=0x2000"])


@jumbo.scenario
def jumbo_scatter(rig):
    """Up to 9,000 bytes over buffers of 2,048, and back."""
    rig.forward("io")
    sent = [sized(rig, n) for n in (60, 2047, 2048, 2049, 4096, 4097, 6000, 9000)]
    got, rx = rig.exchange(sent)
    expect(got, sent, "frames")
    expect([r.nb_segs for r in rx], [1, 1, 1, 2, 2, 3, 3, 5], "segments")
    expect([r.length for r in rx], [len(f) for f in sent], "lengths")


@jumbo.scenario
def jumbo_limit(rig):
    rig.reconfigure("port config mtu 0 9000", undo="port config mtu 0 9582")
    rig.forward("io")
    sent = [sized(rig, n) for n in (9022, 9023)]
    expect([len(f) for f in rig.exchange(sent)[0]], [9022], "sizes that pass")


@jumbo.scenario
def jumbo_txonly(rig):
    """Frames of five segments that the application makes."""
    rig.cmd("set txpkts 1000,2000,2000,2000,1500", undo="set txpkts 64")
    rig.forward("txonly", verbose=0)
    got = rig.collect(20)
    rig.cmd("stop")
    expect({(len(f), Ether(f)[IP].len) for f in got}, {(8500, 8486)}, "sizes")


small = Session("small", args=["--mbuf-size=640", "--max-pkt-len=9600", "--enable-scatter", "--tx-offloads=0x8000",
                               "--rx-offloads=0x2000"])


@small.scenario
def small_buffers(rig):
    """Buffers of 512 bytes: a frame takes up to 18 descriptors."""
    rig.forward("rxonly")
    at = len(rig.app.out.text)
    sizes = [60, 511, 512, 513, 1024, 1025, 4096, 5000, 9000]
    for n in sizes:
        rig.taps[0].send(sized(rig, n))
    wait_for(lambda: len(rig.records(at)) >= len(sizes), 10, "frames in verbose output")
    expect([(r.length, r.nb_segs) for r in rig.records(at)], [(n, (n + 511) // 512) for n in sizes], "lengths, segments")


@small.scenario
def small_buffers_forwarded(rig):
    """Eight descriptors a frame, the most that Tx takes, in and out."""
    rig.forward("io")
    sent = [sized(rig, n) for n in (60, 513, 1500, 3000, 4096)]
    got, rx = rig.exchange(sent)
    expect(got, sent, "frames")
    expect([r.nb_segs for r in rx], [1, 2, 3, 6, 8], "segments")


@small.scenario
def small_buffers_too_many(rig):
    """More than Tx takes and no larger buffer to copy into: the driver drops them and counts."""
    rig.forward("io")
    for n in (4097, 9000):
        at = len(rig.app.out.text)
        rig.taps[0].send(sized(rig, n))  # alone: the rest of its burst would be dropped with it
        wait_for(lambda: rig.records(at), 10, "the frame in verbose output")
        expect(rig.exchange([sized(rig, 60)])[0], [sized(rig, 60)], f"frames after one of {n} bytes")
    rig.cmd("stop")
    text = rig.cmd("show port xstats 0")
    expect([int(n) for n in re.findall(r"tx_q0_EXCEED_LIMITED_BD_PKT_(?:REASSEMBLE_FAIL_)?CNT: (\d+)", text)], [2, 2],
           "frames that the driver counts")

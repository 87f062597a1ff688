# SPDX-License-Identifier: BSD-3-Clause
"""VLANs [3:2]: filter, strip, insertion, port VLAN. Frames on the wire are looked at with their tags."""
from scapy.all import IP, UDP, Dot1Q, Ether, Raw

from stock_cases import Session
from stock_rig import expect

TESTER = "02:aa:00:00:00:01"

vlan = Session("vlan", args=["--tx-offloads=0x2"])  # VLAN_INSERT: the general Tx path


def frame(rig, *tags, payload=b"vlan", dst=None, prio=0, kind=0x8100):
    out = Ether(dst=dst or rig.mac, src=TESTER, type=kind if tags else None)
    for i, vid in enumerate(tags):
        out /= Dot1Q(vlan=vid, prio=prio, type=0x8100 if i + 1 < len(tags) else None)
    return bytes(out / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(payload.ljust(40, b".")))


def tagged_marker(vid):
    return lambda data: data[:12] + b"\x81\x00" + vid.to_bytes(2, "big") + data[12:]


def tags_of(data):
    """TPIDs and TCIs of a frame."""
    out, at = [], 12
    while data[at : at + 2] in (b"\x81\x00", b"\x88\xa8", b"\x91\x00"):
        out.append((int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")))
        at += 4
    return out


@vlan.scenario
def vlan_passes_untouched(rig):
    """Nothing configured: tags go through and are not reported."""
    rig.forward("io")
    sent = [frame(rig), frame(rig, 5), frame(rig, 5, 6), frame(rig, 4094, prio=7)]
    got, rx = rig.exchange(sent)
    expect(got, sent, "frames")
    expect({r.vlan for r in rx}, {None}, "tags reported")


@vlan.scenario
def vlan_filter(rig):
    """With the filter on only the VLANs added pass, and untagged frames; the rest is dropped."""
    rig.cmd("set promisc 0 off", "vlan set filter on 0", "rx_vlan add 100 0",
            undo=["rx_vlan rm 100 0", "vlan set filter off 0", "set promisc 0 on"])
    rig.forward("io")
    sent = [frame(rig, v) for v in (99, 100, 101, 228, 4095, 0)] + [frame(rig)]
    got, _ = rig.exchange(sent)
    expect(got, [sent[1], sent[5], sent[6]], "frames of VLANs 100, 0 and none")
    rig.cmd("rx_vlan add 4095 0", "rx_vlan add 228 0", "rx_vlan rm 100 0", undo=["rx_vlan rm 4095 0", "rx_vlan rm 228 0"])
    got, _ = rig.exchange(sent)
    expect(got, [sent[3], sent[4], sent[5], sent[6]], "frames of VLANs 228, 4095, 0 and none")
    rig.cmd("vlan set filter off 0")
    got, _ = rig.exchange(sent)
    expect(got, sent, "frames with the filter off")


@vlan.scenario
def vlan_filter_all(rig):
    """Every VLAN at once: 4,094 table writes."""
    rig.cmd("set promisc 0 off", "vlan set filter on 0", undo=["vlan set filter off 0", "set promisc 0 on"])
    rig.cmd("rx_vlan add all 0", undo="rx_vlan rm all 0", seconds=60)
    rig.forward("io")
    sent = [frame(rig, v) for v in (1, 159, 160, 161, 2048, 4094)]
    expect(rig.exchange(sent)[0], sent, "frames")
    rig.cmd("rx_vlan rm all 0", seconds=60)
    expect(rig.exchange(sent)[0], [], "frames after removal")


@vlan.scenario
def vlan_filter_promisc(rig):
    """Promiscuous mode opens the filter, and leaving it closes it again."""
    rig.cmd("set promisc 0 off", "vlan set filter on 0", "rx_vlan add 7 0",
            undo=["rx_vlan rm 7 0", "vlan set filter off 0", "set promisc 0 on"])
    rig.forward("io")
    sent = [frame(rig, 7), frame(rig, 8)]
    expect(rig.exchange(sent)[0], sent[:1], "frames, not promiscuous")
    rig.cmd("set promisc 0 on")
    expect(rig.exchange(sent)[0], sent, "frames, promiscuous")
    rig.cmd("set promisc 0 off")
    expect(rig.exchange(sent)[0], sent[:1], "frames, not promiscuous again")


@vlan.scenario
def vlan_filter_after_restart(rig):
    """The driver brings the table back when the port is started again."""
    rig.cmd("set promisc 0 off", "vlan set filter on 0", "rx_vlan add 300 0",
            undo=["rx_vlan rm 300 0", "vlan set filter off 0", "set promisc 0 on"])
    rig.reconfigure()
    rig.forward("io")
    sent = [frame(rig, 300), frame(rig, 301)]
    expect(rig.exchange(sent)[0], sent[:1], "frames")


@vlan.scenario
def vlan_strip(rig):
    """The tag is taken out and reported with its priority."""
    rig.cmd("vlan set strip on 0", undo="vlan set strip off 0")
    rig.forward("io")
    got, rx = rig.exchange([frame(rig, 0x123, prio=5), frame(rig)])
    expect(got, [frame(rig), frame(rig)], "frames without their tag")
    expect([r.vlan for r in rx], [0xA123, None], "tags reported")
    expect(["VLAN_STRIPPED" in r.flags for r in rx], [True, False], "flag VLAN_STRIPPED")
    expect([r.length for r in rx], [82, 82], "lengths without the tag")
    rig.cmd("vlan set strip off 0")
    got, rx = rig.exchange([frame(rig, 0x123)])
    expect((got, rx[0].vlan), ([frame(rig, 0x123)], None), "frame and tag after strip off")


@vlan.scenario
def vlan_strip_qinq(rig):
    """Of two tags the outer one goes."""
    rig.cmd("vlan set strip on 0", undo="vlan set strip off 0")
    rig.forward("io")
    got, rx = rig.exchange([frame(rig, 10, 20)])
    expect(got, [frame(rig, 20)], "frame with the inner tag")
    expect((rx[0].vlan, "VLAN_STRIPPED" in rx[0].flags), (10, True), "tag reported")


@vlan.scenario
def vlan_strip_and_filter(rig):
    rig.cmd("set promisc 0 off", "vlan set filter on 0", "vlan set strip on 0", "rx_vlan add 40 0",
            undo=["rx_vlan rm 40 0", "vlan set strip off 0", "vlan set filter off 0", "set promisc 0 on"])
    rig.forward("io")
    got, rx = rig.exchange([frame(rig, 40), frame(rig, 41)])
    expect((got, [r.vlan for r in rx]), ([frame(rig)], [40]), "frame and tag")


@vlan.scenario
def vlan_strip_jumbo_and_small(rig):
    """A frame of the least length is not cut short by the strip."""
    rig.cmd("vlan set strip on 0", undo="vlan set strip off 0")
    rig.forward("io")
    sent = frame(rig, 3)[:64]
    got, rx = rig.exchange([sent])
    expect((got, rx[0].length, rx[0].vlan), ([sent[:12] + sent[16:]], 60, 3), "frame")


@vlan.scenario
def vlan_tx_insert(rig):
    """A tag is put into what the application sends without one."""
    rig.reconfigure("tx_vlan set 0 0x5a7", undo="tx_vlan reset 0")
    rig.forward("mac")
    sent = frame(rig)
    got = rig.exchange([sent])[0]
    expect(tags_of(got[0]), [(0x8100, 0x5A7)], "tags")
    expect(got[0][16:], sent[12:], "what follows the tag")


@vlan.scenario
def vlan_tx_insert_into_tagged(rig):
    """The tag that is inserted becomes the outer one."""
    rig.reconfigure("tx_vlan set 0 77", undo="tx_vlan reset 0")
    rig.forward("mac")
    expect(tags_of(rig.exchange([frame(rig, 9)])[0][0]), [(0x8100, 77), (0x8100, 9)], "tags")


@vlan.scenario
def vlan_tx_qinq_insert(rig):
    rig.reconfigure("tx_vlan set 0 11 22", undo="tx_vlan reset 0")
    rig.forward("mac")
    sent = frame(rig)
    got = rig.exchange([sent])[0]
    expect(tags_of(got[0]), [(0x8100, 22), (0x8100, 11)], "outer and inner tag")
    expect(got[0][20:], sent[12:], "what follows the tags")


@vlan.scenario
def vlan_tx_insert_short(rig):
    """Short frames are padded; the tag counts for nothing less."""
    rig.reconfigure("tx_vlan set 0 5", undo="tx_vlan reset 0")
    rig.forward("mac")
    sent = bytes.fromhex(rig.mac.replace(":", "") + TESTER.replace(":", "") + "0123") + bytes(range(46))
    got = rig.exchange([sent])[0]
    expect((tags_of(got[0]), got[0][16:62]), ([(0x8100, 5)], sent[12:58]), "tag and contents")


@vlan.scenario
def vlan_pvid(rig):
    """The port's VLAN is put on what leaves and taken off what comes, and is not reported."""
    rig.cmd("tx_vlan set pvid 0 50 on", undo="tx_vlan set pvid 0 50 off")
    rig.forward("io")
    sent = frame(rig)
    got, rx = rig.exchange([sent, frame(rig, 50), frame(rig, 50, 60)])
    expect([tags_of(f) for f in got], [[(0x8100, 50)], [(0x8100, 50)], [(0x8100, 50), (0x8100, 60)]], "tags on the wire")
    expect(got[0][16:], sent[12:], "what follows the tag")
    expect([(r.length, r.vlan) for r in rx], [(82, None), (82, None), (86, None)], "what the application sees")


@vlan.scenario
def vlan_pvid_strip(rig):
    """With the strip on, too, the inner tag is reported."""
    rig.cmd("tx_vlan set pvid 0 50 on", "vlan set strip on 0", undo=["vlan set strip off 0", "tx_vlan set pvid 0 50 off"])
    rig.forward("io")
    got, rx = rig.exchange([frame(rig, 50, 60)])
    expect((rx[0].vlan, rx[0].length), (60, 82), "inner tag, length")
    expect(tags_of(got[0]), [(0x8100, 50)], "tags on the wire")


@vlan.scenario
def vlan_pvid_off_again(rig):
    rig.forward("io")
    sent = [frame(rig), frame(rig, 50), frame(rig, 51)]
    rig.cmd("tx_vlan set pvid 0 50 on", undo="tx_vlan set pvid 0 50 off")
    expect([tags_of(f) for f in rig.exchange(sent[:1])[0]], [[(0x8100, 50)]], "tags on the wire")
    rig.cmd("tx_vlan set pvid 0 50 off")
    expect(rig.exchange(sent)[0], sent, "frames")

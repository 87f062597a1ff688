# SPDX-License-Identifier: BSD-3-Clause
"""Flow rules [3:5]: what the stock driver makes of rte_flow is carried out by the flow director."""
import re

from scapy.all import IP, SCTP, TCP, UDP, VXLAN, Dot1Q, Ether, IPv6, Raw

from stock_cases import Session
from stock_rig import Failed, expect

TESTER = "02:aa:00:00:00:01"

flow = Session("flow", args=["--rxq=4", "--txq=4", "--rss-udp"])
# keys of 200 bits: no addresses of layer 2, no tunnels [3:5.3]
short = Session("flow_4k", ports=[",fd=4k"], args=["--rxq=4", "--txq=4", "--rss-udp"])
# capability bit 2: a rule may name several queues [1:5.1]
region = Session("flow_region", ports=[",caps=0x4"], args=["--rxq=4", "--txq=4", "--rss-udp"])


def frame(rig, *layers):
    out = Ether(dst=rig.mac, src=TESTER)
    for layer in layers:
        out /= layer
    return bytes(out / Raw(b"flow".ljust(40, b".")))


def udp(rig, dport, src="192.168.1.2", dst="10.0.0.77", sport=1000, tags=()):
    return frame(rig, *[Dot1Q(vlan=v) for v in tags], IP(src=src, dst=dst), UDP(sport=sport, dport=dport))


def create(rig, pattern, actions):
    """A rule, and its number; it goes when the scenario is over."""
    out = rig.cmd(f"flow create 0 ingress pattern {pattern} / end actions {actions} / end")
    made = re.search(r"Flow rule #(\d+) created", out)
    if not made:
        raise Failed(f"{pattern} => {actions}: {out}")
    if "flow flush 0" not in rig.undo_cmds:
        rig.undo_cmds.insert(0, "flow flush 0")
    return int(made[1])


def exchange(rig, frames):
    """Records by destination port or, without one, in order of arrival within a queue."""
    got, rx = rig.exchange(frames)
    expect(sorted(got), sorted(frames), "frames")
    return rx


def one(rig, data):
    return exchange(rig, [data])[0]


def hits(rig, rule):
    out = rig.cmd(f"flow query 0 {rule} count")
    found = re.search(r"hits: (\d+)", out)
    if not found:
        raise Failed(f"flow query: {out}")
    return int(found[1])


@flow.scenario
def flow_queue(rig):
    """A rule of five fields sends its frames, and no others, to its queue."""
    create(rig, "eth / ipv4 src is 192.168.1.2 dst spec 10.0.0.0 dst prefix 24 / udp dst is 53", "queue index 3")
    rig.forward("io")
    for host in (1, 77, 255):
        record = one(rig, udp(rig, 53, dst=f"10.0.0.{host}"))
        expect(record.queue, 3, "queue")
        expect("FDIR" in record.flags, True, "hit")
    for data in (udp(rig, 54), udp(rig, 53, dst="10.0.1.77"), udp(rig, 53, src="192.168.1.3"),
                 frame(rig, IP(src="192.168.1.2", dst="10.0.0.1"), TCP(dport=53)), udp(rig, 53, tags=[5])):
        expect("FDIR" in one(rig, data).flags, False, "hit")


@flow.scenario
def flow_drop(rig):
    """Dropped frames are gone and counted, by the rule's counter too."""
    rule = create(rig, "eth / ipv4 / udp dst is 4000", "count / drop")
    rig.forward("io")
    got, _ = rig.exchange([udp(rig, 4000), udp(rig, 4001), udp(rig, 4000)])
    expect(got, [udp(rig, 4001)], "frames")
    expect(hits(rig, rule), 2, "hits")
    expect(hits(rig, rule), 0, "hits since then")


@flow.scenario
def flow_mark(rig):
    """The mark comes with the frame; without a queue RSS decides."""
    create(rig, "eth / ipv4 / udp dst is 5000", "mark id 7")
    create(rig, "eth / ipv4 / udp dst is 5001", "mark id 4094 / queue index 2")
    rig.forward("io")
    record = one(rig, udp(rig, 5000))
    expect(record.mark, 7, "mark")
    expect(record.hash is not None, True, "hash")
    record = one(rig, udp(rig, 5001))
    expect((record.mark, record.queue), (4094, 2), "mark and queue")
    expect(one(rig, udp(rig, 5002)).mark, None, "mark of another")


@flow.scenario
def flow_ipv6_sctp(rig):
    """The last 32 bits of IPv6 addresses, and SCTP's tag."""
    create(rig, "eth / ipv6 dst is 2001:db8::11:22 / tcp src is 80", "queue index 1 / mark id 1")
    create(rig, "eth / ipv4 / sctp tag is 0xcafebabe", "queue index 2 / mark id 2")
    rig.forward("io")
    expect(one(rig, frame(rig, IPv6(dst="2001:db8::11:22"), TCP(sport=80))).mark, 1, "mark")
    expect(one(rig, frame(rig, IPv6(dst="2001:db8::11:23"), TCP(sport=80))).mark, None, "mark")
    expect(one(rig, frame(rig, IP(), SCTP(tag=0xCAFEBABE))).mark, 2, "mark")
    expect(one(rig, frame(rig, IP(), SCTP(tag=0xCAFEBABF))).mark, None, "mark")


@flow.scenario
def flow_mac_vlan(rig):
    """Addresses and tags of layer 2; the number of tags is part of a rule."""
    create(rig, f"eth src is {TESTER} / vlan vid is 100 / ipv4", "queue index 1 / mark id 1")
    create(rig, "eth / vlan vid is 200 / vlan vid is 7 / ipv4", "queue index 2 / mark id 2")
    create(rig, "eth type is 0x9999", "queue index 3 / mark id 3")
    rig.forward("io")
    expect(one(rig, udp(rig, 1, tags=[100])).mark, 1, "mark")
    expect(one(rig, udp(rig, 1, tags=[101])).mark, None, "mark")
    expect(one(rig, udp(rig, 1, tags=[100, 7])).mark, None, "mark")
    expect(one(rig, udp(rig, 1, tags=[200, 7])).mark, 2, "mark")
    expect(one(rig, udp(rig, 1, tags=[200])).mark, None, "mark")
    expect(one(rig, bytes(Ether(dst=rig.mac, src=TESTER, type=0x9999) / Raw(b"x" * 60))).mark, 3, "mark")


@flow.scenario
def flow_tunnel(rig):
    """VXLAN by its network identifier and the inner frame."""
    create(rig, "eth / ipv4 / udp / vxlan vni is 0xabc / eth / ipv4 dst is 9.8.7.6 / tcp", "queue index 3 / mark id 33")
    rig.forward("io")

    def vxlan(vni, dst):
        return frame(rig, IP(), UDP(dport=4789), VXLAN(vni=vni), Ether(), IP(dst=dst), TCP())

    expect(one(rig, vxlan(0xABC, "9.8.7.6")).mark, 33, "mark")
    expect(one(rig, vxlan(0xABD, "9.8.7.6")).mark, None, "mark")
    expect(one(rig, vxlan(0xABC, "9.8.7.7")).mark, None, "mark")
    expect(one(rig, frame(rig, IP(dst="9.8.7.6"), TCP())).mark, None, "mark of a plain frame")


@flow.scenario
def flow_count(rig):
    """Counters of two rules, each by itself."""
    first = create(rig, "eth / ipv4 / udp dst is 7000", "queue index 1 / count")
    second = create(rig, "eth / ipv4 / udp dst is 7001", "queue index 2 / count identifier 9")
    rig.forward("io")
    exchange(rig, [udp(rig, 7000)] * 5 + [udp(rig, 7001)] * 3 + [udp(rig, 7002)])
    expect((hits(rig, first), hits(rig, second)), (5, 3), "hits")
    exchange(rig, [udp(rig, 7001)])
    expect((hits(rig, first), hits(rig, second)), (0, 1), "hits since then")


@flow.scenario
def flow_destroy(rig):
    """A rule is gone when it is destroyed, all when flushed."""
    first = create(rig, "eth / ipv4 / udp dst is 8000", "mark id 1")
    create(rig, "eth / ipv4 / udp dst is 8001", "mark id 2")
    rig.forward("io")
    rx = exchange(rig, [udp(rig, 8000)]) + exchange(rig, [udp(rig, 8001)])
    expect([r.mark for r in rx], [1, 2], "marks")
    rig.cmd(f"flow destroy 0 rule {first}")
    rx = exchange(rig, [udp(rig, 8000)]) + exchange(rig, [udp(rig, 8001)])
    expect([r.mark for r in rx], [None, 2], "marks")
    rig.cmd("flow flush 0")
    expect(one(rig, udp(rig, 8001)).mark, None, "mark")


@flow.scenario
def flow_many(rig):
    """Two hundred rules at once, each told apart."""
    for port in range(200):
        create(rig, f"eth / ipv4 / udp dst is {20000 + port}", f"mark id {port} / queue index {port % 4}")
    rig.forward("io")
    for port in range(0, 200, 13):
        record = one(rig, udp(rig, 20000 + port))
        expect((record.mark, record.queue), (port, port % 4), "mark and queue")
    expect(one(rig, udp(rig, 20200)).mark, None, "mark")


@region.scenario
def flow_rss_region(rig):
    """Queues of a region get the frames by their hash."""
    create(rig, "eth / ipv4 / udp dst is 6000", "rss types end queues 2 3 end")
    rig.forward("io")
    rx = exchange(rig, [udp(rig, 6000, sport=s) for s in range(2000, 2040)])
    expect({r.queue for r in rx}, {2, 3}, "queues")
    rx = exchange(rig, [udp(rig, 6001, sport=s) for s in range(2000, 2040)])
    expect({r.queue for r in rx}, {0, 1, 2, 3}, "queues of other frames")


@short.scenario
def flow_4k(rig):
    """The other mode of the flow director: 4,096 rules of 200 bits."""
    create(rig, "eth / ipv4 src is 192.168.1.2 / udp dst is 53", "queue index 3 / mark id 5")
    rig.forward("io")
    record = one(rig, udp(rig, 53))
    expect((record.mark, record.queue), (5, 3), "mark and queue")
    expect(one(rig, udp(rig, 54)).mark, None, "mark of another")

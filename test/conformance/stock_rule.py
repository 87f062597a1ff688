# SPDX-License-Identifier: BSD-3-Clause
"""
Which frames a rule of rte_flow takes [3:5]: each pattern is tried with frames that match and frames that nearly do, with
a queue and with drop. What rules do besides is in stock_flow.py.
"""
import re

from scapy.all import GRE, IP, SCTP, TCP, UDP, VXLAN, Dot1Q, Ether, IPv6, Raw
from scapy.layers.sctp import SCTPChunkData

from stock_cases import Session
from stock_flow import create
from stock_rig import Failed, expect, expect_in

TESTER = "02:aa:00:00:00:01"

rule = Session("rule", args=["--rxq=8", "--txq=8", "--rss-udp"])


def packet(rig, l3=None, l4=None, vlans=(), src=TESTER):
    out = Ether(dst=rig.mac, src=src)
    for vid in vlans:
        out /= Dot1Q(vlan=vid)
    out /= l3 or IP(src="10.0.0.1", dst="10.0.0.2")
    return bytes(out / (l4 or UDP(sport=1000, dport=53)) / Raw(b"flow rule".ljust(40, b".")))


def refused(rig, pattern, actions, attrs="ingress"):
    out = rig.cmd(f"flow create 0 {attrs} pattern {pattern} / end actions {actions} / end")
    if "created" in out or "Caught PMD error" not in out:
        raise Failed(f"{pattern} => {actions} was not refused: {out}")


def queues(rig, frames):
    """Queue of each frame, None if it is dropped; one frame at a time."""
    out = []
    for frame in frames:
        _, rx = rig.exchange([frame])
        out.append(rx[0].queue if rx else None)
    return out


def hit(rig, pattern, match, others, queue=5):
    """A queue rule: match comes to its queue, others do not (by RSS they come to 0, or elsewhere)."""
    create(rig, pattern, f"queue index {queue}")
    rig.forward("io")
    expect(queues(rig, match), [queue] * len(match), f"{pattern}: queues of what matches")
    rig.cmd("flow flush 0")
    plain = queues(rig, others)
    create(rig, pattern, f"queue index {queue}")
    # a frame may come to the same queue by RSS: look whether the rule changes anything
    expect(queues(rig, others), plain, f"{pattern}: queues of what does not match")
    rig.cmd("flow flush 0")
    create(rig, pattern, "drop")
    expect(queues(rig, match), [None] * len(match), f"{pattern}: drop")
    expect(queues(rig, others), plain, f"{pattern}: what is not dropped")
    rig.cmd("flow flush 0")


@rule.scenario
def rule_ipv4_udp(rig):
    hit(rig, "eth / ipv4 src is 10.0.0.1 dst is 10.0.0.2 / udp src is 1000 dst is 53", [packet(rig)],
        [packet(rig, IP(src="10.0.0.3", dst="10.0.0.2")), packet(rig, IP(src="10.0.0.1", dst="10.0.0.3")),
         packet(rig, l4=UDP(sport=1001, dport=53)), packet(rig, l4=UDP(sport=1000, dport=54)), packet(rig, l4=TCP(sport=1000, dport=53))])


@rule.scenario
def rule_ipv4_tcp_ports(rig):
    hit(rig, "eth / ipv4 / tcp dst is 80", [packet(rig, l4=TCP(sport=5, dport=80)), packet(rig, IP(src="1.2.3.4", dst="5.6.7.8"), TCP(dport=80))],
        [packet(rig, l4=TCP(dport=81)), packet(rig, l4=UDP(dport=80))])


@rule.scenario
def rule_ipv4_masked(rig):
    """A prefix by a mask, and the type of service."""
    hit(rig, "eth / ipv4 src spec 10.1.0.0 src mask 255.255.0.0", [packet(rig, IP(src="10.1.2.3", dst="9.9.9.9")), packet(rig, IP(src="10.1.255.255", dst="9.9.9.9"), TCP())],
        [packet(rig, IP(src="10.2.0.0", dst="9.9.9.9"))])
    hit(rig, "eth / ipv4 tos is 16", [packet(rig, IP(tos=16, src="10.0.0.1", dst="10.0.0.2"))], [packet(rig, IP(tos=17, src="10.0.0.1", dst="10.0.0.2"))])


@rule.scenario
def rule_ipv6(rig):
    hit(rig, "eth / ipv6 dst is 2001:db8::7 / tcp src is 99", [packet(rig, IPv6(dst="2001:db8::7"), TCP(sport=99))],
        [packet(rig, IPv6(dst="2001:db8::8"), TCP(sport=99)), packet(rig, IPv6(dst="2001:db8::7"), TCP(sport=98))])


@rule.scenario
def rule_sctp(rig):
    hit(rig, "eth / ipv4 / sctp dst is 38412", [packet(rig, l4=SCTP(dport=38412) / SCTPChunkData(data=b"x" * 8))],
        [packet(rig, l4=SCTP(dport=38413) / SCTPChunkData(data=b"x" * 8))])


@rule.scenario
def rule_ethernet(rig):
    hit(rig, "eth src is 02:aa:00:00:00:77", [packet(rig, src="02:aa:00:00:00:77")], [packet(rig), packet(rig, src="02:aa:00:00:00:76")])
    hit(rig, "eth type is 0x1234", [bytes(Ether(dst=rig.mac, src=TESTER, type=0x1234) / Raw(b"x" * 46))],
        [bytes(Ether(dst=rig.mac, src=TESTER, type=0x1235) / Raw(b"x" * 46))])


@rule.scenario
def rule_vlan(rig):
    """The number of tags counts: none, one, two."""
    hit(rig, "eth / vlan tci is 100 / ipv4", [packet(rig, vlans=[100])], [packet(rig), packet(rig, vlans=[101]), packet(rig, vlans=[100, 7])])
    hit(rig, "eth / vlan tci is 100 / vlan tci is 7 / ipv4", [packet(rig, vlans=[100, 7])], [packet(rig, vlans=[100]), packet(rig, vlans=[7, 100])])


@rule.scenario
def rule_vxlan(rig):
    def tunnel(vni, inner=None):
        return packet(rig, l4=UDP(sport=3000, dport=4789) / VXLAN(vni=vni) / Ether() / (inner or IP(dst="192.168.0.9")) / TCP(dport=22))

    hit(rig, "eth / ipv4 / udp / vxlan vni is 0x123", [tunnel(0x123)], [tunnel(0x124), packet(rig)])
    hit(rig, "eth / ipv4 / udp / vxlan vni is 0x123 / eth / ipv4 dst is 192.168.0.9 / tcp dst is 22", [tunnel(0x123)],
        [tunnel(0x123, IP(dst="192.168.0.8")), tunnel(0x124)])


@rule.scenario
def rule_nvgre(rig):
    def tunnel(tni):
        return bytes(Ether(dst=rig.mac, src=TESTER) / IP(src="10.0.0.1", dst="10.0.0.2") / GRE(proto=0x6558, key_present=1, key=tni << 8) / Ether()
                     / IP(src="1.1.1.1", dst="2.2.2.2") / UDP() / Raw(b"x" * 40))

    hit(rig, "eth / ipv4 / nvgre tni is 0x77", [tunnel(0x77)], [tunnel(0x78), packet(rig)])


@rule.scenario
def rule_drop_counted(rig):
    before = rig.device()["device"]["rx_drops"]["flow_rule"]
    create(rig, "eth / ipv4 / udp dst is 53", "drop")
    rig.forward("io")
    rig.exchange([packet(rig)] * 5)
    expect(rig.device()["device"]["rx_drops"]["flow_rule"] - before, 5, "frames dropped by the rule")


@rule.scenario
def rule_destroy_list(rig):
    """Rules go one by one, by flush, and are listed."""
    rig.forward("io")
    frames = [packet(rig, IP(src="10.0.0.1", dst="10.0.0.2"), UDP(sport=7, dport=p)) for p in (51, 52, 53)]
    plain = queues(rig, frames)
    rules = [create(rig, f"eth / ipv4 / udp dst is {51 + i}", f"queue index {(q + 1) % 8}") for i, q in enumerate(plain)]
    ruled = [(q + 1) % 8 for q in plain]
    expect(queues(rig, frames), ruled, "queues")
    text = rig.cmd("flow list 0")
    expect(len(re.findall(r"ETH IPV4 UDP => QUEUE", text)), 3, f"rules listed in {text}")
    rig.cmd(f"flow destroy 0 rule {rules[1]}")
    expect(len(re.findall(r"ETH IPV4 UDP => QUEUE", rig.cmd("flow list 0"))), 2, "rules listed after one was destroyed")
    expect(queues(rig, frames), [ruled[0], plain[1], ruled[2]], "queues by the rules left")
    rig.cmd("flow flush 0")
    expect(len(re.findall(r"=> QUEUE", rig.cmd("flow list 0"))), 0, "rules listed after flush")


@rule.scenario
def rule_refused(rig):
    """What this driver does not take is refused, and nothing is left of it."""
    refused(rig, "eth / ipv4 / udp dst is 53", "queue index 0", "priority 1 ingress")
    refused(rig, "eth / ipv4 / udp dst is 53", "queue index 8")
    refused(rig, "eth / ipv4 / udp dst is 53", "queue index 0", "egress")
    refused(rig, "eth / ipv4 / udp dst is 53", "mark id 0x1000 / queue index 0")
    refused(rig, "eth / ipv4 / icmp", "queue index 0", "group 1 ingress")
    rig.forward("io")
    expect("FDIR" in rig.exchange([packet(rig)])[1][0].flags, False, "a hit of none of them")
    create(rig, "eth / ipv4 / udp dst is 53", "queue index 0")
    expect("FDIR" in rig.exchange([packet(rig)])[1][0].flags, True, "a hit of the one that was made")
    refused(rig, "eth / ipv4 / udp dst is 53", "queue index 1")  # the same pattern again
    out = rig.cmd("flow validate 0 ingress pattern eth / ipv4 / udp dst is 60 / end actions drop / end")
    expect_in("Flow rule validated", out, "validate")


@rule.scenario
def rule_gone_after_restart(rig):
    """testpmd flushes its rules when it stops a port: the device has none any more."""
    rig.forward("io")
    plain = queues(rig, [packet(rig)])
    expect(plain == [6], False, "the rule would change nothing")
    create(rig, "eth / ipv4 / udp dst is 53", "queue index 6")
    expect(queues(rig, [packet(rig)]), [6], "queue by the rule")
    rig.reconfigure()
    rig.forward("io")
    expect(queues(rig, [packet(rig)]), plain, "queue without the rule")

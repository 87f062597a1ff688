# SPDX-License-Identifier: BSD-3-Clause
"""What a port shows and how it is controlled: link, statistics, pause, stop and start, resets."""
import os
import re
import subprocess
import tempfile

from scapy.all import IP, TCP, UDP, VXLAN, Ether, Raw

import stock_csum
import stock_rss
from stock_cases import Session
from stock_rig import Emu, Failed, expect, expect_in, report_faults, wait_for

TESTER = "02:aa:00:00:00:01"

port = Session("port", args=["--rxq=4", "--txq=4", "--rss-udp"])


def frames(rig, nb=20, size=60):
    return [bytes(Ether(dst=rig.mac, src=TESTER) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=i, dport=2) / Raw(bytes([i]) * (size - 42)))
            for i in range(nb)]


def works(rig, what):
    """Traffic goes both ways."""
    rig.forward("io", verbose=0)
    sent = frames(rig)
    expect(sorted(rig.exchange(sent)[0]), sorted(sent), f"frames {what}")
    rig.cmd("stop")


@port.scenario
def show_info(rig):
    text = rig.cmd("show port info 0")
    for part in ("Driver name: net_hns3", "MAC address: 02:00:00:00:00:00", "Firmware-version: 1.9.44.1", "MTU: 1500",
                 "Maximum number of MAC addresses: 128", "Redirection table size: 512", "Hash key size in bytes: 40",
                 "Max possible RX queues: 16", "Current number of RX queues: 4", "Max segment number per MTU/TSO: 8"):
        expect_in(part, text, "port info")


@port.scenario
def show_queues(rig):
    text = rig.cmd("show rxq info 0 3")
    for part in ("Number of RXDs: 256", "RX buffer size: 2048", "Rx queue state: started", "Burst mode: Scalar"):
        expect_in(part, text, "rxq info")
    expect_in("Number of TXDs: 256", rig.cmd("show txq info 0 3"), "txq info")
    expect_in("Desc status = AVAILABLE", rig.cmd("show port 0 rxq 0 desc 0 status"), "descriptor status")


@port.scenario
def show_offloads(rig):
    text = rig.cmd("show port 0 rx_offload capabilities")
    for part in ("VLAN_STRIP", "IPV4_CKSUM", "TCP_LRO", "VLAN_FILTER", "SCATTER", "KEEP_CRC", "RSS_HASH"):
        expect_in(part, text, "Rx offloads")
    text = rig.cmd("show port 0 tx_offload capabilities")
    for part in ("VLAN_INSERT", "TCP_TSO", "QINQ_INSERT", "VXLAN_TNL_TSO", "GENEVE_TNL_TSO", "MULTI_SEGS", "MBUF_FAST_FREE"):
        expect_in(part, text, "Tx offloads")


@port.scenario
def show_summary_and_dcb(rig):
    expect_in("02:00:00:00:00:00 vfu0         net_hns3", rig.cmd("show port summary 0"), "summary")
    text = rig.cmd("show port dcb_tc 0")
    expect_in("TC NUMBER: 1", text, "DCB")
    expect_in("RXQ number :\t   4", text, "DCB")


@port.scenario
def link_is_up_by_log(rig):
    """This build of the driver shows the link down whatever it is; its log says what it sees."""
    wait_for(lambda: "Link status change to up!" in rig.app.err.text, 10, "the driver's log of the link")


@port.scenario
def link_down_and_up(rig):
    """The cable is pulled out and put back: an event each, and no frame gets through meanwhile."""
    wait_for(lambda: "Link status change to up!" in rig.app.err.text, 10, "the driver's log of the link")
    for change, up in (("down", False), ("up", True)):
        at, before = len(rig.app.err.text), rig.device()["device"]["rx_drops"]["link_down"]
        rig.ctl("link", port=0, up=up)
        wait_for(lambda at=at, change=change: f"Link status change to {change}!" in rig.app.err.text[at:], 10, f"log of link {change}")
        if not up:
            rig.forward("io", verbose=0)
            rig.taps[0].send(frames(rig)[0])
            wait_for(lambda before=before: rig.device()["device"]["rx_drops"]["link_down"] > before, 10, "a frame dropped because the link is down")
            rig.cmd("stop")
    works(rig, "after the link came back")


@port.scenario
def link_set_by_driver(rig):
    """Down and up by the application: frames stop and go."""
    rig.cmd("set link-down port 0")
    before = rig.device()["device"]["rx_drops"]["mac_disabled"]
    rig.taps[0].send(frames(rig)[0])
    wait_for(lambda: rig.device()["device"]["rx_drops"]["mac_disabled"] > before, 10, "a frame dropped at the MAC")
    rig.cmd("set link-up port 0")
    works(rig, "after link up")


@port.scenario
def xstats_mac(rig):
    """The MAC's statistics, class by class, are what was sent."""
    sizes = {"64": 60, "65_127": 100, "128_255": 200, "256_511": 400, "512_1023": 1000, "1024_1518": 1514}
    before = rig.xstats()
    rig.forward("io", verbose=0)
    for i, size in enumerate(sizes.values()):
        rig.exchange(frames(rig, i + 2, size))
    rig.cmd("stop")
    now = rig.xstats()
    nb_markers = 3 * len(sizes)
    for way in "rx", "tx":
        for i, name in enumerate(sizes):
            want = i + 2 + (nb_markers if name == "64" else 0)
            key = f"mac_{way}_{name}_oct_pkt_num"
            expect(now[key] - before[key], want, key)
        total = sum(range(2, 2 + len(sizes))) + nb_markers
        octets = sum((i + 2) * (size + 4) for i, size in enumerate(sizes.values())) + 64 * nb_markers
        for key, want in ((f"mac_{way}_total_pkt_num", total), (f"mac_{way}_total_oct_num", octets), (f"mac_{way}_uni_pkt_num", total)):
            expect(now[key] - before[key], want, key)


@port.scenario
def xstats_casts(rig):
    before = rig.xstats()
    rig.forward("io", verbose=0)
    sent = frames(rig, 3) + [b"\xff" * 6 + f[6:] for f in frames(rig, 4)] + [b"\1\0\x5e\0\0\5" + f[6:] for f in frames(rig, 5)]
    rig.exchange(sent)
    now = rig.xstats()
    for way in "rx", "tx":
        for kind, want in (("uni", 3 + 3), ("broad", 4), ("multi", 5)):
            key = f"mac_{way}_{kind}_pkt_num"
            expect(now[key] - before[key], want, key)


@port.scenario
def frames_wait_for_buffers(rig):
    """More frames than buffers while nobody receives: this wire keeps them, and none is lost."""
    rig.reconfigure()  # rings as they are at the start
    before, had = rig.xstats(), rig.device()["wire"]["rx_pkts"]
    for frame in frames(rig, 1) * 700:  # one flow: one queue of 256
        rig.taps[0].send(frame)
    wait_for(lambda: rig.device()["wire"]["rx_pkts"] - had >= 255, 10, "a full ring")
    expect(rig.device()["wire"]["rx_pkts"] - had <= 256, True, "no more frames than buffers")
    rig.forward("rxonly", verbose=0)
    wait_for(lambda: rig.xstats()["rx_good_packets"] - before["rx_good_packets"] == 700, 10, "700 frames")
    rig.cmd("stop")
    expect(rig.xstats()["rx_missed_errors"], before["rx_missed_errors"], "rx_missed_errors")


@port.scenario
def pause_frames(rig):
    """Pause is set and shown; each mode reaches the device."""
    def told():
        with open(os.path.join(rig.work, "emu.trace"), encoding="utf-8") as trace:
            return re.findall(r"CFG_MAC_PAUSE_EN write n=1 ret=0 tx=(\d) rx=(\d) ->\n", trace.read())[-1]

    for rx, tx in (("on", "on"), ("on", "off"), ("off", "on"), ("off", "off")):
        out = rig.cmd(f"set flow_ctrl rx {rx} tx {tx} 0 0 0xffff 0 mac_ctrl_frame_fwd off autoneg off 0")
        if "bad flow" in out:
            raise Failed(out)
        text = rig.cmd("show port 0 flow_ctrl")
        expect(re.findall(r"[RT]x pause: (\w+)", text), [rx, tx], "pause shown")
        want = tuple("01"[way == "on"] for way in (tx, rx))
        wait_for(lambda want=want: told() == want, 10, f"a command with tx, rx = {want}")
    works(rig, "after pause")


@port.scenario
def fec_modes(rig):
    expect_in("100 Gbps : off auto rs", rig.cmd("show port 0 fec capabilities"), "FEC capabilities")


@port.scenario
def port_stop_start(rig):
    for _ in range(5):
        rig.reconfigure()
    works(rig, "after five starts")


@port.scenario
def port_restart_under_traffic(rig):
    """Frames keep coming while the port is stopped and started."""
    for i in range(3):
        rig.forward("io", verbose=0)
        for frame in frames(rig, 200, 200):
            rig.taps[0].send(frame)
        rig.reconfigure()
        works(rig, f"after restart {i}")


@port.scenario
def port_reconfigured(rig):
    """Rings and queues of other sizes."""
    for rxd, txd, queues in ((64, 64, 1), (1024, 512, 8), (4096, 4096, 2), (256, 256, 4)):
        rig.reconfigure(f"port config all rxq {queues}", f"port config all txq {queues}", f"port config all rxd {rxd}", f"port config all txd {txd}")
        expect_in(f"Number of RXDs: {rxd}\n", rig.cmd(f"show rxq info 0 {queues - 1}"), "Rx ring")
        expect_in(f"Number of TXDs: {txd}\n", rig.cmd(f"show txq info 0 {queues - 1}"), "Tx ring")
        expect_in(f"Current number of RX queues: {queues}\n", rig.cmd("show port info 0"), "queues")
        works(rig, f"with {queues} queues of {rxd}")


@port.scenario
def queue_stop_refused(rig):
    """Revision 0x21 cannot stop a single queue, and the driver says so."""
    expect_in("not supported", rig.cmd("port 0 rxq 0 stop"), "rxq stop")
    works(rig, "after it")


@port.scenario
def register_dump(rig):
    """The driver's register dump and its description of the port, by stock_regs on an emulator of its own."""
    with tempfile.TemporaryDirectory(prefix="pagelift-stock.") as work:
        emu = Emu(work, f"{rig.build}/app/hns3_emu/hns3_emu", [""], ["null"])
        try:
            run = subprocess.run(
                [f"{rig.build}/test/conformance/stock_regs", "--lcores", f"0@(0-{os.cpu_count() - 1})", "--no-pci", "--in-memory", "-m", "64",
                 "-d", f"{rig.build}/drivers/bus/vfio_user/librte_bus_vfio_user.so",
                 "-a", f"vfio_user:vfu0,socket={emu.sockets[0]},driver=net_hns3"],
                capture_output=True, text=True, timeout=60, check=False)
        finally:
            report = emu.stop()
    expect(run.returncode, 0, f"exit status, {run.stderr[-500:]}")
    words = [int(w, 16) for w in re.findall(r"word (\w+)", run.stdout)]
    expect(len(words) > 1000, True, "a dump of more than 1,000 words")
    expect((words[0], words[3]), (0x80, 0x80), "depths of the command queues, 1,024 entries in eights")
    for text in ("adapter_state=STARTED", "total_tqps_num=16", "pvid status: Off", "rule_num:2048 cnt_num:256", "max_non_tso_bd_num=8"):
        expect_in(text, run.stdout, "description")
    expect(report_faults(report), [], "the report")


reset = Session("reset", args=["--rxq=4", "--txq=4", "--rss-udp"])


def recovered(rig, kind, seconds=30):
    """Have a reset and wait until the driver is through with it: event, log, counters."""
    before, at, err_at = rig.xstats(), len(rig.app.out.text), len(rig.app.err.text)
    rig.ctl("reset", port=0, kind=kind)
    rig.app.out.wait("Port 0: error recovering event", at, seconds, "the event of the reset")
    rig.app.out.wait("Port 0: error recovery successful event", at, seconds, "the event of its end")
    rig.app.err.wait("reset done", err_at, seconds, "the driver's log")  # it follows the event
    after = rig.xstats()
    expect(after["RESET_SUCCESS_CNT"] - before["RESET_SUCCESS_CNT"], 1, "RESET_SUCCESS_CNT")
    expect(after["RESET_FAIL_CNT"] - before["RESET_FAIL_CNT"], 0, "RESET_FAIL_CNT")


@reset.scenario
def reset_function(rig):
    recovered(rig, "function")
    works(rig, "after a function reset")


@reset.scenario
def reset_global(rig):
    recovered(rig, "global")
    works(rig, "after a global reset")


@reset.scenario
def reset_imp(rig):
    recovered(rig, "imp")
    works(rig, "after an IMP reset")


@reset.scenario
def reset_keeps_configuration(rig):
    """Addresses, VLANs and rules are there again after the reset."""
    mine = "02:11:22:33:44:55"
    rig.cmd("set promisc 0 off", f"mac_addr add 0 {mine}", "vlan set filter on 0", "rx_vlan add 100 0",
            "flow create 0 ingress pattern eth / ipv4 / udp dst is 53 / end actions queue index 3 / mark id 7 / end",
            undo=["flow flush 0", "rx_vlan rm 100 0", "vlan set filter off 0", f"mac_addr remove 0 {mine}", "set promisc 0 on"])
    recovered(rig, "function")
    rig.forward("io")

    def one(dst, vid=None, dport=9):
        tag = b"" if vid is None else b"\x81\x00" + vid.to_bytes(2, "big")
        data = bytes(Ether(dst=dst, src=TESTER) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=dport) / Raw(b"r" * 40))
        return data[:12] + tag + data[12:]

    sent = [one(mine), one("02:11:22:33:44:66"), one(rig.mac, 100), one(rig.mac, 101), one(rig.mac, dport=53)]
    got, rx = rig.exchange(sent)
    expect(sorted(got), sorted([sent[0], sent[2], sent[4]]), "frames that are taken")
    expect([(r.queue, r.mark) for r in rx if r.mark is not None], [(3, 7)], "queue and mark by the rule")


@reset.scenario
def reset_under_traffic(rig):
    rig.forward("io", verbose=0)
    for frame in frames(rig, 200, 300):
        rig.taps[0].send(frame)
    recovered(rig, "function")
    for frame in frames(rig, 50, 300):
        rig.taps[0].send(frame)
    rig.cmd("stop")
    works(rig, "after it")


@reset.scenario
def port_reset_command(rig):
    """testpmd's port reset: this driver has none for a PF and says so (ENOTSUP); the port goes on."""
    expect_in("Failed to reset port 0. diag=-95", rig.reconfigure("port reset 0"), "port reset")
    works(rig, "after it")


# Capabilities: queue region 2, PTP 3, queues' directions apart 8, outer UDP checksum 11, advanced layout 15, GRO 20.
v3 = Session("rev30", ports=[f",rev=0x30,caps={1 << 2 | 1 << 3 | 1 << 8 | 1 << 11 | 1 << 15 | 1 << 20:#x}"], aligned=True, args=["--rxq=4", "--txq=4", "--rss-udp"])


@v3.scenario
def rev30_works(rig):
    works(rig, "on revision 0x30")
    expect_in("Driver name: net_hns3", rig.cmd("show port info 0"), "port info")


@v3.scenario
def rev30_ptp(rig):
    """The driver starts the clock and sets it (registers that are not there would be a driver error); a reset does it again."""
    def enabled():
        return sum(n for name, n in rig.device()["device"]["commands"].items() if name.startswith("0x0501"))

    before = enabled()
    expect(before >= 1, True, "PTP interrupts were switched on")
    recovered(rig, "function")
    expect(enabled() > before, True, "and again after a reset")


@v3.scenario
def rev30_stats(rig):
    rig.cmd("clear port stats all")
    rig.forward("io", verbose=0)
    rig.exchange(frames(rig, 30, 100))
    stats = rig.stats()
    expect((stats["RX-bytes"], stats["TX-bytes"]), (3180, 3180), "bytes")


@v3.scenario
def rev30_ptypes(rig):
    """The same packets as at revision 0x21; the advanced layout's indices tell less of options and tunnels [2:1.9]."""

    def advanced(name):
        name = re.sub(r"L3_IPV([46])(_EXT)?", r"L3_IPV\1_EXT_UNKNOWN", name)
        name = name.replace(" L4_UDP TUNNEL", " TUNNEL").replace("TUNNEL_NVGRE", "TUNNEL_GRENAT")
        return name + " L4_NONFRAG" if name.endswith("L3_IPV4_EXT_UNKNOWN") else name

    rig.forward("io")
    for cases in stock_csum.plain_types(rig), stock_csum.tunnel_types(rig):
        _, rx = rig.exchange([bytes(p) for _, p in cases])
        expect(sorted(r.ptype for r in rx), sorted(advanced(name) for name, _ in cases), "packet types")


@v3.scenario
def rev30_rss(rig):
    rig.forward("io")
    stock_rss.spread(rig, "UDP at revision 0x30", queue_of=lambda h: h % 512 % 4)
    stock_rss.spread(rig, "UDP over IPv6 at revision 0x30", v6=True, queue_of=lambda h: h % 512 % 4)
    stock_rss.functions(rig, 4)


@v3.scenario
def rev30_outer_udp(rig):
    """Outer UDP checksums are the device's, too."""
    stock_csum.offload(rig, "ip", "tcp", "outer-ip", "outer-udp", tunnel=True)
    packet = stock_csum.vxlan(rig, IP(src="192.168.0.1", dst="192.168.0.2") / TCP() / stock_csum.data())
    stock_csum.check_repaired(rig, packet, [IP, UDP, (VXLAN, IP), (VXLAN, TCP)], "VXLAN")


@v3.scenario
def queue_stop_start(rig):
    """A single queue is stopped and started while the others go on."""
    rig.forward("io", verbose=1)
    sent = frames(rig, 40)
    _, rx = rig.exchange(sent)
    expect({r.queue for r in rx}, {0, 1, 2, 3}, "queues")
    rig.cmd("stop")  # testpmd wants it for that
    out = rig.cmd("port 0 rxq 2 stop")
    if "not supported" in out or "ail" in out:
        raise Failed(out)
    expect_in("Rx queue state: stopped", rig.cmd("show rxq info 0 2"), "state of the queue")
    rig.cmd("start")
    _, rx = rig.exchange(sent)
    expect({r.queue for r in rx}, {0, 1, 3}, "queues while one is stopped")
    rig.cmd("stop", "port 0 rxq 2 start", "start")
    _, rx = rig.exchange(sent)
    expect({r.queue for r in rx}, {0, 1, 2, 3}, "queues after it is started")


@v3.scenario
def queue_tx_stop_start(rig):
    rig.cmd("stop")
    out = rig.cmd("port 0 txq 1 stop")
    if "not supported" in out or "ail" in out:
        raise Failed(out)
    expect_in("Tx queue state: stopped", rig.cmd("show txq info 0 1"), "state of the queue")
    rig.cmd("port 0 txq 1 start")
    works(rig, "after it is started")


@v3.scenario
def queue_deferred_start(rig):
    rig.reconfigure("port 0 rxq 1 deferred_start on", undo="port 0 rxq 1 deferred_start off")
    expect_in("Rx queue state: stopped", rig.cmd("show rxq info 0 1"), "state of the queue")
    rig.cmd("port 0 rxq 1 start")
    works(rig, "after it is started")


@v3.scenario
def rev30_reset(rig):
    recovered(rig, "function")
    works(rig, "after a function reset")

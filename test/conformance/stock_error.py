# SPDX-License-Identifier: BSD-3-Clause
"""
Received frames that are not well, descriptors that lie, and the FCS: what the device writes, what the driver makes of it,
and that a port restart and a reset leave nothing of it. Fault plans strike every third frame.
"""
import re

from stock_cases import Session
from stock_fwd import udp_frame
from stock_port import recovered, works
from stock_rig import expect, wait_for

error = Session("error", args=["--rxq=1", "--txq=1"])
keep = Session("keep_crc", args=["--rxq=1", "--txq=1", "--disable-crc-strip"])
SCATTER = ["--enable-scatter", "--max-pkt-len=9000", "--tx-offloads=0x8000"]
scattered = Session("error_scattered", args=["--rxq=1", "--txq=1"] + SCATTER)
keep_scattered = Session("keep_crc_scattered", args=["--rxq=1", "--txq=1", "--disable-crc-strip"] + SCATTER)

SENT = 9
ALL = list(range(SENT))
WELL = [0, 1, 3, 4, 6, 7]


def rxd(rig, i):
    """The eight words of Rx descriptor i; the driver changes the address and the last one when it takes the frame."""
    text = rig.cmd(f"read rxd 0 0 {2 * i}") + rig.cmd(f"read rxd 0 0 {2 * i + 1}")
    pairs = re.findall(r"0x(\w{8}) - 0x(\w{8})", text)  # upper half first
    expect(len(pairs), 4, f"pairs of words in {text!r}")
    return [int(word, 16) for upper, lower in pairs for word in (lower, upper)]


class Struck:
    """Nine frames of 100 bytes, the first one in descriptor 0, while a plan is armed: what came of it."""

    def __init__(self, rig, plan, rxonly_bytes=None):
        self.rig, kind = rig, plan.split(":")[0]
        self.sent = [udp_frame(rig, bytes([i]) * 58) for i in ALL]
        rig.reconfigure()
        before, struck = rig.xstats(), self.strikes(kind)
        rig.forward("rxonly" if rxonly_bytes else "io", verbose=0)
        rig.ctl("fault", port=0, op="arm", plan=f"{plan}{',' if ':' in plan else ':'}nth=3,every=3,count=0")
        for frame in self.sent:
            rig.taps[0].send(frame)
        wait_for(lambda: self.strikes(kind) - struck == 3, 10, f"3 strikes of {plan}")
        rig.ctl("fault", port=0, op="clear")
        if rxonly_bytes:
            self.got = wait_for(lambda: rig.xstats()["rx_good_bytes"] - before["rx_good_bytes"] == rxonly_bytes, 10, "all frames")
        else:
            self.got = rig.exchange([])[0]
        rig.cmd("stop")
        self.more = {k: v - before[k] for k, v in rig.xstats().items()}

    def strikes(self, kind):
        return self.rig.device()["device"].get("faults", {}).get(kind, 0)

    def forwarded(self, which):
        expect(self.got, [self.sent[i] for i in which], "frames that came back")

    def counted(self, **counters):
        expect({k: self.more[k] for k in counters}, counters, "what the driver's counters say more")

    def described(self, i, **words):
        """Words w2, w3, ... of descriptor i."""
        got = rxd(self.rig, i)
        expect({w: got[int(w[1:])] for w in words}, words, f"descriptor {i}")


def lives(rig):
    """Frames go both ways after a restart of the port, and after a reset."""
    rig.reconfigure()
    works(rig, "after a restart")
    recovered(rig, "function")
    works(rig, "after a reset")


@error.scenario
def error_fcs_dropped(rig):
    """A wrong FCS: the MAC counts the frame, and the driver does not see it."""
    run = Struck(rig, "frame-bad-fcs")
    run.forwarded(WELL)
    run.counted(mac_rx_fcs_err_pkt_num=3, mac_rx_bad_pkt_num=3, mac_rx_bad_oct_num=312, mac_rx_good_pkt_num=9, rx_errors=0, rx_q0_L2_ERRORS=0)
    run.described(2, w2=0, w3=0x00640064)  # that of the fourth frame


@error.scenario
def error_fcs_passed_on(rig):
    """The same from a MAC that passes them on: L2E, and the driver drops them."""
    run = Struck(rig, "frame-bad-fcs:val=1")
    run.forwarded(WELL)
    run.counted(mac_rx_fcs_err_pkt_num=3, mac_rx_bad_pkt_num=3, rx_errors=3, rx_q0_L2_ERRORS=3, rx_q0_PKT_LEN_ERRORS=0)
    run.described(1, w2=0, w3=0x00640064)
    run.described(2, w2=0x00010000, w3=0x00640064)
    lives(rig)


@error.scenario
def error_truncated(rig):
    """Frames that lost their end: TRUNCATE, and the driver drops them."""
    run = Struck(rig, "frame-truncated:val=40")
    run.forwarded(WELL)
    run.counted(mac_rx_fcs_err_pkt_num=0, mac_rx_good_pkt_num=12, rx_errors=3, rx_q0_L2_ERRORS=0, rx_q0_PKT_LEN_ERRORS=3)
    run.described(2, w2=0x00080000, w3=0x00280028)
    lives(rig)


@error.scenario
def lying_bd_index(rig):
    """Types and rule id out of range: bits 16 and 19 are among them, so the driver drops the frames."""
    run = Struck(rig, "bd-bad-index")
    run.forwarded(WELL)
    run.counted(rx_errors=3, rx_q0_L2_ERRORS=3)
    run.described(5, w2=0xFFFFFFFF, w5=0x0000FFFF)
    lives(rig)


@error.scenario
def lying_bd_count(rig):
    """A last descriptor that does not say so: dropped, and counted nowhere."""
    run = Struck(rig, "bd-bad-count")
    run.forwarded(WELL)
    run.counted(rx_errors=0, mac_rx_good_pkt_num=12)
    lives(rig)


@error.scenario
def lying_bd_length(rig):
    """Longer than the frame, and in the buffer still: forwarded with what lay there."""
    run = Struck(rig, "bd-bad-len:val=1500")
    expect([len(f) for f in run.got], [100, 100, 1500] * 3, "lengths of what came back")
    expect([f[:100] for f in run.got], run.sent, "first 100 bytes")
    run.described(2, w2=0, w3=0x05DC05DC)
    lives(rig)


@error.scenario
def lying_bd_length_of_zero(rig):
    run = Struck(rig, "bd-bad-len:val=0")
    run.forwarded(WELL)
    run.counted(rx_errors=3, rx_q0_PKT_LEN_ERRORS=3)
    run.described(2, w2=0, w3=0)
    lives(rig)


@error.scenario
def lying_bd_length_beyond(rig):
    """Longer than the buffer: the driver believes it, and hands the application an mbuf of 65,535 bytes."""
    run = Struck(rig, "bd-bad-len:val=65535", rxonly_bytes=6 * 100 + 3 * 65535)
    run.described(8, w2=0, w3=0xFFFFFFFF)
    run.counted(rx_errors=0)
    lives(rig)


@scattered.scenario
def lying_bd_count_scattered(rig):
    """A last descriptor that does not say so: the driver goes on with the next frame, and takes the two for one."""
    run = Struck(rig, "bd-bad-count")
    s = run.sent
    expect(run.got[:4], [s[0], s[1], s[2] + s[3], s[4]], "frames that came back")
    expect(len(run.got[4]), 200, "length of the next pair")
    lives(rig)


@scattered.scenario
def lying_bd_index_scattered(rig):
    run = Struck(rig, "bd-bad-index")
    run.forwarded(WELL)
    run.counted(rx_errors=3, rx_q0_L2_ERRORS=3)
    lives(rig)


@scattered.scenario
def error_truncated_scattered(rig):
    run = Struck(rig, "frame-truncated:val=40")
    run.forwarded(WELL)
    run.counted(rx_errors=3, rx_q0_PKT_LEN_ERRORS=3)


@keep.scenario
def keep_crc(rig):
    """Each frame has its FCS in the buffer; the driver takes it off the lengths, and what it sends is as it was."""
    sent = [udp_frame(rig, bytes([i]) * (18 + 50 * i)) for i in range(29)]
    rig.reconfigure()
    before = rig.xstats()
    rig.forward("io")
    got, rx = rig.exchange(sent)
    rig.cmd("stop")
    after = rig.xstats()
    expect(got, sent, "frames that came back")
    expect([r.length for r in rx], [len(f) for f in sent], "lengths seen by the application")
    expect(after["rx_good_bytes"] - before["rx_good_bytes"], sum(len(f) for f in sent) + 3 * 60, "bytes")
    expect([rxd(rig, i)[3] for i in (0, 1, 28)], [0x00400040, 0x00720072, 0x05B805B8], "lengths in descriptors")


@keep_scattered.scenario
def keep_crc_in_two_buffers(rig):
    """The FCS in the first buffer of 2,048, in both, and alone in the second one, which the driver leaves empty."""
    sent = [udp_frame(rig, bytes([i]) * (size - 42)) for i, size in enumerate((2040, 2044, 2045, 2046, 2047, 2048, 2049, 4096, 8900))]
    rig.forward("io")
    got, rx = rig.exchange(sent)
    rig.cmd("stop")
    expect([(r.length, r.nb_segs) for r in rx],
           [(2040, 1), (2044, 1), (2045, 2), (2046, 2), (2047, 2), (2048, 2), (2049, 2), (4096, 3), (8900, 5)], "lengths and segments")
    expect([len(f) for f in got], [len(f) for f in sent], "lengths of what came back")
    expect(got, sent, "frames that came back")


@keep.scenario
def keep_crc_hole(rig):
    """TCP frames of 60 bytes have no FCS on revision 0x21; this release of the driver does not know, and takes four bytes too many."""
    frame = udp_frame(rig, bytes(18))
    tcp = frame[:23] + b"\x06" + frame[24:]
    rig.reconfigure()
    rig.forward("io")
    got, rx = rig.exchange([tcp])
    rig.cmd("stop")
    expect([r.length for r in rx], [56], "length seen by the application")
    expect(rxd(rig, 0)[3], 0x003C003C, "lengths in the descriptor")
    expect([f[:56] for f in got], [tcp[:56]], "frame that came back")


@error.scenario
def descriptors_in_use(rig):
    """
    How many frames wait: RX_FBDNUM without what the driver has taken and not given back. It rings when that is more than 32, so
    here no more than once after each start: the device cannot tell several apart.
    """
    def used():
        return int(re.search(r"Used desc count = (\d+)", rig.cmd("show port 0 rxq 0 desc used count"))[1])

    def wait(nb, frames):
        for frame in frames:
            rig.taps[0].send(frame)
        wait_for(lambda: used() == nb, 10, f"{nb} descriptors in use")

    rig.reconfigure()
    expect(used(), 0, "descriptors in use")
    frame = udp_frame(rig, bytes(58))
    wait(20, [frame] * 20)
    rig.forward("rxonly", verbose=0)
    wait(0, [])
    for nb in (5, 41, 20, 32):  # the driver has then 25, 9 (it rang for 57), 29 and 0 (for 61)
        rig.cmd("stop")
        wait(nb, [frame] * nb)
        rig.cmd("start")
        wait(0, [])

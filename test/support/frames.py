# SPDX-License-Identifier: BSD-3-Clause
"""Captures with random frames: make, count, compare. Little-endian microsecond pcap, as libpcap writes here."""
import random
import struct
import sys

HEAD = struct.Struct("<IHHiIII")
REC = struct.Struct("<IIII")


def udp(rnd, size):
    """A UDP datagram in IPv4 of a random flow, without a UDP checksum."""
    ip = struct.pack(">BBHHHBBH", 0x45, 0, size - 14, 0, 0, 64, 17, 0) + rnd.randbytes(8)
    total = sum(struct.unpack(">10H", ip))
    total = (total & 0xFFFF) + (total >> 16)
    ip = ip[:10] + struct.pack(">H", ~(total + (total >> 16)) & 0xFFFF) + ip[12:]
    head = bytes.fromhex("02a222000001 02a222000002 0800") + ip + rnd.randbytes(4)
    return head + struct.pack(">HH", size - 34, 0) + rnd.randbytes(size - 42)


def make(path, count, low, high, seed, frame=lambda rnd, size: rnd.randbytes(size)):
    rnd = random.Random(seed)
    with open(path, "wb") as f:
        f.write(HEAD.pack(0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for i in range(count):
            size = rnd.randint(low, high)
            f.write(REC.pack(i // 1000000, i % 1000000, size, size) + frame(rnd, size))


def frames(path):
    try:
        with open(path, "rb") as f:
            data = f.read()
    except FileNotFoundError:
        return []
    out, at = [], HEAD.size
    while at + REC.size <= len(data):
        size = REC.unpack_from(data, at)[2]
        if at + REC.size + size > len(data):
            break  # not written in full yet
        out.append(data[at + REC.size : at + REC.size + size])
        at += REC.size + size
    return out


def compare(one, two):
    a, b = frames(one), frames(two)
    for i, (x, y) in enumerate(zip(a, b)):
        if x != y:
            return f"frame {i} differs: {len(x)} and {len(y)} bytes"
    return "" if len(a) == len(b) else f"{len(a)} frames went in, {len(b)} came out"


def main():
    cmd, args = sys.argv[1], sys.argv[2:]
    if cmd == "make":
        make(args[0], *map(int, args[1:]))
    elif cmd == "make-udp":
        make(args[0], *map(int, args[1:]), udp)
    elif cmd == "make-broadcast":
        make(args[0], *map(int, args[1:]), lambda rnd, size: b"\xff" * 6 + rnd.randbytes(size - 6))
    elif cmd == "count":
        print(len(frames(args[0])))
    elif cmd == "bytes":
        print(sum(map(len, frames(args[0]))))
    elif cmd == "compare":
        wrong = compare(args[0], args[1])
        if wrong:
            sys.exit(wrong)
    else:
        sys.exit("usage: frames.py make|make-udp|make-broadcast FILE COUNT LOW HIGH SEED | count FILE | bytes FILE | compare ONE TWO")


if __name__ == "__main__":
    main()

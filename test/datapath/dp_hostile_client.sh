#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Clients that send garbage, half messages, wrong sizes and stray descriptors to a running emulator: each is ended or refused with a
# reason in the log, the emulator lives on, leaks no descriptor, and serves the next client, which forwards.
. "$(dirname "$0")/../support/env.sh"

emu_start --port "socket=$WORK/p0.sock,wire=gen:size=64,rate=100000" --port "socket=$WORK/p1.sock,wire=null"
[ "$(stat -c %a "$WORK/p0.sock")" = 600 ] || fail "the socket's mode is not 0600"
fds() { ls "/proc/$EMU_PID/fd" | wc -l; }
before=$(fds)
clients=$(python3 - "$WORK/p0.sock" 2>"$WORK/hostile.log" <<'PY'
import json, os, random, socket, struct, sys
rnd = random.Random(2026)
nb = 0
def client():
    global nb
    nb += 1
    s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1]); return s
def msg(cmd, body=b"", size=None, flags=0, mid=1): return struct.pack("<HHIII", mid, cmd, 16 + len(body) if size is None else size, flags, 0) + body
version = msg(1, struct.pack("<HH", 0, 1) + json.dumps({"capabilities": {}}).encode() + b"\0")
def ended(s):
    try:
        while s.recv(65536): pass
    except ConnectionResetError: pass
cases = [b"", rnd.randbytes(1000), b"\0" * 16, msg(1, b""), msg(1, b"\1\2\3\4{{{"), msg(1, struct.pack("<HH", 9, 9) + b"{}\0"), msg(77), msg(1, size=4), msg(1, size=2**32 - 1)]
hello = [msg(2, struct.pack("<IIQQQ", 32, 3, 0, 2**63, 2**63)), msg(2, b"short"), msg(9, struct.pack("<QII", 0, 99, 2**31)), msg(8, struct.pack("<IIIII", 20, 0xffffffff, 77, 2**31, 2**31)), msg(3, size=17) + b"x", rnd.randbytes(4096), msg(4, flags=1), msg(200)]
for data in cases + [version + h for h in hello]:
    s = client(); s.sendall(data)
    s.shutdown(socket.SHUT_WR); ended(s); s.close()
for i in range(20):  # descriptors where none belong
    s = client(); fd = os.open("/dev/null", os.O_RDONLY)
    socket.send_fds(s, [version if i % 2 else rnd.randbytes(64)], [fd] * (1 + i % 8)); os.close(fd)
    s.shutdown(socket.SHUT_WR); ended(s); s.close()
for i in range(100):  # one wrong byte, or cut short
    data = bytearray(version + hello[0]); data[rnd.randrange(len(data))] ^= 1 << rnd.randrange(8)
    s = client(); s.sendall(data[:rnd.randrange(1, len(data))]); s.shutdown(socket.SHUT_WR); ended(s); s.close()
print(nb)
PY
) || fail "a hostile client was not ended"
kill -0 "$EMU_PID" 2>/dev/null || fail "the emulator has ended"
for i in $(seq 40); do
	[ "$(fds)" = "$before" ] && break
	sleep 0.05
done
[ "$(fds)" = "$before" ] || fail "descriptors: $before before, $(fds) after"
reasons=$(grep -c 'client gone\|refused' "$WORK/emu.log")
[ "$reasons" -ge "$clients" ] || fail "$clients clients, but only $reasons reasons in the log"
# shellcheck disable=SC2046 # words on purpose
timeout -s KILL 60 "$BUILD/app/testpmd_frag/testpmd_frag" -l 0,1 --no-pci --file-prefix "$PREFIX" $(memory_args 256) \
	-a "vfio_user:vfu0,socket=$WORK/p0.sock" -a "vfio_user:vfu1,socket=$WORK/p1.sock" \
	-- --run-seconds 1 --report "$WORK/app.json" >"$WORK/app.log" 2>&1 || fail "the client after them does not work"
emu_stop
emu_is_clean
pass "dp_hostile_client: $clients hostile clients, $reasons reasons logged, no descriptor leaked; the next one forwards"

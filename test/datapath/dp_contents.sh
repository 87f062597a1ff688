#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Contents: a million random frames of 60 to 9,000 bytes, in one piece and in several, through the distribution's
# unmodified net_hns3 on the emulated NIC: out of port 0, over the wire, forwarded at port 1, back over the wire; every byte
# is compared (contents.c). FULL: a hundred million.
. "$(dirname "$0")/../support/env.sh"

FRAMES=1000000 LIMIT=240 SEED=${SEED:-20261128}
[ -z "${FULL:-}" ] || FRAMES=100000000 LIMIT=7000
echo "seed $SEED"

emu_start --port "socket=$WORK/p0.sock,wire=link:1" --port "socket=$WORK/p1.sock,wire=link:0"
# shellcheck disable=SC2046 # words on purpose
timeout -s KILL "$LIMIT" "$BUILD/test/datapath/contents" --lcores "0@(0-$(($(nproc) - 1)))" --no-pci --file-prefix "$PREFIX" \
	$(memory_args 256) -d "$BUS" -a "vfio_user:vfu0,socket=$WORK/p0.sock,driver=net_hns3" \
	-a "vfio_user:vfu1,socket=$WORK/p1.sock,driver=net_hns3" -- "$FRAMES" "$SEED" >"$WORK/contents.log" 2>&1 ||
	fail "not all frames came back as they were"
emu_stop
emu_is_clean
[ "$(emu_value 'ports[1]["device"]["rx"]["pkts"]')" = "$FRAMES" ] || fail "the device counts differently"
[ "$(emu_value 'ports[0]["device"]["rx"]["pkts"]')" = "$FRAMES" ] || fail "the device counts differently"
pass "dp_contents: $(grep 'came back' "$WORK/contents.log"), 0 faults"

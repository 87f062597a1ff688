#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Speed of the emulated NIC under the distribution's driver (emu.py).
#
#   test/bench/emu.sh [--smoke]
#
# Two CPUs: one for the emulator's data thread, one for testpmd. Quote best figures, and what else ran on the machine.
set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=$(cd "${BUILD:-$TOP/build}" && pwd)
[ "$(nproc)" -ge 2 ] || { echo "two CPUs are needed"; exit 77; }
[ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -ge 256 ] || { echo "256 free hugepages of 2 MiB are needed"; exit 77; }
exec /usr/bin/python3 "$TOP/test/bench/emu.py" "$BUILD" "$@"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The distribution's dpdk-testpmd and net_hns3 on the emulated NIC, scenario by scenario (stock.py), in a network namespace
# of its own. Arguments: names of sessions or scenarios to run alone.
set -euo pipefail
BUILD=$(cd "${BUILD:-$(dirname "$0")/../../build}" && pwd)
cd "$(dirname "$0")"
PYTHON=/usr/bin/python3 # the distribution's, which has its Scapy

skip() {
	echo "SKIP stock: $*"
	exit 77
}
unshare --net true 2>/dev/null || skip "network namespaces and TAP interfaces need root"
"$PYTHON" -c 'import scapy' 2>/dev/null || skip "python3-scapy is not installed"
# shellcheck disable=SC2016 # expanded inside
exec unshare --net bash -c 'sysctl -qw net.ipv6.conf.default.disable_ipv6=1 && ip link set lo up && exec "$@"' stock \
	"$PYTHON" stock.py "$BUILD" "$@"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# A reset at any step of a driver's life, PF and VF: see test/support/reset_steps.py. FULL: at each command, else at some.
. "$(dirname "$0")/../support/env.sh"

steps() { # DRIVER KINDS EVERY
	local says
	says=$(nice -n 5 /usr/bin/python3 "$SUPPORT/reset_steps.py" "$BUILD" "$@" 2>&1) || fail "$1: $says"
	pass "dp_reset_steps $1: $says, 0 faults, 0 driver errors"
}
steps net_hns3 1,2,0 "$([ -n "${FULL:-}" ] && echo 1 || echo 10)"
steps net_hns3_vf 0,1,2,3 1

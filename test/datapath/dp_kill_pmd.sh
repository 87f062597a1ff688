#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# dp_kill.sh with our driver.
DRIVER=net_hns3_pmd exec "$(dirname "$0")/dp_kill.sh"

#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# doc/features.ini against the driver: a feature is claimed if and only if the driver has the operation, or offers the offload, behind it.
set -uo pipefail
cd "$(dirname "$0")/.."
status=0
while IFS='|' read -r feature sign; do
	claimed=n has=n
	grep -qE "^$feature *= [YP]" doc/features.ini && claimed=y
	grep -rqE "$sign" drivers/net/hns3_pmd/*.c && has=y
	[ "$claimed" = "$has" ] && continue
	echo "$feature: claimed $claimed, in the driver $has ($sign)"
	status=1
done <<'LIST'
Link status|\.link_update =
MTU update|\.mtu_set =
Scattered Rx|RTE_ETH_RX_OFFLOAD_SCATTER
TSO|RTE_ETH_TX_OFFLOAD_TCP_TSO
LRO|RTE_ETH_RX_OFFLOAD_TCP_LRO
Promiscuous mode|\.promiscuous_enable =
Allmulticast mode|\.allmulticast_enable =
Unicast MAC filter|\.mac_addr_add =
Multicast MAC filter|\.set_mc_addr_list =
RSS hash|RTE_ETH_RX_OFFLOAD_RSS_HASH
RSS key update|\.rss_hash_update =
RSS reta update|\.reta_update =
VLAN filter|\.vlan_filter_set =
VLAN offload|\.vlan_offload_set =
L3 checksum offload|RTE_ETH_RX_OFFLOAD_CHECKSUM
L4 checksum offload|RTE_ETH_RX_OFFLOAD_CHECKSUM
Packet type parsing|\.dev_supported_ptypes_get =
Flow control|\.flow_ctrl_set =
Rx interrupt|\.rx_queue_intr_enable =
Queue start/stop|\.rx_queue_start =
Basic stats|\.stats_get =
Extended stats|\.xstats_get =
FW version|\.fw_version_get =
Burst mode info|\.rx_burst_mode_get =
Rx descriptor status|rx_descriptor_status =
Tx descriptor status|tx_descriptor_status =
Free Tx mbuf on demand|\.tx_done_cleanup =
LIST
if [ "$status" = 0 ]; then echo "PASS lint features.ini tells what the driver has"; else echo "FAIL lint features.ini tells what the driver has"; fi
exit $status

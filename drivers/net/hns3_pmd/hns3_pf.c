/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The physical function: what probe tells the firmware, in the order of [1:10.2] and [3:9.2], the
 * misc interrupt [1:6.1], and the link. Probe and close run on the control thread, intr_handler
 * on the interrupt thread; both send commands, which cmdq serialises.
 */
#include <errno.h>

#include <rte_bus_pci.h>
#include <rte_cycles.h>
#include <rte_interrupts.h>

#include "deadline.h"
#include "hns3_dev.h"
#include "hns3_hw.h"
#include "hns3_log.h"
#include "hns3_regs.h"

#define HNS3_TPID_VLAN         0x8100
#define HNS3_LINK_WAIT_MS      1000
#define HNS3_LINK_POLL_MS      50
#define HNS3_INTR_UNREG_MS     1000
#define HNS3_FW_SETTLE_MS      200 /* between the last command and clearing the rings [1:3.7] */
#define HNS3_MIN_VECTORS_HIP08 3   /* [1:1.6] */

/* [3:1.5] code to Mbit/s */
static const uint32_t speed_mbps[] = { 1000, 10000, 25000, 40000, 50000, 100000, 10, 100, 200000 };

static int
caps_read(struct hns3_dev *hns3)
{
	struct hns3_cmdq *q = &hns3->cmdq;
	uint32_t caps;
	int ret;

	ret = hns3_fw_version_get(q, &hns3->fw_version, &caps);
	if (ret != 0)
		return ret;
	ret = hns3_fw_compat_set(q, true);
	hns3->has_link_events = ret == 0;
	if (ret != 0)
		HNS3_LOG(WARNING, "firmware does not push link changes (%d)", ret);
	ret = hns3_fw_hw_state_clear(q);
	ret = ret ? ret : hns3_fw_ready_wait(q);
	ret = ret ? ret : hns3_fw_resources_get(q, &hns3->res);
	ret = ret ? ret : hns3_fw_config_get(q, &hns3->cfg);
	if (ret != 0)
		return ret;
	if (hns3->res.nb_tqps == 0 || hns3->res.nb_vectors < HNS3_MIN_VECTORS_HIP08 ||
			hns3->cfg.speed_code >= RTE_DIM(speed_mbps) ||
			(hns3->cfg.media_type != HNS3_MEDIA_FIBRE &&
					hns3->cfg.media_type != HNS3_MEDIA_BACKPLANE)) {
		HNS3_LOG(ERR, "cannot use %u queues, %u vectors, media %u, speed code %u",
				hns3->res.nb_tqps, hns3->res.nb_vectors, hns3->cfg.media_type,
				hns3->cfg.speed_code);
		return -EINVAL;
	}
	hns3->port_mbps = speed_mbps[hns3->cfg.speed_code];
	return 0;
}

int
hns3_pf_mtu_apply(struct hns3_dev *hns3, uint16_t mtu)
{
	uint16_t frame = RTE_MAX(mtu + HNS3_FRAME_OVERHEAD, HNS3_FRAME_FLOOR_BYTES);
	int ret;

	ret = hns3_fw_max_frame_set(&hns3->cmdq, frame);
	return ret ? ret : hns3_tm_buffers_set(&hns3->cmdq, &hns3->res, frame);
}

static int
vlan_setup(struct hns3_cmdq *q)
{
	int ret;

	ret = hns3_fw_vlan_filter_off(q, false);
	ret = ret ? ret : hns3_fw_vlan_filter_off(q, true);
	ret = ret ? ret : hns3_fw_vlan_types_set(q, HNS3_TPID_VLAN);
	ret = ret ? ret : hns3_fw_vlan_tags_default(q);
	return ret ? ret : hns3_fw_vlan_zero_set(q, false);
}

/* Every ring that could have an interrupt is taken off its vector [3:3.4]. */
static int
vectors_unbind(struct hns3_dev *hns3)
{
	uint32_t spare = hns3->revision >= HNS3_REVISION_HIP09 ? 1 : 2;
	uint16_t vector = (uint16_t)(hns3->res.nb_vectors - spare);
	uint32_t nb = RTE_MIN((uint32_t)vector, RTE_MIN(hns3->res.nb_tqps, 1024u));
	int ret = 0;

	for (uint16_t i = 0; i < nb && ret == 0; i++) {
		ret = hns3_fw_vector_unbind(&hns3->cmdq, vector, i, false);
		ret = ret ? ret : hns3_fw_vector_unbind(&hns3->cmdq, vector, i, true);
	}
	return ret;
}

static int
hw_setup(struct hns3_dev *hns3)
{
	uint16_t nb_tqps = (uint16_t)RTE_MIN(hns3->res.nb_tqps, 1024u);
	struct hns3_cmdq *q = &hns3->cmdq;
	uint32_t drops;
	int ret;

	if (hns3->revision < HNS3_REVISION_HIP09)
		hns3_fw_rpu_drops_get(q, &drops);
	for (uint16_t i = 0; i < nb_tqps; i++) {
		ret = hns3_fw_queue_map(q, i);
		if (ret != 0)
			return ret;
	}
	hns3->mac_space = hns3->cfg.mac_space;
	ret = hns3_fw_mac_space(q, false, &hns3->mac_space);
	ret = ret ? ret : hns3_fw_speed_set(q, hns3->cfg.speed_code);
	ret = ret ? ret : hns3_pf_mtu_apply(hns3, RTE_ETHER_MTU);
	ret = ret ? ret : hns3_fw_promisc_set(q, 0, false, false, true);
	for (uint32_t f = 1; f < hns3->res.nb_funcs && f < 256 && ret == 0; f++)
		ret = hns3_fw_promisc_set(q, (uint8_t)f, false, false, false);
	ret = ret ? ret : vlan_setup(q);
	ret = ret ? ret
	          : hns3_tm_default_set(q, RTE_MIN(nb_tqps, HNS3_PF_MAX_QUEUES), hns3->port_mbps,
				    &hns3->cfg.mac);
	ret = ret ? ret : hns3_fw_tso_limits_set(q);
	ret = ret ? ret : hns3_fw_gro_off(q);
	return ret ? ret : vectors_unbind(hns3);
}

static void
message_handle(void *arg, const uint8_t data[HNS3_CMD_DATA_BYTES])
{
	bool *link_changed = arg;

	if (data[0] == HNS3_MSG_LINK_CHANGE)
		*link_changed = true;
	else
		HNS3_LOG(DEBUG, "message code %u ignored", data[0]);
}

/* Vector 0 [1:6.1]: mask, clear the cause, act, unmask. The clear precedes the drain, so that a
 * message that arrives meanwhile raises the vector again. */
static void
intr_handler(void *arg)
{
	struct rte_eth_dev *dev = arg;
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	bool link_changed = false;
	uint32_t other, src;

	hns3_reg_write(hns3->bar, HNS3_REG_MISC_VECTOR, 0);
	other = hns3_reg_read(hns3->bar, HNS3_REG_OTHER_INT);
	src = hns3_reg_read(hns3->bar, HNS3_REG_CMDQ_SRC);
	if (other & HNS3_OTHER_INT_RESET) {
		hns3_cmdq_kill(&hns3->cmdq, "device reset");
		hns3_reg_write(hns3->bar, HNS3_REG_RESET_CLEAR, other & HNS3_OTHER_INT_RESET);
		rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_RESET, NULL);
		return; /* stays masked: only a new probe can bring the port back */
	}
	if (other & HNS3_OTHER_INT_ERROR) {
		/* No error source is enabled by this driver; without a clear it would fire forever.
		 */
		HNS3_LOG(ERR, "hardware error 0x%x: vector 0 stays masked", other);
		return;
	}
	if (other & HNS3_OTHER_INT_PTP)
		hns3_reg_write(hns3->bar, HNS3_REG_RESET_CLEAR, HNS3_OTHER_INT_PTP);
	if (src & HNS3_CMDQ_SRC_RX) {
		hns3_reg_write(hns3->bar, HNS3_REG_CMDQ_SRC, src & ~HNS3_CMDQ_SRC_RX);
		hns3_cmdq_drain(&hns3->cmdq, message_handle, &link_changed);
	}
	if (link_changed && hns3_link_update(dev, 0) == 0)
		rte_eth_dev_callback_process(dev, RTE_ETH_EVENT_INTR_LSC, NULL);
	hns3_reg_write(hns3->bar, HNS3_REG_MISC_VECTOR, 1);
}

static int
intr_start(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	int ret;

	ret = rte_intr_callback_register(hns3->pci->intr_handle, intr_handler, dev);
	if (ret != 0)
		return ret;
	ret = rte_intr_enable(hns3->pci->intr_handle);
	if (ret != 0) {
		rte_intr_callback_unregister(hns3->pci->intr_handle, intr_handler, dev);
		return ret;
	}
	hns3_reg_write(hns3->bar, HNS3_REG_MISC_VECTOR, 1);
	return 0;
}

static void
intr_stop(struct rte_eth_dev *dev)
{
	struct deadline end = deadline_in_ms(HNS3_INTR_UNREG_MS);
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	int ret;

	hns3_reg_write(hns3->bar, HNS3_REG_MISC_VECTOR, 0);
	rte_intr_disable(hns3->pci->intr_handle);
	do { /* -EAGAIN: the handler runs right now */
		ret = rte_intr_callback_unregister(hns3->pci->intr_handle, intr_handler, dev);
		if (ret == -EAGAIN)
			rte_delay_us_sleep(1000);
	} while (ret == -EAGAIN && !deadline_has_passed(&end));
	if (ret < 0)
		HNS3_LOG(ERR, "interrupt callback not removed: %d", ret);
}

int
hns3_pf_init(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	int ret;

	ret = hns3_cmdq_init(&hns3->cmdq, hns3->bar, dev->data->name, dev->data->numa_node);
	if (ret != 0)
		return ret;
	ret = caps_read(hns3);
	if (ret != 0)
		goto fini_cmdq;
	ret = intr_start(dev);
	if (ret != 0)
		goto fini_cmdq;
	ret = hw_setup(hns3);
	if (ret != 0)
		goto stop_intr;
	/* Not ready to be reset from outside [1:9.1] step 45. */
	hns3_reg_write(hns3->bar, HNS3_REG_CSQ_DEPTH,
			hns3_reg_read(hns3->bar, HNS3_REG_CSQ_DEPTH) & ~HNS3_CSQ_SW_RST_RDY);
	return 0;

stop_intr:
	intr_stop(dev);
fini_cmdq:
	HNS3_LOG(ERR, "%s: device setup failed: %d", dev->data->name, ret);
	hns3_cmdq_fini(&hns3->cmdq);
	return ret;
}

/* Errors have no consequence here; a dead device answers each command at once. */
void
hns3_pf_fini(struct rte_eth_dev *dev)
{
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	struct hns3_cmdq *q = &hns3->cmdq;

	hns3_fw_vlan_zero_set(q, true);
	hns3_fw_promisc_set(q, 0, false, false, false);
	hns3_fw_mac_space(q, true, &hns3->mac_space);
	intr_stop(dev);
	hns3_fw_compat_set(q, false);
	if (!hns3_cmdq_is_dead(q))
		rte_delay_us_sleep(HNS3_FW_SETTLE_MS * 1000);
	hns3_cmdq_fini(q);
}

static int
link_query(struct hns3_dev *hns3, struct rte_eth_link *link)
{
	struct hns3_fw_sfp sfp = { .speed_mbps = 0 };
	bool up;
	int ret;

	ret = hns3_fw_link_get(&hns3->cmdq, &up);
	if (ret != 0)
		return ret;
	hns3_fw_sfp_get(&hns3->cmdq, &sfp); /* without an answer: the configured speed */
	link->link_status = up ? RTE_ETH_LINK_UP : RTE_ETH_LINK_DOWN;
	link->link_duplex = RTE_ETH_LINK_FULL_DUPLEX;
	link->link_autoneg = sfp.autoneg ? RTE_ETH_LINK_AUTONEG : RTE_ETH_LINK_FIXED;
	link->link_speed = !up                   ? RTE_ETH_SPEED_NUM_NONE
	                   : sfp.speed_mbps != 0 ? sfp.speed_mbps
	                                         : hns3->port_mbps;
	return 0;
}

/* Returns 0 when the link changed, -1 when not (ethdev's convention). */
int
hns3_link_update(struct rte_eth_dev *dev, int wait_to_complete)
{
	struct deadline end = deadline_in_ms(wait_to_complete ? HNS3_LINK_WAIT_MS : 0);
	struct hns3_dev *hns3 = hns3_dev_of(dev);
	struct rte_eth_link link;

	for (;;) {
		memset(&link, 0, sizeof(link));
		if (link_query(hns3, &link) != 0 || link.link_status == RTE_ETH_LINK_UP ||
				deadline_has_passed(&end) || !dev->data->dev_started)
			break;
		rte_delay_us_sleep(HNS3_LINK_POLL_MS * 1000);
	}
	return rte_eth_linkstatus_set(dev, &link);
}

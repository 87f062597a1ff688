/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Resets and their handshakes [1:8]. Service thread.
 *
 * A reset of the NIC (global, IMP) is asked for by a register of the PF or by emu_reset_trigger();
 * one of a function by command 0x0020, or with a VF by emu_reset_trigger(), too. Each has a row in
 * kinds[]. It begins: status bits and causes of vector 0 are set, queues stop, what was configured
 * is forgotten. It lasts until each function that has a driver says "software ready" (bit 16 of
 * 0x27008), but not shorter than the hardware takes and not longer than READY_NS. It ends: indices
 * of the command queues become 0, the status bits go, and the drivers, which poll those, rebuild.
 *
 * The indices wait for the end because the command that asked for the reset is answered by them;
 * that they are 0 before a driver writes its ring again keeps stale commands from being carried out
 * [1:3.7].
 *
 * A VF that has seen a reset of the NIC marks itself at 0x07008 and waits until the mark is taken
 * away: when the PF has been rebuilt (0x0026), or at once where the PF has no driver [1:8.3].
 */
#include "emu_reset.h"

#include <errno.h>

#include "deadline.h"
#include "emu_fw.h"
#include "emu_mbx.h"
#include "emu_trace.h"
#include "log.h"

#define MODULE      "emu.reset"
#define READY_NS    UINT64_C(3000000000)
#define VF_RST_MARK BIT32(16) /* 0x07008 [1:2.4] */
#define SW_RST_RDY  BIT32(16) /* 0x27008 [1:2.2] */
#define FUNC_ING    BIT32(0)  /* 0x20C00 */

static const struct reset_kind {
	const char *name;
	uint32_t progress; /* in 0x20A00 of the PF while it lasts */
	uint32_t pf_cause; /* in 0x20800 of the PF */
	uint32_t func_ing; /* in 0x20C00: of the function, or of the VFs */
	uint32_t hold_us;  /* what the hardware takes at least */
	bool cmdq_is_dead; /* commands are not answered meanwhile */
} kinds[EMU_RESET_NB] = {
	[EMU_RESET_FUNC] = { "function", 0, 0, FUNC_ING, 1000, false },
	[EMU_RESET_GLOBAL] = { "global", BIT32(0), EMU_OTHER_INT_GLOBAL, BIT32(5), 20000, false },
	[EMU_RESET_IMP] = { "imp", BIT32(2), EMU_OTHER_INT_IMP, BIT32(7), 50000, true },
	[EMU_RESET_FLR] = { "flr", 0, 0, 0, 0, false },
};

static bool
driver_is_there(const struct emu_dev *dev)
{
	return emu_bar_load(dev, EMU_CSQ_BASE_L) != 0 || emu_bar_load(dev, EMU_CSQ_BASE_H) != 0;
}

static bool
driver_is_ready(const struct emu_dev *dev)
{
	return !driver_is_there(dev) || emu_bar_load(dev, EMU_CSQ_DEPTH) & SW_RST_RDY;
}

/* 0x20C00 of a function: its own reset, the PF's wish (0x0021), a reset of the NIC seen by a VF. */
static void
rst_ing_store(struct emu_dev *dev)
{
	uint32_t val = dev->reset.is_on || dev->reset_is_held ? FUNC_ING : 0;

	if (dev->func != 0 && dev->nic->reset.is_on)
		val |= kinds[dev->nic->reset.kind].func_ing;
	emu_bar_store(dev, EMU_FUN_RST_ING, val);
}

/* Queues off and at their start, vectors masked, configuration forgotten. The data thread is
 * paused. */
static void
func_quiesce(struct emu_dev *dev)
{
	for (unsigned int q = 0; q < dev->cfg.nb_queues; q++) {
		emu_queue_reset(dev, q);
		emu_bar_store(dev, EMU_VEC_CTRL + 4 * q, 0);
	}
	emu_func_reset(dev);
}

static void
cmdq_indices_clear(struct emu_dev *dev)
{
	emu_bar_store(dev, EMU_CSQ_TAIL, 0);
	emu_bar_store(dev, EMU_CSQ_HEAD, 0);
	emu_bar_store(dev, EMU_CRQ_TAIL, 0);
	emu_bar_store(dev, EMU_CRQ_HEAD, 0);
}

static void
state_start(struct emu_reset_state *state, struct emu_dev *dev, enum emu_reset_kind kind)
{
	uint64_t now = deadline_now_ns();
	uint32_t us = dev->cfg.reset_us ? dev->cfg.reset_us : kinds[kind].hold_us;

	*state = (struct emu_reset_state){ true, kind, now, now + us * UINT64_C(1000),
		now + READY_NS };
	dev->nb_resets[kind]++;
	if (emu_trace_is_on(dev))
		emu_trace_event(dev, "reset begins kind=%s", kinds[kind].name);
	base_log(BASE_LOG_INFO, MODULE, "%s: function %u: %s reset begins", dev->cfg.name,
			dev->func, kinds[kind].name);
}

/* Whether it can end now; @p ready: all that it waits for has come. */
static bool
state_is_over(const struct emu_reset_state *state, struct emu_dev *dev, bool ready)
{
	uint64_t now = deadline_now_ns();

	if (now < state->least_ns || (!ready && now < state->most_ns))
		return false;
	if (emu_trace_is_on(dev))
		emu_trace_event(dev, "reset ends kind=%s ready=%d", kinds[state->kind].name, ready);
	base_log(BASE_LOG_INFO, MODULE, "%s: function %u: %s reset ends after %u ms%s",
			dev->cfg.name, dev->func, kinds[state->kind].name,
			(unsigned int)((now - state->start_ns) / 1000000),
			ready ? "" : ", a driver did not say that it is ready");
	return true;
}

/* ---- one function ---- */

void
emu_reset_func_start(struct emu_dev *dev)
{
	emu_data_pause();
	func_quiesce(dev);
	emu_data_resume();
	state_start(&dev->reset, dev, EMU_RESET_FUNC);
	rst_ing_store(dev);
	if (dev->func == 0)
		emu_host_pf_reset(dev->nic, 2); /* the PF resets itself [1:8.1] */
}

static unsigned int
func_poll(struct emu_dev *dev)
{
	if (!dev->reset.is_on || !state_is_over(&dev->reset, dev, driver_is_ready(dev)))
		return 0;
	dev->reset.is_on = false;
	cmdq_indices_clear(dev);
	rst_ing_store(dev);
	return 1;
}

/* ---- the NIC ---- */

static void
nic_start(struct emu_nic *nic, enum emu_reset_kind kind)
{
	struct emu_dev *pf = nic->func[0];

	emu_data_pause();
	for (unsigned int f = 0; f < nic->nb_funcs; f++) {
		if (!nic->func[f])
			continue;
		func_quiesce(nic->func[f]);
		if (f == 0 || nic->mbx_by_driver) /* the host would put the VFs' back */
			emu_func_tables_clear(nic->func[f]);
	}
	emu_nic_vlans_clear(nic);
	emu_nic_reset(nic);
	emu_err_reset(nic);
	emu_bar_store(pf, EMU_RAS_STS, 0);
	emu_data_resume();
	state_start(&nic->reset, pf, kind);
	nic->vfs_wait = true;
	for (unsigned int f = 0; f < nic->nb_funcs; f++) {
		struct emu_dev *dev = nic->func[f];

		if (!dev)
			continue;
		dev->reset.is_on = false; /* the greater one takes its place */
		rst_ing_store(dev);
		if (f != 0)
			emu_cmdq_cause_set(dev, EMU_CMDQ_SRC_RST);
	}
	emu_bar_store(pf, EMU_GLOBAL_RESET, kinds[kind].progress);
	emu_other_cause_set(pf, kinds[kind].pf_cause);
}

static unsigned int
nic_poll(struct emu_nic *nic)
{
	struct emu_dev *pf = nic->func[0];
	bool ready = true;

	for (unsigned int f = 0; f < nic->nb_funcs; f++)
		ready &= !nic->func[f] || driver_is_ready(nic->func[f]);
	if (!state_is_over(&nic->reset, pf, ready))
		return 0;
	nic->reset.is_on = false;
	for (unsigned int f = 0; f < nic->nb_funcs; f++) {
		if (nic->func[f]) {
			cmdq_indices_clear(nic->func[f]);
			rst_ing_store(nic->func[f]);
		}
	}
	emu_bar_store(pf, EMU_GLOBAL_RESET, 0);
	return 1;
}

/* What the PF's registers ask for. */
static unsigned int
requests_poll(struct emu_dev *pf)
{
	const struct emu_reset_state *now = &pf->nic->reset;
	uint32_t other = emu_bar_load(pf, EMU_PF_OTHER_INT);

	if (other & EMU_OTHER_EN_TRIGGER_IMP) {
		emu_bar_store(pf, EMU_PF_OTHER_INT, other & ~EMU_OTHER_EN_TRIGGER_IMP);
		if (!now->is_on || now->kind < EMU_RESET_IMP)
			nic_start(pf->nic, EMU_RESET_IMP);
		return 1;
	}
	if (!now->is_on && emu_bar_load(pf, EMU_GLOBAL_RESET) & kinds[EMU_RESET_GLOBAL].progress) {
		nic_start(pf->nic, EMU_RESET_GLOBAL);
		return 1;
	}
	return 0;
}

/* A VF's mark goes as soon as nobody has to be rebuilt before it. */
static void
vf_mark_poll(struct emu_dev *vf)
{
	struct emu_nic *nic = vf->nic;
	uint32_t mark = emu_bar_load(vf, EMU_VF_RST_ING);

	if (mark & VF_RST_MARK && !nic->reset.is_on && !vf->reset_is_held &&
			(!nic->vfs_wait || !driver_is_there(nic->func[0])))
		emu_bar_store(vf, EMU_VF_RST_ING, mark & ~VF_RST_MARK);
}

unsigned int
emu_reset_poll(struct emu_dev *dev)
{
	unsigned int nb = func_poll(dev);

	if (dev->func == 0)
		nb += requests_poll(dev);
	else
		vf_mark_poll(dev);
	if (dev->nic->reset.is_on)
		nb += nic_poll(dev->nic);
	return nb;
}

bool
emu_reset_cmdq_is_dead(const struct emu_dev *dev)
{
	return dev->nic->reset.is_on && kinds[dev->nic->reset.kind].cmdq_is_dead;
}

const char *
emu_reset_name(enum emu_reset_kind kind)
{
	return kinds[kind].name;
}

/* ---- from outside ---- */

/* The VF is told to start over, as a PF's driver would before a reset of its own [1:7.6]. */
static int
vf_assert(struct emu_dev *vf)
{
	uint8_t msg[24] = { 0 };

	emu_put16(msg, 8, 2);  /* ASSERTING_RESET [1:7.4] */
	emu_put16(msg, 10, 2); /* level: the PF resets [1:8.1] */
	emu_reset_func_start(vf);
	return emu_crq_post(vf, 0x2000, msg);
}

int
emu_reset_trigger(struct emu_dev *dev, enum emu_reset_kind kind)
{
	switch (kind) {
	case EMU_RESET_FUNC:
		return dev->func == 0 ? emu_err_raise(dev, "ppu_pf_over_8bd") : vf_assert(dev);
	case EMU_RESET_GLOBAL:
	case EMU_RESET_IMP:
		if (dev->nic->reset.is_on && dev->nic->reset.kind >= kind)
			return -EBUSY;
		nic_start(dev->nic, kind);
		return 0;
	case EMU_RESET_FLR:
		dev->nb_resets[kind]++;
		if (emu_trace_is_on(dev))
			emu_trace_event(dev, "reset begins kind=%s", kinds[kind].name);
		emu_data_pause();
		emu_dev_flr(dev);
		emu_data_resume();
		if (dev->func == 0)
			emu_host_pf_reset(dev->nic, 3);
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- commands [1:5.10] ---- */

static enum emu_fw_ret
emu_fw_rst_status(struct emu_dev *dev, struct emu_cmd *cmd)
{
	const uint8_t *p = cmd->d[0].data;
	struct emu_dev *func = emu_func_get(dev->nic, p[0]);

	if (!func)
		return EMU_FW_PARA_ERR;
	func->reset_is_held = p[1] & 1;
	if (!func->reset_is_held)
		dev->nic->vfs_wait = false; /* what the PF says last when it has rebuilt itself */
	rst_ing_store(func);
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_rst_done(struct emu_dev *dev, struct emu_cmd *cmd)
{
	if (cmd->d[0].data[0] & 1)
		dev->nic->vfs_wait = false;
	return EMU_FW_OK;
}

static enum emu_fw_ret
emu_fw_vfs_ready(struct emu_dev *dev, struct emu_cmd *cmd)
{
	bool ready = true;

	for (unsigned int f = 1; f < dev->nic->nb_funcs; f++)
		ready &= !dev->nic->func[f] || driver_is_ready(dev->nic->func[f]);
	cmd->d[0].data[0] = ready;
	return EMU_FW_OK;
}

/* clang-format off: a table [1:4] */
const struct emu_fw_op emu_fw_reset_ops[] = {
	{ 0x0021, 0, "GBL_RST_STATUS", emu_fw_rst_status },
	{ 0x0026, 0, "PF_RST_DONE", emu_fw_rst_done },
	{ 0x0027, 0, "QUERY_VF_RST_RDY", emu_fw_vfs_ready },
	{ 0 },
};
/* clang-format on */

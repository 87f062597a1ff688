/* SPDX-License-Identifier: BSD-3-Clause */
/* Faults on demand: plans, and when they strike; see emu_fault.h. Read next: whoever asks
 * emu_faults_armed(). */
#include "emu_fault.h"

#include <errno.h>
#include <string.h>

#include "deadline.h"
#include "emu_reset.h"
#include "emu_trace.h"
#include "log.h"

#define MODULE         "emu.fault"
#define STRIKES_LOGGED 8  /* of each plan; the rest is counted */
#define MBX_RESPONSE   17 /* code of an answer, which names the question's [1:7.2] */

/* ---- plans ---- */

static bool
dma_refuses(void *arg)
{
	return emu_fault_strikes(arg, EMU_FAULT_DMA_REFUSED, 0, NULL);
}

/* Say which kinds are armed, and take the IOMMU's short cuts away if it is to refuse. */
static void
armed_update(struct emu_dev *dev)
{
	struct emu_fault_set *s = &dev->faults;
	uint32_t armed = 0;

	for (unsigned int i = 0; i < s->nb_plans; i++)
		armed |= 1u << s->plan[i].kind;
	/* Relaxed: the data thread is paused, or it is a kind of the service thread's. */
	__atomic_store_n(&s->armed, armed, __ATOMIC_RELAXED);
	emu_iommu_refuse(dev->cfg.iommu, armed & EMU_FAULT_BIT(DMA_REFUSED) ? dma_refuses : NULL,
			dev);
}

int
emu_fault_arm(struct emu_dev *dev, const struct emu_fault *f)
{
	struct emu_fault_set *s = &dev->faults;

	for (unsigned int i = 0; i < s->nb_plans; i++) {
		if (strcmp(s->plan[i].name, f->name) == 0)
			return -EEXIST;
	}
	if (s->nb_plans == EMU_FAULT_PLANS_MAX)
		return -ENOSPC;
	emu_data_pause();
	s->plan[s->nb_plans] = *f;
	s->plan[s->nb_plans].due_ns = deadline_now_ns() + f->ms * UINT64_C(1000000);
	s->nb_plans++;
	armed_update(dev);
	emu_data_resume();
	base_log(BASE_LOG_NOTICE, MODULE, "%s: fault %s is armed", dev->cfg.name, f->name);
	return 0;
}

int
emu_fault_clear(struct emu_dev *dev, const char *name)
{
	struct emu_fault_set *s = &dev->faults;
	unsigned int left = 0, was = s->nb_plans;
	bool was_down = false;

	emu_data_pause();
	for (unsigned int i = 0; i < was; i++) {
		if (name && strcmp(s->plan[i].name, name) != 0)
			s->plan[left++] = s->plan[i];
		else
			was_down |= s->plan[i].is_down;
	}
	s->nb_plans = left;
	armed_update(dev);
	emu_data_resume();
	if (was_down)
		emu_dev_link_set(dev, true);
	if (left == was && name)
		return -ENOENT;
	base_log(BASE_LOG_NOTICE, MODULE, "%s: fault %s is cleared", dev->cfg.name,
			name ? name : "plans, all:");
	return 0;
}

const struct emu_fault_set *
emu_fault_set_of(const struct emu_dev *dev)
{
	return &dev->faults;
}

/* ---- strikes ---- */

/* Throw the dice of the plan for the @p n-th time: 32 bits of splitmix64. */
static uint32_t
dice(uint64_t seed, uint64_t n)
{
	uint64_t z = seed + n * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ z >> 31) >> 32);
}

/* Whether this plan strikes at its next occasion. */
static bool
plan_strikes(struct emu_dev *dev, struct emu_fault *f)
{
	/* Relaxed: counters, which both threads may move. */
	uint64_t n = __atomic_add_fetch(&f->seen, 1, __ATOMIC_RELAXED), nb;

	if (n < f->nth || (n - f->nth) % f->every != 0 || dice(f->seed, n) >= f->chance)
		return false;
	nb = __atomic_add_fetch(&f->strikes, 1, __ATOMIC_RELAXED);
	if (f->count && nb > f->count) {
		__atomic_sub_fetch(&f->strikes, 1, __ATOMIC_RELAXED);
		return false;
	}
	__atomic_add_fetch(&dev->faults.struck[f->kind], 1, __ATOMIC_RELAXED);
	if (emu_trace_is_on(dev))
		emu_trace_event(dev, "fault name=%s occasion=%llu", f->name, (unsigned long long)n);
	if (nb <= STRIKES_LOGGED)
		base_log(BASE_LOG_NOTICE, MODULE, "%s: fault %s strikes, occasion %llu",
				dev->cfg.name, f->name, (unsigned long long)n);
	return true;
}

bool
emu_fault_strikes(struct emu_dev *dev, enum emu_fault_kind kind, uint32_t match,
		const struct emu_fault **which)
{
	for (unsigned int i = 0; i < dev->faults.nb_plans; i++) {
		struct emu_fault *f = &dev->faults.plan[i];

		if (f->kind != kind || (f->match != EMU_FAULT_ANY && f->match != match))
			continue;
		if (plan_strikes(dev, f)) {
			if (which)
				*which = f;
			return true;
		}
	}
	return false;
}

void
emu_fault_wait(const struct emu_fault *f)
{
	struct deadline end = deadline_in_us(f->us);

	while (!deadline_has_passed(&end))
		;
}

static void
command_hold(struct emu_fault_set *s, uint32_t at, uint32_t tail, uint64_t due_ns)
{
	s->cmd_resume = due_ns ? at : tail;
	s->cmd_tail = tail;
	s->cmd_due_ns = due_ns;
	s->cmd_is_late = due_ns != 0;
	/* Relaxed: a hint for the data thread, which need not wake the service thread. */
	__atomic_store_n(&s->cmd_is_held, true, __ATOMIC_RELAXED);
}

enum emu_fault_cmd
emu_fault_command(struct emu_dev *dev, uint16_t opcode, uint32_t at, uint32_t tail, uint16_t *ret)
{
	struct emu_fault_set *s = &dev->faults;
	const struct emu_fault *f;

	if (s->cmd_is_free) {
		s->cmd_is_free = false;
		return EMU_FAULT_CMD_GOES;
	}
	if (emu_fault_strikes(dev, EMU_FAULT_FW_DEAD, opcode, &f) ||
			emu_fault_strikes(dev, EMU_FAULT_CMD_LOST, opcode, &f)) {
		command_hold(s, at, tail, 0);
		return EMU_FAULT_CMD_WAITS;
	}
	if (emu_fault_strikes(dev, EMU_FAULT_CMD_LATE, opcode, &f)) {
		command_hold(s, at, tail, deadline_now_ns() + f->ms * UINT64_C(1000000));
		return EMU_FAULT_CMD_WAITS;
	}
	if (emu_fault_strikes(dev, EMU_FAULT_RESET, opcode, &f)) {
		int err = emu_reset_trigger(dev, f->val);

		if (err)
			base_log(BASE_LOG_NOTICE, MODULE,
					"%s: fault %s: the reset does not begin: %s", dev->cfg.name,
					f->name, strerror(-err));
		if (emu_reset_cmdq_is_dead(dev) || emu_bar_load(dev, EMU_CSQ_DEPTH) == 0)
			return EMU_FAULT_CMD_GONE;
	}
	if (emu_fault_strikes(dev, EMU_FAULT_CMD_ERROR, opcode, &f)) {
		*ret = (uint16_t)f->val;
		return EMU_FAULT_CMD_FAILS;
	}
	return EMU_FAULT_CMD_GOES;
}

bool
emu_fault_queue_waits(struct emu_dev *dev, uint32_t *head, uint32_t tail)
{
	struct emu_fault_set *s = &dev->faults;

	if (*head == s->cmd_head && *head != tail) { /* else the driver has begun anew */
		if (s->cmd_is_late ? deadline_now_ns() < s->cmd_due_ns : tail == s->cmd_tail)
			return true;
		s->cmd_is_free = s->cmd_is_late;
		*head = s->cmd_resume; /* what was lost stays so */
	}
	__atomic_store_n(&s->cmd_is_held, false, __ATOMIC_RELAXED);
	return false;
}

bool
emu_fault_message(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24])
{
	struct emu_fault_set *s = &dev->faults;
	uint32_t code = data[8] == MBX_RESPONSE ? data[10] : data[8]; /* [1:7.2] */
	const struct emu_fault *f;

	if (emu_fault_strikes(dev, EMU_FAULT_MBX_LOST, code, NULL))
		return true;
	if (emu_fault_strikes(dev, EMU_FAULT_MBX_DUP, code, NULL))
		emu_crq_write(dev, opcode, data);
	if (s->nb_held == EMU_FAULT_HELD_MAX ||
			!emu_fault_strikes(dev, EMU_FAULT_MBX_LATE, code, &f))
		return false;
	s->held[s->nb_held].due_ns = deadline_now_ns() + f->ms * UINT64_C(1000000);
	s->held[s->nb_held].opcode = opcode;
	memcpy(s->held[s->nb_held].data, data, sizeof(s->held[0].data));
	s->nb_held++;
	return true;
}

/* Down for ms and up for ms; a strike is one way down. */
static unsigned int
link_flap(struct emu_dev *dev, struct emu_fault *f)
{
	f->is_down = !f->is_down && plan_strikes(dev, f);
	emu_dev_link_set(dev, !f->is_down);
	return 1;
}

unsigned int
emu_fault_poll(struct emu_dev *dev)
{
	struct emu_fault_set *s = &dev->faults;
	uint64_t now = deadline_now_ns();
	unsigned int nb = 0, left = 0;

	for (unsigned int i = 0; i < s->nb_plans; i++) {
		struct emu_fault *f = &s->plan[i];

		if ((f->kind != EMU_FAULT_LINK_FLAP && f->kind != EMU_FAULT_IRQ_SPURIOUS) ||
				now < f->due_ns)
			continue;
		f->due_ns = now + f->ms * UINT64_C(1000000);
		if (f->kind == EMU_FAULT_LINK_FLAP) {
			nb += link_flap(dev, f);
		} else if (plan_strikes(dev, f)) {
			emu_port_irq(dev->cfg.port, f->match == EMU_FAULT_ANY ? 0 : f->match);
			nb++;
		}
	}
	for (unsigned int i = 0; i < s->nb_held; i++) {
		if (now < s->held[i].due_ns)
			s->held[left++] = s->held[i];
		else
			emu_crq_write(dev, s->held[i].opcode, s->held[i].data);
	}
	nb += s->nb_held - left;
	s->nb_held = left;
	return nb;
}

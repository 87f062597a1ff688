/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The PTP clock; see emu_ptp.h. Where registers are mapped, a word that asks for something is found
 * by looking, and set back to 0 when it is done; so it is where accesses are trapped.
 */
#include "emu_ptp.h"

#include "deadline.h"

#define NS_PER_S      1000000000u
#define CYCLE_DEN     1000000000u /* so that a billionth more or less can be said [3:8.1] */
#define NSEC_MASK     BITS32(29, 0)
#define NSEC_NEGATIVE BIT32(31)
#define SEC_BITS      48

__extension__ typedef unsigned __int128 u128;

/* Let the time up to now go into sec and ns. */
static void
clock_advance(struct emu_ptp *c)
{
	uint64_t now = deadline_now_ns();
	u128 parts = (u128)(now - c->host_ns) * ((uint64_t)c->quo * c->den + c->num) + c->part;
	uint64_t ns = c->ns + (uint64_t)(parts / c->den);

	c->part = (uint32_t)(parts % c->den);
	c->host_ns = now;
	c->ns = (uint32_t)(ns % NS_PER_S);
	c->sec = (c->sec + ns / NS_PER_S) & ((UINT64_C(1) << SEC_BITS) - 1);
}

static void
clock_set(struct emu_dev *dev, struct emu_ptp *c)
{
	uint64_t high = emu_bar_load(dev, EMU_PTP_TIME_SEC_H) & UINT16_MAX;
	uint32_t ns = emu_bar_load(dev, EMU_PTP_TIME_NSEC) & NSEC_MASK;

	c->sec = high << 32 | emu_bar_load(dev, EMU_PTP_TIME_SEC_L);
	c->sec += ns / NS_PER_S;
	c->ns = ns % NS_PER_S;
	c->part = 0;
}

static void
clock_adjust(struct emu_dev *dev, struct emu_ptp *c)
{
	uint32_t word = emu_bar_load(dev, EMU_PTP_TIME_NSEC), by = word & NSEC_MASK;

	if (word & NSEC_NEGATIVE) {
		uint32_t whole = by / NS_PER_S + (by % NS_PER_S > c->ns);

		c->ns = c->ns + (by % NS_PER_S > c->ns ? NS_PER_S : 0) - by % NS_PER_S;
		c->sec = c->sec > whole ? c->sec - whole : 0;
		return;
	}
	c->sec += (c->ns + (uint64_t)by) / NS_PER_S;
	c->ns = (uint32_t)((c->ns + (uint64_t)by) % NS_PER_S);
}

/* The increment that the registers hold, if it is one; what is shown for it is what was written. */
static void
cycle_take(struct emu_dev *dev, struct emu_ptp *c)
{
	uint32_t den = emu_bar_load(dev, EMU_PTP_CYCLE_DEN);

	if (den == 0)
		return;
	if (den != c->den)
		c->part = 0;
	c->quo = (uint8_t)emu_bar_load(dev, EMU_PTP_CYCLE_QUO);
	c->num = emu_bar_load(dev, EMU_PTP_CYCLE_NUM);
	c->den = den;
}

/* Whether the driver asks for something by bit 0 of a register. */
static bool
ask_take(struct emu_dev *dev, uint32_t reg)
{
	if (!(emu_bar_load(dev, reg) & 1))
		return false;
	emu_bar_store(dev, reg, 0);
	return true;
}

void
emu_ptp_reset(struct emu_dev *dev)
{
	if (!emu_ptp_is_there(dev))
		return;
	dev->nic->ptp = (struct emu_ptp){
		.host_ns = deadline_now_ns(), .quo = 1, .den = CYCLE_DEN
	};
	emu_bar_store(dev, EMU_PTP_CYCLE_QUO, 1);
	emu_bar_store(dev, EMU_PTP_CYCLE_DEN, CYCLE_DEN);
}

void
emu_ptp_poll(struct emu_dev *dev)
{
	struct emu_ptp *c = &dev->nic->ptp;

	if (!emu_ptp_is_there(dev))
		return;
	clock_advance(c);
	if (ask_take(dev, EMU_PTP_CYCLE_CFG))
		cycle_take(dev, c);
	if (ask_take(dev, EMU_PTP_TIME_SYNC))
		clock_set(dev, c);
	if (ask_take(dev, EMU_PTP_TIME_ADJ))
		clock_adjust(dev, c);
	emu_bar_store(dev, EMU_PTP_CUR_SEC_H, (uint32_t)(c->sec >> 32));
	emu_bar_store(dev, EMU_PTP_CUR_SEC_L, (uint32_t)c->sec);
	emu_bar_store(dev, EMU_PTP_CUR_NSEC, c->ns);
}

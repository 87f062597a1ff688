/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Faults on demand: what the device does wrong, when, and how often, by plan (emu_fault_usage says
 * how one is written). Each function has a set of its own; whether a plan strikes depends on
 * nothing but its text and the number of times it could have, so that a run can be repeated.
 *
 * A place where a fault can strike asks emu_faults_armed() first: one load and one branch. Plans
 * are armed and cleared by the service thread with the data thread paused; their counters are
 * atomic.
 */
#ifndef EMU_FAULT_H
#define EMU_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum emu_fault_kind {
	EMU_FAULT_CMD_LOST,
	EMU_FAULT_CMD_LATE,
	EMU_FAULT_CMD_ERROR,
	EMU_FAULT_FW_DEAD,
	EMU_FAULT_RESET,
	EMU_FAULT_MBX_LOST,
	EMU_FAULT_MBX_LATE,
	EMU_FAULT_MBX_DUP,
	EMU_FAULT_IRQ_LOST,
	EMU_FAULT_IRQ_SPURIOUS,
	EMU_FAULT_LINK_FLAP,
	EMU_FAULT_FRAME_BAD_FCS,
	EMU_FAULT_FRAME_TRUNCATED,
	EMU_FAULT_BD_TORN,
	EMU_FAULT_BD_LATE,
	EMU_FAULT_BD_BAD_LEN,
	EMU_FAULT_BD_BAD_COUNT,
	EMU_FAULT_BD_BAD_INDEX,
	EMU_FAULT_DMA_REFUSED,
	EMU_FAULT_NB,
};

#define EMU_FAULT_BIT(kind) (1u << EMU_FAULT_##kind)
#define EMU_FAULTS_CMD                                                                             \
	(EMU_FAULT_BIT(CMD_LOST) | EMU_FAULT_BIT(CMD_LATE) | EMU_FAULT_BIT(CMD_ERROR) |            \
			EMU_FAULT_BIT(FW_DEAD) | EMU_FAULT_BIT(RESET))
#define EMU_FAULTS_MBX   (EMU_FAULT_BIT(MBX_LOST) | EMU_FAULT_BIT(MBX_LATE) | EMU_FAULT_BIT(MBX_DUP))
#define EMU_FAULTS_FRAME (EMU_FAULT_BIT(FRAME_BAD_FCS) | EMU_FAULT_BIT(FRAME_TRUNCATED))
#define EMU_FAULTS_BD                                                                              \
	(EMU_FAULT_BIT(BD_TORN) | EMU_FAULT_BIT(BD_LATE) | EMU_FAULT_BIT(BD_BAD_LEN) |             \
			EMU_FAULT_BIT(BD_BAD_COUNT) | EMU_FAULT_BIT(BD_BAD_INDEX))

#define EMU_FAULTS_TIMED (EMU_FAULT_BIT(IRQ_SPURIOUS) | EMU_FAULT_BIT(LINK_FLAP))

#define EMU_FAULT_ANY       UINT32_MAX
#define EMU_FAULT_PLANS_MAX 16 /* of a function */
#define EMU_FAULT_NAME_MAX  32
#define EMU_FAULT_HELD_MAX  8 /* messages that are late */

struct emu_dev;

struct emu_fault {
	enum emu_fault_kind kind;
	char name[EMU_FAULT_NAME_MAX];
	int port;       /* -1: any */
	uint32_t match; /* opcode, message code, vector, queue; UINT32_MAX: any */
	uint64_t nth, every, count, chance; /* chance: of 2^32 */
	uint64_t seed;
	uint32_t ms, us, val;
	uint64_t seen, strikes; /* atomic */
	uint64_t due_ns;        /* of what happens by the clock */
	bool is_down;           /* link-flap: between down and up */
};

struct emu_fault_set {
	uint32_t armed; /* bits of kinds; atomic */
	unsigned int nb_plans;
	struct emu_fault plan[EMU_FAULT_PLANS_MAX];
	uint64_t struck[EMU_FAULT_NB]; /* of all plans ever; atomic */
	/* a command that has no answer: head and tail registers of that time, where to go on */
	bool cmd_is_held; /* atomic: the data thread looks */
	bool cmd_is_late; /* it will be answered at cmd_due_ns */
	bool cmd_is_free; /* it has been late already */
	uint32_t cmd_head, cmd_tail, cmd_resume;
	uint64_t cmd_due_ns;
	struct {
		uint64_t due_ns;
		uint16_t opcode;
		uint8_t data[24];
	} held[EMU_FAULT_HELD_MAX];
	unsigned int nb_held;
};

/* How plans are written, for --help and doc. */
extern const char emu_fault_usage[];

/* What plans of a kind are called and may say. */
struct emu_fault_info {
	const char *name;
	const char *match; /* key of what is compared, or NULL */
	bool has_ms, has_us;
	uint32_t ms, us, val;      /* unless told otherwise */
	uint32_t val_min, val_max; /* 0, 0: it takes none */
	uint64_t count;
};
extern const struct emu_fault_info emu_fault_kinds[EMU_FAULT_NB];

/* Take a plan apart; 0, or -EINVAL with what would be right in @p why. */
int emu_fault_parse(const char *text, struct emu_fault *f, char *why, size_t why_size);

/* -ENOSPC: 16 are armed; -EEXIST: one of that name is. Service thread, as all that follow. */
int emu_fault_arm(struct emu_dev *dev, const struct emu_fault *f);
/* Disarm the plan of that name, or (NULL) all. -ENOENT: there is none. */
int emu_fault_clear(struct emu_dev *dev, const char *name);
const struct emu_fault_set *emu_fault_set_of(const struct emu_dev *dev);

/* ---- where they strike; the caller has asked emu_faults_armed() ---- */

/* Whether a fault of @p kind strikes now; counts and logs it. Any thread. */
bool emu_fault_strikes(struct emu_dev *dev, enum emu_fault_kind kind, uint32_t match,
		const struct emu_fault **which);

enum emu_fault_cmd {
	EMU_FAULT_CMD_GOES,
	EMU_FAULT_CMD_WAITS, /* no answer now */
	EMU_FAULT_CMD_FAILS, /* answer with *ret */
	EMU_FAULT_CMD_GONE,  /* and its queue with it */
};
/* What becomes of the command at @p at of the send queue, whose tail is @p tail. */
enum emu_fault_cmd emu_fault_command(
		struct emu_dev *dev, uint16_t opcode, uint32_t at, uint32_t tail, uint16_t *ret);
/* Whether the queue's first command has no answer still; else *head is where to go on. */
bool emu_fault_queue_waits(struct emu_dev *dev, uint32_t *head, uint32_t tail);

/* Whether a message to @p dev is not to be posted now. */
bool emu_fault_message(struct emu_dev *dev, uint16_t opcode, const uint8_t data[24]);

/* Let the plan's us pass. */
void emu_fault_wait(const struct emu_fault *f);

/* What happens by the clock: spurious interrupts, flaps, late messages. Returns how much. */
unsigned int emu_fault_poll(struct emu_dev *dev);

#endif

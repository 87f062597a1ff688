/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flow director of one NIC: a TCAM of rules, the key that is built from each frame, and what a
 * hit does [3:5].
 *
 * A rule holds x and y words: it matches a key P if (P & x) == 0 and (~P & y) == 0; so it looks at
 * the bits x | y, its mask, and wants y there [3:5.6]. Live rules of the same mask form a group. A
 * look-up hashes the masked bits once for each group, and does not depend on the number of rules;
 * among all hits the lowest index wins [3:5.12].
 *
 * Threads: the service thread changes rules, actions and key layout with the data thread paused;
 * the data thread looks up and counts. emu_fd_counter_read() may run beside it.
 */
#ifndef EMU_FD_H
#define EMU_FD_H

#include <stddef.h>

#include "emu_parse.h"

#define EMU_FD_RULES_MAX    4096u /* mode 2 [3:5.1] */
#define EMU_FD_COUNTERS_MAX 256u  /* 8 bits of the action [3:5.8] */
#define EMU_FD_KEY_BYTES    52u   /* of the commands [3:5.5] */
#define EMU_FD_WORDS        12u   /* of a record: everything that keys are made of */
#define EMU_FD_BUCKETS      8192u
#define EMU_FD_NONE         UINT16_MAX

/* What the device's board has: chosen when it is made [3:5.1]. */
enum emu_fd_mode {
	EMU_FD_2K_400 = 0,
	EMU_FD_4K_200 = 2,
};

/*
 * All tuples and metadata of a frame, each at a place of its own whatever the key's layout; rules
 * are brought into the same form when they are written, so that a frame's key is never packed.
 */
struct emu_fd_record {
	uint64_t word[EMU_FD_WORDS];
};

struct emu_fd_action {
	bool drop, to_queue, to_region, writes_id, counts;
	uint8_t region_log2, counter;
	uint16_t queue, rule_id;
};

/* What a look-up touches of a rule; the x half lies apart. */
struct emu_fd_rule {
	struct emu_fd_record want; /* from the y half */
	struct emu_fd_action action;
	uint16_t group; /* index; EMU_FD_NONE: not in the hash table */
	uint16_t next;  /* of the bucket, ascending */
	bool is_valid;
} __attribute__((aligned(128)));

/* Rules with the same mask. */
struct emu_fd_group {
	struct emu_fd_record mask;
	uint8_t at[EMU_FD_WORDS]; /* the words of the mask that are not 0 */
	uint16_t nb_words;
	uint16_t nb_rules; /* 0: the place is free */
};

struct emu_fd {
	/* what the data thread reads for each frame */
	uint32_t nb_live; /* rules in the hash table: 0, nothing to do */
	uint16_t nb_groups;
	bool has_user_def;
	struct {
		bool is_on;
		uint16_t offset;
	} user_def[6]; /* outer L2, L2, outer L3, L3, outer L4, L4 [3:5.10] */
	uint16_t bucket[EMU_FD_BUCKETS];
	uint16_t live[EMU_FD_RULES_MAX]; /* indexes of the nb_groups groups that have rules */
	struct emu_fd_group group[EMU_FD_RULES_MAX];
	uint64_t counter[EMU_FD_COUNTERS_MAX]; /* data thread writes */
	struct emu_fd_rule rule[EMU_FD_RULES_MAX];

	/* service thread only */
	enum emu_fd_mode mode;
	uint32_t nb_rules; /* 2048 or 4096 */
	uint64_t counter_shown[EMU_FD_COUNTERS_MAX];
	uint32_t tuple_active, meta_active; /* bits of [3:5.4] */
	uint16_t key_bits;                  /* 400 or 200 */
	struct {
		uint8_t x[EMU_FD_KEY_BYTES], y[EMU_FD_KEY_BYTES]; /* as written */
	} half[EMU_FD_RULES_MAX];
};

/* NULL: out of memory. */
struct emu_fd *emu_fd_create(enum emu_fd_mode mode);
void emu_fd_destroy(struct emu_fd *fd);
/* To power-on state: no rule, all tuples of the mode in the key. */
void emu_fd_reset(struct emu_fd *fd);

/* Which tuples and metadata the key holds [3:5.3]; rules keep their bytes. */
void emu_fd_key_layout(struct emu_fd *fd, uint32_t tuple_active, uint32_t meta_active);
/* Half of a rule. The x half decides whether it is valid [3:5.7]. @p index < nb_rules. */
void emu_fd_rule_write_y(struct emu_fd *fd, uint32_t index, const uint8_t key[EMU_FD_KEY_BYTES]);
void emu_fd_rule_write_x(struct emu_fd *fd, uint32_t index, const uint8_t key[EMU_FD_KEY_BYTES],
		bool is_valid);
/* Words of 0x1204. */
void emu_fd_action_write(struct emu_fd *fd, uint32_t index, uint32_t low, uint32_t high);
/* Frames since the last call [3:5.9]. */
uint64_t emu_fd_counter_read(struct emu_fd *fd, uint32_t counter);

/* Bring key bytes into the form of a record; false: bits are set that no frame can have. */
bool emu_fd_key_unpack(const struct emu_fd *fd, const uint8_t key[EMU_FD_KEY_BYTES],
		struct emu_fd_record *out);
/* What rules can ask of a frame for function @p func. */
void emu_fd_record_make(const struct emu_fd *fd, const struct emu_parsed *p, unsigned int func,
		struct emu_fd_record *out);
/* The valid rule of lowest index that matches, or NULL. */
const struct emu_fd_rule *emu_fd_find(const struct emu_fd *fd, const struct emu_fd_record *record);

/* Out of line, when there are rules. */
const struct emu_fd_action *emu_fd_match_slow(
		struct emu_fd *fd, const struct emu_parsed *p, unsigned int func);

/* What the rules say about a frame, counted; NULL: nothing. Data thread. */
static inline const struct emu_fd_action *
emu_fd_match(struct emu_fd *fd, const struct emu_parsed *p, unsigned int func)
{
	return fd->nb_live == 0 ? NULL : emu_fd_match_slow(fd, p, func);
}

#endif

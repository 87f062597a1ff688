/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plain accesses: checked by vector clocks. The compiler calls the hooks below in code that is
 * compiled with -fsanitize=thread; libtsan is not linked.
 */
#include "model_world.h"

static bool
is_known(int thread, uint8_t clock)
{
	return thread == model_running || model_w.threads[model_running].now.clock[thread] >= clock;
}

static void
access_data(const void *p, size_t bytes, bool is_write, const void *caller)
{
	size_t off = (size_t)((const char *)p - model_w.arena);

	if (model_running < 0 || off >= model_w.used)
		return;
	model_touch(off);
	for (size_t g = off / 4; g <= (off + bytes - 1) / 4; g++) {
		struct model_shadow *s = &model_w.shadow[g];
		uint8_t clock = model_w.threads[model_running].now.clock[model_running];

		if (s->write_clock != 0 && !is_known(s->writer, s->write_clock))
			model_fail("data race: %s of arena + %zu at %p after a write by T%d",
					is_write ? "write" : "read", g * 4, caller, s->writer);
		for (int i = 0; is_write && i < MODEL_THREADS; i++)
			if (s->read_clock[i] != 0 && !is_known(i, s->read_clock[i]))
				model_fail("data race: write of arena + %zu at %p after a read by "
					   "T%d",
						g * 4, caller, i);
		if (is_write) {
			memset(s, 0, sizeof(*s));
			s->writer = (uint8_t)model_running;
			s->write_clock = clock;
		} else {
			s->read_clock[model_running] = clock;
		}
	}
}

void
model_read(const void *p)
{
	access_data(p, 4, false, __builtin_return_address(0));
}

void
model_write(const void *p)
{
	access_data(p, 4, true, __builtin_return_address(0));
}

#define HOOK(name, bytes, is_write)                                                                \
	void __tsan_##name(void *p);                                                               \
	void __tsan_##name(void *p)                                                                \
	{                                                                                          \
		access_data(p, bytes, is_write, __builtin_return_address(0));                      \
	}
#define HOOKS(bytes)                                                                               \
	HOOK(read##bytes, bytes, false)                                                            \
	HOOK(write##bytes, bytes, true)                                                            \
	HOOK(unaligned_read##bytes, bytes, false)                                                  \
	HOOK(unaligned_write##bytes, bytes, true)                                                  \
	HOOK(read_write##bytes, bytes, true)                                                       \
	HOOK(unaligned_read_write##bytes, bytes, true)
#define HOOK_RANGE(name, is_write)                                                                 \
	void __tsan_##name(void *p, size_t bytes);                                                 \
	void __tsan_##name(void *p, size_t bytes)                                                  \
	{                                                                                          \
		if (bytes != 0)                                                                    \
			access_data(p, bytes, is_write, __builtin_return_address(0));              \
	}
#define HOOK_NONE(name)                                                                            \
	void __tsan_##name(void *p);                                                               \
	void __tsan_##name(void *p)                                                                \
	{                                                                                          \
		(void)p;                                                                           \
	}

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
HOOK_RANGE(read_range, false)
HOOK_RANGE(write_range, true)
HOOK_NONE(func_entry)
HOOK_NONE(func_exit)
HOOK_NONE(init)

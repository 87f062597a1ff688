/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model checker for lock-free C: runs the real code, compiled with BASE_ATOMIC_MODEL, in every
 * order that the C11 memory model allows it (within the limits below), and checks each.
 *
 * Memory. Each atomic variable keeps the history of its stores, each thread a view: per variable,
 * the oldest store that it may still read. A load may return any store from there on; what it
 * chooses is a branch of the search. A release store or RMW carries the thread's view, and an
 * acquire load joins what it reads; RMWs read the newest store and carry on its release sequence. A
 * seq_cst fence exchanges views with all earlier fences and takes over all earlier seq_cst stores;
 * a seq_cst load returns no store older than the last that is seq_cst or lies before a fence. It
 * orders nothing else: as in C11, seq_cst accesses are no fences for their neighbours.
 * Not modelled: loads that see stores of their own future (load buffering), modification orders
 * that differ from the order of execution (2+2W), spurious failure.
 *
 * Data. Plain accesses of code compiled with -fsanitize=thread, whose hooks are here, and of
 * model_read() and model_write(), are checked by vector clocks: two of different threads, one a
 * write, of which neither happens before the other, are an error, whatever order they ran in.
 *
 * Search. Threads are coroutines; a world is arena, histories, views and stacks. Depth first over
 * who moves next and what a load reads; a world seen before (64-bit hash over all of it) is not
 * entered again. Reductions, none of which loses an error:
 * - An atomic variable that one thread touches, or that none writes, is no branch. Which those are
 *   is learnt: if a second thread touches one after all, the search starts anew with it shared.
 * - A lock word (learnt from at_pause()) blocks until it is free; taking it is bound to the
 *   operation behind, giving it to the one in front, since both commute with what others do.
 * - In the hash, old views count as the oldest that any running thread has.
 *
 * All that the threads share, and what the checks compare, must come from model_zalloc().
 */
#ifndef MODEL_H
#define MODEL_H

#include "atomic.h"

#define MODEL_THREADS 3

struct model_scenario {
	const char *name;
	void (*setup)(void);
	void (*thread[MODEL_THREADS])(void);
	void (*check)(void); /* alone, when all have ended; may be NULL */
	const char *fault;   /* NULL, or what the model must find: part of its message */
};

/* Run all of them, or those whose name contains argv[1]. Returns the exit status. */
int model_main(int argc, char **argv, const struct model_scenario *s, int nb);

void *model_zalloc(size_t bytes, size_t align);
/* The thread that runs, counted from 0. */
int model_self(void);
/* Plain accesses of the 4 bytes at @p p; only recorded. */
void model_read(const void *p);
void model_write(const void *p);
/* The @p bytes at @p p are freed: nobody may touch them any more, by atomics neither. */
void model_free(const void *p, size_t bytes);
/* An error: ends this search. */
__attribute__((format(printf, 1, 2))) void model_fail(const char *format, ...);

#define model_check(cond)                                                                          \
	do {                                                                                       \
		if (!(cond))                                                                       \
			model_fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond);                \
	} while (0)

#endif

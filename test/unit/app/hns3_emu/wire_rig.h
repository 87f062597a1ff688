/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bench for wires: a device that keeps copies of the frames it takes and has as much room as the
 * case says, and a directory of its own for each case, which is the working directory meanwhile.
 * One thread.
 */
#ifndef WIRE_RIG_H
#define WIRE_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "emu_dev.h"
#include "emu_wire.h"

struct kept_frame {
	uint32_t len;
	uint8_t *bytes;
};

/* The device that wires see. */
struct emu_dev {
	bool ready;
	bool refuses;  /* drops every frame, by a name of its own */
	uint32_t room; /* frames that it still takes; then EMU_RX_NO_BD */
	uint32_t missed;
	uint32_t longest_burst; /* that it was given */
	uint32_t nb_kept;
	struct kept_frame kept[4096];
};

struct wire_rig {
	struct emu_dev dev; /* ready, with room for all */
	struct emu_wire wire;
	char why[512]; /* of the last open or connect */
	char dir[64];
	int back; /* the working directory of before */
};

/* For cmocka: *state is a struct wire_rig; teardown closes the wire and removes all files. */
int wire_setup(void **state);
int wire_teardown(void **state);

/* Open the rig's wire; what emu_wire_open() returned. */
int wire_try(struct wire_rig *rig, const char *spec);
/* Likewise; fails the test if it does not open. */
void wire_open(struct wire_rig *rig, const char *spec);
void wire_close(struct wire_rig *rig);
/* Fails the test unless @p spec is refused with one line that holds @p hint. */
void wire_refused(struct wire_rig *rig, const char *spec, const char *hint);

/* Poll until the device has @p nb frames; fails the test after five seconds. */
void wire_poll_until(struct wire_rig *rig, uint32_t nb);
/* Poll until the wire has dealt with exactly @p nb frames, whatever became of them; likewise. */
void wire_poll_dealt(struct wire_rig *rig, unsigned int nb);
/* Poll for @p ms; returns the frames dealt with. */
unsigned int wire_poll_for(struct wire_rig *rig, unsigned int ms);
void dev_forget(struct emu_dev *dev);

/* Hand a frame to the wire, in segments of at most @p seg_bytes (0: in one). */
enum emu_tx_result wire_tx(
		struct wire_rig *rig, const uint8_t *bytes, uint32_t len, uint32_t seg_bytes);
/* Bytes @p seed, seed + 1, ... */
void bytes_fill(uint8_t *bytes, uint32_t len, unsigned int seed);
/* Ones' complement sum of big-endian words, folded: 0xffff over what is right. */
uint32_t bytes_sum(const uint8_t *p, uint32_t len, uint32_t sum);

/* All bytes of a file; the caller frees them. */
uint8_t *file_read(const char *name, size_t *size);
void file_write(const char *name, const void *bytes, size_t size);

#endif

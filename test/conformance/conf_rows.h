/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Device facts by name, so that two programs which do not share a header can be compared (ADR
 * 0001). conf_emu_rows.c takes the values from app/hns3_emu, conf_pmd_rows.c from
 * drivers/net/hns3_pmd; neither includes the other's headers. conf_layout.c has a third reading of
 * doc/hns3, typed by hand. A difference sends someone back to the reference; it is never mended by
 * copying.
 */
#ifndef CONF_ROWS_H
#define CONF_ROWS_H

#include <stddef.h>
#include <stdint.h>

struct conf_row {
	const char *name;
	uint64_t value;
};

extern const struct conf_row conf_emu_rows[];
extern const size_t conf_emu_nb_rows;
extern const struct conf_row conf_pmd_rows[];
extern const size_t conf_pmd_nb_rows;

#endif

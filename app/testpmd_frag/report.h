/* SPDX-License-Identifier: BSD-3-Clause */
/* The final report: computed once, printed for people and written as JSON. Main thread, after
 * everything has stopped. */
#ifndef TPF_REPORT_H
#define TPF_REPORT_H

#include "tpf.h"

/* Whether in = out + named drops holds for each stream. */
bool tpf_report_is_conserved(const struct tpf_app *app);
void tpf_report_print(const struct tpf_app *app);
/* 0, or a negative errno with a line on standard error. */
int tpf_report_write(const struct tpf_app *app, const char *path);

#endif

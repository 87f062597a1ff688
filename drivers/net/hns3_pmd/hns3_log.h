/* SPDX-License-Identifier: BSD-3-Clause */
/* Log type pmd.net.hns3_pmd, registered in hns3_ethdev.c. One line per call, no newline. */
#ifndef HNS3_LOG_H
#define HNS3_LOG_H

#include <rte_common.h>
#include <rte_log.h>

extern int hns3_logtype;

#define HNS3_LOG(level, ...)                                                                       \
	rte_log(RTE_LOG_##level, hns3_logtype,                                                     \
			RTE_FMT("hns3_pmd: " RTE_FMT_HEAD(__VA_ARGS__, ) "\n",                     \
					RTE_FMT_TAIL(__VA_ARGS__, )))

#endif

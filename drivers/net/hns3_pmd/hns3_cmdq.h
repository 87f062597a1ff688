/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command queue to the firmware [1:3]: one command at a time, polled to completion.
 *
 * Threads: any; `lock` covers the send ring. The receive ring belongs to the interrupt thread.
 * `dead` is set once, by a timeout, a pending device reset or a corrupt ring; from then on every
 * command fails at once with -EIO, so that closing a dead device takes no longer than a live one.
 */
#ifndef HNS3_CMDQ_H
#define HNS3_CMDQ_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_memzone.h>

#include "hns3_desc.h"

#define HNS3_CMDQ_NB_DESC 1024

struct hns3_cmdq {
	uint8_t *bar;
	const struct rte_memzone *mz; /* send ring, then receive ring */
	struct hns3_cmd_desc *csq;
	struct hns3_cmd_desc *crq;
	pthread_mutex_t lock;
	uint32_t csq_idx; /* next free send descriptor; head equals it when idle */
	uint32_t crq_idx; /* next message to read */
	bool dead;
};

typedef void (*hns3_cmdq_msg_cb)(void *arg, const uint8_t data[HNS3_CMD_DATA_BYTES]);

int hns3_cmdq_init(struct hns3_cmdq *q, uint8_t *bar, const char *name, int socket_id)
		__attribute__((warn_unused_result));
void hns3_cmdq_fini(struct hns3_cmdq *q);

/* Send @p nb descriptors as one command; they come back as the firmware left them. */
int hns3_cmdq_send(struct hns3_cmdq *q, struct hns3_cmd_desc *descs, uint32_t nb);

/* Hand every message of the receive queue to @p cb. Interrupt thread only. */
void hns3_cmdq_drain(struct hns3_cmdq *q, hns3_cmdq_msg_cb cb, void *arg);

void hns3_cmdq_kill(struct hns3_cmdq *q, const char *why);
bool hns3_cmdq_is_dead(const struct hns3_cmdq *q);

/* errno (negative) of a firmware return code [1:3.6]. */
int hns3_cmdq_errno(uint16_t retval);
/* Result of a finished command: of the first descriptor for raw commands, else of the last. */
int hns3_cmdq_result(const struct hns3_cmd_desc *descs, uint32_t nb);

static inline void
hns3_cmd_init(struct hns3_cmd_desc *d, uint16_t opcode, bool is_read)
{
	uint16_t flag = HNS3_CMD_FLAG_IN | HNS3_CMD_FLAG_NO_INTR;

	memset(d, 0, sizeof(*d));
	d->opcode_le = rte_cpu_to_le_16(opcode);
	d->flag_le = rte_cpu_to_le_16(is_read ? flag | HNS3_CMD_FLAG_READ : flag);
}

static inline void
hns3_cmd_put16(struct hns3_cmd_desc *d, unsigned int offset, uint16_t val)
{
	uint16_t le = rte_cpu_to_le_16(val);

	memcpy(d->data + offset, &le, sizeof(le));
}

static inline void
hns3_cmd_put32(struct hns3_cmd_desc *d, unsigned int offset, uint32_t val)
{
	uint32_t le = rte_cpu_to_le_32(val);

	memcpy(d->data + offset, &le, sizeof(le));
}

static inline uint16_t
hns3_cmd_get16(const struct hns3_cmd_desc *d, unsigned int offset)
{
	uint16_t le;

	memcpy(&le, d->data + offset, sizeof(le));
	return rte_le_to_cpu_16(le);
}

static inline uint32_t
hns3_cmd_get32(const struct hns3_cmd_desc *d, unsigned int offset)
{
	uint32_t le;

	memcpy(&le, d->data + offset, sizeof(le));
	return rte_le_to_cpu_32(le);
}

#endif

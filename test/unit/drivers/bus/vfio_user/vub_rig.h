/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of the bus: a PCI device served from a thread of the test by lib/vfio_user, which
 * does little but remember what it was told, and can be told to misbehave.
 *
 * Threads: the test's and the server's; what both touch is behind rig.lock, use the functions.
 */
#ifndef VUB_RIG_H
#define VUB_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vub_priv.h"

#define RIG_BAR_BYTES    65536u
#define RIG_CONFIG_BYTES 256u
#define RIG_MAPS_MAX     4096
#define RIG_VECTORS_MAX  512

/* What the next server is like; rig_reset() gives the first of each. */
struct rig_cfg {
	uint32_t nb_vectors;    /* 8 */
	bool config_is_trapped; /* no file of config space */
	uint32_t config_bytes;  /* 256: what the server says its size is */
	bool bar_is_unsealed;
	uint64_t bar_offset;    /* 0: of BAR 0 in its file */
	bool irqs_are_refused;  /* set_irqs fails with EINVAL */
	uint32_t nb_maps_taken; /* all; after so many dma_map fails with ENOSPC */
};

struct rig_map {
	uint64_t iova, size;
	uint8_t *va; /* the server's own view of the memory; NULL: mapped without a file */
};

extern struct rig_cfg rig_cfg;
extern const char *const rig_path; /* of the socket */

/* cmocka: EAL with plain memory; and the state between two tests, with no server. */
int rig_group_setup(void **state);
int rig_group_teardown(void **state);
int rig_reset(void **state);
/* The same with EAL's memory in hugepages. @return false if there are not enough */
bool rig_eal_start_huge(void);

void rig_server_start(void);
void rig_server_stop(void); /* as if it had died: the connection closes */

/* A device of that name with those arguments, as scan would leave it, not open. */
struct vub_dev *rig_dev(const char *name, const char *args);
/* "socket=PATH", with more behind it. */
const char *rig_args(const char *more);

/* Server's view. */
uint8_t *rig_bar(void); /* its mapping of BAR 0's file */
unsigned int rig_maps_get(struct rig_map maps[], unsigned int size); /* live maps */
/* DMA by messages, from the test's thread. */
int rig_dma_read(uint64_t iova, void *buf, uint32_t len);
int rig_dma_write(uint64_t iova, const void *buf, uint32_t len);
unsigned int rig_vectors_get(void); /* that have an event fd */
void rig_vector_raise(uint32_t vector);
unsigned int rig_clients_gone(void); /* so far */
/* Wait until the server has noticed @p nb clients go; asserts that it does. */
void rig_wait_gone(unsigned int nb);

/* What EAL's log got since the last call (or rig_reset()). */
const char *rig_log_take(void);
/* Open file descriptors of the process, but epolls: EAL's interrupt thread makes one anew for each
 * change, in its own time. */
unsigned int rig_nb_fds(void);

#endif

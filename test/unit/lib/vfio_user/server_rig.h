/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device behind a struct vup_server that notes what the callbacks are told, for the tests of
 * vup_server.c and vup_server_cmd.c. Its clients are byte-level peers (fake_peer.h). One thread:
 * a test sends, lets the server run (srv_run), and looks at what came back.
 *
 * The device: region 0 4 KiB read, write, mappable at 0x2000 of its file; 2 32 KiB read and write;
 * 4 256 bytes read only; 7 (config) 4 KiB read and write; no others. Interrupts: index 2 (MSI-X) 32
 * vectors, index 3 one.
 */
#ifndef SERVER_RIG_H
#define SERVER_RIG_H

#include "fake_peer.h"
#include "fds.h"
#include "vup.h"

#define SRV_VECTORS 32

struct srv_rig {
	struct fp_dir dir;
	struct vup_server *srv;
	struct vup_server_cfg cfg;
	struct vup_server_ops ops;
	unsigned int nb_fds_before; /* of the process, before setup */
	unsigned int nb_fds_idle;   /* with the server up and no client */
	int fail;                   /* what callbacks return */
	bool lazy;                  /* reads succeed and write nothing to the buffer */

	/* what the callbacks were told */
	unsigned int nb_new;
	unsigned int nb_gone;
	bool maps_regions;
	char why[VUP_WHY_LEN]; /* of the last client_gone */
	unsigned int nb_maps;  /* live */
	unsigned int nb_unmaps;
	struct {
		uint64_t iova, size, offset;
		uint32_t prot;
		bool has_fd;
	} map; /* the last one asked for, or unmapped */
	struct {
		uint32_t region, count;
		uint64_t offset;
	} access;
	unsigned int nb_accesses;
	unsigned int nb_resets;
	unsigned int nb_set_irqs;
	int irq_fds[SRV_VECTORS]; /* -1: none */
	uint8_t regs[0x8000];     /* behind every region */
};

/* For cmocka: the server up; teardown checks that nothing is left open. */
int srv_setup(void **state);
int srv_teardown(void **state);

/* Let the server do all that it can; fails the test if it never stops. */
void srv_run(struct srv_rig *rig);

/* A peer that has negotiated without, or with the mapping of regions. */
int srv_client(struct srv_rig *rig);
int srv_client_mapping(struct srv_rig *rig);

/* Send, run, and expect these bytes. */
void srv_ask(struct srv_rig *rig, int peer, const char *ask, const char *reply);
void srv_ask_fds(struct srv_rig *rig, int peer, const char *ask, const int *fds,
		unsigned int nb_fds, const char *reply);

/* A client with 2 MiB mapped, from GOLD_MAP_ASK. */
int srv_client_mapped(struct srv_rig *rig);

/* The client is still served; nothing is open but its connection and @p nb_fds more. */
void srv_expect_unharmed(struct srv_rig *rig, int peer, unsigned int nb_fds);
/* The client goes, and nothing was left for it to read. */
void srv_leave(struct srv_rig *rig, int peer);

/* The peer was thrown out for a reason with @p why in it; closes it. */
void srv_expect_out(struct srv_rig *rig, int peer, const char *why);
/* The next client finds a server as new: attaches, maps what GOLD_MAP_ASK says, and leaves. */
void srv_expect_serves(struct srv_rig *rig);

#endif

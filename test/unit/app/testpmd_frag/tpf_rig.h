/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the tests of streams and engines stand on: EAL with plain memory, one pool, and fake ports.
 *
 * A fake port is an entry of ethdev's table of burst functions and nothing more. It hands out what
 * the test has put into `in`, and keeps what was sent in `out`, as far as `tx_room` goes.
 *
 * Threads: the test's, and any lcore that it starts; one at a time per port.
 */
#ifndef TPF_RIG_H
#define TPF_RIG_H

#include <stddef.h>

#include "stream.h"

#define RIG_PORTS 4
#define RIG_PKTS  1024
#define RIG_MBUFS 1023

struct rig_port {
	struct rte_mbuf *in[RIG_PKTS], *out[RIG_PKTS];
	unsigned int nb_in, next_in, nb_out;
	unsigned int tx_room; /* packets that the Tx ring takes before it is full */
	unsigned int rx_calls, tx_calls;
	void (*on_rx)(struct rig_port *port); /* at each Rx burst; may be NULL */
};

extern struct rig_port rig_ports[RIG_PORTS];
extern struct rte_mempool *rig_pool;

/* cmocka: group setup and teardown, and the state between two tests (frees what lies in ports). */
int rig_group_setup(void **state);
int rig_group_teardown(void **state);
int rig_reset(void **state);

/* A packet that holds @p len bytes of @p bytes. */
struct rte_mbuf *rig_packet(const void *bytes, uint16_t len);
/* The next packet that port @p port_id receives. */
void rig_rx_add(uint16_t port_id, struct rte_mbuf *pkt);
/* @p nb packets of 60 bytes, numbered 0, 1, ... in byte 14. */
void rig_rx_add_many(uint16_t port_id, unsigned int nb);
/* Number of buffers out of the pool. */
unsigned int rig_in_use(void);
/* A stream from port 0 queue 0 to port 1 queue 0 in bursts of 32, waiting for room for long. */
struct tpf_stream *rig_stream(const struct tpf_engine *engine, const struct tpf_opts *opts);
void rig_stream_free(struct tpf_stream *fs, const struct tpf_engine *engine);
/*
 * Send what standard output (1) or error (2) gets into a file, and give back what came.
 * rig_capture_end() terminates the text.
 */
void rig_capture_start(int fd);
size_t rig_capture_end(char *text, size_t size);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The other end of a UNIX stream socket, in bytes: sends and awaits exactly what a test types, and
 * knows nothing of any message format. For cmocka tests; a failure fails the test.
 *
 * Bytes are written as text: hex digits, blanks anywhere between bytes, and 'text in single quotes'
 * verbatim: "0100 0a00 'abc' 00".
 *
 * Threads: what asserts belongs to the test's thread; fp_try_send() and logging are for any.
 */
#ifndef FAKE_PEER_H
#define FAKE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FP_MSG_MAX 20000
#define FP_FDS_MAX 64

/* What came in: the bytes and descriptors of one fp_recv(). */
struct fp_msg {
	size_t len;
	unsigned int nb_fds;
	int fds[FP_FDS_MAX];
	uint8_t bytes[FP_MSG_MAX];
};

/* A directory of the test's own, and the path of a socket in it. */
struct fp_dir {
	char path[64];
	char sock[80];
};

void fp_dir_make(struct fp_dir *dir);
void fp_dir_remove(struct fp_dir *dir); /* with the socket, if it is still there */

/** Bytes of @p text at @p out; returns their number. */
size_t fp_bytes(const char *text, uint8_t *out, size_t size);

/** Fails unless the @p len bytes at @p got are those of @p text. */
void fp_same(const void *got, size_t len, const char *text);

/** Blocking sockets, listening or connected. */
int fp_listen(const char *path);
int fp_connect(const char *path);

void fp_send(int sock, const char *text);
/** The descriptors (borrowed) go with the first byte. */
void fp_send_fds(int sock, const char *text, const int *fds, unsigned int nb_fds);

/** Bytes as they are, without an assertion: for threads beside the test's. */
bool fp_try_send(int sock, const uint8_t *bytes, size_t len, const int *fds, unsigned int nb_fds);

/** Up to @p want bytes, waiting at most 5 s for each piece; fewer at the end of the stream. */
void fp_recv(int sock, size_t want, struct fp_msg *msg);
void fp_msg_close(struct fp_msg *msg); /* the descriptors */

/** The next bytes are exactly these and bring @p nb_fds descriptors, which are closed. */
void fp_expect(int sock, const char *text);
void fp_expect_fds(int sock, const char *text, unsigned int nb_fds);
/** The stream has ended, with nothing more in it. */
void fp_expect_end(int sock);
/** Nothing has come and the stream is open. */
void fp_expect_silence(int sock);

/** Anonymous files of @p size, or event counters, in @p fds. */
void fp_files(int *fds, unsigned int nb, size_t size);
void fp_eventfds(int *fds, unsigned int nb);
void fp_close_all(const int *fds, unsigned int nb);

/** Keep log lines here from now on, away from standard error; forgets what was kept. */
void fp_log_keep(void);
/** Whether a line of at least @p level (4 error .. 7 info) or graver has @p text in it. */
bool fp_log_has(int level, const char *text);
unsigned int fp_log_lines(void);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/hns3_emu/emu_ctl.c and emu_ctl_cmd.c: what clients send and what they get, in front of ports
 * that record what is asked of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "emu_ctl.h"
#include "emu_fault.h"
#include "fds.h"
#include "log.h"

/* ---- ports that record ---- */

static struct emu_port ports[2];

static char asked[256];
static int answer;
static size_t report_bytes;

void
emu_dev_link_set(struct emu_dev *dev, bool up)
{
	(void)dev;
	snprintf(asked, sizeof(asked), "%s link %d", asked[0] ? "then" : "", up);
}

int
emu_dev_speed_set(struct emu_dev *dev, uint32_t mbps)
{
	(void)dev;
	snprintf(asked, sizeof(asked), "speed %u", mbps);
	return answer;
}

int
emu_reset_trigger(struct emu_dev *dev, enum emu_reset_kind kind)
{
	(void)dev;
	snprintf(asked, sizeof(asked), "reset %d", (int)kind);
	return answer;
}

int
emu_err_raise(struct emu_dev *dev, const char *name)
{
	(void)dev;
	snprintf(asked, sizeof(asked), "error %s", name);
	return answer;
}

const char *
emu_err_name(unsigned int i)
{
	static const char *const names[] = { "one", "two", NULL };

	return names[i];
}

static FILE *traces[2];

void
emu_dev_trace_set(struct emu_dev *dev, FILE *trace)
{
	traces[dev == ports[1].dev] = trace;
}

FILE *
emu_dev_trace(const struct emu_dev *dev)
{
	return traces[dev == ports[1].dev];
}

int
emu_fault_arm(struct emu_dev *dev, const struct emu_fault *f)
{
	(void)dev;
	snprintf(asked, sizeof(asked), "arm %s %llu", f->name, (unsigned long long)f->nth);
	return answer;
}

int
emu_fault_clear(struct emu_dev *dev, const char *name)
{
	(void)dev;
	snprintf(asked, sizeof(asked), "clear %s", name ? name : "all");
	return answer;
}

const struct emu_fault_set *
emu_fault_set_of(const struct emu_dev *dev)
{
	static const struct emu_fault_set set = { .nb_plans = 1,
		.plan = { { .kind = EMU_FAULT_BD_LATE, .name = "b", .seen = 7, .strikes = 2 } } };

	(void)dev;
	return &set;
}

struct json_object *
emu_port_report(const struct emu_port *port)
{
	struct json_object *o = json_object_new_object();
	char *text = malloc(report_bytes + 1);

	assert_non_null(text);
	memset(text, 'x', report_bytes);
	text[report_bytes] = '\0';
	json_object_object_add(o, "port", json_object_new_int((int)port->idx));
	if (report_bytes)
		json_object_object_add(o, "text", json_object_new_string(text));
	free(text);
	return o;
}

/* ---- rig ---- */

static struct emu_port_opts opts[2];
static struct emu_ctl *ctl;
static char dir[64], path[128];
static unsigned int nb_fds;

static int
setup(void **state)
{
	int err;

	(void)state;
	nb_fds = fds_count();
	answer = 0;
	report_bytes = 0;
	asked[0] = '\0';
	for (unsigned int i = 0; i < 2; i++) {
		opts[i] = (struct emu_port_opts){ .vf_of = i == 0 ? -1 : 0 };
		ports[i] = (struct emu_port){ .idx = i, .opts = &opts[i] };
		ports[i].dev = (struct emu_dev *)(void *)&ports[i]; /* a name, no more */
	}
	strcpy(dir, "/tmp/emu_ctl_XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/ctl", dir);
	ctl = emu_ctl_create(path, ports, 2, &err);
	assert_non_null(ctl);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	emu_ctl_destroy(ctl);
	assert_int_equal(rmdir(dir), 0); /* the socket is gone */
	assert_int_equal(fds_count(), nb_fds);
	return 0;
}

static int
client(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void
serve(void)
{
	unsigned int rounds = 0;

	while (emu_ctl_serve(ctl) > 0 && rounds < 1000)
		rounds++;
	assert_true(rounds < 1000);
}

static void
say(int fd, const char *text, size_t len)
{
	assert_int_equal(send(fd, text, len, 0), (ssize_t)len);
	serve();
	serve(); /* a new client is accepted in one round and read in the next */
}

/* Everything that has come back. */
static const char *
hear(int fd)
{
	static char buf[8192];
	ssize_t nb = recv(fd, buf, sizeof(buf) - 1, 0);

	buf[nb > 0 ? nb : 0] = '\0';
	return buf;
}

#define SAY(fd, text)           say(fd, text, sizeof(text) - 1)
#define EXPECT(fd, text, reply) (SAY(fd, text), assert_string_equal(hear(fd), reply))

static void
starts_with(const char *text, const char *head)
{
	if (strncmp(text, head, strlen(head)) != 0)
		fail_msg("\"%s\" does not start with \"%s\"", text, head);
}

/* ---- cases ---- */

static void
requests_are_carried_out(void **state)
{
	int fd = client();

	(void)state;
	EXPECT(fd, "{\"cmd\":\"version\"}\n", "{\"ok\":true,\"version\":\"9.8.7\",\"ports\":2}\n");
	EXPECT(fd, "{\"cmd\":\"stats\"}\n",
			"{\"ok\":true,\"ports\":[{\"port\":0},{\"port\":1}]}\n");
	EXPECT(fd, "{\"cmd\":\"stats\",\"port\":1}\n", "{\"ok\":true,\"ports\":[{\"port\":1}]}\n");
	EXPECT(fd, "{\"cmd\":\"link\",\"port\":0,\"up\":false}\n", "{\"ok\":true}\n");
	assert_string_equal(asked, " link 0");
	asked[0] = '\0';
	EXPECT(fd, "{\"cmd\":\"link\",\"port\":0,\"up\":true}\n", "{\"ok\":true}\n");
	assert_string_equal(asked, " link 1");
	EXPECT(fd, "{\"cmd\":\"link\",\"port\":0,\"speed_mbps\":25000}\n", "{\"ok\":true}\n");
	assert_string_equal(asked, "speed 25000");
	EXPECT(fd, "{\"cmd\":\"reset\",\"port\":0,\"kind\":\"function\"}\n", "{\"ok\":true}\n");
	assert_string_equal(asked, "reset 0");
	EXPECT(fd, "{\"cmd\":\"reset\",\"port\":0,\"kind\":\"imp\"}\n", "{\"ok\":true}\n");
	assert_string_equal(asked, "reset 2");
	EXPECT(fd, "{\"cmd\":\"error\",\"port\":0,\"name\":\"two\"}\r\n", "{\"ok\":true}\n");
	assert_string_equal(asked, "error two");
	EXPECT(fd, "{\"cmd\":\"fault\",\"op\":\"arm\",\"port\":0,\"plan\":\"cmd-lost:nth=4\"}\n",
			"{\"ok\":true}\n");
	assert_string_equal(asked, "arm cmd-lost 4");
	EXPECT(fd, "{\"cmd\":\"fault\",\"op\":\"list\",\"port\":0}\n",
			"{\"ok\":true,\"faults\":[{\"name\":\"b\",\"kind\":\"bd-late\",\"seen\":7,"
			"\"strikes\":2}]}\n");
	EXPECT(fd, "{\"cmd\":\"fault\",\"op\":\"clear\",\"port\":0,\"name\":\"b\"}\n",
			"{\"ok\":true}\n");
	assert_string_equal(asked, "clear b");
	EXPECT(fd, "{\"cmd\":\"fault\",\"op\":\"clear\",\"port\":0}\n", "{\"ok\":true}\n");
	assert_string_equal(asked, "clear all");
	SAY(fd, "{\"cmd\":\"help\"}\n");
	starts_with(hear(fd), "{\"ok\":true,\"commands\":{\"help\":\"this list\",\"version\":");
	close(fd);
}

static void
wrong_requests_are_told_what_is_right(void **state)
{
	static const char *const cases[][2] = {
		{ "\n", "the JSON of the line is not complete" },
		{ "{\n", "the JSON of the line is not complete" },
		{ "hello\n", "not JSON: " },
		{ "{\"cmd\":\"help\"}}\n", "not JSON: unexpected character, at byte 14; " },
		{ "[[[[[[[[]]]]]]]]\n", "not JSON: nesting too deep" },
		{ "7\n", "a request is an object with \\\"cmd\\\", such as " },
		{ "{\"cmd\":5}\n", "a request is an object with \\\"cmd\\\", such as " },
		{ "{\"cmd\":\"nothing\"}\n", "there is no command \\\"nothing\\\"; " },
		{ "{\"cmd\":\"stats\",\"port\":2}\n",
				"stats: \\\"port\\\" takes a number of 0 to 1" },
		{ "{\"cmd\":\"stats\",\"port\":-1}\n",
				"stats: \\\"port\\\" takes a number of 0 to 1" },
		{ "{\"cmd\":\"link\",\"up\":true}\n", "link: \\\"port\\\" takes a number" },
		{ "{\"cmd\":\"link\",\"port\":0}\n", "link: link takes \\\"port\\\" and " },
		{ "{\"cmd\":\"link\",\"port\":0,\"up\":1}\n",
				"link: link takes \\\"port\\\" and " },
		{ "{\"cmd\":\"link\",\"port\":1,\"up\":true}\n", "link: that port is a VF: " },
		{ "{\"cmd\":\"reset\",\"port\":0}\n",
				"reset: \\\"kind\\\" takes \\\"function\\\", " },
		{ "{\"cmd\":\"reset\",\"port\":0,\"kind\":\"x\"}\n", "reset: \\\"kind\\\" takes " },
		{ "{\"cmd\":\"fault\",\"port\":0}\n", "fault: \\\"op\\\" takes \\\"arm\\\" " },
		{ "{\"cmd\":\"fault\",\"port\":0,\"op\":\"arm\"}\n",
				"fault: \\\"plan\\\" takes a fault plan, " },
		{ "{\"cmd\":\"error\",\"port\":0}\n",
				"error: \\\"name\\\" takes \\\"one\\\", \\\"two\\\"" },
	};
	char want[256];
	int fd = client();

	(void)state;
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say(fd, cases[i][0], strlen(cases[i][0]));
		snprintf(want, sizeof(want), "{\"ok\":false,\"error\":\"%s", cases[i][1]);
		starts_with(hear(fd), want);
	}
	assert_string_equal(asked, "");
	EXPECT(fd, "{\"cmd\":\"fault\",\"port\":0,\"op\":\"arm\",\"plan\":\"cmd-lost:nth=0\"}\n",
			"{\"ok\":false,\"error\":\"fault: cmd-lost: nth takes a number from "
			"1\"}\n");
	answer = -EEXIST;
	SAY(fd, "{\"cmd\":\"fault\",\"port\":0,\"op\":\"arm\",\"plan\":\"cmd-lost\"}\n");
	starts_with(hear(fd), "{\"ok\":false,\"error\":\"fault: there is a plan of that name; ");
	answer = -EINVAL;
	SAY(fd, "{\"cmd\":\"link\",\"port\":0,\"speed_mbps\":3}\n");
	starts_with(hear(fd), "{\"ok\":false,\"error\":\"link: \\\"speed_mbps\\\" takes 10, ");
	answer = -EBUSY;
	EXPECT(fd, "{\"cmd\":\"reset\",\"port\":0,\"kind\":\"flr\"}\n",
			"{\"ok\":false,\"error\":\"reset: the reset does not begin: one as great "
			"is "
			"under way\"}\n");
	close(fd);
}

static void
the_trace_is_switched(void **state)
{
	char request[256], file[160];
	int fd = client();
	struct stat st;

	(void)state;
	traces[0] = traces[1] = NULL;
	SAY(fd, "{\"cmd\":\"trace\",\"on\":true}\n");
	starts_with(hear(fd), "{\"ok\":false,\"error\":\"trace: there was no trace before: give ");
	SAY(fd, "{\"cmd\":\"trace\",\"on\":1}\n");
	starts_with(hear(fd), "{\"ok\":false,\"error\":\"trace: trace takes \\\"on\\\" ");
	SAY(fd, "{\"cmd\":\"trace\",\"on\":true,\"file\":\"/not/there\"}\n");
	starts_with(hear(fd), "{\"ok\":false,\"error\":\"trace: No such file or directory");
	snprintf(file, sizeof(file), "%s/trace", dir);
	snprintf(request, sizeof(request), "{\"cmd\":\"trace\",\"on\":true,\"file\":\"%s\"}\n",
			file);
	say(fd, request, strlen(request));
	assert_string_equal(hear(fd), "{\"ok\":true}\n");
	assert_non_null(traces[0]);
	assert_ptr_equal(traces[1], traces[0]);
	fputs("a line\n", traces[0]);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 7); /* a line is there when it is whole */
	EXPECT(fd, "{\"cmd\":\"trace\",\"on\":false}\n", "{\"ok\":true}\n");
	assert_null(traces[0]);
	assert_null(traces[1]);
	EXPECT(fd, "{\"cmd\":\"trace\",\"on\":true}\n", "{\"ok\":true}\n"); /* that one again */
	assert_non_null(traces[1]);
	fclose(traces[1]);
	unlink(file);
	close(fd);
}

/* Bytes that are no text: they are answered, and the next line works. */
static void
any_bytes_are_survived(void **state)
{
	char noise[600];
	int fd = client();

	(void)state;
	srand(5);
	for (unsigned int i = 0; i < 200; i++) {
		for (unsigned int b = 0; b < sizeof(noise); b++)
			noise[b] = (char)rand();
		noise[599] = '\n';
		say(fd, noise, sizeof(noise));
		while (*hear(fd))
			serve();
	}
	EXPECT(fd, "{\"cmd\":\"version\"}\n", "{\"ok\":true,\"version\":\"9.8.7\",\"ports\":2}\n");
	close(fd);
}

static void
lines_come_in_any_pieces(void **state)
{
	int fd = client();

	(void)state;
	EXPECT(fd, "{\"cmd\":\"ver", "");
	EXPECT(fd, "sion\"}", "");
	EXPECT(fd, "\n{\"cmd\":\"stats\",\"port\":0}\n{\"cmd\":\"st",
			"{\"ok\":true,\"version\":\"9.8.7\",\"ports\":2}\n"
			"{\"ok\":true,\"ports\":[{\"port\":0}]}\n");
	EXPECT(fd, "ats\",\"port\":1}\n", "{\"ok\":true,\"ports\":[{\"port\":1}]}\n");
	close(fd);
}

static void
a_line_that_is_too_long_is_skipped(void **state)
{
	char piece[1000];
	int fd = client();

	(void)state;
	memset(piece, 'x', sizeof(piece));
	for (unsigned int i = 0; i < 12; i++) {
		say(fd, piece, sizeof(piece));
		if (i == 4)
			assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"a request has at "
						      "most 4096 bytes\"}\n");
		else
			assert_string_equal(hear(fd), "");
	}
	EXPECT(fd, "x\n{\"cmd\":\"stats\",\"port\":0}\n",
			"{\"ok\":true,\"ports\":[{\"port\":0}]}\n");
	/* the longest that is taken */
	memset(piece, ' ', sizeof(piece));
	for (unsigned int i = 0; i < 4; i++)
		say(fd, piece, 1000);
	say(fd, piece, 96 - 26);
	EXPECT(fd, "{\"cmd\":\"stats\",\"port\":0} \n", "{\"ok\":true,\"ports\":[{\"port\":0}]}\n");
	close(fd);
}

/* Who does not read gets no more answers, costs no more memory, and holds nobody up. */
static void
a_client_that_does_not_read(void **state)
{
	static const char ask[] = "{\"cmd\":\"stats\",\"port\":0}\n";
	int slow = client(), fd = client();
	size_t got = 0, sent = 0;
	char buf[65536];
	ssize_t nb;

	(void)state;
	report_bytes = 100000;
	for (unsigned int i = 0; i < 100; i++) {
		if (send(slow, ask, sizeof(ask) - 1, 0) != sizeof(ask) - 1)
			fail_msg("request %u does not fit", i);
		sent++;
		serve();
	}
	report_bytes = 0;
	EXPECT(fd, "{\"cmd\":\"stats\",\"port\":1}\n", "{\"ok\":true,\"ports\":[{\"port\":1}]}\n");
	for (unsigned int round = 0; round < 1000; round++) {
		while ((nb = recv(slow, buf, sizeof(buf), 0)) > 0) {
			for (ssize_t i = 0; i < nb; i++)
				got += buf[i] == '\n';
		}
		serve();
	}
	assert_int_equal(got, sent); /* all were answered in the end */
	close(slow);
	close(fd);
}

static void
seventeen_clients(void **state)
{
	int fd[17];

	(void)state;
	for (unsigned int i = 0; i < 17; i++) {
		fd[i] = client();
		serve();
	}
	assert_string_equal(hear(fd[16]),
			"{\"ok\":false,\"error\":\"there are 16 clients already\"}\n");
	close(fd[16]);
	for (unsigned int i = 0; i < 16; i++)
		EXPECT(fd[i], "{\"cmd\":\"stats\",\"port\":0}\n",
				"{\"ok\":true,\"ports\":[{\"port\":0}]}\n");
	close(fd[3]);
	serve();
	fd[3] = client(); /* its place is free again */
	EXPECT(fd[3], "{\"cmd\":\"stats\",\"port\":0}\n",
			"{\"ok\":true,\"ports\":[{\"port\":0}]}\n");
	for (unsigned int i = 0; i < 16; i++)
		close(fd[i]);
	serve();
	assert_int_equal(fds_count(), nb_fds + 2); /* epoll and the listener */
}

/* A client that sends and closes at once is heard; one that goes before its answer does no harm. */
static void
clients_that_leave(void **state)
{
	int fd = client();

	(void)state;
	assert_int_equal(send(fd, "{\"cmd\":\"reset\",\"port\":0,\"kind\":\"global\"}\n", 42, 0),
			42);
	close(fd);
	serve();
	serve();
	assert_string_equal(asked, "reset 1");
	assert_int_equal(fds_count(), nb_fds + 2);
}

static void
quiet(enum base_log_level level, const char *module, const char *fmt, va_list ap)
{
	(void)level;
	(void)module;
	vsnprintf(asked, sizeof(asked), fmt, ap);
}

static void
the_socket_is_private_and_alone(void **state)
{
	char longest[200];
	struct emu_ctl *other;
	struct stat st;
	FILE *f;
	int err;

	(void)state;
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	base_log_sink_set(quiet);
	other = emu_ctl_create(path, ports, 2, &err); /* it is served */
	assert_null(other);
	assert_int_equal(err, -EADDRINUSE);
	memset(longest, 'x', sizeof(longest));
	longest[199] = '\0';
	assert_null(emu_ctl_create(longest, ports, 2, &err));
	assert_int_equal(err, -ENAMETOOLONG);
	emu_ctl_destroy(ctl);
	f = fopen(path, "w"); /* somebody's file is not removed */
	assert_non_null(f);
	fclose(f);
	ctl = emu_ctl_create(path, ports, 2, &err);
	assert_null(ctl);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(path);
	base_log_sink_set(NULL);
}

/* A socket that a killed emulator has left does not have to be removed by hand. */
static void
a_stale_socket_is_replaced(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

	(void)state;
	emu_ctl_destroy(ctl);
	strcpy(addr.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	ctl = emu_ctl_create(path, ports, 2, &err);
	assert_non_null(ctl);
	fd = client();
	EXPECT(fd, "{\"cmd\":\"stats\",\"port\":0}\n", "{\"ok\":true,\"ports\":[{\"port\":0}]}\n");
	close(fd);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(requests_are_carried_out),
		CASE(wrong_requests_are_told_what_is_right),
		CASE(the_trace_is_switched),
		CASE(any_bytes_are_survived),
		CASE(lines_come_in_any_pieces),
		CASE(a_line_that_is_too_long_is_skipped),
		CASE(a_client_that_does_not_read),
		CASE(seventeen_clients),
		CASE(clients_that_leave),
		CASE(the_socket_is_private_and_alone),
		CASE(a_stale_socket_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* lib/vfio_user/vup_sock.c: socket files, whose they are, and connecting to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_peer.h"
#include "fds.h"
#include "vup_sock.h"

static unsigned int nb_fds_before;

static int
setup(void **state)
{
	static struct fp_dir dir;

	nb_fds_before = fds_count();
	fp_dir_make(&dir);
	*state = &dir;
	return 0;
}

static int
teardown(void **state)
{
	fp_dir_remove(*state);
	assert_int_equal(fds_count(), nb_fds_before);
	return 0;
}

/* ---- listening ---- */

static void
a_listening_socket_is_its_owners(void **state)
{
	struct fp_dir *dir = *state;
	char why[VUP_WHY_LEN];
	mode_t umask_before = umask(0);
	struct stat id, st;
	int sock = vup_sock_listen(dir->sock, &id, why);

	umask(umask_before);
	assert_true(sock >= 0);
	assert_int_equal(stat(dir->sock, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(fcntl(sock, F_GETFD), FD_CLOEXEC);
	assert_int_equal(vup_sock_accept(sock), -EAGAIN);
	vup_sock_unlink(dir->sock, &id);
	assert_int_equal(stat(dir->sock, &st), -1);
	close(sock);
}

static void
a_stale_file_is_replaced_a_live_one_is_not(void **state)
{
	struct fp_dir *dir = *state;
	char why[VUP_WHY_LEN];
	struct stat old_id, id;
	int old, sock;

	old = vup_sock_listen(dir->sock, &old_id, why);
	assert_true(old >= 0);
	assert_int_equal(vup_sock_listen(dir->sock, &id, why), -EADDRINUSE);
	assert_non_null(strstr(why, "in use by a running server"));
	close(old);
	sock = vup_sock_listen(dir->sock, &id, why);
	assert_true(sock >= 0);
	assert_int_equal(access(dir->sock, F_OK), 0);
	vup_sock_unlink(dir->sock, &id);
	assert_int_equal(access(dir->sock, F_OK), -1);
	close(sock);
}

static void
a_file_that_is_not_ours_stays(void **state)
{
	struct fp_dir *dir = *state;
	char why[VUP_WHY_LEN], moved[100];
	struct stat id, st;
	int sock, file = open(dir->sock, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	assert_true(file >= 0);
	assert_int_equal(vup_sock_listen(dir->sock, &id, why), -EEXIST);
	assert_non_null(strstr(why, "not a socket"));
	assert_int_equal(stat(dir->sock, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	close(file);
	unlink(dir->sock);
	/* A symbolic link is not followed to whatever it names. */
	assert_int_equal(symlink("elsewhere", dir->sock), 0);
	assert_int_equal(vup_sock_listen(dir->sock, &id, why), -EEXIST);
	unlink(dir->sock);
	/* Replaced behind our back: the other's file is not removed. */
	snprintf(moved, sizeof(moved), "%s/moved", dir->path);
	sock = vup_sock_listen(dir->sock, &id, why);
	assert_true(sock >= 0);
	assert_int_equal(rename(dir->sock, moved), 0);
	file = open(dir->sock, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	vup_sock_unlink(dir->sock, &id);
	assert_int_equal(access(dir->sock, F_OK), 0);
	unlink(moved);
	close(file);
	close(sock);
}

static void
paths_that_cannot_be_are_refused(void **state)
{
	struct fp_dir *dir = *state;
	struct deadline d = deadline_in_ms(1000);
	char path[109], why[VUP_WHY_LEN];
	struct stat id;

	memset(path, 'x', 108);
	path[108] = '\0';
	assert_int_equal(vup_sock_listen(path, &id, why), -ENAMETOOLONG);
	assert_non_null(strstr(why, "longer than 107 bytes"));
	assert_int_equal(vup_sock_connect(path, &d, why), -ENAMETOOLONG);
	assert_int_equal(vup_sock_listen("", &id, why), -EINVAL);
	assert_int_equal(vup_sock_connect("", &d, why), -EINVAL);
	snprintf(path, sizeof(path), "%s/none/sock", dir->path);
	assert_int_equal(vup_sock_listen(path, &id, why), -ENOENT);
	assert_non_null(strstr(why, "cannot listen at"));
}

/* ---- connecting ---- */

static void
connecting_says_why_it_failed(void **state)
{
	struct fp_dir *dir = *state;
	struct deadline d = deadline_in_ms(1000);
	char why[VUP_WHY_LEN];
	int file;

	assert_int_equal(vup_sock_connect(dir->sock, &d, why), -ENOENT);
	assert_non_null(strstr(why, "no such socket"));
	close(fp_listen(dir->sock));
	assert_int_equal(vup_sock_connect(dir->sock, &d, why), -ECONNREFUSED);
	assert_non_null(strstr(why, "nobody listens"));
	unlink(dir->sock);
	file = open(dir->sock, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(vup_sock_connect(dir->sock, &d, why), -ENOTSOCK);
	assert_non_null(strstr(why, "not a socket"));
	close(file);
}

static void
a_locked_door_is_reported(void **state)
{
	struct fp_dir *dir = *state;
	struct deadline d = deadline_in_ms(1000);
	char why[VUP_WHY_LEN];
	uid_t uid = geteuid();
	int listener = fp_listen(dir->sock), ret;

	assert_int_equal(chmod(dir->path, 0), 0);
	if (uid == 0)
		assert_int_equal(seteuid(65534), 0);
	ret = vup_sock_connect(dir->sock, &d, why);
	assert_int_equal(seteuid(uid), 0);
	chmod(dir->path, 0700);
	close(listener);
	assert_int_equal(ret, -EACCES);
	assert_non_null(strstr(why, "no permission"));
}

static void
no_descriptor_left_is_reported(void **state)
{
	struct fp_dir *dir = *state;
	struct deadline d = deadline_in_ms(1000);
	char why[VUP_WHY_LEN];
	struct rlimit all, none;
	struct stat id;
	int connected, listening;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &all), 0);
	none = all;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	connected = vup_sock_connect(dir->sock, &d, why);
	listening = vup_sock_listen(dir->sock, &id, why);
	setrlimit(RLIMIT_NOFILE, &all);
	assert_int_equal(connected, -EMFILE);
	assert_int_equal(listening, -EMFILE);
	assert_non_null(strstr(why, "cannot create a socket"));
}

static void
a_full_backlog_is_waited_for(void **state)
{
	struct fp_dir *dir = *state;
	int listener = fp_listen(dir->sock), queued[8], ret;
	unsigned int nb = 0;
	struct deadline d = deadline_in_ms(1000);
	char why[VUP_WHY_LEN];
	struct stat id;

	for (; nb < 8; nb++) {
		d = deadline_in_ms(30);
		queued[nb] = vup_sock_connect(dir->sock, &d, why);
		if (queued[nb] < 0)
			break;
	}
	assert_in_range(nb, 1, 7);
	assert_int_equal(queued[nb], -ETIMEDOUT);
	assert_true(deadline_has_passed(&d));
	assert_non_null(strstr(why, "does not accept connections"));
	ret = vup_sock_listen(dir->sock, &id, why); /* it may hang, but it is there */
	assert_int_equal(ret, -EADDRINUSE);
	fp_close_all((int *)queued, nb);
	close(listener);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_listening_socket_is_its_owners),
		CASE(a_stale_file_is_replaced_a_live_one_is_not),
		CASE(a_file_that_is_not_ours_stays),
		CASE(paths_that_cannot_be_are_refused),
		CASE(connecting_says_why_it_failed),
		CASE(a_locked_door_is_reported),
		CASE(no_descriptor_left_is_reported),
		CASE(a_full_backlog_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

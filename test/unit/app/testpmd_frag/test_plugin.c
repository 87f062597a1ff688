/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * app/testpmd_frag/plugin.c: which plugins are opened, in which order, and what a broken one says.
 *
 * The installed directory of this build is "installed", relative to the working directory; each
 * test has one of its own. Argument: the directory with two plugins that leave a mark.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include "tpf.h"

#define BUS "librte_bus_vfio_user.so"
#define NET "librte_net_hns3_pmd.so"

static const char *marks_dir;
static char work_dir[64];
static char err[TPF_ERR_MAX];

static int
dir_make(void **state)
{
	(void)state;
	snprintf(work_dir, sizeof(work_dir), "/dev/shm/tpf-plugin-XXXXXX");
	if (mkdtemp(work_dir) == NULL || chdir(work_dir) != 0 || mkdir("installed", 0700) != 0)
		return -1;
	err[0] = '\0';
	return unsetenv("TPF_MARKS");
}

static int
dir_remove(void **state)
{
	(void)state;
	unlink("installed/" BUS);
	unlink("installed/" NET);
	return rmdir("installed") != 0 || chdir("/") != 0 || rmdir(work_dir) != 0 ? -1 : 0;
}

/* Put a plugin that leaves @p mark into the installed directory. */
static void
install(const char *mark, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	snprintf(from, sizeof(from), "%s/tpf_mark_%s.so", marks_dir, mark);
	snprintf(to, sizeof(to), "installed/%s", name);
	assert_int_equal(access(from, R_OK), 0);
	assert_int_equal(symlink(from, to), 0);
}

/* Load in a child, since what is loaded stays; @return the marks and the result as "RESULT MARKS"
 */
static const char *
load(char *a, char *b, char *c)
{
	static char told[512];
	char *argv[] = { (char *)(uintptr_t) "testpmd_frag", a, b, c, NULL };
	int argc = 1, fds[2], status;
	ssize_t len;
	pid_t pid;

	while (argv[argc] != NULL)
		argc++;
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int ret = tpf_plugins_load(argc, argv, err);
		const char *marks = getenv("TPF_MARKS");

		dprintf(fds[1], "%d %s%s", ret, marks != NULL ? marks : "", err);
		_exit(0);
	}
	close(fds[1]);
	len = read(fds[0], told, sizeof(told) - 1);
	told[len > 0 ? len : 0] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return told;
}

static void
absent_plugins_are_no_error(void **state)
{
	(void)state;
	assert_string_equal(load(NULL, NULL, NULL), "0 ");
}

static void
the_bus_comes_before_the_driver(void **state)
{
	(void)state;
	install("net", NET);
	install("bus", BUS);
	assert_string_equal(load(NULL, NULL, NULL), "0 bus net ");
}

static void
one_alone_is_loaded(void **state)
{
	(void)state;
	install("net", NET);
	assert_string_equal(load(NULL, NULL, NULL), "0 net ");
}

static void
with_d_the_user_chooses(void **state)
{
	static char d[] = "-d", file[] = "x.so", glued[] = "-dx.so", l[] = "-l0,1", end[] = "--";

	(void)state;
	install("bus", BUS);
	assert_string_equal(load(d, file, NULL), "0 ");
	assert_string_equal(load(l, glued, NULL), "0 ");
	/* what follows "--" is not EAL's, and other options are no -d */
	assert_string_equal(load(l, end, d), "0 bus ");
}

static void
a_broken_plugin_is_one_clear_line(void **state)
{
	static const char want[] = "-80 Cannot load plugin: installed/" BUS ": ";
	const char *told;
	int fd = open("installed/" BUS, O_CREAT | O_WRONLY, 0600);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "no ELF", 6), 6);
	close(fd);
	install("net", NET);
	told = load(NULL, NULL, NULL);
	assert_memory_equal(told, want, sizeof(want) - 1);
	assert_non_null(strstr(told, "file too short"));
	assert_null(strchr(told, '\n'));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(absent_plugins_are_no_error, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(
				the_bus_comes_before_the_driver, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(one_alone_is_loaded, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(with_d_the_user_chooses, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(
				a_broken_plugin_is_one_clear_line, dir_make, dir_remove),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: test_plugin DIR (of the two marking plugins)\n");
		return 2;
	}
	marks_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}

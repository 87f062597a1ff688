/* SPDX-License-Identifier: BSD-3-Clause */
/* Open descriptors of this process, for tests that look for leaks; in a cmocka test. */
#ifndef FDS_H
#define FDS_H

#include <dirent.h>

static inline unsigned int
fds_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int nb = 0;

	assert_non_null(dir);
	while (readdir(dir))
		nb++;
	closedir(dir);
	return nb - 3; /* ".", ".." and the directory's own */
}

#endif

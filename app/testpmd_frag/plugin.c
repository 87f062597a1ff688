/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The project's own EAL plugins, found without -d: beside this program in the build tree, else in
 * the installed plugin directory. They are opened before EAL starts, so that the bus is known when
 * EAL reads -a, and our driver stands before the stock one in the probe order. A -d on the command
 * line means that the user chooses: nothing is added.
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tpf.h"

#ifndef TPF_PLUGIN_DIR
#error "the build gives the installed plugin directory"
#endif

/* In this order: the driver registers with the bus. */
static const struct {
	const char *build_dir, *file;
} plugins[] = {
	{ "../../drivers/bus/vfio_user", "librte_bus_vfio_user.so" },
	{ "../../drivers/net/hns3_pmd", "librte_net_hns3_pmd.so" },
};

static bool
user_has_chosen(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strncmp(argv[i], "-d", 2) == 0)
			return true;
	return false;
}

static int
program_dir_get(char dir[PATH_MAX])
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n < 0)
		return -errno;
	path[n] = '\0';
	snprintf(dir, PATH_MAX, "%s", dirname(path));
	return 0;
}

/* Absent is fine (plain DPDK ports need neither); there and unusable is not. */
static int
plugin_open(const char *path, char err[TPF_ERR_MAX])
{
	if (access(path, F_OK) != 0)
		return -ENOENT;
	if (dlopen(path, RTLD_NOW) == NULL) {
		snprintf(err, TPF_ERR_MAX, "Cannot load plugin: %s", dlerror());
		return -ELIBBAD;
	}
	return 0;
}

int
tpf_plugins_load(int argc, char **argv, char err[TPF_ERR_MAX])
{
	char dir[PATH_MAX] = "", path[2 * PATH_MAX];

	if (user_has_chosen(argc, argv))
		return 0;
	if (program_dir_get(dir) != 0)
		dir[0] = '\0';
	for (unsigned int i = 0; i < RTE_DIM(plugins); i++) {
		int ret;

		snprintf(path, sizeof(path), "%s/%s/%s", dir, plugins[i].build_dir,
				plugins[i].file);
		ret = plugin_open(path, err);
		if (ret == -ENOENT) {
			snprintf(path, sizeof(path), "%s/%s", TPF_PLUGIN_DIR, plugins[i].file);
			ret = plugin_open(path, err);
		}
		if (ret != 0 && ret != -ENOENT)
			return ret;
	}
	return 0;
}

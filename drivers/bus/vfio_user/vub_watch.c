/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thread that stands at the connection: it notices that the server is gone and tells the
 * application. It is a control thread of its own and not EAL's interrupt thread, because that one
 * may be inside a driver's handler, which waits for the device, which may wait for us.
 *
 * What is told: a line in the log, once; RTE_DEV_EVENT_REMOVE of the device; and, if the
 * application configured its port for it (intr_conf.rmv), RTE_ETH_EVENT_INTR_RMV of the port.
 * Nothing is told of a device that is being unplugged.
 */
#include "vub_priv.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The server is gone. */
static void
watch_tell(struct vub_dev *dev)
{
	if (atomic_load_explicit(&dev->is_leaving, memory_order_relaxed))
		return;
	vub_ops_removed(dev);
	rte_dev_event_callback_process(dev->name, RTE_DEV_EVENT_REMOVE);
}

static vub_thread_ret
watch_main(void *arg)
{
	struct vub_dev *dev = arg;
	struct pollfd fds[] = {
		{ .fd = dev->watch_stop_fd, .events = POLLIN },
		{ .fd = vup_client_fd(dev->client), .events = POLLIN },
	};

	for (;;) { /* ends by the stop fd, or with the connection: a dead socket stays readable */
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[0].revents)
			break;
		if (!fds[1].revents || vup_client_check(dev->client, NULL) == 0)
			continue;
		vub_dev_check(dev);
		watch_tell(dev);
		break;
	}
	return (vub_thread_ret)0;
}

int
vub_watch_init(struct vub_dev *dev)
{
	char name[16]; /* of a thread */
	int ret = 0;

	snprintf(name, sizeof(name), "%.7s-watch", dev->name);
	atomic_store_explicit(&dev->is_leaving, false, memory_order_relaxed);
	dev->watch_stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (dev->watch_stop_fd < 0)
		ret = -errno;
	else
		ret = vub_thread_create(&dev->watch, name, watch_main, dev);
	if (ret == 0) {
		dev->has_watch = true;
		return 0;
	}
	VUB_LOG(ERR, "%s: cannot watch its connection: %s", dev->name, strerror(-ret));
	if (dev->watch_stop_fd >= 0)
		close(dev->watch_stop_fd);
	return ret;
}

void
vub_watch_fini(struct vub_dev *dev)
{
	uint64_t one = 1;

	if (!dev->has_watch)
		return;
	if (write(dev->watch_stop_fd, &one, sizeof(one)) != sizeof(one))
		VUB_LOG(ERR, "%s: cannot stop its watch: %s", dev->name, strerror(errno));
	vub_thread_join(dev->watch);
	close(dev->watch_stop_fd);
	dev->has_watch = false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Secondary processes. A vfio-user server has one client, the primary; a secondary asks the primary
 * over EAL's message channel and gets, by file descriptor, the BARs and config space, and where the
 * BARs must lie: a driver's structures in shared memory hold pointers into them. Memory is the
 * primary's to share, and interrupts are its alone: a secondary's handle has no event fds.
 *
 * Threads: publish, withdraw and open in the hot-plug thread; the primary's answer in EAL's message
 * thread, which sees the list of devices only under shared.lock, and of a device only what does not
 * change while it is in that list.
 */
#include "vub_priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>

#define MP_ATTACH     "vfio_user_attach"
#define MP_TIMEOUT_S  5
#define MP_NO_ADDRESS 0 /* of an absent BAR */

/* What travels; both sides are of one build. */
struct mp_request {
	char name[RTE_DEV_NAME_MAX_LEN];
};

struct mp_reply {
	int err; /* negative errno */
	struct rte_pci_id id;
	char driver[64];
	struct {
		uint64_t va, len, offset;
	} bars[VUB_NB_BARS]; /* a descriptor each but for the absent ones, then config space's, */
	bool has_latch;      /* then its park_fd */
};
_Static_assert(sizeof(struct mp_request) <= RTE_MP_MAX_PARAM_LEN, "request");
_Static_assert(sizeof(struct mp_reply) <= RTE_MP_MAX_PARAM_LEN, "reply");
_Static_assert(VUB_NB_BARS + 2 <= RTE_MP_MAX_FD_NUM, "descriptors");

static struct {
	pthread_mutex_t lock;
	TAILQ_HEAD(, vub_dev) devs; /* probed, in the primary */
	bool has_action;
} shared = { PTHREAD_MUTEX_INITIALIZER, TAILQ_HEAD_INITIALIZER(shared.devs), false };

/* ----------------------------------------------------------------------------------- the primary
 */

/* With shared.lock held. */
static void
reply_fill(const struct vub_dev *dev, struct rte_mp_msg *msg)
{
	struct mp_reply *reply = (struct mp_reply *)msg->param;
	const struct rte_mem_resource *res;
	unsigned int i;

	reply->id = dev->slot.pci.id;
	snprintf(reply->driver, sizeof(reply->driver), "%s", dev->slot.pci.driver->driver.name);
	for (i = 0; i < VUB_NB_BARS; i++) {
		res = &dev->slot.pci.mem_resource[i];
		if (!res->addr)
			continue;
		reply->bars[i].va = (uintptr_t)res->addr;
		reply->bars[i].len = res->len;
		reply->bars[i].offset = dev->bar_files[i].offset;
		msg->fds[msg->num_fds++] = dev->bar_files[i].fd;
	}
	msg->fds[msg->num_fds++] = dev->config_fd;
	reply->has_latch = dev->latch.park_fd >= 0;
	if (reply->has_latch)
		msg->fds[msg->num_fds++] = dev->latch.park_fd;
}

static int
on_attach(const struct rte_mp_msg *request, const void *peer)
{
	struct rte_mp_msg msg = { .name = MP_ATTACH, .len_param = sizeof(struct mp_reply) };
	struct mp_reply *reply = (struct mp_reply *)msg.param;
	const struct mp_request *req = (const struct mp_request *)request->param;
	const struct vub_dev *dev;
	int ret;

	reply->err = -EINVAL;
	pthread_mutex_lock(&shared.lock);
	if (request->len_param == sizeof(*req)) {
		reply->err = -ENODEV;
		TAILQ_FOREACH (dev, &shared.devs, next_shared) {
			if (strncmp(dev->name, req->name, sizeof(req->name)) != 0)
				continue;
			reply->err = 0;
			reply_fill(dev, &msg);
		}
	}
	ret = rte_mp_reply(&msg, peer); /* the descriptors live while the device is in the list */
	pthread_mutex_unlock(&shared.lock);
	return ret;
}

void
vub_mp_publish(struct vub_dev *dev)
{
	if (rte_eal_process_type() != RTE_PROC_PRIMARY)
		return;
	/* Without shared configuration (--in-memory, --no-huge) there are no secondaries. */
	if (!shared.has_action && rte_mp_action_register(MP_ATTACH, on_attach) != 0 &&
			rte_errno != ENOTSUP)
		VUB_LOG(WARNING, "secondary processes cannot attach: %s", rte_strerror(rte_errno));
	shared.has_action = true;
	pthread_mutex_lock(&shared.lock);
	TAILQ_INSERT_TAIL(&shared.devs, dev, next_shared);
	pthread_mutex_unlock(&shared.lock);
	dev->is_shared = true;
}

void
vub_mp_withdraw(struct vub_dev *dev)
{
	if (!dev->is_shared)
		return;
	pthread_mutex_lock(&shared.lock);
	TAILQ_REMOVE(&shared.devs, dev, next_shared);
	pthread_mutex_unlock(&shared.lock);
	dev->is_shared = false;
}

/* --------------------------------------------------------------------------------- a secondary --
 */

/* One BAR where the primary has it. Owns @p fd on success. */
static int
bar_attach(struct vub_dev *dev, unsigned int i, const struct mp_reply *reply, int fd)
{
	struct rte_mem_resource *res = &dev->slot.pci.mem_resource[i];
	void *want = (void *)(uintptr_t)reply->bars[i].va, *got;

	got = mmap(want, reply->bars[i].len, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED_NOREPLACE, fd, (off_t)reply->bars[i].offset);
	if (got != want) {
		if (got != MAP_FAILED)
			munmap(got, reply->bars[i].len);
		VUB_LOG(ERR,
				"%s: cannot map BAR %u at %p, where the primary process has it; "
				"start both with another --base-virtaddr",
				dev->name, i, want);
		return -EADDRINUSE;
	}
	res->addr = got;
	res->len = reply->bars[i].len;
	res->phys_addr = (uintptr_t)got;
	dev->bar_files[i].fd = fd;
	dev->bar_files[i].offset = reply->bars[i].offset;
	return 0;
}

/* Take over what the reply brought; descriptors that are not used are closed. */
static int
reply_take(struct vub_dev *dev, struct rte_mp_msg *msg)
{
	const struct mp_reply *reply = (const struct mp_reply *)msg->param;
	int next = 0, ret = reply->err;

	if (ret == -ENODEV)
		VUB_LOG(ERR, "%s: the primary process has no such device: give it the same -a",
				dev->name);
	for (unsigned int i = 0; ret == 0 && i < VUB_NB_BARS; i++) {
		if (reply->bars[i].va == MP_NO_ADDRESS)
			continue;
		if (next == msg->num_fds)
			ret = -EPROTO;
		else
			ret = bar_attach(dev, i, reply, msg->fds[next]);
		if (ret == 0)
			next++;
	}
	if (ret == 0 && next < msg->num_fds)
		dev->config_fd = msg->fds[next++];
	else if (ret == 0)
		ret = -EPROTO;
	if (ret == 0 && reply->has_latch && next < msg->num_fds)
		dev->latch.park_fd = msg->fds[next++];
	while (next < msg->num_fds)
		close(msg->fds[next++]);
	if (ret)
		return ret;
	dev->slot.pci.id = reply->id;
	dev->args.socket = strdup("the primary process");
	dev->args.driver = strndup(reply->driver, sizeof(reply->driver));
	dev->slot.pci.intr_handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	if (!dev->args.socket || !dev->args.driver || !dev->slot.pci.intr_handle)
		return -ENOMEM;
	return rte_intr_type_set(dev->slot.pci.intr_handle, RTE_INTR_HANDLE_VDEV);
}

int
vub_mp_open(struct vub_dev *dev)
{
	const struct timespec timeout = { .tv_sec = MP_TIMEOUT_S };
	struct rte_mp_msg msg = { .name = MP_ATTACH, .len_param = sizeof(struct mp_request) };
	struct rte_mp_reply answer = { 0 };
	int ret = 0;

	dev->config_fd = -1;
	memcpy(((struct mp_request *)msg.param)->name, dev->name, sizeof(dev->name));
	if (rte_mp_request_sync(&msg, &answer, &timeout) != 0)
		ret = -rte_errno;
	else if (answer.nb_received != 1 || answer.msgs[0].len_param != sizeof(struct mp_reply))
		ret = -EPROTO;
	if (ret == 0)
		ret = reply_take(dev, &answer.msgs[0]);
	else
		VUB_LOG(ERR, "%s: the primary process does not answer: %s", dev->name,
				strerror(-ret));
	free(answer.msgs);
	if (ret) {
		vub_latch_fini(dev);
		vub_irq_fini(dev);
		vub_dev_close(dev);
	}
	return ret;
}

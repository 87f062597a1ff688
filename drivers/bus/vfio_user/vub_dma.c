/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's view of our memory: EAL's segments, by file descriptor, as DMA maps keyed by IOVA.
 *
 * First the memory event callback is registered, then the segments are walked; what an event has
 * mapped already is skipped, so nothing is missed and nothing mapped twice. A page that EAL may
 * give back is a map of its own, because a map can only be undone whole; neighbours (same file,
 * adjoining offsets and IOVAs) become one map where memory is static: --legacy-mem, --no-huge, and
 * pages reserved at start. A FREE event unmaps and waits for the server before EAL lets the page
 * go.
 *
 * Threads: events come from any thread, under EAL's memory lock, which also guards the map table;
 * hence only the _thread_unsafe calls here.
 */
#include "vub_priv.h"

#include <errno.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>
#include <rte_memory.h>

/* Neighbouring pages on their way into one map. */
struct dma_run {
	struct vub_dev *dev;
	uint64_t iova;
	uint64_t size; /* 0: empty */
	int fd;
	uint64_t offset;
	bool is_static; /* all memory is: any neighbours may be merged */
	unsigned int nb_maps;
	unsigned int nb_without_fd;
	int err; /* first error */
};

static int
dma_share(struct vub_dev *dev, uint64_t iova, uint64_t size, int fd, uint64_t offset)
{
	int ret = vup_ranges_add(&dev->maps, iova, size);

	if (ret == 0) {
		ret = vup_client_dma_map(
				dev->client, iova, size, VUP_DMA_READ | VUP_DMA_WRITE, fd, offset);
		if (ret)
			vup_ranges_remove(&dev->maps, iova, size);
	}
	if (ret)
		VUB_LOG(ERR, "%s: cannot share memory at IOVA 0x%" PRIx64 ", %" PRIu64 " bytes: %s",
				dev->name, iova, size, strerror(-ret));
	return ret;
}

static void
run_flush(struct dma_run *run)
{
	int ret;

	if (run->size == 0)
		return;
	ret = dma_share(run->dev, run->iova, run->size, run->fd, run->offset);
	if (ret && run->err == 0)
		run->err = ret;
	run->nb_maps++;
	run->size = 0;
}

/* One page (one memseg). */
static void
run_add(struct dma_run *run, const struct rte_memseg *ms)
{
	size_t offset = 0;
	bool may_merge = run->is_static || ms->flags & RTE_MEMSEG_FLAG_DO_NOT_FREE;
	int fd = rte_memseg_get_fd_thread_unsafe(ms);

	if (vup_ranges_overlap(&run->dev->maps, ms->iova, ms->len))
		return;
	if (fd < 0 || ms->iova == RTE_BAD_IOVA ||
			rte_memseg_get_fd_offset_thread_unsafe(ms, &offset) != 0) {
		run->nb_without_fd++;
		return;
	}
	if (may_merge && run->size > 0 && fd == run->fd && offset == run->offset + run->size &&
			ms->iova == run->iova + run->size) {
		run->size += ms->len;
		return;
	}
	run_flush(run);
	run->iova = ms->iova;
	run->size = ms->len;
	run->fd = fd;
	run->offset = offset;
	if (!may_merge)
		run_flush(run);
}

static int
walk_seg(const struct rte_memseg_list *msl, const struct rte_memseg *ms, void *arg)
{
	struct dma_run *run = arg;

	if (msl->external)
		run->nb_without_fd++;
	else
		run_add(run, ms);
	return run->err ? -1 : 0;
}

static void
mem_alloc(struct vub_dev *dev, const struct rte_memseg_list *msl, const void *addr, size_t len)
{
	struct dma_run run = { .dev = dev };
	size_t done;

	for (done = 0; done < len; done += msl->page_sz)
		run_add(&run, rte_mem_virt2memseg(RTE_PTR_ADD(addr, done), msl));
	run_flush(&run);
	if (run.nb_without_fd > 0)
		VUB_LOG(ERR, "%s: %u new pages at %p have no file: the device cannot reach them",
				dev->name, run.nb_without_fd, addr);
}

static void
mem_free(struct vub_dev *dev, const struct rte_memseg_list *msl, const void *addr, size_t len)
{
	const struct rte_memseg *ms;
	size_t done;
	int ret;

	for (done = 0; done < len; done += msl->page_sz) {
		ms = rte_mem_virt2memseg(RTE_PTR_ADD(addr, done), msl);
		if (vup_ranges_remove(&dev->maps, ms->iova, ms->len) != 0)
			continue; /* never shared */
		ret = vup_client_dma_unmap(dev->client, ms->iova, ms->len);
		if (ret && ret != -ENOTCONN) /* a dead server has no maps, and is reported once */
			VUB_LOG(ERR, "%s: cannot take memory at IOVA 0x%" PRIx64 " back: %s",
					dev->name, ms->iova, strerror(-ret));
	}
}

static void
mem_event(enum rte_mem_event event, const void *addr, size_t len, void *arg)
{
	struct vub_dev *dev = arg;
	const struct rte_memseg_list *msl = rte_mem_virt2memseg_list(addr);

	if (!msl)
		return;
	if (msl->external) {
		if (event == RTE_MEM_EVENT_ALLOC)
			VUB_LOG(NOTICE,
					"%s: external memory at %p, %zu bytes, has no file: the "
					"device cannot reach it",
					dev->name, addr, len);
		return;
	}
	if (event == RTE_MEM_EVENT_ALLOC)
		mem_alloc(dev, msl, addr, len);
	else
		mem_free(dev, msl, addr, len);
	if (vup_client_check(dev->client, NULL) != 0)
		vub_dev_check(dev);
}

int
vub_dma_init(struct vub_dev *dev)
{
	struct dma_run run = { .dev = dev };

	vup_ranges_init(&dev->maps, VUP_MAX_DMA_MAPS);
	if (rte_mem_event_callback_register(dev->name, mem_event, dev) == 0) {
		dev->has_mem_event = true;
	} else if (rte_errno == ENOTSUP) {
		run.is_static = true;
	} else {
		VUB_LOG(ERR, "%s: cannot follow memory events: %s", dev->name,
				rte_strerror(rte_errno));
		return -rte_errno;
	}
	rte_mcfg_mem_read_lock();
	rte_memseg_walk_thread_unsafe(walk_seg, &run);
	run_flush(&run);
	rte_mcfg_mem_read_unlock();
	if (run.err) {
		vub_dma_fini(dev);
		return run.err;
	}
	VUB_LOG(DEBUG, "%s: memory shared in %u maps", dev->name, run.nb_maps);
	if (run.nb_without_fd > 0)
		VUB_LOG(NOTICE,
				"%s: %u memory segments have no file and cannot be reached by the "
				"device",
				dev->name, run.nb_without_fd);
	return 0;
}

void
vub_dma_fini(struct vub_dev *dev)
{
	if (dev->has_mem_event)
		rte_mem_event_callback_unregister(dev->name, dev);
	dev->has_mem_event = false;
	while (dev->maps.nb > 0) {
		struct vup_range last = dev->maps.ranges[dev->maps.nb - 1];
		uint64_t size = last.last - last.first + 1;

		if (vup_client_dma_unmap(dev->client, last.first, size) == -ENOTCONN)
			break; /* nobody there who would have maps */
		vup_ranges_remove(&dev->maps, last.first, size);
	}
	vup_ranges_fini(&dev->maps);
}

/* Whether all of the range is EAL memory that the device has already. */
static bool
dma_has(struct vub_dev *dev, uint64_t iova, size_t len)
{
	bool has = false;

	rte_mcfg_mem_read_lock();
	has = vup_ranges_contain(&dev->maps, iova, len);
	rte_mcfg_mem_read_unlock();
	return has;
}

int
vub_dma_map(struct rte_device *device, void *va, uint64_t iova, size_t len)
{
	struct vub_dev *dev = vub_dev_of(device);

	if (len > 0 && dma_has(dev, iova, len))
		return 0;
	if (rte_eal_process_type() != RTE_PROC_PRIMARY) {
		VUB_LOG(ERR, "%s: memory is mapped by the primary process", dev->name);
		rte_errno = ENOTSUP;
		return -1;
	}
	VUB_LOG(ERR,
			"%s: memory at %p, %zu bytes, is not EAL's and comes without a file: the "
			"device, another process, cannot reach it",
			dev->name, va, len);
	rte_errno = ENOTSUP;
	return -1;
}

int
vub_dma_unmap(struct rte_device *device, void *va, uint64_t iova, size_t len)
{
	struct vub_dev *dev = vub_dev_of(device);

	(void)va;
	if (len > 0 && dma_has(dev, iova, len))
		return 0; /* EAL memory stays shared until EAL frees it */
	rte_errno = ENOTSUP;
	return -1;
}

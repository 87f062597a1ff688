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
 * External memory (heaps that the application made, or what it maps with rte_dev_dma_map()) has no
 * file: its maps say so, and the device asks for the bytes by messages, which whoever reads the
 * connection serves (vub_watch.c, or a thread inside a request) from the list dev->ext.
 *
 * Threads: events come from any thread, under EAL's memory lock, hence only the _thread_unsafe
 * calls here; then dev->maps_lock, over the map table and the message that changes it; innermost
 * dev->ext.lock, over a copy at most.
 */
#include "vub_priv.h"

#include <errno.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_eal_memconfig.h>
#include <rte_errno.h>
#include <rte_memory.h>

#define DMA_PAGE 4096u /* maps are of whole ones */

/* Neighbouring pages on their way into one map. */
struct dma_run {
	struct vub_dev *dev;
	uint64_t iova;
	uint64_t size; /* 0: empty */
	int fd;        /* -1: external memory, at `va` */
	uint8_t *va;
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

/* ---------------------------------------------------------------------------- external memory --
 */

/* Where in this process the external memory at @p iova is; NULL: it is not all in one map. */
static uint8_t *
ext_va(struct vub_dev *dev, uint64_t iova, uint32_t len)
{
	const struct vub_ext *e;

	TAILQ_FOREACH (e, &dev->ext.list, next) {
		if (iova >= e->iova && iova - e->iova < e->len && len <= e->len - (iova - e->iova))
			return e->va + (iova - e->iova);
	}
	return NULL;
}

static int
ext_copy(struct vub_dev *dev, bool is_write, uint64_t iova, void *buf, uint32_t len)
{
	uint8_t *va;

	pthread_mutex_lock(&dev->ext.lock);
	va = ext_va(dev, iova, len);
	if (va && is_write)
		memcpy(va, buf, len);
	else if (va)
		memcpy(buf, va, len);
	pthread_mutex_unlock(&dev->ext.lock);
	return va ? 0 : -EFAULT;
}

static int
on_dma_read(void *ctx, uint64_t iova, void *buf, uint32_t len)
{
	return ext_copy(ctx, false, iova, buf, len);
}

static int
on_dma_write(void *ctx, uint64_t iova, const void *buf, uint32_t len)
{
	return ext_copy(ctx, true, iova, (void *)(uintptr_t)buf, len);
}

const struct vup_client_ops vub_dma_ops = { .dma_read = on_dma_read, .dma_write = on_dma_write };

/* Forget external memory at @p iova. @return whether there was some */
static bool
ext_remove(struct vub_dev *dev, uint64_t iova, uint64_t len)
{
	struct vub_ext *e;

	pthread_mutex_lock(&dev->ext.lock);
	TAILQ_FOREACH (e, &dev->ext.list, next) {
		if (e->iova == iova && e->len == len)
			break;
	}
	if (e)
		TAILQ_REMOVE(&dev->ext.list, e, next);
	pthread_mutex_unlock(&dev->ext.lock);
	free(e);
	return e != NULL;
}

/* Memory without a file: the device reaches it by asking us. */
static int
ext_share(struct vub_dev *dev, void *va, uint64_t iova, uint64_t len)
{
	struct vub_ext *e = malloc(sizeof(*e));
	int ret;

	if (!e)
		return -ENOMEM;
	*e = (struct vub_ext){ .va = va, .iova = iova, .len = len };
	pthread_mutex_lock(&dev->ext.lock);
	TAILQ_INSERT_TAIL(&dev->ext.list, e, next);
	pthread_mutex_unlock(&dev->ext.lock);
	ret = dma_share(dev, iova, len, -1, 0);
	if (ret)
		ext_remove(dev, iova, len);
	else
		VUB_LOG(NOTICE,
				"%s: external memory at %p, %" PRIu64
				" bytes, has no file: the device "
				"reaches it by messages, slowly",
				dev->name, va, len);
	return ret;
}

/* Take a map back; -ENOENT: there is none that is exactly this. */
static int
dma_unshare(struct vub_dev *dev, uint64_t iova, uint64_t len)
{
	int ret = vup_ranges_remove(&dev->maps, iova, len);

	if (ret)
		return ret;
	ret = vup_client_dma_unmap(dev->client, iova, len);
	if (ret && ret != -ENOTCONN) /* a dead server has no maps, and is reported once */
		VUB_LOG(ERR, "%s: cannot take memory at IOVA 0x%" PRIx64 " back: %s", dev->name,
				iova, strerror(-ret));
	ext_remove(dev, iova, len); /* not before the device has let go of it */
	return 0;
}

static void
run_flush(struct dma_run *run)
{
	int ret;

	if (run->size == 0)
		return;
	ret = run->fd < 0 ? ext_share(run->dev, run->va, run->iova, run->size)
	                  : dma_share(run->dev, run->iova, run->size, run->fd, run->offset);
	if (ret && run->err == 0)
		run->err = ret;
	run->nb_maps++;
	run->size = 0;
}

/* In VA mode the IOVA is the address, whatever the application has or has not said. */
static uint64_t
ext_iova(const void *va, uint64_t iova)
{
	return rte_eal_iova_mode() == RTE_IOVA_VA ? (uintptr_t)va : iova;
}

/* One page of a heap that the application has made of memory of its own; pages that adjoin in one
 * chunk are one map, as they come and go together. */
static void
ext_add(struct dma_run *run, const struct rte_memseg *ms)
{
	uint64_t iova = ext_iova(ms->addr, ms->iova);

	if (iova == RTE_BAD_IOVA) {
		run->nb_without_fd++;
		return;
	}
	if (run->size > 0 && run->fd < 0 && iova == run->iova + run->size &&
			(uint8_t *)ms->addr == run->va + run->size) {
		run->size += ms->len;
		return;
	}
	run_flush(run);
	run->iova = iova;
	run->va = ms->addr;
	run->size = ms->len;
	run->fd = -1;
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

	if (msl->external && msl->heap)
		ext_add(run, ms); /* other external memory is mapped by who wants it */
	else if (!msl->external)
		run_add(run, ms);
	return run->err ? -1 : 0;
}

static void
mem_alloc(struct vub_dev *dev, const struct rte_memseg_list *msl, const void *addr, size_t len)
{
	struct dma_run run = { .dev = dev };
	const struct rte_memseg *ms;
	size_t done;

	for (done = 0; done < len; done += msl->page_sz) {
		ms = rte_mem_virt2memseg(RTE_PTR_ADD(addr, done), msl);
		if (msl->external)
			ext_add(&run, ms);
		else
			run_add(&run, ms);
	}
	run_flush(&run);
	if (run.nb_without_fd > 0)
		VUB_LOG(ERR, "%s: %u new pages at %p have no file: the device cannot reach them",
				dev->name, run.nb_without_fd, addr);
}

/* Take back what was mapped page by page, or as external memory in runs. */
static void
mem_free(struct vub_dev *dev, const struct rte_memseg_list *msl, const void *addr, size_t len)
{
	uint64_t iova, first = 0, size = 0; /* the run */
	const struct rte_memseg *ms;
	size_t done;

	for (done = 0; done < len; done += msl->page_sz) {
		ms = rte_mem_virt2memseg(RTE_PTR_ADD(addr, done), msl);
		if (!msl->external) {
			dma_unshare(dev, ms->iova, ms->len); /* -ENOENT: never shared */
			continue;
		}
		iova = ext_iova(ms->addr, ms->iova);
		if (size > 0 && iova == first + size) {
			size += ms->len;
			continue;
		}
		if (size > 0)
			dma_unshare(dev, first, size);
		first = iova;
		size = ms->len;
	}
	if (size > 0)
		dma_unshare(dev, first, size);
}

static void
mem_event(enum rte_mem_event event, const void *addr, size_t len, void *arg)
{
	struct vub_dev *dev = arg;
	const struct rte_memseg_list *msl = rte_mem_virt2memseg_list(addr);

	if (!msl)
		return;
	pthread_mutex_lock(&dev->maps_lock);
	if (event == RTE_MEM_EVENT_ALLOC)
		mem_alloc(dev, msl, addr, len);
	else
		mem_free(dev, msl, addr, len);
	pthread_mutex_unlock(&dev->maps_lock);
}

int
vub_dma_init(struct vub_dev *dev)
{
	struct dma_run run = { .dev = dev };

	vup_ranges_init(&dev->maps, VUP_MAX_DMA_MAPS);
	pthread_mutex_init(&dev->maps_lock, NULL);
	pthread_mutex_init(&dev->ext.lock, NULL);
	TAILQ_INIT(&dev->ext.list);
	dev->has_dma = true;
	if (rte_mem_event_callback_register(dev->name, mem_event, dev) == 0) {
		dev->has_mem_event = true;
	} else if (rte_errno == ENOTSUP) {
		run.is_static = true;
	} else {
		run.err = -rte_errno;
		VUB_LOG(ERR, "%s: cannot follow memory events: %s", dev->name,
				rte_strerror(rte_errno));
		vub_dma_fini(dev);
		return run.err;
	}
	rte_mcfg_mem_read_lock();
	pthread_mutex_lock(&dev->maps_lock);
	rte_memseg_walk_thread_unsafe(walk_seg, &run);
	run_flush(&run);
	pthread_mutex_unlock(&dev->maps_lock);
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
	struct vub_ext *e;

	if (!dev->has_dma)
		return;
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
	while ((e = TAILQ_FIRST(&dev->ext.list)) != NULL) {
		TAILQ_REMOVE(&dev->ext.list, e, next);
		free(e);
	}
	vup_ranges_fini(&dev->maps);
	pthread_mutex_destroy(&dev->maps_lock);
	pthread_mutex_destroy(&dev->ext.lock);
	dev->has_dma = false;
}

static int
dma_fails(int err)
{
	rte_errno = -err;
	return -1;
}

/* What the application wants mapped that EAL does not map by itself; -ENOTSUP, -EINVAL: logged. */
static int
ext_map(struct vub_dev *dev, void *va, uint64_t iova, size_t len)
{
	const struct rte_memseg_list *msl = rte_mem_virt2memseg_list(va);

	if (!msl || !msl->external) {
		VUB_LOG(ERR,
				"%s: memory at %p is not EAL's: register it "
				"(rte_extmem_register()) "
				"before it is mapped",
				dev->name, va);
		return -ENOTSUP;
	}
	if (len == 0 || (iova | len) & (DMA_PAGE - 1)) {
		VUB_LOG(ERR, "%s: memory at %p, %zu bytes, is not of whole pages", dev->name, va,
				len);
		return -EINVAL;
	}
	return ext_share(dev, va, iova, len);
}

int
vub_dma_map(struct rte_device *device, void *va, uint64_t iova, size_t len)
{
	struct vub_dev *dev = vub_dev_of(device);
	int ret = 0;

	iova = ext_iova(va, iova);
	if (!dev->has_dma) {
		VUB_LOG(ERR, "%s: memory is mapped by the primary process", dev->name);
		return dma_fails(-ENOTSUP);
	}
	pthread_mutex_lock(&dev->maps_lock);
	if (len == 0 || !vup_ranges_contain(&dev->maps, iova, len))
		ret = ext_map(dev, va, iova, len);
	pthread_mutex_unlock(&dev->maps_lock);
	return ret ? dma_fails(ret) : 0;
}

int
vub_dma_unmap(struct rte_device *device, void *va, uint64_t iova, size_t len)
{
	struct vub_dev *dev = vub_dev_of(device);
	bool is_ext;
	int ret = 0;

	iova = ext_iova(va, iova);
	if (!dev->has_dma)
		return dma_fails(-ENOTSUP);
	pthread_mutex_lock(&dev->maps_lock);
	pthread_mutex_lock(&dev->ext.lock);
	is_ext = len > 0 && ext_va(dev, iova, 1) != NULL;
	pthread_mutex_unlock(&dev->ext.lock);
	if (is_ext)
		ret = dma_unshare(dev, iova, len);
	else if (len == 0 || !vup_ranges_contain(&dev->maps, iova, len))
		ret = -ENOENT;
	/* else EAL's memory, which stays shared until EAL frees it */
	pthread_mutex_unlock(&dev->maps_lock);
	return ret ? dma_fails(ret) : 0;
}

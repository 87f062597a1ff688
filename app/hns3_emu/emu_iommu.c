/* SPDX-License-Identifier: BSD-3-Clause */
/* The IOMMU of one port; see emu_iommu.h for what holds. */
#include "emu_iommu.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "emu.h"
#include "log.h"

#define MODULE          "emu.iommu"
#define SLOTS_MIN       256u
#define HUGETLBFS_SUPER 0x958458f6 /* statfs(2) */
/* One process has 128 TiB of addresses, and there may be EMU_PORTS_MAX arenas. */
#define ARENA_BYTES     (UINT64_C(1) << 40)
#define ARENA_ALIGN     (UINT64_C(1) << 30)
#define BOUNCE_BYTES    (8u << 20)
/* Faults logged one by one; afterwards only each LOG_EVERY-th. */
#define FAULTS_LOGGED   16u
#define LOG_EVERY       4096u

/* IOMMUs whose maps may raise SIGBUS; read by the signal handler. */
static struct emu_iommu *guarded[EMU_PORTS_MAX];

int
emu_iommu_init(struct emu_iommu *mmu, const char *name)
{
	*mmu = (struct emu_iommu){ .slot_mask = SLOTS_MIN - 1,
		.slot_shift = 64 - (uint32_t)__builtin_ctz(SLOTS_MIN) };
	strncpy(mmu->name, name, sizeof(mmu->name) - 1);
	mmu->slots = calloc(SLOTS_MIN, sizeof(*mmu->slots));
	return mmu->slots ? 0 : -ENOMEM;
}

void
emu_iommu_fini(struct emu_iommu *mmu)
{
	if (mmu->slots)
		emu_iommu_unmap_all(mmu);
	for (unsigned int i = 0; i < EMU_PORTS_MAX; i++) {
		if (guarded[i] == mmu)
			guarded[i] = NULL;
	}
	if (mmu->arena_map)
		munmap(mmu->arena_map, ARENA_BYTES + ARENA_ALIGN);
	mmu->arena_map = mmu->arena = NULL;
	free(mmu->bounce);
	mmu->bounce = NULL;
	free(mmu->slots);
	free(mmu->maps);
	free(mmu->runs);
	mmu->runs = NULL;
	mmu->slots = NULL;
	mmu->maps = NULL;
}

static uint64_t
granule_first(const struct emu_iommu_map *m)
{
	return m->iova >> EMU_GRANULE_SHIFT;
}

static uint64_t
granule_last(const struct emu_iommu_map *m)
{
	return (m->iova + m->size_bytes - 1) >> EMU_GRANULE_SHIFT;
}

/* Enter @p m for granule @p g; a granule that has a map already becomes one for the slow path. */
static void
slot_enter(struct emu_iommu *mmu, uint64_t g, const struct emu_iommu_map *m)
{
	uint32_t i = emu_iommu_hash(mmu, g + 1);

	while (mmu->slots[i].key != 0 && mmu->slots[i].key != g + 1)
		i = (i + 1) & mmu->slot_mask;
	mmu->slots[i].map = mmu->slots[i].key || !m->va ? NULL : m;
	mmu->slots[i].key = g + 1;
}

/* Make runs[] of maps[]. */
static void
runs_refresh(struct emu_iommu *mmu)
{
	struct emu_iommu_run *r = NULL;

	mmu->nb_runs = 0;
	for (uint32_t i = 0; i < mmu->nb_maps; i++) {
		const struct emu_iommu_map *m = &mmu->maps[i];

		if (!m->va)
			continue; /* remote */
		if (r && r->iova + r->size_bytes == m->iova && r->va + r->size_bytes == m->va &&
				r->prot == m->prot) {
			r->size_bytes += m->size_bytes;
			continue;
		}
		r = &mmu->runs[mmu->nb_runs++];
		*r = (struct emu_iommu_run){ m->iova, m->size_bytes, m->va, m->prot };
	}
}

const struct emu_iommu_run *
emu_iommu_run_find(const struct emu_iommu *mmu, uint64_t iova)
{
	uint32_t lo = 0, hi = mmu->refuses ? 0 : mmu->nb_runs; /* then each access has to ask */

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (mmu->runs[mid].iova <= iova)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > 0 && iova - mmu->runs[lo - 1].iova < mmu->runs[lo - 1].size_bytes
	                       ? &mmu->runs[lo - 1]
	                       : NULL;
}

/* Enter all of maps[] into the table as it is. */
static void
slots_refresh(struct emu_iommu *mmu)
{
	mmu->generation++;
	runs_refresh(mmu);
	memset(mmu->slots, 0, (mmu->slot_mask + (size_t)1) * sizeof(*mmu->slots));
	if (mmu->refuses)
		return; /* with no slot every lookup is a slow one */
	for (uint32_t i = 0; i < mmu->nb_maps; i++) {
		for (uint64_t g = granule_first(&mmu->maps[i]); g <= granule_last(&mmu->maps[i]);
				g++)
			slot_enter(mmu, g, &mmu->maps[i]);
	}
}

/* Make the table anew from maps[], at most half full. -ENOMEM: nothing has changed. */
static int
slots_rebuild(struct emu_iommu *mmu)
{
	uint64_t need = 0;
	uint32_t size = SLOTS_MIN;

	for (uint32_t i = 0; i < mmu->nb_maps; i++)
		need += granule_last(&mmu->maps[i]) - granule_first(&mmu->maps[i]) + 1;
	while (size < 2 * need)
		size *= 2;
	if (size > mmu->slot_mask + 1) {
		struct emu_iommu_slot *slots = calloc(size, sizeof(*slots));

		if (!slots)
			return -ENOMEM;
		free(mmu->slots);
		mmu->slots = slots;
		mmu->slot_mask = size - 1;
		mmu->slot_shift = 64 - (uint32_t)__builtin_ctz(size);
	}
	slots_refresh(mmu);
	return 0;
}

/* Index of the first map that ends behind @p iova. */
static uint32_t
maps_find(const struct emu_iommu *mmu, uint64_t iova)
{
	uint32_t lo = 0, hi = mmu->nb_maps;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		const struct emu_iommu_map *m = &mmu->maps[mid];

		if (m->iova + (m->size_bytes - 1) < iova)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
fault_count(struct emu_iommu *mmu, uint64_t iova, uint64_t len, uint32_t prot)
{
	uint64_t *counter = prot & EMU_DMA_WRITE ? &mmu->faults_write : &mmu->faults_read;
	/* Relaxed: a counter; both threads add to it, the report reads it. */
	uint64_t nb = __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);

	if (nb < FAULTS_LOGGED || nb % LOG_EVERY == 0)
		base_log(BASE_LOG_ERR, MODULE,
				"%s: fault: device %ss %" PRIu64 " bytes at IOVA 0x%" PRIx64
				", which is not mapped so (fault %" PRIu64 ")",
				mmu->name, prot & EMU_DMA_WRITE ? "write" : "read", len, iova,
				nb + 1);
}

/* One DMA by messages; a failure is a fault. */
static int
remote_dma(struct emu_iommu *mmu, bool is_write, uint64_t iova, void *buf, uint32_t len)
{
	__atomic_fetch_add(&mmu->nb_remote, 1, __ATOMIC_RELAXED); /* a counter of both threads */
	if (mmu->remote && mmu->remote(mmu->remote_ctx, is_write, iova, buf, len) == 0)
		return 0;
	fault_count(mmu, iova, len, is_write ? EMU_DMA_WRITE : EMU_DMA_READ);
	return -EFAULT;
}

/* What precedes a bounce buffer. */
struct bounce {
	uint64_t iova;
	uint32_t len, is_out;
	uint8_t pad[48]; /* buffers are aligned as those of the client are */
};

/* A bounce buffer for @p len bytes at @p iova in the remote map @p m. */
static void *
emu_iommu_bounce(struct emu_iommu *mmu, const struct emu_iommu_map *m, uint64_t iova, uint64_t len,
		uint32_t prot, bool fault)
{
	struct bounce *b;
	uint64_t need = sizeof(*b) + ((len + 63) & ~UINT64_C(63));

	if (!fault) /* it is only looked whether there is something */
		return NULL;
	if (len > m->size_bytes - (iova - m->iova) || need > BOUNCE_BYTES / 4 ||
			prot == (EMU_DMA_READ | EMU_DMA_WRITE))
		goto no;
	if (!mmu->bounce)
		mmu->bounce = aligned_alloc(64, BOUNCE_BYTES);
	if (!mmu->bounce)
		goto no;
	if (mmu->bounce_at + need > BOUNCE_BYTES)
		mmu->bounce_at = 0;
	b = (struct bounce *)(void *)(mmu->bounce + mmu->bounce_at);
	*b = (struct bounce){ .iova = iova, .len = (uint32_t)len, .is_out = prot == EMU_DMA_WRITE };
	if (prot == EMU_DMA_READ && remote_dma(mmu, false, iova, b + 1, (uint32_t)len))
		return NULL;
	mmu->bounce_at += (uint32_t)need;
	return b + 1;
no:
	fault_count(mmu, iova, len, prot);
	return NULL;
}

void
emu_iommu_bounce_send(struct emu_iommu *mmu, const void *va)
{
	const uint8_t *p = va;
	struct bounce *b;

	if (p < mmu->bounce || p >= mmu->bounce + BOUNCE_BYTES)
		return; /* client memory itself */
	b = (struct bounce *)(void *)(mmu->bounce + (p - mmu->bounce)) - 1;
	if (b->is_out)
		remote_dma(mmu, true, b->iova, b + 1, b->len);
}

void *
emu_iommu_va_slow(struct emu_iommu *mmu, uint64_t iova, uint64_t len, uint32_t prot, bool fault)
{
	uint32_t i = maps_find(mmu, iova);
	uint8_t *va = NULL;
	uint64_t done = 0;

	if (mmu->refuses) {
		if (!fault) /* who looks without blame asks again in earnest */
			return NULL;
		if (mmu->refuses(mmu->refuse_arg)) {
			__atomic_fetch_add(&mmu->nb_refused, 1, __ATOMIC_RELAXED); /* a counter */
			return NULL;
		}
	}
	/* From map to map, as long as the next one goes on where this one ends, in both address
	 * spaces. */
	for (; i < mmu->nb_maps && done < len; i++) {
		const struct emu_iommu_map *m = &mmu->maps[i];

		if (iova + done < m->iova || (m->prot & prot) != prot)
			break;
		if (!m->va && done == 0)
			return emu_iommu_bounce(mmu, m, iova, len, prot, fault);
		if (!va)
			va = m->va + (iova - m->iova);
		else if (iova + done != m->iova || va + done != m->va)
			break;
		done = m->size_bytes - (iova + done - m->iova) + done;
	}
	if (va && done >= len)
		return va;
	if (fault)
		fault_count(mmu, iova, len, prot);
	return NULL;
}

/* Bytes at @p iova up to the end of their map, at most @p len; 0 if none, or if they wrap. */
static uint32_t
run_at(struct emu_iommu *mmu, uint64_t iova, uint32_t len, uint32_t prot, uint8_t **va)
{
	uint32_t i = maps_find(mmu, iova);
	const struct emu_iommu_map *m = &mmu->maps[i];
	uint64_t left;

	if (i == mmu->nb_maps || iova < m->iova || (m->prot & prot) != prot ||
			len - 1 > UINT64_MAX - iova)
		return 0;
	left = m->size_bytes - (iova - m->iova);
	*va = m->va ? m->va + (iova - m->iova) : NULL;
	return left < len ? (uint32_t)left : len;
}

int
emu_dma_read(struct emu_iommu *mmu, uint64_t iova, void *buf, uint32_t len)
{
	uint8_t *out = buf;

	while (len > 0) {
		uint8_t *va = NULL;
		uint32_t nb = run_at(mmu, iova, len, EMU_DMA_READ, &va);

		if (nb == 0) {
			fault_count(mmu, iova, len, EMU_DMA_READ);
			return -EFAULT;
		}
		if (!va && remote_dma(mmu, false, iova, out, nb))
			return -EFAULT;
		if (va)
			memcpy(out, va, nb);
		out += nb;
		iova += nb;
		len -= nb;
	}
	return 0;
}

int
emu_dma_write(struct emu_iommu *mmu, uint64_t iova, const void *buf, uint32_t len)
{
	const uint8_t *in = buf;

	while (len > 0) {
		uint8_t *va = NULL;
		uint32_t nb = run_at(mmu, iova, len, EMU_DMA_WRITE, &va);

		if (nb == 0) {
			fault_count(mmu, iova, len, EMU_DMA_WRITE);
			return -EFAULT;
		}
		if (!va && remote_dma(mmu, true, iova, (uint8_t *)(uintptr_t)in, nb))
			return -EFAULT;
		if (va)
			memcpy(va, in, nb);
		in += nb;
		iova += nb;
		len -= nb;
	}
	return 0;
}

/* Page size of the file behind @p fd: mappings of hugetlbfs files are in multiples of theirs. */
static int
file_page_bytes(int fd, uint64_t *page_bytes, uint64_t *file_bytes)
{
	struct statfs sfs;
	struct stat st;

	if (fstat(fd, &st) || fstatfs(fd, &sfs))
		return -errno;
	*file_bytes = (uint64_t)st.st_size;
	*page_bytes = sfs.f_type == HUGETLBFS_SUPER ? (uint64_t)sfs.f_bsize
	                                            : (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

/*
 * Where in the arena @p m belongs, so that it lies beside its neighbours; NULL: nowhere. Only for
 * whole pages, because what mmap() takes beyond the map would cover a neighbour.
 */
static uint8_t *
arena_place(struct emu_iommu *mmu, const struct emu_iommu_map *m, uint64_t page, uint64_t offset)
{
	uint64_t at;

	if ((m->iova | m->size_bytes | offset) & (page - 1))
		return NULL;
	if (!mmu->arena) {
		uint8_t *p = mmap(NULL, ARENA_BYTES + ARENA_ALIGN, PROT_NONE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (p == MAP_FAILED)
			return NULL; /* an address space limit: do without */
		mmu->arena_map = p;
		mmu->arena = (uint8_t *)(((uintptr_t)p + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1));
		at = m->iova > ARENA_BYTES / 2 ? m->iova - ARENA_BYTES / 2 : 0;
		mmu->arena_iova = at & ~(ARENA_ALIGN - 1);
	}
	at = m->iova - mmu->arena_iova;
	if (m->iova < mmu->arena_iova || at > ARENA_BYTES || m->size_bytes > ARENA_BYTES - at)
		return NULL;
	return mmu->arena + at;
}

/* Nobody else may get addresses of the arena: the next map there would replace what he has. */
static void
arena_reserve(uint8_t *place, size_t bytes)
{
	mmap(place, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
			0);
}

/* Undo file_map(). */
static void
file_unmap(const struct emu_iommu *mmu, const struct emu_iommu_map *m)
{
	uint8_t *base = m->map_base;

	if (!m->va)
		return;
	if (mmu->arena && base >= mmu->arena && base < mmu->arena + ARENA_BYTES)
		arena_reserve(base, m->map_bytes);
	else
		munmap(base, m->map_bytes);
}

static int
file_map(struct emu_iommu *mmu, struct emu_iommu_map *m, int fd, uint64_t offset)
{
	uint8_t *place;
	uint64_t page = 0, file = 0, start, end;
	int ret = file_page_bytes(fd, &page, &file);
	int prot = (m->prot & EMU_DMA_READ ? PROT_READ : 0) |
	           (m->prot & EMU_DMA_WRITE ? PROT_READ | PROT_WRITE : 0);

	if (ret)
		return ret;
	if (offset > file || m->size_bytes > file - offset)
		return -EINVAL;
	start = offset & ~(page - 1);
	end = (offset + m->size_bytes + page - 1) & ~(page - 1);
	m->map_bytes = end - start;
	place = arena_place(mmu, m, page, offset);
	m->map_base = mmap(place, m->map_bytes, prot, MAP_SHARED | (place ? MAP_FIXED : 0), fd,
			(off_t)start);
	if (m->map_base == MAP_FAILED) {
		ret = -errno;
		if (place) /* the kernel may have emptied it before it gave up */
			arena_reserve(place, m->map_bytes);
		return ret;
	}
	m->va = (uint8_t *)m->map_base + (offset - start);
	return 0;
}

/* Room for one more map. */
static int
maps_reserve(struct emu_iommu *mmu)
{
	uint32_t size = mmu->maps_size ? 2 * mmu->maps_size : 64;
	struct emu_iommu_map *maps;
	struct emu_iommu_run *runs;

	if (mmu->nb_maps < mmu->maps_size)
		return 0;
	runs = realloc(mmu->runs, size * sizeof(*runs));
	if (runs)
		mmu->runs = runs;
	maps = runs ? realloc(mmu->maps, size * sizeof(*maps)) : NULL;
	if (maps) {
		mmu->maps = maps;
		mmu->maps_size = size;
	}
	slots_refresh(mmu); /* what points into them */
	return maps ? 0 : -ENOMEM;
}

/* @p fd -1: remote. */
static int
map_add(struct emu_iommu *mmu, uint64_t iova, uint64_t size_bytes, int fd, uint64_t offset,
		uint32_t prot)
{
	struct emu_iommu_map m = { .iova = iova, .size_bytes = size_bytes, .prot = prot };
	uint32_t i;
	int ret;

	if (size_bytes == 0 || size_bytes - 1 > UINT64_MAX - iova || prot == 0 ||
			prot & ~(EMU_DMA_READ | EMU_DMA_WRITE))
		return -EINVAL;
	if (mmu->nb_maps >= EMU_IOMMU_MAPS_MAX ||
			size_bytes > EMU_IOMMU_BYTES_MAX - mmu->live_bytes)
		return -ENOSPC;
	i = maps_find(mmu, iova);
	if (i < mmu->nb_maps && mmu->maps[i].iova <= iova + (size_bytes - 1))
		return -EEXIST;
	ret = maps_reserve(mmu);
	if (ret == 0 && fd >= 0)
		ret = file_map(mmu, &m, fd, offset);
	if (ret)
		return ret;
	memmove(&mmu->maps[i + 1], &mmu->maps[i], (mmu->nb_maps - i) * sizeof(m));
	mmu->maps[i] = m;
	mmu->nb_maps++;
	ret = slots_rebuild(mmu);
	if (ret) {
		file_unmap(mmu, &m);
		mmu->nb_maps--;
		memmove(&mmu->maps[i], &mmu->maps[i + 1], (mmu->nb_maps - i) * sizeof(m));
		slots_refresh(mmu); /* the old table fits the old maps */
		return ret;
	}
	mmu->live_bytes += size_bytes;
	mmu->nb_mapped++;
	if (mmu->nb_maps > mmu->peak_maps)
		mmu->peak_maps = mmu->nb_maps;
	return 0;
}

int
emu_iommu_map(struct emu_iommu *mmu, uint64_t iova, uint64_t size_bytes, int fd, uint64_t offset,
		uint32_t prot)
{
	return fd < 0 ? -EBADF : map_add(mmu, iova, size_bytes, fd, offset, prot);
}

int
emu_iommu_map_remote(struct emu_iommu *mmu, uint64_t iova, uint64_t size_bytes, uint32_t prot)
{
	return map_add(mmu, iova, size_bytes, -1, 0, prot);
}

/* Remove maps[first .. end - 1]. */
static void
maps_remove(struct emu_iommu *mmu, uint32_t first, uint32_t end)
{
	for (uint32_t i = first; i < end; i++) {
		mmu->live_bytes -= mmu->maps[i].size_bytes;
		file_unmap(mmu, &mmu->maps[i]);
		mmu->nb_unmapped++;
	}
	if (end < mmu->nb_maps)
		memmove(&mmu->maps[first], &mmu->maps[end],
				(mmu->nb_maps - end) * sizeof(*mmu->maps));
	mmu->nb_maps -= end - first;
	slots_rebuild(mmu); /* never grows here; shrinking that fails keeps the larger table's
	                       memory */
}

void
emu_iommu_refuse(struct emu_iommu *mmu, bool (*refuses)(void *arg), void *arg)
{
	if (mmu->refuses == refuses)
		return;
	mmu->refuses = refuses;
	mmu->refuse_arg = arg;
	slots_refresh(mmu); /* and rings are looked up again */
}

int
emu_iommu_unmap(struct emu_iommu *mmu, uint64_t iova, uint64_t size_bytes)
{
	uint32_t first = maps_find(mmu, iova), end = first;

	if (size_bytes == 0 || size_bytes - 1 > UINT64_MAX - iova)
		return -EINVAL;
	while (end < mmu->nb_maps && mmu->maps[end].iova - iova <= size_bytes - 1 &&
			mmu->maps[end].iova >= iova)
		end++;
	if (first < mmu->nb_maps && mmu->maps[first].iova < iova)
		return -EINVAL;
	if (end == first)
		return -ENOENT;
	if (mmu->maps[end - 1].iova - iova + (mmu->maps[end - 1].size_bytes - 1) > size_bytes - 1)
		return -EINVAL;
	maps_remove(mmu, first, end);
	return 0;
}

void
emu_iommu_unmap_all(struct emu_iommu *mmu)
{
	if (mmu->nb_maps > 0)
		maps_remove(mmu, 0, mmu->nb_maps);
	__atomic_store_n(&mmu->broken, false, __ATOMIC_RELAXED); /* relaxed: a flag alone */
}

/*
 * SIGBUS: a mapped file has lost its pages. Only async-signal-safe calls; maps[] does not change
 * under us, because it changes only while the data thread is paused, and on the service thread
 * never during an access.
 */
static void
on_sigbus(int sig, siginfo_t *info, void *uctx)
{
	uint8_t *addr = info->si_addr;

	(void)uctx;
	for (unsigned int p = 0; p < EMU_PORTS_MAX; p++) {
		struct emu_iommu *mmu = guarded[p];

		for (uint32_t i = 0; mmu && i < mmu->nb_maps; i++) {
			const struct emu_iommu_map *m = &mmu->maps[i];
			uint8_t *base = m->map_base;

			if (addr < base || addr >= base + m->map_bytes)
				continue;
			if (mmap(base, m->map_bytes, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
					    -1, 0) == MAP_FAILED)
				break;
			__atomic_store_n(&mmu->broken, true, __ATOMIC_RELAXED);
			return;
		}
	}
	signal(sig, SIG_DFL); /* not ours: the access is repeated and ends the process */
}

int
emu_iommu_guard_install(struct emu_iommu *mmu)
{
	struct sigaction sa = { .sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO };

	for (unsigned int i = 0; i < EMU_PORTS_MAX; i++) {
		if (guarded[i])
			continue;
		guarded[i] = mmu;
		sigemptyset(&sa.sa_mask);
		return sigaction(SIGBUS, &sa, NULL) ? -errno : 0;
	}
	return -ENOSPC;
}

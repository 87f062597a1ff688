/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The IOMMU of one port: which device addresses (IOVA) the client has mapped, and where they are in
 * this process.
 *
 * The device touches client memory through here only. An access outside live maps, or against their
 * permission, is a fault: counted, logged at a bounded rate, and never carried out.
 *
 * Translation is one probe of a hash table keyed by 2 MiB granule; a granule that more than one map
 * touches (small pages) takes a binary search. Threads: lookups from both threads; map and unmap
 * from the service thread with the data thread paused (emu.h). Invariant: maps[] is sorted by iova
 * and does not overlap.
 *
 * A map without a file ("remote") is memory that only the client can reach, by messages. A lookup
 * of it gives a bounce buffer: filled when the device is to read; sent by emu_iommu_written() when
 * it has written. Bounce buffers are used again after BOUNCE_BYTES more; a burst is shorter. Data
 * thread only, as are lookups but emu_dma_read() and emu_dma_write(), which carry messages in any
 * thread. A ring cannot lie in such memory: its lookup, to read and write, is a fault.
 *
 * A client may truncate a file that it has given to us; the access then raises SIGBUS.
 * emu_iommu_guard_install() puts zero pages in place and marks the IOMMU as broken, so that the
 * client can be ended instead of the emulator.
 */
#ifndef EMU_IOMMU_H
#define EMU_IOMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMU_DMA_READ  0x1u /* the device reads: Tx, commands */
#define EMU_DMA_WRITE 0x2u

#define EMU_IOMMU_MAPS_MAX  65536
#define EMU_IOMMU_BYTES_MAX (UINT64_C(1) << 40)

#define EMU_GRANULE_SHIFT 21

struct emu_iommu_map {
	uint64_t iova;
	uint64_t size_bytes;
	uint8_t *va;    /* of iova; NULL: remote */
	uint32_t prot;  /* EMU_DMA_* */
	void *map_base; /* what mmap() gave: aligned to the file's page size */
	size_t map_bytes;
};

/* Maps that go on where the one before ends, in both address spaces, with the same permissions. */
struct emu_iommu_run {
	uint64_t iova;
	uint64_t size_bytes;
	uint8_t *va;
	uint32_t prot;
};

/* Carry a DMA by messages; 0 or a negative errno. */
typedef int (*emu_iommu_remote)(
		void *ctx, bool is_write, uint64_t iova, void *buf, uint32_t len_bytes);

/* A granule and the map that alone covers it; map NULL: several do, or it is remote. An empty slot
 * has key 0. */
struct emu_iommu_slot {
	uint64_t key; /* granule number + 1 */
	const struct emu_iommu_map *map;
};

struct emu_iommu {
	/* lookup */
	struct emu_iommu_slot *slots;
	uint32_t slot_shift; /* hash >> this is a slot */
	uint32_t slot_mask;
	uint32_t nb_maps;
	uint32_t generation; /* counts changes: whoever keeps an address looks whether it moved */
	struct emu_iommu_map *maps;
	struct emu_iommu_run *runs; /* of maps[], in order; as many as maps[] has room for */
	uint32_t nb_runs;
	/* rarely */
	uint8_t *arena;  /* address space in which neighbouring IOVAs are neighbours here too; or
	                    NULL */
	void *arena_map; /* what mmap() gave for it */
	uint64_t arena_iova; /* where it begins */
	char name[16];
	uint32_t maps_size;
	uint64_t live_bytes;
	uint32_t peak_maps;
	emu_iommu_remote remote; /* NULL: remote maps are faults */
	void *remote_ctx;
	uint8_t *bounce; /* NULL: none was needed yet */
	uint32_t bounce_at;
	uint64_t nb_remote;                 /* DMAs by messages; atomic */
	uint64_t nb_mapped, nb_unmapped;    /* requests that succeeded, ever */
	uint64_t faults_read, faults_write; /* atomic */
	bool (*refuses)(void *arg);         /* an access is refused on purpose; NULL: never */
	void *refuse_arg;
	uint64_t nb_refused; /* atomic */
	bool broken;         /* atomic: a mapped file was truncated */
};

/* @p name is for logs. Returns 0 or -ENOMEM. */
int emu_iommu_init(struct emu_iommu *mmu, const char *name);
void emu_iommu_fini(struct emu_iommu *mmu);

/*
 * Map @p size_bytes of @p fd from @p offset at @p iova; fd stays the caller's and may be closed
 * afterwards. 0; -EEXIST overlaps a live map; -EINVAL empty, wrapping, bad permission, beyond the
 * file's end, or misaligned for its page size; -ENOSPC too many maps or bytes; -ENOMEM; others from
 * mmap(2).
 */
int emu_iommu_map(struct emu_iommu *mmu, uint64_t iova, uint64_t size_bytes, int fd,
		uint64_t offset, uint32_t prot);
/* Likewise memory without a file. */
int emu_iommu_map_remote(struct emu_iommu *mmu, uint64_t iova, uint64_t size_bytes, uint32_t prot);
/*
 * Unmap every map within the range; -ENOENT: there is none; -EINVAL: one lies across the range's
 * edge (nothing is done).
 */
int emu_iommu_unmap(struct emu_iommu *mmu, uint64_t iova, uint64_t size_bytes);
void emu_iommu_unmap_all(struct emu_iommu *mmu);

/*
 * Have each access to a buffer or ring ask @p refuses (NULL: no more) whether it is refused, as if
 * nothing were mapped there; counted apart from faults. All lookups take the long way meanwhile.
 * The data thread is paused.
 */
void emu_iommu_refuse(struct emu_iommu *mmu, bool (*refuses)(void *arg), void *arg);

/* Handle SIGBUS for the maps of this IOMMU; 0 or -ENOSPC. Undone by emu_iommu_fini(). */
int emu_iommu_guard_install(struct emu_iommu *mmu);

/* Out of line: binary search, then a fault. @p fault false: look only. */
void *emu_iommu_va_slow(
		struct emu_iommu *mmu, uint64_t iova, uint64_t len, uint32_t prot, bool fault);

/* The run that @p iova lies in, or NULL; good until the generation changes. */
const struct emu_iommu_run *emu_iommu_run_find(const struct emu_iommu *mmu, uint64_t iova);

static inline uint32_t
emu_iommu_hash(const struct emu_iommu *mmu, uint64_t key)
{
	return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> mmu->slot_shift);
}

/*
 * Where @p len > 0 bytes at @p iova are, or NULL (and a fault was counted, if @p fault). A range
 * that crosses maps is found if these are neighbours in this process too, as whole pages are (see
 * arena); emu_dma_read() and emu_dma_write() need no such luck.
 */
static inline void *
emu_iommu_look(struct emu_iommu *mmu, uint64_t iova, uint32_t len, uint32_t prot, bool fault)
{
	uint64_t key = (iova >> EMU_GRANULE_SHIFT) + 1;
	uint32_t i = emu_iommu_hash(mmu, key);

	while (mmu->slots[i].key != 0) {
		if (mmu->slots[i].key == key) {
			const struct emu_iommu_map *m = mmu->slots[i].map;

			if (m && iova >= m->iova && iova - m->iova <= m->size_bytes &&
					len <= m->size_bytes - (iova - m->iova) &&
					(m->prot & prot) == prot)
				return m->va + (iova - m->iova);
			break;
		}
		i = (i + 1) & mmu->slot_mask;
	}
	return emu_iommu_va_slow(mmu, iova, len, prot, fault);
}

/* Where they are if they are in @p run (or NULL), else NULL. */
static inline void *
emu_iommu_in_run(const struct emu_iommu_run *run, uint64_t iova, uint32_t len, uint32_t prot)
{
	uint64_t at = run ? iova - run->iova : 0;

	return run && at < run->size_bytes && len <= run->size_bytes - at &&
	                                       (run->prot & prot) == prot
	                       ? run->va + at
	                       : NULL;
}

/*
 * emu_iommu_look(), never a fault, for a caller that keeps *run, where the one before was found, or
 * NULL; it has to forget it when the generation changes.
 */
static inline void *
emu_iommu_look_near(struct emu_iommu *mmu, const struct emu_iommu_run **run, uint64_t iova,
		uint32_t len, uint32_t prot)
{
	void *va = emu_iommu_in_run(*run, iova, len, prot);

	if (va)
		return va;
	*run = emu_iommu_run_find(mmu, iova);
	return emu_iommu_look(mmu, iova, len, prot, false);
}

static inline void *
emu_iommu_va(struct emu_iommu *mmu, uint64_t iova, uint32_t len, uint32_t prot)
{
	return emu_iommu_look(mmu, iova, len, prot, true);
}

/* Out of line: send a bounce buffer. */
void emu_iommu_bounce_send(struct emu_iommu *mmu, const void *va);

/*
 * What a lookup to write has given is filled now; before the BD tells the client so.
 */
static inline void
emu_iommu_written(struct emu_iommu *mmu, const void *va)
{
	if (mmu->bounce)
		emu_iommu_bounce_send(mmu, va);
}

/* Copy across map borders; 0 or -EFAULT (a fault was counted; a part may have been copied). */
int emu_dma_read(struct emu_iommu *mmu, uint64_t iova, void *buf, uint32_t len);
int emu_dma_write(struct emu_iommu *mmu, uint64_t iova, const void *buf, uint32_t len);

#endif

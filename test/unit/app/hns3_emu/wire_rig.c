/* SPDX-License-Identifier: BSD-3-Clause */
/* The bench behind the unit tests of wires; see wire_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "deadline.h"
#include "fds.h"
#include "wire_rig.h"

/* ---- the device ---- */

static enum emu_rx_result
rx_one(struct emu_dev *dev, const struct emu_frame *frame)
{
	struct kept_frame *k = &dev->kept[dev->nb_kept];
	uint32_t len = 0;

	if (dev->refuses)
		return EMU_RX_DROPPED;
	if (dev->room == 0)
		return EMU_RX_NO_BD;
	dev->room--;
	assert_true(dev->nb_kept < sizeof(dev->kept) / sizeof(dev->kept[0]));
	assert_true(frame->nb_segs >= 1);
	k->bytes = malloc(frame->len_bytes);
	assert_non_null(k->bytes);
	for (uint32_t i = 0; i < frame->nb_segs; i++) {
		assert_true(frame->seg[i].iov_len <= frame->len_bytes - len);
		memcpy(k->bytes + len, frame->seg[i].iov_base, frame->seg[i].iov_len);
		len += (uint32_t)frame->seg[i].iov_len;
	}
	assert_int_equal(len, frame->len_bytes);
	k->len = len;
	dev->nb_kept++;
	return EMU_RX_TAKEN;
}

unsigned int
emu_dev_rx_burst(struct emu_dev *dev, const struct emu_frame *const *frames, unsigned int nb,
		bool waits, struct emu_rx_done *done)
{
	dev->longest_burst = nb > dev->longest_burst ? nb : dev->longest_burst;
	*done = (struct emu_rx_done){ 0 };
	for (unsigned int i = 0; i < nb; i++) {
		enum emu_rx_result result = rx_one(dev, frames[i]);

		done->taken += result == EMU_RX_TAKEN;
		done->taken_bytes += result == EMU_RX_TAKEN ? frames[i]->len_bytes : 0;
		done->dropped += result == EMU_RX_DROPPED;
		done->missed += result == EMU_RX_NO_BD;
		if (result == EMU_RX_NO_BD && waits)
			return i;
		dev->missed += result == EMU_RX_NO_BD;
	}
	return nb;
}

bool
emu_dev_rx_is_ready(const struct emu_dev *dev)
{
	return dev->ready;
}

void
dev_forget(struct emu_dev *dev)
{
	for (uint32_t i = 0; i < dev->nb_kept; i++)
		free(dev->kept[i].bytes);
	dev->nb_kept = 0;
}

/* ---- files ---- */

static void
dir_remove(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(dirfd(dir), e->d_name, 0);
	}
	closedir(dir);
	assert_int_equal(rmdir(path), 0);
}

uint8_t *
file_read(const char *name, size_t *size)
{
	FILE *f = fopen(name, "r");
	uint8_t *bytes = malloc(1 << 20);

	assert_non_null(f);
	assert_non_null(bytes);
	*size = fread(bytes, 1, 1 << 20, f);
	assert_true(*size < 1 << 20);
	fclose(f);
	return bytes;
}

void
file_write(const char *name, const void *bytes, size_t size)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

/* ---- life cycle ---- */

int
wire_setup(void **state)
{
	struct wire_rig *rig = calloc(1, sizeof(*rig));

	assert_non_null(rig);
	rig->dev.ready = true;
	rig->dev.room = UINT32_MAX;
	rig->back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	strcpy(rig->dir, "/tmp/emu_wire_XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	assert_int_equal(chdir(rig->dir), 0);
	*state = rig;
	return 0;
}

int
wire_teardown(void **state)
{
	struct wire_rig *rig = *state;

	wire_close(rig);
	dev_forget(&rig->dev);
	assert_int_equal(fchdir(rig->back), 0);
	close(rig->back);
	dir_remove(rig->dir);
	free(rig);
	return 0;
}

int
wire_try(struct wire_rig *rig, const char *spec)
{
	int ret;

	memset(rig->why, 0, sizeof(rig->why));
	ret = emu_wire_open(&rig->wire, spec, rig->why, sizeof(rig->why));
	rig->wire.dev = &rig->dev;
	return ret;
}

void
wire_open(struct wire_rig *rig, const char *spec)
{
	if (wire_try(rig, spec))
		fail_msg("\"%s\" is refused: %s", spec, rig->why);
}

void
wire_close(struct wire_rig *rig)
{
	emu_wire_close(&rig->wire);
}

void
wire_refused(struct wire_rig *rig, const char *spec, const char *hint)
{
	unsigned int fds = fds_count();

	if (wire_try(rig, spec) >= 0)
		fail_msg("\"%s\" is accepted", spec);
	if (!strstr(rig->why, hint))
		fail_msg("\"%s\" is refused with \"%s\", without \"%s\"", spec, rig->why, hint);
	assert_null(strchr(rig->why, '\n'));
	assert_null(rig->wire.ops);
	assert_int_equal(fds_count(), fds);
}

void
wire_poll_until(struct wire_rig *rig, uint32_t nb)
{
	struct deadline end = deadline_in_ms(5000);

	while (rig->dev.nb_kept < nb) {
		if (deadline_has_passed(&end))
			fail_msg("%u of %u frames came within five seconds", rig->dev.nb_kept, nb);
		if (rig->wire.ops->poll(&rig->wire, 32) == 0)
			usleep(1000);
	}
}

void
wire_poll_dealt(struct wire_rig *rig, unsigned int nb)
{
	struct deadline end = deadline_in_ms(5000);
	unsigned int dealt = 0;

	while (dealt < nb) {
		if (deadline_has_passed(&end))
			fail_msg("%u of %u frames were dealt with in five seconds", dealt, nb);
		dealt += rig->wire.ops->poll(&rig->wire, 32);
		usleep(1000);
	}
	assert_int_equal(dealt, nb);
}

unsigned int
wire_poll_for(struct wire_rig *rig, unsigned int ms)
{
	struct deadline end = deadline_in_ms(ms);
	unsigned int nb = 0, got;

	while (!deadline_has_passed(&end)) {
		got = rig->wire.ops->poll(&rig->wire, 32);
		nb += got;
		if (got == 0)
			usleep(500);
	}
	return nb;
}

enum emu_tx_result
wire_tx(struct wire_rig *rig, const uint8_t *bytes, uint32_t len, uint32_t seg_bytes)
{
	struct emu_frame f = { .len_bytes = len };
	const struct emu_frame *frame;
	enum emu_tx_result result;

	for (uint32_t at = 0, nb; at < len; at += nb) {
		nb = seg_bytes && seg_bytes < len - at ? seg_bytes : len - at;
		assert_true(f.nb_segs < EMU_FRAME_SEGS_MAX);
		f.seg[f.nb_segs++] = (struct iovec){ (void *)(uintptr_t)(bytes + at), nb };
	}
	frame = &f;
	emu_wire_tx(&rig->wire, &frame, 1, &result);
	return result;
}

void
bytes_fill(uint8_t *bytes, uint32_t len, unsigned int seed)
{
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)(seed + i);
}

uint32_t
bytes_sum(const uint8_t *p, uint32_t len, uint32_t sum)
{
	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

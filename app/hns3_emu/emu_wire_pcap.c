/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Wire "pcap:in=FILE,out=FILE[,loop][,lossy]": frames from a capture to the device, frames of the
 * device into a capture.
 *
 * The input is read into memory at start, so that a bad file is found before a client is. It is
 * sent once for each client (loop: again and again), from the moment on at which the device has
 * been ready to receive for START_DELAY: drivers set filters after they enabled reception. A frame
 * for which there is no free BD waits, unless the wire is lossy; so nothing is lost on the way to
 * the rings.
 */
#include "emu_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "deadline.h"
#include "emu_dev.h"
#include "log.h"

#define MODULE         "emu.wire"
#define START_DELAY_MS 300
#define SNAPLEN_BYTES  262144

struct pcap_wire {
	/* input: frames one behind the other; offset[i] .. offset[i + 1] is frame i */
	uint8_t *data;
	size_t *offset;
	size_t nb_frames, next;
	bool loop, lossy;
	bool started, armed;
	struct deadline start; /* armed: when to start */
	/* output */
	pcap_t *out_handle;
	pcap_dumper_t *out;
	bool out_failed; /* an error has been logged; nothing is written any more */
	uint8_t buf[EMU_FRAME_BYTES_MAX];
};

/* Append one frame; 0 or -ENOMEM. */
static int
frame_append(struct pcap_wire *p, const uint8_t *bytes, size_t len, size_t *data_size)
{
	size_t pad = len < EMU_FRAME_BYTES_MIN ? EMU_FRAME_BYTES_MIN - len : 0;
	size_t used = p->nb_frames ? p->offset[p->nb_frames] : 0;

	if (used + len + pad > *data_size) {
		size_t size = 2 * *data_size + EMU_FRAME_BYTES_MAX;
		uint8_t *data = realloc(p->data, size);

		if (!data)
			return -ENOMEM;
		p->data = data;
		*data_size = size;
	}
	if ((p->nb_frames & (p->nb_frames + 1)) == 0) { /* offset[] is full at each power of two */
		size_t *offset = realloc(p->offset, (2 * (p->nb_frames + 1) + 1) * sizeof(*offset));

		if (!offset)
			return -ENOMEM;
		p->offset = offset;
		p->offset[0] = 0;
	}
	memcpy(p->data + used, bytes, len);
	memset(p->data + used + len, 0, pad);
	p->nb_frames++;
	p->offset[p->nb_frames] = used + len + pad;
	return 0;
}

static int
input_load(struct pcap_wire *p, const char *path, char *why, size_t why_size)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *in = pcap_open_offline(path, err);
	struct pcap_pkthdr *hdr;
	const u_char *bytes;
	size_t data_size = 0;
	int got, ret = 0;

	if (!in) {
		snprintf(why, why_size, "wire \"pcap\": cannot read \"%s\": %s", path, err);
		return -EINVAL;
	}
	if (pcap_datalink(in) != DLT_EN10MB) {
		snprintf(why, why_size, "wire \"pcap\": \"%s\" holds no Ethernet frames", path);
		ret = -EINVAL;
	}
	while (ret == 0 && (got = pcap_next_ex(in, &hdr, &bytes)) != PCAP_ERROR_BREAK) {
		if (got != 1) {
			snprintf(why, why_size, "wire \"pcap\": \"%s\", frame %zu: %s", path,
					p->nb_frames + 1, pcap_geterr(in));
			ret = -EINVAL;
		} else if (hdr->caplen != hdr->len || hdr->len > EMU_FRAME_BYTES_MAX) {
			snprintf(why, why_size,
					"wire \"pcap\": \"%s\", frame %zu: %u of %u bytes "
					"captured, %d "
					"are the most; capture whole frames (tcpdump -s 0)",
					path, p->nb_frames + 1, hdr->caplen, hdr->len,
					EMU_FRAME_BYTES_MAX);
			ret = -EINVAL;
		} else {
			ret = frame_append(p, bytes, hdr->caplen, &data_size);
			if (ret)
				snprintf(why, why_size,
						"wire \"pcap\": \"%s\" is too large for memory",
						path);
		}
	}
	pcap_close(in);
	if (ret == 0 && p->nb_frames == 0) {
		snprintf(why, why_size, "wire \"pcap\": \"%s\" holds no frames", path);
		ret = -EINVAL;
	}
	return ret;
}

/* An empty file that nobody else writes, or NULL and errno; of devices there is enough for all. */
static FILE *
output_own(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	struct stat st;
	FILE *f;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 &&
			(!S_ISREG(st.st_mode) || (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
								 ftruncate(fd, 0) == 0))) {
		f = fdopen(fd, "wb");
		if (f)
			return f;
	}
	close(fd);
	return NULL;
}

static int
output_open(struct pcap_wire *p, const char *path, char *why, size_t why_size)
{
	FILE *f = output_own(path);
	const char *text = strerror(errno);

	if (!f && errno == EWOULDBLOCK)
		text = "another port or emulator writes it; give each a file of its own";
	p->out_handle = f ? pcap_open_dead(DLT_EN10MB, SNAPLEN_BYTES) : NULL;
	p->out = p->out_handle ? pcap_dump_fopen(p->out_handle, f) : NULL;
	if (p->out)
		return 0;
	if (f)
		text = p->out_handle ? pcap_geterr(p->out_handle) : "out of memory";
	snprintf(why, why_size, "wire \"pcap\": cannot write \"%s\": %s", path, text);
	if (f)
		fclose(f);
	return -EINVAL;
}

static void
pcap_wire_close(struct emu_wire *w)
{
	struct pcap_wire *p = w->priv;

	if (p->out)
		pcap_dump_close(p->out);
	if (p->out_handle)
		pcap_close(p->out_handle);
	free(p->offset);
	free(p->data);
	free(p);
}

static int
pcap_wire_open(struct emu_wire *w, const char *spec, char *why, size_t why_size)
{
	struct pcap_wire *p = calloc(1, sizeof(*p));
	char *copy = strdup(spec), *rest = copy, *key, *val, *in = NULL, *out = NULL;
	int ret = p && copy ? 0 : -ENOMEM;

	w->priv = p;
	if (ret)
		snprintf(why, why_size, "out of memory");
	while (ret == 0 && emu_spec_next(&rest, &key, &val)) {
		if (!strcmp(key, "in") && val && !in) {
			in = val;
		} else if (!strcmp(key, "out") && val && !out) {
			out = val;
		} else if (!strcmp(key, "loop") && !val) {
			p->loop = true;
		} else if (!strcmp(key, "lossy") && !val) {
			p->lossy = true;
		} else {
			snprintf(why, why_size,
					"wire \"pcap\": bad or repeated \"%s\"; it takes in=FILE, "
					"out=FILE, loop and lossy",
					key);
			ret = -EINVAL;
		}
	}
	if (ret == 0 && !in && !out) {
		snprintf(why, why_size, "wire \"pcap\": give in=FILE, out=FILE or both");
		ret = -EINVAL;
	}
	/* Output last: a wire that is refused must not have emptied a file. */
	if (ret == 0 && in)
		ret = input_load(p, in, why, why_size);
	if (ret == 0 && out)
		ret = output_open(p, out, why, why_size);
	free(copy);
	if (ret && p)
		pcap_wire_close(w);
	return ret;
}

/* Whether it is time to send; see the map comment. */
static bool
pcap_is_started(struct pcap_wire *p, const struct emu_dev *dev)
{
	if (!emu_dev_rx_is_ready(dev)) {
		p->started = p->armed = false;
	} else if (!p->armed) {
		p->armed = true;
		p->start = deadline_in_ms(START_DELAY_MS);
	} else if (!p->started) {
		p->started = deadline_has_passed(&p->start);
	}
	return p->started;
}

/* Up to @p max of the next frames; how many the device has dealt. */
static unsigned int
burst_send(struct emu_wire *w, struct pcap_wire *p, unsigned int max)
{
	static struct emu_frame frame[EMU_BURST]; /* one data thread */
	const struct emu_frame *frames[EMU_BURST];
	size_t next = p->next;
	unsigned int nb = 0;

	while (nb < max && next < p->nb_frames) {
		size_t at = p->offset[next], len = p->offset[next + 1] - at;

		frame[nb].len_bytes = (uint32_t)len;
		frame[nb].nb_segs = 1;
		frame[nb].seg[0] = (struct iovec){ p->data + at, len };
		frames[nb] = &frame[nb];
		nb++;
		if (++next == p->nb_frames && p->loop)
			next = 0;
	}
	nb = emu_wire_deliver_burst(w, frames, nb, !p->lossy);
	p->next += nb;
	if (p->loop)
		p->next %= p->nb_frames;
	return nb;
}

static unsigned int
pcap_wire_poll(struct emu_wire *w, unsigned int budget)
{
	struct pcap_wire *p = w->priv;
	unsigned int nb = 0;

	while (nb < budget && p->next < p->nb_frames && pcap_is_started(p, w->dev)) {
		unsigned int want = budget - nb < EMU_BURST ? budget - nb : EMU_BURST;
		unsigned int dealt = burst_send(w, p, want);

		nb += dealt;
		if (dealt < want)
			break;
	}
	return nb;
}

/* The disk is full, say: the capture ends here. What stdio had taken may be missing too. */
static void
output_fail(struct pcap_wire *p)
{
	base_log(BASE_LOG_ERR, MODULE, "pcap: cannot write: %s; the capture is not complete",
			strerror(errno));
	p->out_failed = true;
}

static enum emu_tx_result
pcap_wire_tx(struct emu_wire *w, const struct emu_frame *frame)
{
	struct pcap_wire *p = w->priv;
	uint64_t now_ns = deadline_now_ns();
	struct pcap_pkthdr hdr = {
		.ts = { .tv_sec = (time_t)(now_ns / 1000000000),
				.tv_usec = (suseconds_t)(now_ns % 1000000000 / 1000) },
		.caplen = frame->len_bytes,
		.len = frame->len_bytes,
	};

	if (p->out && !p->out_failed) {
		pcap_dump((u_char *)p->out, &hdr, emu_frame_flatten(frame, p->buf));
		if (ferror(pcap_dump_file(p->out)))
			output_fail(p);
	}
	if (p->out_failed) {
		w->stats.drop_tx_error_pkts++;
		return EMU_TX_DROPPED;
	}
	w->stats.tx_pkts++;
	w->stats.tx_bytes += frame->len_bytes;
	return EMU_TX_TAKEN;
}

static void
pcap_wire_flush(struct emu_wire *w)
{
	struct pcap_wire *p = w->priv;

	if (p->out && !p->out_failed && pcap_dump_flush(p->out))
		output_fail(p);
}

static void
pcap_wire_restart(struct emu_wire *w)
{
	struct pcap_wire *p = w->priv;

	p->next = 0;
	p->started = p->armed = false;
}

const struct emu_wire_ops emu_wire_pcap = {
	.kind = "pcap",
	.open = pcap_wire_open,
	.poll = pcap_wire_poll,
	.tx = pcap_wire_tx,
	.flush = pcap_wire_flush,
	.restart = pcap_wire_restart,
	.close = pcap_wire_close,
};

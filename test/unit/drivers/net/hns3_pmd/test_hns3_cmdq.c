/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Command queue: descriptor bytes, return codes, and a device that never answers. The BAR is a
 * block of memory; a zeroed head that never moves is the dead firmware.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "deadline.h"
#include "hns3_fw.h"
#include "hns3_log.h"

int hns3_logtype;

static struct hns3_cmd_desc rings[2][1024];
static struct rte_memzone zone;

static void
queue_make(struct hns3_cmdq *q, uint8_t *bar)
{
	uint32_t base = 0x10000;

	memset(q, 0, sizeof(*q));
	memset(rings, 0, sizeof(rings));
	zone.iova = base;
	memcpy(bar + 0x27000, &base, 4);
	q->bar = bar;
	q->mz = &zone;
	q->csq = rings[0];
	q->crq = rings[1];
	pthread_mutex_init(&q->lock, NULL);
}

/* A write command as it lies in the ring: 0x0308 with 1526 and 64, bytes F6 05 40 [3:9.2]. */
static void
test_bytes_and_timeout(void **state)
{
	static const uint8_t want[32] = { 0x08, 0x03, 0x11, 0, 0, 0, 0, 0, 0xf6, 0x05, 0x40 };
	uint8_t *bar = calloc(1, 0x100000);
	struct hns3_cmdq q;
	uint64_t t0, t1, least = UINT64_MAX;
	uint32_t tail;

	(void)state;
	assert_non_null(bar);
	queue_make(&q, bar);
	t0 = deadline_now_ns();
	assert_int_equal(hns3_fw_max_frame_set(&q, 1526), -ETIME);
	t1 = deadline_now_ns();
	assert_memory_equal(&rings[0][0], want, 32);
	memcpy(&tail, bar + 0x27010, 4);
	assert_int_equal(tail, 1);
	assert_in_range((t1 - t0) / 1000000, 30, 20000);
	assert_true(hns3_cmdq_is_dead(&q));
	for (unsigned int i = 0; i < 10; i++) { /* at once, and nothing is written */
		t0 = deadline_now_ns();
		assert_int_equal(hns3_fw_gro_off(&q), -EIO);
		t1 = deadline_now_ns();
		least = t1 - t0 < least ? t1 - t0 : least; /* the machine may be busy */
	}
	assert_in_range(least / 1000000, 0, 10);
	memcpy(&tail, bar + 0x27010, 4);
	assert_int_equal(tail, 1);
	free(bar);
}

static void
test_lost_base(void **state)
{
	uint8_t *bar = calloc(1, 0x100000);
	struct hns3_cmdq q;

	(void)state;
	assert_non_null(bar);
	queue_make(&q, bar);
	memset(bar + 0x27000, 0, 4);
	assert_int_equal(hns3_fw_gro_off(&q), -EIO);
	assert_true(hns3_cmdq_is_dead(&q));
	free(bar);
}

static void
test_return_codes(void **state)
{
	static const int want[] = { 0, -EPERM, -EOPNOTSUPP, -EXFULL, -ENOSR, -ENOTBLK, -EINVAL,
		-ERANGE, -ETIME, -ENOLINK, -ENXIO, -EBADR, -EINVAL, -EREMOTEIO };
	struct hns3_cmd_desc d[2];

	(void)state;
	for (uint16_t i = 0; i < RTE_DIM(want); i++)
		assert_int_equal(hns3_cmdq_errno(i), want[i]);
	assert_int_equal(hns3_cmdq_errno(0xffff), -EREMOTEIO);
	/* Of a group the last descriptor counts, of a raw command the first [1:3.5]. */
	memset(d, 0, sizeof(d));
	d[0].opcode_le = rte_cpu_to_le_16(0x0903);
	d[0].retval_le = rte_cpu_to_le_16(6);
	assert_int_equal(hns3_cmdq_result(d, 2), 0);
	d[0].opcode_le = rte_cpu_to_le_16(0x0034);
	assert_int_equal(hns3_cmdq_result(d, 2), -EINVAL);
}

static void
count_links(void *arg, const uint8_t data[24])
{
	assert_int_equal(data[0], 201);
	++*(unsigned int *)arg;
}

static void
test_receive(void **state)
{
	uint8_t *bar = calloc(1, 0x100000);
	uint32_t tail = 2, head;
	unsigned int nb = 0;
	struct hns3_cmdq q;

	(void)state;
	assert_non_null(bar);
	queue_make(&q, bar);
	rings[1][0].flag_le = rte_cpu_to_le_16(2);
	rings[1][0].data[0] = 201;
	rings[1][1].data[0] = 201; /* not valid: dropped */
	memcpy(bar + 0x27024, &tail, 4);
	hns3_cmdq_drain(&q, count_links, &nb);
	assert_int_equal(nb, 1);
	memcpy(&head, bar + 0x27028, 4);
	assert_int_equal(head, 2);
	assert_int_equal(rings[1][0].flag_le, 0);
	free(bar);
}

/* Shaper words of the table [3:6.4]. */
static void
test_shaper(void **state)
{
	(void)state;
	assert_int_equal(hns3_tm_shaper(1000, 48), 0x028550c0);
	assert_int_equal(hns3_tm_shaper(25000, 48), 0x02850096);
	assert_int_equal(hns3_tm_shaper(100000, 48), 0x02850296);
	assert_int_equal(hns3_tm_shaper(100000, 192), 0x02850496);
	assert_int_equal(hns3_tm_shaper(100, 1536), 0x0285309a);
	assert_int_equal(hns3_tm_shaper(1000, 1536), 0x028500c0);
	assert_int_equal(hns3_tm_shaper(100000, 1536), 0x02850796);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_and_timeout),
		cmocka_unit_test(test_lost_base),
		cmocka_unit_test(test_return_codes),
		cmocka_unit_test(test_receive),
		cmocka_unit_test(test_shaper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

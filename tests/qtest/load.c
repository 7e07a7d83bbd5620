// SPDX-License-Identifier: GPL-2.0-only
#include "load.h"

#define LOAD_LIST	0x20000ULL

uint64_t load_start(struct rig *rig)
{
	uint64_t bus = rig_alloc(rig, LOAD_BYTES);
	uint64_t list = rig_alloc(rig, 16 * LUTNA_CMD_SIZE);
	struct lutna_cmd_copy cmd;
	unsigned int q, i;

	rig_cmd(&cmd, LUTNA_OP_COPY, 0);
	cmd.in = (struct lutna_tensor) {
		.addr = LOAD_VA, .n = 1, .c = 1, .h = 256,
		.w = LOAD_BYTES / 256,
		.stride_h = LOAD_BYTES / 256, .stride_w = 1,
		.type = LUTNA_TYPE_U8,
	};
	cmd.out = cmd.in;
	cmd.repeat_h = 1;
	cmd.repeat_w = 1;
	for (i = 0; i < 16; i++)
		rig_write(rig, list + i * sizeof(cmd), &cmd, sizeof(cmd));
	rig_ctx_enable(rig, LOAD_CTX);
	rig_map(rig, LOAD_CTX, LOAD_LIST, list, RIG_PAGE, RIG_R);
	rig_map(rig, LOAD_CTX, LOAD_VA, bus, LOAD_BYTES, RIG_RW);
	for (q = 0; q < LOAD_QUEUES; q++) {
		rig_queue_start(rig, q, LOAD_CTX, 4, q % 4, 0);
		for (i = 0; i < 16; i++)
			rig_entry(rig, q, (struct lutna_job_entry) {
				.list = LOAD_LIST, .count = 16,
				.flags = LUTNA_JOB_IRQ,
			});
		rig_bell(rig, q);
	}
	return bus;
}

void load_expect_still(struct rig *rig, uint64_t bus)
{
	static uint8_t pattern;
	const uint64_t ring = rig->cq[0].base;
	const size_t size = sizeof(struct lutna_completion) << rig->cq[0].log2;
	g_autofree uint8_t *data = g_malloc(LOAD_BYTES);
	g_autofree uint8_t *before = g_malloc(size);
	g_autofree uint8_t *after = g_malloc(size);
	unsigned int i;

	qtest_memset(rig->qts, bus, ++pattern, LOAD_BYTES);
	rig_read(rig, ring, before, size);
	g_usleep(20000);
	rig_read(rig, ring, after, size);
	g_assert_cmpmem(before, size, after, size);
	rig_read(rig, bus, data, LOAD_BYTES);
	for (i = 0; i < LOAD_BYTES; i++)
		g_assert_cmphex(data[i], ==, pattern);
}

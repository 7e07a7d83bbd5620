/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest, an executor, and what the guest's memory should become.
 */
#ifndef CORE_TEST_MACHINE_H
#define CORE_TEST_MACHINE_H

#include "check.h"
#include "guest.h"

/**
 * struct machine - what most tests need
 * @g: guest
 * @exec: executor
 * @want: the image of the guest's memory that a command should leave
 * @profile: of the last command
 * @fault: of the last command
 */
struct machine {
	struct guest *g;
	struct lutna_exec *exec;
	uint8_t *want;
	struct lutna_profile profile;
	struct lutna_fault_info fault;
};

/** machine_init() - with @size bytes of guest memory */
void machine_init(struct machine *m, size_t size, enum lutna_impl impl,
		  struct rng *r);
void machine_fini(struct machine *m);

/** machine_begin() - make @m->want what memory is now; then change it */
void machine_begin(struct machine *m);

/** machine_run() - one command; returns 0 or a fault */
int machine_run(struct machine *m, const void *cmd);

/**
 * machine_expect() - run @cmd, which should leave @m->want and nothing else
 *
 * Checks too that nothing was read after the first write.
 */
bool machine_expect(struct machine *m, const void *cmd, const char *what);

/** machine_refused() - run @cmd, which should end with @code at @addr */
bool machine_refused(struct machine *m, const void *cmd, int code,
		     unsigned int access, uint64_t addr, const char *what);

/** header() - of a command */
struct lutna_cmd_hdr header(unsigned int opcode);

/** floor_shift() - floor(@v / 2^@shift), in more bits than needed */
static inline __int128 floor_shift(__int128 v, unsigned int shift)
{
	__int128 unit = (__int128)1 << shift, q = v / unit;

	return v % unit < 0 ? q - 1 : q;
}

/** clamp() - to @low..@high */
static inline uint8_t clamp(__int128 v, uint8_t low, uint8_t high)
{
	return v < low ? low : v > high ? high : v;
}

#endif /* CORE_TEST_MACHINE_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA selftests: fences, ours and others'
 *
 * Every function that calls the kernel returns 0 or a negative errno.
 */
#ifndef LUTNA_TEST_FENCE_H
#define LUTNA_TEST_FENCE_H

#include "lutna_test.h"

/**
 * struct fenced - a submission with fences
 * @fd: file
 * @queue: where to
 * @flags: LUTNA_SUBMIT_*; LUTNA_SUBMIT_OUT_FENCE is added for @out
 * @jobs: the jobs; NULL: an empty job
 * @count: how many
 * @in: sync_files to wait for
 * @nr_in: how many
 * @out: set to the sync_file of the submission; NULL: none is wanted
 * @seqno: out: the last job taken
 * @taken: out: how many were
 */
struct fenced {
	int fd;
	__u32 queue;
	__u32 flags;
	const struct lutna_job *jobs;
	__u32 count;
	const int *in;
	__u32 nr_in;
	int *out;
	__u64 seqno;
	__u32 taken;
};

int submit_fenced(struct fenced *s);

/** fence_status() - 1: signalled, 0: not yet, or the error of the signal */
int fence_status(int fence);
/** fence_wait() - wait for the signal; 0 or -ETIMEDOUT */
int fence_wait(int fence, __s64 ns);
/** fence_merge() - a sync_file that stands for both, or a negative errno */
int fence_merge(int a, int b);

/**
 * struct foreign - a fence of vgem's, which the test signals when it likes
 * @vgem: the device
 * @bo: a buffer of it
 * @fence: vgem's number of the fence
 * @dmabuf: the buffer, exported
 * @sync: sync_file of the fence
 *
 * vgem signals it by itself after 10 seconds, or when it is closed.
 */
struct foreign {
	int vgem;
	__u32 bo;
	__u32 fence;
	int dmabuf;
	int sync;
};

/** vgem_open() - the device, once its module is loaded; -ENODEV if there is none */
int vgem_open(void);
int foreign_open(struct foreign *f);
int foreign_signal(struct foreign *f);
void foreign_close(struct foreign *f);

/** files_open() - how many file descriptors this process has */
int files_open(void);

#endif /* LUTNA_TEST_FENCE_H */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: processes that work while a test does something to the device
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lutna_test.h"

int loaders_start(struct test_loaders *l, int (*load)(const int *stop))
{
	int i;

	l->stop = mmap(NULL, sizeof(*l->stop), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->stop == MAP_FAILED)
		return -errno;
	for (i = 0; i < TEST_LOADERS; i++) {
		l->pids[i] = fork();
		if (!l->pids[i])
			_exit(-load(l->stop));
	}
	return 0;
}

int loaders_end(struct test_loaders *l)
{
	int i, status, all = 0;

	__atomic_store_n(l->stop, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < TEST_LOADERS; i++) {
		waitpid(l->pids[i], &status, 0);
		all |= status;
	}
	return all;
}

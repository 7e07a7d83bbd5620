// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: threads that wait for jobs, and signals that disturb them
 */
#include <signal.h>
#include <sys/time.h>

#include "lutna_test.h"

void *sleep_for_job(void *arg)
{
	struct test_sleeper *s = arg;

	s->ret = wait_for(s->fd, s->queue, s->seqno, s->ns, &s->result);
	return NULL;
}

static int signals;

static void on_signal(int sig)
{
	__atomic_add_fetch(&signals, 1, __ATOMIC_SEQ_CST);
}

int signals_count(int sig, int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	return sigaction(sig, &action, NULL);
}

int alarm_again_and_again(int flags)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } };

	return signals_count(SIGALRM, flags) || setitimer(ITIMER_REAL, &every, NULL);
}

int signals_seen(void)
{
	return __atomic_load_n(&signals, __ATOMIC_SEQ_CST);
}

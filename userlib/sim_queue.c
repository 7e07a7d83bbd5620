// SPDX-License-Identifier: MIT
/*
 * Queues of the simulator: a thread each, which executes jobs in their order.
 *
 * Between queues the operating system's scheduler decides, so priorities are
 * taken and have no effect.
 */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "sim.h"

/* @access of struct lutna_result */
enum {
	ACCESS_NONE,
	ACCESS_READ,
	ACCESS_WRITE,
};

struct sim_job {
	struct lutna_job_desc desc;
	struct lutna_result result;
};

/**
 * struct sim_queue - a queue and its thread
 * @queue: what all back ends have
 * @sim: its device
 * @exec: the thread's
 * @thread: executes the jobs
 * @lock: protects what follows, but for @stop, which is only set under it
 * @work: there is a job, or @stop
 * @ended: a job has ended
 * @stop: the queue is being freed
 * @faulted: a job has failed; no more are taken
 * @submitted: sequence number of the newest job
 * @completed: sequence number of the last job that has ended
 * @timeout_ns: time limit of a job that has none of its own, 0: none
 * @depth: entries of @jobs, a power of two
 * @jobs: job s is at s % depth until job s + depth takes its place
 */
struct sim_queue {
	struct lutna_queue queue;
	struct sim_device *sim;
	struct lutna_exec *exec;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	pthread_cond_t ended;
	atomic_bool stop;
	bool faulted;
	uint64_t submitted;
	uint64_t completed;
	uint64_t timeout_ns;
	unsigned int depth;
	struct sim_job jobs[];
};

/* One job while it runs; what core's callbacks are given. */
struct sim_run {
	struct sim_queue *queue;
	const struct lutna_job_desc *desc;
	struct lutna_result *result;
	int64_t deadline_ns;
};

static int run_read(void *opaque, uint64_t addr, void *dst, size_t len,
		    uint64_t *fault_addr)
{
	struct sim_run *run = opaque;

	return sim_memory_read(&run->queue->sim->memory, addr, dst, len,
			       fault_addr);
}

static int run_write(void *opaque, uint64_t addr, const void *src, size_t len,
		     uint64_t *fault_addr)
{
	struct sim_run *run = opaque;

	return sim_memory_write(&run->queue->sim->memory, addr, src, len,
				fault_addr);
}

static bool run_aborted(void *opaque)
{
	struct sim_run *run = opaque;

	return atomic_load_explicit(&run->queue->stop, memory_order_relaxed) ||
	       (run->deadline_ns != INT64_MAX &&
		lutna_now_ns() >= run->deadline_ns);
}

static uint64_t run_now_ns(void *opaque)
{
	struct sim_run *run = opaque;

	return sim_time_ns(run->queue->sim);
}

static void run_failed(struct sim_run *run, unsigned int fault,
		       unsigned int access, uint64_t addr)
{
	struct lutna_result *result = run->result;

	result->fault = fault;
	result->access = access;
	result->fault_addr = addr;
	if (fault != LUTNA_FAULT_ABORTED)
		result->error = -EIO;
	else if (atomic_load(&run->queue->stop))
		result->error = -ECANCELED;
	else
		result->error = -ETIME;
}

static void account(struct sim_run *run, const struct lutna_profile *profile)
{
	struct lutna_result *result = run->result;

	result->cycles += le64toh(profile->cycles_load) +
			  le64toh(profile->cycles_compute) +
			  le64toh(profile->cycles_stall);
	result->energy += le64toh(profile->energy[run->desc->unit]);
}

/* Fetches and executes one command; false when that ends the job. */
static bool run_command(struct sim_run *run, const struct lutna_memory *mem,
			uint32_t index)
{
	const struct lutna_job_desc *desc = run->desc;
	struct lutna_profile profile = { 0 };
	struct lutna_fault_info fault = { 0 };
	unsigned char cmd[LUTNA_CMD_SIZE];
	uint64_t addr, start;
	int code;

	if (run_aborted(run)) {
		run_failed(run, LUTNA_FAULT_ABORTED, ACCESS_NONE, 0);
		return false;
	}
	start = sim_time_ns(run->queue->sim);
	code = run_read(run, desc->list + (uint64_t)index * LUTNA_CMD_SIZE, cmd,
			sizeof(cmd), &addr);
	if (code) {
		run_failed(run, code, ACCESS_READ, addr);
		return false;
	}
	if (lutna_exec_command(run->queue->exec, mem, cmd, &profile, &fault)) {
		run_failed(run, fault.code, fault.access, fault.addr);
		return false;
	}
	profile.index = htole32(index);
	profile.start_ns = htole64(start);
	profile.end_ns = htole64(sim_time_ns(run->queue->sim));
	if (desc->profile) {
		code = run_write(run, desc->profile + index * sizeof(profile),
				 &profile, sizeof(profile), &addr);
		if (code) {
			run_failed(run, code, ACCESS_WRITE, addr);
			return false;
		}
	}
	account(run, &profile);
	return true;
}

static void run_job(struct sim_queue *sq, const struct lutna_job_desc *desc,
		    struct lutna_result *result)
{
	uint64_t limit = desc->timeout_ns ? desc->timeout_ns : sq->timeout_ns;
	struct sim_run run = {
		.queue = sq,
		.desc = desc,
		.result = result,
		.deadline_ns = INT64_MAX,
	};
	struct lutna_memory mem = {
		.read = run_read,
		.write = run_write,
		.aborted = run_aborted,
		.now_ns = run_now_ns,
		.opaque = &run,
	};

	memset(result, 0, sizeof(*result));
	if (limit && limit <= INT64_MAX)
		run.deadline_ns = lutna_deadline((int64_t)limit);
	result->start_ns = sim_time_ns(sq->sim);
	while (result->command < desc->count &&
	       run_command(&run, &mem, result->command))
		result->command++;
	result->duration_ns = sim_time_ns(sq->sim) - result->start_ns;
}

static struct sim_job *job_of(struct sim_queue *sq, uint64_t seqno)
{
	return &sq->jobs[seqno & (sq->depth - 1)];
}

/* Called with the lock held: all that wait behind a job that failed */
static void cancel_pending(struct sim_queue *sq)
{
	sq->faulted = true;
	while (sq->completed < sq->submitted) {
		struct sim_job *job = job_of(sq, ++sq->completed);

		memset(&job->result, 0, sizeof(job->result));
		job->result.error = -ECANCELED;
	}
}

static void *worker(void *opaque)
{
	struct sim_queue *sq = opaque;
	struct lutna_job_desc desc;
	struct lutna_result result;
	struct sim_job *job;

	pthread_mutex_lock(&sq->lock);
	for (;;) {
		while (!sq->stop && sq->completed == sq->submitted)
			pthread_cond_wait(&sq->work, &sq->lock);
		if (sq->stop)
			break;
		job = job_of(sq, sq->completed + 1);
		desc = job->desc;
		pthread_mutex_unlock(&sq->lock);

		run_job(sq, &desc, &result);

		pthread_mutex_lock(&sq->lock);
		job->result = result;
		sq->completed++;
		if (result.error)
			cancel_pending(sq);
		pthread_cond_broadcast(&sq->ended);
	}
	pthread_mutex_unlock(&sq->lock);
	return NULL;
}

static int init_sync(struct sim_queue *sq)
{
	pthread_condattr_t attr;
	int err;

	err = pthread_mutex_init(&sq->lock, NULL);
	if (err)
		return -err;
	err = pthread_cond_init(&sq->work, NULL);
	if (err)
		goto err_lock;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	err = pthread_cond_init(&sq->ended, &attr);
	pthread_condattr_destroy(&attr);
	if (err)
		goto err_work;
	return 0;

err_work:
	pthread_cond_destroy(&sq->work);
err_lock:
	pthread_mutex_destroy(&sq->lock);
	return -err;
}

static void destroy_sync(struct sim_queue *sq)
{
	pthread_cond_destroy(&sq->ended);
	pthread_cond_destroy(&sq->work);
	pthread_mutex_destroy(&sq->lock);
}

/* The application's signals are not for the library's thread. */
static int start_worker(struct sim_queue *sq)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&sq->thread, NULL, worker, sq);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -err;
}

static int count_queue(struct sim_device *sim)
{
	if (atomic_fetch_add(&sim->queues, 1) < sim->dev.info.max_queues)
		return 0;
	atomic_fetch_sub(&sim->queues, 1);
	return -ENOSPC;
}

int sim_queue_new(struct lutna_queue **out, struct lutna_device *dev,
		  unsigned int priority, unsigned int depth,
		  uint64_t timeout_ns)
{
	struct sim_device *sim = (struct sim_device *)dev;
	struct sim_queue *sq;
	int err;

	(void)priority;
	err = count_queue(sim);
	if (err)
		return lutna_fail_errno(err, "queue: cannot create it");
	sq = calloc(1, sizeof(*sq) + depth * sizeof(sq->jobs[0]));
	if (!sq) {
		err = -ENOMEM;
		goto err_count;
	}
	sq->queue.dev = dev;
	sq->sim = sim;
	sq->depth = depth;
	sq->timeout_ns = timeout_ns;
	atomic_init(&sq->stop, false);
	err = lutna_exec_new(&sq->exec, &sim->params);
	if (err)
		goto err_free;
	err = init_sync(sq);
	if (err)
		goto err_exec;
	err = start_worker(sq);
	if (err)
		goto err_sync;
	*out = &sq->queue;
	return 0;

err_sync:
	destroy_sync(sq);
err_exec:
	lutna_exec_free(sq->exec);
err_free:
	free(sq);
err_count:
	atomic_fetch_sub(&sim->queues, 1);
	return lutna_fail_errno(err, "queue: cannot create it");
}

int sim_queue_new_owned(struct lutna_queue **out, struct lutna_device *dev,
			unsigned int priority, unsigned int depth,
			uint64_t timeout_ns, uint64_t spin_ns)
{
	(void)spin_ns;
	return sim_queue_new(out, dev, priority, depth, timeout_ns);
}

void sim_queue_free(struct lutna_queue *queue)
{
	struct sim_queue *sq = (struct sim_queue *)queue;

	pthread_mutex_lock(&sq->lock);
	sq->stop = true;
	pthread_cond_signal(&sq->work);
	pthread_mutex_unlock(&sq->lock);
	pthread_join(sq->thread, NULL);

	destroy_sync(sq);
	lutna_exec_free(sq->exec);
	atomic_fetch_sub(&sq->sim->queues, 1);
	free(sq);
}

int sim_submit(struct lutna_queue *queue, const struct lutna_job_desc *desc,
	       uint64_t *seqno)
{
	struct sim_queue *sq = (struct sim_queue *)queue;
	int err = 0;

	pthread_mutex_lock(&sq->lock);
	while (!sq->faulted && sq->submitted - sq->completed == sq->depth)
		pthread_cond_wait(&sq->ended, &sq->lock);
	if (sq->faulted) {
		err = -EBADFD;
	} else {
		job_of(sq, ++sq->submitted)->desc = *desc;
		*seqno = sq->submitted;
		pthread_cond_signal(&sq->work);
	}
	pthread_mutex_unlock(&sq->lock);
	return err ? lutna_fail_errno(err, "cannot submit the job") : 0;
}

int sim_wait(struct lutna_queue *queue, uint64_t seqno, int64_t deadline_ns,
	     struct lutna_result *result)
{
	struct sim_queue *sq = (struct sim_queue *)queue;
	struct timespec until = {
		.tv_sec = deadline_ns / 1000000000,
		.tv_nsec = deadline_ns % 1000000000,
	};
	int err = 0;

	pthread_mutex_lock(&sq->lock);
	if (!seqno || seqno > sq->submitted)
		err = ENOENT;
	while (!err && seqno > sq->completed)
		err = pthread_cond_timedwait(&sq->ended, &sq->lock, &until);
	/* The last look counts, also at a deadline that had passed before. */
	if (err == ETIMEDOUT && seqno <= sq->completed)
		err = 0;
	if (!err && result) {
		if (sq->submitted - seqno < sq->depth)
			*result = job_of(sq, seqno)->result;
		else
			memset(result, 0, sizeof(*result));
	}
	pthread_mutex_unlock(&sq->lock);
	return err ? lutna_fail_errno(-err, "job %llu",
				      (unsigned long long)seqno) : 0;
}

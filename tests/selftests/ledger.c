// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: processes with many queues of all priorities, that submit,
 * cancel, destroy, close, map and unmap in random order, and keep a ledger of
 * it: every job ends once and as it may, every page comes back
 *
 * The order is random but always the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE		4096UL
#define PROCESSES	8
#define QUEUES		8
#define DEPTH		16
#define STEPS		1500
#define EXTRAS		4
/* What one job writes; each has a cell of its own. */
#define CELL		64
#define NOWHERE		0x800000000ULL

/**
 * struct job - one that has not been accounted for
 * @seqno: its number, 0 if there is none
 * @before: what its cell held
 * @value: what it writes there
 * @marked: QUEUE_CANCEL was asked to cancel it
 * @faulty: it has no memory to write to
 */
struct job {
	__u64 seqno;
	__u8 before;
	__u8 value;
	bool marked;
	bool faulty;
};

/**
 * struct line - a queue and its jobs, the oldest first
 * @handle: 0 if there is none
 * @first: number of the oldest
 * @last: number of the newest
 * @failed: a job of it has failed: those after it do not run
 * @jobs: by their number
 */
struct line {
	__u32 handle;
	__u64 first;
	__u64 last;
	bool failed;
	struct job jobs[DEPTH];
};

/* How jobs ended, in all */
struct tally {
	unsigned long submitted;
	unsigned long done;
	unsigned long cancelled;
	unsigned long faulted;
	unsigned long closed;
};

struct life {
	int fd;
	__u64 seed;
	struct test_buffer lists;
	struct test_buffer cells;
	struct test_buffer extras[EXTRAS];
	struct line lines[QUEUES];
	struct tally tally;
};

static unsigned int random_below(struct life *l, unsigned int n)
{
	l->seed = l->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (l->seed >> 33) % n;
}

static struct job *job_of(struct line *line, __u64 seqno)
{
	return &line->jobs[(seqno - 1) % DEPTH];
}

static unsigned int place_of(struct life *l, struct line *line, __u64 seqno)
{
	return (line - l->lines) * DEPTH + (seqno - 1) % DEPTH;
}

static bool cell_is(struct life *l, struct line *line, __u64 seqno, __u8 value)
{
	__u8 *cell = (__u8 *)l->cells.mem + place_of(l, line, seqno) * CELL;

	return all_bytes(cell, CELL, value);
}

static int line_open(struct life *l, struct line *line)
{
	*line = (struct line) { .first = 1 };
	memset((__u8 *)l->cells.mem + place_of(l, line, 1) * CELL, 0, DEPTH * CELL);
	return queue_create(l->fd, random_below(l, 4), DEPTH, 0, &line->handle);
}

/* May job @seqno have ended with @error, and has it done what follows? */
static int judge(struct life *l, struct line *line, __u64 seqno, int error)
{
	struct job *job = job_of(line, seqno);

	switch (error) {
	case 0:
		l->tally.done++;
		return !job->faulty && !line->failed &&
		       cell_is(l, line, seqno, job->value) ? 0 : -EPROTO;
	case -ECANCELED:
		l->tally.cancelled++;
		return (job->marked || line->failed) &&
		       cell_is(l, line, seqno, job->before) ? 0 : -EPROTO;
	case -EIO:
		l->tally.faulted++;
		if (!job->faulty || line->failed)
			return -EPROTO;
		line->failed = true;
		return 0;
	default:
		return error;
	}
}

static int retire_oldest(struct life *l, struct line *line)
{
	struct lutna_wait wait = {
		.size = sizeof(wait), .queue = line->handle, .seqno = line->first,
		.deadline_ns = now_ns() + PATIENCE,
	};
	int ret = wait_until(l->fd, &wait);

	if (!ret && !wait.known)
		ret = -EPROTO;
	if (!ret)
		ret = judge(l, line, line->first, wait.result.error);
	line->first++;
	return ret;
}

static int retire_all(struct life *l, struct line *line)
{
	int ret = 0;

	while (line->handle && line->first <= line->last && !ret)
		ret = retire_oldest(l, line);
	return ret;
}

static int submit_step(struct life *l, struct line *line)
{
	__u64 seqno = line->last + 1;
	struct job *job = job_of(line, seqno);
	unsigned int place = place_of(l, line, seqno);
	__u64 got;
	int ret = 0;

	if (line->last - line->first + 1 == DEPTH)
		ret = retire_oldest(l, line);
	if (ret)
		return ret;
	job->before = *((__u8 *)l->cells.mem + place * CELL);
	job->value = job->before + 1 + random_below(l, 255);
	job->marked = false;
	job->faulty = !random_below(l, 50);
	put_fill(&l->lists, place, job->faulty ? NOWHERE : l->cells.addr + place * CELL,
		 CELL, job->value);
	ret = submit_list(l->fd, line->handle, l->lists.addr + place * LUTNA_CMD_SIZE, 1, &got);
	/* An earlier job has failed. */
	if (ret == -EBADFD)
		return retire_all(l, line) ?: line->failed ? 0 : -EPROTO;
	if (ret)
		return ret;
	line->last = got;
	l->tally.submitted++;
	return got == seqno ? 0 : -EPROTO;
}

static int cancel_step(struct life *l, struct line *line)
{
	struct lutna_queue_cancel cancel = { .queue = line->handle };
	__u64 seqno;
	int ret;

	if (line->first > line->last)
		return 0;
	cancel.first = line->first + random_below(l, line->last - line->first + 1);
	cancel.last = cancel.first + random_below(l, line->last - cancel.first + 1);
	ret = call(l->fd, LUTNA_IOCTL_QUEUE_CANCEL, &cancel, sizeof(cancel));
	/* An earlier job has failed. */
	if (ret == -EBADFD)
		return retire_all(l, line) ?: line->failed ? 0 : -EPROTO;
	if (ret)
		return ret;
	for (seqno = cancel.first; seqno <= cancel.last; seqno++)
		job_of(line, seqno)->marked = true;
	return cancel.cancelled <= cancel.last - cancel.first + 1 ? 0 : -EPROTO;
}

/* What ends with its queue has run or has not, nobody says which. */
static int written_off(struct life *l, struct line *line)
{
	for (; line->first <= line->last; line->first++) {
		struct job *job = job_of(line, line->first);

		l->tally.closed++;
		if (!cell_is(l, line, line->first, job->before) &&
		    !cell_is(l, line, line->first, job->value))
			return -EPROTO;
	}
	line->handle = 0;
	return 0;
}

static int destroy_step(struct life *l, struct line *line)
{
	int ret = queue_destroy(l->fd, line->handle);

	return ret ?: written_off(l, line);
}

static int map_step(struct life *l, struct test_buffer *extra)
{
	static const __u64 sizes[] = { PAGE, 5 * PAGE, 60 * PAGE, HUGE_BYTES };
	int ret;

	if (!extra->handle)
		return buffer_open(l->fd, sizes[random_below(l, ARRAY_SIZE(sizes))], extra);
	ret = buffer_close(l->fd, extra);
	extra->handle = 0;
	return ret;
}

static int life_open(struct life *l)
{
	int ret;

	l->fd = node_open(0);
	if (l->fd < 0)
		return l->fd;
	ret = buffer_open(l->fd, QUEUES * DEPTH * LUTNA_CMD_SIZE, &l->lists);
	return ret ?: buffer_open(l->fd, QUEUES * DEPTH * CELL, &l->cells);
}

/* With all that is in flight, whose effects nobody looks at any more */
static int life_close(struct life *l)
{
	int i;

	for (i = 0; i < QUEUES; i++) {
		struct line *line = &l->lines[i];

		if (line->handle)
			l->tally.closed += line->last + 1 - line->first;
		*line = (struct line) { .first = 1 };
	}
	/* A mapping of the process holds the file. */
	for (i = 0; i < EXTRAS; i++) {
		if (l->extras[i].handle)
			munmap(l->extras[i].mem, l->extras[i].bytes);
		l->extras[i].handle = 0;
	}
	munmap(l->lists.mem, l->lists.bytes);
	munmap(l->cells.mem, l->cells.bytes);
	return close(l->fd) ? -errno : 0;
}

static int step(struct life *l)
{
	struct line *line = &l->lines[random_below(l, QUEUES)];

	if (!line->handle)
		return line_open(l, line);
	switch (random_below(l, 32)) {
	case 0:
		return random_below(l, 4) ? retire_all(l, line) : destroy_step(l, line);
	case 1:
		return random_below(l, 8) ? 0 : life_close(l) ?: life_open(l);
	case 2 ... 7:
		return cancel_step(l, line);
	case 8 ... 10:
		return map_step(l, &l->extras[random_below(l, EXTRAS)]);
	case 11 ... 13:
		return line->first <= line->last ? retire_oldest(l, line) : 0;
	default:
		return line->failed ? destroy_step(l, line) : submit_step(l, line);
	}
}

static bool balanced(const struct tally *t)
{
	return t->submitted == t->done + t->cancelled + t->faulted + t->closed;
}

/* Return: 0, or what was wrong; @sum is shared with the other processes. */
static int live(unsigned int who, struct tally *sum)
{
	struct life l = { .seed = who };
	int ret, i;

	ret = life_open(&l);
	for (i = 0; i < STEPS && !ret; i++)
		ret = step(&l);
	for (i = 0; i < QUEUES && !ret; i++)
		ret = retire_all(&l, &l.lines[i]);
	if (!ret)
		ret = life_close(&l);
	if (!ret && !balanced(&l.tally))
		ret = -EPROTO;
	*sum = l.tally;
	return ret;
}

static long number_in(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	return got > 0 ? strtol(text, NULL, 10) : -1;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

#define GROUPS	"/run/lutna-ledger"
#define GROUP	GROUPS "/jobs"

FIXTURE(ledger)
{
	struct tally *tallies;
};

/* A memory cgroup that buffers are accounted to, as all memory of their makers */
FIXTURE_SETUP(ledger)
{
	mkdir(GROUPS, 0700);
	ASSERT_EQ(0, mount("none", GROUPS, "cgroup2", 0, NULL));
	ASSERT_EQ(0, write_text(GROUPS "/cgroup.subtree_control", "+memory"));
	ASSERT_EQ(0, mkdir(GROUP, 0700));
	self->tallies = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->tallies);
}

FIXTURE_TEARDOWN(ledger)
{
	EXPECT_EQ(0, rmdir(GROUP));
	EXPECT_EQ(0, umount(GROUPS));
	rmdir(GROUPS);
}

/*
 * The kernel takes memory from a cgroup in advance, up to 64 pages a processor,
 * and some of its own (names, dead tables) goes late.  One page lost in a
 * hundred steps is more than both.
 */
static long spare_pages(void)
{
	return 64 * sysconf(_SC_NPROCESSORS_ONLN);
}

static long group_pages(void)
{
	__s64 end = now_ns() + PATIENCE;
	long pages;

	do {
		pages = number_in(GROUP "/memory.current") / (long)PAGE;
		if (pages > spare_pages())
			usleep(100000);
	} while (pages > spare_pages() && now_ns() < end);
	return pages;
}

TEST_F_TIMEOUT(ledger, every_job_and_every_page, 240)
{
	struct tally sum = { };
	pid_t pids[PROCESSES];
	int i, status;

	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		if (write_text(GROUP "/cgroup.procs", "0"))
			_exit(255);
		_exit(-live(i, &self->tallies[i]));
	}
	for (i = 0; i < PROCESSES; i++) {
		const struct tally *t = &self->tallies[i];

		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
		sum.submitted += t->submitted;
		sum.done += t->done;
		sum.cancelled += t->cancelled;
		sum.faulted += t->faulted;
		sum.closed += t->closed;
	}
	TH_LOG("%lu jobs: %lu done, %lu cancelled, %lu failed, %lu ended with their queue",
	       sum.submitted, sum.done, sum.cancelled, sum.faulted, sum.closed);
	EXPECT_TRUE(balanced(&sum));
	/* All of it has happened. */
	EXPECT_LT(0, sum.done);
	EXPECT_LT(0, sum.cancelled);
	EXPECT_LT(0, sum.faulted);
	EXPECT_LT(0, sum.closed);
	EXPECT_GE(spare_pages(), group_pages());
}

TEST_HARNESS_MAIN

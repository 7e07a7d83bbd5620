// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver's back end against a driver that checks every member.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "mock_driver.h"
#include "tap.h"
#include "tiny_model.h"

static struct lutna_device *open_mock(void)
{
	struct lutna_device *dev;

	need(!mock_reset());
	need(!lutna_device_open(&dev, mock.path));
	return dev;
}

/* Nothing is left, and nothing was wrong. */
static bool clean(void)
{
	return !mock.complaints && !mock.buffers && !mock.mappings &&
	       !mock.queues && !mock_mapped();
}

static int open_error(void)
{
	struct lutna_device *dev = NULL;
	int err = lutna_device_open(&dev, mock.path);

	need(err || dev);
	if (!err)
		lutna_device_close(dev);
	else
		need(!dev);
	return err;
}

static unsigned int open_files(void)
{
	unsigned int count = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_open(void)
{
	struct lutna_device *dev = open_mock();
	struct lutna_device_info info;
	unsigned int files;
	int fd = lutna_device_fd(dev);

	ok(fd >= 0 && fcntl(fd, F_GETFD) & FD_CLOEXEC,
	   "the file descriptor is closed on exec");
	ok(!lutna_device_info(dev, &info) &&
	   !strcmp(info.name, strrchr(mock.path, '/') + 1) &&
	   !strcmp(info.location, "12345:ab:1f.5") &&
	   info.version == 0x10002 && info.isa_version == 1 &&
	   info.features == 0x1f && info.driver_features & 1 &&
	   info.units == 77 && info.clock_khz == 500001 &&
	   info.max_commands == 100 && info.max_tensor_bytes == 1ull << 33 &&
	   info.va_start == 0x10000 && info.va_end == 1ull << 39 &&
	   info.max_queues == 16 && info.max_depth == 32 && !info.is_simulator,
	   "every member of the info");
	lutna_device_close(dev);
	ok(fcntl(fd, F_GETFD) < 0, "close closes it");
	ok(clean(), "ioctls as the driver wants them");
	lutna_device_close(NULL);

	need(!mock_reset());
	files = open_files();
	mock_fail(LUTNA_CMD_GET_INFO, ENOTTY, 1);
	ok(open_error() == -EPROTO &&
	   strstr(lutna_last_error(), "not a LUT-NA device"),
	   "a file of another driver");
	mock_fail(LUTNA_CMD_GET_INFO, ENODEV, 1);
	ok(open_error() == -ENODEV && strstr(lutna_last_error(), mock.path),
	   "a device that is gone");
	mock_fail(LUTNA_CMD_GET_INFO, EINTR, 3);
	ok(!open_error(), "signals");
	mock.info.driver_features = 0;
	ok(open_error() == -EPROTO &&
	   strstr(lutna_last_error(), "understands"),
	   "a driver without the base feature");
	mock.info.driver_features = 1;
	mock.info.page_size = 0;
	ok(open_error() == -EPROTO, "a driver without pages");
	mock.info.page_size = 4096;
	mock.info.va_end = mock.info.va_start;
	ok(open_error() == -EPROTO, "a driver without addresses");
	ok(open_files() == files, "no file was left open");
}

static void test_names(void)
{
	struct lutna_device *dev = NULL;

	ok(lutna_device_open(&dev, "lutna4711") == -ENOENT &&
	   strstr(lutna_last_error(), "/dev/lutna4711"), "no such device");
	ok(lutna_device_open(&dev, "null") == -ENOENT,
	   "a name of another kind is not opened");
	ok(lutna_device_open(&dev, "") == -ENOENT, "an empty name");
	ok(lutna_device_open(&dev, "lutna") == -ENOENT, "a name without number");
	ok(lutna_device_open(&dev, "lutna1x") == -ENOENT, "a name with a tail");
	ok(lutna_device_open(&dev, "lutna99999999999999999999") == -ENOENT,
	   "a large number");
	ok(lutna_device_open(&dev, "/none/lutna0") == -ENOENT, "a bad path");
	ok(!dev, "nothing was set");
}

static void test_buffer(void)
{
	struct lutna_device *dev = open_mock();
	struct lutna_buffer *buf = NULL;
	unsigned char *data;
	char seen = 0;

	need(!lutna_buffer_new(&buf, dev, 5000, LUTNA_BUFFER_DEVICE_READ));
	ok(mock.create.bytes == 5000 && mock.map.bytes == 8192 &&
	   mock.map.flags == LUTNA_MAP_READ, "created, mapped for reading");
	ok(lutna_buffer_size(buf) == 5000 &&
	   lutna_buffer_address(buf) == mock_addr(), "size and address");
	data = lutna_buffer_data(buf);
	data[0] = 7;
	data[4999] = 9;
	ok(pread(mock.fd, &seen, 1, mock_offset()) == 1 && seen == 7 &&
	   pread(mock.fd, &seen, 1, mock_offset() + 4999) == 1 && seen == 9,
	   "the memory is the driver's at its offset");
	lutna_buffer_free(buf);
	ok(mock.unmap.addr == mock_addr() && mock.unmap.bytes == 8192,
	   "unmapped whole");
	ok(clean(), "freed");
	lutna_buffer_free(NULL);

	need(!lutna_buffer_new(&buf, dev, 1, LUTNA_BUFFER_DEVICE_WRITE));
	ok(mock.map.flags == LUTNA_MAP_WRITE, "mapped for writing");
	lutna_buffer_free(buf);
	need(!lutna_buffer_new(&buf, dev, 1, 3));
	ok(mock.map.flags == (LUTNA_MAP_READ | LUTNA_MAP_WRITE),
	   "mapped for both");
	lutna_buffer_free(buf);

	buf = NULL;
	memset(mock.calls, 0, sizeof(mock.calls));
	ok(lutna_buffer_new(&buf, dev, 0, 1) == -EINVAL &&
	   lutna_buffer_new(&buf, dev, 1, 0) == -EINVAL &&
	   lutna_buffer_new(&buf, dev, 1, 4) == -EINVAL &&
	   lutna_buffer_new(&buf, dev, SIZE_MAX, 1) == -ENOSPC &&
	   !mock.calls[LUTNA_CMD_BO_CREATE],
	   "bad arguments do not reach the driver");
	mock_fail(LUTNA_CMD_BO_CREATE, ENOMEM, 1);
	ok(lutna_buffer_new(&buf, dev, 1, 1) == -ENOMEM && clean() &&
	   strstr(lutna_last_error(), "allocate"), "no memory");
	mock_fail(LUTNA_CMD_VM_MAP, ENOSPC, 1);
	ok(lutna_buffer_new(&buf, dev, 1, 1) == -ENOSPC && clean() &&
	   strstr(lutna_last_error(), "into the device"), "no address");
	mock_fail(LUTNA_CMD_BO_CREATE, ENODEV, 1);
	ok(lutna_buffer_new(&buf, dev, 1, 1) == -ENODEV && clean(),
	   "device gone");
	mock.bad_bytes = true;
	ok(lutna_buffer_new(&buf, dev, 5000, 1) == -EPROTO && clean(),
	   "a buffer smaller than asked for");
	mock.bad_bytes = false;
	mock.bad_offset = true;
	ok(lutna_buffer_new(&buf, dev, 1, 1) == -EINVAL && clean() &&
	   strstr(lutna_last_error(), "into the process"),
	   "a buffer that cannot be mapped");
	mock.bad_offset = false;
	ok(!buf, "nothing was set");
	mock_fail(LUTNA_CMD_VM_MAP, EINTR, 2);
	ok(!lutna_buffer_new(&buf, dev, 1, 1) && mock_mapped() == 1, "signals");
	/* A device that goes away before the buffer does */
	mock_fail(LUTNA_CMD_VM_UNMAP, ENODEV, 1);
	lutna_buffer_free(buf);
	ok(!mock.buffers && mock.mappings == 1 && !mock.complaints &&
	   !mock_mapped(),
	   "a buffer is freed although the device is gone");
	lutna_device_close(dev);
}

static void test_from_memory(void)
{
	static _Alignas(4096) unsigned char memory[3 * 4096];
	struct lutna_device *dev = open_mock();
	struct lutna_buffer *buf = NULL;
	int fd = -1;

	need(!lutna_buffer_from_memory(&buf, dev, memory, 8192,
				       LUTNA_BUFFER_DEVICE_READ));
	ok(mock.user.addr == (uintptr_t)memory && mock.user.bytes == 8192 &&
	   mock.user.flags == LUTNA_BO_READONLY && mock.map.bytes == 8192 &&
	   mock.map.flags == LUTNA_MAP_READ, "memory that the device reads");
	ok(lutna_buffer_data(buf) == memory && lutna_buffer_size(buf) == 8192 &&
	   lutna_buffer_address(buf) == mock_addr(), "is where it was");
	ok(lutna_buffer_export(buf, true, &fd) == -EINVAL && fd == -1 &&
	   !mock.calls[LUTNA_CMD_BO_EXPORT], "is not exported");
	lutna_buffer_free(buf);
	memory[0] = 1;
	ok(mock.unmap.bytes == 8192 && clean(), "freed, and still there");
	need(!lutna_buffer_from_memory(&buf, dev, memory, 4096, 3));
	ok(!mock.user.flags &&
	   mock.map.flags == (LUTNA_MAP_READ | LUTNA_MAP_WRITE),
	   "memory that the device writes");
	lutna_buffer_free(buf);

	buf = NULL;
	memset(mock.calls, 0, sizeof(mock.calls));
	ok(lutna_buffer_from_memory(&buf, dev, memory + 1, 4096, 1) == -EINVAL &&
	   lutna_buffer_from_memory(&buf, dev, memory, 4097, 1) == -EINVAL &&
	   lutna_buffer_from_memory(&buf, dev, memory, 0, 1) == -EINVAL &&
	   lutna_buffer_from_memory(&buf, dev, memory, 4096, 4) == -EINVAL &&
	   !mock.calls[LUTNA_CMD_BO_USER],
	   "bad arguments do not reach the driver");
	mock.limit = 65536;
	mock.locked = 61440;
	mock_fail(LUTNA_CMD_BO_USER, EPERM, 1);
	ok(lutna_buffer_from_memory(&buf, dev, memory, 8192, 1) == -EPERM &&
	   strstr(lutna_last_error(), "8192") &&
	   strstr(lutna_last_error(), "65536 (ulimit -l)") &&
	   strstr(lutna_last_error(), "61440"), "the limit is named");
	mock_fail(LUTNA_CMD_BO_USER, ENOTTY, 1);
	ok(lutna_buffer_from_memory(&buf, dev, memory, 4096, 1) == -EOPNOTSUPP &&
	   strstr(lutna_last_error(), "this driver"), "an old driver");
	mock_fail(LUTNA_CMD_BO_USER, EFAULT, 1);
	ok(lutna_buffer_from_memory(&buf, dev, memory, 4096, 1) == -EFAULT,
	   "no such memory");
	mock_fail(LUTNA_CMD_VM_MAP, ENOSPC, 1);
	ok(lutna_buffer_from_memory(&buf, dev, memory, 4096, 1) == -ENOSPC &&
	   strstr(lutna_last_error(), "into the device"), "no address");
	ok(!buf && clean(), "nothing was set, nothing is left");
	lutna_device_close(dev);
}

static void test_export(void)
{
	struct lutna_device *dev = open_mock();
	struct lutna_buffer *buf;
	unsigned int files = open_files();
	int fd = -1;

	need(!lutna_buffer_new(&buf, dev, 1, 1));
	ok(!lutna_buffer_export(buf, true, &fd) && fd >= 0 &&
	   mock.export.flags == LUTNA_EXPORT_WRITE, "exported for writing");
	close(fd);
	ok(!lutna_buffer_export(buf, false, &fd) && !mock.export.flags,
	   "exported for reading");
	close(fd);
	fd = -1;
	mock_fail(LUTNA_CMD_BO_EXPORT, EMFILE, 1);
	ok(lutna_buffer_export(buf, true, &fd) == -EMFILE, "no descriptor");
	mock_fail(LUTNA_CMD_BO_EXPORT, ENOTTY, 1);
	ok(lutna_buffer_export(buf, true, &fd) == -EOPNOTSUPP && fd == -1,
	   "an old driver");
	lutna_buffer_free(buf);
	ok(clean() && open_files() == files, "nothing is left");
	lutna_device_close(dev);
}

static void test_import(void)
{
	struct lutna_device *dev = open_mock();
	struct lutna_buffer *buf = NULL;
	int fd = mock_dmabuf(O_RDWR), readonly = mock_dmabuf(O_RDONLY);
	unsigned int files = open_files();
	unsigned char *data;

	need(fd >= 0 && readonly >= 0);
	need(!lutna_buffer_import(&buf, dev, fd, 3));
	ok(mock.import.fd == fd && !mock.import.flags &&
	   mock.map.bytes == MOCK_DMABUF_BYTES &&
	   mock.map.flags == (LUTNA_MAP_READ | LUTNA_MAP_WRITE),
	   "imported for both");
	ok(lutna_buffer_size(buf) == MOCK_DMABUF_BYTES &&
	   lutna_buffer_address(buf) == mock_addr(), "size and address");
	data = lutna_buffer_data(buf);
	need(data);
	data[MOCK_DMABUF_BYTES - 1] = 1;
	lutna_buffer_free(buf);
	ok(mock.unmap.bytes == MOCK_DMABUF_BYTES && clean() &&
	   open_files() == files, "freed; the descriptor stays");

	need(!lutna_buffer_import(&buf, dev, readonly, 1));
	data = lutna_buffer_data(buf);
	ok(mock.import.flags == LUTNA_BO_READONLY && data && !data[0],
	   "imported for reading");
	lutna_buffer_free(buf);
	mock.bad_offset = true;
	need(!lutna_buffer_import(&buf, dev, fd, 1));
	ok(!lutna_buffer_data(buf), "one that processes cannot map");
	lutna_buffer_free(buf);
	mock.bad_offset = false;

	buf = NULL;
	memset(mock.calls, 0, sizeof(mock.calls));
	ok(lutna_buffer_import(&buf, dev, fd, 0) == -EINVAL &&
	   lutna_buffer_import(&buf, dev, fd, 8) == -EINVAL &&
	   !mock.calls[LUTNA_CMD_BO_IMPORT],
	   "bad arguments do not reach the driver");
	mock_fail(LUTNA_CMD_BO_IMPORT, EACCES, 1);
	ok(lutna_buffer_import(&buf, dev, fd, 3) == -EACCES &&
	   strstr(lutna_last_error(), "import"), "not permitted");
	mock_fail(LUTNA_CMD_BO_IMPORT, ENOTTY, 1);
	ok(lutna_buffer_import(&buf, dev, fd, 3) == -EOPNOTSUPP,
	   "an old driver");
	mock.bad_bytes = true;
	ok(lutna_buffer_import(&buf, dev, fd, 3) == -EPROTO, "no size");
	mock.bad_bytes = false;
	mock_fail(LUTNA_CMD_VM_MAP, ENOSPC, 1);
	ok(lutna_buffer_import(&buf, dev, fd, 3) == -ENOSPC, "no address");
	ok(!buf && clean() && open_files() == files,
	   "nothing was set, nothing is left");
	lutna_device_close(dev);
	close(fd);
	close(readonly);
}

static void test_queue(void)
{
	struct lutna_device *dev = open_mock();
	struct lutna_queue *queue = NULL;

	need(!lutna_queue_new(&queue, dev, LUTNA_QUEUE_REALTIME, 16, 12345));
	ok(mock.queue.priority == LUTNA_PRIORITY_REALTIME &&
	   mock.queue.depth == 16 && mock.queue.timeout_ns == 12345,
	   "every member of the queue");
	lutna_queue_free(queue);
	lutna_queue_free(NULL);
	ok(clean(), "destroyed");
	need(!lutna_queue_new(&queue, dev, LUTNA_QUEUE_LOW, 0, 0));
	ok(mock.queue.priority == LUTNA_PRIORITY_LOW &&
	   mock.queue.depth == 32 && !mock.queue.timeout_ns,
	   "default depth within the driver's limit");
	lutna_queue_free(queue);

	queue = NULL;
	ok(lutna_queue_new(&queue, dev, -1, 0, 0) == -EINVAL &&
	   lutna_queue_new(&queue, dev, 4, 0, 0) == -EINVAL, "priority");
	ok(lutna_queue_new(&queue, dev, 1, 1, 0) == -EINVAL &&
	   lutna_queue_new(&queue, dev, 1, 3, 0) == -EINVAL &&
	   lutna_queue_new(&queue, dev, 1, 64, 0) == -EINVAL, "depth");
	mock_fail(LUTNA_CMD_QUEUE_CREATE, EACCES, 1);
	ok(lutna_queue_new(&queue, dev, 3, 2, 0) == -EACCES && !queue &&
	   clean(), "not permitted");
	lutna_device_close(dev);
}

static int64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void test_submit(struct lutna_queue *queue)
{
	struct lutna_job_desc job = {
		.list = 0x1040,
		.count = 100,
		.unit = 5,
		.profile = 0x2080,
		.timeout_ns = 99,
	};
	uint64_t seqno = 0;

	ok(!lutna_queue_submit(queue, &job, &seqno) && seqno == 1000,
	   "submit gives the driver's number");
	ok(mock.job.list == 0x1040 && mock.job.count == 100 &&
	   mock.job.unit == 5 && mock.job.profile == 0x2080 &&
	   mock.job.timeout_ns == 99 && mock.job.flags == LUTNA_JOB_F_PROFILE,
	   "every member of the job");
	job.profile = 0;
	ok(!lutna_queue_submit(queue, &job, &seqno) && !mock.job.flags,
	   "without profile");
	memset(&job, 0, sizeof(job));
	ok(!lutna_queue_submit(queue, &job, &seqno) && !mock.job.count,
	   "an empty job");

	seqno = 5;
	mock.calls[LUTNA_CMD_SUBMIT] = 0;
	job.count = 101;
	ok(lutna_queue_submit(queue, &job, &seqno) == -EINVAL, "too many");
	job.count = 1;
	job.list = 0x1020;
	ok(lutna_queue_submit(queue, &job, &seqno) == -EINVAL, "list");
	job.list = 0x1000;
	job.profile = 8;
	ok(lutna_queue_submit(queue, &job, &seqno) == -EINVAL, "profile");
	job.profile = 0;
	job.unit = LUTNA_UNIT_COUNT;
	ok(lutna_queue_submit(queue, &job, &seqno) == -EINVAL, "unit");
	job.unit = 0;
	job.count = 0;
	ok(lutna_queue_submit(queue, &job, &seqno) == -EINVAL,
	   "list of an empty job");
	ok(!mock.calls[LUTNA_CMD_SUBMIT], "none of which reach the driver");

	job.count = 1;
	mock.took = 0;
	ok(lutna_queue_submit(queue, &job, &seqno) == -EPROTO,
	   "a driver that takes none of one");
	mock.took = 1;
	mock_fail(LUTNA_CMD_SUBMIT, EBADFD, 1);
	ok(lutna_queue_submit(queue, &job, &seqno) == -EBADFD,
	   "a queue that has stopped");
	mock_fail(LUTNA_CMD_SUBMIT, ENODEV, 1);
	ok(lutna_queue_submit(queue, &job, &seqno) == -ENODEV, "device gone");
	ok(seqno == 5, "nothing was set");
	mock_fail(LUTNA_CMD_SUBMIT, EINTR, 3);
	ok(!lutna_queue_submit(queue, &job, &seqno) && seqno == 1000,
	   "signals");
}

static void test_wait(struct lutna_queue *queue)
{
	struct lutna_result result;
	int64_t before, first;

	mock.result = (struct lutna_job_result) {
		.error = -EIO,
		.fault = LUTNA_FAULT_TRANSLATION,
		.access = 2,
		.command = 7,
		.fault_addr = 0x123456789abcull,
		.cycles = 1ull << 40,
		.energy = 1ull << 50,
		.start_ns = 1ull << 60,
		.duration_ns = 1ull << 61,
	};
	before = now();
	ok(!lutna_queue_wait(queue, 42, 1000000, &result) &&
	   mock.wait.seqno == 42 &&
	   mock.wait.deadline_ns >= before + 1000000 &&
	   mock.wait.deadline_ns <= now() + 1000000, "absolute deadline");
	ok(result.error == -EIO && result.fault == LUTNA_FAULT_TRANSLATION &&
	   result.access == 2 && result.command == 7 &&
	   result.fault_addr == 0x123456789abcull &&
	   result.cycles == 1ull << 40 && result.energy == 1ull << 50 &&
	   result.start_ns == 1ull << 60 && result.duration_ns == 1ull << 61,
	   "every member of the result");
	ok(!lutna_queue_wait(queue, 1, -1, NULL) &&
	   mock.wait.deadline_ns == INT64_MAX, "for ever, without a result");
	ok(!lutna_queue_wait(queue, 1, INT64_MAX, NULL) &&
	   mock.wait.deadline_ns == INT64_MAX, "a sum that overflows");
	ok(!lutna_queue_wait(queue, 1, 0, NULL) &&
	   mock.wait.deadline_ns < before, "only look");
	mock.known = 0;
	ok(!lutna_queue_wait(queue, 1, -1, &result) && !result.error &&
	   !result.cycles && !result.fault, "a job of long ago ended well");

	result.cycles = 3;
	mock_fail(LUTNA_CMD_WAIT, ETIMEDOUT, 1);
	ok(lutna_queue_wait(queue, 1, 1, &result) == -ETIMEDOUT, "timeout");
	mock_fail(LUTNA_CMD_WAIT, ENODEV, 1);
	ok(lutna_queue_wait(queue, 1, 1, &result) == -ENODEV, "device gone");
	ok(result.cycles == 3, "nothing was set");
	mock.calls[LUTNA_CMD_WAIT] = 0;
	mock_fail(LUTNA_CMD_WAIT, EINTR, 2);
	first = now();
	ok(!lutna_queue_wait(queue, 1, 1000000000, &result) &&
	   mock.calls[LUTNA_CMD_WAIT] == 3 &&
	   mock.wait.deadline_ns >= first + 1000000000,
	   "signals restart the wait");
	mock.known = 1;
}

/* Every ioctl of a session's making fails in its turn; nothing is left. */
static void test_session_undo(void)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_session *session = NULL;
	Lutna__Model *msg = tiny_model_new();
	struct lutna_device *dev;
	struct lutna_model *model;
	int tried = 0, wrong = 0, err = 0;
	size_t bytes;
	void *file = tiny_model_pack(msg, &bytes);

	need(!lutna_model_load_memory(&model, file, bytes));
	options.profile = true;
	do {
		dev = open_mock();
		mock_fail(MOCK_ANY, ENOSPC, 1);
		mock.fail_skip = tried++;
		err = lutna_session_new(&session, dev, model, &options);
		if (err && (err != -ENOSPC || session || !clean() ||
			    !strstr(lutna_last_error(), "No space")))
			wrong++;
		if (err)
			lutna_device_close(dev);
	} while (err && tried < 1000);
	/* Two queues, and 11 buffers of two ioctls each; then all went well */
	ok(tried == 2 + 11 * 2 + 1 && !wrong,
	   "a session that cannot be made leaves nothing");
	mock.fail_times = 0;
	lutna_session_free(session);
	ok(clean(), "a session that was made leaves nothing");
	session = NULL;
	mock.info.isa_version = 2;
	lutna_device_close(dev);
	need(!lutna_device_open(&dev, mock.path));
	ok(lutna_session_new(&session, dev, model, NULL) == -EOPNOTSUPP,
	   "a device with other commands");
	mock.info.isa_version = 1;
	mock.info.max_commands = 2;
	lutna_device_close(dev);
	need(!lutna_device_open(&dev, mock.path));
	ok(lutna_session_new(&session, dev, model, NULL) == -EOPNOTSUPP,
	   "a device that takes fewer commands");
	lutna_device_close(dev);
	lutna_model_free(model);
	tiny_model_free(msg);
	free(file);
}

int main(void)
{
	struct lutna_device *dev;
	struct lutna_queue *queue;

	test_open();
	test_names();
	test_buffer();
	test_from_memory();
	test_export();
	test_import();
	test_queue();
	dev = open_mock();
	need(!lutna_queue_new(&queue, dev, 1, 2, 0));
	test_submit(queue);
	test_wait(queue);
	lutna_queue_free(queue);
	lutna_device_close(dev);
	ok(clean(), "ioctls as the driver wants them");
	test_session_undo();
	return tap_done();
}

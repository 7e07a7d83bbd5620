/* SPDX-License-Identifier: MIT */
/*
 * liblutna: programs for the LUT-NA accelerator, on the device or on the
 * simulator in the process.
 *
 * Every function that can fail returns 0 or a negative errno and sets its
 * out-parameters only on success.  lutna_last_error() then says more.  A
 * handle may be used by one thread at a time unless its function says else;
 * different handles are independent, and jobs of one device may be submitted
 * and waited for by different threads on different queues.
 */
#ifndef LIBLUTNA_H
#define LIBLUTNA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lutna_profile;		/* lutna_isa.h */

/* Devices: lutna_device_open(&dev, NULL) opens the first there is. */
struct lutna_device;
/* Buffers: memory that the processor and the device share. */
struct lutna_buffer;
/* Queues: jobs that run in order. */
struct lutna_queue;
/* Models: a container in memory, not bound to a device. */
struct lutna_model;
/* Sessions: a model made ready on a device. */
struct lutna_session;

/**
 * lutna_last_error() - what went wrong in this thread's last failing call
 *
 * Return: one line without an end, never NULL; "" if nothing did.  It stays
 * valid until the thread's next call into the library.
 */
const char *lutna_last_error(void);

/* "major.minor.patch" of the library at hand */
const char *lutna_version(void);

/**
 * struct lutna_device_info - what the device is
 * @name: "lutna0", "sim", …
 * @location: PCI address, or the simulator's instruction set
 * @version: hardware major << 16 | minor
 * @isa_version: version of the command lists
 * @features: device feature bits (LUTNA_FEATURE_* of the kernel's lutna.h)
 * @driver_features: driver feature bits (lutna.h), 0 for the simulator
 * @units: arithmetic units
 * @clock_khz: modelled clock
 * @max_commands: commands in one list
 * @max_tensor_bytes: bytes of one tensor
 * @va_start: first device address
 * @va_end: one beyond the last
 * @max_queues: queues a context may have
 * @max_depth: jobs a queue may hold
 * @is_simulator: not a device
 */
struct lutna_device_info {
	char name[32];
	char location[32];
	uint32_t version;
	uint32_t isa_version;
	uint64_t features;
	uint64_t driver_features;
	uint32_t units;
	uint32_t clock_khz;
	uint32_t max_commands;
	uint64_t max_tensor_bytes;
	uint64_t va_start;
	uint64_t va_end;
	uint32_t max_queues;
	uint32_t max_depth;
	bool is_simulator;
};

/**
 * lutna_device_open() - open a device, which makes a context of its own
 * @out: set on success; close with lutna_device_close()
 * @name: "lutna0", a path, "sim" for the simulator, "sim-literal" for its
 *	reference arithmetic; NULL for the first device, not the simulator
 *
 * Return: 0; -ENOENT no such device; -EACCES; -EPROTO a driver that this
 * library does not understand; …
 */
int lutna_device_open(struct lutna_device **out, const char *name);
void lutna_device_close(struct lutna_device *dev);
int lutna_device_info(struct lutna_device *dev, struct lutna_device_info *out);
/* File descriptor of the device, for poll and ioctl; -1 for the simulator. */
int lutna_device_fd(struct lutna_device *dev);

#define LUTNA_BUFFER_DEVICE_READ	0x1u
#define LUTNA_BUFFER_DEVICE_WRITE	0x2u

/* Allocates, maps into the process and maps at a device address. */
int lutna_buffer_new(struct lutna_buffer **out, struct lutna_device *dev,
		     size_t bytes, unsigned int access);

/**
 * lutna_buffer_from_memory() - a buffer of memory that the process has
 * @out: set on success; free with lutna_buffer_free()
 * @dev: device
 * @memory: page aligned; what is there now, locked until the buffer is freed
 * @bytes: whole pages, not 0
 * @access: LUTNA_BUFFER_DEVICE_*; memory that the process may only read can be
 *	read by the device only
 *
 * The memory stays the caller's, and should stay mapped until the buffer is
 * freed.
 *
 * Return: 0; -EPERM more than the process may lock: the error text says what it
 * may ("ulimit -l"); -EFAULT no such memory; -EOPNOTSUPP an old driver; ...
 */
int lutna_buffer_from_memory(struct lutna_buffer **out, struct lutna_device *dev,
			     void *memory, size_t bytes, unsigned int access);

/**
 * lutna_buffer_export() - a buffer as a dma-buf, for other drivers
 * @buf: buffer
 * @write: the descriptor is for writing too
 * @fd: set on success, closed on exec; the memory lives while anybody has it
 *
 * Return: 0; -EINVAL a buffer of the process's own memory; -EOPNOTSUPP the
 * simulator, or an old driver; ...
 */
int lutna_buffer_export(struct lutna_buffer *buf, bool write, int *fd);

/**
 * lutna_buffer_import() - a buffer of a dma-buf, of any driver
 * @out: set on success; free with lutna_buffer_free()
 * @dev: device
 * @fd: dma-buf; stays the caller's and may be closed
 * @access: LUTNA_BUFFER_DEVICE_*
 *
 * lutna_buffer_data() is NULL if its driver does not let processes map it.
 *
 * Return: 0; -EACCES the device is to write and @fd is not for that; -EINVAL no
 * dma-buf; -EOPNOTSUPP the simulator, or an old driver; ...
 */
int lutna_buffer_import(struct lutna_buffer **out, struct lutna_device *dev,
			int fd, unsigned int access);
void lutna_buffer_free(struct lutna_buffer *buf);
/* NULL only for some that were imported */
void *lutna_buffer_data(struct lutna_buffer *buf);
size_t lutna_buffer_size(const struct lutna_buffer *buf);
uint64_t lutna_buffer_address(const struct lutna_buffer *buf);

enum lutna_queue_priority {
	LUTNA_QUEUE_LOW		= 0,
	LUTNA_QUEUE_NORMAL	= 1,
	LUTNA_QUEUE_HIGH	= 2,
	LUTNA_QUEUE_REALTIME	= 3,
};

/**
 * lutna_queue_new() - a queue on the device
 * @out: set on success
 * @dev: device; must outlive the queue
 * @priority: enum lutna_queue_priority
 * @depth: jobs at once, a power of two; 0: a good default
 * @timeout_ns: time limit of a job; 0: the driver's
 */
int lutna_queue_new(struct lutna_queue **out, struct lutna_device *dev,
		    int priority, unsigned int depth, uint64_t timeout_ns);

/**
 * lutna_queue_new_owned() - a queue that takes jobs without a system call
 * @out: set on success
 * @dev: device; must outlive the queue
 * @priority: enum lutna_queue_priority
 * @depth: jobs at once, a power of two; 0: a good default
 * @timeout_ns: time limit of every job, which is stopped after one to two times
 *	of it; 0: the driver's
 * @spin_ns: how long lutna_queue_wait() looks at memory before it sleeps;
 *	UINT64_MAX: it never sleeps
 *
 * All that takes a queue takes this one too, but for a time limit of a single
 * job (-EOPNOTSUPP).  lutna_queue_wait() needs no system call either if it is
 * given no result to fill and the job ends well in time.  On the simulator it
 * is a queue like any other.
 *
 * Return: 0; -EOPNOTSUPP if device or driver have no such queues; …
 */
int lutna_queue_new_owned(struct lutna_queue **out, struct lutna_device *dev,
			  int priority, unsigned int depth,
			  uint64_t timeout_ns, uint64_t spin_ns);
void lutna_queue_free(struct lutna_queue *queue);

/**
 * struct lutna_job_desc - one job
 * @list: device address of its commands
 * @count: how many; 0: an empty job
 * @unit: enum lutna_unit for the result's energy
 * @profile: device address of @count struct lutna_profile, or 0
 * @timeout_ns: 0: the queue's
 */
struct lutna_job_desc {
	uint64_t list;
	uint32_t count;
	uint32_t unit;
	uint64_t profile;
	uint64_t timeout_ns;
};

/**
 * struct lutna_result - how a job ended
 * @error: 0 or -errno (see struct lutna_job_result in lutna.h)
 * @fault: enum lutna_fault
 * @access: 0, 1 read, 2 write
 * @command: commands executed = index of the one that failed
 * @fault_addr: device address
 * @cycles: modelled cycles
 * @energy: toggle units
 * @start_ns: device time
 * @duration_ns: device time
 */
struct lutna_result {
	int error;
	uint32_t fault;
	uint32_t access;
	uint32_t command;
	uint64_t fault_addr;
	uint64_t cycles;
	uint64_t energy;
	uint64_t start_ns;
	uint64_t duration_ns;
};

/* Submits one job; *seqno names it in this queue. */
int lutna_queue_submit(struct lutna_queue *queue,
		       const struct lutna_job_desc *job, uint64_t *seqno);
/**
 * lutna_queue_wait() - wait until a job has ended
 * @queue: queue
 * @seqno: job
 * @timeout_ns: relative; negative: for ever; 0: only look
 * @result: set on success; may be NULL
 *
 * Return: 0 when the job has ended, well or not (see @result); -ETIMEDOUT; …
 */
int lutna_queue_wait(struct lutna_queue *queue, uint64_t seqno,
		     int64_t timeout_ns, struct lutna_result *result);

/* "translation fault", "bad weights", …; never NULL */
const char *lutna_fault_name(unsigned int fault);
/* One line that says how a job ended, in words.  Returns as snprintf(). */
int lutna_result_string(const struct lutna_result *result, char *buf,
			size_t size);

enum lutna_element { LUTNA_ELEMENT_U8 = 0, LUTNA_ELEMENT_S32 = 1 };

/**
 * struct lutna_tensor_info - an input or output of a model
 * @name: of the tensor
 * @type: enum lutna_element
 * @rank: dimensions, without the batch
 * @dims: their sizes
 * @bytes: one image
 * @scale: real = scale * (value - zero_point)
 * @zero_point: see @scale
 */
struct lutna_tensor_info {
	const char *name;
	int type;
	unsigned int rank;
	const uint32_t *dims;
	size_t bytes;
	float scale;
	int zero_point;
};

/**
 * struct lutna_layer_info - one command of a model
 * @name: of the layer
 * @op: what it does in the source
 * @macs: dense multiply-accumulates of one run (all images of a batch)
 * @weights: in all
 * @nonzero: that are not zero
 */
struct lutna_layer_info {
	const char *name;
	const char *op;
	uint64_t macs;
	uint64_t weights;
	uint64_t nonzero;
};

/* Loads and checks a container; every index and size in it is verified. */
int lutna_model_load(struct lutna_model **out, const char *path);
int lutna_model_load_memory(struct lutna_model **out, const void *data,
			    size_t bytes);
void lutna_model_free(struct lutna_model *model);
const char *lutna_model_name(const struct lutna_model *model);
unsigned int lutna_model_batch(const struct lutna_model *model);
unsigned int lutna_model_input_count(const struct lutna_model *model);
unsigned int lutna_model_output_count(const struct lutna_model *model);
/* What the inputs of one slot take in a buffer of the caller's, in bytes */
size_t lutna_model_input_bytes(const struct lutna_model *model);
int lutna_model_input(const struct lutna_model *model, unsigned int index,
		      struct lutna_tensor_info *out);
int lutna_model_output(const struct lutna_model *model, unsigned int index,
		       struct lutna_tensor_info *out);
unsigned int lutna_model_layer_count(const struct lutna_model *model);
int lutna_model_layer(const struct lutna_model *model, unsigned int index,
		      struct lutna_layer_info *out);
unsigned int lutna_model_class_count(const struct lutna_model *model);
const char *lutna_model_class(const struct lutna_model *model,
			      unsigned int index);
/* NULL if there is no such key */
const char *lutna_model_metadata(const struct lutna_model *model,
				 const char *key);

/**
 * struct lutna_session_options - how to run a model
 * @size: sizeof(struct lutna_session_options)
 * @slots: batches in flight at once, each with its own buffers; 0: 2
 * @queues: queues that they are spread over, 1..slots; 0: as many as slots
 * @priority: enum lutna_queue_priority
 * @unit: enum lutna_unit that energy is for; default LUTNA_UNIT_LUTNA is 2
 * @profile: ask the device for a record a command
 * @timeout_ns: 0: the driver's
 * @input: buffer of the same device, which it may read, for inputs to lie in,
 *	perhaps another driver's memory; must outlive the session; NULL: one of
 *	the session's own
 * @input_offset: where in @input, a multiple of 64; slot after slot, each of
 *	lutna_model_input_bytes()
 */
struct lutna_session_options {
	size_t size;
	unsigned int slots;
	unsigned int queues;
	int priority;
	unsigned int unit;
	bool profile;
	uint64_t timeout_ns;
	struct lutna_buffer *input;
	size_t input_offset;
};
#define LUTNA_SESSION_OPTIONS_INIT \
	{ .size = sizeof(struct lutna_session_options), .priority = 1, .unit = 2 }

/* Loads constants and commands to the device; @options may be NULL. */
int lutna_session_new(struct lutna_session **out, struct lutna_device *dev,
		      const struct lutna_model *model,
		      const struct lutna_session_options *options);
void lutna_session_free(struct lutna_session *session);
unsigned int lutna_session_slots(const struct lutna_session *session);
/* Where a slot's input or output tensor lies: batch x bytes, dense. */
void *lutna_session_input(struct lutna_session *session, unsigned int slot,
			  unsigned int index);
const void *lutna_session_output(struct lutna_session *session,
				 unsigned int slot, unsigned int index);
/* Starts a slot's run; -EBUSY when it is running already. */
int lutna_session_start(struct lutna_session *session, unsigned int slot);
/* Waits for it; a job that failed gives -EIO, -ETIME, …, and @result says how. */
int lutna_session_finish(struct lutna_session *session, unsigned int slot,
			 int64_t timeout_ns, struct lutna_result *result);
/**
 * lutna_session_run() - run a model on any number of images
 * @session: session; no slot may be running
 * @images: of the first input, dense; the last batch is filled up with zeros
 * @count: images
 * @outputs: of the first output, room for @count images
 * @progress: called after each batch with images done; may be NULL
 * @opaque: for @progress
 *
 * Models of one input and one output.  Keeps all slots busy.
 */
int lutna_session_run(struct lutna_session *session, const void *images,
		      size_t count, void *outputs,
		      void (*progress)(void *opaque, size_t done, size_t count),
		      void *opaque);
/* Totals of all runs so far. */
struct lutna_session_stats {
	uint64_t runs;
	uint64_t cycles;
	uint64_t energy;
	uint64_t device_ns;
};
int lutna_session_stats(struct lutna_session *session,
			struct lutna_session_stats *out);
/* Profile records of a slot's last run, one a layer; NULL without profile. */
const struct lutna_profile *lutna_session_profile(struct lutna_session *session,
						  unsigned int slot);
/* Sum over all runs of a layer's records (times are durations in end_ns). */
int lutna_session_layer_total(struct lutna_session *session,
			      unsigned int layer, struct lutna_profile *out);

#ifdef __cplusplus
}
#endif

#endif /* LIBLUTNA_H */

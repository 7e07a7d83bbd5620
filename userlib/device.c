// SPDX-License-Identifier: MIT
/*
 * Devices: which one a name means.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend.h"
#include "error.h"

#define DEV_DIR		"/dev"
#define DEV_PREFIX	"lutna"

#define STRING(x)	#x
#define VERSION(x)	STRING(x)

const char *lutna_version(void)
{
	return VERSION(LUTNA_VERSION_TEXT);
}

int64_t lutna_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t lutna_deadline(int64_t timeout_ns)
{
	int64_t deadline;

	if (!timeout_ns)
		return 0;
	if (timeout_ns < 0 ||
	    __builtin_add_overflow(lutna_now_ns(), timeout_ns, &deadline))
		return INT64_MAX;
	return deadline;
}

/* "lutna7" -> 7; -1 for the name of anything else */
static long device_number(const char *name)
{
	const char *digits;
	char *end;
	long number;

	if (strncmp(name, DEV_PREFIX, strlen(DEV_PREFIX)))
		return -1;
	digits = name + strlen(DEV_PREFIX);
	if (*digits < '0' || *digits > '9')
		return -1;
	errno = 0;
	number = strtol(digits, &end, 10);
	return errno || *end || number > INT32_MAX ? -1 : number;
}

static int compare_numbers(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* The numbers of all device files, ascending; *@out is the caller's. */
static int list_devices(long **out, size_t *count)
{
	long *numbers = NULL, *grown;
	size_t n = 0, room = 0;
	struct dirent *entry;
	DIR *dir;

	dir = opendir(DEV_DIR);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		long number = device_number(entry->d_name);

		if (number < 0)
			continue;
		if (n == room) {
			room = room ? 2 * room : 16;
			grown = reallocarray(numbers, room, sizeof(*numbers));
			if (!grown) {
				free(numbers);
				closedir(dir);
				return -ENOMEM;
			}
			numbers = grown;
		}
		numbers[n++] = number;
	}
	closedir(dir);
	if (n)
		qsort(numbers, n, sizeof(*numbers), compare_numbers);
	*out = numbers;
	*count = n;
	return 0;
}

static int open_first(struct lutna_device **out)
{
	long *numbers = NULL;
	size_t count = 0, i;
	char path[32];
	int err;

	err = list_devices(&numbers, &count);
	if (err)
		return lutna_fail_errno(err, DEV_DIR);
	err = count ? 0 : lutna_fail(-ENOENT,
				     "no LUT-NA device (no " DEV_DIR "/"
				     DEV_PREFIX "*; is the driver loaded?)");
	for (i = 0; i < count; i++) {
		snprintf(path, sizeof(path), DEV_DIR "/" DEV_PREFIX "%ld",
			 numbers[i]);
		err = lutna_kernel_open(out, path);
		if (!err)
			break;
	}
	free(numbers);
	return err;
}

int lutna_device_open(struct lutna_device **out, const char *name)
{
	char path[32];

	if (!name)
		return open_first(out);
	if (!strcmp(name, "sim"))
		return lutna_sim_open(out, false);
	if (!strcmp(name, "sim-literal"))
		return lutna_sim_open(out, true);
	if (strchr(name, '/'))
		return lutna_kernel_open(out, name);
	/* Opening some other device file by mistake may do harm. */
	if (device_number(name) < 0 || strlen(name) > 16)
		return lutna_fail(-ENOENT, "%s: not the name of a device",
				  name);
	snprintf(path, sizeof(path), DEV_DIR "/%s", name);
	return lutna_kernel_open(out, path);
}

void lutna_device_close(struct lutna_device *dev)
{
	if (dev)
		dev->ops->close(dev);
}

int lutna_device_info(struct lutna_device *dev, struct lutna_device_info *out)
{
	*out = dev->info;
	return 0;
}

int lutna_device_fd(struct lutna_device *dev)
{
	return dev->ops->fd(dev);
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of the VM: from the kernel's first breath to a root file system
 * that is the host's, read-only, under a layer of memory.
 */
#define _GNU_SOURCE
#include "guest.h"
#include "frame.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* What virtio's 9p transport can carry in one request, less its header page. */
#define MSIZE		"512000"
/* Devices that the kernel finds on its own time: how long to wait for one. */
#define PORT_WAIT_MS	10000

static int say_port = -1;

void guest_say(int port)
{
	say_port = port;
}

void guest_poweroff(void)
{
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void guest_die(const char *fmt, ...)
{
	int saved = errno;
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (saved && n >= 0 && (size_t)n < sizeof(text))
		snprintf(text + n, sizeof(text) - n, ": %s", strerror(saved));
	if (say_port >= 0)
		vm_send(say_port, VM_FAIL, text, strlen(text));
	else
		dprintf(STDERR_FILENO, "vm: %s\n", text);
	guest_poweroff();
}

int guest_load_module(const char *path, const char *args)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, args, 0) && errno != EEXIST)
		rc = -errno;
	close(fd);
	return rc;
}

/* A list holds one module a line, with its parameters; needed ones first. */
static void load_list(const char *list)
{
	char line[256], *args;
	FILE *f = fopen(list, "re");
	int rc;

	if (!f)
		guest_die("%s", list);
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		args = strchr(line, ' ') ?: line + strlen(line);
		if (*args)
			*args++ = 0;
		rc = guest_load_module(line, args);
		if (rc) {
			errno = -rc;
			guest_die("module %s", line);
		}
	}
	fclose(f);
}

static void must_mkdir(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		guest_die("mkdir %s", path);
}

static void must_mount(const char *what, const char *where, const char *type,
		       unsigned long flags, const char *options)
{
	if (mount(what, where, type, flags, options))
		guest_die("mount %s on %s", what, where);
}

static void mkdir_parents(const char *path)
{
	char part[4096];
	char *slash;

	if (snprintf(part, sizeof(part), "%s", path) >= (int)sizeof(part))
		guest_die("path too long: %s", path);
	for (slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		must_mkdir(part);
		*slash = '/';
	}
	must_mkdir(part);
}

static void mount_root(void)
{
	static const char * const dirs[] = { "/host", "/over", "/root" };
	size_t i;

	for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		must_mkdir(dirs[i]);
	/*
	 * The host's files hardly change while a VM lives, so the guest may
	 * cache them; what must be seen at once is shared by a mount of its own.
	 */
	must_mount("host", "/host", "9p", MS_RDONLY,
		   "trans=virtio,version=9p2000.L,cache=loose,msize=" MSIZE);
	must_mount("over", "/over", "tmpfs", 0, "mode=755");
	must_mkdir("/over/up");
	must_mkdir("/over/work");
	must_mount("root", "/root", "overlay", 0,
		   "lowerdir=/host,upperdir=/over/up,workdir=/over/work");
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		guest_die("change of root");
}

static void mount_system(void)
{
	must_mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	must_mount("sys", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	must_mount("dev", "/dev", "devtmpfs", MS_NOSUID, NULL);
	must_mkdir("/dev/pts");
	must_mkdir("/dev/shm");
	must_mount("pts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		   "mode=620,ptmxmode=666");
	must_mount("shm", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	must_mount("run", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	must_mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	/* Not every kernel has it, and only tracing tests would miss it. */
	mount("trace", "/sys/kernel/tracing", "tracefs", 0, NULL);
	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		guest_die("links in /dev");
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &ifr)) {
		ifr.ifr_flags |= IFF_UP | IFF_RUNNING;
		ioctl(fd, SIOCSIFFLAGS, &ifr);
	}
	close(fd);
}

static int try_port(void)
{
	struct dirent *de;
	char path[300], name[64];
	int found = -1;
	DIR *dir = opendir("/sys/class/virtio-ports");

	if (!dir)
		return -1;
	while (found < 0 && (de = readdir(dir))) {
		FILE *f;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name",
			 de->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) &&
		    !strcmp(name, VM_PORT_NAME "\n")) {
			snprintf(path, sizeof(path), "/dev/%s", de->d_name);
			found = open(path, O_RDWR | O_CLOEXEC);
		}
		fclose(f);
	}
	closedir(dir);
	return found;
}

/* The driver learns of its ports by messages, some time after its probe. */
static int open_port(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int i, fd;

	for (i = 0; i < PORT_WAIT_MS; i++) {
		fd = try_port();
		if (fd >= 0)
			return fd;
		nanosleep(&ms, NULL);
	}
	errno = ENODEV;
	guest_die("port " VM_PORT_NAME);
}

/* TAG:PATH, a directory that host and guest both write: nothing is cached. */
static void mount_shared(char *value)
{
	char *path = strchr(value, ':');

	if (!path)
		guest_die("shared directory without a path: %s", value);
	*path++ = 0;
	mkdir_parents(path);
	must_mount(value, path, "9p", 0,
		   "trans=virtio,version=9p2000.L,cache=mmap,msize=" MSIZE);
}

static void link_modules(const char *dir)
{
	struct utsname un;
	char path[sizeof(un.release) + 32];

	uname(&un);
	snprintf(path, sizeof(path), "/lib/modules/%s", un.release);
	mkdir_parents(path);
	must_mount(dir, path, NULL, MS_BIND, NULL);
}

int guest_conf(const char *key, char *value)
{
	if (!strcmp(key, "share"))
		mount_shared(value);
	else if (!strcmp(key, "modules"))
		link_modules(value);
	else
		return -ENOENT;
	return 0;
}

int main(void)
{
	/* The kernel hands parameters that it does not know to process 1. */
	char *extra = getenv("vm_modules");
	struct session s = { 0 };
	char *name, list[64];
	int status;

	load_list("/modules.boot");
	while ((name = strsep(&extra, ","))) {
		snprintf(list, sizeof(list), "/modules.%s", name);
		load_list(list);
	}
	mount_root();
	mount_system();
	sethostname("lutna", 5);
	loopback_up();
	umask(022);
	s.port = open_port();
	guest_say(s.port);
	errno = 0;
	if (vm_send(s.port, VM_READY, NULL, 0))
		guest_die("port " VM_PORT_NAME);
	session_configure(&s);
	status = session_run(&s);
	session_finish(&s, status);
	guest_poweroff();
}

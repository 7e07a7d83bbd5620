// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: taking devices and the driver away
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lutna_test.h"

#define PCI	"/sys/bus/pci/"

static int write_word(const char *path, const char *word)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, word, strlen(word)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int slot_of(int fd, struct test_slot *slot)
{
	struct lutna_info info;
	int ret = get_info(fd, &info);

	if (!ret)
		snprintf(slot->name, sizeof(slot->name), "%04x:%02x:%02x.%x",
			 info.pci_domain & 0xffff, info.pci_bus & 0xff,
			 info.pci_devfn >> 3 & 0x1f, info.pci_devfn & 7);
	return ret;
}

int slot_unbind(const struct test_slot *slot)
{
	return write_word(PCI "drivers/lutna/unbind", slot->name);
}

int slot_bind(const struct test_slot *slot)
{
	return write_word(PCI "drivers/lutna/bind", slot->name);
}

int slot_remove(const struct test_slot *slot)
{
	char path[64];

	snprintf(path, sizeof(path), PCI "devices/%s/remove", slot->name);
	return write_word(path, "1");
}

int slot_rescan(const struct test_slot *slot)
{
	return write_word(PCI "rescan", "1");
}

static int unload(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

/* The one that was built for the kernel that runs; see run-in-vm for where we are. */
static int load(const char *module)
{
	struct utsname name;
	char path[64];
	int fd, ret = 0;

	if (uname(&name))
		return -errno;
	snprintf(path, sizeof(path), "../../build/driver%s/%s.ko",
		 strncmp(name.release, "6.12.", 5) ? "" : "-6.12", module);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		ret = -errno;
	close(fd);
	return ret;
}

int module_unload(void)
{
	return unload("lutna");
}

int module_unload_soon(void)
{
	__s64 end = now_ns() + PATIENCE;
	int ret;

	while ((ret = module_unload()) == -EAGAIN && now_ns() < end)
		usleep(1000);
	return ret;
}

int module_load(void)
{
	return load("lutna");
}

int exporter_load(void)
{
	return load("lutna_exporter");
}

int exporter_unload(void)
{
	return unload("lutna_exporter");
}

/* SPDX-License-Identifier: GPL-2.0-only */
/* The two halves of the guest's process 1: boot (init.c) and run (session.c). */
#ifndef LUTNA_VM_GUEST_H
#define LUTNA_VM_GUEST_H

#include "frame.h"

#include <stdbool.h>
#include <stdint.h>

struct session {
	int port;		/* blocking, read and write */
	struct vm_rx rx;	/* what came from there */
	char **argv;		/* NULL-terminated */
	char **envp;
	unsigned int argc, envc;
	const char *cwd;
	const char *module;	/* path of the module to load, or NULL */
	const char *module_args;
	bool tty;
	uint16_t rows, cols;
	bool dmesg;		/* send the kernel log at the end */
};

/**
 * guest_die - give up on the whole VM
 * @fmt: what went wrong; errno's text is appended when errno is set
 *
 * Says so on the port when it is open, else on the console, and powers off.
 */
void guest_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/**
 * guest_say - where guest_die() reports from now on
 * @port: descriptor of the virtio-serial port
 */
void guest_say(int port);

/**
 * guest_poweroff - end the VM
 */
void guest_poweroff(void) __attribute__((noreturn));

/**
 * guest_load_module - load one kernel module
 * @path: the .ko file
 * @args: its parameters, "" for none
 *
 * Return: 0 or -errno; a module that is already there is no error.
 */
int guest_load_module(const char *path, const char *args);

/**
 * session_configure - take VM_CONF messages until VM_GO
 * @s: zeroed but for @port; filled in. What it points to lives until power-off.
 */
void session_configure(struct session *s);

/**
 * session_run - run the configured command and relay its streams
 * @s: a configured session
 *
 * Return: exit status as a shell would give it.
 */
int session_run(struct session *s);

/**
 * session_finish - report the end to the host
 * @s: a session that ran
 * @status: what session_run() returned
 */
void session_finish(struct session *s, int status);

/**
 * guest_conf - one setting that concerns the system rather than the command
 * @key: name
 * @value: its value
 *
 * Return: 0, -ENOENT when the key is not known here.
 */
int guest_conf(const char *key, char *value);

#endif

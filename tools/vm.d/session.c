// SPDX-License-Identifier: GPL-2.0-only
/*
 * One command in the guest: its standard streams, its terminal, its end.
 */
#define _GNU_SOURCE
#include "guest.h"
#include "frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* klogctl() commands, which libc does not name. */
#define KLOG_READ_ALL	3
#define KLOG_SIZE	10

/* As a shell has it. */
#define STATUS_NOT_EXECUTABLE	126
#define STATUS_NOT_FOUND	127
#define STATUS_SIGNAL		128

struct relay {
	struct session *s;
	pid_t child;
	int in;		/* to the command, non-blocking; -1 when closed */
	int out, err;	/* from the command; -1 when at its end */
	int sigfd;
	uint8_t *pend;	/* input that the command has not taken yet */
	size_t pend_len, pend_off;
	bool exited;
	int status;
};

static void append(char ***list, unsigned int *count, const char *text)
{
	char **grown = *list;

	/* Doubles at each power of two, so that long lists stay linear. */
	if (!(*count & (*count + 1)))
		grown = realloc(grown, (2 * (size_t)*count + 2) * sizeof(*grown));
	if (!grown)
		guest_die("configuration");
	*list = grown;
	grown[*count] = strdup(text);
	if (!grown[*count])
		guest_die("configuration");
	grown[++*count] = NULL;
}

static void configure_one(struct session *s, char *text)
{
	char *value = strchr(text, '=');

	if (!value)
		guest_die("configuration without a value: %s", text);
	*value++ = 0;
	if (!strcmp(text, "arg"))
		append(&s->argv, &s->argc, value);
	else if (!strcmp(text, "env"))
		append(&s->envp, &s->envc, value);
	else if (!strcmp(text, "cwd"))
		s->cwd = strdup(value);
	else if (!strcmp(text, "module"))
		s->module = strdup(value);
	else if (!strcmp(text, "module-args"))
		s->module_args = strdup(value);
	else if (!strcmp(text, "dmesg"))
		s->dmesg = true;
	else if (!strcmp(text, "tty"))
		s->tty = sscanf(value, "%hux%hu", &s->rows, &s->cols) == 2;
	else if (guest_conf(text, value))
		guest_die("unknown configuration: %s", text);
}

void session_configure(struct session *s)
{
	struct vm_frame_hdr hdr;
	uint8_t *payload;
	char *text;
	int rc;

	for (;;) {
		while ((rc = vm_rx_next(&s->rx, &hdr, &payload)) > 0) {
			if (hdr.type == VM_GO)
				goto done;
			if (hdr.type != VM_CONF)
				guest_die("message %u before the command", hdr.type);
			text = strndup((char *)payload, hdr.len);
			if (!text)
				guest_die("configuration");
			configure_one(s, text);
			free(text);
		}
		if (rc < 0 || vm_rx_fill(&s->rx, s->port) <= 0)
			guest_die("the host is gone");
	}
done:
	if (!s->argc)
		guest_die("no command");
	if (!s->envp) {
		s->envp = calloc(1, sizeof(*s->envp));
		if (!s->envp)
			guest_die("configuration");
	}
	if (s->module) {
		rc = guest_load_module(s->module, s->module_args ?: "");
		if (rc) {
			errno = -rc;
			guest_die("module %s", s->module);
		}
	}
}

static void exec_command(struct session *s)
{
	sigset_t none;
	int saved;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (s->cwd && chdir(s->cwd)) {
		fprintf(stderr, "vm: %s: %s\n", s->cwd, strerror(errno));
		_exit(STATUS_NOT_EXECUTABLE);
	}
	environ = s->envp;
	execvp(s->argv[0], s->argv);
	saved = errno;
	fprintf(stderr, "vm: %s: %s\n", s->argv[0], strerror(saved));
	_exit(saved == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

static void start_on_tty(struct relay *r)
{
	struct winsize ws = { .ws_row = r->s->rows, .ws_col = r->s->cols };
	int master;

	r->child = forkpty(&master, NULL, NULL, &ws);
	if (r->child < 0)
		guest_die("terminal");
	if (!r->child)
		exec_command(r->s);
	r->out = master;
	r->in = dup(master);
	r->err = -1;
}

static void start_on_pipes(struct relay *r)
{
	int in[2], out[2], err[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		guest_die("pipes");
	r->child = fork();
	if (r->child < 0)
		guest_die("fork");
	if (!r->child) {
		setsid();
		if (dup2(in[0], STDIN_FILENO) < 0 ||
		    dup2(out[1], STDOUT_FILENO) < 0 ||
		    dup2(err[1], STDERR_FILENO) < 0)
			_exit(STATUS_NOT_EXECUTABLE);
		exec_command(r->s);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	r->in = in[1];
	r->out = out[0];
	r->err = err[0];
}

static void close_input(struct relay *r)
{
	if (r->in >= 0)
		close(r->in);
	r->in = -1;
	r->pend_len = 0;
}

/* End of file on a terminal is a character; a pipe is simply closed. */
static void end_input(struct relay *r)
{
	static const char eot = 4;

	if (r->s->tty && r->in >= 0)
		vm_write_all(r->in, &eot, 1);
	else
		close_input(r);
}

static void feed_input(struct relay *r)
{
	ssize_t n = write(r->in, r->pend + r->pend_off, r->pend_len - r->pend_off);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			close_input(r);
		return;
	}
	r->pend_off += n;
	if (r->pend_off == r->pend_len)
		r->pend_len = 0;
}

static void take_input(struct relay *r, const uint8_t *data, size_t len)
{
	if (r->in < 0)
		return;
	if (!len) {
		end_input(r);
		return;
	}
	memcpy(r->pend, data, len);
	r->pend_len = len;
	r->pend_off = 0;
}

static void host_message(struct relay *r, const struct vm_frame_hdr *hdr,
			 const uint8_t *payload)
{
	struct winsize ws = { 0 };
	uint16_t size[2];
	uint32_t sig;

	switch (hdr->type) {
	case VM_STDIN:
		take_input(r, payload, hdr->len);
		break;
	case VM_WINSIZE:
		if (hdr->len != sizeof(size) || !r->s->tty || r->out < 0)
			break;
		memcpy(size, payload, sizeof(size));
		ws.ws_row = size[0];
		ws.ws_col = size[1];
		ioctl(r->out, TIOCSWINSZ, &ws);
		break;
	case VM_SIGNAL:
		if (hdr->len != sizeof(sig) || r->exited)
			break;
		memcpy(&sig, payload, sizeof(sig));
		kill(-r->child, sig);
		break;
	default:
		guest_die("message %u while the command runs", hdr->type);
	}
}

/* Stops at input that the command has not taken: that is what holds the host. */
static void host_messages(struct relay *r)
{
	struct vm_frame_hdr hdr;
	uint8_t *payload;
	int rc = 0;

	while (!r->pend_len && (rc = vm_rx_next(&r->s->rx, &hdr, &payload)) > 0)
		host_message(r, &hdr, payload);
	if (rc < 0)
		guest_die("the host's messages make no sense");
}

static void relay_output(struct relay *r, int *fd, uint32_t type)
{
	uint8_t buf[VM_CHUNK];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	/* A terminal says EIO when its last user is gone. */
	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return;
	}
	if (vm_send(r->s->port, type, buf, n))
		guest_poweroff();
}

static void reap(struct relay *r)
{
	struct signalfd_siginfo si;
	int status;
	pid_t pid;

	if (read(r->sigfd, &si, sizeof(si)) < 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != r->child)
			continue;
		r->exited = true;
		r->status = WIFSIGNALED(status) ?
			STATUS_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
		/* What it left behind would keep its output open for ever. */
		kill(-1, SIGKILL);
	}
}

static void watch_children(struct relay *r)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->sigfd < 0)
		guest_die("signals");
}

int session_run(struct session *s)
{
	enum { PORT, CHILD, OUT, ERR, IN, NFDS };
	struct relay r = { .s = s };
	struct pollfd fds[NFDS];

	r.pend = malloc(VM_FRAME_MAX);
	if (!r.pend)
		guest_die("input");
	watch_children(&r);
	if (s->tty)
		start_on_tty(&r);
	else
		start_on_pipes(&r);
	fcntl(r.in, F_SETFL, fcntl(r.in, F_GETFL) | O_NONBLOCK);

	while (!r.exited || r.out >= 0 || r.err >= 0) {
		host_messages(&r);
		fds[PORT] = (struct pollfd){ r.pend_len ? -1 : s->port, POLLIN, 0 };
		fds[CHILD] = (struct pollfd){ r.sigfd, POLLIN, 0 };
		fds[OUT] = (struct pollfd){ r.out, POLLIN, 0 };
		fds[ERR] = (struct pollfd){ r.err, POLLIN, 0 };
		fds[IN] = (struct pollfd){ r.pend_len ? r.in : -1, POLLOUT, 0 };
		if (poll(fds, NFDS, -1) < 0 && errno != EINTR)
			guest_die("poll");
		if (fds[OUT].revents)
			relay_output(&r, &r.out, VM_STDOUT);
		if (fds[ERR].revents)
			relay_output(&r, &r.err, VM_STDERR);
		if (fds[IN].revents)
			feed_input(&r);
		if (fds[PORT].revents && vm_rx_fill(&s->rx, s->port) <= 0)
			guest_poweroff();
		if (fds[CHILD].revents)
			reap(&r);
	}
	return r.status;
}

static void send_dmesg(int port)
{
	int size = klogctl(KLOG_SIZE, NULL, 0);
	char *log;
	int off, n, part;

	log = size > 0 ? malloc(size) : NULL;
	if (!log)
		return;
	n = klogctl(KLOG_READ_ALL, log, size);
	for (off = 0; off < n; off += part) {
		part = n - off < (int)VM_CHUNK ? n - off : (int)VM_CHUNK;
		if (vm_send(port, VM_DMESG, log + off, part))
			break;
	}
	free(log);
}

void session_finish(struct session *s, int status)
{
	uint32_t word = status;

	sync();
	if (s->dmesg)
		send_dmesg(s->port);
	vm_send(s->port, VM_EXIT, &word, sizeof(word));
}

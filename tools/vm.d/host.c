// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host's end of tools/vm: starts QEMU, hands the command to the guest,
 * relays its streams, and makes sure that neither outlives the time limit.
 */
#define _GNU_SOURCE
#include "frame.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* As timeout(1) and ssh(1) have it; documented in tools/vm --help. */
#define STATUS_TIMEOUT	124
#define STATUS_VM	125
#define STATUS_SIGNAL	128

/* The descriptor that QEMU's command line names for the port. */
#define QEMU_FD		3
/* From the guest's last word to QEMU's end; a stuck power-off is cut short. */
#define POWEROFF_MS	10000

struct host {
	struct report_files files;
	const char *dmesg;
	unsigned int timeout;
	bool want_tty, no_stdin;
	char **conf;
	unsigned int nconf;
	char **qemu;	/* NULL-terminated */
	char **cmd;

	int port;
	int dmesg_fd;
	struct vm_rx rx;
	bool tty, stdin_open, ready, done;
	int status;
	/* one message for the guest that the port has not taken whole */
	uint8_t tx[sizeof(struct vm_frame_hdr) + VM_CHUNK];
	size_t tx_len, tx_off;
};

static pid_t qemu_pid, parent;
static int sig_pipe[2];
static volatile sig_atomic_t timed_out, interrupts, killed_by;
static struct termios tty_saved;
static bool tty_raw;

static void restore_tty(void)
{
	if (tty_raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &tty_saved);
	tty_raw = false;
}

static void on_alarm(int sig)
{
	(void)sig;
	timed_out = 1;
	kill(qemu_pid, SIGKILL);
}

/*
 * The first one goes to the command, the second ends QEMU, the third us. That
 * tools/vm is gone, and nobody left to wait for, counts for two.
 */
static void on_interrupt(int sig)
{
	unsigned char byte = sig;
	int saved = errno;

	if (++interrupts > 2)
		_exit(STATUS_SIGNAL + sig);
	if (interrupts > 1 || getppid() != parent) {
		killed_by = sig;
		kill(qemu_pid, SIGKILL);
	}
	if (write(sig_pipe[1], &byte, 1) < 0)
		killed_by = sig;
	errno = saved;
}

static void on_winch(int sig)
{
	unsigned char byte = sig;
	int saved = errno;

	/* A full pipe already has one of these in it. */
	if (write(sig_pipe[1], &byte, 1) < 0)
		errno = 0;
	errno = saved;
}

static void catch_signals(unsigned int timeout)
{
	struct sigaction sa = { .sa_handler = on_interrupt };

	parent = getppid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (pipe2(sig_pipe, O_CLOEXEC | O_NONBLOCK))
		report_die("pipe: %s", strerror(errno));
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	sa.sa_handler = on_winch;
	sigaction(SIGWINCH, &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	sa.sa_handler = on_alarm;
	sigaction(SIGALRM, &sa, NULL);
	alarm(timeout);
}

static void start_qemu(struct host *h)
{
	int pair[2], null, log;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		report_die("socketpair: %s", strerror(errno));
	qemu_pid = fork();
	if (qemu_pid < 0)
		report_die("fork: %s", strerror(errno));
	if (qemu_pid) {
		close(pair[1]);
		h->port = pair[0];
		return;
	}
	/* Out of the terminal's process group: ^C is for the command. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	log = open(h->files.qemu_log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (null < 0 || log < 0 || dup2(null, 0) < 0 || dup2(log, 1) < 0 ||
	    dup2(log, 2) < 0 || dup2(pair[1], QEMU_FD) < 0)
		_exit(STATUS_VM);
	/* When the pair already sat there, dup2 left it to be closed by exec. */
	fcntl(QEMU_FD, F_SETFD, 0);
	signal(SIGPIPE, SIG_DFL);
	execvp(h->qemu[0], h->qemu);
	dprintf(2, "%s: %s\n", h->qemu[0], strerror(errno));
	_exit(STATUS_VM);
}

static int send_conf(struct host *h, const char *key, const char *value)
{
	char *text;
	int len, rc;

	if (value)
		len = asprintf(&text, "%s=%s", key, value);
	else
		len = asprintf(&text, "%s", key);
	if (len < 0)
		return -ENOMEM;
	rc = vm_send(h->port, VM_CONF, text, len);
	free(text);
	return rc;
}

static int configure_guest(struct host *h)
{
	struct winsize ws = { .ws_row = 24, .ws_col = 80 };
	char size[32];
	unsigned int i;
	int rc = 0;

	for (i = 0; i < h->nconf && !rc; i++)
		rc = send_conf(h, h->conf[i], NULL);
	if (h->tty && !rc) {
		ioctl(STDIN_FILENO, TIOCGWINSZ, &ws);
		snprintf(size, sizeof(size), "%ux%u", ws.ws_row, ws.ws_col);
		rc = send_conf(h, "tty", size);
	}
	if (h->dmesg && !rc)
		rc = send_conf(h, "dmesg", "1");
	for (i = 0; h->cmd[i] && !rc; i++)
		rc = send_conf(h, "arg", h->cmd[i]);
	return rc ?: vm_send(h->port, VM_GO, NULL, 0);
}

static void raw_tty(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &tty_saved))
		return;
	raw = tty_saved;
	cfmakeraw(&raw);
	tty_raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	atexit(restore_tty);
}


static void queue(struct host *h, uint32_t type, const void *data, size_t len)
{
	struct vm_frame_hdr hdr = { .type = type, .len = len };

	memcpy(h->tx, &hdr, sizeof(hdr));
	if (data)
		memcpy(h->tx + sizeof(hdr), data, len);
	h->tx_len = sizeof(hdr) + len;
	h->tx_off = 0;
}

static void on_ready(struct host *h)
{
	/* A port that fails is a QEMU that died: the main loop sees its end. */
	if (configure_guest(h))
		return;
	h->ready = true;
	if (!h->stdin_open)
		queue(h, VM_STDIN, NULL, 0);
	if (h->tty)
		raw_tty();
}

static void flush(struct host *h)
{
	ssize_t n = send(h->port, h->tx + h->tx_off, h->tx_len - h->tx_off,
			 MSG_DONTWAIT);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			h->tx_len = 0;
		return;
	}
	h->tx_off += n;
	if (h->tx_off == h->tx_len)
		h->tx_len = 0;
}

static void read_stdin(struct host *h)
{
	uint8_t buf[VM_CHUNK];
	ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		n = 0;
		h->stdin_open = false;
	}
	queue(h, VM_STDIN, buf, n);
}

static void forward_signal(struct host *h)
{
	struct winsize ws;
	unsigned char sig;
	uint16_t size[2];
	uint32_t word;

	if (read(sig_pipe[0], &sig, 1) != 1)
		return;
	if (sig == SIGWINCH) {
		if (!h->tty || !h->ready || ioctl(STDIN_FILENO, TIOCGWINSZ, &ws))
			return;
		size[0] = ws.ws_row;
		size[1] = ws.ws_col;
		queue(h, VM_WINSIZE, size, sizeof(size));
		return;
	}
	word = sig;
	if (h->ready)
		queue(h, VM_SIGNAL, &word, sizeof(word));
	else {
		killed_by = sig;
		kill(qemu_pid, SIGKILL);
	}
}

/* Nobody reads what the command says: end it as SIGPIPE would have. */
static void output(int fd, const void *data, size_t len)
{
	if (!vm_write_all(fd, data, len))
		return;
	killed_by = SIGPIPE;
	kill(qemu_pid, SIGKILL);
}

static void guest_message(struct host *h, const struct vm_frame_hdr *hdr,
			  const uint8_t *payload)
{
	uint32_t word;

	switch (hdr->type) {
	case VM_READY:
		on_ready(h);
		break;
	case VM_STDOUT:
		output(STDOUT_FILENO, payload, hdr->len);
		break;
	case VM_STDERR:
		output(STDERR_FILENO, payload, hdr->len);
		break;
	case VM_DMESG:
		vm_write_all(h->dmesg_fd, payload, hdr->len);
		break;
	case VM_FAIL:
		restore_tty();
		fprintf(stderr, "vm: guest: %.*s\n", (int)hdr->len, payload);
		h->status = STATUS_VM;
		h->done = true;
		break;
	case VM_EXIT:
		memcpy(&word, payload, sizeof(word));
		h->status = word;
		h->done = true;
		break;
	}
}

/* Until the guest's last message, or until QEMU closes the port by dying. */
static void relay(struct host *h)
{
	enum { PORT, SIG, IN, NFDS };
	struct vm_frame_hdr hdr;
	struct pollfd fds[NFDS];
	uint8_t *payload;
	int rc;

	while (!h->done) {
		bool idle = h->ready && !h->tx_len;

		fds[PORT] = (struct pollfd){ h->port, POLLIN, 0 };
		if (h->tx_len)
			fds[PORT].events |= POLLOUT;
		fds[SIG] = (struct pollfd){ h->tx_len ? -1 : sig_pipe[0], POLLIN, 0 };
		fds[IN] = (struct pollfd){
			idle && h->stdin_open ? STDIN_FILENO : -1, POLLIN, 0
		};
		if (poll(fds, NFDS, -1) < 0)
			continue;
		if (fds[PORT].revents & (POLLIN | POLLHUP | POLLERR)) {
			rc = vm_rx_fill(&h->rx, h->port);
			if (rc == 0 || (rc < 0 && rc != -EINTR && rc != -EAGAIN))
				return;
		}
		while ((rc = vm_rx_next(&h->rx, &hdr, &payload)) > 0)
			guest_message(h, &hdr, payload);
		if (rc < 0)
			return;
		if (fds[PORT].revents & POLLOUT)
			flush(h);
		if (fds[SIG].revents && !h->tx_len)
			forward_signal(h);
		if (fds[IN].revents && !h->tx_len)
			read_stdin(h);
	}
}

/* Returns QEMU's wait status, which is that of a kill when it had to be. */
static int end_qemu(bool polite)
{
	int waited, status;
	pid_t pid;

	for (waited = 0; polite && waited < POWEROFF_MS; waited += 2) {
		pid = waitpid(qemu_pid, &status, WNOHANG);
		if (pid == qemu_pid)
			return status;
		usleep(2000);
	}
	kill(qemu_pid, SIGKILL);
	while (waitpid(qemu_pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static int conclude(struct host *h)
{
	/* At a closed port QEMU is on its way out: its own status is wanted. */
	int qemu_status = end_qemu(!timed_out && !killed_by);

	restore_tty();
	alarm(0);
	if (timed_out && !h->done) {
		report_failure(&h->files, "time limit of %u s reached", h->timeout);
		return STATUS_TIMEOUT;
	}
	if (killed_by && !h->done)
		return STATUS_SIGNAL + killed_by;
	if (!h->done) {
		report_qemu_end(&h->files, qemu_status, h->ready);
		return STATUS_VM;
	}
	if (h->status == STATUS_VM)
		report_console(&h->files);
	return h->status;
}

static void parse(struct host *h, int argc, char **argv)
{
	int opt, count;

	h->conf = calloc(argc, sizeof(*h->conf));
	if (!h->conf)
		report_die("no memory");
	while ((opt = getopt(argc, argv, "+t:c:k:l:d:C:Tn")) != -1) {
		switch (opt) {
		case 't':
			h->timeout = atoi(optarg);
			break;
		case 'c':
			h->files.console = optarg;
			break;
		case 'k':
			h->files.kept_as = optarg;
			break;
		case 'l':
			h->files.qemu_log = optarg;
			break;
		case 'd':
			h->dmesg = optarg;
			break;
		case 'C':
			h->conf[h->nconf++] = optarg;
			break;
		case 'T':
			h->want_tty = true;
			break;
		case 'n':
			h->no_stdin = true;
			break;
		default:
			exit(STATUS_VM);
		}
	}
	/* COUNT, QEMU and its arguments, the command and its own. */
	count = optind < argc ? atoi(argv[optind++]) : 0;
	if (count < 1 || argc - optind <= count || !h->files.console ||
	    !h->files.kept_as || !h->files.qemu_log)
		report_die("run tools/vm instead, it knows the arguments");
	h->qemu = calloc(count + 1, sizeof(*h->qemu));
	if (!h->qemu)
		report_die("no memory");
	memcpy(h->qemu, argv + optind, count * sizeof(*h->qemu));
	h->cmd = argv + optind + count;
}

/* Whoever starts us may have closed these, and open() would then reuse them. */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	static struct host h = { .dmesg_fd = -1 };

	fill_standard_fds();
	parse(&h, argc, argv);
	h.tty = h.want_tty && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	/* A job in the background would be stopped for reading the terminal. */
	h.stdin_open = !h.no_stdin && (!isatty(STDIN_FILENO) ||
				       tcgetpgrp(STDIN_FILENO) == getpgrp());
	if (h.dmesg) {
		h.dmesg_fd = open(h.dmesg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (h.dmesg_fd < 0)
			report_die("%s: %s", h.dmesg, strerror(errno));
	}
	start_qemu(&h);
	catch_signals(h.timeout);
	relay(&h);
	return conclude(&h);
}

// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "machine.h"

/* What nobody allocated must stay as it was, so much of it at least. */
#define MARGIN	4096

void machine_init(struct machine *m, size_t size, enum lutna_impl impl,
		  struct rng *r)
{
	struct lutna_exec_params params = {
		.units = 100, .max_tensor = 64u << 20, .impl = impl,
	};

	memset(m, 0, sizeof(*m));
	m->g = guest_new(size, r);
	m->want = malloc(size);
	if (!m->want || lutna_exec_new(&m->exec, &params))
		bail("no memory");
}

void machine_fini(struct machine *m)
{
	lutna_exec_free(m->exec);
	guest_free(m->g);
	free(m->want);
}

static size_t compared(const struct machine *m)
{
	return m->g->used + MARGIN < m->g->size ? m->g->used + MARGIN
						: m->g->size;
}

void machine_begin(struct machine *m)
{
	memcpy(m->want, m->g->mem, compared(m));
}

int machine_run(struct machine *m, const void *cmd)
{
	struct lutna_memory mem = guest_memory(m->g);
	uint8_t raw[LUTNA_CMD_SIZE + 1];

	/* A command list is bytes: nothing says that it is aligned. */
	memcpy(raw + 1, cmd, LUTNA_CMD_SIZE);
	m->g->reads = m->g->writes = m->g->read_after_write = 0;
	m->g->read_bytes = 0;
	memset(&m->fault, 0xee, sizeof(m->fault));
	memset(&m->profile, 0, sizeof(m->profile));
	return lutna_exec_command(m->exec, &mem, raw + 1, &m->profile,
				  &m->fault);
}

bool machine_expect(struct machine *m, const void *cmd, const char *what)
{
	int rc = machine_run(m, cmd);

	return check(!rc, "%s: fault %#x at %#llx", what, rc,
		     (unsigned long long)m->fault.addr) &&
	       check(!memcmp(m->want, m->g->mem, compared(m)),
		     "%s: wrong memory", what) &&
	       check(!m->g->read_after_write, "%s: read after write", what);
}

bool machine_refused(struct machine *m, const void *cmd, int code,
		     unsigned int access, uint64_t addr, const char *what)
{
	int rc = machine_run(m, cmd);

	return check(rc == code && m->fault.code == code &&
		     m->fault.access == access && m->fault.addr == addr,
		     "%s: fault %#x (%#x, access %u) at %#llx, want %#x (access %u) at %#llx",
		     what, rc, m->fault.code, m->fault.access,
		     (unsigned long long)m->fault.addr, code, access,
		     (unsigned long long)addr);
}

struct lutna_cmd_hdr header(unsigned int opcode)
{
	return (struct lutna_cmd_hdr) {
		.opcode = htole16(opcode), .version = LUTNA_ISA_VERSION,
		.tag = htole32(0xcafe),
	};
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * The header, the symbol map, the shared library and the man pages name the
 * same functions; the header needs nothing but itself.
 *
 * USERLIB is the library's directory, BUILD where it was built, FLAGS how.
 */
#include <ctype.h>
#include <unistd.h>

#include "tap.h"

#define MAX_NAMES	256

struct names {
	char *name[MAX_NAMES];
	size_t count;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct names *names)
{
	qsort(names->name, names->count, sizeof(names->name[0]), compare);
}

static void add(struct names *names, const char *name, size_t len)
{
	need(names->count < MAX_NAMES);
	names->name[names->count] = strndup(name, len);
	need(names->name[names->count]);
	names->count++;
}

static char *read_file(const char *path)
{
	static char text[1 << 18];
	FILE *f = fopen(path, "r");
	size_t len;

	need(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	need(len && len < sizeof(text) - 1);
	text[len] = '\0';
	fclose(f);
	return text;
}

/* Blanks out comments, so that what they mention is not taken for code. */
static void strip_comments(char *text)
{
	char *from, *to;

	while ((from = strstr(text, "/*"))) {
		to = strstr(from, "*/");
		need(to);
		memset(from, ' ', (size_t)(to + 2 - from));
	}
}

/* Every "lutna_x(" outside comments is a declaration. */
static void declared(struct names *names)
{
	char *text = read_file(USERLIB "/include/lutna/lutna.h"), *at;

	strip_comments(text);
	for (at = text; (at = strstr(at, "lutna_")); ) {
		char *end = at;

		while (isalnum((unsigned char)*end) || *end == '_')
			end++;
		if (*end == '(')
			add(names, at, (size_t)(end - at));
		at = end;
	}
	sort(names);
}

/* First words of a command's lines; "name;" loses the semicolon */
static void from_command(struct names *names, const char *command)
{
	char line[256];
	FILE *f = popen(command, "r");

	need(f);
	while (fgets(line, sizeof(line), f)) {
		size_t len = strspn(line, "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

		add(names, line, len);
	}
	need(!pclose(f));
	sort(names);
}

static bool same(const struct names *a, const struct names *b,
		 const char *what)
{
	size_t i = 0, j = 0;
	bool equal = true;

	while (i < a->count || j < b->count) {
		int order = i == a->count ? 1 : j == b->count ? -1 :
			    strcmp(a->name[i], b->name[j]);

		if (order)
			equal = false;
		if (order < 0)
			printf("# %s: missing: %s\n", what, a->name[i]);
		if (order > 0)
			printf("# %s: too many: %s\n", what, b->name[j]);
		i += order <= 0;
		j += order >= 0;
	}
	return equal;
}

static void drop(struct names *names)
{
	while (names->count)
		free(names->name[--names->count]);
}

static bool compiles(const char *compiler, const char *header)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "printf '#include <%s>\\n#include <%s>\\n' | %s -Wall -Wextra"
		 " -Wpedantic -Werror -fsyntax-only -I%s/include -I%s/../uapi -",
		 header, header, compiler, USERLIB, USERLIB);
	return !system(command);
}

static void test_headers(void)
{
	static const char *const compilers[] = {
		"cc -x c -std=c99", "cc -x c -std=c11", "cc -x c -std=gnu17",
		"c++ -x c++ -std=c++11", "c++ -x c++ -std=c++20",
	};
	size_t i;

	for (i = 0; i < sizeof(compilers) / sizeof(compilers[0]); i++) {
		ok(compiles(compilers[i], "lutna/lutna.h"),
		   "lutna.h alone: %s", compilers[i]);
		ok(compiles(compilers[i], "lutna_isa.h"),
		   "lutna_isa.h alone: %s", compilers[i]);
	}
}

static bool run(const char *dir, const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "cd %s && (%s) >log 2>&1 </dev/null || "
		 "{ sed 's/^/# /' log; false; }", dir, command);
	fflush(stdout);
	return !system(line);
}

/* As a package would install it, and as a program would then use it */
static void test_install(const struct names *header)
{
	char dir[] = "/tmp/lutna-install-XXXXXX", line[256];
	size_t i, pages = 0;

	need(mkdtemp(dir));
	ok(run(dir, "make -C " USERLIB " O=" BUILD " CFLAGS='" FLAGS "' "
	       "install DESTDIR=$PWD PREFIX=/usr"), "make install");
	for (i = 0; i < header->count; i++) {
		snprintf(line, sizeof(line), "%s/usr/share/man/man3/%s.3", dir,
			 header->name[i]);
		pages += !access(line, R_OK);
	}
	ok(pages == header->count, "a man page is found for each function");
	ok(run(dir, "export PKG_CONFIG_SYSROOT_DIR=$PWD "
	       "PKG_CONFIG_PATH=$PWD/usr/lib/pkgconfig && "
	       "cc " FLAGS " " USERLIB "/examples/empty_job.c "
	       "$(pkg-config --cflags --libs lutna) && "
	       "LD_LIBRARY_PATH=$PWD/usr/lib ./a.out sim"),
	   "a program finds it by pkg-config");
	ok(run(dir, "export PKG_CONFIG_PATH=$PWD/usr/lib/pkgconfig && "
	       "test $(pkg-config --modversion lutna) = $(sed -n "
	       "'s/^VERSION := //p' " USERLIB "/Makefile)"),
	   "the version is one");
	ok(run(dir, "rm -r usr log a.out"), "nothing else was written");
	snprintf(line, sizeof(line), "%s/log", dir);
	unlink(line);
	ok(!rmdir(dir), "outside usr");
}

int main(void)
{
	struct names header = { 0 }, other = { 0 };

	declared(&header);
	ok(header.count > 40, "the header declares %zu functions",
	   header.count);
	from_command(&other, "sed -n 's/^\\t\\(lutna_.*;\\)$/\\1/p' "
		     USERLIB "/liblutna.map");
	ok(same(&header, &other, "map"), "the map has each of them");
	drop(&other);
	from_command(&other, "nm -D --defined-only " BUILD "/liblutna.so | "
		     "sed -n 's/^[0-9a-f]* T \\(.*\\)@@LUTNA_0.1$/\\1/p'");
	ok(same(&header, &other, "library"),
	   "the library exports each of them as LUTNA_0.1");
	drop(&other);
	from_command(&other, "nm -D --defined-only " BUILD "/liblutna.so | "
		     "grep -v -e '@@LUTNA_0.1$' -e ' A LUTNA_0.1$' || true");
	ok(!other.count, "and nothing else");
	drop(&other);
	from_command(&other, "sed -n 's/^\\.Nm \\(lutna_[a-z_]*\\).*/\\1/p' "
		     USERLIB "/man/*.3 | sort -u");
	ok(same(&header, &other, "man"), "each has a man page");
	drop(&other);
	test_headers();
	test_install(&header);
	drop(&header);
	return tap_done();
}

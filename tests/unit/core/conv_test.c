// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every implementation of the convolution writes what plain multiplication
 * says, and nothing else.
 */
#include <endian.h>
#include <string.h>

#include "check.h"
#include "conv_case.h"
#include "core/exec_internal.h"

#define GUEST_SIZE	(64u << 20)
#define MAX_IMPLS	8
/* More products than this would take the literal implementation seconds. */
#define LITERAL_MACS	CASES(40000000)

struct impl {
	const char *name;
	struct lutna_exec *exec;
};

static struct impl impls[MAX_IMPLS];
static int impl_count;
static struct guest *guest;
static struct rng rng;
static uint8_t *before, *want;

static void add_impl(const char *name, enum lutna_impl which,
		     const struct lutna_kernels *kernels)
{
	struct lutna_exec_params params = {
		.units = 7, .max_tensor = GUEST_SIZE, .impl = which,
	};

	if (lutna_exec_new(&impls[impl_count].exec, &params))
		bail("no executor");
	if (kernels)
		lutna_exec_set_kernels(impls[impl_count].exec, kernels);
	impls[impl_count++].name = name;
}

static void make_impls(void)
{
	const struct lutna_kernels *k;

	/* The first, which try_case() can leave out */
	add_impl("literal", LUTNA_IMPL_LITERAL, NULL);
	add_impl("fast", LUTNA_IMPL_FAST, NULL);
	add_impl("portable", LUTNA_IMPL_PORTABLE, NULL);
	for (unsigned int i = 0; (k = lutna_kernels_list(i)); i++)
		add_impl(k->name, LUTNA_IMPL_FAST, k);
}

/* Runs one case on all of them; takes it apart again. */
static void try_case(struct conv_case *cc)
{
	struct lutna_profile first = { 0 }, profile;
	struct lutna_fault_info fault;
	int from = 0;
	size_t size;

	conv_build(cc, guest, &rng);
	if (cc->stored * cc->n * cc->oh * cc->ow > LITERAL_MACS)
		from = 1;
	size = guest->used + 4096 < guest->size ? guest->used + 4096
						: guest->size;
	memcpy(before, guest->mem, size);
	memcpy(want, guest->mem, size);
	conv_oracle(cc, guest, want);

	for (int i = from; i < impl_count; i++) {
		struct lutna_memory mem = guest_memory(guest);
		int rc;

		memset(&profile, 0, sizeof(profile));
		guest->writes = 0;
		rc = lutna_exec_command(impls[i].exec, &mem, &cc->cmd, &profile,
					&fault);
		if (!check(!rc, "%s: fault %#x at %#llx: %s", impls[i].name, rc,
			   (unsigned long long)fault.addr, conv_describe(cc)))
			break;
		check(!memcmp(guest->mem, want, size), "%s: wrong: %s",
		      impls[i].name, conv_describe(cc));
		check(!guest->read_after_write, "%s: read after write: %s",
		      impls[i].name, conv_describe(cc));
		if (i == from)
			first = profile;
		check(!memcmp(&first, &profile, sizeof(first)),
		      "%s: another profile: %s", impls[i].name,
		      conv_describe(cc));
		memcpy(guest->mem, before, size);
	}
	check(le64toh(first.table_loads) == cc->stored, "stored weights: %s",
	      conv_describe(cc));
	conv_free(cc);
}

static void test_bits(void)
{
	for (int act = 2; act <= 8; act++) {
		for (int weight = 2; weight <= 9; weight++) {
			for (int i = 0; i < 3 * 7; i++) {
				struct conv_case cc;
				int approx = i % 7;

				conv_choose(&cc, 4000, &rng);
				conv_bits(&cc, act, weight, i / 7,
					  (approx + 2) / 3,
					  approx ? (approx - 1) % 3 + 1 : 0);
				try_case(&cc);
			}
		}
		point("%d bits of activation by 2 to 9 of weight, each format and approximation",
		      act);
	}
}

static void test_layouts(void)
{
	for (int i = 0; i < CASES(1500); i++) {
		struct conv_case cc;

		conv_choose(&cc, 40000, &rng);
		try_case(&cc);
	}
	point("random shapes and layouts");
	for (int in = 0; in < LAYOUT_RANDOM_OUTPUT; in++)
		for (int out = 0; out < LAYOUT_RANDOM_OUTPUT; out++)
			for (int i = 0; i < CASES(30); i++) {
				struct conv_case cc;

				conv_choose(&cc, 100000, &rng);
				cc.in_layout = in;
				cc.out_layout = out;
				try_case(&cc);
			}
	point("NCHW, NHWC, CHWN to each other");
}

static void test_groups(void)
{
	for (int i = 0; i < CASES(200); i++) {
		struct conv_case cc;

		conv_choose(&cc, 20000, &rng);
		cc.groups = rng_range(&rng, 2, 40);
		cc.c = cc.groups * rng_range(&rng, 1, 2);
		cc.oc = cc.groups * rng_range(&rng, 1, 3);
		cc.n = rng_range(&rng, 1, 3);
		try_case(&cc);
	}
	point("groups and depthwise");
}

static void test_connected(void)
{
	for (int i = 0; i < CASES(200); i++) {
		struct conv_case cc;

		conv_choose(&cc, 20000, &rng);
		cc.c = cc.groups * rng_range(&rng, 1, 5);
		cc.oc = cc.groups * rng_range(&rng, 1, 5);
		cc.kh = cc.h;
		cc.kw = cc.w;
		cc.oh = cc.ow = cc.sh = cc.sw = cc.dh = cc.dw = 1;
		cc.pt = cc.pl = 0;
		try_case(&cc);
	}
	point("fully connected");
}

/* One weight a channel: the shapes may be the same though places are not. */
static void test_pointwise(void)
{
	for (int i = 0; i < CASES(200); i++) {
		struct conv_case cc;

		conv_choose(&cc, 20000, &rng);
		cc.kh = cc.kw = 1;
		cc.sh = rng_one_in(&rng, 4) ? 2 : 1;
		cc.sw = rng_one_in(&rng, 4) ? 2 : 1;
		cc.pt = rng_one_in(&rng, 2) ? rng_below(&rng, 3) : 0;
		cc.pl = rng_one_in(&rng, 2) ? rng_below(&rng, 3) : 0;
		cc.oh = cc.h;
		cc.ow = cc.w;
		if (rng_one_in(&rng, 4))
			cc.ow = rng_range(&rng, 1, cc.w);
		if (rng_one_in(&rng, 4))
			cc.oh = rng_range(&rng, 1, cc.h);
		try_case(&cc);
	}
	point("pointwise");
}

/* A kernel, dilation and padding at their ends, with few places to compute */
static void test_window_ends(void)
{
	for (int i = 0; i < 64; i++) {
		struct conv_case cc;

		conv_choose(&cc, 2000, &rng);
		cc.n = cc.groups = 1;
		cc.c = cc.oc = rng_range(&rng, 1, 2);
		cc.zeros = 200;
		cc.in_layout = rng_below(&rng, LAYOUT_RANDOM_OUTPUT);
		cc.kh = i & 1 ? 255 : rng_range(&rng, 1, 5);
		cc.kw = i & 2 ? 255 : rng_range(&rng, 1, 5);
		cc.dh = i & 4 ? 255 : 1;
		cc.dw = i & 8 ? 255 : 1;
		cc.sh = cc.sw = i & 16 ? 255 : 1;
		cc.pt = cc.pl = i & 32 ? 255 : 0;
		/* So large that the kernel fits, in one direction at a time */
		cc.h = cc.dh == 255 ? 300 : 100;
		cc.w = cc.dw == 255 ? 300 : 100;
		cc.oh = conv_out_size(cc.h, cc.kh, cc.sh, cc.dh, cc.pt, 0);
		cc.ow = conv_out_size(cc.w, cc.kw, cc.sw, cc.dw, cc.pl, 0);
		if ((cc.kh - 1) * cc.dh + 1 > (int)cc.h + cc.pt + 255)
			cc.h = (cc.kh - 1) * cc.dh + 1;
		if ((cc.kw - 1) * cc.dw + 1 > (int)cc.w + cc.pl + 255)
			cc.w = (cc.kw - 1) * cc.dw + 1;
		if ((uint64_t)cc.h * cc.w > 20000000)
			continue;
		if (cc.oh > 3)
			cc.oh = 3;
		if (cc.ow > 40)
			cc.ow = 40;
		try_case(&cc);
	}
	point("largest kernel, stride, dilation and padding");
}

static void large(uint32_t n, uint32_t c, uint32_t hw, uint32_t oc,
		  unsigned int kernel, unsigned int format, uint32_t zeros,
		  enum values values)
{
	struct conv_case cc;

	conv_choose(&cc, 1000, &rng);
	cc.n = n;
	cc.c = c;
	cc.oc = oc;
	cc.h = cc.w = cc.oh = cc.ow = hw;
	cc.kh = cc.kw = kernel;
	cc.pt = cc.pl = kernel / 2;
	cc.sh = cc.sw = cc.dh = cc.dw = cc.groups = 1;
	cc.zeros = zeros;
	cc.values = values;
	conv_bits(&cc, 8, 9, format, LUTNA_APPROX_EXACT, 0);
	cc.in_layout = LAYOUT_NCHW;
	cc.out_layout = LAYOUT_NCHW;
	cc.s32 = rng_one_in(&rng, 2);
	try_case(&cc);
}

/* Beyond each of the sizes in which the fast path works */
static void test_large(void)
{
	large(3, 20, 16, 300, 3, LUTNA_WEIGHT_COMPRESSED, 243, VALUES_RANDOM);
	large(1, 20, 20, 300, 1, LUTNA_WEIGHT_S16, 0, VALUES_RANDOM);
	point("more output channels than share a block");
	large(2, 300, 4, 20, 3, LUTNA_WEIGHT_COMPRESSED, 230, VALUES_RANDOM);
	large(1, 301, 4, 9, 3, LUTNA_WEIGHT_S16, 100, VALUES_RANDOM);
	point("more weights than a block has rows");
	large(3, 65535, 1, 2, 3, LUTNA_WEIGHT_COMPRESSED, 250, VALUES_RANDOM);
	large(2, 65535, 1, 3, 3, LUTNA_WEIGHT_COMPRESSED, 0, VALUES_RANDOM);
	large(300, 1200, 1, 280, 1, LUTNA_WEIGHT_COMPRESSED, 200, VALUES_RANDOM);
	large(2, 2600, 1, 256, 1, LUTNA_WEIGHT_COMPRESSED, 0, VALUES_RANDOM);
	large(300, 65535, 1, 1, 3, LUTNA_WEIGHT_COMPRESSED, 255, VALUES_RANDOM);
	large(2, 65535, 1, 9, 1, LUTNA_WEIGHT_S16, 0, VALUES_RANDOM);
	large(300, 700, 1, 256, 3, LUTNA_WEIGHT_S16, 253, VALUES_RANDOM);
	point("more weights than a plan holds");
	large(2, 65535, 1, 2, 1, LUTNA_WEIGHT_S16, 0, VALUES_EXTREME);
	large(2, 65535, 1, 2, 1, LUTNA_WEIGHT_COMPRESSED, 0, VALUES_EXTREME);
	point("accumulators that wrap");
}

int main(void)
{
	rng = rng_init(1);
	guest = guest_new(GUEST_SIZE, &rng);
	before = malloc(GUEST_SIZE);
	want = malloc(GUEST_SIZE);
	if (!before || !want)
		bail("no memory");
	make_impls();

	test_bits();
	test_layouts();
	test_groups();
	test_connected();
	test_pointwise();
	test_window_ends();
	test_large();

	for (int i = 0; i < impl_count; i++)
		lutna_exec_free(impls[i].exec);
	free(before);
	free(want);
	guest_free(guest);
	return check_done();
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fewer bits and approximate products: a small network against integers that
 * are computed here, from what the manuals say, for every choice of bits; and
 * how widths travel through networks that branch.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include <lutna/lutna.h>

#include "compile/compile.h"
#include "onnx_model.h"
#include "tap.h"
#include "uapi/lutna_isa.h"

#define IMAGES		7

/* Convolution of a padded image, pooling, matrix product */
#define IN_C		2
#define IN_SIZE		6
#define MID_C		3
#define POOLED		3
#define FEATURES	(MID_C * POOLED * POOLED)
#define CLASSES		4

#define IN_SCALE	0.0173f
#define IN_ZERO		9
#define MID_SCALE	0.31f
#define MID_ZERO	5
#define FC_SCALE	0.0037f

static int32_t conv_w[MID_C][IN_C * 9];
static int32_t fc_w[CLASSES][FEATURES];
static const float conv_scale[MID_C] = { 0.0031f, 0.0057f, 0.0019f };
static const int32_t conv_b[MID_C] = { 1200, -900, 77 };
static uint8_t images[IMAGES][IN_C][IN_SIZE][IN_SIZE];
static uint64_t state = 88172645463325252;

static uint32_t draw(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % limit;
}

static void draw_all(void)
{
	int i, k;

	for (i = 0; i < MID_C; i++)
		for (k = 0; k < IN_C * 9; k++)
			conv_w[i][k] = draw(4) ? (int32_t)draw(512) - 256 : 0;
	for (i = 0; i < CLASSES; i++)
		for (k = 0; k < FEATURES; k++)
			fc_w[i][k] = draw(4) ? (int32_t)draw(400) - 200 : 0;
	for (i = 0; i < (int)sizeof(images); i++)
		((uint8_t *)images)[i] = draw(3) ? (uint8_t)draw(256) : IN_ZERO;
}

static void make_model(struct onnx_model *model)
{
	static const int64_t image[] = { -1, IN_C, IN_SIZE, IN_SIZE };
	static const int64_t conv_dims[] = { MID_C, IN_C, 3, 3 };
	static const int64_t fc_dims[] = { CLASSES, FEATURES };
	static const int64_t channels[] = { MID_C };
	static const int64_t pads[] = { 1, 1, 1, 1 }, two[] = { 2, 2 };
	float bias_scale[MID_C];
	Onnx__NodeProto *node;
	int i;

	for (i = 0; i < MID_C; i++)
		bias_scale[i] = IN_SCALE * conv_scale[i];
	onnx_model_init(model);
	onnx_input(model, "image", FLOAT, 4, image);
	onnx_qdq(model, "image", "x", IN_SCALE, UINT8, IN_ZERO);
	onnx_ints(model, "cw.q", INT32, 4, conv_dims, &conv_w[0][0]);
	onnx_floats(model, "cw.scale", 1, channels, conv_scale);
	node = onnx_node(model, "DequantizeLinear", "cw", "cw.q cw.scale", "cw");
	onnx_attr_int(model, node, "axis", 0);
	onnx_ints(model, "cb.q", INT32, 1, channels, conv_b);
	onnx_floats(model, "cb.scale", 1, channels, bias_scale);
	node = onnx_node(model, "DequantizeLinear", "cb", "cb.q cb.scale", "cb");
	onnx_attr_int(model, node, "axis", 0);
	node = onnx_node(model, "Conv", "conv", "x cw cb", "c");
	onnx_attr_ints(model, node, "pads", 4, pads);
	onnx_node(model, "Relu", "relu", "c", "r");
	onnx_qdq(model, "r", "y", MID_SCALE, UINT8, MID_ZERO);
	node = onnx_node(model, "MaxPool", "pool", "y", "p");
	onnx_attr_ints(model, node, "kernel_shape", 2, two);
	onnx_attr_ints(model, node, "strides", 2, two);
	onnx_qdq(model, "p", "z", MID_SCALE, UINT8, MID_ZERO);
	onnx_node(model, "Flatten", "flatten", "z", "flat");
	onnx_ints(model, "fw.q", INT32, 2, fc_dims, &fc_w[0][0]);
	onnx_scalar(model, "fw.scale", FC_SCALE);
	onnx_node(model, "DequantizeLinear", "fw", "fw.q fw.scale", "fw");
	node = onnx_node(model, "Gemm", "fc", "flat fw", "logits");
	onnx_attr_int(model, node, "transB", 1);
	onnx_output(model, "logits", FLOAT);
}

/* The same numbers once more, as the manuals have them */

struct layer {
	const struct precision *p;
	int32_t w[MID_C + CLASSES][FEATURES];
	double scale[MID_C + CLASSES];
};

static double squares(const int32_t *w, int count, double step, int bits)
{
	double low = -(1 << (bits - 1)), high = -low - 1, sum = 0;
	int i;

	for (i = 0; i < count; i++) {
		double code = fmin(fmax(round(w[i] / step), low), high);

		sum += (w[i] - code * step) * (w[i] - code * step);
	}
	return sum;
}

static double step_of(const int32_t *w, int count, int bits)
{
	double low = -(1 << (bits - 1)), high = -low - 1, whole = 0, best = 0;
	int i, sixteenths;

	for (i = 0; i < count; i++)
		whole = fmax(whole, w[i] / (w[i] > 0 ? high : low));
	if (whole <= 1)
		return 1;
	for (sixteenths = 16; sixteenths >= 4; sixteenths--) {
		double step = whole * sixteenths / 16;

		if (!best || squares(w, count, step, bits) <
			     squares(w, count, best, bits))
			best = step;
	}
	return best;
}

/* @together: rows share a step */
static void narrow(struct layer *layer, const int32_t *w, int rows, int columns,
		   const float *scale, bool together)
{
	int bits = layer->p->weight_bits, r, c;
	double low = -(1 << (bits - 1)), high = -low - 1;

	for (r = 0; r < rows; r++) {
		const int32_t *row = w + r * columns;
		double step = together ? step_of(w, rows * columns, bits) :
					 step_of(row, columns, bits);

		for (c = 0; c < columns; c++)
			layer->w[r][c] = (int32_t)fmin(fmax(round(row[c] / step),
							    low), high);
		layer->scale[r] = (double)(float)((double)scale[together ? 0 : r] *
						  step);
	}
}

static int f(const struct precision *p, int x)
{
	int m = (1 << (2 * p->approx_digits)) - 1;

	return (x & ~m) + (p->approx == LUTNA_APPROX_W ? m / 3 : 0);
}

static int64_t correction(const struct precision *p, int zero, int64_t sum)
{
	int m = (1 << (2 * p->approx_digits)) - 1;
	double mean;

	if (!p->fold_bias)
		return 0;
	mean = (zero & m) / 2.0 + m / 4.0;
	if (p->approx == LUTNA_APPROX_W)
		mean -= m / 3.0;
	return llround(mean * (double)sum);
}

static int64_t requantise(int64_t acc, double factor, int zero, int most)
{
	int exponent;
	int64_t mult, shift;

	frexp(factor, &exponent);
	shift = 31 - exponent;
	mult = (int64_t)floor(ldexp(factor, (int)shift) + 0.5);
	acc = zero + ((acc * mult + (INT64_C(1) << (shift - 1))) >> shift);
	return acc < zero ? zero : acc > most ? most : acc;	/* Relu */
}

static int zero_of(int zero, int bits)
{
	return (zero + ((1 << (8 - bits)) >> 1)) >> (8 - bits);
}

static int taken(int x, int zero, int bits)
{
	int half = (1 << (8 - bits)) >> 1, most = (1 << bits) - 1;
	int code = ((x - zero + half) >> (8 - bits)) + zero_of(zero, bits);

	return code < 0 ? 0 : code > most ? most : code;
}

static void compute(const struct precision *conv, const struct precision *fc,
		    int32_t logits[IMAGES][CLASSES])
{
	static struct layer a, b;
	int z0 = zero_of(IN_ZERO, conv->act_bits);
	int z1 = zero_of(MID_ZERO, fc->act_bits);
	double s0 = ldexp((double)IN_SCALE, 8 - conv->act_bits);
	double s1 = ldexp((double)MID_SCALE, 8 - fc->act_bits);
	const float fc_scale = FC_SCALE;
	int n, o, i, y, x, ky, kx;

	a.p = conv;
	b.p = fc;
	narrow(&a, &conv_w[0][0], MID_C, IN_C * 9, conv_scale, false);
	narrow(&b, &fc_w[0][0], CLASSES, FEATURES, &fc_scale, true);
	for (n = 0; n < IMAGES; n++) {
		int pooled[MID_C][POOLED][POOLED] = { 0 };

		for (o = 0; o < MID_C; o++) {
			int64_t sum = 0, bias;
			double unit = IN_SCALE * conv_scale[o];

			for (i = 0; i < IN_C * 9; i++)
				sum += a.w[o][i];
			/* Where nothing changed its integers count as they are. */
			bias = fabs(unit / (s0 * a.scale[o]) - 1) < 1e-5 ? conv_b[o] :
			       llrint(conv_b[o] * (double)(float)unit /
				      (s0 * a.scale[o]));
			bias += correction(conv, z0, sum) - z0 * sum;
			for (y = 0; y < IN_SIZE; y++)
			for (x = 0; x < IN_SIZE; x++) {
				int64_t acc = bias, code;
				int *to = &pooled[o][y / 2][x / 2];

				for (i = 0; i < IN_C; i++)
				for (ky = 0; ky < 3; ky++)
				for (kx = 0; kx < 3; kx++) {
					int v = y + ky - 1, u = x + kx - 1;
					bool in = v >= 0 && v < IN_SIZE &&
						  u >= 0 && u < IN_SIZE;
					int at = in ? taken(images[n][i][v][u],
							    IN_ZERO,
							    conv->act_bits) : z0;

					acc += a.w[o][i * 9 + ky * 3 + kx] *
					       f(conv, at);
				}
				code = requantise(acc, s0 * a.scale[o] / s1, z1,
						  (1 << fc->act_bits) - 1);
				*to = code > *to ? (int)code : *to;
			}
		}
		for (o = 0; o < CLASSES; o++) {
			int64_t acc = 0, sum = 0;

			for (i = 0; i < FEATURES; i++) {
				sum += b.w[o][i];
				acc += b.w[o][i] *
				       f(fc, (&pooled[0][0][0])[i]);
			}
			logits[n][o] = (int32_t)(acc - z1 * sum +
						 correction(fc, z1, sum));
		}
	}
}

static struct precision_table table_of(const struct precision *conv,
				       const struct precision *fc)
{
	struct precision_table table = { .count = 0 };

	if (precision_add(&table, "conv", conv) || precision_add(&table, "fc", fc))
		abort();
	precision_sort(&table);
	return table;
}

static bool run(const uint8_t *container, size_t size, const char *where,
		const void *in, void *out)
{
	struct lutna_session *session = NULL;
	struct lutna_device *dev = NULL;
	struct lutna_model *model = NULL;
	bool good = !lutna_model_load_memory(&model, container, size) &&
		    !lutna_device_open(&dev, where) &&
		    !lutna_session_new(&session, dev, model, NULL) &&
		    !lutna_session_run(session, in, IMAGES, out, NULL, NULL);

	if (!good)
		printf("# %s\n", lutna_last_error());
	lutna_session_free(session);
	lutna_device_close(dev);
	lutna_model_free(model);
	return good;
}

static uint8_t *compiled(const uint8_t *onnx, size_t bytes,
			 const struct precision_table *table,
			 struct compile_layers *layers, size_t *size)
{
	const struct compile_options options = {
		.batch = 3, .precision = table, .layers = layers,
	};
	struct diag diag = { .file = "net" };
	uint8_t *out;

	if (!compile_memory(onnx, bytes, &options, &diag, &out, size, NULL))
		return out;
	printf("# %s\n", diag.text);
	return NULL;
}

static bool check(const uint8_t *onnx, size_t bytes,
		  const struct precision *conv, const struct precision *fc)
{
	struct precision_table table = table_of(conv, fc);
	int32_t wanted[IMAGES][CLASSES], fast[IMAGES][CLASSES];
	int32_t literal[IMAGES][CLASSES];
	uint8_t *container;
	size_t size;
	bool good;

	compute(conv, fc, wanted);
	container = compiled(onnx, bytes, &table, NULL, &size);
	good = container && run(container, size, "sim", images, fast) &&
	       run(container, size, "sim-literal", images, literal) &&
	       !memcmp(fast, wanted, sizeof(fast)) &&
	       !memcmp(literal, wanted, sizeof(literal));
	if (!good) {
		char a[PRECISION_APPROX_TEXT], b[PRECISION_APPROX_TEXT];

		printf("# conv %u %u %s, fc %u %u %s: %d (fast) or %d (literal), not %d\n",
		       conv->act_bits, conv->weight_bits,
		       precision_approx_text(conv, a), fc->act_bits,
		       fc->weight_bits, precision_approx_text(fc, b),
		       fast[0][0], literal[0][0], wanted[0][0]);
	}
	free(container);
	precision_free(&table);
	return good;
}

static const char *const approxes[] = {
	"exact", "drop1", "drop2", "drop3", "w1", "w2", "w3",
	"drop1+bias", "drop2+bias", "drop3+bias", "w1+bias", "w2+bias", "w3+bias",
};
#define APPROXES	(sizeof(approxes) / sizeof(approxes[0]))

static struct precision precision(unsigned int act, unsigned int weight,
				  const char *approx)
{
	struct precision p = {
		.act_bits = (uint8_t)act, .weight_bits = (uint8_t)weight,
	};

	if (precision_approx(approx, &p))
		abort();
	return p;
}

static void test_bits(const uint8_t *onnx, size_t bytes)
{
	unsigned int act, weight;

	for (act = 2; act <= 8; act++) {
		bool good = true;

		for (weight = 2; weight <= 9; weight++) {
			struct precision conv = precision(act, weight, "exact");
			struct precision fc = precision(10 - act, 11 - weight,
							"exact");

			good &= check(onnx, bytes, &conv, &fc);
		}
		ok(good, "%u bits of activations by 2 to 9 of weights", act);
	}
}

static void test_approx(const uint8_t *onnx, size_t bytes)
{
	unsigned int act;
	size_t i;

	for (i = 0; i < APPROXES; i++) {
		bool good = true;
		int tried = 0;

		for (act = 2; act <= 8; act++) {
			struct precision conv = precision(act, 9 - act % 3,
							  approxes[i]);
			struct precision fc = precision(8, 7, approxes[i]);

			if (conv.approx_digits > precision_digits_most(act))
				continue;
			good &= check(onnx, bytes, &conv, &fc);
			tried++;
		}
		ok(good && tried, "%s, fast and literal, %d widths", approxes[i],
		   tried);
	}
}

/*
 * The container of a small model as it was before there were precisions, made by
 * version 0.1.0.  Who changes on purpose what the compiler makes changes this.
 */
#define PLAIN_CRC	0xa7d341c9u

static void test_unchanged(void)
{
	const struct compile_options options = { .batch = 5, .name = "net" };
	struct diag diag = { .file = "net" };
	struct onnx_model model;
	uint8_t *onnx, *out = NULL;
	size_t bytes, size = 0;
	uint32_t crc = 0;

	onnx_tiny(&model);
	onnx = onnx_model_pack(&model, &bytes);
	if (!compile_memory(onnx, bytes, &options, &diag, &out, &size, NULL))
		crc = (uint32_t)crc32_z(0, out, size);
	if (!ok(crc == PLAIN_CRC, "without precision nothing has changed"))
		printf("# CRC 0x%08x\n", crc);
	free(out);
	free(onnx);
	onnx_model_free(&model);
}

static void test_default(const uint8_t *onnx, size_t bytes)
{
	struct precision all = precision(8, 9, "exact");
	struct precision_table table = table_of(&all, &all);
	int32_t plain_out[IMAGES][CLASSES], precise_out[IMAGES][CLASSES];
	size_t plain_size, precise_size;
	uint8_t *plain = compiled(onnx, bytes, NULL, NULL, &plain_size);
	uint8_t *precise = compiled(onnx, bytes, &table, NULL, &precise_size);
	struct lutna_model *model = NULL;
	const char *text = NULL;

	ok(plain && precise && run(plain, plain_size, "sim", images, plain_out) &&
	   run(precise, precise_size, "sim", images, precise_out) &&
	   !memcmp(plain_out, precise_out, sizeof(plain_out)),
	   "8 by 9 bits, asked for or not");
	if (precise && !lutna_model_load_memory(&model, precise, precise_size))
		text = lutna_model_metadata(model, "lutna.precision");
	ok(text && !strcmp(text, "conv 8 9 exact; fc 8 9 exact"),
	   "the container says what it was compiled for");
	lutna_model_free(model);
	free(plain);
	free(precise);
	precision_free(&table);
}

/* What the device is told, which no result shows */
static void test_commands(const uint8_t *onnx, size_t bytes)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	const struct precision conv = precision(5, 4, "drop2+bias");
	const struct precision fc = precision(3, 9, "w1");
	struct precision_table table = table_of(&conv, &fc);
	struct lutna_session *session = NULL;
	struct lutna_device *dev = NULL;
	struct lutna_model *model = NULL;
	int32_t out[IMAGES][CLASSES];
	unsigned int i, seen = 0;
	uint8_t *container;
	size_t size;
	bool good;

	options.profile = true;
	container = compiled(onnx, bytes, &table, NULL, &size);
	good = container && !lutna_model_load_memory(&model, container, size) &&
	       !lutna_device_open(&dev, "sim") &&
	       !lutna_session_new(&session, dev, model, &options) &&
	       !lutna_session_run(session, images, IMAGES, out, NULL, NULL);
	for (i = 0; good && i < lutna_model_layer_count(model); i++) {
		struct lutna_layer_info info;
		struct lutna_profile p;
		const struct precision *wanted;

		if (lutna_model_layer(model, i, &info) ||
		    lutna_session_layer_total(session, i, &p) || !p.act_bits)
			continue;
		wanted = strcmp(info.name, "conv") ? &fc : &conv;
		seen++;
		good = p.act_bits == wanted->act_bits &&
		       p.weight_bits == wanted->weight_bits &&
		       p.approx == wanted->approx &&
		       p.approx_digits == wanted->approx_digits;
	}
	ok(good && seen == 2, "commands name their bits and approximation");
	lutna_session_free(session);
	lutna_device_close(dev);
	lutna_model_free(model);
	free(container);
	precision_free(&table);
}

/*
 * Branches: x -> a and b; their sum -> c; concatenation of c's input and of c's
 * result -> d; average -> e.  Every layer is 1x1, 4 channels.
 */
static void layer(struct onnx_model *model, const char *name, const char *in,
		  const char *out, int64_t from, float scale)
{
	const int64_t dims[] = { 4, from, 1, 1 };
	int32_t w[4 * 8];
	char q[32], s[32], both[80], node_in[80], raw[32];
	int i;

	for (i = 0; i < 4 * from; i++)
		w[i] = (int32_t)draw(400) - 150;
	snprintf(q, sizeof(q), "%s.q", name);
	snprintf(s, sizeof(s), "%s.s", name);
	snprintf(raw, sizeof(raw), "%s.raw", name);
	snprintf(both, sizeof(both), "%s %s", q, s);
	snprintf(node_in, sizeof(node_in), "%s %s.w", in, name);
	onnx_ints(model, q, INT32, 4, dims, w);
	onnx_scalar(model, s, 0.004f);
	onnx_node(model, "DequantizeLinear", "", both, strcat(strcpy(s, name), ".w"));
	onnx_node(model, "Conv", name, node_in, raw);
	onnx_qdq(model, raw, out, scale, UINT8, 100);
}

static void make_branches(struct onnx_model *model)
{
	static const int64_t image[] = { -1, 4, 4, 4 };
	static const int64_t two[] = { 2, 2 };
	Onnx__NodeProto *node;

	onnx_model_init(model);
	onnx_input(model, "image", FLOAT, 4, image);
	onnx_qdq(model, "image", "x", 0.02f, UINT8, 20);
	layer(model, "a", "x", "ya", 4, 0.07f);
	layer(model, "b", "x", "yb", 4, 0.07f);
	onnx_node(model, "Add", "add", "ya yb", "sum.raw");
	onnx_qdq(model, "sum.raw", "sum", 0.13f, UINT8, 90);
	layer(model, "c", "sum", "yc", 4, 0.13f);
	onnx_node(model, "Concat", "concat", "sum yc", "both.raw");
	onnx_qdq(model, "both.raw", "both", 0.13f, UINT8, 100);
	layer(model, "d", "both", "yd", 8, 0.5f);
	node = onnx_node(model, "AveragePool", "average", "yd", "avg.raw");
	onnx_attr_ints(model, node, "kernel_shape", 2, two);
	onnx_attr_ints(model, node, "strides", 2, two);
	onnx_qdq(model, "avg.raw", "avg", 0.4f, UINT8, 110);
	layer(model, "e", "avg", "out", 4, 0.9f);
	onnx_output(model, "out", FLOAT);
}

struct branch_case {
	const char *name;
	uint8_t wants[5];
	uint8_t gets[5];
};

static void test_branches(void)
{
	static const struct branch_case cases[] = {
		{ "as many as ever", { 8, 8, 8, 8, 8 }, { 8, 8, 8, 8, 8 } },
		{ "one input has one width", { 4, 6, 5, 5, 5 }, { 6, 6, 5, 5, 5 } },
		{ "what is behind a mean", { 8, 8, 8, 8, 3 }, { 8, 8, 8, 8, 3 } },
		{ "through a concatenation", { 3, 3, 4, 8, 8 }, { 3, 3, 8, 8, 8 } },
		{ "all of them few", { 4, 4, 4, 4, 4 }, { 4, 4, 4, 4, 4 } },
		{ "less behind it", { 7, 7, 7, 6, 7 }, { 7, 7, 7, 6, 7 } },
	};
	static uint8_t in[IMAGES * 64], whole[IMAGES * 16];
	struct onnx_model model;
	uint8_t *onnx;
	size_t bytes, i, k;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)draw(256);
	make_branches(&model);
	onnx = onnx_model_pack(&model, &bytes);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static uint8_t fast[IMAGES * 16], literal[IMAGES * 16];
		struct precision_table table = { .count = 0 };
		struct compile_layers layers = { .count = 0 };
		uint8_t *container;
		double off = 0;
		size_t size;
		bool good;

		for (k = 0; k < 5; k++) {
			const char name[] = { (char)('a' + k), '\0' };
			struct precision p = precision(cases[i].wants[k], 9, "exact");

			if (precision_add(&table, name, &p))
				abort();
		}
		precision_sort(&table);
		container = compiled(onnx, bytes, &table, &layers, &size);
		good = container && layers.count == 5 &&
		       run(container, size, "sim", in, fast) &&
		       run(container, size, "sim-literal", in, literal) &&
		       !memcmp(fast, literal, sizeof(fast));
		for (k = 0; good && k < layers.count; k++) {
			unsigned int has = layers.layers[k].precision.act_bits;
			unsigned int wanted =
				cases[i].gets[layers.layers[k].name[0] - 'a'];

			if (has == wanted)
				continue;
			printf("# layer %s has %u bits, not %u\n",
			       layers.layers[k].name, has, wanted);
			good = false;
		}
		if (!i)
			memcpy(whole, fast, sizeof(whole));
		for (k = 0; k < sizeof(whole); k++)
			off += abs(fast[k] - whole[k]);
		off /= sizeof(whole);
		/* Nothing is on another scale than its reader thinks. */
		if (off > 20)
			printf("# outputs are off by %.1f steps on average\n", off);
		ok(good && off <= 20, "branches: %s", cases[i].name);
		compile_layers_free(&layers);
		precision_free(&table);
		free(container);
	}
	free(onnx);
	onnx_model_free(&model);
}

static void test_file(void)
{
	static const struct {
		const char *text;
		const char *says;	/* NULL: it is a good one */
	} cases[] = {
		{ "# words\n\nconv 4 5 drop1+bias\n*  6\t9 exact \n", NULL },
		{ "a name of words 8 9 w3\nfc 2 2 exact", NULL },
		{ "", NULL },
		{ "conv 4 5 drop4\n", "line 1" },
		{ "conv 4 5 drop1+bia\n", "line 1" },
		{ "conv 4 5 drop2\n", "few bits" },
		{ "\nconv 9 5 exact\n", "line 2" },
		{ "conv 1 5 exact\n", "activation bits" },
		{ "conv 8 10 exact\n", "weight bits" },
		{ "conv 8 1 exact\n", "weight bits" },
		{ "8 9 exact\n", "names no layer" },
		{ "exact\n", "in front of it" },
		{ "a 8 9 exact\nb 8 9 exact\na 7 9 exact\n", "'a' is there twice" },
		{ "* 8 9 exact\n* 7 9 exact\n", "'*' is there twice" },
	};
	char path[] = "/tmp/precision-test-XXXXXX";
	int fd = mkstemp(path);
	size_t i;

	if (fd < 0)
		abort();
	close(fd);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct precision_table table = { .count = 0 };
		struct diag diag;
		FILE *file = fopen(path, "w");
		int err;

		if (!file || fputs(cases[i].text, file) < 0 || fclose(file))
			abort();
		err = precision_read(path, &diag, &table);
		if (!ok(cases[i].says ? err && strstr(diag.text, cases[i].says) &&
					!strchr(diag.text, '\n') : !err,
			"a precision file %s", cases[i].says ? cases[i].says :
							       "that is good"))
			printf("# %s\n", err ? diag.text : "was taken");
		if (!i)
			ok(!err && table.count == 1 &&
			   precision_find(&table, "conv") == 0 &&
			   precision_find(&table, "fc") == -1 &&
			   table.layers[0].precision.act_bits == 4 &&
			   table.layers[0].precision.weight_bits == 5 &&
			   table.layers[0].precision.approx == LUTNA_APPROX_DROP &&
			   table.layers[0].precision.approx_digits == 1 &&
			   table.layers[0].precision.fold_bias &&
			   table.rest.act_bits == 6 && table.rest.weight_bits == 9,
			   "and what it says");
		precision_free(&table);
	}
	unlink(path);
}

int main(void)
{
	struct onnx_model model;
	uint8_t *onnx;
	size_t bytes;

	test_unchanged();
	draw_all();
	make_model(&model);
	onnx = onnx_model_pack(&model, &bytes);
	test_default(onnx, bytes);
	test_bits(onnx, bytes);
	test_approx(onnx, bytes);
	test_commands(onnx, bytes);
	free(onnx);
	onnx_model_free(&model);
	test_branches();
	test_file();
	return tap_done();
}

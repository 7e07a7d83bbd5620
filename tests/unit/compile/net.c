// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lutna/lutna.h>

#include "compile/compile.h"
#include "net.h"
#include "tap.h"

/* In steps of the grid: nearer than this to a tie, and not on it */
#define UNCERTAIN	1e-5
#define ON_TIE		1e-12

uint32_t net_random(struct net *net, uint32_t limit)
{
	net->state ^= net->state << 13;
	net->state ^= net->state >> 7;
	net->state ^= net->state << 17;
	return (uint32_t)(net->state >> 32) % limit;
}

float net_scale(struct net *net, float low)
{
	return low * (1 + (float)net_random(net, 1000003) / 1000003);
}

void net_begin(struct net *net, uint64_t seed)
{
	memset(net, 0, sizeof(*net));
	onnx_model_init(&net->model);
	net->state = seed * 0x9e3779b97f4a7c15 + 1;
}

void net_end(struct net *net)
{
	int i;

	for (i = 0; i < net->count; i++)
		free(net->values[i].v);
	free(net->images);
	onnx_model_free(&net->model);
}

size_t net_elements(const struct net_value *value)
{
	size_t count = 1;
	unsigned int i;

	for (i = 0; i < value->rank; i++)
		count *= (size_t)value->dims[i];
	return count;
}

int net_value(struct net *net, unsigned int rank, const int64_t *dims)
{
	struct net_value *value = &net->values[net->count];

	if (net->count == NET_VALUES)
		abort();
	snprintf(value->name, sizeof(value->name), "v%d", net->count);
	value->rank = rank;
	memcpy(value->dims, dims, rank * sizeof(*dims));
	value->v = calloc(net_elements(value), sizeof(double));
	if (!value->v)
		abort();
	return net->count++;
}

size_t net_broadcast(const struct net_value *value,
		     const struct net_value *result, size_t at)
{
	size_t index = 0, step = 1;
	unsigned int i;

	for (i = 0; i < result->rank; i++) {
		unsigned int k = result->rank - 1 - i;
		size_t here = at % (size_t)result->dims[k];

		at /= (size_t)result->dims[k];
		if (i >= value->rank)
			continue;
		if (value->dims[value->rank - 1 - i] != 1)
			index += here * step;
		step *= (size_t)value->dims[value->rank - 1 - i];
	}
	return index;
}

static int shifted(int elem, int zero_point)
{
	return elem == INT8 ? zero_point + 128 : zero_point;
}

static void set_grid(struct net_value *value, float scale, int zero_point)
{
	value->scale = scale;
	value->zero_point = zero_point;
}

int net_input(struct net *net, unsigned int rank, const int64_t *dims,
	      float scale, int elem, int zero_point)
{
	int64_t all[NET_RANK] = { NET_IMAGES }, open[NET_RANK] = { -1 };
	int index, offset = shifted(elem, zero_point);
	struct net_value *value;
	size_t i;

	memcpy(&all[1], dims, rank * sizeof(*dims));
	memcpy(&open[1], dims, rank * sizeof(*dims));
	index = net_value(net, rank + 1, all);
	value = &net->values[index];
	if (elem) {
		onnx_input(&net->model, "in", FLOAT, rank + 1, open);
		onnx_qdq(&net->model, "in", value->name, scale, elem, zero_point);
	} else {
		onnx_input(&net->model, "in", UINT8, rank + 1, open);
		onnx_scalar(&net->model, "in.scale", scale);
		onnx_scalar_int(&net->model, "in.zero", UINT8, zero_point);
		onnx_node(&net->model, "DequantizeLinear", "",
			  "in in.scale in.zero", value->name);
	}
	net->image_bytes = net_elements(value) / NET_IMAGES;
	net->images = malloc(net_elements(value));
	if (!net->images)
		abort();
	for (i = 0; i < net_elements(value); i++) {
		net->images[i] = (uint8_t)net_random(net, 256);
		value->v[i] = (double)scale * (net->images[i] - offset);
	}
	set_grid(value, scale, offset);
	return index;
}

int net_constant(struct net *net, unsigned int rank, const int64_t *dims,
		 float scale, int zero_point)
{
	int index = net_value(net, rank, dims);
	struct net_value *value = &net->values[index];
	size_t count = net_elements(value), i;
	int32_t *codes = calloc(count, sizeof(*codes));
	char q[40], s[40], z[40], in[128];

	if (!codes)
		abort();
	for (i = 0; i < count; i++) {
		codes[i] = (int32_t)net_random(net, 256);
		value->v[i] = (double)scale * (codes[i] - zero_point);
	}
	snprintf(q, sizeof(q), "%s.q", value->name);
	snprintf(s, sizeof(s), "%s.scale", value->name);
	snprintf(z, sizeof(z), "%s.zero", value->name);
	snprintf(in, sizeof(in), "%s %s %s", q, s, z);
	onnx_ints(&net->model, q, UINT8, rank, dims, codes);
	onnx_scalar(&net->model, s, scale);
	onnx_scalar_int(&net->model, z, UINT8, zero_point);
	onnx_node(&net->model, "DequantizeLinear", "", in, value->name);
	free(codes);
	return index;
}

/* Code of a real number: ties up, or to even where a table does it */
static double quantise(struct net *net, const struct net_value *from, double v,
		       float scale, int zero_point)
{
	double steps = v / (double)scale;
	double off = fabs(steps - floor(steps) - 0.5);
	double code;

	if (off < ON_TIE)
		code = from->table ? nearbyint(steps) : floor(steps + 0.5);
	else
		code = floor(steps + 0.5);
	code += zero_point;
	if (off < UNCERTAIN && (off >= ON_TIE || from->table) && code > -1 &&
	    code < 257)
		net->uncertain = true;
	return fmin(fmax(code, 0), 255);
}

int net_qdq(struct net *net, int x, float scale, int elem, int zero_point)
{
	int index = net_value(net, net->values[x].rank, net->values[x].dims);
	struct net_value *from = &net->values[x], *to = &net->values[index];
	int offset = shifted(elem, zero_point);
	size_t i;

	/* Bytes of another grid go through a table. */
	if (from->scale > 0)
		from->table = true;
	for (i = 0; i < net_elements(to); i++)
		to->v[i] = (double)scale *
			   (quantise(net, from, from->v[i], scale, offset) - offset);
	set_grid(to, scale, offset);
	onnx_qdq(&net->model, from->name, to->name, scale, elem, zero_point);
	return index;
}

struct check {
	const struct net_value *out;
	const char *problem;
	size_t at;
	int64_t got;
	int64_t wanted;
};

static void compare(struct check *check, const struct lutna_tensor_info *info,
		    const void *outputs)
{
	const struct net_value *out = check->out;
	size_t i;

	for (i = 0; i < net_elements(out); i++) {
		double wanted = out->scale > 0 ?
			out->v[i] / (double)out->scale + out->zero_point :
			out->v[i] / out->unit;

		check->got = info->type == LUTNA_ELEMENT_S32 ?
			     ((const int32_t *)outputs)[i] :
			     ((const uint8_t *)outputs)[i];
		check->wanted = llround(wanted);
		check->at = i;
		if (check->got != check->wanted) {
			check->problem = "wrong output";
			return;
		}
	}
}

static void run(struct net *net, const struct lutna_model *model,
		struct lutna_device *dev, struct check *check)
{
	struct lutna_tensor_info info;
	struct lutna_session *session;
	void *outputs;

	if (lutna_model_output(model, 0, &info) ||
	    info.bytes * NET_IMAGES != net_elements(check->out) *
	    (info.type == LUTNA_ELEMENT_S32 ? 4 : 1)) {
		check->problem = "output of another size";
		return;
	}
	if (lutna_session_new(&session, dev, model, NULL)) {
		check->problem = lutna_last_error();
		return;
	}
	outputs = malloc(info.bytes * NET_IMAGES);
	if (!outputs)
		abort();
	if (lutna_session_run(session, net->images, NET_IMAGES, outputs, NULL, NULL))
		check->problem = lutna_last_error();
	else
		compare(check, &info, outputs);
	free(outputs);
	lutna_session_free(session);
}

static uint8_t *compiled(struct net *net, int x, enum weights_form form,
			 struct diag *diag, size_t *size,
			 struct compile_report *report)
{
	const struct compile_options options = {
		.batch = NET_BATCH, .weights = form,
	};
	Onnx__GraphProto *graph = net->model.graph;
	uint8_t *onnx, *out;
	size_t onnx_size;
	int err;

	graph->n_output = 0;
	onnx_output(&net->model, net->values[x].name, FLOAT);
	onnx = onnx_model_pack(&net->model, &onnx_size);
	diag->file = "net";
	err = compile_memory(onnx, onnx_size, &options, diag, &out, size, report);
	free(onnx);
	return err ? NULL : out;
}

static bool check_form(struct net *net, int x, enum weights_form form)
{
	struct check check = { .out = &net->values[x] };
	struct lutna_device *dev = NULL;
	struct lutna_model *model = NULL;
	struct diag diag;
	uint8_t *container;
	size_t size;

	container = compiled(net, x, form, &diag, &size, NULL);
	if (!container) {
		printf("# %s\n", diag.text);
		return false;
	}
	if (lutna_model_load_memory(&model, container, size) ||
	    lutna_device_open(&dev, "sim"))
		check.problem = lutna_last_error();
	else
		run(net, model, dev, &check);
	if (check.problem)
		printf("# form %d: %s: element %zu is %" PRId64 ", not %" PRId64 "\n",
		       form, check.problem, check.at, check.got, check.wanted);
	lutna_device_close(dev);
	lutna_model_free(model);
	free(container);
	return !check.problem;
}

void net_check(struct net *net, int x, const char *name)
{
	bool good = true;

	good &= check_form(net, x, WEIGHTS_AUTO);
	good &= check_form(net, x, WEIGHTS_DENSE);
	good &= check_form(net, x, WEIGHTS_COMPRESSED);
	ok(good, "%s", name);
}

int net_commands(struct net *net, int x)
{
	struct compile_report report;
	struct diag diag;
	size_t size;
	uint8_t *container = compiled(net, x, WEIGHTS_AUTO, &diag, &size, &report);

	free(container);
	return container ? (int)report.commands : -1;
}

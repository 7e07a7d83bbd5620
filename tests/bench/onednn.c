// SPDX-License-Identifier: GPL-2.0-only
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <dnnl.h>

#include "onednn.h"

enum { SRC, WEIGHTS, BIAS, DST, MEMORIES };

struct layer {
	dnnl_primitive_t primitive;
	dnnl_memory_t memory[MEMORIES];
};

struct onednn {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	struct layer *layers;
	size_t count;
	int threads;
};

static int check(dnnl_status_t status, const char *what)
{
	if (status == dnnl_success)
		return 0;
	fprintf(stderr, "oneDNN: %s: status %d\n", what, (int)status);
	return -1;
}

const char *onednn_version(void)
{
	static char text[32];
	const dnnl_version_t *version = dnnl_version();

	snprintf(text, sizeof(text), "%d.%d.%d", version->major, version->minor,
		 version->patch);
	return text;
}

static int describe(const struct conv_shape *shape,
		    dnnl_convolution_desc_t *desc)
{
	bool grouped = shape->groups > 1;
	dnnl_dims_t src = { shape->batch, shape->in[0], shape->in[1], shape->in[2] };
	dnnl_dims_t dst = { shape->batch, shape->out[0], shape->out[1],
			    shape->out[2] };
	dnnl_dims_t plain = { shape->out[0], shape->in[0], shape->kernel[0],
			      shape->kernel[1] };
	dnnl_dims_t groups = { shape->groups, shape->out[0] / shape->groups,
			       shape->in[0] / shape->groups, shape->kernel[0],
			       shape->kernel[1] };
	dnnl_dims_t bias = { shape->out[0] };
	dnnl_dims_t strides = { shape->stride[0], shape->stride[1] };
	dnnl_dims_t dilates = { shape->dilation[0] - 1, shape->dilation[1] - 1 };
	dnnl_dims_t pad_l = { shape->pad[0], shape->pad[1] };
	dnnl_dims_t pad_r = { shape->pad_end[0], shape->pad_end[1] };
	dnnl_memory_desc_t md[MEMORIES];

	if (check(dnnl_memory_desc_init_by_tag(&md[SRC], 4, src, dnnl_u8,
					       dnnl_format_tag_any), "input") ||
	    check(dnnl_memory_desc_init_by_tag(&md[WEIGHTS], grouped ? 5 : 4,
					       grouped ? groups : plain, dnnl_s8,
					       dnnl_format_tag_any), "weights") ||
	    check(dnnl_memory_desc_init_by_tag(&md[BIAS], 1, bias, dnnl_s32,
					       dnnl_format_tag_any), "bias") ||
	    check(dnnl_memory_desc_init_by_tag(&md[DST], 4, dst,
					       shape->accumulators ? dnnl_s32 : dnnl_u8,
					       dnnl_format_tag_any), "output"))
		return -1;
	return check(dnnl_dilated_convolution_forward_desc_init(desc,
			dnnl_forward_inference, dnnl_convolution_auto, &md[SRC],
			&md[WEIGHTS], &md[BIAS], &md[DST], strides, dilates,
			pad_l, pad_r), "convolution");
}

static int make_attr(const struct conv_shape *shape, dnnl_primitive_attr_t *attr)
{
	const float scale = 1.0f / 4096;
	dnnl_post_ops_t ops;
	int err;

	if (check(dnnl_primitive_attr_create(attr), "attributes"))
		return -1;
	if (shape->accumulators)
		return 0;
	if (check(dnnl_primitive_attr_set_output_scales(*attr, 1, 0, &scale),
		  "scales") ||
	    check(dnnl_post_ops_create(&ops), "post-ops"))
		return -1;
	err = check(dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0),
		    "ReLU");
	if (!err)
		err = check(dnnl_primitive_attr_set_post_ops(*attr, ops),
			    "post-ops");
	dnnl_post_ops_destroy(ops);
	return err;
}

/* Numbers of no meaning, but not all the same */
static int make_memory(struct onednn *all, const_dnnl_primitive_desc_t pd,
		       dnnl_query_t query, int index, dnnl_memory_t *memory)
{
	const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, query, index);
	size_t bytes = dnnl_memory_desc_get_size(md), i;
	void *data;

	if (check(dnnl_memory_create(memory, md, all->engine,
				     DNNL_MEMORY_ALLOCATE), "memory") ||
	    check(dnnl_memory_get_data_handle(*memory, &data), "memory"))
		return -1;
	for (i = 0; i < bytes; i++)
		((uint8_t *)data)[i] = (uint8_t)(i * 37 + (i >> 8));
	return 0;
}

static int make_layer(struct onednn *all, const struct conv_shape *shape,
		      struct layer *layer)
{
	dnnl_primitive_attr_t attr = NULL;
	dnnl_convolution_desc_t desc;
	dnnl_primitive_desc_t pd;
	int err;

	err = describe(shape, &desc);
	if (!err)
		err = make_attr(shape, &attr);
	if (!err)
		err = check(dnnl_primitive_desc_create(&pd, &desc, attr,
						       all->engine, NULL),
			    "primitive");
	if (attr)
		dnnl_primitive_attr_destroy(attr);
	if (err)
		return err;
	err = check(dnnl_primitive_create(&layer->primitive, pd), "primitive");
	if (!err)
		err = make_memory(all, pd, dnnl_query_src_md, 0,
				  &layer->memory[SRC]);
	if (!err)
		err = make_memory(all, pd, dnnl_query_weights_md, 0,
				  &layer->memory[WEIGHTS]);
	if (!err)
		err = make_memory(all, pd, dnnl_query_weights_md, 1,
				  &layer->memory[BIAS]);
	if (!err)
		err = make_memory(all, pd, dnnl_query_dst_md, 0,
				  &layer->memory[DST]);
	dnnl_primitive_desc_destroy(pd);
	return err;
}

struct onednn *onednn_new(const struct conv_shape *shapes, size_t count,
			  int threads)
{
	struct onednn *all = calloc(1, sizeof(*all));
	size_t i;

	if (!all)
		return NULL;
	all->threads = threads;
	omp_set_num_threads(threads);
	all->layers = calloc(count, sizeof(*all->layers));
	if (!all->layers ||
	    check(dnnl_engine_create(&all->engine, dnnl_cpu, 0), "engine") ||
	    check(dnnl_stream_create(&all->stream, all->engine,
				     dnnl_stream_default_flags), "stream"))
		goto fail;
	all->count = count;
	for (i = 0; i < count; i++)
		if (make_layer(all, &shapes[i], &all->layers[i]))
			goto fail;
	return all;
fail:
	onednn_free(all);
	return NULL;
}

int onednn_run(struct onednn *all)
{
	size_t i;

	omp_set_num_threads(all->threads);
	for (i = 0; i < all->count; i++) {
		const struct layer *layer = &all->layers[i];
		const dnnl_exec_arg_t args[] = {
			{ DNNL_ARG_SRC, layer->memory[SRC] },
			{ DNNL_ARG_WEIGHTS, layer->memory[WEIGHTS] },
			{ DNNL_ARG_BIAS, layer->memory[BIAS] },
			{ DNNL_ARG_DST, layer->memory[DST] },
		};

		if (check(dnnl_primitive_execute(layer->primitive, all->stream,
						 MEMORIES, args), "execution"))
			return -1;
	}
	return check(dnnl_stream_wait(all->stream), "execution");
}

void onednn_free(struct onednn *all)
{
	size_t i, k;

	for (i = 0; i < all->count; i++) {
		for (k = 0; k < MEMORIES; k++)
			if (all->layers[i].memory[k])
				dnnl_memory_destroy(all->layers[i].memory[k]);
		if (all->layers[i].primitive)
			dnnl_primitive_destroy(all->layers[i].primitive);
	}
	if (all->stream)
		dnnl_stream_destroy(all->stream);
	if (all->engine)
		dnnl_engine_destroy(all->engine);
	free(all->layers);
	free(all);
}

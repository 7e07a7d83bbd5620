// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node_test.h"

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *data = NULL;
	long end;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END)) {
		end = ftell(file);
		*size = end > 0 ? (size_t)end : 0;
		data = malloc(*size + 1);
		rewind(file);
		if (data && fread(data, 1, *size, file) != *size) {
			free(data);
			data = NULL;
		}
	}
	fclose(file);
	return data;
}

static Onnx__TensorProto *read_tensor(const char *dir, const char *kind,
				      size_t index)
{
	Onnx__TensorProto *tensor;
	char path[512];
	uint8_t *data;
	size_t size;

	snprintf(path, sizeof(path), "%s/test_data_set_0/%s_%zu.pb", dir, kind,
		 index);
	data = read_file(path, &size);
	if (!data)
		return NULL;
	tensor = onnx__tensor_proto__unpack(NULL, size, data);
	free(data);
	return tensor;
}

bool node_test_read(struct node_test *test, const char *dir)
{
	const char *slash = strrchr(dir, '/');
	char path[512];

	memset(test, 0, sizeof(*test));
	test->name = slash ? slash + 1 : dir;
	snprintf(path, sizeof(path), "%s/model.onnx", dir);
	test->file = read_file(path, &test->size);
	return test->file;
}

bool node_test_unpack(struct node_test *test, const char *dir)
{
	test->model = onnx__model_proto__unpack(NULL, test->size, test->file);
	if (!test->model || !test->model->graph)
		return false;
	while (test->n_inputs < INPUTS_MOST &&
	       test->n_inputs < test->model->graph->n_input) {
		Onnx__TensorProto *input = read_tensor(dir, "input",
						       test->n_inputs);

		if (!input)
			return false;
		test->inputs[test->n_inputs++] = input;
	}
	test->output = read_tensor(dir, "output", 0);
	return test->output;
}

void node_test_free(struct node_test *test)
{
	size_t i;

	for (i = 0; i < test->n_inputs; i++)
		onnx__tensor_proto__free_unpacked(test->inputs[i], NULL);
	if (test->output)
		onnx__tensor_proto__free_unpacked(test->output, NULL);
	if (test->model)
		onnx__model_proto__free_unpacked(test->model, NULL);
	free(test->file);
}

static double raw_number(const uint8_t *raw, int type, size_t i)
{
	int32_t half;
	int64_t whole;
	float f;

	switch (type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
		memcpy(&f, raw + 4 * i, 4);
		return (double)f;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
		memcpy(&half, raw + 4 * i, 4);
		return half;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		memcpy(&whole, raw + 8 * i, 8);
		return (double)whole;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
		return (int8_t)raw[i];
	default:
		return raw[i];
	}
}

static size_t number_size(int type)
{
	switch (type) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
		return 4;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		return 8;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
		return 1;
	default:
		return 0;
	}
}

double *tensor_numbers(const Onnx__TensorProto *tensor, size_t *count)
{
	size_t size = number_size(tensor->data_type), n = 1, i;
	double *numbers;

	if (!size)
		return NULL;
	for (i = 0; i < tensor->n_dims; i++)
		n *= (size_t)tensor->dims[i];
	if (tensor->has_raw_data ? tensor->raw_data.len != n * size :
	    n != tensor->n_float_data + tensor->n_int32_data + tensor->n_int64_data)
		return NULL;
	numbers = calloc(n + 1, sizeof(*numbers));
	for (i = 0; numbers && i < n; i++) {
		if (tensor->has_raw_data)
			numbers[i] = raw_number(tensor->raw_data.data,
						tensor->data_type, i);
		else if (tensor->n_float_data)
			numbers[i] = (double)tensor->float_data[i];
		else if (tensor->n_int64_data)
			numbers[i] = (double)tensor->int64_data[i];
		else
			numbers[i] = tensor->int32_data[i];
	}
	*count = n;
	return numbers;
}

// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

#include "attr.h"

static const Onnx__AttributeProto *find(const struct node *node,
					const char *name)
{
	const Onnx__NodeProto *proto = node->proto;
	size_t i;

	for (i = 0; i < proto->n_attribute; i++)
		if (proto->attribute[i]->name &&
		    !strcmp(proto->attribute[i]->name, name))
			return proto->attribute[i];
	return NULL;
}

static int wrong_type(const struct graph *graph, const struct node *node,
		      const char *name, const char *type)
{
	return diag_node(graph->diag, node, "attribute %s is not %s", name, type);
}

static bool is_known(const char *name, const char *known)
{
	size_t length = strlen(name);

	while (*known) {
		size_t word = strcspn(known, " ");

		if (word == length && !memcmp(known, name, length))
			return true;
		known += word;
		known += strspn(known, " ");
	}
	return false;
}

int attr_check_known(const struct graph *graph, const struct node *node,
		     const char *known)
{
	const Onnx__NodeProto *proto = node->proto;
	size_t i;

	for (i = 0; i < proto->n_attribute; i++) {
		const char *name = proto->attribute[i]->name;
		char clean[DIAG_NAME];

		if (!name || !is_known(name, known))
			return diag_node(graph->diag, node,
					 "attribute '%s' is not supported",
					 diag_clean(clean, name));
	}
	return 0;
}

int attr_int(const struct graph *graph, const struct node *node,
	     const char *name, int64_t missing, int64_t *value)
{
	const Onnx__AttributeProto *attribute = find(node, name);

	if (!attribute) {
		*value = missing;
		return 0;
	}
	if (!attribute->has_i)
		return wrong_type(graph, node, name, "an integer");
	*value = attribute->i;
	return 0;
}

int attr_float(const struct graph *graph, const struct node *node,
	       const char *name, float missing, float *value)
{
	const Onnx__AttributeProto *attribute = find(node, name);

	if (!attribute) {
		*value = missing;
		return 0;
	}
	if (!attribute->has_f)
		return wrong_type(graph, node, name, "a number");
	*value = attribute->f;
	return 0;
}

int attr_int_list(const struct graph *graph, const struct node *node,
		  const char *name, const int64_t **values, size_t *count)
{
	const Onnx__AttributeProto *attribute = find(node, name);

	if (attribute && attribute->has_type &&
	    attribute->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS)
		return wrong_type(graph, node, name, "a list of integers");
	*values = attribute ? attribute->ints : NULL;
	*count = attribute ? attribute->n_ints : 0;
	return 0;
}

int attr_ints(const struct graph *graph, const struct node *node,
	      const char *name, unsigned int count, int64_t low, int64_t high,
	      int64_t missing, int64_t *values)
{
	const int64_t *list;
	size_t length;
	unsigned int i;
	int err;

	err = attr_int_list(graph, node, name, &list, &length);
	if (err)
		return err;
	if (list && length != count)
		return diag_node(graph->diag, node,
				 "attribute %s has %zu numbers, not %u", name,
				 length, count);
	for (i = 0; i < count; i++) {
		int64_t value = list ? list[i] : missing;

		if (value < low || value > high)
			return diag_node(graph->diag, node,
					 "%s %" PRId64 " is not supported (%" PRId64
					 " to %" PRId64 " are)",
					 name, value, low, high);
		values[i] = value;
	}
	return 0;
}

bool attr_is(const struct node *node, const char *name, const char *wanted,
	     const char *missing)
{
	const Onnx__AttributeProto *attribute = find(node, name);

	if (!attribute)
		return !strcmp(wanted, missing);
	return attribute->has_s && attribute->s.len == strlen(wanted) &&
	       !memcmp(attribute->s.data, wanted, attribute->s.len);
}

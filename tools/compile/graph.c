// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "graph.h"

struct value *graph_find(const struct graph *graph, const char *name)
{
	size_t low = 0, high = graph->n_values;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int way = strcmp(name, graph->values[middle].name);

		if (!way)
			return &graph->values[middle];
		if (way < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

struct value *node_in(const struct graph *graph, const struct node *node,
		      unsigned int index)
{
	if (index >= node->n_in || node->in[index] < 0)
		return NULL;
	return &graph->values[node->in[index]];
}

struct value *node_out(const struct graph *graph, const struct node *node,
		       unsigned int index)
{
	if (index >= node->n_out || node->out[index] < 0)
		return NULL;
	return &graph->values[node->out[index]];
}

int graph_end_at(struct graph *graph, const char *name)
{
	struct value *value = graph_find(graph, name);
	size_t i;

	if (!value || value->producer < 0)
		return diag_tensor(graph->diag, name,
				   "the network cannot end there: no node gives it");
	for (i = 0; i < graph->n_outputs; i++)
		graph->values[graph->outputs[i]].is_output = false;
	value->is_output = true;
	graph->outputs[0] = (int)(value - graph->values);
	graph->n_outputs = 1;
	return 0;
}

/*
 * Depth-first from the outputs.  The stack is an array, since a chain of nodes
 * may be as long as the file pleases.
 */
enum visit { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

struct frame {
	unsigned int node;
	unsigned int next;
};

struct walk {
	struct frame *stack;
	unsigned char *state;
	size_t depth;
};

static void enter(struct walk *walk, unsigned int node)
{
	walk->state[node] = VISIT_OPEN;
	walk->stack[walk->depth].node = node;
	walk->stack[walk->depth].next = 0;
	walk->depth++;
}

static int visit(struct graph *graph, struct walk *walk, int start)
{
	if (start < 0 || walk->state[start] == VISIT_DONE)
		return 0;
	enter(walk, (unsigned int)start);
	while (walk->depth) {
		struct frame *frame = &walk->stack[walk->depth - 1];
		struct node *node = &graph->nodes[frame->node];
		int producer;

		if (frame->next == node->n_in) {
			walk->state[frame->node] = VISIT_DONE;
			node->wanted = true;
			graph->order[graph->n_order++] = frame->node;
			walk->depth--;
			continue;
		}
		if (node->in[frame->next] < 0) {
			frame->next++;
			continue;
		}
		producer = graph->values[node->in[frame->next]].producer;
		frame->next++;
		if (producer < 0 || walk->state[producer] == VISIT_DONE)
			continue;
		if (walk->state[producer] == VISIT_OPEN)
			return diag_node(graph->diag, node,
					 "depends on its own result");
		enter(walk, (unsigned int)producer);
	}
	return 0;
}

int graph_order(struct graph *graph)
{
	struct walk walk = { .depth = 0 };
	size_t i;
	int err;

	walk.stack = arena_alloc(graph->arena, graph->n_nodes, sizeof(*walk.stack));
	walk.state = arena_alloc(graph->arena, graph->n_nodes, sizeof(*walk.state));
	graph->order = arena_alloc(graph->arena, graph->n_nodes,
				   sizeof(*graph->order));
	if (!walk.stack || !walk.state || !graph->order)
		return diag_no_memory(graph->diag);
	graph->n_order = 0;
	for (i = 0; i < graph->n_outputs; i++) {
		err = visit(graph, &walk,
			    graph->values[graph->outputs[i]].producer);
		if (err)
			return err;
	}
	return 0;
}

int64_t shape_elements(const int64_t *dims, unsigned int rank)
{
	int64_t elements = 1;
	unsigned int i;

	for (i = 0; i < rank; i++)
		if (dims[i] < 0 ||
		    __builtin_mul_overflow(elements, dims[i], &elements))
			return -1;
	return elements;
}

const char *shape_text(char buf[SHAPE_TEXT], const int64_t *dims,
		       unsigned int rank)
{
	size_t used = 0;
	unsigned int i;

	snprintf(buf, SHAPE_TEXT, "scalar");
	for (i = 0; i < rank && used < SHAPE_TEXT; i++)
		used += (size_t)snprintf(buf + used, SHAPE_TEXT - used,
					 "%s%" PRId64, i ? "x" : "", dims[i]);
	return buf;
}

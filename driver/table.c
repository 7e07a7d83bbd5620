// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: page tables
 *
 * Beside each table that the device reads stands what the kernel needs to find
 * the tables below it, and how many entries are in use: a table that falls
 * empty is given back, so that what a process once mapped costs nothing later.
 */
#include <linux/dma-mapping.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "lutna_drv.h"

#define LUTNA_PT_ENTRIES	BIT(LUTNA_PT_BITS)

/**
 * struct lutna_table - one page table
 * @entries: what the device reads
 * @dma: their bus address
 * @used: valid entries
 * @next: list of tables to be freed
 * @child: next lower tables; NULL on level 0
 */
struct lutna_table {
	__le64 *entries;
	dma_addr_t dma;
	unsigned int used;
	struct lutna_table *next;
	struct lutna_table **child;
};

/* Bytes that one entry of a table of @level covers. */
static u64 lutna_table_span(int level)
{
	return 1ULL << (LUTNA_PAGE_SHIFT + level * LUTNA_PT_BITS);
}

static unsigned int lutna_table_index(u64 addr, int level)
{
	return (addr >> (LUTNA_PAGE_SHIFT + level * LUTNA_PT_BITS)) &
	       (LUTNA_PT_ENTRIES - 1);
}

static void lutna_table_destroy(struct lutna_device *ldev, struct lutna_table *table)
{
	dma_free_coherent(lutna_dev(ldev), LUTNA_PAGE_SIZE, table->entries, table->dma);
	kfree(table->child);
	kfree(table);
}

static struct lutna_table *lutna_table_alloc(struct lutna_device *ldev, int level)
{
	struct lutna_table *table;

	table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	if (level) {
		table->child = kcalloc(LUTNA_PT_ENTRIES, sizeof(*table->child),
				       GFP_KERNEL_ACCOUNT);
		if (!table->child)
			goto err_table;
	}
	table->entries = dma_alloc_coherent(lutna_dev(ldev), LUTNA_PAGE_SIZE, &table->dma,
					    GFP_KERNEL_ACCOUNT);
	if (!table->entries)
		goto err_child;
	return table;

err_child:
	kfree(table->child);
err_table:
	kfree(table);
	return NULL;
}

struct lutna_table *lutna_table_new(struct lutna_device *ldev)
{
	return lutna_table_alloc(ldev, LUTNA_PT_LEVELS - 1);
}

dma_addr_t lutna_table_dma(const struct lutna_table *table)
{
	return table->dma;
}

void lutna_table_free(struct lutna_device *ldev, struct lutna_table *list)
{
	while (list) {
		struct lutna_table *table = list;

		list = table->next;
		lutna_table_destroy(ldev, table);
	}
}

static void lutna_table_set(struct lutna_table *table, unsigned int index, u64 entry)
{
	WRITE_ONCE(table->entries[index], cpu_to_le64(entry));
	table->used++;
}

/* The table of @level for @addr, made if there is none. */
static struct lutna_table *lutna_table_at(struct lutna_device *ldev,
					  struct lutna_table *root, u64 addr, int level)
{
	struct lutna_table *table = root;
	int at;

	for (at = LUTNA_PT_LEVELS - 1; at > level; at--) {
		unsigned int index = lutna_table_index(addr, at);
		struct lutna_table *child = table->child[index];

		if (!child) {
			child = lutna_table_alloc(ldev, at - 1);
			if (!child)
				return NULL;
			table->child[index] = child;
			/* Its zeroes come before the pointer to it. */
			dma_wmb();
			lutna_table_set(table, index, child->dma | LUTNA_PTE_VALID);
		}
		table = child;
	}
	return table;
}

/* Level at which the next entry of a mapping can stand. */
static int lutna_leaf_level(struct lutna_device *ldev, u64 addr, dma_addr_t dma, u64 bytes)
{
	if (!(ldev->facts.features & LUTNA_FEATURE_HUGE_PAGES))
		return 0;
	if ((addr | dma) & (LUTNA_HUGE_SIZE - 1))
		return 0;
	return bytes >= LUTNA_HUGE_SIZE ? 1 : 0;
}

int lutna_table_map(struct lutna_device *ldev, struct lutna_table *root,
		    u64 addr, dma_addr_t dma, u64 bytes, u64 rights)
{
	while (bytes) {
		int level = lutna_leaf_level(ldev, addr, dma, bytes);
		u64 span = lutna_table_span(level);
		struct lutna_table *table;

		table = lutna_table_at(ldev, root, addr, level);
		if (!table)
			return -ENOMEM;
		lutna_table_set(table, lutna_table_index(addr, level),
				dma | rights | LUTNA_PTE_LEAF | LUTNA_PTE_VALID);
		addr += span;
		dma += span;
		bytes -= span;
	}
	return 0;
}

static void lutna_table_drop(struct lutna_table *table, unsigned int index)
{
	WRITE_ONCE(table->entries[index], 0);
	table->used--;
}

/* Clears [addr, end) of the table of @level that covers it. */
static void lutna_table_clear_level(struct lutna_table *table, int level, u64 addr,
				    u64 end, struct lutna_table **empty)
{
	u64 span = lutna_table_span(level);

	while (addr < end) {
		unsigned int index = lutna_table_index(addr, level);
		u64 next = min((addr | (span - 1)) + 1, end);
		struct lutna_table *child = level ? table->child[index] : NULL;

		if (child) {
			lutna_table_clear_level(child, level - 1, addr, next, empty);
			if (!child->used) {
				table->child[index] = NULL;
				lutna_table_drop(table, index);
				child->next = *empty;
				*empty = child;
			}
			cond_resched();
		} else if (table->entries[index]) {
			lutna_table_drop(table, index);
		}
		addr = next;
	}
}

void lutna_table_clear(struct lutna_table *root, u64 addr, u64 bytes,
		       struct lutna_table **empty)
{
	lutna_table_clear_level(root, LUTNA_PT_LEVELS - 1, addr, addr + bytes, empty);
}

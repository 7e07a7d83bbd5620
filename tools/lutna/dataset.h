/* SPDX-License-Identifier: GPL-2.0-only */
/* Where images and their labels are found. */
#ifndef LUTNA_TOOL_DATASET_H
#define LUTNA_TOOL_DATASET_H

#include "idx.h"

/* The training and the test set that Debian's package dataset-fashion-mnist has */
#define DATASET_TRAIN \
	"/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz"
#define DATASET_TEST \
	"/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"

/**
 * dataset_labels() - labels that lie beside images
 * @images: path; "train-images-idx3-ubyte.gz" has its labels in
 *	"train-labels-idx1-ubyte.gz"
 *
 * Return: path of a file that is there, to be freed, or NULL
 */
char *dataset_labels(const char *images);

/**
 * dataset_subset() - keep some of the images
 * @path: file of their indices, each once, with white space between them; the
 *	rest of a line behind '#' is a remark
 * @images: becomes those, in the file's order
 * @labels: as many as images; the same
 *
 * Return: 0, or an exit status after a message, with nothing changed
 */
int dataset_subset(const char *path, struct idx *images, struct idx *labels);

/**
 * dataset_missing() - say that a file is not there, and what has it
 * @path: images or labels
 *
 * Return: 0 if it is there, else an exit status after a message
 */
int dataset_missing(const char *path);

#endif

# SPDX-License-Identifier: GPL-2.0-only
"""Data sets, read as Debian packages them."""
import gzip
import os
import struct
from collections import namedtuple

import numpy as np

# shape is (C, H, W); files are (train images, train labels, test images,
# test labels) below dir.
Dataset = namedtuple("Dataset", "name title package licence source shape "
                                "classes flip dir files")

FMNIST = Dataset(
    name="fmnist",
    title="Fashion-MNIST",
    package="dataset-fashion-mnist",
    licence="MIT",
    source="https://github.com/zalandoresearch/fashion-mnist",
    shape=(1, 28, 28),
    classes=["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal",
             "Shirt", "Sneaker", "Bag", "Ankle boot"],
    flip=True,
    dir="/usr/share/datasets/fashion-mnist",
    files=("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
           "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"))

DATASETS = {d.name: d for d in (FMNIST,)}


def _read_idx(path, dims):
    """A gzipped IDX file of unsigned bytes with `dims` dimensions."""
    with gzip.open(path, "rb") as f:
        raw = f.read()
    head = 4 + 4 * dims
    if len(raw) < head or raw[:4] != bytes((0, 0, 8, dims)):
        raise ValueError(f"{path}: not an IDX file of {dims}-d bytes")
    shape = struct.unpack(f">{dims}I", raw[4:head])
    size = 1
    for n in shape:
        size *= n
    if len(raw) - head != size:
        raise ValueError(f"{path}: {len(raw) - head} bytes of data, "
                         f"header says {size}")
    return np.frombuffer(raw, np.uint8, offset=head).reshape(shape)


def load(name, part):
    """Images uint8 [N, C, H, W] and labels uint8 [N]; part: train, test."""
    d = DATASETS[name]
    first = {"train": 0, "test": 2}[part]
    paths = [os.path.join(d.dir, f) for f in d.files[first:first + 2]]
    for path in paths:
        if not os.path.exists(path):
            raise FileNotFoundError(f"{path} is missing: "
                                    f"apt-get install {d.package}")
    images = _read_idx(paths[0], 3)
    labels = _read_idx(paths[1], 1)
    if images.shape[1:] != d.shape[1:] or len(images) != len(labels):
        raise ValueError(f"{paths[0]}: unexpected shape {images.shape}")
    if labels.max() >= len(d.classes):
        raise ValueError(f"{paths[1]}: label {labels.max()} out of range")
    return images.reshape(-1, *d.shape), labels

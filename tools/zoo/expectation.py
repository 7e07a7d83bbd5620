# SPDX-License-Identifier: GPL-2.0-only
"""NAME.expect: integer logits that a device must reproduce, as plain text."""
import numpy as np


def text(name, logits):
    head = (f"# {name}: integer logits (int32 accumulators of the last layer, "
            f"bias included) of the first {len(logits)} test images, one line "
            "an image\n")
    return head + "".join(" ".join(str(v) for v in row) + "\n"
                          for row in logits.tolist())


def read(path):
    """int32 [N, classes]."""
    with open(path) as f:
        rows = [line.split() for line in f if not line.startswith("#")]
    try:
        return np.array([[int(v) for v in row] for row in rows], np.int32)
    except (ValueError, OverflowError):
        raise ValueError(f"{path}: not a table of integers") from None

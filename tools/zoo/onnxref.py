# SPDX-License-Identifier: GPL-2.0-only
"""The operators of a QDQ network as the ONNX specification defines them, in
float32. Shows that the file means to any ONNX runtime what intref.py makes of
it."""
import numpy as np

import intref


def _windows(x, kernel, stride, pad, outside):
    """[N, C, H', W', kernel, kernel] view of x [N, C, H, W]."""
    top, left, bottom, right = pad
    x = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)),
               constant_values=outside)
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))
    return view[:, :, ::stride[0], ::stride[1]]


def _per_axis(scale, x, axis):
    if scale.ndim == 0:
        return scale
    return scale.reshape([-1 if i == axis else 1 for i in range(x.ndim)])


def _quantize(x, scale, zero):
    return np.clip(np.rint(x / scale) + np.float32(zero), 0,
                   255).astype(np.uint8)


def _dequantize(a, x, scale, zero=0):
    scale = _per_axis(scale, x, a.get("axis", 1))
    return (x.astype(np.float32) - np.float32(zero)) * scale


def _conv(a, x, weight, bias):
    w = _windows(x, a["kernel_shape"], a["strides"], a["pads"], 0)
    y = np.tensordot(w, weight, ((1, 4, 5), (1, 2, 3)))
    return y.transpose(0, 3, 1, 2) + bias[:, None, None]


def _maxpool(a, x):
    return _windows(x, a["kernel_shape"], a["strides"],
                    a.get("pads", (0, 0, 0, 0)), -np.inf).max((4, 5))


OPERATORS = {
    "QuantizeLinear": lambda a, *x: _quantize(*x),
    "DequantizeLinear": _dequantize,
    "Conv": _conv,
    "Relu": lambda a, x: np.maximum(x, 0),
    "MaxPool": _maxpool,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdims=True),
    "Add": lambda a, x, y: x + y,
    "Concat": lambda a, *x: np.concatenate(x, a["axis"]),
    "Flatten": lambda a, x: x.reshape(len(x), -1),
    "Gemm": lambda a, x, w, b: x @ w.T + b,
}


def run(model, images, integers):
    """Float logits for float images [N, C, H, W] in 0..1, and how `integers`
    (intref.trace()) differ from each QuantizeLinear's own result: (how many,
    of how many, by how much at most).

    Each node is given what is in `integers`: a sum that lies between two
    integers may be rounded either way, and in a deep network one such
    rounding moves many others, which would say nothing about the file."""
    value = intref.constants(model)
    value[model.graph.input[0].name] = images
    differ = count = most = 0
    for node in model.graph.node:
        y = OPERATORS[node.op_type](intref.attributes(node),
                                    *(value[name] for name in node.input))
        name = node.output[0]
        if name in integers:
            gap = np.abs(y.astype(np.int16) - integers[name])
            differ += np.count_nonzero(gap)
            count += gap.size
            most = max(most, int(gap.max()))
            y = integers[name]
        value[name] = y
    return value[model.graph.output[0].name], (differ, count, most)

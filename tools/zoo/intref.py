# SPDX-License-Identifier: GPL-2.0-only
"""Integer reference of a QDQ network, in numpy: what the device computes.

  acc = sum(weight * x) + bias                                   (int32)
  y   = clamp((acc * mult + (1 << (shift - 1))) >> shift, 0, 255)
  mult = round(m * 2^shift), 2^30 <= mult < 2^31
  m   = input scale * weight scale / output scale                (double)

The product has 64 bits and the shift rounds down, so halves go up. The last
layer gives its accumulators. Needs numpy and onnx, no torch.
"""
import math
from collections import namedtuple

import numpy as np
import onnx
from onnx import numpy_helper

# weight, bias: int32; mult, shift: int64 arrays, None in the last layer;
# window: (kernel, stride, pad) of conv and maxpool; in_scale, weight_scale,
# scale: as in the file.
Step = namedtuple("Step", "op name weight bias mult shift window in_scale "
                          "weight_scale scale")

BATCH = 128
MAX_WEIGHTS = 1 << 28


def multiplier(m):
    """(mult, shift) for the real factor m."""
    if not 0 < m < math.inf:
        raise ValueError(f"requantisation factor {m} is out of range")
    shift = 31 - math.frexp(m)[1]
    mult = math.floor(math.ldexp(m, shift) + 0.5)
    if mult == 1 << 31:
        mult, shift = mult >> 1, shift - 1
    if not 1 <= shift <= 62:
        raise ValueError(f"requantisation factor {m} is out of range")
    return mult, shift


def attributes(node):
    return {a.name: onnx.helper.get_attribute_value(a)
            for a in node.attribute}


def constants(model):
    """Every initialiser as an array; sparse ones are filled in."""
    found = {t.name: numpy_helper.to_array(t)
             for t in model.graph.initializer}
    for t in model.graph.sparse_initializer:
        values = numpy_helper.to_array(t.values)
        index = numpy_helper.to_array(t.indices)
        size = math.prod(t.dims)
        if not 0 < size <= MAX_WEIGHTS:
            raise ValueError(f"{t.values.name}: shape {list(t.dims)}")
        if (index.ndim != 1 or index.shape != values.shape
                or (len(index) and (index.min() < 0 or index.max() >= size
                                    or (np.diff(index) <= 0).any()))):
            raise ValueError(f"{t.values.name}: bad sparse indices")
        flat = np.zeros(size, values.dtype)
        flat[index] = values
        found[t.values.name] = flat.reshape(list(t.dims))
    return found


class _Reader:
    """Follows the integers through the graph. `value` maps the name of a
    float tensor to its scale; `pending` the name of an unquantised result to
    the step that makes it."""

    def __init__(self, model):
        self.const = constants(model)
        self.steps, self.quantised, self.value = [], {}, {}
        self.pending, self.params = {}, {}
        self.pending[model.graph.input[0].name] = None

    def fail(self, node, why):
        raise ValueError(f"node {node.name}: {why}")

    def DequantizeLinear(self, node):
        source, scale = node.input[0], self.const[node.input[1]]
        if source in self.const:
            if len(node.input) > 2 or attributes(node) != {"axis": 0}:
                self.fail(node, "not symmetric along axis 0")
            self.params[node.output[0]] = (self.const[source], scale)
        else:
            self.value[node.output[0]] = self.quantised[source]
            if self.value[node.output[0]] != scale:
                self.fail(node, "scale is not that of its QuantizeLinear")

    def QuantizeLinear(self, node):
        source = node.input[0]
        scale = float(self.const[node.input[1]])
        zero = self.const[node.input[2]]
        if zero.dtype != np.uint8 or zero != 0:
            self.fail(node, "zero point is not uint8 0")
        if not 0 < scale < math.inf:
            self.fail(node, f"scale {scale}")
        if source in self.pending:
            at = self.pending[source]
            if at is not None:
                self.steps[at] = self.requantised(self.steps[at], scale)
        elif self.value.get(source) != scale:
            self.fail(node, "scale changes without arithmetic")
        self.quantised[node.output[0]] = scale

    @staticmethod
    def requantised(step, scale):
        pairs = [multiplier(step.in_scale * float(w) / scale)
                 for w in step.weight_scale]
        mult, shift = np.array(pairs, np.int64).T
        return step._replace(mult=mult, shift=shift, scale=scale)

    def layer(self, node, op, window):
        weight, weight_scale = self.params[node.input[1]]
        bias, bias_scale = self.params[node.input[2]]
        in_scale = self.value[node.input[0]]
        if weight.dtype != np.int32 or bias.dtype != np.int32:
            self.fail(node, "weight or bias is not int32")
        if weight_scale.shape != (len(weight),) or bias.shape != (len(weight),):
            self.fail(node, "weight scale or bias is not one an output")
        if not (np.isfinite(weight_scale) & (weight_scale > 0)).all():
            self.fail(node, "weight scale is not positive")
        unit = in_scale * weight_scale.astype(np.float64)
        if not np.allclose(bias_scale, unit, rtol=1e-6, atol=0):
            self.fail(node, "bias scale is not input scale x weight scale")
        worst = (np.abs(weight.reshape(len(weight), -1).astype(np.int64))
                 .sum(1) * 255 + np.abs(bias.astype(np.int64)))
        if worst.max() >= 1 << 31:
            self.fail(node, "the accumulator may overflow")
        self.pending[node.output[0]] = len(self.steps)
        self.steps.append(Step(op, node.name, weight, bias, None, None, window,
                               in_scale, weight_scale, None))

    def square(self, node):
        """(kernel, stride, pad); what is not named here must not be there."""
        a = attributes(node)
        if not set(a) <= {"kernel_shape", "strides", "pads"}:
            self.fail(node, f"attributes {', '.join(sorted(a))}")
        window = []
        for values in (a["kernel_shape"], a["strides"], a.get("pads", [0])):
            if len(set(values)) != 1:
                self.fail(node, "window is not square")
            window.append(values[0])
        return tuple(window)

    def Conv(self, node):
        self.layer(node, "conv", self.square(node))

    def Gemm(self, node):
        if attributes(node) != {"transB": 1}:
            self.fail(node, "attributes other than transB=1")
        self.layer(node, "fc", None)

    def Relu(self, node):
        # The unsigned clamp of the requantisation does it.
        self.pending[node.output[0]] = self.pending[node.input[0]]

    def MaxPool(self, node):
        window = self.square(node)
        if window[2]:
            self.fail(node, "is padded")
        self.passed_on(node, "maxpool", window)

    def Flatten(self, node):
        self.passed_on(node, "flatten", None)

    def passed_on(self, node, op, window):
        scale = self.value[node.input[0]]
        self.steps.append(Step(op, node.name, None, None, None, None, window,
                               scale, None, scale))
        self.value[node.output[0]] = scale


def steps(model):
    """The integer program of an onnx.ModelProto, a list of Step."""
    reader = _Reader(model)
    for node in model.graph.node:
        handler = getattr(reader, node.op_type, None)
        if handler is None or not node.op_type[0].isupper():
            reader.fail(node, f"operator {node.op_type} is not supported")
        try:
            handler(node)
        except (KeyError, IndexError) as e:
            reader.fail(node, f"{e} is missing")
    return reader.steps


# Values are [channel, row, column, image]: a weight then multiplies one
# contiguous run of images at a time, and zeros cost nothing.

def _conv(step, x):
    kernel, stride, pad = step.window
    x = np.pad(x.astype(np.int32), ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows = (x.shape[1] - kernel) // stride + 1
    cols = (x.shape[2] - kernel) // stride + 1
    acc = np.empty((len(step.weight), rows, cols, x.shape[3]), np.int32)
    acc[:] = step.bias[:, None, None, None]
    product = np.empty(acc.shape[1:], np.int32)
    for o, i, ky, kx in np.argwhere(step.weight):
        part = x[i, ky:ky + stride * rows:stride, kx:kx + stride * cols:stride]
        np.multiply(part, step.weight[o, i, ky, kx], out=product)
        acc[o] += product
    return acc


def _maxpool(step, x):
    kernel, stride, _ = step.window
    rows = (x.shape[1] - kernel) // stride + 1
    cols = (x.shape[2] - kernel) // stride + 1
    parts = [x[:, y:y + stride * rows:stride, z:z + stride * cols:stride]
             for y in range(kernel) for z in range(kernel)]
    return np.maximum.reduce(parts)


def _requantise(step, acc):
    column = (-1, *[1] * (acc.ndim - 1))
    mult, shift = step.mult.reshape(column), step.shift.reshape(column)
    y = (acc.astype(np.int64) * mult + (np.int64(1) << (shift - 1))) >> shift
    return np.clip(y, 0, 255).astype(np.uint8)


def _run_batch(program, images):
    x = np.ascontiguousarray(images.transpose(1, 2, 3, 0))
    for step in program:
        if step.op == "maxpool":
            x = _maxpool(step, x)
        elif step.op == "flatten":
            x = x.reshape(-1, x.shape[-1])
        else:
            if step.op == "conv":
                x = _conv(step, x)
            else:
                x = step.weight @ x.astype(np.int32) + step.bias[:, None]
            if step.mult is not None:
                x = _requantise(step, x)
    return x.T


def run(program, images, progress=None):
    """Integer logits [N, classes] for uint8 images [N, C, H, W]."""
    out = []
    for i in range(0, len(images), BATCH):
        out.append(_run_batch(program, images[i:i + BATCH]))
        if progress:
            progress(min(i + BATCH, len(images)), len(images))
    return np.concatenate(out)

# SPDX-License-Identifier: GPL-2.0-only
"""Integer reference of a QDQ network, in numpy: what the device computes.

  y    = clamp(zero + ((v + (1 << (shift - 1))) >> shift), low, 255)
  conv, fc    v = (sum(weight * x) + bias) * mult
  avgpool     v = sum(x) * mult, divided together with the rounding constant
                  by the number of places
  add         v = (x1 - zero1) * mult1 + (x2 - zero2) * mult2
  mult = round(m * 2^shift), 2^30 <= mult < 2^31
  m    = input scale * weight scale / output scale               (double)

The sum and the bias have 32 bits, products have 64; the shift rounds down, so
halves go up. An addition has one shift, that of its greater m. `low` is the
zero point behind a ReLU, else 0. The last layer gives its accumulators. Needs
numpy and onnx, no torch.
"""
import math
from collections import namedtuple

import numpy as np
import onnx
from onnx import numpy_helper

import nets

# inputs: indices of the steps whose results it takes, or IMAGE;
# weight, bias: int32; mult, shift: int64 arrays, None in the last layer and
# where nothing is requantised; window: (kernel, stride, pad) of conv and
# maxpool; in_zeros, zero, relu: of an addition and of what is requantised;
# in_scales, weight_scale, scale: as in the file.
Step = namedtuple("Step", "op name inputs weight bias mult shift window "
                          "in_zeros zero relu in_scales weight_scale scale",
                  defaults=(None,) * 11)

IMAGE = -1

# A quantised value: the step that makes it, and what its integers mean.
Grid = namedtuple("Grid", "source scale zero")
# A value that waits for its grid, and the steps that will do the arithmetic.
Pending = namedtuple("Pending", "source makers")

BATCH = 128
MAX_WEIGHTS = 1 << 28
# Places of a channel times 2^shift must stay below 2^63.
AVERAGE_SHIFT = 45
AVERAGE_PLACES = 1 << 16


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
    """Follows the integers through the graph. `quantised` maps the name of a
    tensor of integers to its Grid, `value` that of a tensor of dequantised
    floats; `pending` the name of an unquantised result to its Pending."""

    def __init__(self, model):
        self.const = constants(model)
        self.steps, self.quantised, self.value = [], {}, {}
        self.pending, self.params = {}, {}
        self.pending[model.graph.input[0].name] = Pending(IMAGE, [])

    def fail(self, node, why):
        raise ValueError(f"node {node.name}: {why}")

    def DequantizeLinear(self, node):
        source, scale = node.input[0], self.const[node.input[1]]
        if source in self.const:
            if len(node.input) > 2 or attributes(node) != {"axis": 0}:
                self.fail(node, "not symmetric along axis 0")
            self.params[node.output[0]] = (self.const[source], scale)
        else:
            grid = self.quantised[source]
            if (grid.scale, grid.zero) != (scale, self.const[node.input[2]]):
                self.fail(node, "grid is not that of its QuantizeLinear")
            self.value[node.output[0]] = grid

    def QuantizeLinear(self, node):
        source = node.input[0]
        scale = float(self.const[node.input[1]])
        zero = self.const[node.input[2]]
        if zero.dtype != np.uint8 or zero.shape:
            self.fail(node, "zero point is not one uint8")
        if not 0 < scale < math.inf:
            self.fail(node, f"scale {scale}")
        zero = int(zero)
        if source in self.value:
            grid = self.value[source]
            if (grid.scale, grid.zero) != (scale, zero):
                self.fail(node, "grid changes without arithmetic")
        else:
            made = self.pending.pop(source)
            if made.source == IMAGE and zero:
                self.fail(node, "the image has a zero point")
            for at in made.makers:
                self.steps[at] = self.requantised(node, self.steps[at], scale,
                                                  zero)
            grid = Grid(made.source, scale, zero)
        self.quantised[node.output[0]] = grid

    def requantised(self, node, step, scale, zero):
        factors = [s / scale for s in step.in_scales]
        if step.weight is not None:
            factors = [step.in_scales[0] * float(w) / scale
                       for w in step.weight_scale]
        if step.op == "add":
            _, common = multiplier(max(factors))
            pairs = [(math.floor(math.ldexp(m, common) + 0.5), common)
                     for m in factors]
        else:
            pairs = [multiplier(m) for m in factors]
        mult, shift = np.array(pairs, np.int64).T
        if step.op == "avgpool" and shift.max() > AVERAGE_SHIFT:
            self.fail(node, "scales are too far apart")
        return step._replace(mult=mult, shift=shift, scale=scale, zero=zero)

    def plain(self, node, which=0):
        """Grid of an input that must not have a zero point."""
        grid = self.value[node.input[which]]
        if grid.zero:
            self.fail(node, "its input has a zero point")
        return grid

    def made(self, node, step):
        """A step whose result waits for its grid."""
        at = len(self.steps)
        self.steps.append(step)
        self.pending[node.output[0]] = Pending(at, [at])

    def layer(self, node, op, window):
        weight, weight_scale = self.params[node.input[1]]
        bias, bias_scale = self.params[node.input[2]]
        grid = self.plain(node)
        if weight.dtype != np.int32 or bias.dtype != np.int32:
            self.fail(node, "weight or bias is not int32")
        if weight_scale.shape != (len(weight),) or bias.shape != (len(weight),):
            self.fail(node, "weight scale or bias is not one an output")
        if not (np.isfinite(weight_scale) & (weight_scale > 0)).all():
            self.fail(node, "weight scale is not positive")
        unit = grid.scale * weight_scale.astype(np.float64)
        if not np.allclose(bias_scale, unit, rtol=1e-6, atol=0):
            self.fail(node, "bias scale is not input scale x weight scale")
        worst = (np.abs(weight.reshape(len(weight), -1).astype(np.int64))
                 .sum(1) * 255 + np.abs(bias.astype(np.int64)))
        if worst.max() >= 1 << 31:
            self.fail(node, "the accumulator may overflow")
        self.made(node, Step(op, node.name, [grid.source], weight, bias,
                             window=window, relu=False,
                             in_scales=[grid.scale],
                             weight_scale=weight_scale))

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
        made = self.pending.pop(node.input[0])
        for at in made.makers:
            self.steps[at] = self.steps[at]._replace(relu=True)
        self.pending[node.output[0]] = made

    def Add(self, node):
        a, b = (self.value[name] for name in node.input)
        self.made(node, Step("add", node.name, [a.source, b.source],
                             relu=False, in_zeros=[a.zero, b.zero],
                             in_scales=[a.scale, b.scale]))

    def GlobalAveragePool(self, node):
        grid = self.plain(node)
        self.made(node, Step("avgpool", node.name, [grid.source], relu=False,
                             in_scales=[grid.scale]))

    def Concat(self, node):
        if attributes(node) != {"axis": 1}:
            self.fail(node, "not along the channels")
        pieces = [self.pending.pop(name) for name in node.input]
        self.pending[node.output[0]] = Pending(
            len(self.steps), [at for p in pieces for at in p.makers])
        self.steps.append(Step("concat", node.name,
                               [p.source for p in pieces]))

    def MaxPool(self, node):
        self.passed_on(node, "maxpool", self.square(node))

    def Flatten(self, node):
        self.passed_on(node, "flatten", None)

    def passed_on(self, node, op, window):
        grid = self.plain(node)
        self.value[node.output[0]] = grid._replace(source=len(self.steps))
        self.steps.append(Step(op, node.name, [grid.source], window=window))

    def finish(self, output):
        """Only the logits may be left without a grid."""
        left = self.pending.pop(output)
        if self.pending or left.makers != [len(self.steps) - 1]:
            raise ValueError("results are left unquantised: "
                             f"{', '.join(self.pending) or output}")


def _read(model):
    reader = _Reader(model)
    for node in model.graph.node:
        handler = getattr(reader, node.op_type, None)
        if handler is None or not node.op_type[0].isupper():
            reader.fail(node, f"operator {node.op_type} is not supported")
        try:
            handler(node)
        except (KeyError, IndexError) as e:
            reader.fail(node, f"{e} is missing")
    try:
        reader.finish(model.graph.output[0].name)
    except (KeyError, IndexError):
        raise ValueError("the output is no layer's result") from None
    return reader


def steps(model):
    """The integer program of an onnx.ModelProto, a list of Step; the last is
    the layer that makes the logits."""
    return _read(model).steps


def trace(model, images):
    """The integers that each QuantizeLinear must give for a few images, keyed
    by the name of its result: uint8, shaped as in the file."""
    reader = _read(model)
    value = {}
    _run_batch(reader.steps, images, value)
    return {name: np.moveaxis(value[grid.source], -1, 0)
            for name, grid in reader.quantised.items()}


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
    kernel, stride, pad = step.window
    # Nothing is less than 0, so what stands outside never wins.
    x = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    rows = (x.shape[1] - kernel) // stride + 1
    cols = (x.shape[2] - kernel) // stride + 1
    parts = [x[:, y:y + stride * rows:stride, z:z + stride * cols:stride]
             for y in range(kernel) for z in range(kernel)]
    return np.maximum.reduce(parts)


def _clamped(step, y):
    low = step.zero if step.relu else 0
    return np.clip(y + step.zero, low, 255).astype(np.uint8)


def _layer(step, x):
    if step.op == "conv":
        acc = _conv(step, x)
    else:
        acc = step.weight @ x.astype(np.int32) + step.bias[:, None]
    if step.mult is None:
        return acc
    column = (-1, *[1] * (acc.ndim - 1))
    mult, shift = step.mult.reshape(column), step.shift.reshape(column)
    return _clamped(step, (acc.astype(np.int64) * mult
                           + (np.int64(1) << (shift - 1))) >> shift)


def _avgpool(step, x):
    places = x.shape[1] * x.shape[2]
    if places > AVERAGE_PLACES:
        raise ValueError(f"node {step.name}: {places} places")
    total = x.sum((1, 2), np.int64, keepdims=True)
    shift = int(step.shift[0])
    return _clamped(step, (total * step.mult[0]
                           + places * (1 << (shift - 1)))
                    // (places << shift))


def _add(step, a, b):
    if a.shape != b.shape:
        raise ValueError(f"node {step.name}: shapes differ")
    shift = step.shift[0]
    total = sum((x.astype(np.int64) - zero) * mult for x, zero, mult in
                zip((a, b), step.in_zeros, step.mult))
    return _clamped(step, (total + (np.int64(1) << (shift - 1))) >> shift)


OPERATORS = {
    "conv": _layer,
    "fc": _layer,
    "maxpool": _maxpool,
    "avgpool": _avgpool,
    "add": _add,
    "concat": lambda step, *x: np.concatenate(x),
    "flatten": lambda step, x: x.reshape(-1, x.shape[-1]),
}


def _run_batch(program, images, kept=None):
    """Logits of some images; results of all steps go to the dict `kept`."""
    value = {IMAGE: np.ascontiguousarray(images.transpose(1, 2, 3, 0))}
    done = nets.last_uses([(i, s.inputs) for i, s in enumerate(program)])
    for i, step in enumerate(program):
        value[i] = OPERATORS[step.op](step, *(value[k] for k in step.inputs))
        for k in done[i]:
            if kept is not None:
                kept[k] = value[k]
            del value[k]
    return value[len(program) - 1].T


def run(program, images, progress=None):
    """Integer logits [N, classes] for uint8 images [N, C, H, W]."""
    out = []
    for i in range(0, len(images), BATCH):
        out.append(_run_batch(program, images[i:i + BATCH]))
        if progress:
            progress(min(i + BATCH, len(images)), len(images))
    return np.concatenate(out)

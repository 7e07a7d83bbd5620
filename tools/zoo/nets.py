# SPDX-License-Identifier: GPL-2.0-only
"""Networks as plain descriptions.

A network is a list of Node in execution order. Training, quantisation and
export all walk the same list, so a new network is a new list and, where it
needs one, a new operator in each of the three.

Operators and their attributes:
  conv     out, kernel, stride, pad, relu   convolution, batch norm, ReLU or not
  maxpool  kernel, stride, pad
  avgpool                                   mean of all places of a channel
  add                                       two inputs of one shape; ReLU
  concat                                    channels of convolutions with ReLU
                                            that nothing else reads
  flatten
  fc       out                              the last node; its result are the
                                            logits
"""
import math
from collections import namedtuple

Node = namedtuple("Node", "op name inputs attrs")

INPUT = "image"

VGG_PLANS = {
    "vgg11": [64, "P", 128, "P", 256, 256, "P", 512, 512, "P", 512, 512, "P"],
    "vgg19": [64, 64, "P", 128, 128, "P", 256, 256, 256, 256, "P",
              512, 512, 512, 512, "P", 512, 512, 512, 512, "P"],
}

# Blocks of each of the four groups, and a group's channels.
RESNET_PLANS = {
    "resnet18": [2, 2, 2, 2],
    "resnet34": [3, 4, 6, 3],
}
RESNET_CHANNELS = [64, 128, 256, 512]

# Channels of a module: 1x1, 3x3 reduction, 3x3, 5x5 reduction, 5x5, pool.
GOOGLENET_STEM = 192
GOOGLENET_PLAN = [
    ("a3", (64, 96, 128, 16, 32, 32)),
    ("b3", (128, 128, 192, 32, 96, 64)),
    "P",
    ("a4", (192, 96, 208, 16, 48, 64)),
    ("b4", (160, 112, 224, 24, 64, 64)),
    ("c4", (128, 128, 256, 24, 64, 64)),
    ("d4", (112, 144, 288, 32, 64, 64)),
    ("e4", (256, 160, 320, 32, 128, 128)),
    "P",
    ("a5", (256, 160, 320, 32, 128, 128)),
    ("b5", (384, 192, 384, 48, 128, 128)),
]

# The VGG plans are those for 32x32 images: five halvings leave one pixel.
VGG_SIDE = 32


class _Builder:
    """A node list in the making; each method returns the name of its node."""

    def __init__(self, width):
        self.width, self.nodes = width, []

    def node(self, op, name, inputs, **attrs):
        self.nodes.append(Node(op, name, inputs, attrs))
        return name

    def conv(self, name, source, out, kernel=3, stride=1, pad=None, relu=True):
        """`out` is the published number of channels, before `width`."""
        return self.node("conv", name, [source],
                         out=max(1, round(out * self.width)), kernel=kernel,
                         stride=stride, relu=relu,
                         pad=kernel // 2 if pad is None else pad)

    def maxpool(self, name, source, kernel, stride, pad=0):
        return self.node("maxpool", name, [source], kernel=kernel,
                         stride=stride, pad=pad)

    def classifier(self, source, classes):
        self.node("flatten", "flatten", [source])
        self.node("fc", "fc", ["flatten"], out=classes)


def _vgg(make, plan, side):
    if side > VGG_SIDE or (VGG_SIDE - side) % 2:
        raise ValueError(f"images of {side}x{side} cannot be padded to "
                         f"{VGG_SIDE}x{VGG_SIDE}")
    prev = INPUT
    convs = pools = 0
    for step in plan:
        if step == "P":
            pools += 1
            prev = make.maxpool(f"pool{pools}", prev, 2, 2)
        else:
            convs += 1
            # Padding a small image up to 32x32 is left to the first
            # convolution: same arithmetic, no extra node.
            extra = (VGG_SIDE - side) // 2 if convs == 1 else 0
            prev = make.conv(f"conv{convs}", prev, step, pad=1 + extra)
    return prev


def _block(make, name, source, out, stride, project):
    """Two convolutions and a way around them. What is added is signed, so
    neither summand goes through a ReLU of its own."""
    y = make.conv(f"{name}_conv1", source, out, stride=stride)
    y = make.conv(f"{name}_conv2", y, out, relu=False)
    if project:
        source = make.conv(f"{name}_shortcut", source, out, kernel=1,
                           stride=stride, relu=False)
    return make.node("add", name, [y, source])


def _resnet(make, plan):
    prev = make.conv("conv1", INPUT, RESNET_CHANNELS[0])
    for group, (blocks, out) in enumerate(zip(plan, RESNET_CHANNELS), 1):
        for i in range(1, blocks + 1):
            first = group > 1 and i == 1
            prev = _block(make, f"layer{group}_{i}", prev, out,
                          2 if first else 1, first)
    return make.node("avgpool", "avgpool", [prev])


def _inception(make, name, source, plan):
    one, three_in, three, five_in, five, pool = plan
    a = make.conv(f"{name}_1x1", source, one, kernel=1)
    b = make.conv(f"{name}_3x3_reduce", source, three_in, kernel=1)
    b = make.conv(f"{name}_3x3", b, three)
    # Two 3x3 convolutions see what one of 5x5 sees.
    c = make.conv(f"{name}_5x5_reduce", source, five_in, kernel=1)
    c = make.conv(f"{name}_5x5_1", c, five)
    c = make.conv(f"{name}_5x5_2", c, five)
    d = make.maxpool(f"{name}_pool", source, 3, 1, 1)
    d = make.conv(f"{name}_pool_1x1", d, pool, kernel=1)
    return make.node("concat", name, [a, b, c, d])


def _googlenet(make):
    prev = make.conv("conv1", INPUT, GOOGLENET_STEM)
    pools = 0
    for step in GOOGLENET_PLAN:
        if step == "P":
            pools += 1
            prev = make.maxpool(f"pool{pools}", prev, 3, 2, 1)
        else:
            prev = _inception(make, step[0], prev, step[1])
    return make.node("avgpool", "avgpool", [prev])


def names():
    return sorted([*VGG_PLANS, *RESNET_PLANS, "googlenet"])


def build(net, width, shape, classes):
    """The node list of `net` at `width` for images of `shape` = (C, H, W)."""
    _, height, wide = shape
    if height != wide:
        raise ValueError(f"images of {height}x{wide} are not square")
    make = _Builder(width)
    if net in VGG_PLANS:
        last = _vgg(make, VGG_PLANS[net], height)
    elif net in RESNET_PLANS:
        last = _resnet(make, RESNET_PLANS[net])
    else:
        last = _googlenet(make)
    make.classifier(last, classes)
    return make.nodes


def shapes(nodes, shape):
    """Output shape (C, H, W) or (C,) of every node, keyed by name."""
    out = {INPUT: tuple(shape)}
    for node in nodes:
        src = out[node.inputs[0]]
        a = node.attrs
        if node.op in ("conv", "maxpool"):
            side = [(n + 2 * a["pad"] - a["kernel"]) // a["stride"] + 1
                    for n in src[1:]]
            out[node.name] = (a.get("out", src[0]), *side)
        elif node.op == "avgpool":
            out[node.name] = (src[0], 1, 1)
        elif node.op == "add":
            if out[node.inputs[1]] != src:
                raise ValueError(f"{node.name}: inputs of different shapes")
            out[node.name] = src
        elif node.op == "concat":
            sources = [out[name] for name in node.inputs]
            out[node.name] = (sum(s[0] for s in sources), *src[1:])
        elif node.op == "flatten":
            out[node.name] = (math.prod(src),)
        elif node.op == "fc":
            out[node.name] = (a["out"],)
        else:
            raise ValueError(f"{node.name}: unknown operator {node.op}")
    return out


def costs(nodes, shape):
    """(weights, multiply-accumulates an image) of every node that has
    weights, keyed by name, in order; biases are not counted."""
    out = shapes(nodes, shape)
    found = {}
    for node in nodes:
        if node.op in ("conv", "fc"):
            weights = (out[node.inputs[0]][0] * node.attrs["out"]
                       * node.attrs.get("kernel", 1) ** 2)
            found[node.name] = (weights,
                                weights * math.prod(out[node.name][1:]))
    return found


def is_signed(node):
    """Whether values below zero leave a node; the logits are not meant."""
    return node.op == "conv" and not node.attrs["relu"]


def grids(nodes):
    """For every node the name of that on whose grid its integers lie. What is
    put together by a concat lies on the grid of the whole, so that nothing
    is left to do there."""
    whole = {name: node.name for node in nodes if node.op == "concat"
             for name in node.inputs}
    owner = {INPUT: INPUT}
    for node in nodes:
        if node.op in ("maxpool", "flatten"):
            owner[node.name] = owner[node.inputs[0]]
        else:
            owner[node.name] = whole.get(node.name, node.name)
    return owner


def last_uses(order):
    """For pairs (key, keys that it reads) in execution order: the keys that
    nothing reads any more, keyed by their last reader."""
    reader = {}
    for key, reads in order:
        for name in reads:
            reader[name] = key
    done = {key: [] for key, _ in order}
    for name, key in reader.items():
        done[key].append(name)
    return done

# SPDX-License-Identifier: GPL-2.0-only
"""Networks as plain descriptions.

A network is a list of Node in execution order. Training, quantisation and
export all walk the same list, so a new network is a new list and, where it
needs one, a new operator in each of the three.

Operators and their attributes:
  conv     out, kernel, stride, pad     convolution, batch norm, ReLU
  maxpool  kernel, stride
  flatten
  fc       out                          the last node; its result are the logits
"""
from collections import namedtuple

Node = namedtuple("Node", "op name inputs attrs")

INPUT = "image"

VGG_PLANS = {
    "vgg11": [64, "P", 128, "P", 256, 256, "P", 512, 512, "P", 512, 512, "P"],
}

# The VGG plans are those for 32x32 images: five halvings leave one pixel.
VGG_SIDE = 32


def _vgg(plan, width, side, classes):
    if side > VGG_SIDE or (VGG_SIDE - side) % 2:
        raise ValueError(f"images of {side}x{side} cannot be padded to "
                         f"{VGG_SIDE}x{VGG_SIDE}")
    nodes = []
    prev = INPUT
    convs = pools = 0
    for step in plan:
        if step == "P":
            pools += 1
            node = Node("maxpool", f"pool{pools}", [prev],
                        {"kernel": 2, "stride": 2})
        else:
            convs += 1
            # Padding a small image up to 32x32 is left to the first
            # convolution: same arithmetic, no extra node.
            extra = (VGG_SIDE - side) // 2 if convs == 1 else 0
            node = Node("conv", f"conv{convs}", [prev],
                        {"out": max(1, round(step * width)), "kernel": 3,
                         "stride": 1, "pad": 1 + extra})
        nodes.append(node)
        prev = node.name
    nodes.append(Node("flatten", "flatten", [prev], {}))
    nodes.append(Node("fc", "fc", ["flatten"], {"out": classes}))
    return nodes


def names():
    return sorted(VGG_PLANS)


def build(net, width, shape, classes):
    """The node list of `net` at `width` for images of `shape` = (C, H, W)."""
    _, height, wide = shape
    if height != wide:
        raise ValueError(f"images of {height}x{wide} are not square")
    return _vgg(VGG_PLANS[net], width, height, classes)


def shapes(nodes, shape):
    """Output shape (C, H, W) or (C,) of every node, keyed by name."""
    out = {INPUT: tuple(shape)}
    for node in nodes:
        src = out[node.inputs[0]]
        a = node.attrs
        if node.op == "conv":
            side = [(n + 2 * a["pad"] - a["kernel"]) // a["stride"] + 1
                    for n in src[1:]]
            out[node.name] = (a["out"], *side)
        elif node.op == "maxpool":
            side = [(n - a["kernel"]) // a["stride"] + 1 for n in src[1:]]
            out[node.name] = (src[0], *side)
        elif node.op == "flatten":
            size = 1
            for n in src:
                size *= n
            out[node.name] = (size,)
        elif node.op == "fc":
            out[node.name] = (a["out"],)
        else:
            raise ValueError(f"{node.name}: unknown operator {node.op}")
    return out

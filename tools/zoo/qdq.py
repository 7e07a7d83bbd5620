# SPDX-License-Identifier: GPL-2.0-only
"""Write a quantised network as ONNX in the QDQ form (opset 13).

Every operator works on dequantised floats, so any ONNX runtime can run the
file; the integers between QuantizeLinear and DequantizeLinear are what the
device computes with. Weights are sparse initialisers.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import nets
import quantise

OPSET = 13
ZERO = "zero_point"
SIGNED_ZERO = "zero_point.signed"


class _Writer:
    def __init__(self):
        self.nodes, self.dense, self.sparse = [], [], []

    def node(self, op, name, inputs, output, **attrs):
        self.nodes.append(helper.make_node(op, inputs, [output], name=name,
                                           **attrs))
        return output

    def constant(self, name, array):
        self.dense.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def weights(self, name, array):
        """An int32 tensor that stores only what is not zero."""
        flat = array.reshape(-1)
        at = np.flatnonzero(flat).astype(np.int64)
        self.sparse.append(helper.make_sparse_tensor(
            numpy_helper.from_array(flat[at].astype(np.int32), name),
            numpy_helper.from_array(at, name + ".index"), array.shape))
        return name

    def activation(self, name, source, scale, zero=ZERO):
        """QuantizeLinear and DequantizeLinear with the tensors given."""
        q = self.node("QuantizeLinear", f"{name}.quantize",
                      [source, scale, zero], f"{name}.q")
        return self.node("DequantizeLinear", f"{name}.dequantize",
                         [q, scale, zero], f"{name}.dq")

    def parameters(self, name, layer, in_scale):
        q = self.weights(f"{name}.weight.q", layer["weight"])
        s = self.constant(f"{name}.weight.scale", layer["weight_scale"])
        weight = self.node("DequantizeLinear", f"{name}.weight.dequantize",
                           [q, s], f"{name}.weight", axis=0)
        unit = np.float64(in_scale) * layer["weight_scale"].astype(np.float64)
        q = self.constant(f"{name}.bias.q", layer["bias"])
        s = self.constant(f"{name}.bias.scale", unit.astype(np.float32))
        bias = self.node("DequantizeLinear", f"{name}.bias.dequantize",
                         [q, s], f"{name}.bias", axis=0)
        return weight, bias


class _Network:
    """The nodes of a network, written one after another."""

    def __init__(self, nodes, layers, scales):
        self.w, self.layers, self.scales = _Writer(), layers, scales
        self.scales[nets.INPUT] = quantise.INPUT_SCALE
        self.grid = nets.grids(nodes)
        self.w.constant(ZERO, np.uint8(0))
        if any(nets.is_signed(n) for n in nodes):
            self.w.constant(SIGNED_ZERO, np.uint8(quantise.SIGNED_ZERO))
        self.scale = {nets.INPUT: self.w.constant("image.scale",
                                                  quantise.INPUT_SCALE)}
        self.tensor = {nets.INPUT: self.w.activation("image", nets.INPUT,
                                                     "image.scale")}
        for node in nodes:
            write = getattr(self, node.op, None)
            if write is None:
                raise ValueError(f"{node.name}: no ONNX form for {node.op}")
            self.tensor[node.name] = write(
                node, [self.tensor[name] for name in node.inputs])

    def quantised(self, node, y):
        """`y` behind the two nodes that put it on its grid; a scale is
        written where it is needed first."""
        owner = self.grid[node.name]
        if owner not in self.scale:
            self.scale[owner] = self.w.constant(f"{owner}.scale",
                                                self.scales[owner])
        return self.w.activation(node.name, y, self.scale[owner],
                                 SIGNED_ZERO if nets.is_signed(node) else ZERO)

    def parameters(self, node):
        return self.w.parameters(node.name, self.layers[node.name],
                                 self.scales[self.grid[node.inputs[0]]])

    def relu(self, node, y):
        return self.w.node("Relu", f"{node.name}.relu", [y],
                           f"{node.name}.relu.out")

    def conv(self, node, sources):
        a = node.attrs
        y = self.w.node("Conv", node.name, [*sources, *self.parameters(node)],
                        f"{node.name}.out", kernel_shape=[a["kernel"]] * 2,
                        pads=[a["pad"]] * 4, strides=[a["stride"]] * 2)
        if a["relu"]:
            y = self.relu(node, y)
        # What a concat puts together is quantised behind it, all at once.
        return y if self.grid[node.name] != node.name else \
            self.quantised(node, y)

    def maxpool(self, node, sources):
        a = node.attrs
        padding = {"pads": [a["pad"]] * 4} if a["pad"] else {}
        y = self.w.node("MaxPool", node.name, sources, f"{node.name}.out",
                        kernel_shape=[a["kernel"]] * 2,
                        strides=[a["stride"]] * 2, **padding)
        return self.quantised(node, y)

    def avgpool(self, node, sources):
        return self.quantised(node, self.w.node(
            "GlobalAveragePool", node.name, sources, f"{node.name}.out"))

    def add(self, node, sources):
        y = self.w.node("Add", node.name, sources, f"{node.name}.out")
        return self.quantised(node, self.relu(node, y))

    def concat(self, node, sources):
        return self.quantised(node, self.w.node(
            "Concat", node.name, sources, f"{node.name}.out", axis=1))

    def flatten(self, node, sources):
        return self.w.node("Flatten", node.name, sources, f"{node.name}.out",
                           axis=1)

    def fc(self, node, sources):
        return self.w.node("Gemm", node.name,
                           [*sources, *self.parameters(node)], "logits",
                           transB=1)


def build(title, nodes, shape, layers, scales, metadata):
    """An onnx.ModelProto. `layers` and `scales` as quantise.quantise() and
    quantise.calibrate() return them, `metadata` a dict of strings."""
    w = _Network(nodes, layers, dict(scales)).w
    graph = helper.make_graph(
        w.nodes, title,
        [helper.make_tensor_value_info(nets.INPUT, TensorProto.FLOAT,
                                       ["batch", *shape])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT,
                                       ["batch", nodes[-1].attrs["out"]])],
        initializer=w.dense, sparse_initializer=w.sparse)
    model = helper.make_model(
        graph, producer_name="lutna-zoo", ir_version=7,
        opset_imports=[helper.make_opsetid("", OPSET)])
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    return model

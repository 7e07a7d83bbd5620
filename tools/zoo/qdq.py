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

    def activation(self, name, source, scale):
        """QuantizeLinear and DequantizeLinear with the scale tensor given."""
        q = self.node("QuantizeLinear", f"{name}.quantize",
                      [source, scale, ZERO], f"{name}.q")
        return self.node("DequantizeLinear", f"{name}.dequantize",
                         [q, scale, ZERO], f"{name}.dq")

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


def build(title, nodes, shape, layers, metadata):
    """An onnx.ModelProto. `layers` as quantise.quantise() returns them,
    `metadata` a dict of strings."""
    w = _Writer()
    w.constant(ZERO, np.uint8(0))
    w.constant("image.scale", quantise.INPUT_SCALE)
    tensor = {nets.INPUT: w.activation("image", nets.INPUT, "image.scale")}
    scale = {nets.INPUT: ("image.scale", quantise.INPUT_SCALE)}
    for node in nodes:
        name, a = node.name, node.attrs
        source, in_scale = tensor[node.inputs[0]], scale[node.inputs[0]]
        scale[name] = in_scale
        if node.op == "conv":
            layer = layers[name]
            weight, bias = w.parameters(name, layer, in_scale[1])
            y = w.node("Conv", name, [source, weight, bias], f"{name}.out",
                       kernel_shape=[a["kernel"]] * 2, pads=[a["pad"]] * 4,
                       strides=[a["stride"]] * 2)
            y = w.node("Relu", f"{name}.relu", [y], f"{name}.relu.out")
            scale[name] = (w.constant(f"{name}.scale", layer["scale"]),
                           layer["scale"])
            tensor[name] = w.activation(name, y, scale[name][0])
        elif node.op == "maxpool":
            y = w.node("MaxPool", name, [source], f"{name}.out",
                       kernel_shape=[a["kernel"]] * 2,
                       strides=[a["stride"]] * 2)
            tensor[name] = w.activation(name, y, in_scale[0])
        elif node.op == "flatten":
            tensor[name] = w.node("Flatten", name, [source], f"{name}.out",
                                  axis=1)
        elif node.op == "fc":
            weight, bias = w.parameters(name, layers[name], in_scale[1])
            w.node("Gemm", name, [source, weight, bias], "logits", transB=1)
        else:
            raise ValueError(f"{name}: no ONNX form for {node.op}")
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

# SPDX-License-Identifier: GPL-2.0-only
"""From a trained network to integers: batch norm folded into the
convolutions, unsigned 8-bit activations, signed 9-bit weights.

A layer is a dict of numpy arrays: weight (int32), weight_scale (float32, one
an output channel) and bias (int32, in units of input scale x weight scale).
Scales of activations are float32, keyed by the node that nets.grids() names.
"""
import numpy as np
import torch

import lottery
import nets

ACT_MAX = 255
# What is negative as well lies around the middle of the bytes.
SIGNED_ZERO = 128
WEIGHT_MIN, WEIGHT_MAX = -256, 255
INPUT_SCALE = np.float32(1.0 / 255.0)

# A channel whose weights are nearly all gone would get a scale so small that
# its bias, counted in that scale, no longer fits; a floor costs nothing, as
# what matters behind the ReLU is the precision of the whole layer.
CHANNEL_FLOOR = 1.0 / 1024
# Biases stay exact in the float32 arithmetic of other ONNX runtimes.
BIAS_MAX = 1 << 23

# Sample images that activation scales are taken from.
CALIBRATION = 1024

_BINS = 8192


def fold(layer):
    """Weight and bias in float64, batch norm included."""
    if isinstance(layer, torch.nn.Linear):
        return (layer.weight.detach().double().numpy(),
                layer.bias.detach().double().numpy())
    norm = layer["norm"]
    gain = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach()
    gain = gain.double().numpy()
    bias = (norm.bias.detach().double().numpy()
            - norm.running_mean.double().numpy() * gain)
    weight = layer["conv"].weight.detach().double().numpy()
    return weight * gain[:, None, None, None], bias


def zero_point(node):
    return SIGNED_ZERO if nets.is_signed(node) else 0


def _best_scale(histogram, top, most):
    """Scale of least squared error for values counted in equal bins 0..top,
    when integers reach from 0 to `most`."""
    centre = (np.arange(_BINS) + 0.5) * (top / _BINS)
    best = None
    for share in np.linspace(0.3, 1.0, 141):
        scale = share * top / most
        back = np.clip(np.floor(centre / scale + 0.5), 0, most) * scale
        error = float((histogram * (centre - back) ** 2).sum())
        if best is None or error < best[0]:
            best = (error, scale)
    return np.float32(best[1])


def calibrate(model, images):
    """Activation scales from sample images."""
    model.eval()
    grid = nets.grids(model.nodes)
    found = {n.name: zero_point(n) for n in model.nodes
             if grid[n.name] == n.name and n.op != "fc"}
    batches = [lottery.to_float(images[i:i + 256])
               for i in range(0, len(images), 256)]
    top = dict.fromkeys(found, 0.0)
    count = {name: np.zeros(_BINS) for name in found}
    with torch.no_grad():
        for batch in batches:
            value = model.values(batch)
            for name in found:
                top[name] = max(top[name], float(value[name].abs().max()))
        for name in found:
            if top[name] <= 0:
                raise ValueError(f"{name}: every activation is zero")
        for batch in batches:
            value = model.values(batch)
            for name in found:
                v = value[name].abs().numpy()
                count[name] += np.histogram(v[v > 0], _BINS,
                                            (0, top[name]))[0]
    return {name: _best_scale(count[name], top[name],
                              ACT_MAX - SIGNED_ZERO if zero else ACT_MAX)
            for name, zero in found.items()}


def _quantise_layer(name, weight, bias, in_scale, shared):
    flat = weight.reshape(len(weight), -1)
    scale = np.maximum(flat.max(1) / WEIGHT_MAX, -flat.min(1) / -WEIGHT_MIN)
    if scale.max() <= 0:
        raise ValueError(f"{name}: every weight was pruned")
    scale = np.maximum(scale, scale.max() * CHANNEL_FLOOR)
    scale = np.maximum(scale, np.abs(bias) / (float(in_scale) * BIAS_MAX))
    if shared:
        scale = np.full_like(scale, scale.max())
    # Up by one step where rounding to float32 went down, or the extreme
    # weight could land just outside of its range.
    low = scale.astype(np.float32)
    scale = np.where(low < scale, np.nextafter(low, np.float32(np.inf)), low)
    by = scale.astype(np.float64).reshape(-1, *[1] * (weight.ndim - 1))
    q = np.floor(weight / by + 0.5).astype(np.int32)
    if q.min() < WEIGHT_MIN or q.max() > WEIGHT_MAX:
        raise ValueError(f"{name}: weight outside of 9 bits")
    unit = float(in_scale) * scale.astype(np.float64)
    return {"weight": q, "weight_scale": scale,
            "bias": np.floor(bias / unit + 0.5).astype(np.int32)}


def quantise(model, scales):
    """All layers with weights, keyed by name, in order."""
    layers = {}
    grid = nets.grids(model.nodes)
    scales = {nets.INPUT: INPUT_SCALE, **scales}
    for node in model.nodes:
        if node.op in ("conv", "fc"):
            weight, bias = fold(model.layers[node.name])
            # The last layer is not requantised: with one scale for all its
            # channels the largest accumulator is the largest logit.
            layers[node.name] = _quantise_layer(
                node.name, weight, bias, scales[grid[node.inputs[0]]],
                shared=node.op == "fc")
    return layers

# SPDX-License-Identifier: GPL-2.0-only
"""The model card: every figure in it was measured by the run that wrote it."""
import math
import textwrap

import numpy as np

import lottery
import nets
import quantise


def sparsity(layers):
    """Share of zero weights, biases not counted."""
    size = sum(layer["weight"].size for layer in layers.values())
    alive = sum(np.count_nonzero(layer["weight"]) for layer in layers.values())
    return 1 - alive / size


def _threads(log):
    return sorted({e["threads"] for e in log})


def _command(cfg, name, log):
    """The command line, broken where a shell continues it."""
    options = {**cfg, "name": name, "threads": _threads(log)[-1]}
    words = " ".join(f"--{k.replace('_', '-')}={v}"
                     for k, v in options.items())
    return " \\\n        ".join(textwrap.wrap(
        f"tools/zoo/train {words}", 70, break_long_words=False,
        break_on_hyphens=False))


def _layer_table(nodes, shape, layers):
    out = nets.shapes(nodes, shape)
    rows = ["| layer | output | weights | not zero | sparsity | MACs dense "
            "| MACs not zero |",
            "|---|---|---:|---:|---:|---:|---:|"]
    total = [0, 0, 0, 0]
    biases = 0
    for node in nodes:
        if node.name not in layers:
            continue
        weight = layers[node.name]["weight"]
        biases += len(layers[node.name]["bias"])
        size, alive = weight.size, int(np.count_nonzero(weight))
        places = math.prod(out[node.name][1:])
        row = [size, alive, size * places, alive * places]
        total = [a + b for a, b in zip(total, row)]
        where = "x".join(str(n) for n in out[node.name])
        rows.append(f"| {node.name} | {where} | {size:,} | {alive:,} "
                    f"| {1 - alive / size:.2%} | {row[2]:,} | {row[3]:,} |")
    rows.append(f"| all | | {total[0]:,} | {total[1]:,} "
                f"| {1 - total[1] / total[0]:.2%} | {total[2]:,} "
                f"| {total[3]:,} |")
    return "\n".join(rows), biases, total


def _scale_table(nodes, layers, scales):
    grid = nets.grids(nodes)
    rows = ["| layer | activation scale | weight scale, least | weight scale, "
            "largest | weights, least to largest |",
            "|---|---:|---:|---:|---:|"]
    for node in nodes:
        name, layer = node.name, layers.get(node.name)
        if layer is None and grid[name] != name:
            continue
        scale = f"{scales[grid[name]]:.6g}" if grid[name] in scales else ""
        row = f"| {name} | {scale} "
        if layer is None:
            rows.append(row + "| | | |")
            continue
        ws, w = layer["weight_scale"], layer["weight"]
        rows.append(row + f"| {ws.min():.6g} | {ws.max():.6g} "
                    f"| {w.min()} to {w.max()} |")
    return "\n".join(rows)


def _zero_points(nodes):
    signed = [n.name for n in nodes if nets.is_signed(n)]
    if not signed:
        return "Input scale 1/255."
    return _fill(f"""
        Input scale 1/255. Zero point {quantise.SIGNED_ZERO} in front of an
        addition, where there is no ReLU ({', '.join(signed)}), else 0.""")


def _side(nodes, shape):
    """What side the images have inside of the network, in words."""
    out = nets.shapes(nodes, shape)[nodes[0].name]
    if out[1] == shape[1]:
        return f"Images are not padded: {shape[1]}x{shape[2]} places at first."
    return (f"Images are padded with zeros to {out[1]}x{out[2]} by the first "
            "convolution.")


def _round_table(log):
    rows = ["| round | weights alive | epochs trained | seconds "
            "| held-out accuracy |", "|---:|---:|---:|---:|---:|"]
    for r in sorted({e["round"] for e in log}):
        part = [e for e in log if e["round"] == r]
        rows.append(f"| {r + 1} | {part[-1]['alive']:.2%} | {len(part)} "
                    f"| {sum(e['seconds'] for e in part):.0f} "
                    f"| {part[-1]['held_out']:.2%} |")
    return "\n".join(rows)


def _processor():
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown processor"


def _fill(paragraph):
    return textwrap.fill(" ".join(paragraph.split()), 79,
                         break_long_words=False, break_on_hyphens=False)


def _accuracy_table(cfg, found, tested):
    rows = [f"| accuracy | {tested:,} test images "
            f"| {cfg['held_out']:,} held-out images |", "|---|---:|---:|"]
    for title, key in (("float, dense (end of round 1)", "dense"),
                       ("float, pruned", "pruned"),
                       ("8-bit activations, 9-bit weights", "quantised")):
        rows.append(f"| {title} | {found[key]:.2%} "
                    f"| {found[key + '_held']:.2%} |")
    return "\n".join(rows)


def _training(cfg, data, log):
    seconds = sum(e["seconds"] for e in log)
    mirrored = " and mirrored" if data.flip else ""
    mixed = """ Forward and backward passes of training in bfloat16
        (torch.autocast); weights, their updates and every accuracy in
        float32.""" if cfg.get("compute") == "bfloat16" else ""
    return _fill(f"""
        Lottery ticket with rewinding: train, keep the largest weights of the
        whole network (all layers compared together), put the survivors back
        to what they were after epoch {lottery.REWIND_EPOCH} of the first
        round (optimiser state included), train again. {cfg['rounds']} rounds;
        the share alive falls by the same factor each round. SGD with Nesterov
        momentum {lottery.MOMENTUM}, weight decay {lottery.WEIGHT_DECAY:g},
        batch {lottery.BATCH}, rate up to {lottery.PEAK_LR} in epoch
        {lottery.REWIND_EPOCH}, then a cosine to zero; images shifted by up to
        {lottery.SHIFT} pixels{mirrored}.{mixed}""") + "\n\n" + \
        _fill(f"""
        Seed {cfg['seed']}. Training took {seconds / 60:.0f} minutes with torch
        {lottery.torch.__version__} on {_processor()} (threads:
        {', '.join(str(t) for t in _threads(log))}), which may have had other
        work at the same time.""")


def text(args, cfg, data, nodes, run, layers, scales, found, tested, size):
    """The card as Markdown."""
    table, biases, total = _layer_table(nodes, data.shape, layers)
    shape = "x".join(str(n) for n in data.shape)
    classes = ", ".join(f"{i} {c}" for i, c in enumerate(data.classes))
    summary = _fill(f"""
        {cfg['net']} at {cfg['width']:g} of its published width, for
        {data.title}: {total[0] + biases:,} parameters ({total[0]:,} weights,
        {biases:,} biases), {total[1]:,} weights not zero
        ({sparsity(layers):.2%} sparsity), {total[2]:,} multiply-accumulates
        an image when dense. `{args.name}.onnx` has {size:,} bytes.""")
    source = _fill(f"""
        {data.title}, {data.source}, licence {data.licence}, as in Debian's
        package {data.package}. Images {shape}, unsigned bytes; the network
        sees value/255, without a mean taken away.
        {_side(nodes, data.shape)} Of the training set
        {cfg['held_out']:,} images, drawn by the seed, were held out for
        calibration and choices.""")
    integers = _fill(f"""
        Batch norm is folded into the convolutions. Weights: one symmetric
        scale an output channel (one for the whole last layer, so that its
        accumulators can be compared). Activations: the scale of least squared
        error on {quantise.CALIBRATION:,} held-out images. No training after
        quantisation.""")
    return f"""<!-- SPDX-License-Identifier: GPL-2.0-only -->
# {args.name}

Written by `tools/zoo/train`; do not edit.

{summary}

{_accuracy_table(cfg, found, tested)}

The quantised figures are those of the integer reference (`intref.py`), which
does what the device does. Nothing was chosen by the test images.

## To reproduce
Sparsity, integer accuracy on all test images and the expected logits, from
the committed file:

    tools/zoo/check --images 0 {args.name}

The float accuracies, the tables below and the files themselves, by training
anew (another number of threads or another processor adds floats in another
order and ends at a slightly different network):

    {_command(cfg, args.name, run.log)}

## Data
{source}

{_fill("Classes: " + classes + ".")}

## Procedure
{_training(cfg, data, run.log)}

{_round_table(run.log)}

{integers}

## Layers
{table}

## Scales
{_scale_table(nodes, layers, scales)}

{_zero_points(nodes)}
"""

# SPDX-License-Identifier: GPL-2.0-only
"""Quantise a trained network, measure it and write its three files."""
import os
import sys

import onnx

import card
import datasets
import expectation
import intref
import lottery
import qdq
import quantise

EXPECTED = 32


def _accuracy(logits, labels):
    return float((logits.argmax(1) == labels).mean())


def _integer_accuracy(program, images, labels, what):
    moving = sys.stderr.isatty()

    def progress(done, total):
        if moving:
            end = "\r\033[K" if done == total else ""
            sys.stderr.write(f"\r{what}: {done}/{total} images{end}")
            sys.stderr.flush()
    logits = intref.run(program, images, progress)
    return _accuracy(logits, labels), logits


def _write(path, data):
    with open(path + ".part", "wb") as f:
        f.write(data)
    os.replace(path + ".part", path)


def write(args, cfg, data, nodes, run, dense, pruned, held):
    """All files of the network `args.name` below `args.out`. The test set is
    looked at here, once, after everything has been chosen."""
    model = run.model
    test = datasets.load(args.data, "test")
    found = {}
    model.load_state_dict(dense)
    found["dense_held"] = lottery.evaluate(model, *held)
    found["dense"] = lottery.evaluate(model, *test)
    model.load_state_dict(pruned)
    found["pruned_held"] = lottery.evaluate(model, *held)
    found["pruned"] = lottery.evaluate(model, *test)

    scales = quantise.calibrate(model, held[0][:quantise.CALIBRATION])
    layers = quantise.quantise(model, scales)
    onnx_model = qdq.build(
        args.name, nodes, data.shape, layers, scales,
        {"lutna.dataset": data.name, "lutna.classes": ",".join(data.classes),
         "lutna.act_bits": "8", "lutna.weight_bits": "9"})
    raw = onnx_model.SerializeToString(deterministic=True)
    program = intref.steps(onnx.load_from_string(raw))
    found["quantised_held"], _ = _integer_accuracy(program, *held, "held-out")
    found["quantised"], logits = _integer_accuracy(program, *test, "test")

    base = os.path.join(args.out, args.name)
    _write(base + ".onnx", raw)
    _write(base + ".expect",
           expectation.text(args.name, logits[:EXPECTED]).encode())
    text = card.text(args, cfg, data, nodes, run, layers, scales, found,
                     len(test[0]), len(raw))
    _write(base + ".md", text.encode())
    print(f"{base}.onnx: {len(raw)} bytes, "
          f"{card.sparsity(layers):.2%} of weights zero; accuracy on "
          f"{len(test[0])} test images: dense {found['dense']:.2%}, pruned "
          f"{found['pruned']:.2%}, quantised {found['quantised']:.2%}")

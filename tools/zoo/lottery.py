# SPDX-License-Identifier: GPL-2.0-only
"""Lottery-ticket training: train, prune the smallest weights of the whole
network, rewind the survivors to what they were early in training, repeat.

Everything random is drawn from (seed, round, epoch), so that a run continued
from a checkpoint takes the same steps as one that was never interrupted.
"""
import copy
import math
import os
import pickle
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

import memory
import nets

BATCH = 128
PEAK_LR = 0.1
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4
SHIFT = 2
# Epoch of each round that ends at the rewinding point; it is the warm-up too.
REWIND_EPOCH = 1


class Network(nn.Module):
    """A trainable network made from a node list of nets.build()."""

    def __init__(self, nodes, shape):
        super().__init__()
        self.nodes = nodes
        self.done = nets.last_uses([(n.name, n.inputs) for n in nodes])
        self.layers = nn.ModuleDict()
        out = nets.shapes(nodes, shape)
        for node in nodes:
            a = node.attrs
            src = out[node.inputs[0]][0]
            if node.op == "conv":
                self.layers[node.name] = nn.ModuleDict({
                    "conv": nn.Conv2d(src, a["out"], a["kernel"], a["stride"],
                                      a["pad"], bias=False),
                    "norm": nn.BatchNorm2d(a["out"])})
                nn.init.kaiming_normal_(
                    self.layers[node.name]["conv"].weight, nonlinearity="relu")
            elif node.op == "fc":
                self.layers[node.name] = nn.Linear(src, a["out"])

    def forward(self, image):
        value = {nets.INPUT: image}
        for node in self.nodes:
            value[node.name] = self._result(node, value)
            for name in self.done[node.name]:
                del value[name]
        return value[self.nodes[-1].name]

    def values(self, image):
        """The result of every node, keyed by its name."""
        value = {nets.INPUT: image}
        for node in self.nodes:
            value[node.name] = self._result(node, value)
        return value

    def _result(self, node, value):
        x = value[node.inputs[0]]
        a = node.attrs
        if node.op == "conv":
            layer = self.layers[node.name]
            y = layer["norm"](layer["conv"](x))
            return F.relu(y) if a["relu"] else y
        if node.op == "maxpool":
            return F.max_pool2d(x, a["kernel"], a["stride"], a["pad"])
        if node.op == "avgpool":
            return F.adaptive_avg_pool2d(x, 1)
        if node.op == "add":
            return F.relu(x + value[node.inputs[1]])
        if node.op == "concat":
            return torch.cat([value[name] for name in node.inputs], 1)
        if node.op == "flatten":
            return torch.flatten(x, 1)
        return self.layers[node.name](x)

    def prunable(self):
        """The weight tensors that pruning works on, keyed by layer name."""
        found = {}
        for name, layer in self.layers.items():
            inner = layer["conv"] if isinstance(layer, nn.ModuleDict) else layer
            found[name] = inner.weight
        return found


def split(images, labels, held_out, seed):
    """Train and held-out parts of the training set, shuffled by seed."""
    order = np.random.default_rng([seed, 0xda7a]).permutation(len(images))
    keep, hold = order[held_out:], order[:held_out]
    return (images[keep], labels[keep]), (images[hold], labels[hold])


def to_float(images):
    return torch.from_numpy(images.astype(np.float32) / 255)


def evaluate(model, images, labels):
    """Accuracy of the float model, 0..1."""
    model.eval()
    right = 0
    with torch.no_grad():
        for i in range(0, len(images), 500):
            guess = model(to_float(images[i:i + 500])).argmax(1).numpy()
            right += int((guess == labels[i:i + 500]).sum())
    return right / len(images)


def _augment(images, rng, flip):
    """Each image shifted by up to SHIFT pixels and perhaps mirrored."""
    n, _, height, width = images.shape
    wide = np.pad(images, ((0, 0), (0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT)))
    dy = rng.integers(0, 2 * SHIFT + 1, n)
    dx = rng.integers(0, 2 * SHIFT + 1, n)
    rows = dy[:, None] + np.arange(height)
    cols = dx[:, None] + np.arange(width)
    if flip:
        mirror = rng.random(n) < 0.5
        cols[mirror] = cols[mirror, ::-1]
    at = np.arange(n)[:, None, None]
    # Advanced indices around a slice put the channel axis last.
    out = wide[at, :, rows[:, :, None], cols[:, None, :]]
    return np.ascontiguousarray(out.transpose(0, 3, 1, 2))


def _rate(step, steps_an_epoch, epochs):
    """Linear warm-up to the rewinding point, then a cosine to zero."""
    warm = REWIND_EPOCH * steps_an_epoch
    if step < warm:
        return PEAK_LR * (step + 1) / warm
    rest = epochs * steps_an_epoch - warm
    return PEAK_LR * 0.5 * (1 + math.cos(math.pi * (step - warm) / rest))


def remaining(round_, rounds, sparsity):
    """Share of weights alive in a round: 1 in the first, geometric steps."""
    return (1.0 - sparsity) ** (round_ / (rounds - 1))


def _prune(model, masks, keep):
    """Masks that keep the `keep` share of largest weights of the network."""
    weights = model.prunable()
    size = torch.cat([(w.detach().abs() * masks[n]).flatten()
                      for n, w in weights.items()])
    count = max(1, int(round(keep * size.numel())))
    floor = torch.topk(size, count, sorted=True).values[-1]
    return {n: ((w.detach().abs() >= floor) & (masks[n] > 0)).float()
            for n, w in weights.items()}


def _apply(model, masks):
    with torch.no_grad():
        for name, weight in model.prunable().items():
            weight.mul_(masks[name])


def _save(path, what):
    torch.save(what, path + ".part")
    os.replace(path + ".part", path)


def _read(path):
    try:
        return torch.load(path)
    except (EOFError, RuntimeError, pickle.UnpicklingError):
        raise ValueError(f"{path} is damaged; --fresh starts again") from None


class Progress:
    """A moving line on a terminal; one line an epoch everywhere."""

    def __init__(self):
        self.tty = sys.stderr.isatty()
        self.last = 0

    def step(self, text):
        now = time.monotonic()
        if self.tty and now - self.last > 0.2:
            self.last = now
            sys.stderr.write("\r\033[K" + text)
            sys.stderr.flush()

    def line(self, text):
        if self.tty:
            sys.stderr.write("\r\033[K")
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


class Lottery:
    """One run; `cfg` has net, width, data, seed, sparsity, rounds, epochs,
    last_epochs, and `compute` where that is not float32. Its state lives in
    directory `work`."""

    def __init__(self, cfg, nodes, shape, flip, train, held, work):
        self.cfg, self.flip, self.work = cfg, flip, work
        self.images, self.labels = train
        self.held = held
        self.steps = len(self.images) // BATCH
        self.progress = Progress()
        self.mixed = cfg.get("compute") == "bfloat16"
        memory.keep()
        # Pruned weights' momentum dies away through the slowest of numbers.
        torch.set_flush_denormal(True)
        torch.manual_seed(cfg["seed"])
        self.model = Network(nodes, shape)
        if self.mixed:
            self.model = self.model.to(memory_format=torch.channels_last)
        self.masks = {n: torch.ones_like(w)
                      for n, w in self.model.prunable().items()}
        self.round, self.epoch, self.log = 0, 0, []
        self.optimiser = self._new_optimiser()
        path = os.path.join(work, "state.pt")
        if os.path.exists(path):
            self._load(_read(path))

    def _new_optimiser(self):
        decay = [p for p in self.model.parameters() if p.dim() > 1]
        plain = [p for p in self.model.parameters() if p.dim() <= 1]
        return torch.optim.SGD(
            [{"params": decay, "weight_decay": WEIGHT_DECAY},
             {"params": plain, "weight_decay": 0.0}],
            lr=PEAK_LR, momentum=MOMENTUM, nesterov=True)

    def _state(self):
        return {"model": self.model.state_dict(),
                "optimiser": self.optimiser.state_dict(),
                "masks": self.masks, "round": self.round, "epoch": self.epoch,
                "log": self.log}

    def _load(self, state):
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.masks, self.log = state["masks"], state["log"]
        self.round, self.epoch = state["round"], state["epoch"]

    def epochs_of(self, round_):
        last = round_ == self.cfg["rounds"] - 1
        return self.cfg["last_epochs" if last else "epochs"]

    def _loss(self, x, y):
        if not self.mixed:
            return F.cross_entropy(self.model(x), y)
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(
                x.contiguous(memory_format=torch.channels_last))
        return F.cross_entropy(logits.float(), y)

    def _train_epoch(self):
        rng = np.random.default_rng([self.cfg["seed"], self.round, self.epoch])
        order = rng.permutation(len(self.images))
        epochs = self.epochs_of(self.round)
        self.model.train()
        total = 0.0
        for step in range(self.steps):
            pick = order[step * BATCH:(step + 1) * BATCH]
            x = to_float(_augment(self.images[pick], rng, self.flip))
            y = torch.from_numpy(self.labels[pick].astype(np.int64))
            rate = _rate(self.epoch * self.steps + step, self.steps, epochs)
            for group in self.optimiser.param_groups:
                group["lr"] = rate
            loss = self._loss(x, y)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            self.optimiser.step()
            _apply(self.model, self.masks)
            total += loss.item()
            self.progress.step(
                f"round {self.round + 1}/{self.cfg['rounds']} "
                f"epoch {self.epoch + 1}/{epochs} "
                f"step {step + 1}/{self.steps} loss {total / (step + 1):.4f}")
        return total / self.steps

    def _next_round(self):
        """Prune by the trained weights, then go back to the early ones."""
        masks = _prune(self.model, self.masks,
                       remaining(self.round + 1, self.cfg["rounds"],
                                 self.cfg["sparsity"]))
        early = _read(os.path.join(self.work, "early.pt"))
        self.model.load_state_dict(early["model"])
        self.optimiser.load_state_dict(early["optimiser"])
        self.masks = masks
        _apply(self.model, self.masks)
        self.round, self.epoch = self.round + 1, REWIND_EPOCH

    def alive(self):
        kept = sum(float(m.sum()) for m in self.masks.values())
        return kept / sum(m.numel() for m in self.masks.values())

    def run(self):
        """Train to the end. Returns (dense, pruned) model state dicts."""
        while True:
            while self.epoch < self.epochs_of(self.round):
                self._epoch()
            if self.round == self.cfg["rounds"] - 1:
                break
            self._next_round()
            _save(os.path.join(self.work, "state.pt"), self._state())
        dense = _read(os.path.join(self.work, "dense.pt"))
        # A copy: state_dict() gives the live tensors, which loading the dense
        # model would overwrite.
        return dense, copy.deepcopy(self.model.state_dict())

    def _epoch(self):
        start = time.monotonic()
        loss = self._train_epoch()
        accuracy = evaluate(self.model, *self.held)
        seconds = time.monotonic() - start
        self.epoch += 1
        self.log.append({"round": self.round, "epoch": self.epoch,
                         "loss": loss, "held_out": accuracy,
                         "alive": self.alive(), "seconds": seconds,
                         "threads": torch.get_num_threads()})
        if self.round == 0 and self.epoch == REWIND_EPOCH:
            _save(os.path.join(self.work, "early.pt"),
                  {"model": self.model.state_dict(),
                   "optimiser": self.optimiser.state_dict()})
        if self.round == 0 and self.epoch == self.epochs_of(0):
            _save(os.path.join(self.work, "dense.pt"), self.model.state_dict())
        _save(os.path.join(self.work, "state.pt"), self._state())
        self.progress.line(
            f"round {self.round + 1}/{self.cfg['rounds']} "
            f"epoch {self.epoch}/{self.epochs_of(self.round)}: "
            f"{self.alive():.2%} of weights alive, loss {loss:.4f}, "
            f"held-out accuracy {accuracy:.2%}, {seconds:.0f} s")

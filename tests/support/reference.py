"""References of the optimizers: torch.optim with one object per run, and random settings for both."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor

from landscapes import optimizers
from landscapes.engine.batch import BatchResult
from landscapes.objectives.decorators import Function, function
from landscapes.optimizers.arithmetic import norm, pairwise_sum
from landscapes.optimizers.base import Optimizer
from landscapes.optimizers.stepper import RunSetup, StepContext, Stepper
from landscapes.optimizers.torch_arguments import PAIRS
from landscapes.oracle import Oracle, value_and_gradient

Draw = Callable[[np.random.Generator], float]


class PlainLion(torch.optim.Optimizer):
    """Lion as in its paper (Chen et al., 2023, Algorithm 2)."""

    def __init__(
        self, params: Any, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0
    ):
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                m = self.state[p].setdefault("momentum", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_((m * beta1 + p.grad * (1 - beta1)).sign(), alpha=-group["lr"])
                m.mul_(beta2).add_(p.grad, alpha=1 - beta2)


class Plain(torch.optim.Optimizer):
    """A torch optimizer written as in its paper; one subclass per coordinate-wise optimizer."""

    def __init__(self, params: Any, **settings: Any) -> None:
        super().__init__(params, settings)

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["t"] = state.get("t", 0) + 1
                self.move(p, p.grad, group, state)


class PlainAdaBelief(Plain):
    """Zhuang et al., 2020, Algorithm 2, with decoupled weight decay."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], s["t"]
        m, v = (s.setdefault(name, torch.zeros_like(p)) for name in "mv")
        p.mul_(1 - h["lr"] * h["weight_decay"])
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        v.mul_(beta2).addcmul_(g - m, g - m, value=1 - beta2).add_(h["eps"])
        p.addcdiv_(m, v.sqrt() / (1 - beta2**t) ** 0.5 + h["eps"], value=-h["lr"] / (1 - beta1**t))


class PlainYogi(Plain):
    """Zaheer et al., 2018, Algorithm 2, with Adam's corrections as in the published code."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], s["t"]
        m, v = (s.setdefault(name, torch.full_like(p, h["initial_accumulator_value"])) for name in "mv")
        g = g.add(p, alpha=h["weight_decay"])
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        v.addcmul_((v - g * g).sign(), g * g, value=beta2 - 1)
        p.addcdiv_(m, v.sqrt() / (1 - beta2**t) ** 0.5 + h["eps"], value=-h["lr"] / (1 - beta1**t))


class PlainAdan(Plain):
    """Xie et al., 2022, Algorithm 1, in the authors' own convention of the betas."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        t, lr, beta1, beta2, beta3 = s["t"], h["lr"], h["beta1"], h["beta2"], h["beta3"]
        m, u, n = (s.setdefault(name, torch.zeros_like(p)) for name in "mun")
        change = g - s.get("before", g)
        m.mul_(beta1).add_(g, alpha=1 - beta1)
        u.mul_(beta2).add_(change, alpha=1 - beta2)
        n.mul_(beta3).addcmul_(change * beta2 + g, change * beta2 + g, value=1 - beta3)
        root = n.sqrt() / (1 - beta3**t) ** 0.5 + h["eps"]
        p.addcdiv_(m, root, value=-lr / (1 - beta1**t))
        p.addcdiv_(u, root, value=-lr * beta2 / (1 - beta2**t))
        p.div_(1 + lr * h["weight_decay"])
        s["before"] = g.clone()


class PlainHeavyBall(Plain):
    """Goodfellow, Bengio & Courville, 2016, algorithm 8.2."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        v = s.setdefault("v", torch.zeros_like(p))
        v.mul_(h["momentum"]).add_(g.add(p, alpha=h["weight_decay"]), alpha=-h["lr"])
        p.add_(v)


class PlainAverage(Plain):
    """Momentum as a running average, as in Ng's course of 2017."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        m = s.setdefault("m", torch.zeros_like(p))
        m.mul_(h["momentum"]).add_(g.add(p, alpha=h["weight_decay"]), alpha=1 - h["momentum"])
        p.add_(m, alpha=-h["lr"])


class PlainRMSpropInside(Plain):
    """Goodfellow, Bengio & Courville, 2016, algorithm 8.5."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        v, g = s.setdefault("v", torch.zeros_like(p)), g.add(p, alpha=h["weight_decay"])
        v.mul_(h["alpha"]).addcmul_(g, g, value=1 - h["alpha"])
        p.addcdiv_(g, (v + h["eps"]).sqrt(), value=-h["lr"])


class PlainUncorrected(Plain):
    """Adam without bias correction."""

    decoupled = False

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), (m, v, top) = (
            h["betas"],
            (s.setdefault(name, torch.zeros_like(p)) for name in ("m", "v", "top")),
        )
        if self.decoupled:
            p.mul_(1 - h["lr"] * h["weight_decay"])
        else:
            g = g.add(p, alpha=h["weight_decay"])
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        torch.maximum(top, v, out=top)
        p.addcdiv_(m, (top if h["amsgrad"] else v).sqrt() + h["eps"], value=-h["lr"])


class PlainUncorrectedW(PlainUncorrected):
    """AdamW without bias correction."""

    decoupled = True


class PlainADOPT(Plain):
    """Taniguchi et al., 2024, Algorithm 2, with clipping: the first gradient is only stored."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        beta1, beta2 = h["betas"]
        if not h.get("decoupled_weight_decay"):
            g = g.add(p, alpha=h["weight_decay"])
        if s["t"] == 1:
            s["m"], s["v"] = torch.zeros_like(p), g * g
            return
        if h.get("decoupled_weight_decay"):
            p.mul_(1 - h["lr"] * h["weight_decay"])
        bound = (s["t"] - 1) ** h["clip_exp"]
        s["m"].lerp_((g / s["v"].sqrt().clamp(min=h["eps"])).clamp(-bound, bound), 1 - beta1)
        p.add_(s["m"], alpha=-h["lr"])
        s["v"].mul_(beta2).addcmul_(g, g, value=1 - beta2)


class PlainAdEMAMix(Plain):
    """Pagliardini, Ablin & Grangier, 2024, Algorithm 1, with the schedulers of its section 3."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), t, beta3, alpha = h["betas"], s["t"], h["beta3"], h["alpha"]
        fast, slow, v = (s.setdefault(name, torch.zeros_like(p)) for name in ("fast", "slow", "v"))
        share = t / h["warmup"] if h["warmup"] else 1.0
        if share < 1:
            start, end = math.log(beta1), math.log(beta3)
            beta3 = min(math.exp(start * end / ((1 - share) * end + share * start)), beta3)
            alpha = alpha * share
        p.mul_(1 - h["lr"] * h["weight_decay"])
        fast.lerp_(g, 1 - beta1)
        slow.lerp_(g, 1 - beta3)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        root = v.sqrt() / (1 - beta2**t) ** 0.5 + h["eps"]
        p.addcdiv_((fast / (1 - beta1**t)).add(slow, alpha=alpha), root, value=-h["lr"])


class PlainMARS(Plain):
    """Yuan et al., 2024, Algorithm 2 for one gradient per step, as in the authors' code."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], s["t"]
        m, v, before = (s.setdefault(name, torch.zeros_like(p)) for name in ("m", "v", "before"))
        c = g.add(g - before, alpha=h["gamma"] * (beta1 / (1 - beta1)))
        length = float(norm(c[:, None]))
        if length > 1:
            c = c / length
        m.lerp_(c, 1 - beta1)
        v.mul_(beta2).addcmul_(c, c, value=1 - beta2)
        p.mul_(1 - h["lr"] * h["weight_decay"])
        p.addcdiv_(m, (v.sqrt() + h["eps"]) / (1 - beta2**t) ** 0.5, value=-h["lr"] / (1 - beta1**t))
        before.copy_(g)


class PlainCautious(Plain):
    """Liang et al., 2024, Algorithm 1, around AdamW."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], s["t"]
        m, v, top = (s.setdefault(name, torch.zeros_like(p)) for name in ("m", "v", "top"))
        p.mul_(1 - h["lr"] * h["weight_decay"])
        m.lerp_(g, 1 - beta1)
        v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
        torch.maximum(top, v, out=top)
        root = (top if h["amsgrad"] else v).sqrt() / (1 - beta2**t) ** 0.5 + h["eps"]
        p.addcdiv_(m * cautious(m, g, h["xi"]), root, value=-h["lr"] / (1 - beta1**t))


class PlainCautiousLion(Plain):
    """Liang et al., 2024, Algorithm 1, around Lion."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), m = h["betas"], s.setdefault("m", torch.zeros_like(p))
        p.mul_(1 - h["lr"] * h["weight_decay"])
        u = (m * beta1 + g * (1 - beta1)).sign()
        p.add_(u * cautious(u, g, h["xi"]), alpha=-h["lr"])
        m.mul_(beta2).add_(g, alpha=1 - beta2)


def cautious(step: Tensor, g: Tensor, xi: float) -> Tensor:
    mask = (step * g > 0).to(g)
    return mask * (mask.numel() / (mask.sum() + xi)) if mask.any() else mask


class PlainProdigy(Plain):
    """Mishchenko & Defazio, 2023: the authors' code, without a limit on the growth of D."""

    def move(self, p: Tensor, g: Tensor, h: Mapping[str, Any], s: dict[str, Any]) -> None:
        (beta1, beta2), t = h["betas"], s["t"]
        m, v, summed = (s.setdefault(name, torch.zeros_like(p)) for name in ("m", "v", "summed"))
        start, beta3 = s.setdefault("start", p.clone()), beta2**0.5
        d = s.setdefault("d", p.new_tensor(h["d0"]))
        rate = h["lr"]
        if h["use_bias_correction"]:
            rate = rate * ((1 - beta2**t) ** 0.5 / (1 - beta1**t))
        length = d * rate
        product = pairwise_sum((g * (start - p))[:, None])[0]
        s["r"] = s.get("r", p.new_zeros(())) * beta3 + d / h["d0"] * length * product
        m.mul_(beta1).addcmul_(d * (1 - beta1), g)
        v.mul_(beta2).addcmul_(d * d * (1 - beta2) * g, g)
        summed.mul_(beta3).addcmul_(d / h["d0"] * (d if h["safeguard_warmup"] else length), g)
        s["d"] = torch.maximum(d, h["d_coef"] * s["r"] / pairwise_sum(summed.abs()[:, None])[0])
        p.mul_(1 - length * h["weight_decay"])
        p.addcmul_(-length, m / (v.sqrt() + s["d"] * h["eps"]))


def log(low: float, high: float) -> Draw:
    return lambda rng: float(np.exp(rng.uniform(np.log(low), np.log(high))))


def uniform(low: float, high: float) -> Draw:
    return lambda rng: float(rng.uniform(low, high))


ADAM_DECOUPLES = "decoupled_weight_decay" in inspect.signature(torch.optim.Adam).parameters
"""Whether torch's Adam can be AdamW; not in torch 2.4."""

DROPPED = (
    "momentum",
    "weight_decay",
    "lr_decay",
    "lambd",
    "initial_accumulator_value",
    "momentum_decay",
    "beta1",
    "xi",
    "gamma",
    "warmup",
)
"""Settings whose term is omitted at 0."""

DECAY = log(1e-4, 1e-1)
MOMENTS = {"beta1": uniform(0.3, 0.99), "beta2": uniform(0.3, 0.9999), "eps": log(1e-10, 1e-3), "weight_decay": DECAY}

SPACES: Mapping[type[Optimizer], tuple[type[torch.optim.Optimizer], Mapping[str, Draw]]] = {
    optimizers.SGD: (
        torch.optim.SGD,
        {"lr": log(1e-4, 1e-2), "momentum": uniform(0.1, 0.95), "dampening": uniform(-0.5, 0.9), "weight_decay": DECAY},
    ),
    optimizers.ASGD: (
        torch.optim.ASGD,
        {
            "lr": log(1e-4, 1e-2),
            "lambd": log(1e-4, 10),
            "alpha": uniform(0, 2),
            "t0": uniform(-5, 40),
            "weight_decay": DECAY,
        },
    ),
    optimizers.Adagrad: (
        torch.optim.Adagrad,
        {
            "lr": log(1e-3, 1),
            "lr_decay": log(1e-4, 1),
            "weight_decay": DECAY,
            "initial_accumulator_value": log(1e-3, 10),
            "eps": log(1e-12, 1e-3),
        },
    ),
    optimizers.Adadelta: (
        torch.optim.Adadelta,
        {"lr": log(1e-2, 2), "rho": uniform(0, 1), "eps": log(1e-8, 1e-3), "weight_decay": DECAY},
    ),
    optimizers.RMSprop: (
        torch.optim.RMSprop,
        {
            "lr": log(1e-4, 1e-1),
            "alpha": uniform(0.3, 0.999),
            "eps": log(1e-8, 1e-3),
            "weight_decay": DECAY,
            "momentum": uniform(0.1, 0.95),
        },
    ),
    optimizers.Adam: (torch.optim.Adam, {"lr": log(1e-4, 1e-1), **MOMENTS}),
    optimizers.AdamW: (torch.optim.AdamW, {"lr": log(1e-4, 1e-1), **MOMENTS}),
    optimizers.Adamax: (torch.optim.Adamax, {"lr": log(1e-4, 1e-1), **MOMENTS}),
    optimizers.NAdam: (torch.optim.NAdam, {"lr": log(1e-4, 1e-1), **MOMENTS, "momentum_decay": log(1e-4, 1)}),
    optimizers.RAdam: (torch.optim.RAdam, {"lr": log(1e-3, 3e-2), **MOMENTS}),
    optimizers.Rprop: (
        torch.optim.Rprop,
        {
            "lr": log(1e-4, 1e-1),
            "etaminus": uniform(0.1, 0.9),
            "etaplus": uniform(1.01, 2),
            "step_min": log(1e-9, 1e-4),
            "step_max": log(1e-2, 10),
        },
    ),
    optimizers.AdaBelief: (PlainAdaBelief, {"lr": log(1e-4, 1e-1), **MOMENTS}),
    optimizers.Yogi: (PlainYogi, {"lr": log(1e-4, 1e-1), **MOMENTS, "initial_accumulator_value": log(1e-8, 1)}),
    optimizers.Adan: (PlainAdan, {"lr": log(1e-4, 1e-1), **MOMENTS, "beta3": uniform(0.3, 0.9999)}),
    optimizers.HeavyBall: (
        PlainHeavyBall,
        {"lr": log(1e-4, 1e-2), "momentum": uniform(0.1, 0.95), "weight_decay": DECAY},
    ),
    optimizers.AveragedMomentum: (
        PlainAverage,
        {"lr": log(1e-3, 1e-1), "momentum": uniform(0.1, 0.95), "weight_decay": DECAY},
    ),
    optimizers.RMSpropInside: (
        PlainRMSpropInside,
        {"lr": log(1e-4, 1e-1), "alpha": uniform(0.3, 0.999), "eps": log(1e-8, 1e-3), "weight_decay": DECAY},
    ),
    optimizers.UncorrectedAdam: (PlainUncorrected, {"lr": log(1e-4, 1e-1), **MOMENTS}),
    optimizers.UncorrectedAdamW: (PlainUncorrectedW, {"lr": log(1e-4, 1e-1), **MOMENTS}),
    optimizers.ADOPT: (PlainADOPT, {"lr": log(1e-3, 1e-1), **MOMENTS, "clip_exp": uniform(0, 0.5)}),
    optimizers.AdEMAMix: (
        PlainAdEMAMix,
        {
            "lr": log(1e-4, 1e-2),
            **MOMENTS,
            "beta3": uniform(0.9, 0.9999),
            "alpha": uniform(0.5, 8),
            "warmup": uniform(1, 60),
        },
    ),
    optimizers.MARS: (PlainMARS, {"lr": log(1e-4, 1e-1), **MOMENTS, "gamma": uniform(0.01, 0.5)}),
    optimizers.CautiousAdamW: (PlainCautious, {"lr": log(1e-4, 1e-1), **MOMENTS, "xi": uniform(0.1, 2)}),
    optimizers.CautiousLion: (
        PlainCautiousLion,
        {
            "lr": log(1e-5, 1e-2),
            "beta1": uniform(0, 0.99),
            "beta2": uniform(0, 0.999),
            "weight_decay": DECAY,
            "xi": uniform(0.1, 2),
        },
    ),
    optimizers.Prodigy: (
        PlainProdigy,
        {"lr": log(0.1, 1), **MOMENTS, "d0": log(1e-6, 1e-2), "d_coef": uniform(0.5, 1)},
    ),
    optimizers.Lion: (
        PlainLion,
        {"lr": log(1e-5, 1e-2), "beta1": uniform(0, 0.99), "beta2": uniform(0, 0.999), "weight_decay": DECAY},
    ),
}


def variants() -> list[tuple[type[Optimizer], dict[str, bool], bool]]:
    """Return every optimizer with each combination of its flags, with all terms and with as few as possible."""
    found = []
    for cls in SPACES:
        flags = [field.name for field in dataclasses.fields(cls) if isinstance(field.default, bool)]
        for values in itertools.product([False, True], repeat=len(flags)):
            found += [(cls, dict(zip(flags, values, strict=True)), bare) for bare in (False, True)]
    return found


def draw(cls: type[Optimizer], flags: Mapping[str, bool], bare: bool, rng: np.random.Generator) -> Optimizer:
    """Return an optimizer with random settings."""
    settings = {name: sample(rng) for name, sample in SPACES[cls][1].items()}
    if flags.get("nesterov"):
        settings["dampening"] = 0.0
    if bare:
        kept = {"momentum"} if flags.get("nesterov") else set()
        kept |= {"beta1"} if cls is optimizers.AdaBelief else set()  # without it, g − m is always 0
        settings |= dict.fromkeys((settings.keys() & set(DROPPED)) - kept, 0.0)
    return cls(**settings, **flags)


def two_of_each_variant(cls: type[Optimizer], rng: np.random.Generator) -> list[Optimizer]:
    """Return two optimizers of each variant of a class."""
    return [draw(*variant, rng) for variant in variants() if variant[0] is cls for _ in range(2)]


def in_torch(optimizer: Optimizer) -> dict[str, Any]:
    """Return the settings as the reference takes them."""
    settings = {field.name: getattr(optimizer, field.name) for field in dataclasses.fields(optimizer)}
    del settings["groups"]
    for pair, halves in PAIRS.items():
        if set(halves) <= set(settings):
            settings[pair] = tuple(settings.pop(half) for half in halves)
    if isinstance(optimizer, optimizers.Adan):  # whose three betas are no pair
        settings["beta1"], settings["beta2"] = settings.pop("betas")
    if isinstance(optimizer, optimizers.Adam) and not ADAM_DECOUPLES:
        settings.pop("decoupled_weight_decay", None)
    stock = SPACES[type(optimizer)][0].__module__.startswith("torch")
    return {**settings, "foreach": False} if stock else settings


def class_in_torch(optimizer: Optimizer) -> type[torch.optim.Optimizer]:
    """Return the class of the reference, whose settings `in_torch` returns."""
    cls = SPACES[type(optimizer)][0]
    decoupled = cls is torch.optim.Adam and getattr(optimizer, "decoupled_weight_decay", False)
    return torch.optim.AdamW if decoupled and not ADAM_DECOUPLES else cls


def counterpart(optimizer: Optimizer, parameter: Tensor) -> torch.optim.Optimizer:
    """Return the reference of the optimizer, with its settings."""
    return class_in_torch(optimizer)([parameter], **in_torch(optimizer))


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Set torch's default dtype, in which NAdam and ASGD store numbers."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def by_torch(
    objective: Function, candidates: Sequence[Optimizer], x: Tensor, steps: int, separate: bool = True
) -> Tensor:
    """Return the points (steps, d, R) of torch.optim, with one torch optimizer per run.

    Each run has its own backward pass, or, faster, all share one (`separate=False`).
    """
    paths, oracle = torch.empty((steps, *x.shape), dtype=x.dtype), Oracle(objective, x.shape[1])
    points = [start.clone().requires_grad_() for start in x.unbind(1)]
    with default_dtype(torch.float64):
        optimizers = [counterpart(optimizer, p) for optimizer, p in zip(candidates, points, strict=True)]
        for path in paths:
            if separate:
                for p in points:
                    p.grad = None
                    objective.evaluate(p).backward()
            else:
                gradient = oracle.value_and_gradient(torch.stack([p.detach() for p in points], 1))[1]
                for p, column in zip(points, gradient.unbind(1), strict=True):
                    p.grad = column.clone()
            for torch_optimizer in optimizers:
                torch_optimizer.step()
            torch.stack([p.detach() for p in points], 1, out=path)
    return paths


def by_optimizers(objective: Function, candidates: Sequence[Optimizer], x: Tensor, steps: int) -> Tensor:
    """Return the points (steps, d, R) of the optimizers, in batches as large as possible."""
    groups: dict[Any, list[int]] = {}
    for run, optimizer in enumerate(candidates):
        groups.setdefault(optimizer.batch_key, []).append(run)
    steppers = [
        (runs, stepper_of([candidates[run] for run in runs], x[:, runs], steps), Oracle(objective, len(runs)))
        for runs in groups.values()
    ]
    paths = torch.full((steps, *x.shape), torch.nan, dtype=x.dtype)
    for t, path in enumerate(paths, start=1):
        value, gradient = value_and_gradient(objective, x)
        for runs, stepper, oracle in steppers:
            path[:, runs] = stepper.step(context_at(t, x[:, runs], gradient[:, runs], oracle, value[runs]))
        x = path.clone()
    return paths


def stepper_of(candidates: Sequence[Optimizer], x: Tensor, steps: int = 1000) -> Stepper:
    """Return a stepper for optimizers with one batch key."""
    return type(candidates[0]).stepper(candidates, x, RunSetup.default(len(candidates), steps))


def context_at(t: int, x: Tensor, gradient: Tensor, oracle: Oracle, value: Tensor | None = None) -> StepContext:
    """Return the context of runs at points x (d, R) at step t."""
    nothing = torch.full_like(x[0], torch.nan)
    return StepContext(
        t, x, nothing if value is None else value, gradient, oracle, torch.ones_like(x[0], dtype=torch.bool)
    )


def valley(dim: int) -> Function:
    """Return Rosenbrock's function / 100 in d coordinates; the explicit sum has a fixed order in any batch."""

    def formula(*x: Tensor) -> Tensor:
        total = (1 - x[0]) * (1 - x[0])
        for a, b in itertools.pairwise(x):
            total = total + (1 - a) * (1 - a) + 100 * (b - a * a) * (b - a * a)
        return total / 100

    return function(*[(-2.0, 2.0)] * dim, name="valley")(formula)


def egg_box(dim: int) -> Function:
    """Return Ackley's function in d coordinates."""

    def formula(*x: Tensor) -> Tensor:
        square, wave = x[0] * x[0], torch.cos(2 * torch.pi * x[0])
        for a in x[1:]:
            square, wave = square + a * a, wave + torch.cos(2 * torch.pi * a)
        return -20 * torch.exp(-0.2 * torch.sqrt(square / dim)) - torch.exp(wave / dim)

    return function(*[(-2.0, 2.0)] * dim, name="egg_box")(formula)


FUNCTIONS = (valley, egg_box)


def starts(dim: int, runs: int, rng: np.random.Generator, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.from_numpy(rng.uniform(-1.5, 1.5, (dim, runs))).to(dtype)


def assert_same(left: BatchResult, right: BatchResult) -> None:
    for name, value in columns(left).items():
        np.testing.assert_array_equal(value, columns(right)[name], err_msg=name)


def part(paths: BatchResult, index: list[int]) -> BatchResult:
    """Return some of the runs."""

    def of(value: Any) -> Any:
        return {name: column[index] for name, column in value.items()} if isinstance(value, dict) else value[index]

    return BatchResult(**{name: value if name == "step" else of(value) for name, value in vars(paths).items()})


def columns(paths: BatchResult) -> dict[str, Any]:
    return {**vars(paths), "evaluations": None, "metrics": None, **paths.evaluations, **paths.metrics}

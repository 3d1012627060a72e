"""Prepare the loss of a network: a private copy, its data, and what is checked at the network's own weights."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from landscapes.builders._from_module import eval_copy, forget_statistics
from landscapes.errors import InputError, unknown, warn
from landscapes.networks.data import Batches, count_rows, cut_rows, load_batches, map_tensors, takes_model
from landscapes.networks.losses import BATCHNORM, Loss, LossModule, Metrics, NetworkLoss, accuracy
from landscapes.networks.weights import Patterns, Weights, unwrapped
from landscapes.optimizers.adapters.isolation import preserve_rng_state, seed_all

SAME = 1e-5
"""Losses of the same weights differ by at most this share; rounding depends on layout and pieces."""

SAMPLED_ROWS = 512
"""Rows on which it is seen whether the loss is a mean over rows, so that the data may be cut."""


def network_loss(
    model: Any,
    loss: Loss,
    data: Any,
    *,
    layers: Patterns = None,
    freeze: Patterns = None,
    batchnorm: str = "frozen",
    metrics: Metrics = None,
    dtype: torch.dtype | None = None,
) -> NetworkLoss:
    """Return the loss of a module on data, checked at the module's own weights.

    Args:
        model: any module; it is copied and evaluated as in `.eval()`.
        loss: `loss(outputs, targets)`, or `loss(model, batch)` if its first argument is called model, net, network or
            module. None takes `model(**batch).loss`.
        data: see `data.load_batches`.
        layers: patterns of the names of weights that move.
        freeze: patterns of those that do not.
        batchnorm: "frozen", "batch" or "recalibrate".
        metrics: further quantities by name, called as the loss is; "accuracy" for the share of correct classes.
        dtype: the precision of the copy; by default that of the module.

    Raises:
        InputError: for another module, data or loss than described, and for a loss that is not finite.

    Warns:
        UserWarning: if the loss or the data are random.
    """
    model = unwrapped(model)
    weights = Weights.of(model, layers, freeze)
    if batchnorm not in BATCHNORM:
        raise InputError(f"batchnorm must be {', '.join(map(repr, BATCHNORM))}, got {batchnorm!r}")
    if loss is not None and not callable(loss):
        raise InputError(f"loss must be callable, loss(outputs, targets) or loss(model, batch), got {loss!r:.60}")
    net = eval_copy(model)
    if dtype is not None:
        net = net.to(dtype)
        weights = Weights.of(net, list(weights.names))
    for p in net.parameters():
        p.requires_grad_(False)
    has_batchnorm = any(isinstance(layer, _BatchNorm) for layer in net.modules())
    if batchnorm == "batch" and has_batchnorm:
        forget_statistics(net)
    own = copy.deepcopy(loss).to(next(net.parameters()).device, dtype) if isinstance(loss, nn.Module) else loss
    batches = load_batches(data, next(net.parameters()).device, dtype, whole=batchnorm != "frozen" and has_batchnorm)
    reduction = getattr(loss, "reduction", None)
    module = LossModule(net, own, _metrics(metrics), takes_model(loss) if loss is not None else True).eval()
    made = NetworkLoss(
        module,
        weights,
        batches,
        tuple(_metrics(metrics)),
        batchnorm if has_batchnorm else "frozen",
        total=reduction == "sum",
    )
    if batches.cut and not _is_mean(made, data):
        made.batches = load_batches(data, next(net.parameters()).device, dtype, whole=True)
    _check(made, model)
    return made


def batchnorm_between(given: str | None, *models: Any) -> str:
    """Return how to treat BatchNorm: as given, else "recalibrate" if one of `models` is a module, else "frozen".

    The running statistics of one model fit no other: with them, the other one has a loss that it never had.

    >>> batchnorm_between(None, "random"), batchnorm_between(None, nn.Linear(1, 1)), batchnorm_between("batch")
    ('frozen', 'recalibrate', 'batch')
    """
    if given is not None:
        return given
    return "recalibrate" if any(isinstance(model, nn.Module) for model in models) else "frozen"


def statistics_moved(model: nn.Module, states: Sequence[Mapping[str, Any] | None]) -> bool:
    """Return whether the running statistics of BatchNorm changed on the path to a model, by its checkpoints.

    Checkpoints that are vectors do not say so. Then it is assumed of layers that are in training mode if the model is.
    """
    layers = {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, _BatchNorm) and layer.track_running_stats
    }
    if not layers or not states:
        return False
    if any(state is None for state in states):
        return any(layer.training or not model.training for layer in layers.values())
    names = [f"{name}.{part}" if name else part for name in layers for part in ("running_mean", "running_var")]
    own = model.state_dict()
    return any(
        name in state and not torch.equal(torch.as_tensor(state[name]).to(own[name]), own[name])
        for state in states
        if state is not None
        for name in names
        if name in own
    )


def checked_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of `network_loss`. Raises `InputError` for unknown ones."""
    known = ("layers", "freeze", "batchnorm", "dtype")
    for name in given:
        if name not in known:
            raise unknown("argument", name, known)
    return dict(given)


def _metrics(given: Metrics) -> dict[str, Callable[..., Any]]:
    if given is None:
        return {}
    if given == "accuracy" or (isinstance(given, list) and given == ["accuracy"]):  # a list, as in `race`
        return {"accuracy": accuracy}
    if not isinstance(given, Mapping) or not all(callable(metric) for metric in given.values()):
        raise InputError(f'metrics must be "accuracy" or a mapping of names to callables, got {given!r:.60}')
    return {str(name): metric for name, metric in given.items()}


def _is_mean(loss: NetworkLoss, data: Any) -> bool:
    """Return whether the loss of two halves is the mean of their losses, on rows from all over the data."""
    if len(loss.batches) < 2:
        return True
    total = loss.batches.total
    picked = torch.linspace(0, total - 1, min(total, SAMPLED_ROWS)).long()
    batch = loss.batches.place(map_tensors(data, lambda t: t[picked.to(t.device)]))
    rows = len(picked)
    try:
        with preserve_rng_state(), torch.set_grad_enabled(loss.grad):
            pieces = cut_rows(batch, rows, rows // 2)
            shares = [1.0 if loss.total else count_rows(piece) / rows for piece in pieces]
            apart = sum(
                share * loss.module(piece).detach().double() for share, piece in zip(shares, pieces, strict=True)
            )
            together = loss.module(batch).detach().double()
    except Exception:  # the check that follows says what is wrong
        return True
    return bool(torch.allclose(torch.as_tensor(apart), together, rtol=1e-4, atol=1e-6, equal_nan=True))


def _check(loss: NetworkLoss, model: nn.Module) -> None:
    """Evaluate twice at the module's own weights. Raises `InputError` if the loss is not one finite number."""
    with preserve_rng_state():
        seed_all(0, 0, 0)
        before = torch.get_rng_state()
        try:
            first = loss.evaluate()
        except RuntimeError as error:
            if "does not require grad" not in str(error) and "grad_fn" not in str(error):
                raise _failed(error, model) from error
            loss.grad = True
            first = _evaluate(loss, model)
        except InputError:
            raise
        except Exception as error:
            raise _failed(error, model) from error
        drew = not torch.equal(before, torch.get_rng_state())
        seed_all(0, 0, 1)
        second = _evaluate(loss, model)
    if not math.isfinite(first[0]):
        raise InputError(
            f"the loss of the model as it is is {first[0]}; a plane around such a point shows nothing: check the data "
            "and the weights (landscapes.diagnose finds the step at which a run fails)"
        )
    loss.random = drew or not _same(first[0], second[0])
    if loss.random:
        warn(
            f"the loss is random: two evaluations of the same weights give {first[0]:.6g} and {second[0]:.6g} (dropout "
            "in training mode, noise or augmentation); each point is evaluated with the same random numbers"
        )
        loss.values = loss.evaluate()
        if not _same(loss.value, loss.evaluate()[0]):
            raise InputError(
                "the loss is random and does not follow the seeds of torch, numpy and random, so that a surface would "
                "be noise; load the data once, into a list of batches"
            )
    else:
        loss.values = first
    if loss.batches.kept is not None and loss.batches.loader is not loss.batches.kept and not loss.batches.cut:
        _warn_of_random_data(loss)


def _warn_of_random_data(loss: NetworkLoss) -> None:
    """Warn if a second pass over the loader gives another loss, as with augmentation.

    With statistics of batches, the loss depends on which rows a batch has, so that a shuffled loader would be blamed.
    """
    loader = loss.batches.loader
    if isinstance(loader, list | tuple | Iterator) or loss.batchnorm != "frozen":
        return
    again = Batches(None, loader, loss.batches.place, loss.batches.rows)
    kept, loss.batches = loss.batches, again
    try:
        with preserve_rng_state():
            seed_all(0, 0, 2)  # the first pass began with the caller's numbers, and left them as they were
            second = loss.evaluate()[0]
    finally:
        loss.batches = kept
    if not abs(second - loss.value) <= 1e-3 * max(abs(loss.value), 1e-12):
        warn(
            f"the data are random: a second pass over the loader gives the loss {second:.6g} instead of "
            f"{loss.value:.6g} (augmentation, or sampled batches); all points are evaluated on the first pass"
        )


def _evaluate(loss: NetworkLoss, model: nn.Module) -> tuple[float, ...]:
    try:
        return loss.evaluate()
    except InputError:
        raise
    except Exception as error:
        raise _failed(error, model) from error


def _failed(error: Exception, model: nn.Module) -> InputError:
    """Return the error message for an exception in the loss or the module."""
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return InputError(
        f"the loss of {type(model).__name__} on the data raises {reason[:300]}; a loss is called as loss(outputs, "
        "targets), or as loss(model, batch) if its first argument is called model; batches that are mappings are "
        "passed to the model as keyword arguments"
    )


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME * max(abs(one), abs(other)) or one == other

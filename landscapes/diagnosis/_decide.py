"""Ask the rules in order, and turn the first finding into a verdict with a confidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from landscapes.diagnosis import _advice, _blow_up, _chaos, _ends, _failures, _motion, _rise
from landscapes.diagnosis._finding import Finding
from landscapes.diagnosis._log import Log
from landscapes.diagnosis._verdict import Evidence, Verdict

LEAST = 8
"""A log of fewer entries is unclear, unless it has infinite losses or ends in NaN."""

RULES: Sequence[Callable[[Log], Finding | None]] = (
    _failures.non_finite,
    _blow_up.blow_up,
    _failures.stopped,
    _failures.left_domain,
    _failures.diverged,
    _failures.zero_gradient,
    _failures.clipped,
    _blow_up.thrown_at_start,
    _motion.spike,
    _rise.late_instability,
    _motion.cycling,
    _motion.oscillating,
    _chaos.chaotic,
    _failures.schedule_ended,
    _motion.noise_floor,
    _ends.smooth_end,
    _ends.unmoved,
)
"""In order: the first that finds something decides. Causes that a log names come before shapes of the curve."""

CONFIDENCE = ((0.0, 0.80), (0.1, 0.95), (0.3, 0.98), (1.0, 0.99))
"""Margins in factors of ten, and the confidence at them; `benchmarks/diagnosis.py` measures how well it is met."""


def decide(log: Log, label: str = "") -> Verdict:
    """Return the verdict on a log."""
    with np.errstate(all="ignore"):
        if len(log) < LEAST and log.failed_at is None and log.diverged_at is None and not len(log.infinite):
            return _unclear(log, label, f"a log of length {len(log)} is too short for a verdict, which needs {LEAST}")
        for rule in RULES:
            if log.failed_at is not None and rule is not _failures.non_finite:
                break
            finding = rule(log)
            if finding is not None:
                return _verdict(finding, label, log)
    if log.noisy and log.drop > 0 and abs(log.quarters[1]) < log.drop:
        return _unclear(
            log,
            label,
            "noise hides whether the loss still falls: over the last quarter it changed by "
            f"{log.quarters[1] / log.drop:.2g} of its fall; run on, or log means of more steps",
        )
    return _unclear(log, label, "the end is neither smooth nor regular, and too short to be distinguished from noise")


def _verdict(finding: Finding, label: str, log: Log) -> Verdict:
    kind, other = finding.kind, finding.alternative
    margins, shares = zip(*CONFIDENCE, strict=True)
    words = _advice.experiment(kind, other) if other else ""
    gaps = (Evidence("entries left out because they are NaN", float(log.gaps)),) if log.gaps else ()
    return Verdict(
        kind,
        finding.summary,
        (*finding.evidence, *gaps),
        finding.steps,
        float(np.interp(finding.margin, margins, shares)),
        _advice.REMEDIES.get(kind, ""),
        _advice.SOURCES.get(kind, ""),
        other or "",
        f"{words}; {finding.measured}" if words and finding.measured else words,
        label,
        finding.figures,
    )


def _moved(log: Log) -> str:
    """Return in words what the losses did, from the first to the median of the last ones."""
    if len(log) < 2:
        return ""
    last = log.loss[-max(1, len(log) // 10) :]
    end = float(np.median(last))
    if end == log.first:
        return "; the loss did not change"
    which = f", the median of the last {len(last)}" if len(last) > 1 else ""
    return f"; the loss {'fell' if end < log.first else 'rose'} from {log.first:.4g} to {end:.4g}{which}"


def _unclear(log: Log, label: str, why: str) -> Verdict:
    lacking = [
        name
        for name, given in (
            ("gradient norms", log.gradient_norm),
            ("step lengths", log.step_length),
            ("learning rates", log.lr),
            ("the function, for curvature", log.curvature),
        )
        if given is None
    ]
    more = f"; not given: {', '.join(lacking)}" if lacking else ""
    steps = log.span(0) if len(log) else (0, 0)
    return Verdict("unclear", why + _moved(log) + more, steps=steps, label=label)

"""What usually helps, where the mechanism is described, and which experiment distinguishes two kinds."""

from __future__ import annotations

from collections.abc import Mapping

from landscapes.diagnosis._verdict import Kind

REMEDIES: Mapping[Kind, str] = {
    "crawling": "a larger learning rate, up to just below 2/λ; if curvatures differ much: momentum, Adam, scaled data",
    "plateau": "another start, scaled data or initialization; an adaptive optimizer takes longer steps where gradients "
    "are tiny",
    "saddle": "noise in the gradient or a small perturbation of the point",
    "oscillating": "a smaller learning rate, or less momentum",
    "cycling": "a smaller or decaying learning rate, shuffled data",
    "noise floor": "if the level is too high: a decaying learning rate, larger batches, or an average of the points",
    "spike": "gradient clipping; inspect the batch of that step",
    "late instability": "a lower or decaying learning rate, AMSGrad, a larger ε of Adam, clipping; inspect the data of "
    "that step",
    "diverged": "a learning rate below 2/λ, warm-up, clipping, scaled data",
    "non-finite": "inspect the step before: a lower learning rate if the loss grew, else the data and the formula "
    "(logarithms, roots, divisions)",
    "zero gradient": "another activation or initialization; check that the output depends on the parameters",
    "clipped": "a larger limit: at the norm of typical gradients, clipping only removes outliers",
    "schedule ended": "a longer schedule, or a larger last learning rate",
    "left domain": "a lower learning rate, or a projection onto the domain",
}

SOURCES: Mapping[Kind, str] = {
    "converged": "Nesterov 2018, Lectures on Convex Optimization, sections 2.1 and 2.2",
    "crawling": "Nesterov 2018, Lectures on Convex Optimization, section 2.1.5",
    "plateau": "Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural networks",
    "saddle": "Jin, Ge, Netrapalli, Kakade and Jordan 2017, How to escape saddle points efficiently",
    "oscillating": "Cohen, Kaur, Li, Kolter and Talwalkar 2021, Gradient descent on neural networks typically occurs "
    "at the edge of stability; for momentum O'Donoghue and Candès 2015, Adaptive restart",
    "cycling": "Reddi, Kale and Kumar 2018, On the convergence of Adam and beyond",
    "noise floor": "Bottou, Curtis and Nocedal 2018, Optimization methods for large-scale machine learning",
    "spike": "Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks",
    "late instability": "Molybog et al. 2023, A theory on Adam instability in large-scale machine learning",
    "diverged": "Nesterov 2018, Lectures on Convex Optimization, section 2.1.5",
    "non-finite": "Goldberg 1991, What every computer scientist should know about floating-point arithmetic",
    "zero gradient": "Lu, Shin, Su and Karniadakis 2020, Dying ReLU and initialization",
    "clipped": "Zhang, He, Sra and Jadbabaie 2020, Why gradient clipping accelerates training",
    "schedule ended": "Hoffmann et al. 2022, Training compute-optimal large language models, section 3.1",
}

EXPERIMENTS: Mapping[frozenset[Kind], str] = {
    frozenset(
        {"converged", "saddle"}
    ): "measure the lowest eigenvalue of the Hessian at the last point: below zero, it is a saddle",
    frozenset(
        {"converged", "noise floor"}
    ): "run on with a tenth of the learning rate: at a noise floor the loss falls",
    frozenset({"converged", "still falling"}): "run for as many steps again: the loss falls on, or it has converged",
    frozenset({"converged", "zero gradient"}): "evaluate the gradient at a point nearby: it is zero there too if units "
    "are dead",
    frozenset({"converged", "schedule ended"}): "run on at the largest learning rate: the loss falls if the schedule "
    "ended too early",
    frozenset({"plateau", "saddle"}): "measure the lowest eigenvalue of the Hessian: clearly below zero at a saddle, "
    "nearly zero on a plateau",
    frozenset({"crawling", "plateau"}): "measure the curvature along the gradient: positive if the run crawls down a "
    "valley",
    frozenset({"crawling", "still falling"}): "run with ten times the learning rate: a crawling run becomes ten times "
    "as fast",
    frozenset({"crawling", "noise floor"}): "run with ten times the learning rate: only a crawling run gets lower",
    frozenset({"plateau", "still falling"}): "run for as many steps again: the loss falls on, or it has come to rest",
    frozenset({"diverged", "spike"}): "lower the learning rate tenfold: only a run that had diverged no longer leaps",
    frozenset({"crawling", "clipped"}): "run without clipping: only a clipped run becomes faster",
    frozenset({"plateau", "zero gradient"}): "print the norm of the gradient: zero to the last bit, or only small",
    frozenset({"cycling", "oscillating"}): "compare the points one period apart: they are equal in a cycle",
    frozenset({"noise floor", "oscillating"}): "run on with the full batch: swings stay, noise vanishes",
    frozenset({"noise floor", "still falling"}): "run for as many steps again and compare the means of both halves",
    frozenset(
        {"late instability", "noise floor"}
    ): "restart from the lowest point: noise stays low, instability returns",
    frozenset({"converged", "late instability"}): "run on: the loss of an unstable run goes on growing",
    frozenset({"late instability", "spike"}): "run on: a spike stays single",
    frozenset({"diverged", "non-finite"}): "lower the learning rate tenfold: a run that had diverged stays finite",
    frozenset({"diverged", "oscillating"}): "run on: swings stay bounded",
    frozenset(
        {"diverged", "left domain"}
    ): "lower the learning rate tenfold: only a run that had diverged stays inside",
}
"""By pair of kinds."""


def experiment(kind: Kind, other: Kind) -> str:
    """Return the experiment that distinguishes two kinds."""
    return EXPERIMENTS[frozenset({kind, other})]

"""Functions that other packages define too: their names there, and how to evaluate them."""

from __future__ import annotations

import contextlib
import importlib
import io
import warnings
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

HOMES = {
    "opfunu": "opfunu",
    "benchmarkfcns": "benchmarkfcns",
    "botorch": "botorch.test_functions.synthetic",
    "pymoo": "pymoo.problems.single",
    "cocoex": "cocoex",
    "ioh": "ioh",
}
"""The module of each package. opfunu is the rewrite distributed as opfunu-core, cocoex is distributed as
coco-experiment. The extra `peers` has the last release of benchmarkfcns that does not require numpy 1. Release 3 has
more functions, and runs with numpy 2 if it is installed without its dependencies."""

BATCHED = ("benchmarkfcns", "botorch", "pymoo")
"""Packages that evaluate many points per call."""

BBOB = ("cocoex", "ioh")
"""Packages that define the BBOB functions, by number."""

SAME: dict[str, tuple[str, ...]] = {
    "ackley": (
        "opfunu:Ackley01",
        "benchmarkfcns:ackley",
        "botorch:Ackley",
        "pymoo:Ackley",
    ),
    "ackley_n2": (
        "opfunu:Ackley02",
        "benchmarkfcns:ackleyn2",
    ),
    "ackley_n3": ("opfunu:Ackley03",),
    "ackley_n4": ("benchmarkfcns:ackleyn4",),
    "adjiman": (
        "opfunu:Adjiman",
        "benchmarkfcns:adjiman",
    ),
    "alpine_n1": ("opfunu:Alpine01",),
    "alpine_n2": ("opfunu:Alpine02",),
    "bartels_conn": (
        "opfunu:BartelsConn",
        "benchmarkfcns:bartelsconn",
    ),
    "beale": (
        "opfunu:Beale",
        "benchmarkfcns:beale",
        "botorch:Beale",
    ),
    "biggs_exp2": ("opfunu:BiggsExp02",),
    "bird": (
        "opfunu:Bird",
        "benchmarkfcns:bird",
    ),
    "bohachevsky_n1": (
        "opfunu:Bohachevsky1",
        "benchmarkfcns:bohachevskyn1",
    ),
    "bohachevsky_n2": (
        "opfunu:Bohachevsky2",
        "benchmarkfcns:bohachevskyn2",
    ),
    "bohachevsky_n3": ("opfunu:Bohachevsky3",),
    "booth": (
        "opfunu:Booth",
        "benchmarkfcns:booth",
    ),
    "box": ("opfunu:BoxBetts",),
    "branin": (
        "opfunu:Branin01",
        "benchmarkfcns:braninn1",
        "botorch:Branin",
    ),
    "branin_n2": (
        "opfunu:Branin02",
        "benchmarkfcns:braninn2",
    ),
    "brent_bowl": (
        "opfunu:Brent",
        "benchmarkfcns:brent",
    ),
    "brown": (
        "opfunu:Brown",
        "benchmarkfcns:brown",
    ),
    "bukin_n4": (
        "opfunu:Bukin04",
        "benchmarkfcns:bukinn4",
    ),
    "bukin_n6": (
        "opfunu:Bukin06",
        "benchmarkfcns:bukinn6",
        "botorch:Bukin",
    ),
    "carrom_table": ("benchmarkfcns:carromtable",),
    "chichinadze": (
        "opfunu:Chichinadze",
        "benchmarkfcns:chichinadze",
    ),
    "chung_reynolds": ("opfunu:ChungReynolds",),
    "cigar": (
        "opfunu:Cigar",
        "benchmarkfcns:cigar",
    ),
    "corana": ("opfunu:Corana",),
    "corrugated_spring": ("opfunu:DeflectedCorrugatedSpring",),
    "cross_in_tray": (
        "opfunu:CrossInTray",
        "benchmarkfcns:crossintray",
    ),
    "cross_leg_table": ("opfunu:CrossLegTable",),
    "crowned_cross": (
        "opfunu:CrownedCross",
        "benchmarkfcns:crownedcross",
    ),
    "cube": (
        "opfunu:Cube",
        "benchmarkfcns:cubefcn",
        "benchmarkfcns:leon",
    ),
    "damavandi": ("opfunu:Damavandi",),
    "de_villiers_glasser_n1": ("opfunu:DeVilliersGlasser01",),
    "deb_n1": (
        "opfunu:Deb01",
        "benchmarkfcns:debn1",
    ),
    "decanomial": ("opfunu:Decanomial",),
    "deceptive": ("opfunu:Deceptive",),
    "deckkers_aarts": (
        "opfunu:DeckkersAarts",
        "benchmarkfcns:deckkersaarts",
    ),
    "different_powers": ("benchmarkfcns:powellsum",),
    "dixon_price": (
        "opfunu:DixonPrice",
        "botorch:DixonPrice",
    ),
    "drop_wave": (
        "opfunu:DropWave",
        "benchmarkfcns:dropwave",
        "botorch:DropWave",
    ),
    "easom": (
        "opfunu:Easom",
        "benchmarkfcns:easom",
    ),
    "egg_crate": (
        "opfunu:EggCrate",
        "benchmarkfcns:eggcrate",
    ),
    "eggholder": (
        "opfunu:EggHolder",
        "botorch:EggHolder",
    ),
    "el_attar_vidyasagar_dutta": (
        "opfunu:ElAttarVidyasagarDutta",
        "benchmarkfcns:elattar",
    ),
    "forrester": ("benchmarkfcns:forrester",),
    "freudenstein_roth": ("opfunu:FreudensteinRoth",),
    "gaussian_well": (
        "opfunu:Exponential",
        "benchmarkfcns:exponential",
    ),
    "giunta": (
        "opfunu:Giunta",
        "benchmarkfcns:giunta",
    ),
    "goldstein_price": (
        "opfunu:GoldsteinPrice",
        "benchmarkfcns:goldsteinprice",
    ),
    "gramacy_lee": ("benchmarkfcns:gramacylee",),
    "griewank": (
        "opfunu:Griewank",
        "benchmarkfcns:griewank",
        "botorch:Griewank",
        "pymoo:Griewank",
    ),
    "gulf_research": ("opfunu:Gulf",),
    "hansen": ("opfunu:Hansen",),
    "hartmann_n3": ("opfunu:Hartmann3",),
    "hartmann_n6": ("opfunu:Hartmann6",),
    "himmelblau": (
        "opfunu:Himmelblau",
        "benchmarkfcns:himmelblau",
        "pymoo:Himmelblau",
    ),
    "holder_table": (
        "opfunu:HolderTable",
        "benchmarkfcns:holdertable",
        "botorch:HolderTable",
    ),
    "hosaki": ("opfunu:Hosaki",),
    "jennrich_sampson": ("opfunu:JennrichSampson",),
    "judge": ("opfunu:Judge",),
    "keane": ("benchmarkfcns:keane",),
    "l1_norm": ("benchmarkfcns:schwefel220",),
    "langermann": ("opfunu:Langermann",),
    "lennard_jones": ("opfunu:LennardJones",),
    "levy": ("botorch:Levy",),
    "levy_n3": ("opfunu:Levy03",),
    "levy_n13": (
        "opfunu:Levy13",
        "benchmarkfcns:levin13",
    ),
    "matyas": (
        "opfunu:Matyas",
        "benchmarkfcns:matyas",
    ),
    "mccormick": (
        "opfunu:McCormick",
        "benchmarkfcns:mccormick",
    ),
    "meyer": ("opfunu:Meyer",),
    "michalewicz": (
        "opfunu:Michalewicz",
        "botorch:Michalewicz",
    ),
    "miele_cantrell": ("opfunu:MieleCantrell",),
    "mishra_n2": ("opfunu:Mishra02",),
    "mishra_n3": ("opfunu:Mishra03",),
    "mishra_n4": ("opfunu:Mishra04",),
    "mishra_n5": ("opfunu:Mishra05",),
    "mishra_n6": ("opfunu:Mishra06",),
    "multimodal_product": ("opfunu:MultiModal",),
    "needle_eye": ("opfunu:NeedleEye",),
    "new_function_n1": ("opfunu:NewFunction01",),
    "new_function_n2": ("opfunu:NewFunction02",),
    "odd_square": ("opfunu:OddSquare",),
    "parsopoulos": ("opfunu:Parsopoulos",),
    "periodic": ("benchmarkfcns:periodic",),
    "powell_singular": ("botorch:Powell",),
    "quintic": ("opfunu:Quintic",),
    "rana": ("opfunu:Rana",),
    "rastrigin": (
        "benchmarkfcns:rastrigin",
        "botorch:Rastrigin",
        "pymoo:Rastrigin",
    ),
    "rosenbrock": (
        "benchmarkfcns:rosenbrock",
        "botorch:Rosenbrock",
        "pymoo:Rosenbrock",
    ),
    "salomon": (
        "opfunu:Salomon",
        "benchmarkfcns:salomon",
    ),
    "schaffer_n2": ("benchmarkfcns:schaffern2",),
    "schaffer_n3": ("benchmarkfcns:schaffern3",),
    "schaffer_n4": ("benchmarkfcns:schaffern4",),
    "schwefel_2_21": (
        "opfunu:YaoLiu04",
        "benchmarkfcns:schwefel221",
    ),
    "schwefel_2_22": ("benchmarkfcns:schwefel222",),
    "shubert": ("benchmarkfcns:shubert",),
    "six_hump_camel": (
        "opfunu:CamelSixHump",
        "botorch:SixHumpCamel",
    ),
    "sphere": ("benchmarkfcns:sphere",),
    "styblinski_tang": (
        "benchmarkfcns:styblinskitank",
        "botorch:StyblinskiTang",
    ),
    "sum_squares": ("benchmarkfcns:sumsquares",),
    "test_tube_holder": ("opfunu:TestTubeHolder",),
    "three_hump_camel": (
        "opfunu:CamelThreeHump",
        "benchmarkfcns:threehumpcamel",
        "botorch:ThreeHumpCamel",
    ),
    "treccani": ("benchmarkfcns:treccani",),
    "trid": ("benchmarkfcns:trid",),
    "ursem_n1": ("opfunu:Ursem01",),
    "venter_sobieszczanski_sobieski": ("opfunu:VenterSobiezcczanskiSobieski",),
    "vincent": ("benchmarkfcns:vincent",),
    "wayburn_seader_n2": ("benchmarkfcns:wayburnseadern2",),
    "xin_she_yang_n2": ("benchmarkfcns:xinsheyangn2",),
    "xin_she_yang_n3": ("benchmarkfcns:xinsheyangn3",),
    "xin_she_yang_n4": ("benchmarkfcns:xinsheyangn4",),
    "zakharov": (
        "opfunu:Zacharov",
        "benchmarkfcns:zakharov",
        "pymoo:Zakharov",
    ),
    "zero_sum": ("opfunu:ZeroSum",),
    "zettl": ("opfunu:Zettl",),
    "zimmerman": ("opfunu:Zimmerman",),
    "zirilli": (
        "opfunu:Zirilli",
        "benchmarkfcns:zirilli",
    ),
    **{f"bbob_f{number}": tuple(f"{package}:{number}" for package in BBOB) for number in range(1, 25)},
}
"""For each function of the catalogue, the functions of other packages with the same definition."""


def is_missing(peer: str) -> bool:
    """Return whether the package of a peer is not installed, or its release lacks the function."""
    package, _, name = peer.partition(":")
    if find_spec(package) is None:
        return True
    return (
        package == "benchmarkfcns"
        and int(version(package).split(".")[0]) < 3
        and not hasattr(import_package(package), name)
    )


def evaluate_peer(peer: str, x: NDArray[np.float64], instance: int = 1) -> NDArray[np.float64]:
    """Return the values (n,) of a peer, "package:name", at points (n, d)."""
    package = peer.partition(":")[0]
    made = peer_function(peer, x.shape[1], instance)
    if package == "opfunu":
        return np.array([made.evaluate(point) for point in x], dtype=float)
    if package == "cocoex":
        return np.array([made(point) for point in x])
    if package == "ioh":
        return np.array(made(x.tolist()))
    if package == "botorch":
        return made._evaluate_true(torch.from_numpy(x)).numpy()  # the public call refuses points outside the bounds
    values = made(np.ascontiguousarray(x)) if package == "benchmarkfcns" else made.evaluate(x)
    return np.asarray(values, dtype=float).ravel()


@cache
def peer_function(peer: str, dim: int, instance: int = 1) -> Any:
    """Return the peer's function of d coordinates, as its package defines it."""
    package, _, name = peer.partition(":")
    if package == "cocoex":
        return import_package(package).BareProblem("bbob", int(name), dim, instance)
    if package == "ioh":
        return import_package(package).get_problem(int(name), instance, dim, import_package(package).ProblemClass.BBOB)
    with silenced_import():
        found = getattr(import_package(package), name)
        if package == "benchmarkfcns":
            return found
        default = found()
        count = {"opfunu": "ndim", "botorch": "dim", "pymoo": "n_var"}[package]
        return default if getattr(default, count) == dim else found(**{count: dim})


@cache
def import_package(package: str) -> ModuleType:
    """Import the module of a package."""
    with silenced_import():
        found = importlib.import_module(HOMES[package])
        return importlib.import_module("opfunu.name_based") if package == "opfunu" else found


@contextlib.contextmanager
def silenced_import() -> Iterator[None]:
    """Suppress the warnings and output of importing other packages."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield

"""What is shipped, who may import whom, and what an import costs."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import find_spec
from pathlib import Path, PurePath

import pytest
from merged import merged

import landscapes
from landscapes.optimizers._homes import HOMES

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {"landscapes": "landscapes", "landscapes.functions": "functions", "landscapes.render": "render"}
"""Import name and folder, as `[tool.setuptools.package-dir]` has them."""

MAY_IMPORT: dict[str, set[str]] = {
    "": set(),  # the package itself, which is lazy: see test_lazy_names
    "errors": set(),
    "versions": set(),
    "random": set(),
    "caching": set(),
    "leftovers": set(),
    "files": {"errors", "leftovers"},
    "importing": {"errors"},
    "silence": set(),
    "jax_blocks": {"errors"},
    "record": {"errors", "files"},
    "views": {"errors", "record"},
    "summary": {"record"},
    "live": {"record"},
    "analysis": {"errors", "files", "record"},
    "diagnosis": {"errors", "record"},
    "render": {"errors", "silence", "files", "record", "views", "summary", "live", "analysis", "diagnosis"},
    "objectives": {"errors", "silence", "record", "views"},
    "functions": {"errors", "objectives"},
    "builders": {"errors", "silence", "caching", "jax_blocks", "objectives"},
    "transforms": {"errors", "objectives", "functions"},
    "oracle": {"objectives"},
    "optimizers": {"errors", "silence", "objectives", "oracle", "random", "caching", "jax_blocks"},
    "engine": {"errors", "silence", "objectives", "oracle", "optimizers", "caching"},
    "javascript": {"errors", "silence", "objectives", "functions", "oracle", "optimizers"},
    "execution": {"errors", "files", "leftovers", "versions", "objectives", "oracle", "optimizers", "engine"},
    "networks": {
        "errors",
        "files",
        "leftovers",
        "silence",
        "versions",
        "record",
        "views",
        "objectives",
        "functions",
        "builders",
        "execution",
        "optimizers",
    },
    "experiments": {
        "errors",
        "importing",
        "versions",
        "record",
        "views",
        "summary",
        "live",
        "analysis",
        "diagnosis",
        "render",
        "objectives",
        "functions",
        "builders",
        "transforms",
        "oracle",
        "optimizers",
        "engine",
        "javascript",
        "execution",
        "networks",
        "jax_blocks",
    },
    "cli": {
        "",
        "errors",
        "importing",
        "files",
        "record",
        "views",
        "analysis",
        "diagnosis",
        "render",
        "objectives",
        "functions",
        "builders",
        "optimizers",
        "javascript",
        "networks",
        "experiments",
    },
    "__main__": {"cli"},
}
"""Which part of the package may import which; a module in a folder belongs to its folder."""

UPWARD = {
    "landscapes.objectives.transform_methods": {""},  # Function.shifted calls transforms.shifted
    "landscapes.diagnosis._from_record": {"experiments"},  # the curvature of a record's function, if torch is there
    "landscapes.render.html._page": {""},  # a live page needs its race as JavaScript
    "landscapes.render.html._sweep_page": {""},  # and the page of a sweep its runs
    "landscapes.record._record": {""},  # notebooks draw the record that they display
}
"""The modules with methods that call a higher layer, by way of the lazy package itself."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the package, by import name, at its place in the checkout."""
    found: dict[str, Path] = {}
    for package, folder in FOLDERS.items():
        for file in sorted((ROOT / folder).rglob("*.py")):
            inner = file.relative_to(ROOT / folder)
            if package == "landscapes" and inner.parts[0] in ("functions", "render"):
                continue  # by way of the links
            parts = [package, *inner.with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def part(name: str) -> str:
    """`landscapes.optimizers.first_order.adam` belongs to `optimizers`."""
    return [*name.split("."), ""][1]


@cache
def parsed(file: Path) -> list[ast.AST]:
    """The imports of a file; a list of all nodes would slow each garbage collection after it."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) or is_import_call(node)]


def is_import_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and "import_module" in (
        getattr(node.func, "attr", ""),
        getattr(node.func, "id", ""),
    )


def nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node of a module but what stands below `if TYPE_CHECKING:`, which no interpreter ever runs."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            for other in child.orelse:
                yield other
                yield from nodes(other)
        else:
            yield child
            yield from nodes(child)


def imports_of(tree: Iterable[ast.AST], file: Path) -> set[str]:
    """The modules of ours that these nodes import, by statement or by name, wherever the import stands."""
    known, names = modules(), set()
    for node in tree:
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: imports are absolute"
            full = (f"{node.module}.{alias.name}" for alias in node.names)
            names |= {name if name in known else str(node.module) for name in full}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Call) and is_import_call(node):
            names |= {str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)}
    return {name for name in names if name.split(".")[0] == "landscapes"}


def imported(file: Path) -> set[str]:
    """The modules of ours that a file imports, for its types too."""
    return imports_of(parsed(file), file)


def test_the_package_list_is_what_the_folders_hold():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    assert sorted(settings["packages"]) == sorted(name for name, file in modules().items() if file.stem == "__init__")
    assert settings["package-dir"] == FOLDERS


def data_files() -> dict[str, list[str]]:
    """The files of each package that are no modules, relative to its folder, but for other packages in it."""
    folders = {name: file.parent for name, file in modules().items() if file.stem == "__init__"}
    found: dict[str, list[str]] = {}
    for name, folder in folders.items():
        files = [file for file in folder.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")]
        inner = [other for other in folders.values() if folder in other.parents]
        own = [file for file in files if not any(other in file.parents for other in inner)]
        if own:
            found[name] = sorted(file.relative_to(folder).as_posix() for file in own)
    return found


def test_all_data_files_are_shipped():
    """The wheel left out a script of live pages, which were then found in checkouts only."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    patterns = settings["package-data"]
    for package, files in data_files().items():
        for file in files:
            assert any(PurePath(file).match(pattern) for pattern in patterns.get(package, [])), (package, file)


@pytest.mark.slow
def test_what_is_imported_is_what_is_required():
    """Neither a package that is missing on a fresh machine, nor one that is not used."""
    required = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    nodes = [node for file in modules().values() for node in parsed(file)]
    used = {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    used |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    foreign = {name.split(".")[0] for name in used} - sys.stdlib_module_names - {"landscapes", "mpl_toolkits"}
    named = {"PIL": "pillow", "imageio_ffmpeg": "imageio-ffmpeg"}
    optional = {"pandas", "xarray"}  # of Record.to_pandas and to_xarray
    assert {named.get(name, name) for name in foreign - optional} == {
        re.split(r"[<>=~ ]", line)[0] for line in required
    }


def test_recipe_and_constraints_agree_with_the_project():
    """The conda recipe has its version and requirements, and the constraints its oldest versions."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = dict(line.split(">=") for line in project["dependencies"])
    recipe = (ROOT / "recipe" / "meta.yaml").read_text(encoding="utf-8")
    assert dict(re.findall(r'set (\w+) = "(.+)"', recipe)) == {
        "version": project["version"],
        "python_min": project["requires-python"].removeprefix(">="),
    }
    run = recipe.partition("  run:\n")[2].partition("\ntest:")[0]
    conda = {"pytorch": "torch", "matplotlib-base": "matplotlib"}
    assert {conda.get(name, name): least for name, least in re.findall(r"- ([\w-]+) >=([\d.]+)", run)} == needs
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "constraints" / "oldest.txt").read_text(), re.M))
    assert all(f"{pinned[name]}.".startswith(f"{least}.") for name, least in needs.items())


@pytest.mark.parametrize("name", ["functions", "render"])
def test_the_links_lead_to_the_folders(name):
    link = ROOT / "landscapes" / name
    assert link.is_symlink(), "a checkout without links (Windows: git config core.symlinks true)"
    assert link.readlink() == Path("..") / name
    assert (link / "__init__.py").is_file()


@merged("name", modules())
def test_layers(name):
    """Each part imports only what it may; `import landscapes` alone would hide what is used."""
    mine = part(name)
    assert mine in MAY_IMPORT, f"a new part: say in MAY_IMPORT what {name} may import"
    used = {part(other) for other in imported(modules()[name])} - {mine} - UPWARD.get(name, set())
    if name == "landscapes":
        used = set()
    assert used <= MAY_IMPORT[mine]


ROOMS = (
    "locking",
    "mathtext",
    "words",
    "languages",
    "fonts",
    "light",
    "colormaps",
    "palette",
    "run_styles",
    "theme_class",
    "theme",
    "artists",
    "plots",
    "plot3d",
    "text",
    "figures",
    "writers",
    "animation",
    "html",
    "report",
    "file_objects",
    "_save",
    "interactive",
)
"""The parts of `render`: each imports only what stands before it."""


@merged("name", [name for name in modules() if name.startswith("landscapes.render.")])
def test_the_rooms_of_render_are_in_order(name):
    inside = [other.split(".")[2] for other in imported(modules()[name]) if other.startswith("landscapes.render.")]
    mine = ROOMS.index(name.split(".")[2])
    assert all(ROOMS.index(room) <= mine for room in inside)


def test_the_layers_have_no_circle():
    done: set[str] = set()
    left = dict(MAY_IMPORT)
    while left:
        ready = [name for name, needs in left.items() if needs <= done]
        assert ready, f"a circle among {sorted(left)}"
        done |= set(ready)
        for name in ready:
            del left[name]


def test_no_modules_import_each_other_in_a_circle():
    """A lazy package may be imported from below; whatever else is imported at run time is imported one way only."""
    graph = {
        name: imports_of(nodes(ast.parse(file.read_text(encoding="utf-8"))), file) - {name, "landscapes"}
        for name, file in modules().items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail("a circle: " + " imports ".join(reversed(error.args[1])))


def test_lazy_names():
    homes = landscapes._HOMES
    assert {*homes, *landscapes._FOLDERS, "__version__"} == set(landscapes.__all__)
    assert set(landscapes.__all__) <= set(dir(landscapes))
    for name in landscapes.__all__:
        assert getattr(landscapes, name) is not None
    for name, home in homes.items():
        assert f"landscapes.{name}" not in modules(), "importing the module would replace the name"
        assert getattr(landscapes, name) is getattr(sys.modules[f"landscapes.{home}"], name)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        landscapes.nonsense  # noqa: B018


def typed_names(package: str) -> dict[str, str]:
    """The names that a package imports for type checkers, and their modules, relative to the package."""
    tree = ast.parse(modules()[package].read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    return {
        alias.name: str(node.module).removeprefix(package).removeprefix(".")
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_lazy_names_are_all_typed():
    """The `TYPE_CHECKING` blocks say the same as the tables that are used at run time."""
    assert typed_names("landscapes") == {**landscapes._HOMES, **dict.fromkeys(landscapes._FOLDERS, "")}
    assert typed_names("landscapes.optimizers") == HOMES
    assert {*HOMES, "named", "names", "parse"} <= set(dir(landscapes.optimizers))
    assert typed_names("landscapes.render") == landscapes.render._HOMES
    assert {*landscapes.render._HOMES, "report", "save", "words"} == set(landscapes.render.__all__)


@pytest.mark.slow
def test_imports_are_light(python):
    script = """
import sys
import landscapes
assert not {"torch", "matplotlib", "numpy"} & set(sys.modules), "landscapes"
import landscapes.cli.main
assert not {"torch", "matplotlib", "numpy"} & set(sys.modules), "landscapes.cli.main"
import landscapes.record, landscapes.analysis.race_table
assert not {"torch", "matplotlib"} & set(sys.modules), "landscapes.record"
import landscapes.render
assert not {"torch", "matplotlib.pyplot", "fontTools.subset"} & set(sys.modules), "landscapes.render"
of_others = ("figures.charts", "figures._fact_sheet", "html._sweep_page", "interactive", "report.content")
assert not {f"landscapes.render.{name}" for name in of_others} & set(sys.modules), "what a race does not draw"
landscapes.race("booth", steps=3)
assert not {"sympy", "torch._dynamo", "scipy.optimize", "landscapes.analysis.exports"} & set(sys.modules), "race"
kept = [name for name in sys.modules if name.startswith("landscapes.optimizers.first_order.")]
assert "landscapes.optimizers.first_order.adam" in kept and "landscapes.optimizers.first_order.nadam" not in kept, kept
from landscapes import optimizers
class Own(optimizers.Adam):
    names = ("nadam",)
assert optimizers.named("nadam")[0] is Own, "a user's class goes first"
assert optimizers.names()["nadam"][0] is Own, "also when all classes are imported"
"""
    done = python("-c", script)
    assert done.returncode == 0, done.stderr


def test_the_same_package_is_run_as_is_tested(python):
    done = python("-c", "import landscapes; print(landscapes.__file__)")
    assert Path(done.stdout.strip()).resolve() == Path(landscapes.__file__).resolve()


@pytest.mark.slow
def test_the_users_functions_and_render_shadow_nothing(python, tmp_path):
    (tmp_path / "functions.py").write_text("mine = 'functions'\n")
    (tmp_path / "render.py").write_text("mine = 'render'\n")
    (tmp_path / "script.py").write_text("""
import functions, render
import landscapes
assert (functions.mine, render.mine) == ("functions", "render")
assert landscapes.functions.get("beale").name == "beale"
assert landscapes.render.THEMES
assert landscapes.functions is not functions
""")
    done = python("-W", "error", "script.py")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], pytest.param(["mypy"], marks=pytest.mark.exhaustive)],
    ids=" ".join,
)
def test_lint_and_types(command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(
    find_spec("build") is None or find_spec("setuptools") is None,
    reason="needs build and setuptools, so that nothing has to be fetched; .ci/run builds for real",
)
def test_wheel_and_sdist_are_complete(tmp_path):
    """Built from a copy without what git ignores: leftovers of other builds would fill gaps."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    copy = tmp_path / "copy"
    for name in filter(None, listed.stdout.split("\0")):
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            target.symlink_to((ROOT / name).readlink())
        elif (ROOT / name).is_file():
            target.write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(copy)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    expected = {
        name.replace(".", "/") + ("/__init__.py" if file.stem == "__init__" else ".py")
        for name, file in modules().items()
    } | {f"{package.replace('.', '/')}/{file}" for package, files in data_files().items() for file in files}

    (wheel,) = (tmp_path / "dist").glob("*.whl")  # made from the sdist, so this holds for both
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert shipped == expected

    (sdist,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    tests = {file.relative_to(ROOT).as_posix() for file in (ROOT / "tests").rglob("*.py")}
    assert {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", *tests} <= inside
    assert not [name for name in inside if "__pycache__" in name]


def test_no_module_has_the_name_of_a_module_of_the_other_package():
    """PyPI's `landscapes` installs these four into the same folder, without `__init__.py`: both can be installed."""
    theirs = {f"landscapes.{name}" for name in ("constrained", "multi_objective", "single_objective", "utils")}
    assert not theirs & set(modules())
    assert (ROOT / "landscapes" / "__init__.py").exists()


@pytest.mark.slow
def test_a_checkout_without_symbolic_links_works(python, tmp_path):
    """There, git writes text files that hold where the links lead."""
    sources = (path.relative_to(ROOT) for path in (ROOT / "landscapes").rglob("*.py"))
    names = [ROOT / path for path in sources if path.parts[1] not in ("functions", "render")]
    for part in ("functions", "render"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*names, ROOT / "landscapes" / "experiments" / "tuned.json"]:
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for part in ("functions", "render"):
        (tmp_path / "landscapes" / part).write_text(f"../{part}")
    (tmp_path / "script.py").write_text("""
import landscapes
record = landscapes.race("booth", ["sgd(lr=0.01)"], steps=2, resolution=9)
assert landscapes.render.THEMES
print(landscapes.functions.__file__)
""")
    done = python("script.py")
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == tmp_path / "functions" / "__init__.py"

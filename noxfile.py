"""What contributors run: `nox -s tests`, `nox -l` for the list. Each session has an environment of its own."""

from __future__ import annotations

import sys

import nox

nox.options.sessions = ["lint", "types", "tests"]


@nox.session(python=["3.11", "3.13", "3.14"])
def tests(session: nox.Session) -> None:
    """Run the quick tests; `nox -s tests -- -m ""` runs all."""
    session.install(".[test]")
    session.run("pytest", *(session.posargs or ["-m", "not slow"]))


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """Run the quick tests with the oldest supported versions."""
    session.install("-c", "constraints/oldest.txt", ".[test]")
    session.run("pytest", "-m", "not slow", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format."""
    listed = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["test"]
    session.install(*(name for name in listed if name.startswith("ruff")))  # without torch, a matter of seconds
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.install(".[test]")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site into site/; `nox -s docs -- -t quick` leaves most pictures out."""
    session.install("-e", ".[docs]")
    session.run("python", "-m", "sphinx", "-W", "--keep-going", *session.posargs, "docs", "site")
    session.run("python", "docs/check_site.py", "site", *["--quick"] * ("quick" in session.posargs))


@nox.session
def accessibility(session: nox.Session) -> None:
    """Check pages of the site in site/ with axe-core, in Chromium."""
    session.install("--no-deps", "axe-playwright-python")
    session.run("python", "docs/check_accessibility.py", "site")


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure which lines the quick tests run; writes coverage.txt."""
    session.install("-e", ".[test]", "pytest-cov")
    faster = {"COVERAGE_CORE": "sysmon"} if sys.version_info >= (3, 12) else {}
    session.run("pytest", "-m", "not slow", "--cov=landscapes", "--cov-report=term", env=faster)
    with open("coverage.txt", "w", encoding="utf-8") as file:
        session.run("coverage", "report", stdout=file)


@nox.session
def build(session: nox.Session) -> None:
    """Build wheel and sdist, and check their metadata."""
    session.install("build", "twine")
    session.run("python", "-m", "build")
    session.run("twine", "check", "--strict", "dist/*", external=False)

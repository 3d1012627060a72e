"""The pages of the site that are written from the package: the catalogue, the optimizers and the reference."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landscapes_docs.docstrings import escape_docstring
from landscapes_docs.pages import Site

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    from landscapes_docs import mathml, tutorials

    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", escape_docstring, priority=400)  # before napoleon
    app.connect("source-read", tutorials.add_results)
    app.connect("build-finished", copy_scripts)
    app.add_html_math_renderer("mathml", (mathml.inline, None), (mathml.block, None))
    return {"version": "1", "env_version": 2, "parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write the generated pages and draw their pictures, unless they are there already."""
    from landscapes_docs import (  # these imports are slow
        api,
        command_line,
        drawing,
        functions,
        gallery,
        home,
        limits,
        optimizers,
        themes,
        tutorials,
    )

    site = Site(Path(app.srcdir), quick=app.tags.has("quick"))
    drawing.draw_all([task for part in (home, tutorials, functions, optimizers, themes) for task in part.tasks(site)])
    for part in (functions, optimizers, api, command_line, themes, gallery, limits):
        part.write(site)
    site.finish()


def copy_scripts(app: Sphinx, error: Exception | None) -> None:
    """Copy the scripts of the gallery, so that pages link to files."""
    from sphinx.util.fileutil import copy_asset

    if error is None and app.builder.format == "html":
        target = Path(app.outdir) / "scripts"
        shutil.rmtree(target, ignore_errors=True)
        for script in sorted((Path(app.srcdir).parent / "gallery").glob("**/*.py")):
            copy_asset(script, target / script.parent.name)

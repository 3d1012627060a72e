"""The documentation site: `python -m sphinx -W docs site`.

`-t quick` leaves most pictures out and builds in a minute. No build needs a network, LaTeX or a display.
"""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent)]

(DOCS / "_extra").mkdir(exist_ok=True)  # files of the generated pages

from landscapes_docs import slim  # noqa: E402

import landscapes  # noqa: E402

project = "landscapes"
author = copyright = "The landscapes authors"
version = release = landscapes.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton", "landscapes_docs"]
exclude_patterns = ["_*", ".*", "**/.*"]  # names with a dot are temporary files of a build at the same time
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
default_role = "code"
nitpicky = False
highlight_language = "python"
templates_path = ["_templates"]

myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_inline", "attrs_block", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
suppress_warnings = ["config.cache"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
python_display_short_literal_types = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
add_module_names = False
toc_object_entries = False  # each page would copy those of all pages, half of the time of a build

html_theme = "furo"
html_title = "landscapes"
html_static_path = ["_static"]
html_extra_path = ["_extra"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_math_renderer = "mathml"
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
pygments_style, pygments_dark_style = slim.STYLES
template_bridge = "landscapes_docs.slim.SlimPages"
_SHORT = ["brand", "search", "scroll-start", "doors", "scroll-end"]
html_sidebars = {f"{folder}/*": [f"sidebar/{part}.html" for part in _SHORT] for folder in ("functions", "optimizers")}
html_context = {
    "doors": [
        ("tutorials/index", "Tutorials"), ("how-to/index", "How-to"), ("explanation/index", "Explanation"),
        ("reference/index", "Reference"), ("functions/index", "Functions"), ("optimizers/index", "Optimizers"),
        ("gallery/index", "Gallery"),
    ],
}  # fmt: skip
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#1a4f8b", "color-brand-content": "#1a4f8b"},
    "dark_css_variables": {"color-brand-primary": "#8dbdf0", "color-brand-content": "#8dbdf0"},
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_selector = "div:not(.output) > div.highlight > pre"

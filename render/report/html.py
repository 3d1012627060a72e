"""A report as one HTML file that needs no network."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Sequence
from importlib.resources import files

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from landscapes.analysis.table_formats import Cell, Table
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.artists.trails import mix
from landscapes.render.figures.color_schemes import merge_schemes
from landscapes.render.figures.size import new_figure
from landscapes.render.html._page import policy_source
from landscapes.render.report.content import Part, Report
from landscapes.render.theme import VECTOR, Theme

FOLD = 20
"""Tables with more rows are folded."""

BROAD = 7.0
"""Pictures at least so wide, in inches, scroll on phones, because their texts would become too small."""

COPIES = {"latex": "LaTeX", "markdown": "Markdown", "csv": "CSV"}
"""The formats in which a table can be copied, and their names on buttons."""


def document(report: Report, looks: Sequence[Theme]) -> str:
    """Return the report as the text of a page. With two themes, it follows the system's dark mode."""
    style = f"\n{_colors(looks)}\n{_asset('report.css')}"
    script = f"\n{_asset('report.js')}"
    texts = {name: {kind: table.render(kind) for kind in COPIES} for name, table in report.tables}
    policy = f"default-src 'none'; img-src data:; style-src {policy_source(style)}; script-src {policy_source(script)}"
    links = "".join(f'<a href="#part-{i}">{_said(part.title)}</a>' for i, part in enumerate(report.parts))
    answer = "".join(f"<p>{_said(line)}</p>" for line in report.answer)
    parts = "".join(_part(i, part, looks) for i, part in enumerate(report.parts))
    facts = "".join(f"<dt>{_said(name)}</dt><dd>{_said(value)}</dd>" for name, value in report.facts)
    data = json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_said(report.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<header><h1>{_said(report.title)}</h1><p class="question">{_said(report.question)}</p></header>\n'
        f'<main><div class="answer">{answer}</div><nav aria-label="parts">{links}</nav>\n{parts}'
        f"<section><h2>What was run</h2><dl>{facts}</dl></section></main>\n"
        f'<script type="application/json" id="texts">{data}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def _part(number: int, part: Part, looks: Sequence[Theme]) -> str:
    if part.is_list:
        said = f"<ul>{''.join(f'<li>{_said(line)}</li>' for line in part.text)}</ul>"
    else:
        said = "".join(f"<p>{_said(line)}</p>" for line in part.text)
    picture = ""
    if part.draw is not None:
        broad = _class("broad" * (part.size[0] >= BROAD))
        picture = f'<figure><img{broad} src="{_picture(part, looks)}" alt="{_said(part.alt)}"></figure>\n'
    tables = "".join(_table(name, table) for name, table in part.tables)
    return f'<section id="part-{number}"><h2>{_said(part.title)}</h2>{said}{picture}{tables}</section>\n'


def _picture(part: Part, looks: Sequence[Theme]) -> str:
    """Return the picture of a part as a data URI of an SVG."""
    first, *second = [_svg(part, look) for look in looks]
    text = merge_schemes(first, second[0]) if second else first
    return f"data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"


def _svg(part: Part, look: Theme) -> str:
    with look.context(), mpl.rc_context(VECTOR):
        made = drawn(part, look)
        file = io.StringIO()
        made.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def drawn(part: Part, look: Theme) -> Figure:
    """Return the picture of a part as a figure."""
    assert part.draw is not None
    made = new_figure(part.size, 100, layout="constrained")
    part.draw(made, look)
    return made


def _table(name: str, table: Table) -> str:
    numeric = [any(isinstance(row[i], Cell) for row in table.rows) for i in range(len(table.header))]
    names = zip(table.header, numeric, strict=True)
    head = "".join(f'<th scope="col"{_class("number" * right)}>{_said(text)}</th>' for text, right in names)
    rows = "".join(f"<tr>{''.join(_cell(i, cell) for i, cell in enumerate(row))}</tr>\n" for row in table.rows)
    made = (
        f'<div class="wide"><table><caption>{_said(table.caption)}</caption><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{rows}</tbody></table></div>\n"
    )
    if len(table.rows) > FOLD:
        made = f"<details><summary>{len(table.rows)} rows</summary>{made}</details>\n"
    buttons = "".join(
        f'<button type="button" data-table="{_said(name)}" data-kind="{kind}">Copy {said}</button>'
        for kind, said in COPIES.items()
    )
    note = f'<p class="note">{_said(table.note)}</p>' if table.note else ""
    return f'{made}<div class="copy">{buttons}</div>{note}\n'


def _cell(place: int, cell: str | Cell) -> str:
    if isinstance(cell, str):
        return f'<th scope="row">{_said(cell)}</th>' if place == 0 else f"<td>{_said(cell)}</td>"
    value, sign, rest = cell.text.partition(" [")
    more = f'<span class="range">{_said(sign[1:] + rest)}</span>' if sign else ""
    return f"<td{_class('number', 'best' * cell.best)}>{_said(value)}{more}</td>"


def _class(*names: str) -> str:
    given = " ".join(filter(None, names))
    return f' class="{given}"' if given else ""


def _said(text: str) -> str:
    return html.escape(clean_text(text, math=False, most=len(text) + 1))


def _colors(looks: Sequence[Theme]) -> str:
    """Return the colours of the page as CSS variables; with two themes, for light and for dark mode."""

    def variables(look: Theme) -> str:
        back, fore, muted = (to_rgb(getattr(look, name)) for name in ("background", "foreground", "muted"))
        dark = sum(back) < 1.5
        named = {
            "background": back,
            "foreground": fore,
            "muted": muted,
            "soft": mix(fore, back, 0.32),
            "line": mix(fore, back, 0.8),
            "accent": to_rgb("#7fb2f0" if dark else "#1f5fa8"),
        }
        rules = "".join(f"--{name}: {to_hex(color)}; " for name, color in named.items())
        return f":root {{ {rules}color-scheme: {'dark' if dark else 'light'}; }}"

    first, *second = map(variables, looks)
    return "\n".join([first, *(f"@media (prefers-color-scheme: dark) {{ {one} }}" for one in second)])


def _asset(name: str) -> str:
    return (files("landscapes.render.html") / "assets" / name).read_text(encoding="utf-8")

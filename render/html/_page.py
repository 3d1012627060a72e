"""A race as an interactive page: one HTML file that needs no network."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from matplotlib.colors import to_hex, to_rgb

import landscapes
from landscapes.errors import InputError
from landscapes.files import check_target, replacing
from landscapes.live import Playground
from landscapes.record import Record
from landscapes.render.artists.legend import legend_entries
from landscapes.render.artists.text_fit import clean_text
from landscapes.render.figures.race import full_title
from landscapes.render.html.compact import compact_script, compact_style
from landscapes.render.html.payload import build_payload, check_record
from landscapes.render.languages.base import ENGLISH
from landscapes.render.locking import drawing
from landscapes.render.plots._crop import crop
from landscapes.render.plots.inputs import labels_of
from landscapes.render.text._caption import caption
from landscapes.render.theme import StyleLike, Theme, as_theme
from landscapes.render.words import WORDS
from landscapes.render.writers.timeline import SECONDS, check_seconds
from landscapes.views import View

ThemeChoice = str | Theme | Sequence[str | Theme]


class LiveScript(Protocol):
    """A race as JavaScript, as `landscapes.emit_race` returns it."""

    @property
    def source(self) -> str:
        """Statements that define `emitted`."""

    @property
    def facts(self) -> Mapping[str, Any]:
        """How a run ends, and the optimizer of each run."""


SYSTEM_THEMES = ("light", "dark")
"""The default themes of a page, for systems in light and in dark mode."""

PLOTS = ("data", "surface", "overlap", "axes", "contour", "loss_curves", "tooltip", "controls")
"""The files of every page's script, in order; those of its kind and "main" follow."""

REPLAY = ("places", "legend", "replay")
LIVE = (
    "places", "live_race", "surfaces", "standings", "hyperparameters", "formula_scene", "wrappers", "live", "address",
    "as_python", "picture", "playground", "settings", "handle",
    "lesson", "teaching",
)  # fmt: skip

SHARED = {
    "surface_values": ("answer", "surfaceSteps"),
    "formula": ("FormulaError", "compileFormula", "listed", "parseFormula", "tried"),
    "formula_surface": (),
}
"""The scripts that a live page shares with its worker, and the names in them that others use."""

TEXTS = (
    "zoom", "zoom in", "zoom out", "reset the view", "playback", "play", "play or pause (space)", "step", "speed",
    "optimizers",
)  # fmt: skip
"""The texts of the page's elements; the script writes the others."""

BREAKPOINTS = {"short": 901, "stacked": 680, "narrow": 481}
"""Windows narrower than this have a short legend next to the plot, all parts below each other, or a short legend again;
in pixels at a text scale of 1."""

NOTE = (
    "Points are rounded to 1e-5 of the view, losses to four digits. Races with more than 24,000 points are simplified; "
    "at fourfold zoom most removed points would be invisible."
)
"""What the source of a replay says of its numbers."""

LIVE_NOTE = "The page takes the steps itself, in double precision, as landscapes.race takes them."

UNPACK = """
(async () => {
const unpacked = async id => {
const packed = Uint8Array.from(atob(document.getElementById(id).textContent), letter => letter.charCodeAt(0));
const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
return (await new Response(stream).text()).split("\\f");
};
const own = [...await unpacked("library"), ...await unpacked("own")].join("");
const texts = [own, ...await unpacked("packed")];
for (const [i, text] of texts.entries()) {
const script = document.createElement("script");
script.id = ["emitted", "shared", "page"][i];
script.textContent = text;
document.body.append(script);
}
})();
"""
"""The script that unpacks the scripts of a live page; the policy of the page names their hashes."""

BETWEEN = "\f"
"""The form feed between the packed scripts."""

MOST = 20_000
"""The largest number of characters of the description."""


def page(
    record: Record | Playground,
    path: str | os.PathLike[str],
    *,
    theme: ThemeChoice = SYSTEM_THEMES,
    title: str | None = None,
    view: View | None = None,
    seconds: float = SECONDS,
    standings: bool = True,
    live: bool | LiveScript = False,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> Path:
    """Save a race as one .html file to play, scrub and zoom; tooltips show the loss at each point of a run.

    The page needs no network and no other file, is sharp on every screen, and has the same bytes for the same record.
    A race in two dimensions has a contour plot and the losses; any other has the losses. Points are rounded to 1e-5 of
    the view, losses to four digits. More than 24,000 points in all are simplified where the error is invisible.

    Args:
        record: a race of at most 200 runs, or a playground, whose page is always live.
        path: a name ending in .html or .htm; the file appears when it is complete.
        theme: a theme by name or as a `Theme`, or a pair for systems in light and in dark mode; default
            ("light", "dark").
        title: by default the title of the function.
        view: a part of the surface, as in `render.crop`; by default the recorded view.
        seconds: length of one playback at normal speed, with the holds at both ends, > 0; default 10.
        standings: whether rows show the places of the runs at each step, and the step from which a run stays at the
            target; the rows of a replay then follow the places. Default True.
        live: whether a reader can move the start and change the hyper-parameters; the page takes the steps itself. True
            for a record that names its function and optimizers, else what `landscapes.emit_race` returns. Such pages
            need one start, two coordinates and first-order optimizers. Default False.
        text_scale, lang, words, colors: as in `render.figure`. A narrow window has smaller texts. In another language,
            the description for screen readers is a list of the runs in place of `render.caption`.

    Returns:
        The path.

    Raises:
        InputError: for another suffix, a folder that cannot be written, a record without runs or with too many, an
            unknown theme, a view that was not recorded, a duration that is not positive, or a race that no live page
            can repeat, with the reason.

    >>> from landscapes import race
    >>> record = race("booth", ["adam(lr=0.5)"], steps=60)
    >>> page(record, "race.html", live=True).name
    'race.html'
    """
    target = check_page(path)
    look: dict[str, Any] = {"text_scale": text_scale, "lang": lang, "words": words, "colors": colors}
    text = document(
        record, theme=theme, title=title, view=view, seconds=seconds, standings=standings, live=live, **look
    )
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return target


def is_page(path: str | os.PathLike[str]) -> bool:
    """Return whether a file name has the suffix of a page."""
    return Path(path).suffix.lower() in (".html", ".htm")


def check_page(path: str | os.PathLike[str]) -> Path:
    """Return the path as a `Path`; raise `InputError` if no page can be written there."""
    if not is_page(path):
        given = repr(Path(path).suffix) if Path(path).suffix else "a file without a suffix"
        raise InputError(f"a page must end in .html or .htm, got {given}; render.save writes pictures and animations")
    return check_target(path)


@drawing
def document(
    record: Record | Playground,
    *,
    theme: ThemeChoice = SYSTEM_THEMES,
    title: str | None = None,
    view: View | None = None,
    seconds: float = SECONDS,
    standings: bool = True,
    live: bool | LiveScript = False,
    text_scale: float | None = None,
    lang: str | None = None,
    words: Mapping[str, str] | None = None,
    colors: Mapping[str, StyleLike] | None = None,
) -> str:
    """Return the page of a race or of a playground as text; the arguments are those of `page`."""
    records = record.records if isinstance(record, Playground) else (record,)
    for one in records:
        check_record(one)
    chosen = chosen_themes(theme, labels_of(records[0]), text_scale, words, colors, lang)
    race = record.script if isinstance(record, Playground) else _live_script(record, live)
    if view is not None:
        records = tuple(crop(one, view) for one in records)
    look = chosen[0]
    headings = [clean_text(_title(one, look), math=False) for one in records]
    if title is not None:
        headings[0] = clean_text(title, math=False)
    described = [clean_text(_description(one, look), math=False, most=MOST) for one in records]
    data = build_payload(records, chosen, headings, described, check_seconds(seconds), race.facts if race else None)
    data["standings"] = bool(standings)
    study = ["study"] if race and "study" in race.facts else []
    sheets = ("page", "live", "teaching", *study) if race else ("page",)
    kind, note = ((*LIVE, *study), LIVE_NOTE) if race else (REPLAY, NOTE)
    return assembled(data, chosen, kind, sheets, race.source if race else "", note)


def chosen_themes(
    theme: ThemeChoice,
    labels: Sequence[str],
    text_scale: float | None,
    words: Mapping[str, str] | None,
    colors: Mapping[str, StyleLike] | None,
    lang: str | None,
) -> list[Theme]:
    """Return one theme, or two for systems in light and in dark mode, with the texts and colours that were given."""
    looks = [theme] if isinstance(theme, str | Theme) else theme
    if not isinstance(looks, Sequence) or not 1 <= len(looks) <= 2:
        raise InputError(f"theme must be one theme, or two for light and dark systems, got {theme!r:.80}")
    return [as_theme(look, text_scale, words, colors, labels, lang) for look in looks]


def assembled(
    data: dict[str, Any], chosen: Sequence[Theme], kind: Sequence[str], sheets: Sequence[str], source: str, note: str
) -> str:
    """Return a page as text.

    Args:
        data: the payload, with "title" and "caption"; the texts of the scripts are added.
        chosen: one theme, or two.
        kind: the scripts of this kind of page, besides `PLOTS`.
        sheets: its style sheets.
        source: statements before the scripts, such as emitted functions.
        note: what the source of the page says of its numbers.
    """
    look = chosen[0]
    scripts = "\n".join(map(_script, (*PLOTS, *kind, "main")))
    sharing = tuple(SHARED) if "formula_scene" in kind else ("surface_values",)
    shared = _shared(sharing) if source else ""
    said = {text: look.say(text) for text in WORDS if f'"{text}"' in scripts or f'"{text}"' in shared}
    data["words"] = {text: other for text, other in said.items() if other != text}
    if source:  # its scripts are large: they are deflated, and a few lines unpack them
        script = f'\n(() => {{\n"use strict";\nconst {{{_names(sharing)}}}=shared;\n{scripts}\n}})();\n'
        emitted = f'\n"use strict";\n{compact_script(source)}\n'
        place = max(emitted.find("const emitted="), 0)  # what is before is the same in most pages, and sites share it
        packed = {"library": emitted[:place], "own": emitted[place:], "packed": f"{shared}{BETWEEN}{script}"}
        elements = [
            *(f'<script type="text/plain" id="{name}">{_packed(text)}</script>' for name, text in packed.items()),
            _element(UNPACK),
        ]
        allowed = [emitted, UNPACK, shared, script]
    else:
        script = f'\n(() => {{\n"use strict";\n{scripts}\n}})();\n'
        elements, allowed = [_element(script)], [script]
    style = f"\n{_colors(chosen)}{_sizes(look.text_scale, *sheets)}"
    first = (data.get("scenes") or [data])[0]
    texts = {text: look.say(text) for text in TEXTS} | {name: first[name] for name in ("title", "caption")}
    parts = {name: html.escape(text) for name, text in texts.items()}
    policy = f"default-src 'none'; style-src {policy_source(style)}; script-src {' '.join(map(policy_source, allowed))}"
    if source:
        policy += "; worker-src blob:"
    parts |= {"note": note, "policy": policy, "style": style, "scripts": "\n".join(elements), "data": _as_script(data)}
    known = look.lang != ENGLISH or not look.words  # other words may be of any language
    return _fill_template(_asset("page.html"), parts | {"language": f' lang="{look.lang}"' if known else ""})


def framed(record: Record, height: int = 560) -> str:
    """Return an HTML frame that contains the page, for notebooks; height in pixels."""
    inside = html.escape(document(record))
    words = html.escape(str(record.meta.get("title", "")))
    return (
        f'<iframe srcdoc="{inside}" title="{words}" sandbox="allow-scripts" loading="lazy" '
        f'style="width: 100%; height: {height}px; border: 0"></iframe>'
    )


def _title(record: Record, look: Theme) -> str:
    """Return the title of the function, with the number of coordinates if the page has no contour plot."""
    return str(record.meta.get("title", "")) if record.surface is not None else full_title(record, look)


def _description(record: Record, look: Theme) -> str:
    """Return the caption; in another language, the runs with their learning rates and outcomes."""
    if look.lang == ENGLISH and not look.words:
        return caption(record)
    entries = legend_entries(record, look)
    runs = [", ".join(filter(None, [entry.name, entry.lr, entry.outcome])) for entry in entries]
    return f"{record.meta.get('title', '')}: {'; '.join(runs)}"


def _sizes(scale: float, *sheets: str) -> str:
    """Return style sheets with lengths for a text scale; a window that is narrow for it has smaller texts."""
    unit = f":root {{ --px: min({scale:g}px, max(1px, 100vw / 320)); }}\n"
    widths = {name: f"{width * scale - 1:g}px" for name, width in BREAKPOINTS.items()}
    return unit + "".join(_fill_template(compact_style(_asset(f"{sheet}.css")), widths) for sheet in sheets)


def _live_script(record: Record, live: bool | LiveScript) -> LiveScript | None:
    """Return the race as JavaScript for a live page, None for a replay."""
    if not isinstance(live, bool):
        if not isinstance(getattr(live, "source", None), str) or not isinstance(getattr(live, "facts", None), Mapping):
            raise InputError(f"live must be True, False or what landscapes.emit_race returns, got {live!r:.80}")
        if len(live.facts["optimizers"]) != len(record.trajectories):
            raise InputError(
                f"live is of a race of {len(live.facts['optimizers'])} runs, this record has {len(record.trajectories)}"
            )
        return live
    if not live:
        return None
    script: LiveScript = landscapes.emit_race(record)
    return script


def _element(script: str) -> str:
    return f"<script>{script}</script>"


@cache
def _shared(parts: tuple[str, ...]) -> str:
    """Return some of `SHARED` as one script, which defines `shared`."""
    scripts = "\n".join(map(_script, parts))
    return f'\n"use strict";\nconst shared=(()=>{{\n{scripts}\nreturn{{{_names(parts)}}}}})();\n'


def _names(parts: Sequence[str]) -> str:
    return ",".join(name for part in parts for name in SHARED[part])


def _packed(script: str) -> str:
    """Return a script deflated and in base64, as `UNPACK` reads it."""
    return base64.b64encode(zlib.compress(script.encode(), 9)).decode()


def policy_source(text: str) -> str:
    """Return the content of a style or script element as a source of a content security policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _colors(looks: Sequence[Theme]) -> str:
    """Return CSS for the page around the plots; with two themes, it follows the system's dark mode."""
    names = ("background", "foreground", "muted")
    palettes = [
        ":root { " + "".join(f"--{name}: {to_hex(getattr(look, name))}; " for name in names) + "}" for look in looks
    ]
    dark = [sum(to_rgb(look.background)) < 1.5 for look in looks]
    schemes = [f":root {{ color-scheme: {'dark' if is_dark else 'light'}; }}" for is_dark in dark]
    first, *second = [f"{palette} {scheme}" for palette, scheme in zip(palettes, schemes, strict=True)]
    return "\n".join([first, *(f"@media (prefers-color-scheme: dark) {{ {palette} }}" for palette in second), ""])


def _as_script(data: Mapping[str, Any]) -> str:
    """Return JSON that is safe inside a script element; raise `ValueError` for NaN."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def _script(name: str) -> str:
    """Return the text of a script, without comments and needless spaces."""
    return compact_script(_asset(f"{name}.js"))


def _asset(name: str) -> str:
    """Return the text of a file in the folder `assets`."""
    return files("landscapes.render.html").joinpath("assets", name).read_text(encoding="utf-8")


def _fill_template(template: str, parts: Mapping[str, str]) -> str:
    """Return the template with each `{{name}}` replaced; inserted text is not searched for placeholders."""
    pieces = template.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, after = piece.partition("}}")
        filled += [parts[name], after]
    return "".join(filled)

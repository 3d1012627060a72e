"""One SVG for systems in light and in dark mode: drawn in two themes, stored once where both agree."""

from __future__ import annotations

import re

TOKEN = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w:.-]+)="([^"]*)"')

SWITCH = ".light-only{display:none!important}.dark-only{display:inline!important}"
"""What a system in dark mode hides and shows."""


STEPS = [(0, 0), *((0, more) for more in (2, 4, 6)), *((skipped, 0) for skipped in (2, 4, 6))]
"""How many pieces of each picture to leave out where they differ: up to three shapes, with the spaces behind them."""


def merge_schemes(light: str, dark: str) -> str:
    """Return an SVG that shows `light`, and `dark` on systems in dark mode.

    Styles that differ become classes with rules in a media query; images that differ are both stored, and so are
    shapes that one of them lacks, such as glows. Pictures that differ in more than that are both stored whole.
    Programs without media queries show `light`.

    >>> light, dark = (f'<svg><style>*{{}}</style><path style="fill: {color}"/></svg>' for color in ("#fff", "#000"))
    >>> print(merge_schemes(light, dark).replace("@", chr(10) + "@").replace("</style>", chr(10) + "</style>"))
    <svg><style>*{}
    @media (prefers-color-scheme: dark){.dark-fill-000{fill:#000!important}}
    </style><path style="fill: #fff" class="dark-fill-000"/></svg>
    """
    ours, theirs = TOKEN.split(light), TOKEN.split(dark)
    rules: dict[str, str] = {}
    text = _aligned(ours, theirs, rules)
    if text is None:
        rules, text = {"": SWITCH}, _stacked(light, dark)
    if not rules:
        return text
    query = f"@media (prefers-color-scheme: dark){{{''.join(rules.values())}}}"
    return text.replace("</style>", f"{query}</style>", 1)


def _aligned(ours: list[str], theirs: list[str], rules: dict[str, str]) -> str | None:
    """Return both pictures as one, adding to the rules; None if they differ in more than styles and single shapes."""
    names = _names(ours, theirs)
    text: list[str] = []
    here = there = 0
    while here < len(ours) and there < len(theirs):
        for skipped, more in STEPS:
            extra, missing = ours[here : here + skipped], theirs[there : there + more]
            if not all(map(_is_shape, (extra + missing)[::2])):
                continue
            added: dict[str, str] = {}
            both = (ours[here + skipped : here + skipped + 1], theirs[there + more : there + more + 1])
            merged = _merged(both[0][0], both[1][0], names, added) if all(both) else None
            if merged is not None:
                break
        else:
            return None
        if skipped or more:
            added[""] = SWITCH
        text += [_with(part, 'class="light-only"') if _is_shape(part) else part for part in extra]
        text += [_hidden(part) if _is_shape(part) else part for part in missing]
        text.append(merged)
        rules |= added
        here, there = here + skipped + 1, there + more + 1
    return "".join(text) if (here, there) == (len(ours), len(theirs)) else None


def _is_shape(piece: str) -> bool:
    return piece.startswith(("<path", "<use", "<image")) and piece.endswith("/>")


def _hidden(tag: str) -> str:
    """Return an element that only systems in dark mode show."""
    shown = tag.replace('style="', 'style="display: none; ', 1)
    return _with(shown, 'class="dark-only"' if shown != tag else 'class="dark-only" style="display: none"')


def _attributes(tag: str) -> dict[str, str]:
    return dict(ATTRIBUTE.findall(tag)) if tag.startswith("<") else {}  # texts may be long, and have quotes


def _names(ours: list[str], theirs: list[str]) -> dict[str, str]:
    """Return our name of each of their elements; matplotlib derives names from styles."""
    one, two = (
        [name for part in text if not part.startswith("<image") and (name := _attributes(part).get("id"))]
        for text in (ours, theirs)
    )
    return dict(zip(two, one, strict=False))


def _merged(one: str, two: str, names: dict[str, str], rules: dict[str, str]) -> str | None:
    """Return a piece of both pictures as one, adding to the rules; None if they differ in more than style."""
    if one == two:
        return one
    ours, theirs = _attributes(one), _attributes(two)
    if not one.startswith("<") or one.split(None, 1)[0] != two.split(None, 1)[0]:
        return None
    if one.startswith("<image"):
        rules[""] = SWITCH
        return _with(one, 'class="light-only"') + _hidden(two)
    classes = []
    ours_style, theirs_style = (_properties(part.pop("style", "")) for part in (ours, theirs))
    for name in {**ours_style, **theirs_style}:
        value = theirs_style.get(name, "unset")
        if ours_style.get(name) != value:
            classes.append(f"dark-{name}-{re.sub(r'[^0-9A-Za-z]+', '-', value.lstrip('#'))}")
            rules[classes[-1]] = f".{classes[-1]}{{{name}:{value}!important}}"
    renamed = {name: _renamed(value, names) for name, value in theirs.items()}
    if renamed != ours:
        return None
    return _with(one, f'class="{" ".join(classes)}"') if classes else one


def _properties(style: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in style.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


def _renamed(value: str, names: dict[str, str]) -> str:
    """Return an attribute with their names of elements replaced by ours."""
    if value in names:
        return names[value]
    return re.sub(r"#([\w.-]+)", lambda found: "#" + names.get(found[1], found[1]), value)


def _with(tag: str, attribute: str) -> str:
    """Return a tag with one more attribute."""
    end = "/>" if tag.endswith("/>") else ">"
    return f"{tag[: -len(end)].rstrip()} {attribute}{end}"


def _stacked(light: str, dark: str) -> str:
    """Return both pictures whole, one hidden; the names of elements of the dark one get a prefix."""
    start, head, body = light.partition("</defs>")
    inner = dark.partition("</defs>")[2].rpartition("</svg>")[0]
    inner = re.sub(r'(\bid="|href="#|url\(#)', r"\1dark-", inner)
    body, end = body.rpartition("</svg>")[0], "</svg>\n"
    return f'{start}{head}<g class="light-only">{body}</g><g class="dark-only" style="display: none">{inner}</g>{end}'

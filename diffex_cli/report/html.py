"""The report page: one file that asks the network for nothing.

A content security policy in the page forbids every request, every script but its own and every style but its own, so
that even a name that slipped through the escaping could not act.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping

import jinja2
from markupsafe import Markup

from diffex_cli.report import glossary, numbers
from diffex_cli.report.facts import p_value

_STYLES = ("report.css", "front.css", "viewer.css")
_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def page(report: Mapping[str, object], pictures: Mapping[str, object], packed: bool = False) -> str:
    """Render the report.

    Args:
        report: the payload.
        pictures: the pictures' addresses and sizes, as the page embeds them.
        packed: compress both, to a third; an old browser then shows the page as it is without its script.

    Returns:
        A complete HTML document.
    """
    templates = environment("diffex_cli.report")
    style, script = Markup("\n").join(source(templates, name) for name in _STYLES), _script(templates)
    unpack = source(templates, "unpack.js") if packed else Markup()
    large = pictures.get("large")
    embedded = all(str(one["base"]).startswith("data:") for one in (pictures, large) if isinstance(one, Mapping))
    document = templates.get_template("report.html.j2").render(
        report=report,
        style=style,
        script=script,
        glossary=glossary.of_quantity(str(report["quantity"])),
        seen_words=set,
        policy=content_policy(style, script, "data:" if embedded else "data: 'self' file:", unpack),
        unpack=unpack,
        data_json=_packed(report) if packed else safe_json(report),
        pictures_json=_packed(pictures) if packed else safe_json(pictures),
    )
    # the name of a folder may hold bytes that are no text
    return document.encode("utf-8", "replace").decode("utf-8")


def safe_json(value: object) -> Markup:
    """JSON that can stand inside of a ``<script>`` element whatever its texts say."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # these signs stand in texts only, where JSON knows them by their numbers too
    return Markup(text.translate(_ESCAPES))  # noqa: S704 - no sign that HTML knows is left


def _packed(value: object) -> str:
    """JSON in UTF-8, by gzip, in base64; the same value gives the same text."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), mtime=0)).decode("ascii")


def content_policy(style: str, script: str, images: str, unpack: str = "") -> str:
    """A content security policy that allows one style sheet, one script, and pictures from certain places.

    Args:
        style: the content of the page's ``<style>``.
        script: the content of its ``<script>``.
        images: sources of pictures, such as ``data:``.
        unpack: a second script, that starts the first; empty for none.
    """
    scripts = " ".join(f"'{digest(one)}'" for one in (script, unpack) if one)
    return (
        f"default-src 'none'; img-src {images}; style-src '{digest(style)}'; script-src {scripts}; "
        "base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    """A style sheet's or script's digest, as a policy names it."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def environment(package: str) -> jinja2.Environment:
    """The templates of a package, with the filters that write figures."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader(package),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "signed": numbers.signed,
        "magnitude": numbers.magnitude,
        "probability": numbers.probability,
        "share": numbers.share,
        "p_value": p_value,
        "glossed": glossary.explained,
    }
    found.filters |= filters
    return found


def _script(templates: jinja2.Environment) -> Markup:
    """The pieces of the page's one script, in the order of their names."""
    names = templates.list_templates(filter_func=lambda name: name.startswith("script/") and name.endswith(".js"))
    return Markup("\n").join(source(templates, name) for name in sorted(names))


def source(templates: jinja2.Environment, name: str) -> Markup:
    """A file of the package, trusted as it is."""
    assert templates.loader is not None
    return Markup(templates.loader.get_source(templates, name)[0])  # noqa: S704

"""When two names mean the same attribute: case, plural, spelling, articles, word order around "of"."""

from __future__ import annotations

import re
import unicodedata

from diffex_cli.search.vocabulary import normalised

_ARTICLES = frozenset({"a", "an", "the"})
_SAME = {
    # spellings, of which the American one is kept
    "colour": "color",
    "coloured": "colored",
    "colouring": "coloring",
    "colouration": "coloration",
    "discolouration": "discoloration",
    "grey": "gray",
    "greyish": "grayish",
    "moustache": "mustache",
    "moustach": "mustache",
    "mustach": "mustache",
    "blond": "blonde",
    "haemorrhage": "hemorrhage",
    "oedema": "edema",
    "tumour": "tumor",
    "fibre": "fiber",
    "centre": "center",
    "jewellery": "jewelry",
    "mould": "mold",
    "plough": "plow",
    "tyre": "tire",
    "stripy": "striped",
    "spotty": "spotted",
    # plurals that no ending tells, after the regular endings are gone
    "leave": "leaf",
    "hoove": "hoof",
    "scarve": "scarf",
    "knive": "knife",
    "calve": "calf",
    "teeth": "tooth",
    "feet": "foot",
    "geese": "goose",
    "mice": "mouse",
    "men": "man",
    "women": "woman",
    "children": "child",
    "people": "person",
    "vertebrae": "vertebra",
    "drusen": "druse",
    "nevi": "nevus",
}
_ABSENCE = re.compile(
    r"(?:no|without|absence of|lack of|lacking|missing|removed?)\s+(?:(?:an?|any|the)\s+)?(?=\S)",
    re.IGNORECASE,
)


def canonical(name: str) -> str:
    """The form by which attributes are told apart: ``"The Colours of Wings"`` → ``"wing color"``.

    Words of another language keep their letters. Two names with the same form count as one attribute.
    """
    words = normalised(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())).split()
    words = [_SAME.get(word, word) for word in words if word not in _ARTICLES]
    if words.count("of") == 1 and words[0] != "of" and words[-1] != "of":
        at = words.index("of")
        words = words[at + 1 :] + words[:at]
    return " ".join(words)


def present(phrase: str) -> str | None:
    """What an absence is the absence of: ``"no crest"`` → ``"crest"``; ``None`` if the phrase names no absence."""
    match = _ABSENCE.match(phrase.strip())
    return None if match is None else phrase.strip()[match.end() :]

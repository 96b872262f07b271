"""What the user wrote after the provider's name: the model and the options, checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean
from diffex_cli.language_models.base import Prices

# The values that the SDKs know. Which of them a model takes is its provider's to say.
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

_OPTIONS = re.compile(r"(?:^|:)([a-z_]+=.*)$")


class ModelSpec:
    """A spec whose options may hold an address, which has colons itself, as in
    ``openai:qwen2.5vl:7b:base_url=http://localhost:11434/v1``.

    Attributes:
        text: the spec as the user wrote it, for errors, without a password or a query that stands in it.
        model: what is between the provider's name and the options; may be empty.
    """

    def __init__(self, spec: Spec, known: tuple[str, ...]) -> None:
        """Take model and options apart.

        Args:
            spec: as parsed.
            known: the options that there are.

        Raises:
            UsageError: an option is unknown, or not ``key=value``.
        """
        self.text = re.sub(r"//[^/@]*@", "//…@", re.sub(r"\?.*", "?…", spec.text))
        options = dict(spec.options)
        found = _OPTIONS.search(spec.model)
        self.model = spec.model[: found.start()] if found else spec.model
        for pair in found[1].split(",") if found else ():
            key, equals, value = pair.partition("=")
            if not (key and equals and value):
                raise UsageError(f"{pair!r} in {self.text!r} is not key=value")
            options[key.strip()] = value.strip()
        for option in options:
            if option not in known:
                raise UsageError(f"{self.text!r}: unknown option {option!r}{did_you_mean(option, known)}")
        self.options: Mapping[str, str] = options

    def whole(self, option: str) -> int | None:
        """A whole number of at least 1; ``None`` if not given.

        Raises:
            UsageError: it is none.
        """
        value = self.options.get(option)
        if value is not None and not (value.isdecimal() and int(value) >= 1):
            raise UsageError(f"{self.text!r}: {option} must be a whole number of at least 1, not {value!r}")
        return None if value is None else int(value)

    def number(self, option: str, *, zero: bool = True) -> float | None:
        """A finite number that is not negative; ``None`` if not given.

        Args:
            option: its name.
            zero: whether it may be 0.

        Raises:
            UsageError: it is none.
        """
        value = self.options.get(option)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or number < 0 or (number == 0 and not zero):
            raise UsageError(f"{self.text!r}: {option} must be a number {'≥' if zero else '>'} 0, not {value!r}")
        return number

    def retries(self, default: int) -> int:
        """The option ``retries``: how often to try again; 0 is never.

        Raises:
            UsageError: it is no whole number up to 100.
        """
        value = self.options.get("retries", str(default))
        if not value.isdecimal() or int(value) > 100:
            raise UsageError(f"{self.text!r}: retries must be a whole number from 0 to 100, not {value!r}")
        return int(value)

    def effort(self) -> str | None:
        """The option ``effort``; ``None`` leaves it to the provider.

        Raises:
            UsageError: there is no such value.
        """
        value = self.options.get("effort")
        if value is not None and value not in EFFORTS:
            raise UsageError(f"{self.text!r}: there is no effort {value!r}{did_you_mean(value, EFFORTS)}")
        return value

    def base_url(self, variable: str, environment: Mapping[str, str]) -> str | None:
        """The server's address: the option ``base_url``, or else a variable of the environment.

        Raises:
            UsageError: it is no plain ``http(s)://host[:port][/path]``.
        """
        name, url = "base_url", self.options.get("base_url")
        if url is None:
            name, url = variable, environment.get(variable) or None
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            plain = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            plain = False
            parts = urlsplit("")
        if parts.username is not None or parts.query or parts.fragment:
            raise UsageError(
                f"{name} may hold no user name, password, ? or #: the address is written down in the run; "
                "keys come from the environment"
            )
        if not plain:
            raise UsageError(f"{name} must be an address like http://localhost:11434/v1, not {url!r}")
        return url.rstrip("/")

    def prices(self, listed: Prices | None) -> Prices | None:
        """The options ``price_in``, ``price_out`` and ``price_cached``, where not given the list's.

        Raises:
            UsageError: one is no number, or only one of the first two is known.
        """
        given = self.number("price_in"), self.number("price_out"), self.number("price_cached")
        if given == (None, None, None):
            return listed
        read, written, cached = given
        if listed is None and (read is None or written is None):
            raise UsageError(f"{self.text!r}: the model is not in the price list: give both price_in and price_out")
        if read is None and listed is not None:
            read = listed.input
        if written is None and listed is not None:
            written = listed.output
        assert read is not None
        assert written is not None
        if cached is None:
            cached = listed.cached if listed is not None and given[0] is None else read
        return Prices(input=read, output=written, cached=cached)

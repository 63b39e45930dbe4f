"""How a template becomes tokens and tags.

In a template `(a|b)` is one of its alternatives, of which one may be empty; `{PER}`, in capitals, is a labelled name;
`{goods}` is one of the part's phrases, a template itself. Everything else is tokens, separated by spaces.
"""

import functools
import json
import re
from collections.abc import Sequence
from importlib import resources
from random import Random
from typing import Any

TYPES = ("LOC", "ORG", "PER", "TIME", "WORK")
_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")
_TITLES = ("Mr", "Mrs", "Dr", "Ms")
_TRIES = 20

Tagged = list[tuple[str, str]]  # token and tag


@functools.cache
def read(name: str) -> dict[str, Any]:
    """One of the package's JSON files."""
    return json.loads(resources.files(__package__).joinpath(name).read_text("utf-8"))


class Draw:
    """Chooses by `Random.random` alone, whose sequence Python promises to keep for a seed."""

    def __init__(self, *seed: Any) -> None:
        self.random = Random("/".join(map(str, seed))).random

    def one(self, choices: Sequence[Any]) -> Any:
        """One of the choices, all equally likely."""
        return choices[int(self.random() * len(choices))]

    def chance(self, probability: float) -> bool:
        """Whether something happens that does so with this probability."""
        return self.random() < probability

    def shuffled(self, values: Sequence[Any]) -> list[Any]:
        """The values in a random order."""
        return sorted(values, key=lambda _: self.random())


class Expansion:
    """One sentence in the making, in which no name comes twice."""

    def __init__(self, part: str, draw: Draw) -> None:
        self.names: dict[str, list[str]] = read("names.json")[part]
        self.phrases: dict[str, Any] = read("templates.json")[part]
        self.draw = draw
        self.used: set[str] = set()

    def expand(self, template: str) -> Tagged:
        """Tokens and tags of a template."""
        tagged: Tagged = []
        for token in self._chosen(template).split():
            slot = _SLOT.fullmatch(token)
            if slot is None:
                tagged.append((token, "O"))
            elif slot[1] in TYPES:
                tagged += self._entity(slot[1])
            else:
                tagged += self.expand(self.draw.one(self.phrases[slot[1]]))
        return tagged

    def _chosen(self, template: str) -> str:
        return _CHOICE.sub(lambda found: self.draw.one(found[1].split("|")), template)

    def _entity(self, kind: str) -> Tagged:
        for _ in range(_TRIES):
            title, name = self._named(kind)
            if name.lower() not in self.used:
                break
        self.used.add(name.lower())
        tokens = name.split()
        tags = [f"B-{kind}"] + [f"I-{kind}"] * (len(tokens) - 1)
        return [(title, "O")] * bool(title) + list(zip(tokens, tags, strict=True))

    def _named(self, kind: str) -> tuple[str, str]:
        """A title, which is no part of a name, and a name."""
        draw = self.draw
        if kind == "PER":
            form = draw.one(["{first}"] * 9 + ["{first} {last}"] * 7 + ["{last}"] * 4)
            return draw.one(_TITLES) if form == "{last}" and draw.chance(0.6) else "", self._filled(form)
        if kind == "LOC":
            return "", self._filled("{city}" if draw.chance(0.75) else draw.one(self.names["place"]))
        if kind == "ORG":
            return "", self._filled(draw.one(self.names["company" if draw.chance(0.5) else "firm"]))
        return "", self._filled(self._chosen(draw.one(self.names["song" if kind == "WORK" else "time"])))

    def _filled(self, form: str) -> str:
        return _SLOT.sub(lambda found: self.draw.one(self.names[found[1]]), form)

"""Which layer of one model is which layer of another."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from difflib import SequenceMatcher
from functools import partial
from typing import NamedTuple

import keras

from kerasaug.transfer.weight_parts import Part, Path

_MODELS = ("functional", "sequential", "model")
_KERAS = {name.lower() for name in dir(keras.layers)} | set(_MODELS)


class Match(NamedTuple):
    """Two layers that correspond, and how that was found."""

    source: Part
    target: Part
    rule: str


def match(sources: Sequence[Part], targets: Sequence[Part], by: str) -> list[Match]:
    """Pairs the layers of two models, each of which is paired at most once.

    Args:
        sources: The layers to copy from.
        targets: The layers to copy to.
        by: `"auto"`, `"name"` or `"shape"`; see `transfer_weights`.
    """
    pairing = _Pairing(sources, targets)
    if by == "shape":
        pairing.align(lambda part: (), "shape", rest=True)
        return pairing.matches
    automatic = _automatic([*sources, *targets]) if by == "auto" else (lambda name: False)
    named = [part for part in (*sources, *targets) if not any(map(automatic, _holders(part)))]
    pairing.by_name({id(part) for part in named})
    if by == "auto":
        pairing.align(lambda part: _key(part, automatic), "order")
        pairing.align(lambda part: _key(part, automatic)[1], "order", rest=True)
        pairing.by_end(lambda part: _key(part, automatic)[1])
    return pairing.matches


class _Pairing:
    def __init__(self, sources: Sequence[Part], targets: Sequence[Part]) -> None:
        self.matches: list[Match] = []
        self._sources, self._targets = list(sources), list(targets)

    def by_name(self, named: set[int]) -> None:
        """Pairs what has the same path, then what has the same end of it: wrappers add and remove beginnings."""
        self._unique(lambda part: part.path, named)
        longest = max((len(part.path) for part in (*self._sources, *self._targets)), default=0)
        for length in range(longest, 0, -1):
            self._unique(partial(_path_end, length), named)

    def align(self, key: Callable[[Part], Hashable | None], rule: str, rest: bool = False) -> None:
        """Pairs, among layers of one key, the runs that have the same shapes in the same order.

        Args:
            key: The layers' key; those with `None` are left.
            rule: The name of this rule.
            rest: Whether what stands at the same place between such runs is paired too, whatever its shapes.
        """
        for wanted in dict.fromkeys(map(key, self._targets)):
            if wanted is None:
                continue
            sources = [part for part in self._sources if key(part) == wanted]
            targets = [part for part in self._targets if key(part) == wanted]
            compared = SequenceMatcher(
                None, [part.signature for part in sources], [part.signature for part in targets], autojunk=False
            )
            for tag, i, end_i, j, end_j in compared.get_opcodes():
                if tag == "equal" or (rest and tag == "replace" and end_i - i == end_j - j):
                    self._pair(zip(sources[i:end_i], targets[j:end_j], strict=True), rule)

    def by_end(self, key: Callable[[Part], Path | None]) -> None:
        """Pairs runs of layers whose keys end alike, for wrappers that Keras named."""
        longest = max((len(key(part) or ()) for part in (*self._sources, *self._targets)), default=0)
        for length in range(longest, 0, -1):
            self.align(partial(_key_end, key, length), "order")

    def _unique(self, key: Callable[[Part], Path | None], named: set[int]) -> None:
        sources, targets = (_by_key(parts, key, named) for parts in (self._sources, self._targets))
        both = [(sources[path][0], found[0]) for path, found in targets.items() if path in sources]
        self._pair([pair for pair in both if _only(sources, pair[0], key) and _only(targets, pair[1], key)], "name")

    def _pair(self, pairs: Iterable[tuple[Part, Part]], rule: str) -> None:
        for source, target in list(pairs):
            self.matches.append(Match(source, target, rule))
            self._sources.remove(source)
            self._targets.remove(target)


def _by_key(parts: Sequence[Part], key: Callable[[Part], Path | None], named: set[int]) -> dict[Path, list[Part]]:
    found: dict[Path, list[Part]] = {}
    for part in parts:
        path = key(part)
        if path is not None and id(part) in named:
            found.setdefault(path, []).append(part)
    return found


def _only(found: dict[Path, list[Part]], part: Part, key: Callable[[Part], Path | None]) -> bool:
    path = key(part)
    return path is not None and len(found[path]) == 1


def _automatic(parts: Sequence[Part]) -> Callable[[str], bool]:
    """Whether a name is one that Keras gave, whose number says only what else was made before."""
    known = _KERAS | {type(part.layer).__name__.lower() for part in parts if part.layer is not None}

    def automatic(name: str) -> bool:
        return _base(name).removeprefix("forward_").removeprefix("backward_").replace("_", "") in known

    return automatic


def _base(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


def _holders(part: Part) -> Path:
    """The path without models that have no name of their own."""
    return tuple(name for name in part.path if _base(name) not in _MODELS)


def _key(part: Part, automatic: Callable[[str], bool]) -> tuple[Path, Path | None]:
    """The named holders, and the rest without numbers, from the first name on that Keras gave."""
    path = _holders(part)
    for index, name in enumerate(path):
        if automatic(name):
            return path[:index], tuple(_base(one) if automatic(one) else one for one in path[index:])
    return path, None


def _path_end(length: int, part: Part) -> Path | None:
    return part.path[-length:] if len(part.path) >= length else None


def _key_end(key: Callable[[Part], Path | None], length: int, part: Part) -> Path | None:
    return (key(part) or ())[-length:] or None

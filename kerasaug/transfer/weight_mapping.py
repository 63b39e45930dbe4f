"""A user's own word on which layer of the source is which of the target."""

import dataclasses
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasaug.transfer.weight_matching import Match
from kerasaug.transfer.weight_parts import Part


def apply_mapping(sources: Sequence[Part], targets: Sequence[Part], mapping: Any) -> tuple[list[Match], list[Part]]:
    """Renames the source's layers, and pairs those whose new name is a layer of the target.

    Args:
        sources: The layers to copy from.
        targets: The layers to copy to.
        mapping: See `transfer_weights`.

    Returns:
        The pairs, and the other layers to copy from under their new names, without those that the user leaves out.
    """
    rename = _function(mapping, sources, targets)
    by_name = {part.name: part for part in targets}
    matches: list[Match] = []
    rest: list[Part] = []
    for part in sources:
        name, exact = rename(part.name)
        if name is None:
            continue
        if exact and name in by_name:
            matches.append(Match(part, by_name.pop(name), "mapping"))
        else:
            rest.append(part if name == part.name else dataclasses.replace(part, path=tuple(name.split("/"))))
    return matches, rest


def _function(
    mapping: Any, sources: Sequence[Part], targets: Sequence[Part]
) -> Callable[[str], tuple[str | None, bool]]:
    """From a path to the new one, or `None` to leave it out, and whether it means exactly one layer."""
    if mapping is None:
        return lambda name: (name, False)
    if isinstance(mapping, Mapping):
        _check(mapping, sources, targets)
        return lambda name: _looked_up(name, mapping)
    if callable(mapping):
        return lambda name: _called(name, mapping)
    if _is_pairs(mapping):
        return lambda name: _substituted(name, mapping)
    raise TypeError(
        "transfer_weights expects `mapping` as a dict from the source's layers to the target's, a function of a path, "
        f"or pairs of a regular expression and its replacement. Received: {mapping!r}."
    )


def _is_pairs(mapping: Any) -> bool:
    return isinstance(mapping, list | tuple) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 for pair in mapping
    )


def _looked_up(name: str, mapping: Mapping[str, str | None]) -> tuple[str | None, bool]:
    """By the path itself or the longest beginning of it; what comes behind that is matched as ever."""
    pieces = name.split("/")
    for length in range(len(pieces), 0, -1):
        beginning = "/".join(pieces[:length])
        if beginning in mapping:
            new = mapping[beginning]
            whole = length == len(pieces)
            return (None if new is None else "/".join([*filter(None, [new]), *pieces[length:]])), whole
    return name, False


def _called(name: str, function: Callable[[str], Any]) -> tuple[str | None, bool]:
    new = function(name)
    if new is not None and not isinstance(new, str):
        raise TypeError(f"transfer_weights expects `mapping` to return a path or None. Received: {new!r} for {name!r}.")
    return new, new != name


def _substituted(name: str, pairs: Sequence[tuple[str, str]]) -> tuple[str, bool]:
    new = name
    for pattern, replacement in pairs:
        new = re.sub(pattern, replacement, new)
    return new, new != name


def _check(mapping: Mapping[str, str | None], sources: Sequence[Part], targets: Sequence[Part]) -> None:
    """Raises for names that are nowhere: a misspelt one would do nothing."""
    for names, parts, side in ((mapping, sources, "source"), (mapping.values(), targets, "target")):
        known = {"/".join(part.path[:length]) or part.name for part in parts for length in range(len(part.path) + 1)}
        for name in names:
            if name and name not in known:
                near = difflib.get_close_matches(name, known, n=3)
                hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else f"It has {sorted(known)[:8]}."
                raise ValueError(
                    f"transfer_weights expects `mapping` to name layers with weights. Received: {name!r}, which the "
                    f"{side} does not have. {hint}"
                )

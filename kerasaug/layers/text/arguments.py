"""Checks of what layers of tokens are constructed with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kerasaug.arguments import as_number, is_integer
from kerasaug.modality import TOKENS

_MOST = 2**31 - 2  # an id, which tables have a place beyond


def as_ids(value: Any, name: str, layer: str) -> list[int]:
    """Reads token ids: a list, a tuple, a set or an array of them, in any order."""
    if value is None:
        return []
    many = isinstance(value, Sequence | set | frozenset | np.ndarray) and not isinstance(value, str | bytes)
    listed: list[Any] = list(value) if many and np.ndim(list(value)) == 1 else [None]
    if not all(is_integer(one) and 0 <= one <= _MOST for one in listed):
        raise ValueError(f"{layer} expects {name}, a list of token ids from 0 on. Received: {name}={value!r}.")
    return sorted({int(one) for one in listed})


def as_aligned(value: Any, layer: str) -> dict[str, float] | None:
    """Reads names of tensors that have an entry for each token, with what fills places that become free."""
    if value is None:
        return None
    pairs: dict[Any, Any] = {None: 0}
    if isinstance(value, Mapping):
        pairs = dict(value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        pairs = dict.fromkeys(value, 0)
    if not all(isinstance(name, str) for name in pairs):
        raise ValueError(
            f"{layer} expects aligned, a list of names or a dict from name to what fills free places. Received: "
            f"aligned={value!r}."
        )
    known = sorted(set(pairs) & set(TOKENS.kinds))
    if known:
        raise ValueError(f"{layer} expects aligned to name tensors that do not move by themselves. Received: {known}.")
    return {name: as_number(fill, f"aligned[{name!r}]", layer) for name, fill in pairs.items()} or None

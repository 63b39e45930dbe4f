"""What an interrupted `fit` has left changed: Keras calls no `on_train_end` after an exception.

A callback notes what it changes for a while, and forgets it when it has put it back. What is still noted when the next
`fit` begins, with the same callback or a new one, was left by an exception.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

Undo = Callable[[float], float | None]
_LEFT: WeakKeyDictionary[Any, dict[str, Undo]] = WeakKeyDictionary()


def note(owner: Any, name: str, undo: Undo) -> None:
    """Notes a change of `name` of an optimizer or a layer.

    Args:
        owner: What is changed; it is not kept alive.
        name: What of it.
        undo: From the value found later to the one to put back, or `None` where somebody else has set it since.
    """
    _LEFT.setdefault(owner, {})[name] = undo


def forget(owner: Any, name: str) -> None:
    """It is back."""
    _LEFT.get(owner, {}).pop(name, None)


def left(owner: Any, name: str, value: float) -> float | None:
    """What to put back for the present value; `None` for nothing. It is forgotten."""
    undo = _LEFT.get(owner, {}).pop(name, None)
    return None if undo is None else undo(value)

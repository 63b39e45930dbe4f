"""What callbacks remember between epochs, as plain data."""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import keras

from kerasaug.resume.plain import NotPlain, decode, encode, same

State = dict[str, Any]
_KERAS_OWN = ("_model", "model", "params", "validation_data")


class CallbackStates:
    """Takes and gives back what callbacks have changed since training began.

    A callback with methods `get_state()` and `set_state(state)` speaks for itself. Of any other, the attributes that
    hold plain values are taken, which Keras's callbacks keep their counters and best values in. Attributes that are as
    they were when training began are left out, so arguments may be changed between two runs.

    Args:
        callbacks: Those of the `fit` under way; display and the backup itself may be among them, they have no state.
        left_out: Callbacks that have none.
    """

    def __init__(self, callbacks: Iterable[Any], left_out: tuple[Any, ...]) -> None:
        self._callbacks = dict(_keyed(callbacks, left_out))
        self._at_first = {key: _plain_attributes(one) for key, one in self._callbacks.items()}
        self._restored: dict[str, set[str]] = {}

    def capture(self) -> dict[str, State]:
        """The states, by callback: class and number among those of the class."""
        return {key: state for key, one in self._callbacks.items() if (state := self._state_of(key, one))}

    def restore(self, states: dict[str, State]) -> None:
        """Gives every callback its state; those that are not there any more are passed over."""
        for key, state in states.items():
            callback = self._callbacks.get(key)
            if callback is None:
                continue
            if _speaks(callback):
                callback.set_state(state)
            else:
                vars(callback).update(state)
                self._restored[key] = set(state)

    def _state_of(self, key: str, callback: Any) -> State:
        if _speaks(callback):
            return callback.get_state()
        first = self._at_first[key]
        # What was restored is kept even when it is as it was at first: the same callbacks may train again, and a new
        # process begins with new ones.
        kept = self._restored.get(key, set())
        now = _plain_attributes(callback)
        return {
            name: value
            for name, value in now.items()
            if name in kept or name not in first or not same(value, first[name])
        }


def _speaks(callback: Any) -> bool:
    return callable(getattr(callback, "get_state", None)) and callable(getattr(callback, "set_state", None))


def _keyed(callbacks: Iterable[Any], left_out: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    seen: Counter[str] = Counter()
    for callback in callbacks:
        if isinstance(callback, keras.callbacks.ProgbarLogger) or any(callback is one for one in left_out):
            continue
        name = type(callback).__name__
        yield f"{name}:{seen[name]}", callback
        seen[name] += 1


def _plain_attributes(callback: Any) -> State:
    found = {}
    for name, value in vars(callback).items():
        if name in _KERAS_OWN:
            continue
        arrays: list[Any] = []
        try:
            code = encode(value, arrays)
        except NotPlain:
            continue
        found[name] = copy.copy(decode(code, arrays))
    return found

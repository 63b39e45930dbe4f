"""What a layer puts out, changed on its way through a model that knows nothing of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

import keras

from kerasaug.backend.graph import calls, is_graph
from kerasaug.backend.masks import mask_of

_changes: ContextVar[Mapping[int, Callable[[Any], Any]] | None] = ContextVar("kerasaug_taps", default=None)
_lock, _users = Lock(), Counter[int]()


@contextmanager
def tapped(layer: Any, change: Callable[[Any], Any]) -> Iterator[None]:
    """Within the block, calls of a layer return what `change` makes of their results, their masks included.

    The layer is, meanwhile, of a class of its own, since Python looks `__call__` up there: a `call` of the instance
    would come before Keras hangs the mask on the result. Replicas, which trace in threads that take turns, have each
    its own `change`.

    Args:
        layer: Any Keras layer, or operation.
        change: A function of what a call returns.
    """
    token = _changes.set({**(_changes.get() or {}), id(layer): change})
    _lend_class(layer)
    try:
        yield
    finally:
        _return_class(layer)
        _changes.reset(token)


def mask_operations(layers: Iterable[Any], layer: Any) -> list[Any]:
    """The operations that compute the mask of what a layer puts out, in the functional models among `layers`.

    Keras hands the layers above such a mask as an argument, as it was when the model was built, whatever hangs on
    their inputs later.
    """
    graphs = [graph for graph in layers if is_graph(graph)]
    outputs = [output for graph in graphs for call in calls(graph) if call.layer is layer for output in call.outputs]
    found = [mask._keras_history.operation for output in outputs if (mask := mask_of(output)) is not None]
    return list({id(one): one for one in found if not isinstance(one, keras.layers.InputLayer)}.values())


def _lend_class(layer: Any) -> None:
    with _lock:
        _users[id(layer)] += 1
        if _users[id(layer)] == 1:
            own = type(layer)
            _set_class(layer, type(own.__name__, (own,), {"__call__": _call, "__module__": own.__module__}))


def _return_class(layer: Any) -> None:
    with _lock:
        _users[id(layer)] -= 1
        if not _users[id(layer)]:
            del _users[id(layer)]
            _set_class(layer, type(layer).__bases__[0])


def _call(self: Any, *args: Any, **kwargs: Any) -> Any:
    result = type(self).__bases__[0].__call__(self, *args, **kwargs)
    change = (_changes.get() or {}).get(id(self))
    return result if change is None else change(result)


def _set_class(layer: Any, of: type) -> None:
    object.__setattr__(layer, "__class__", of)  # Keras would take it for an attribute to keep

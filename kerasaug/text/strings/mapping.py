"""Ops on strings in a `tf.data.Dataset`, or any other stream of texts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from kerasaug.arguments import as_integer
from kerasaug.text.strings.draws import Draws, fresh_seed
from kerasaug.text.strings.eda import EasyDataAugmentation
from kerasaug.text.strings.op import TextOp

_WHO = "map_strings"


def map_strings(
    dataset: Any,
    op: TextOp | EasyDataAugmentation,
    seed: int | None = None,
    key: Any = None,
    num_parallel_calls: Any = None,
) -> Any:
    """Applies an op on strings to each element of a data set.

    What is drawn for an element is a function of the seed and the element's place, whatever the parallelism. Map after
    `repeat` for other draws in every epoch; before it, each epoch is the same. An `EasyDataAugmentation` makes several
    elements of each, with the rest of the element repeated. The op runs in Python; tokenization comes after.

    Args:
        dataset: A `tf.data.Dataset`, whose texts are scalar string tensors (map before `batch`) in UTF-8; or an
            iterable of Python elements. Elements are texts, tuples or dicts.
        op: An op of `kerasaug.text.strings`.
        seed: An integer. Defaults to one that nobody knows.
        key: Where the text is in an element: a name in a dict, a place in a tuple. Defaults to the element itself, or
            the first of a tuple.
        num_parallel_calls: Of a `tf.data.Dataset`, see its `map`. Python runs one op at a time anyhow.

    Returns:
        A `tf.data.Dataset`, or an iterator.

    Example:

    ```python
    from kerasaug.text import map_strings, strings

    noise = strings.CaseNoise(1.0, how="upper")
    assert list(map_strings([("one", 0), ("two", 1)], noise, seed=1)) == [("ONE", 0), ("TWO", 1)]
    ```
    """
    number = fresh_seed() if seed is None else as_integer(seed, "seed", _WHO, -(2**63), 2**63 - 1)
    if not isinstance(op, TextOp | EasyDataAugmentation):
        raise ValueError(f"{_WHO} expects op, an op of kerasaug.text.strings. Received: {op!r}.")
    if hasattr(dataset, "enumerate") and hasattr(dataset, "element_spec"):
        return _dataset(dataset, op, number, key, num_parallel_calls)
    if isinstance(dataset, str) or not isinstance(dataset, Iterable):
        raise ValueError(
            f"{_WHO} expects dataset, a tf.data.Dataset or an iterable of elements. Received: {dataset!r}."
        )
    return _stream(dataset, op, number, key)


def _stream(elements: Iterable[Any], op: Any, seed: int, key: Any) -> Iterator[Any]:
    for i, element in enumerate(elements):
        for one in _results(op, _text(element, key), seed, i):
            yield _with_text(element, key, one)


def _results(op: Any, text: str, seed: int, i: int) -> list[str]:
    """The text, or the texts, of element i: what the op makes of it at that place of a list."""
    draws = Draws(seed, i)
    return op.made(text, draws) if isinstance(op, EasyDataAugmentation) else [op.changed(text, draws, ())[0]]


def _dataset(dataset: Any, op: Any, seed: int, key: Any, num_parallel_calls: Any) -> Any:
    import tensorflow as tf

    spec = _text(dataset.element_spec, key)
    if not isinstance(spec, tf.TensorSpec) or spec.dtype != tf.string or spec.shape.rank != 0:
        raise ValueError(
            f"{_WHO} expects texts that are scalar string tensors. Received: {spec}. Map before batch, and name the "
            "text by key."
        )
    many = isinstance(op, EasyDataAugmentation)

    def run(i: Any, text: bytes) -> Any:
        results = [one.encode("utf-8") for one in _results(op, _decoded(text), seed, int(i))]
        return np.array(results, object) if many else results[0]

    def mapped(i: Any, *element: Any) -> Any:
        whole = element if len(element) > 1 or isinstance(dataset.element_spec, tuple) else element[0]
        results = tf.numpy_function(run, [i, _text(whole, key)], tf.string, stateful=False)
        results.set_shape([None] if many else [])
        if not many:
            return _with_text(whole, key, results)
        return tf.data.Dataset.from_tensor_slices(results).map(lambda one: _with_text(whole, key, one))

    numbered = dataset.enumerate().map(lambda i, element: (i, *element) if isinstance(element, tuple) else (i, element))
    return numbered.flat_map(mapped) if many else numbered.map(mapped, num_parallel_calls=num_parallel_calls)


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{_WHO} expects texts in UTF-8. Received: {text[:40]!r}, {error}.") from error


def _text(element: Any, key: Any) -> Any:
    place = 0 if key is None and isinstance(element, tuple) else key
    if place is None and not isinstance(element, Mapping):
        return element
    try:
        return element[place]
    except (KeyError, IndexError, TypeError):
        held = list(element) if isinstance(element, Mapping) else f"a {type(element).__name__}"
        raise ValueError(
            f"{_WHO} expects key, where the text of an element is. Received: key={key!r} of {held}."
        ) from None


def _with_text(element: Any, key: Any, text: Any) -> Any:
    place = 0 if key is None and isinstance(element, tuple) else key
    if place is None:
        return text
    if isinstance(element, Mapping):
        return {**element, place: text}
    changed = list(element)
    changed[place] = text
    return tuple(changed)

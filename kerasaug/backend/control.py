"""Loops and branches of which only one runs."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import keras

from kerasaug.backend.active import NATIVE, Tensor, active, ops


def map_samples(function: Callable[..., Any], *trees: Any) -> Any:
    """Calls a function with each sample in turn, and stacks what it returns.

    Args:
        function: Takes what `trees` are without the batch axis; returns what the first of them is, in its dtypes.
        *trees: Nested tensors whose first axis is the batch.
    """
    if active() == "tensorflow":
        tf = import_module("tensorflow")
        dtypes = keras.tree.map_structure(lambda value: value.dtype, trees[0])
        each = tf.autograph.experimental.do_not_convert(lambda sample: function(*sample))
        return tf.map_fn(each, trees, fn_output_signature=dtypes)
    if NATIVE == "jax":
        return import_module("jax").lax.map(lambda sample: function(*sample), trees)
    batch = len(keras.tree.flatten(trees)[0])
    if not batch:
        return trees[0]
    each = [function(*keras.tree.map_structure(lambda value, i=i: value[i], trees)) for i in range(batch)]
    return keras.tree.map_structure(lambda *values: ops.stack(values), *each)


def fold(function: Callable[[Any, Any], Any], carry: Any, steps: Any) -> Any:
    """Calls `carry = function(carry, step)` for each slice of `steps` along its first axis; shapes must not change."""
    if active() == "tensorflow":
        tf = import_module("tensorflow")
        return tf.foldl(tf.autograph.experimental.do_not_convert(function), steps, initializer=carry)
    if NATIVE == "jax":
        return import_module("jax").lax.scan(lambda one, step: (function(one, step), None), carry, steps)[0]
    for i in range(len(keras.tree.flatten(steps)[0])):
        carry = function(carry, keras.tree.map_structure(lambda value, i=i: value[i], steps))
    return carry


def switch(index: Tensor, branches: Sequence[Callable[[], Any]]) -> Any:
    """Calls one of the functions without arguments, and none of the others, by a scalar index."""
    if active() == "tensorflow":
        return import_module("tensorflow").switch_case(index, branches)
    if NATIVE == "jax":
        return import_module("jax").lax.switch(index, branches)
    return branches[int(index)]()

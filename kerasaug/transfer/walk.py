"""Walks over the layers of any model: Functional, Sequential, subclassed, and models inside models."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from kerasaug.transfer.quiet import quietly


def sublayers(layer: keras.Layer) -> list[keras.Layer]:
    """The layers that `layer` holds directly, whether it is a model or a layer made of layers."""
    return keras.Model.layers.fget(layer)  # Model's getter reads what every Layer tracks


def walk(layer: keras.Layer) -> Iterator[keras.Layer]:
    """Yields `layer` and everything inside it once, a container before its contents."""
    seen: set[int] = set()

    def visit(current: keras.Layer) -> Iterator[keras.Layer]:
        if id(current) in seen:
            return
        seen.add(id(current))
        yield current
        for child in sublayers(current):
            yield from visit(child)

    yield from visit(layer)


def named_layers(model: keras.Layer) -> dict[str, keras.Layer]:
    """Everything inside `model`, once, by its path: the names from the outside in, `"backbone/block1/conv"`.

    `Layer.path` is no such thing: it tells where a layer was built, which need not be in this model.
    """
    found: dict[str, keras.Layer] = {}
    seen: set[int] = {id(model)}

    def visit(layer: keras.Layer, prefix: str) -> None:
        for child in sublayers(layer):
            if id(child) not in seen:
                seen.add(id(child))
                path = f"{prefix}{child.name}"
                while path in found:  # layers inside a layer may share a name
                    path += "+"
                found[path] = child
                visit(child, f"{path}/")

    visit(model, "")
    return found


def own_weights(layer: keras.Layer) -> list[Any]:
    """The weights that belong to `layer` itself and to none of its sublayers."""
    inner = {id(weight) for child in sublayers(layer) for weight in child.weights}
    return [weight for weight in layer.weights if id(weight) not in inner]


def owners(layer: keras.Layer) -> list[keras.Layer]:
    """The layers inside `layer` (and itself) that own weights: the leaves that freezing is about."""
    return [found for found in walk(layer) if own_weights(found)]


@contextmanager
def thawed(model: keras.Layer) -> Iterator[None]:
    """Within the block every layer of `model` is trainable; afterwards every flag is as it was."""
    layers = list(walk(model))
    layer_flags = [layer.trainable for layer in layers]
    variable_flags = [(variable, variable.trainable) for variable in model.variables]
    with quietly():
        for layer in layers:
            layer.trainable = False  # TensorFlow ignores a repeated assignment, so every flag is turned both ways
            layer.trainable = True
        try:
            yield
        finally:
            for layer, flag in zip(layers, layer_flags, strict=True):
                layer.trainable = flag
            for variable, flag in variable_flags:  # a container's flag overruled those of its contents
                if variable.trainable != flag:
                    variable.trainable = flag


def trainable_if_thawed(model: keras.Layer) -> list[Any]:
    """Every variable of `model` that training may ever move, in the model's own order."""
    with thawed(model):
        return list(model.trainable_variables)

"""The weights of a model, layer by layer, as they are compared with another's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from kerasaug.transfer.walk import own_weights, sublayers

Path = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Part:
    """A layer's own weights.

    Attributes:
        path: The names of the layers that hold it, and its own; empty for the model itself.
        shapes: The shape of each weight by name; names are numbers where a file keeps none.
        read: Reads a weight by name, as a copy.
        layer: The layer, unless it is in a file.
    """

    path: Path
    shapes: dict[str, tuple[int, ...]]
    read: Callable[[str], np.ndarray]
    layer: keras.Layer | None = None

    @property
    def name(self) -> str:
        """The path with slashes."""
        return "/".join(self.path) or "(model)"

    @property
    def anonymous(self) -> bool:
        """Whether the names of the weights are not known."""
        return all(name.isdigit() for name in self.shapes)

    @property
    def signature(self) -> tuple[tuple[int, ...], ...]:
        """The shapes, in order."""
        return tuple(self.shapes.values())


def parts_of(model: keras.Layer) -> list[Part]:
    """Every layer of a model that owns weights, in Keras's order; shared layers once."""
    found: list[Part] = []
    seen: set[int] = set()

    def visit(layer: keras.Layer, path: Path) -> None:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        if own := own_weights(layer):
            found.append(_part(layer, path, own))
        for child in sublayers(layer):
            visit(child, (*path, child.name))

    visit(model, ())
    return found


def variables_of(part: Part) -> dict[str, Any]:
    """The variables of a model's part by name; a repeated name is counted."""
    assert part.layer is not None
    return _named(own_weights(part.layer))


def _part(layer: keras.Layer, path: Path, own: list[Any]) -> Part:
    named = _named(own)
    shapes = {name: tuple(variable.shape) for name, variable in named.items()}
    return Part(path, shapes, lambda name: np.array(keras.ops.convert_to_numpy(named[name])), layer)


def _named(variables: list[Any]) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for variable in variables:
        name, count = variable.name, 1
        while name in named:
            name, count = f"{variable.name}_{count}", count + 1
        named[name] = variable
    return named

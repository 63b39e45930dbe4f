"""Layer groups: the parts of a model that are frozen, unfrozen and given a learning rate together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import keras

from kerasaug.transfer.strides import Place, places
from kerasaug.transfer.walk import own_weights, owners, trainable_if_thawed

HEAD = "head"

_NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    keras.layers.RMSNormalization,
    keras.layers.UnitNormalization,
)


class LayerGroup(NamedTuple):
    """A named group of layers.

    Attributes:
        name: Its name; the group on top of a classifier is `"head"`.
        layers: The layers with weights of their own, bottom first.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    head = kerasaug.transfer.layer_groups(model)[-1]
    head.name, len(head.weights)  # "head", 2
    ```
    """

    name: str
    layers: tuple[keras.Layer, ...]

    @property
    def weights(self) -> list[Any]:
        """The weights of the group, each of which is in no other group."""
        return [weight for layer in self.layers for weight in own_weights(layer)]


def layer_groups(
    model: keras.Model,
    splitter: Callable[[keras.Model], Any] | None = None,
) -> list[LayerGroup]:
    """Divides the layers of a model into groups, bottom first and head last.

    A new group begins where the feature maps get smaller: layers are grouped by the stride of their output against
    the largest map of the model, taken as a running maximum, and 1×1 maps (squeeze-and-excitation) do not count.
    What comes after the last map is the head. This needs no table of names and gives four to six groups on the
    networks of `keras.applications`. A model without maps, such as a stack of `Dense` layers, has one group for
    each layer. Models inside the model are looked into; only layers that own weights are listed, and
    BatchNormalization stands with the layer it follows.

    Args:
        model: A built model: Functional, Sequential, or one that contains such models.
        splitter: Your own division: a function from the model to a dict of names and layers, or to a list of lists
            of layers (the last is then called `"head"`). A container stands for all layers inside it. Needed for
            subclassed models, whose feature maps cannot be seen from outside.

    Returns:
        The groups. Every weight of the model is in exactly one of them.

    Raises:
        ValueError: When the model is not built, its maps cannot be seen, or `splitter` leaves weights out or
            returns them twice.

    Example:

    ```python
    import keras
    from kerasaug.transfer import layer_groups

    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(8, 3, strides=2, padding="same", name="stem"),
            keras.layers.Conv2D(8, 3, strides=2, padding="same", name="body"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(10, name="top"),
        ]
    )
    names = [(group.name, [layer.name for layer in group.layers]) for group in layer_groups(model)]
    assert names == [("stride2", ["stem"]), ("stride4", ["body"]), ("head", ["top"])]
    ```
    """
    if not model.built:
        raise ValueError(
            f"layer_groups: expected a built model, so that its weights exist. Received {model.name!r}, which has "
            "no input shape yet: give it a `keras.Input`, or call it once on a batch."
        )
    groups = _by_stride(model) if splitter is None else _split(model, splitter)
    _check(model, groups)
    return groups


def _by_stride(model: keras.Model) -> list[LayerGroup]:
    found = places(model)
    trained = {id(weight) for weight in trainable_if_thawed(model)}
    weighted = [place for place in found if own_weights(place.layer)]
    trainable = [any(id(weight) in trained for weight in own_weights(place.layer)) for place in weighted]
    if not any(place.rank for place in found):
        raise ValueError(
            f"layer_groups: the outputs of the layers of {model.name!r} cannot be seen, as in every subclassed model. "
            "Pass `splitter=`, a function from the model to lists of layers, bottom first."
        )
    if not any(place.rank > 2 for place in found):
        names = _one_each(weighted)
        return _merge(
            [HEAD if place.head else name for name, place in zip(names, weighted, strict=True)], weighted, trainable
        )
    order = sorted(range(len(weighted)), key=lambda index: (weighted[index].head, weighted[index].level))
    weighted = [weighted[index] for index in order]
    names = [HEAD if place.head else f"stride{2**place.level}" for place in weighted]
    return _merge(names, weighted, [trainable[index] for index in order])


def _one_each(weighted: Sequence[Place]) -> list[str]:
    names, count = [], 0
    for place in weighted:
        count += not isinstance(place.layer, _NORMALIZATIONS)
        names.append(f"block{max(count, 1)}")
    return names


def _merge(names: Sequence[str], weighted: Sequence[Place], trainable: Sequence[bool]) -> list[LayerGroup]:
    """Collects layers by name; what never trains (statistics of the input) joins the group that follows."""
    groups: dict[str, list[keras.Layer]] = {}
    movable = {name for name, moves in zip(names, trainable, strict=True) if moves}
    waiting: list[keras.Layer] = []
    for name, place in zip(names, weighted, strict=True):
        if name not in movable and HEAD not in groups:
            waiting.append(place.layer)
            continue
        groups.setdefault(name, []).extend([*waiting, place.layer])
        waiting = []
    if waiting:
        groups.setdefault(next(reversed(groups), HEAD), []).extend(waiting)
    return [LayerGroup(name, tuple(layers)) for name, layers in groups.items()]


def _split(model: keras.Model, splitter: Callable[[keras.Model], Any]) -> list[LayerGroup]:
    parts = splitter(model)
    if isinstance(parts, dict):
        named = list(parts.items())
    else:
        parts = list(parts)
        named = [
            part if isinstance(part, LayerGroup) else (HEAD if index == len(parts) - 1 else f"group{index}", part)
            for index, part in enumerate(parts)
        ]
    return [LayerGroup(name, tuple(_leaves(layers))) for name, layers in named]


def _leaves(layers: keras.Layer | Iterable[keras.Layer]) -> list[keras.Layer]:
    listed = [layers] if isinstance(layers, keras.Layer) else list(layers)
    return list({id(leaf): leaf for layer in listed for leaf in owners(layer)}.values())


def _check(model: keras.Model, groups: Sequence[LayerGroup]) -> None:
    count: dict[int, int] = {}
    for group in groups:
        for weight in group.weights:
            count[id(weight)] = count.get(id(weight), 0) + 1
    wrong = [weight for weight in model.weights if count.get(id(weight), 0) != 1]
    if wrong:
        paths = ", ".join(f"{weight.path} ({count.get(id(weight), 0)} times)" for weight in wrong[:5])
        raise ValueError(
            f"layer_groups: expected every weight of {model.name!r} in exactly one group. Received {len(wrong)} "
            f"weights that are in none or in several, such as {paths}. Change `splitter`."
        )

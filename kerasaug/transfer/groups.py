"""Layer groups: the parts of a model that are frozen, unfrozen and given a learning rate together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import keras

from kerasaug.transfer.blocks import NORMALIZATIONS
from kerasaug.transfer.held import movable_by_nature
from kerasaug.transfer.strides import Place, places
from kerasaug.transfer.walk import own_weights, owners

HEAD = "head"

STEM = "stem"


class LayerGroup(NamedTuple):
    """A named group of layers.

    Attributes:
        name: Its name; the group on top of a classifier is `"head"`.
        layers: The layers with weights of their own, bottom first.
        elsewhere: Weights of these layers that count for a group further up, whose layers hold them too.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    head = kerasaug.transfer.layer_groups(model)[-1]
    head.name, len(head.weights)  # "head", 2
    ```
    """

    name: str
    layers: tuple[keras.Layer, ...]
    elsewhere: tuple[Any, ...] = ()

    @property
    def weights(self) -> list[Any]:
        """The weights of the group, each of which is in no other group."""
        found = {id(weight): weight for layer in self.layers for weight in own_weights(layer)}
        for weight in self.elsewhere:
            found.pop(id(weight), None)
        return list(found.values())


def layer_groups(
    model: keras.Model,
    splitter: Callable[[keras.Model], Any] | None = None,
    blocks: int | str = 6,
) -> list[LayerGroup]:
    """Divides the layers of a model into groups, bottom first and head last.

    A new group begins where the feature maps get smaller: layers are grouped by the stride of their output against
    the largest map of the model, taken as a running maximum, and 1×1 maps (squeeze-and-excitation) do not count.
    What comes after the last map is the head. This needs no table of names and gives four to six groups on the
    networks of `keras.applications`.

    Where the maps keep one size, as in transformers, mixers and stacks of recurrent layers, groups are made of the
    blocks that repeat: runs of layers, or of layers made of layers, with the same classes and shapes of weights. They
    are merged evenly into at most `blocks` groups, named such as `"block3"` or `"blocks1-2"`. Embeddings or patches
    are the group below, `"stem"`; a norm after the last block is in its group, or in the head once vectors are taken
    out. Towers side by side are counted each from its bottom; a decoder's blocks follow those of its encoder.

    A model without maps, such as a stack of `Dense` layers, has one group for each layer. Models inside the model are
    looked into; only layers that own weights are listed, and BatchNormalization stands with the layer it follows. A
    layer that is called twice, such as an embedding that is the output layer too, stands where it is first called;
    layers that hold one and the same variable stand together, in the uppermost of their groups.

    Args:
        model: A built model: Functional, Sequential, or one that contains such models.
        splitter: Your own division: a function from the model to a dict of names and layers, or to a list of lists
            of layers (the last is then called `"head"`). A container stands for all layers inside it. A variable that
            layers of several groups hold counts for the uppermost. Needed for subclassed models, whose feature maps
            cannot be seen from outside.
        blocks: The most groups that repeated blocks are merged into, or `"each"` for one group per block, which is
            what layer-wise learning rates (`layer_decay`) are usually meant for. Networks whose maps shrink have a
            group for each stride all the same. Defaults to 6.

    Returns:
        The groups. Every weight of the model is in exactly one of them.

    Raises:
        ValueError: When the model is not built, its maps cannot be seen, `blocks` is neither a positive number nor
            `"each"`, or `splitter` leaves weights out or returns them twice.

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
    if blocks != "each" and (isinstance(blocks, str | bool) or blocks < 1):
        raise ValueError(f"layer_groups: expected `blocks` to be at least 1, or 'each'. Received: blocks={blocks!r}.")
    groups = _by_place(model, blocks) if splitter is None else _split(model, splitter)
    _check(model, groups)
    return groups


def _by_place(model: keras.Model, blocks: int | str) -> list[LayerGroup]:
    found = places(model)
    trained = {id(weight) for weight in movable_by_nature(model)}
    weighted = _together([place for place in found if own_weights(place.layer)])
    trainable = [any(id(weight) in trained for weight in own_weights(place.layer)) for place in weighted]
    if not any(place.rank for place in found):
        raise ValueError(
            f"layer_groups: the outputs of the layers of {model.name!r} cannot be seen, as in every subclassed model. "
            "Pass `groups=layer_groups(model, splitter)`, or to layer_groups itself `splitter=`: a function from the "
            "model to lists of layers, bottom first."
        )
    if any(place.block is not None for place in found):
        names = _merged_blocks(weighted, blocks)
    elif any(place.rank > 2 for place in found):
        names = [f"stride{2**place.level}" for place in weighted]
    else:
        names = _one_each(weighted)
    names = [HEAD if place.head else name for name, place in zip(names, weighted, strict=True)]
    order = sorted(range(len(weighted)), key=lambda index: _height(weighted[index]))
    return _merge([names[i] for i in order], [weighted[i] for i in order], [trainable[i] for i in order])


def _height(place: Place) -> tuple[bool, int]:
    return place.head, place.level if place.block is None else place.block


def _together(weighted: Sequence[Place]) -> list[Place]:
    """Layers that hold the same variable stand where the uppermost of them does."""
    upper: dict[int, Place] = {}
    for place in sorted(weighted, key=_height):
        upper |= {id(weight): place for weight in own_weights(place.layer)}
    return [
        max((upper[id(weight)] for weight in own_weights(place.layer)), key=_height)._replace(layer=place.layer)
        for place in weighted
    ]


def _merged_blocks(weighted: Sequence[Place], most: int | str) -> list[str]:
    """The names of groups of blocks, each of as many blocks as the others, give or take one."""
    count = max(place.block or 0 for place in weighted)
    groups = count if most == "each" else min(int(most), count)
    names, last = {0: STEM}, 0
    for group in range(groups):
        first, last = last + 1, last + count // groups + (group < count % groups)
        name = f"block{first}" if first == last else f"blocks{first}-{last}"
        names |= dict.fromkeys(range(first, last + 1), name)
    return [names[place.block or 0] for place in weighted]


def _one_each(weighted: Sequence[Place]) -> list[str]:
    names, count = [], 0
    for place in weighted:
        count += not isinstance(place.layer, NORMALIZATIONS)
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
    named: list[Any]
    if isinstance(parts, dict):
        named = list(parts.items())
    else:
        parts = list(parts)
        named = [
            part if isinstance(part, LayerGroup) else (HEAD if index == len(parts) - 1 else f"group{index}", part)
            for index, part in enumerate(parts)
        ]
    return _without_tied([LayerGroup(part[0], tuple(_leaves(part[1]))) for part in named])


def _without_tied(groups: Sequence[LayerGroup]) -> list[LayerGroup]:
    """Counts a weight that several layers hold for the uppermost of their groups, as its `trainable` flag does."""
    holders: dict[int, set[int]] = {}
    upper: dict[int, int] = {}
    for index, group in enumerate(groups):
        for layer in group.layers:
            for weight in own_weights(layer):
                holders.setdefault(id(weight), set()).add(id(layer))
                upper[id(weight)] = index
    return [
        group._replace(elsewhere=tuple(w for w in group.weights if len(holders[id(w)]) > 1 and upper[id(w)] > index))
        for index, group in enumerate(groups)
    ]


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

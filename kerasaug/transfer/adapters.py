"""Putting adapters into a network, and taking them out."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras

from kerasaug.backend.graph import is_graph
from kerasaug.transfer.adapter_layer import Adapter
from kerasaug.transfer.groups import LayerGroup
from kerasaug.transfer.held import release_one
from kerasaug.transfer.lora import head_layers, hold_all_but, words
from kerasaug.transfer.walk import sublayers, walk

_Copies = dict[int, tuple[Any, Any]]  # by the original's id: the original, which keeps the id taken, and its copy


def add_adapters(
    model: keras.Model,
    after: str | Sequence[str] | None = None,
    bottleneck: int = 16,
    activation: Any = "gelu",
    train: str | Sequence[str] = ("head",),
    groups: Sequence[LayerGroup] | None = None,
) -> keras.Model:
    """Returns a copy of a model with a trainable `Adapter` behind some of its layers, everything else frozen.

    The copy computes what the model computes until it is trained. The weights are copied, so the model itself stays as
    it is, free to be used. What is frozen stays so, whatever sets `trainable`: see `enable_lora`. `remove_adapters`
    takes them out again.

    Args:
        model: A built Functional or Sequential model, which may hold others.
        after: Behind which layers: regular expressions that are searched in their paths, such as
            `"backbone/block[34]_add$"`. The layers must stand in a graph of layers, not inside a layer such as
            `MultiHeadAttention`, have one output and not be of the head. Defaults to all `keras.layers.Add`, the ends
            of residual blocks.
        bottleneck: Channels in the middle of an adapter. Defaults to 16.
        activation: Of the adapters. Defaults to `"gelu"`.
        train: What trains besides, one or several: `"head"`, `"bias"`, `"norm"`, or regular expressions that are
            searched in the paths of weights. Houlsby et al. train head and norms. Defaults to the head.
        groups: Layer groups, of which the one named `"head"` is the head. Default to `layer_groups(model)`.

    Returns:
        The new model, not compiled.

    Raises:
        ValueError: When `model` is of another kind, or no layer is found.

    Example:

    ```python
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    adapted = kerasaug.transfer.add_adapters(model, "body", bottleneck=4)
    [layer.name for layer in adapted.layers]  # ["body", "body_adapter", …]
    ```

    Reference:
        - [Houlsby et al., 2019](https://arxiv.org/abs/1902.00751)
    """
    _check_graph(model, "add_adapters")
    train = words(train)
    head = head_layers(model, groups, "add_adapters") if "head" in train else []
    chosen = _choose(model, after, {id(layer) for layer in head})
    made: dict[int, Adapter] = {}

    def behind(original: keras.Layer) -> Adapter | None:
        if id(original) not in chosen:
            return None
        name = f"{original.name}_adapter"
        return made.setdefault(id(original), Adapter(bottleneck, activation, _data_format(original), name=name))

    copies: _Copies = {}
    copied = _copy(model, behind, copies)
    _copy_weights(copies)
    hold_all_but(copied, [copies[id(layer)][1] for layer in head if id(layer) in copies], train)
    return copied


def remove_adapters(model: keras.Model) -> keras.Model:
    """Returns a copy of a model without its adapters: the network that `add_adapters` began with.

    Weights that were trained beside the adapters, such as the head's, are as they are now. Layers are ordinary ones
    again, and what was frozen is frozen: `unfreeze` lets it train.

    Args:
        model: What `add_adapters` returned.

    Returns:
        The new model, not compiled.

    Raises:
        ValueError: When there is no adapter.

    Example:

    ```python
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    adapted = kerasaug.transfer.add_adapters(model, "body")
    plain = kerasaug.transfer.remove_adapters(adapted)
    ```
    """
    _check_graph(model, "remove_adapters")
    if not any(isinstance(layer, Adapter) for layer in walk(model)):
        raise ValueError(f"remove_adapters expects a model with adapters. Received: {model.name!r}, which has none.")
    copies: _Copies = {}
    copied = _copy(model, lambda original: None, copies, without=(Adapter,))
    _copy_weights(copies)
    for layer in walk(copied):
        release_one(layer)
    return copied


def _check_graph(model: Any, caller: str) -> None:
    from kerasaug.training import AugmentedModel  # it needs nothing of this package, nor this package of it

    if isinstance(model, AugmentedModel):
        raise ValueError(
            f"{caller} expects the model inside an AugmentedModel. Received: {model.name!r}. Pass `model.model`, and "
            "put the result into a new AugmentedModel with the same pipeline."
        )
    if not is_graph(model):
        raise ValueError(
            f"{caller} expects a built Functional or Sequential model. Received: {getattr(model, 'name', model)!r}, "
            "whose layers cannot be seen from outside. Put `kerasaug.transfer.Adapter` layers into its code."
        )


def _choose(model: keras.Model, after: str | Sequence[str] | None, head: set[int]) -> set[int]:
    standing = {path: layer for path, layer in _in_graphs(model, "").items() if id(layer) not in head}
    if after is None:
        found = {id(layer) for layer in standing.values() if isinstance(layer, keras.layers.Add)}
    else:
        patterns = [after] if isinstance(after, str) else after
        found = {id(layer) for path, layer in standing.items() if any(re.search(one, path) for one in patterns)}
    if not found:
        names = [path for path, layer in standing.items() if layer.weights]
        raise ValueError(
            f"add_adapters expects `after` to be found among the layers of {model.name!r} that are not in its head. "
            f"Received: {'no `after`, and no Add layer' if after is None else repr(after)}. There are: "
            f"{', '.join(names[:8])}{' …' if len(names) > 8 else ''}."
        )
    return found


def _in_graphs(graph: keras.Layer, prefix: str) -> dict[str, keras.Layer]:
    """The layers that a graph of layers calls, also of those inside it, by path."""
    found: dict[str, keras.Layer] = {}
    for child in sublayers(graph):
        path = f"{prefix}{child.name}"
        if is_graph(child):
            found.update(_in_graphs(child, f"{path}/"))
        elif not isinstance(child, keras.layers.InputLayer | Adapter):
            found[path] = child
    return found


def _copy(
    graph: keras.Model, behind: Callable[[Any], Adapter | None], copies: _Copies, without: tuple[type, ...] = ()
) -> keras.Model:
    """Copies a graph of layers and those within, with what `behind` returns and without layers of some classes."""

    def copy(layer: Any) -> Any:
        if id(layer) not in copies:
            inner = _copy(layer, behind, copies, without) if is_graph(layer) else _copy_layer(layer)
            copies[id(layer)] = layer, inner
            originals[id(inner)] = layer
        return copies[id(layer)][1]

    def call(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(layer, without):
            return args[0]
        outputs = layer(*args, **kwargs)
        adapter = behind(originals.get(id(layer), layer))
        if adapter is not None and not isinstance(outputs, keras.KerasTensor):
            raise ValueError(
                f"add_adapters expects layers with one output. Received: {layer.name!r}, which has several."
            )
        return outputs if adapter is None else adapter(outputs)

    originals: dict[int, Any] = {}
    if isinstance(graph, keras.Sequential):
        layers: list[Any] = [keras.Input(batch_shape=graph.inputs[0].shape, dtype=graph.inputs[0].dtype)]
        for layer in sublayers(graph):
            if not isinstance(layer, (keras.layers.InputLayer, *without)):
                layers += [copy(layer), *(one for one in [behind(layer)] if one is not None)]
        return keras.Sequential(layers, name=graph.name)
    bare = keras.Model(graph.input, graph.output, name=graph.name)  # a clone is compiled when the original is
    return keras.models.clone_model(bare, clone_function=copy, call_function=call)


def _copy_layer(layer: Any) -> Any:
    shared = not isinstance(layer, keras.Layer) or hasattr(layer, "get_vocabulary")  # a config has no vocabulary
    return layer if shared else type(layer).from_config(layer.get_config())


def _copy_weights(copies: _Copies) -> None:
    for original, copy in copies.values():
        called = getattr(copy, "built", False)  # one that was left out was not
        if called and copy is not original and not is_graph(copy):
            copy.set_weights(original.get_weights())


def _data_format(layer: Any) -> str | None:
    return getattr(layer, "data_format", None)

"""Heads on a backbone, and other heads on a model that has some."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any

import keras

from kerasaug.backend.graph import input_of, is_graph
from kerasaug.transfer.extract import Spot, body_until, spot_of, uses_all_inputs
from kerasaug.transfer.flow import Flow, flow
from kerasaug.transfer.head_lists import as_head
from kerasaug.transfer.heads.head import Body, Head
from kerasaug.transfer.heads.layers import Features, HeadOutput, TokenPooling
from kerasaug.transfer.held import movable_by_nature
from kerasaug.transfer.pyramid import by_name, maps_and_output, marked, new_inputs
from kerasaug.transfer.trunk import head_steps

_LAST = "features"
_GLUE = ("Pooling1D", "Pooling2D", "Pooling3D", "Dropout1D", "Dropout2D", "Dropout3D", "Dropout", "Flatten", "Reshape")


def build_model(
    backbone: keras.Model,
    heads: Any,
    augmentation: Callable[..., Any] | None = None,
    name: str | None = None,
) -> keras.Model:
    """Puts one head, or several of different kinds, on a backbone.

    Every head computes its output in float32 under any dtype policy. The outputs of several heads are a dict by the
    heads' names, and so are the labels that `fit` takes. The model's default losses and metrics are those of
    `heads_losses` and `heads_metrics`; `layer_groups` knows all heads, decoders included, as its last group.

    Args:
        backbone: A built Functional or Sequential model with one output: vectors, maps, or sequences
            `(batch, tokens, width)`. It may have several inputs. Its layers are shared, not copied.
        heads: A head, such as `Classification(10)`, `MultiLabel`, `Regression`, `Segmentation` or
            `TokenClassification`; a number of classes; a Keras layer that takes the backbone's output; or a dict of
            these by name, for several tasks.
        augmentation: A layer that changes images only, in training only, for a backbone with one input. What changes
            targets too (mixing, or warps with masks) belongs around the model: `kerasaug.AugmentedModel`, with
            `keys=heads_keys(model)`. Defaults to none.
        name: Name of the model. Defaults to one that Keras chooses.

    Returns:
        A `keras.Model`.

    Raises:
        TypeError: When the backbone or a head is of no such kind.
        ValueError: When a head does not suit what the backbone returns, or is named badly.

    Example:

    ```python
    from kerasaug.transfer import Classification, Regression, Segmentation, build_model

    layers = keras.layers
    backbone = keras.Sequential(
        [keras.Input((16, 16, 3)), *(layers.Conv2D(4, 3, strides=2, padding="same") for _ in range(3))]
    )
    heads = {"species": Classification(5), "age": Regression(output_range=(0, 99)), "mask": Segmentation(2, filters=8)}
    model = build_model(backbone, heads)
    model.output["mask"].shape  # (None, 16, 16, 2)
    ```

    Reference:
        - [Kirillov et al., 2019](https://arxiv.org/abs/1901.02446), the default segmentation head
        - [fastai's `create_head`](https://docs.fast.ai/vision.learner.html#create_head): `Classification.fastai(10)`
    """
    _check_backbone(backbone)
    named = {key: as_head(one, key) for key, one in heads.items()} if isinstance(heads, Mapping) else None
    only = as_head(heads, "heads") if named is None else None
    _check_names(named, backbone)
    inputs = new_inputs(backbone)
    body = _body(backbone, inputs, augmentation, list(named.values()) if named is not None else [only])
    if named is None:
        return keras.Model(inputs, _output(only, body, "head"), name=name)
    return keras.Model(inputs, {key: _output(head, body, key) for key, head in named.items()}, name=name)


def replace_head(
    model: keras.Model, heads: Any, layer: str | keras.Layer | None = None, name: str | None = None
) -> keras.Model:
    """Takes the heads off a model and puts others on.

    What is taken off is the head group of `layer_groups`, with the pooling and dropout before it: classifiers,
    decoders, the heads of several tasks, flat or in models inside the model. What comes before, augmentation and
    preprocessing included, is kept, and its layers are shared with the old model.

    Args:
        model: A built Functional or Sequential model, or one that contains such models.
        heads: See `build_model`.
        layer: The layer, or its name, that the body ends with, if that is not to be found.
        name: Name of the new model. Defaults to one that Keras chooses.

    Returns:
        A new `keras.Model`, to be compiled.

    Raises:
        TypeError: When `model` is no such model.
        ValueError: When there is no such layer, or the model has no end that one head could be put on.

    Example:

    ```python
    from kerasaug.transfer import MultiLabel, build_classifier, replace_head

    backbone = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(8, 3, strides=2)])
    model = replace_head(build_classifier(backbone, 10), MultiLabel(3))
    model.output_shape  # (None, 3)
    ```
    """
    from kerasaug.training import AugmentedModel  # it needs nothing of this package, nor this package of it

    if isinstance(model, AugmentedModel):
        raise TypeError(
            "replace_head expects the model inside an AugmentedModel, since other heads need another pipeline. Pass "
            "yours.model, and wrap the result."
        )
    _check_backbone(model, "replace_head")
    found = flow(model)
    spot = _end(model, found) if layer is None else _given(found, layer, model)
    body = body_until(model, spot, f"{model.name}_body")
    if layer is None and not uses_all_inputs(body):
        raise _no_end(model, [spot.tensor.name, "inputs of the model"])
    return build_model(body, heads, name=name)


def _body(backbone: keras.Model, inputs: Any, augmentation: Any, heads: list[Any]) -> Body:
    flat = keras.tree.flatten(inputs)
    if augmentation is not None and len(flat) > 1:
        raise ValueError(
            f"build_model expects augmentation for a backbone with one input. Received one with {len(flat)}: augment "
            "before, or by kerasaug.AugmentedModel."
        )
    seen = inputs if augmentation is None else augmentation(flat[0])
    needy = [head for head in heads if isinstance(head, Head) and head.needs_maps]
    images = flat[0] if len(flat) == 1 and len(flat[0].shape) == 4 else None
    if not needy:
        return Body(Features(name=_LAST)(backbone(seen)), {}, images)
    kind = type(needy[0]).__name__
    if images is None:
        raise ValueError(
            f"{kind} expects a backbone with one input, of images. Received one that takes {backbone.input_shape}."
        )
    maps, whole = maps_and_output(backbone)
    found = keras.Model(input_of(backbone), by_name(maps) | {_LAST: whole}, name=backbone.name)(seen)
    last = Features(name=_LAST)(found[_LAST]) if len(needy) < len(heads) else None
    return Body(last, marked(found, list(maps)), images)


def _output(head: Any, body: Body, name: str) -> Any:
    if isinstance(head, keras.Layer):
        return head(body.last)
    return HeadOutput(head, name=name)(head.build(body, name))


def _end(model: keras.Model, found: Flow) -> Spot:
    """The last tensor before the heads, pooling and dropout."""
    head = head_steps(found, {id(weight) for weight in movable_by_nature(model)})
    ends: set[int] = set()
    waiting, seen = sorted(head) or list(found.outputs), set()
    while waiting:
        index = waiting.pop()
        if index in seen:
            continue
        seen.add(index)
        if index in head or _is_glue(found.steps[index].call.layer):
            waiting.extend(found.steps[index].sources)
        else:
            ends.add(index)
    before = found.ancestors()
    last = [index for index in ends if not any(before[other] >> index & 1 for other in ends)]
    if len(last) != 1:
        raise _no_end(model, sorted(found.steps[index].call.layer.name for index in last))
    return spot_of(found.steps[last[0]])


def _no_end(model: keras.Model, names: list[str]) -> ValueError:
    return ValueError(
        f"replace_head expects a model whose heads all stand on one layer. Received {model.name!r}, where they stand "
        f"on {' and '.join(names) or 'its inputs'}. Say which layer the body ends with: layer=…"
    )


def _is_glue(layer: Any) -> bool:
    return isinstance(layer, Features | TokenPooling) or type(layer).__name__.endswith(_GLUE)


def _given(found: Flow, layer: str | keras.Layer, model: keras.Model) -> Spot:
    name = layer if isinstance(layer, str) else layer.name
    spots = [Spot(step.path, step.tensor) for step in found.steps if step.call.layer.name == name]
    for step in found.steps:
        for depth, call in enumerate(step.path):
            if call.layer.name == name:
                spots.append(Spot(step.path[:depth], call.outputs[0]))
    if not spots:
        known = list(dict.fromkeys(step.call.layer.name for step in found.steps))
        near = difflib.get_close_matches(name, known, n=3)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise ValueError(f"replace_head finds no layer {name!r} in {model.name!r}.{hint}")
    return spots[-1]


def _check_backbone(backbone: Any, owner: str = "build_model") -> None:
    if not isinstance(backbone, keras.Model):
        raise TypeError(f"{owner} expects a keras.Model. Received: {type(backbone).__name__}.")
    if not is_graph(backbone):
        raise TypeError(
            f"{owner} expects a built Functional or Sequential model. Received {backbone.name!r}, a "
            f"{type(backbone).__name__} whose layers cannot be seen from outside, or that has no input shape yet."
        )
    if owner == "build_model" and len(backbone.outputs) != 1:
        raise ValueError(
            f"build_model expects a backbone with one output. Received {backbone.name!r} with {backbone.output_shape}. "
            "Choose one: `keras.Model(backbone.input, backbone.output[...])`."
        )


def _check_names(named: dict[str, Any] | None, backbone: keras.Model) -> None:
    if named is None:
        return
    taken = {backbone.name, _LAST, *(tensor.name for tensor in backbone.inputs)}
    wrong = [name for name in named if not isinstance(name, str) or not name or "/" in name or name in taken]
    if wrong or not named:
        raise ValueError(
            f"build_model expects heads by names of their own, without slashes, other than {sorted(taken)}. Received: "
            f"{wrong or 'no heads'}."
        )

"""A model up to one of its layers, which it shares."""

import difflib
from typing import Any

import keras

from kerasaug.backend.graph import Call, calls, input_of, is_graph, repeat

AUTO = "auto"
_SPATIAL_ENDS = (
    keras.layers.GlobalAveragePooling1D,
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling1D,
    keras.layers.GlobalMaxPooling2D,
    keras.layers.Flatten,
)


def cut_model(model: keras.Model, cut: str) -> keras.Model:
    """The model from its inputs to the output of a layer.

    Args:
        model: A Functional or Sequential model.
        cut: Name of a layer, with the names of the models that hold it in front where several have that name
            (`"resnet50/conv1_relu"`); or `"auto"`: what the last global pooling or `Flatten` takes, else what the last
            `Dense` takes. A model that returns feature maps is not cut by `"auto"`.

    Raises:
        ValueError: When there is no such layer, or there are several.
    """
    if cut != AUTO:
        return _until(model, _found(model, cut))
    outputs = model.outputs
    if len(outputs) == 1 and len(outputs[0].shape) > 2:
        return model
    return _without_head(model)


def ends_in_classifier(model: keras.Model) -> bool:
    """Whether a model returns vectors of probabilities."""
    if not is_graph(model) or len(model.outputs) != 1 or len(model.outputs[0].shape) != 2:
        return False
    last = calls(model)[-1].layer
    name = getattr(getattr(last, "activation", None), "__name__", None)
    return isinstance(last, keras.layers.Softmax) or name in ("softmax", "sigmoid")


def _found(model: keras.Model, cut: str) -> list[Call]:
    """The calls that lead to a layer, from the outside in."""
    ways = {"/".join(call.layer.name for call in way): way for way in _ways(model)}
    named = [path for path in ways if path == cut] or [path for path in ways if path.endswith(f"/{cut}")]
    if len(named) == 1:
        return ways[named[0]]
    if named:
        raise ValueError(
            f"load_backbone: expected `cut` to name one layer of {model.name!r}. Received: {cut!r}, which are "
            f"{len(named)}: {', '.join(named[:5])}."
        )
    known = {path.rpartition("/")[2]: path for path in ways}
    near = [known[name] for name in difflib.get_close_matches(cut.rpartition("/")[2], known, n=3)]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"The last ones are {', '.join(list(ways)[-5:])}."
    raise ValueError(f"load_backbone: {model.name!r} has no layer called {cut!r} to `cut` at. {hint}")


def _ways(model: keras.Model) -> list[list[Call]]:
    found: dict[str, list[Call]] = {}
    for call in calls(model):
        found[call.layer.name] = [call]  # the last call of a layer that is called twice
    ways = list(found.values())
    inner = [[*way, *rest] for way in ways if is_graph(way[0].layer) for rest in _ways(way[0].layer)]
    return ways + inner


def _until(model: keras.Model, way: list[Call]) -> keras.Model:
    call, *rest = way
    if rest:
        outputs = repeat(call, {}, layer=_until(call.layer, rest))
    else:
        outputs = call.outputs[0] if len(call.outputs) == 1 else call.outputs
    return keras.Model(input_of(model), outputs, name=f"{model.name}_to_{way[-1].layer.name}")


def _without_head(model: keras.Model) -> keras.Model:
    made = calls(model)
    for kinds in (_SPATIAL_ENDS, keras.layers.Dense):
        for call in reversed(made):
            if isinstance(call.layer, kinds):
                return keras.Model(input_of(model), _only(call.inputs), name=f"{model.name}_without_head")
    inner = made[-1].layer if made else None
    if is_graph(inner):
        body = repeat(made[-1], {}, layer=_without_head(inner))
        return keras.Model(input_of(model), body, name=f"{model.name}_without_head")
    raise ValueError(
        f"load_backbone: {model.name!r} has no pooling, Flatten or Dense layer that a head could begin at. Pass the "
        "name of its last layer to keep as `cut`."
    )


def _only(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors

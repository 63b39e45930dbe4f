"""The heads of a model, and what `compile` and `AugmentedModel` are to be told of them."""

import numbers
from collections.abc import Mapping
from typing import Any, TypeAlias

import keras

from kerasaug.backend.graph import is_graph
from kerasaug.transfer.heads.head import Head
from kerasaug.transfer.heads.layers import HeadOutput
from kerasaug.transfer.walk import walk

Heads: TypeAlias = keras.Model | Head | Mapping[str, Any]


def heads_of(model: keras.Model) -> dict[str, Head]:
    """The heads that `build_model` or `replace_head` put on a model, by the names of its outputs.

    Args:
        model: Any model; one inside an `AugmentedModel` is found too.

    Returns:
        Dict from name to head, empty for a model made otherwise. A model with one head has it under that head's name.

    Example:

    ```python
    backbone = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    heads = {"species": 3, "age": kerasaug.transfer.Regression()}
    model = kerasaug.transfer.build_model(backbone, heads)
    list(kerasaug.transfer.heads_of(model))  # ["age", "species"]
    ```
    """
    ends = [layer for layer in walk(model) if isinstance(layer, HeadOutput)]
    names = list(getattr(model, "output_names", []))
    ends.sort(key=lambda layer: names.index(layer.name) if layer.name in names else len(names))
    return {layer.name: layer.head for layer in ends}


def heads_losses(model: Heads) -> Any:
    """The losses for `compile`: one for one head, a dict by name for several.

    Args:
        model: A model with heads of this package, a `Head`, or a dict of heads.

    Raises:
        ValueError: When the model has no such heads, or outputs beside them.

    Example:

    ```python
    backbone = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    heads = {"species": 3, "age": kerasaug.transfer.Regression(loss_weight=0.1)}
    model = kerasaug.transfer.build_model(backbone, heads)
    losses, weights = kerasaug.transfer.heads_losses(model), kerasaug.transfer.heads_loss_weights(model)
    model.compile("adam", losses, weights, metrics=kerasaug.transfer.heads_metrics(model))
    ```
    """
    return _by_head(model, "heads_losses", lambda head: head.loss)


def heads_metrics(model: Heads) -> Any:
    """The metrics for `compile`: a list for one head, a dict of lists for several.

    Args:
        model: See `heads_losses`.

    Raises:
        ValueError: See `heads_losses`.

    Example:

    ```python
    [metric.name for metric in kerasaug.transfer.heads_metrics(kerasaug.transfer.Segmentation(3))]
    # ["accuracy", "mean_iou"]
    ```
    """
    return _by_head(model, "heads_metrics", lambda head: head.metrics)


def heads_loss_weights(model: Heads) -> Any:
    """The weights of the losses for `compile`: a list of one, or a dict by name.

    Args:
        model: See `heads_losses`.

    Raises:
        ValueError: See `heads_losses`.

    Example:

    ```python
    heads = {"species": 3, "age": kerasaug.transfer.Regression(loss_weight=0.1)}
    kerasaug.transfer.heads_loss_weights(heads)  # {"species": 1.0, "age": 0.1}
    ```
    """
    weights = _by_head(model, "heads_loss_weights", lambda head: head.loss_weight)
    return weights if isinstance(weights, dict) else [weights]


def heads_keys(model: Heads) -> dict[str, Any]:
    """The `keys` with which `kerasaug.AugmentedModel` finds the targets of several heads in a dict `y`.

    Masks of a segmentation head go through the same warps as the images. What the other heads learn from is mixed where
    images are mixed, classes and numbers alike.

    Args:
        model: See `heads_losses`.

    Raises:
        ValueError: When two heads take segmentation masks; of these a pipeline warps one set.

    Example:

    ```python
    heads = {"species": 3, "age": kerasaug.transfer.Regression(), "mask": kerasaug.transfer.Segmentation(2)}
    kerasaug.transfer.heads_keys(heads)  # {"labels": ["species", "age"], "segmentation_masks": "mask"}
    ```
    """
    heads = _named(model, "heads_keys")
    if heads is None:
        one = _only(model, "heads_keys")
        return {} if one.target == "labels" else {one.target: "y"}
    found: dict[str, Any] = {}
    labels = [name for name, head in heads.items() if head.target == "labels"]
    masks = [name for name, head in heads.items() if head.target != "labels"]
    if len(masks) > 1:
        raise ValueError(
            f"heads_keys expects one head that takes segmentation masks. Received: {masks}. Put their masks side by "
            "side in one, or augment by a pipeline mapped over the dataset."
        )
    if labels:
        found["labels"] = labels
    if masks:
        found["segmentation_masks"] = masks[0]
    return found


def target_keys(model: keras.Model) -> dict[str, Any] | None:
    """The `keys` of `AugmentedModel` for any model, as far as its outputs tell.

    What a model puts out in the size of its images is learnt from a mask, which must go through the images' warps; to
    leave it where it was would teach nonsense without a word.

    Raises:
        ValueError: When several outputs without names, or of several masks, leave it open where the masks are.
    """
    if heads_of(model):
        return heads_keys(model)
    if not is_graph(model):
        return None
    outputs = model.outputs if isinstance(model, keras.Sequential) else model.output
    sizes = {_height_and_width(one.shape) for one in model.inputs if len(one.shape) == 4}
    found = {
        name: len(one.shape) == 4 and _height_and_width(one.shape) in sizes
        for name, one in (outputs.items() if isinstance(outputs, Mapping) else enumerate(keras.tree.flatten(outputs)))
    }
    masks = [name for name, is_mask in found.items() if is_mask]
    if not masks:
        return {"labels": list(found)} if isinstance(outputs, Mapping) and len(found) > 1 else None
    if len(found) == 1 and not isinstance(outputs, Mapping):
        return {"segmentation_masks": "y"}
    if len(masks) > 1 or not isinstance(outputs, Mapping):
        raise ValueError(
            f"fine_tune warps the masks of one output with the images, found by its name. Received {model.name!r} with "
            f"output shapes {model.output_shape}: name the outputs, `keras.Model(inputs, {{'mask': …}})`, or pass "
            "policy='none' and augment before."
        )
    labels = [name for name, is_mask in found.items() if not is_mask]
    return {"segmentation_masks": masks[0]} | ({"labels": labels} if labels else {})


def _height_and_width(shape: Any) -> tuple[Any, Any]:
    return tuple(shape[1:3] if keras.config.image_data_format() == "channels_last" else shape[2:4])


def as_head(given: Any, name: str) -> Any:
    """A `Head` of a number of classes; heads and layers as they are."""
    from kerasaug.transfer.heads.vectors import Classification

    if isinstance(given, numbers.Integral) and not isinstance(given, bool):
        return Classification(int(given))
    if isinstance(given, Head | keras.Layer):
        return given
    raise TypeError(
        f"build_model expects heads to be a number of classes, a kerasaug.transfer head such as Classification(10), a "
        f"Keras layer, or a dict of these. Received: {name}={given!r}."
    )


def _by_head(model: Heads, owner: str, of: Any) -> Any:
    heads = _named(model, owner)
    return of(_only(model, owner)) if heads is None else {name: of(head) for name, head in heads.items()}


def _named(model: Heads, owner: str) -> dict[str, Head] | None:
    """Several heads by name, or `None` where there is but one output."""
    if isinstance(model, Mapping):
        return {name: as_head(one, name) for name, one in model.items()}
    if not isinstance(model, keras.Model):
        return None
    found = heads_of(model)
    names = set(getattr(model, "output_names", found))
    if not found or names - set(found):
        raise ValueError(
            f"{owner} expects a model whose outputs are heads of kerasaug.transfer. Received {model.name!r}, with "
            f"other outputs: {sorted(names - set(found)) or 'all'}. Give `compile` losses and metrics of your own."
        )
    return found if isinstance(model.output, Mapping) else None


def _only(model: Any, owner: str) -> Head:
    if isinstance(model, keras.Model):
        return next(iter(heads_of(model).values()))
    head = as_head(model, "head")
    if not isinstance(head, Head):
        raise TypeError(f"{owner} expects a model, a head, or a dict of heads. Received: {type(model).__name__}.")
    return head

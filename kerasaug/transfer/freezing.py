"""Freezing and unfreezing by layer groups, leaf by leaf."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras

from kerasaug.transfer.groups import HEAD, LayerGroup, layer_groups
from kerasaug.transfer.guard import check_flags, is_built_on_trainable, mismatch, steps_of
from kerasaug.transfer.held import is_free, is_held
from kerasaug.transfer.optimizer import FineTuneMixin, unwrapped
from kerasaug.transfer.quiet import quietly
from kerasaug.transfer.saved_model_backbone import warn_of_saved_models
from kerasaug.transfer.walk import own_weights, sublayers, trainable_if_thawed, walk


def freeze_to(
    model: keras.Model,
    n: int,
    groups: Sequence[LayerGroup] | None = None,
    freeze_bn: bool = True,
) -> list[str]:
    """Freezes every layer group below group `n` and makes the others trainable.

    `n` is what it is in fastai: the index of the first trainable group, counted from the bottom, or from the top
    when negative. Unlike fastai, which trains BatchNormalization even in frozen groups, this keeps the
    BatchNormalization layers of the backbone frozen while their group trains, as the Keras guide advises: their
    statistics come from many more images than a fine-tuning run sees. `freeze_bn=False` lets them train with
    their group. Batch normalisation in the head always trains with the head.

    Call it before `compile()`. A model compiled with a `finetune_optimizer` needs no new `compile()`, nor does one
    whose optimizer has taken no step; any other goes on with what it was built on, and there is a warning.

    Args:
        model: A built model.
        n: Index of the first trainable group: `0` trains everything, `-1` only the last group, and the number of
            groups trains nothing.
        groups: The groups, bottom first. Defaults to `layer_groups(model)`.
        freeze_bn: Whether BatchNormalization outside the head stays frozen, hence in inference mode.

    Returns:
        The names of the groups that are trainable now, bottom first.

    Raises:
        ValueError: When `n` is not an index of a group.

    Example:

    ```python
    import keras
    from kerasaug.transfer import freeze_to

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    freeze_to(model, -1)
    assert [v.path.split("/")[-1] for v in model.trainable_variables] == ["kernel", "bias"]
    ```

    Reference:
        - [Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146)
    """
    groups = layer_groups(model) if groups is None else groups
    first = first_trainable(n, len(groups))
    set_flags(model, groups, first, freeze_bn)
    warn_of_saved_models(groups[first:], whole=n == 0)
    _refresh(model, groups, first)
    return [group.name for group in groups[first:]]


def freeze(model: keras.Model, groups: Sequence[LayerGroup] | None = None, freeze_bn: bool = True) -> list[str]:
    """Freezes everything but the last group, the head: `freeze_to(model, -1)`.

    Args:
        model: A built model.
        groups: The groups, bottom first. Defaults to `layer_groups(model)`.
        freeze_bn: See `freeze_to`.

    Returns:
        The names of the groups that are trainable now.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    kerasaug.transfer.freeze(model)
    [layer.trainable for layer in model.layers]  # [False, True]
    ```
    """
    return freeze_to(model, -1, groups, freeze_bn)


def unfreeze(model: keras.Model, groups: Sequence[LayerGroup] | None = None, freeze_bn: bool = True) -> list[str]:
    """Makes every group trainable: `freeze_to(model, 0)`.

    Args:
        model: A built model.
        groups: The groups, bottom first. Defaults to `layer_groups(model)`.
        freeze_bn: See `freeze_to`; backbone BatchNormalization stays frozen unless this is `False`.

    Returns:
        The names of the groups that are trainable now.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.Dense(2)])
    kerasaug.transfer.freeze(model)
    kerasaug.transfer.unfreeze(model)
    [layer.trainable for layer in model.layers]  # [True, True]
    ```
    """
    return freeze_to(model, 0, groups, freeze_bn)


def first_trainable(n: int, count: int, caller: str = "freeze_to", argument: str = "n") -> int:
    """Resolves a fastai-style index `n` among `count` groups to one in `0 … count`.

    `caller` and `argument` say in messages who was given it, and as what.
    """
    if not -count <= n <= count:
        raise ValueError(
            f"{caller}: the model has {count} layer groups, so `{argument}` must be from {-count} to {count}. "
            f"Received: {argument}={n}."
        )
    return n + count if n < 0 else n


def set_flags(model: keras.Model, groups: Sequence[LayerGroup], first: int, freeze_bn: bool) -> None:
    """Sets the `trainable` flags only; see `freeze_to`."""
    with quietly():
        for container in walk(model):
            if sublayers(container) and not container.trainable:
                container.trainable = True  # a frozen model shows no trainable variables, whatever its layers say
        for index, group in enumerate(groups):
            for layer in group.layers:
                frozen = freeze_bn and group.name != HEAD and isinstance(layer, keras.layers.BatchNormalization)
                frozen = frozen and not is_held(layer)  # whose statistics rest, and whose beta BitFit is to train
                _set_flag(layer, index >= first and not frozen)
        tied = {id(weight) for group in groups for weight in group.elsewhere}
        for index, group in enumerate(groups):
            for weight in group.weights if tied else ():
                if id(weight) in tied:  # TensorFlow ignores a repeated assignment to the upper of its layers
                    weight.trainable = index >= first and _is_free(group, weight)


def _is_free(group: LayerGroup, weight: Any) -> bool:
    return all(is_free(layer, weight) for layer in group.layers if any(own is weight for own in own_weights(layer)))


def _set_flag(layer: keras.Layer, trainable: bool) -> None:
    if not sublayers(layer):
        layer.trainable = trainable  # leaf by leaf: TensorFlow ignores a repeated assignment to a container
        return
    own = {id(weight) for weight in own_weights(layer)}
    for weight in trainable_if_thawed(layer):
        if id(weight) in own:
            weight.trainable = trainable


def _refresh(model: keras.Model, groups: Sequence[LayerGroup], first: int) -> None:
    """Lets a compiled model know, whatever its optimizer; warns where only `compile()` can."""
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return  # built in `fit`, on what is trainable then
    inner = unwrapped(optimizer)
    if not isinstance(inner, FineTuneMixin) and steps_of(optimizer) and not is_built_on_trainable(model):
        warnings.warn(f"freeze_to: {mismatch(model)}", stacklevel=3)
        return
    if isinstance(inner, FineTuneMixin) and len(inner.group_names) == len(groups):
        inner.set_active_groups([index >= first for index in range(len(groups))])
    check_flags(model, "freeze_to")

"""Training the biases alone."""

from collections.abc import Sequence

import keras

from kerasaug.transfer.groups import LayerGroup
from kerasaug.transfer.held import forget_steps, release, warn_of_optimizer
from kerasaug.transfer.lora import head_layers, hold_all_but


def bitfit(
    model: keras.Model,
    norm: bool = True,
    head: bool = True,
    groups: Sequence[LayerGroup] | None = None,
) -> list[str]:
    """Freezes everything but the biases, which are a thousandth of the weights or less, and the head.

    What is frozen stays so, whatever sets `trainable`: `layer.trainable = True`, `unfreeze` and
    `GradualUnfreezing` then train biases and head alone. A `.keras` file keeps it, and needs `kerasaug` imported to be
    loaded. BatchNormalization keeps its statistics, also where its `beta` trains. `release(model)` undoes it.

    Call it before `compile()`.

    Args:
        model: A built model. It is changed in place.
        norm: Whether the `beta` of normalisation layers trains, which is a bias too. Defaults to `True`.
        head: Whether the head trains as a whole. Defaults to `True`.
        groups: Layer groups, of which the one named `"head"` is the head. Default to `layer_groups(model)`.

    Returns:
        The paths of the variables that train now.

    Raises:
        ValueError: When the model is not built, its head cannot be seen, or it has no bias.

    Example:

    ```python
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    len(kerasaug.transfer.bitfit(model))  # 3: the body's bias, and kernel and bias of the head
    ```

    Reference:
        - [Ben-Zaken et al., 2021](https://arxiv.org/abs/2106.10199)
    """
    if not model.built:
        raise ValueError(f"bitfit expects a built model. Received: {model.name!r}, which is not. Call it once.")
    whole = head_layers(model, groups, "bitfit") if head else []
    hold_all_but(model, whole, ("bias", *((r"(^|/)beta[^/]*$",) if norm else ())))
    forget_steps(model)
    warn_of_optimizer(model, "bitfit")
    inside = {id(weight) for layer in whole for weight in layer.weights}
    if all(id(variable) in inside for variable in model.trainable_variables):
        release(model)
        raise ValueError(
            f"bitfit expects biases outside the head. Received: {model.name!r}, which has none: all its layers were "
            "made with use_bias=False. Use `kerasaug.transfer.enable_lora`."
        )
    return [variable.path for variable in model.trainable_variables]

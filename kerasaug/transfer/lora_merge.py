"""Folding low-rank updates into the kernels."""

from typing import Any

import keras
import numpy as np

from kerasaug.backend.weights import drop_variable
from kerasaug.transfer.held import forget_steps, release_one
from kerasaug.transfer.lora_layers import base_kernel, factor_names, factors, lora_layers, merged_kernel, stem
from kerasaug.transfer.walk import walk


def merge_lora(model: keras.Model) -> list[str]:
    """Adds the updates of LoRA to the kernels and makes ordinary layers of the layers again.

    The outputs stay as they are, to the precision of the kernels' type; a kernel quantized to int8 or int4 is quantized
    anew, so they move by as much as that rounds. Weights and files are then those of a model that never had LoRA, and
    what `enable_lora` froze is frozen like any layer: `unfreeze(model)` lets it train.

    `export_savedmodel` needs no merge: an updated model exports as it is.

    Args:
        model: A model with LoRA. It is changed in place; call `compile()` before training it again.

    Returns:
        The paths of the layers that were merged.

    Raises:
        ValueError: When no layer has LoRA.

    Example:

    ```python
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    kerasaug.transfer.enable_lora(model, "body", rank=4)
    kerasaug.transfer.merge_lora(model)  # ["body"]
    len(model.weights)  # 4 again
    ```

    Reference:
        - [Hu et al., 2021](https://arxiv.org/abs/2106.09685)
    """
    found = lora_layers(model)
    if not found:
        raise ValueError(
            f"merge_lora expects a model with LoRA. Received: {model.name!r}, none of whose layers has it. Call "
            "`kerasaug.transfer.enable_lora` first."
        )
    for layer in found.values():
        _merge(layer)
    for layer in walk(model):
        release_one(layer)
    forget_steps(model)
    return list(found)


def _merge(layer: Any) -> None:
    store: dict[str, Any] = {}
    if layer.quantization_mode is None:
        base_kernel(layer).assign(merged_kernel(layer))
    else:
        layer.save_own_variables(store)  # which quantizes the sum anew
    for factor in factors(layer):
        factor.assign(np.zeros(factor.shape, "float32"))  # for steps that somebody else compiled with them
    names = factor_names(layer)
    layer.lora_enabled, layer.lora_rank, layer.lora_alpha = False, None, None
    for name in names:
        drop_variable(layer, name)
    if store:
        layer.load_own_variables(store)
    else:
        getattr(layer, stem(layer)).trainable = layer.trainable

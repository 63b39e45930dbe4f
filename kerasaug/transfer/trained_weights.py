"""Files of what was trained alone: a few percent of the model, to be loaded into the pretrained rest."""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from kerasaug.files import replacing
from kerasaug.transfer.held import is_held
from kerasaug.transfer.lora_layers import lora_layers
from kerasaug.transfer.walk import named_layers, own_weights, trainable_if_thawed

_SCALES = "lora_scales"


def save_trained_weights(model: keras.Model, path: str | os.PathLike) -> Path:
    """Writes only the weights that train: updates of LoRA, adapters, biases, the head.

    Frozen layers of an ordinary kind count too, as those that `freeze` froze for a while. Unlike a `.keras` file this
    keeps the updates of LoRA apart from the kernels.

    Args:
        model: A model after `enable_lora`, `add_adapters` or `bitfit`.
        path: An `.npz` file.

    Returns:
        The path.

    Raises:
        ValueError: When the path has another ending, or nothing in the model trains.

    Example:

    ```python
    import tempfile

    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    kerasaug.transfer.enable_lora(model, "body", rank=2)
    path = tempfile.mkdtemp() + "/task.npz"
    kerasaug.transfer.save_trained_weights(model, path)
    kerasaug.transfer.load_trained_weights(model, path)
    ```

    Reference:
        `save_pretrained` of Hugging Face's PEFT.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"save_trained_weights expects a path that ends in .npz. Received: {path}.")
    found = _trained(model)
    if not found:
        raise ValueError(f"save_trained_weights expects weights that train. Received: {model.name!r}, without any.")
    # float32 holds every half-precision value, and NumPy's files have no bfloat16.
    arrays: dict[str, Any] = {
        name: np.asarray(ops.convert_to_numpy(weight), "float32") for name, weight in found.items()
    }
    arrays[_SCALES] = np.frombuffer(json.dumps(_scales(model)).encode(), np.uint8)
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)
    return path


def load_trained_weights(model: keras.Model, path: str | os.PathLike) -> list[str]:
    """Loads what `save_trained_weights` wrote.

    Args:
        model: The pretrained model, after the same call of `enable_lora`, `add_adapters` or `bitfit`.
        path: The file.

    Returns:
        The names of the weights that were loaded.

    Raises:
        FileNotFoundError: When there is no file.
        ValueError: When it is of another kind, or holds other weights than train in the model. Nothing is loaded then.

    Example:

    ```python
    import tempfile

    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(16, name="body"), keras.layers.Dense(2)])
    kerasaug.transfer.bitfit(model)
    path = kerasaug.transfer.save_trained_weights(model, tempfile.mkdtemp() + "/biases.npz")
    kerasaug.transfer.load_trained_weights(model, path)  # ["body/bias", "dense/kernel", "dense/bias"]
    ```
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"load_trained_weights: there is no file at {Path(path).resolve()}.")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"load_trained_weights expects a file of save_trained_weights. Received: {path}.")
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    scales = json.loads(arrays.pop(_SCALES, np.frombuffer(b"{}", np.uint8)).tobytes())
    found = _trained(model)
    shapes = [{name: tuple(one.shape) for name, one in side.items()} for side in (found, arrays)]
    wrong = [name for name in {**shapes[0], **shapes[1]} if shapes[0].get(name) != shapes[1].get(name)]
    if not wrong and scales != _scales(model):
        wrong = [name for name, scale in _scales(model).items() if scales.get(name) != scale]
    if wrong:
        raise ValueError(
            f"load_trained_weights expects a file of the weights that train in {model.name!r}. Received: {path}, where "
            f"{wrong[0]!r} differs ({len(wrong)} in all). Prepare the model as it was when the file was written."
        )
    for name, weight in found.items():
        weight.assign(arrays[name])
    return list(found)


def _trained(model: keras.Model) -> dict[str, Any]:
    """What trains, and whatever else belongs to layers that train as a whole: statistics of BatchNormalization."""
    movable = {id(weight) for weight in trainable_if_thawed(model)}
    found = {}
    for path, layer in named_layers(model).items():
        weights = own_weights(layer)
        whole = not is_held(layer) and any(id(weight) in movable for weight in weights)
        found.update({f"{path}/{weight.name}": weight for weight in weights if whole or id(weight) in movable})
    return found


def _scales(model: keras.Model) -> dict[str, float]:
    return {path: layer.lora_alpha / layer.lora_rank for path, layer in lora_layers(model).items()}

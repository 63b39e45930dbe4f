"""Models and configs that were saved with Keras's image layers, read with these in their place."""

import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from kerasaug.augmentation import Augmentation

_CONFIG = "config.json"  # of a `.keras` file


def from_keras(config: Any) -> Any:
    """Puts these layers in the place of Keras's in a saved config: `keras.layers` becomes `kerasaug.layers`.

    Keras finds a class that is not its own by its registered name, so that the module's name alone is not enough.

    Args:
        config: What `keras.saving.serialize_keras_object` returned, or `model.to_json()`; layers may be nested in it.

    Returns:
        The same with the module and registered name of every layer of `keras.layers` that is here too; a new object. A
        `Pipeline` that holds others, such as `Rescaling`, stays Keras's; the layers in it are replaced.

    Example:

    ```python
    config = keras.saving.serialize_keras_object(keras.layers.RandomRotation(0.1, fill_mode="nearest"))
    layer = keras.saving.deserialize_keras_object(kerasaug.from_keras(config))
    type(layer)  # kerasaug.layers.RandomRotation
    ```
    """
    return json.dumps(_replaced(json.loads(config))) if isinstance(config, str) else _replaced(config)


def load_keras_model(path: str | os.PathLike, **kwargs: Any) -> keras.Model:
    """Loads a `.keras` file with these layers in the place of Keras's; weights and optimizer are the file's.

    AutoContrast, Equalization and ContrastLimitedAdaptiveHistogramEqualization do nothing at inference here; Keras runs
    the first and the last there, and documents it of the first two.

    Args:
        path: A file that `model.save` wrote; it is not changed.
        **kwargs: Of `keras.saving.load_model`.

    Returns:
        The model.

    Raises:
        ValueError: When the file is no `.keras` file.

    Example:

    ```python
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.RandomFlip(), keras.layers.GlobalMaxPooling2D()])
    model.save("model.keras")
    kerasaug.load_keras_model("model.keras").layers[0]  # a kerasaug.layers.RandomFlip
    ```
    """
    if not zipfile.is_zipfile(path):
        raise ValueError(f"load_keras_model expects a file that model.save('….keras') wrote. Received: path={path!r}.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "model.keras"
        with zipfile.ZipFile(path) as saved, zipfile.ZipFile(copy, "w") as changed:
            for name in saved.namelist():
                content = saved.read(name)
                changed.writestr(name, from_keras(content.decode()) if name == _CONFIG else content)
        return keras.saving.load_model(copy, **kwargs)


def _replaced(config: Any) -> Any:
    if isinstance(config, list | tuple):
        return type(config)(_replaced(one) for one in config)
    if not isinstance(config, Mapping):
        return config
    changed = {key: _replaced(value) for key, value in config.items()}
    name = f"kerasaug>{config.get('class_name')}"
    known = config.get("module") == "keras.layers" and keras.saving.get_registered_object(name) is not None
    if known and (config["class_name"] != "Pipeline" or all(map(_is_ours, changed["config"]["layers"]))):
        changed |= {"module": "kerasaug.layers", "registered_name": name}
    return changed


def _is_ours(config: Any) -> bool:
    """Whether a saved layer is one that our `Pipeline` holds."""
    name = config.get("registered_name") if isinstance(config, Mapping) else None
    found = keras.saving.get_registered_object(name) if name else None
    return isinstance(found, type) and issubclass(found, Augmentation)

"""Augmentation pipelines with a name."""

import difflib
import json
from pathlib import Path
from typing import Any

import keras

from kerasaug import layers
from kerasaug.augmentation import Augmentation
from kerasaug.pipeline import Pipeline

POLICIES = ("none", "geometry", "light", "strong")


def policy(name: str, num_classes: int | None = None, channels: int = 3) -> Pipeline | None:
    """An augmentation pipeline for a kind of pictures, for images in [0, 255].

    - `"none"`: nothing; `None` comes back.
    - `"geometry"`: small turns (±18°), zooms (±10 %), shifts (±10 %) and shear (up to 0.1). No flips and no colour: for
      digits, text, X-rays, whatever has a left and a right or whose colour counts.
    - `"light"`: horizontal flips, turns (±10°), zooms in by up to 10 %, shear (up to 0.1), brightness and contrast
      (±20 %): about what fastai's `aug_transforms` does by default. For photographs.
    - `"strong"`: the same with wider ranges, saturation and hue, a rectangle erased from half of the pictures, then
      MixUp and CutMix, each with probability 0.5. For long trainings, in which a lighter policy overfits.

    Args:
        name: One of these names.
        num_classes: Number of classes, for MixUp and CutMix to encode integer labels. When it is `None` or 1,
            `"strong"` mixes nothing.
        channels: Channels of the images; saturation and hue are left alone unless there are 3. Defaults to 3.

    Returns:
        A new `kerasaug.Pipeline`, or `None`.

    Raises:
        ValueError: When there is no policy of this name.

    Example:

    ```python
    pipeline = kerasaug.transfer.policy("strong", num_classes=10)
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    batch = pipeline({"images": images, "labels": np.arange(8)})
    assert batch["labels"].shape == (8, 10)
    ```

    Reference:
        - [fastai's `aug_transforms`](https://docs.fast.ai/vision.augment.html#aug_transforms)
        - [Wightman et al., 2021](https://arxiv.org/abs/2110.00476)
    """
    if name not in POLICIES:
        near = difflib.get_close_matches(str(name), POLICIES, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"policy: expected one of {list(POLICIES)}, a kerasaug layer, or the path of a JSON file. Received: "
            f"{name!r}.{hint}"
        )
    made = {"none": list, "geometry": _geometry, "light": _light, "strong": lambda: _strong(num_classes, channels)}
    found = made[name]()
    return Pipeline(found, name=name) if found else None


def policy_config(given: Any, num_classes: int | None, channels: int = 3) -> dict[str, Any] | None:
    """The serialised pipeline that `given` stands for: a name, a pipeline or layer, a path, or a serialised one.

    Raises:
        TypeError: When it is none of these.
        ValueError: When the name is unknown, or the file holds no pipeline.
        FileNotFoundError: When the path leads nowhere.
    """
    if given is None:
        return None
    if isinstance(given, dict):
        return given
    if isinstance(given, Augmentation):
        return keras.saving.serialize_keras_object(given)
    if not isinstance(given, str | Path):
        raise TypeError(
            f"fine_tune expects policy to be one of {list(POLICIES)}, a kerasaug.Pipeline, one of kerasaug.layers, or "
            f"the path of a JSON file. Received: {type(given).__name__}."
        )
    if isinstance(given, Path) or (given not in POLICIES and _is_path(given)):
        return _read(Path(given))
    pipeline = policy(given, num_classes, channels)
    return None if pipeline is None else keras.saving.serialize_keras_object(pipeline)


def pipeline_from(config: dict[str, Any] | None, source: str = "the recipe's pipeline") -> Augmentation | None:
    """A new pipeline from its serialised form.

    Raises:
        ValueError: When `config` is not that of a kerasaug layer.
    """
    if config is None:
        return None
    try:
        made = keras.saving.deserialize_keras_object(config)
    except (TypeError, ValueError, KeyError, AttributeError, ImportError) as error:
        raise ValueError(
            f"fine_tune: {source} cannot be rebuilt: {str(error).splitlines()[0]} Register a layer of your own with "
            "`keras.saving.register_keras_serializable`, and import it first."
        ) from error
    if not isinstance(made, Augmentation):
        raise ValueError(
            f"fine_tune: {source} is no kerasaug layer but {type(made).__name__}. Expected what "
            "`keras.saving.serialize_keras_object(pipeline)` returns."
        )
    return made


def _is_path(name: str) -> bool:
    return name.endswith(".json") or "/" in name or Path(name).is_file()


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(f"fine_tune: there is no policy file at {path.resolve()}.")
    try:
        config = json.loads(path.read_text())
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"fine_tune: the policy file {path} is not JSON: {error}.") from error
    pipeline_from(config if isinstance(config, dict) else {}, f"the policy file {path}")
    return config


def _geometry() -> list[Augmentation]:
    return [
        layers.RandomRotation(0.05),
        layers.RandomZoom(0.1, 0.1),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomShear(0.1, 0.1),
    ]


def _light() -> list[Augmentation]:
    return [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(10 / 360, p=0.75),
        layers.RandomZoom((-0.1, 0.0), p=0.75),
        layers.RandomShear(0.1, 0.1, p=0.75),
        layers.RandomBrightness(0.1, p=0.75),
        layers.RandomContrast(0.2, p=0.75),
    ]


def _strong(num_classes: int | None, channels: int) -> list[Augmentation]:
    vivid: dict[str, Any] = {"saturation_factor": (0.3, 0.7), "hue_factor": 0.05} if channels == 3 else {}
    found: list[Augmentation] = [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(20 / 360),
        layers.RandomZoom((-0.3, 0.1)),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomShear(0.2, 0.2),
        layers.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.4, **vivid),
        layers.RandomErasing(),
    ]
    if num_classes is not None and num_classes > 1:
        found += [layers.MixUp(num_classes=num_classes, p=0.5), layers.CutMix(num_classes=num_classes, p=0.5)]
    return found

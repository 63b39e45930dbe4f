"""A fine-tuning as plain values: what `fine_tune` was told, to be saved, read, and run again."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kerasaug.files import replacing
from kerasaug.transfer.groups import LayerGroup
from kerasaug.transfer.recipe_checks import check_keys, check_values

FORMAT = 1
_NEW = {"l2_sp": None}  # what files of this format may lack: written before there was such a thing


def _versions() -> dict[str, str]:
    from kerasaug import __version__  # the package imports this module

    return {"kerasaug": __version__, "keras": keras.__version__, "backend": keras.backend.backend()}


@dataclass(frozen=True)
class FineTuned:
    """What a fine-tuning leaves.

    Attributes:
        model: The model, ready to serve: no augmentation, no optimizer.
        history: Dict from the name of each logged value to its value in every epoch.
        recipe: The `Recipe`; `recipe.save(path)` keeps it.
        groups: The layer groups, bottom first.
        best_epoch: The epoch, counted from 0, whose weights the model has; `None` when it has those of the last.
        seconds: What the training took.

    Example:

    ```python
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    images, labels = np.zeros((4, 8, 8, 3)), np.array([0, 1, 0, 1])
    tuned = kerasaug.transfer.fine_tune(model, (images, labels), epochs=1, verbose=0)
    assert tuned.model is model and len(tuned.history["loss"]) == 2
    ```
    """

    model: keras.Model
    history: dict[str, list[float]]
    recipe: "Recipe"
    groups: list[LayerGroup]
    best_epoch: int | None = None
    seconds: float = 0.0

    def report(
        self,
        path: str | os.PathLike | None = None,
        validation: Any = None,
        samples: Any = None,
        title: str | None = None,
    ) -> Any:
        """Draws how the training went: learning curves, learning rate, unfrozen groups, and what came of it.

        Args:
            path: PNG file to write as well; its folder is made when there is none.
            validation: `(images, labels)` or a dataset of such batches, for accuracy, the confusion matrix and the
                figures of each class. Defaults to none of these.
            samples: A few `(images, labels)`, images in [0, 255], to be shown with what training may have seen of them.
            title: Defaults to the backbone's or the model's name.

        Returns:
            A matplotlib `Figure`.

        Raises:
            ImportError: When matplotlib or scikit-learn is not installed.
            ValueError: When `validation` is given and the model is no classifier of one output.

        Example:

        ```python
        model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
        data = np.zeros((4, 8, 8, 3)), np.array([0, 1, 0, 1])
        tuned = kerasaug.transfer.fine_tune(model, data, epochs=1, verbose=0)
        figure = tuned.report("report.png", validation=data)
        ```
        """
        from kerasaug.transfer.report import report_picture

        return report_picture(self, path, validation, samples, title)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The whole of a fine-tuning but its data, as plain values.

    `kerasaug.transfer.fine_tune` makes one and runs it, so that running a recipe again is the same run: on the same
    data, machine, backend and versions it ends in the same weights, bit for bit.

    Attributes:
        backbone: What `load_backbone` is given, such as the name of a network in `keras.applications`; `None` when a
            model was given, which `run` needs again.
        backbone_args: Further arguments of `load_backbone`.
        weights: `"imagenet"`, a path, or `None`.
        input_shape: Of an image as it comes in.
        image_size: Height and width as the backbone sees it.
        num_classes: Number of classes; the width of the model's output.
        class_names: Their names, or `None`.
        pipeline: The augmentation, as `keras.saving.serialize_keras_object` gives it, or `None`.
        optimizer: The name of a Keras optimizer, or a serialised one.
        loss: Serialised, or `None` for the one that suits the model.
        metrics: Serialised, or `None` for accuracy.
        steps_per_epoch: Or `None`, for as many as the data have.
        versions: Those of kerasaug and Keras that made the recipe, and the backend.

    The others are arguments of `fine_tune`.

    Example:

    ```python
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")])
    data = np.zeros((4, 8, 8, 3)), np.array([0, 1, 0, 1])
    kerasaug.transfer.fine_tune(model, data, epochs=1, verbose=0).recipe.save("recipe.json")
    recipe = kerasaug.transfer.Recipe.load("recipe.json")
    print(recipe)
    tuned = recipe.run(data, model=model, verbose=0)
    ```
    """

    num_classes: int | None
    class_names: tuple[str, ...] | None = None
    backbone: str | None = None
    backbone_args: dict[str, Any] = field(default_factory=dict)
    weights: str | None = None
    input_shape: tuple[int | None, ...] | None = None
    image_size: tuple[int, int] | None = None
    epochs: int = 5
    freeze_epochs: int = 1
    base_lr: float = 2e-3
    lr_mult: float = 100.0
    pct_start: float = 0.3
    div: float = 5.0
    pipeline: dict[str, Any] | None = None
    optimizer: str | dict[str, Any] = "adamw"
    weight_decay: float = 0.01
    l2_sp: float | None = None
    label_smoothing: float = 0.0
    dropout: float = 0.2
    bn: str = "frozen"
    batch_size: int = 32
    steps_per_epoch: int | None = None
    seed: int = 0
    mixed_precision: str | None = None
    jit_compile: bool | str = "auto"
    keep: str = "last"
    loss: Any = None
    metrics: Any = None
    versions: dict[str, str] = field(default_factory=_versions)

    def __post_init__(self) -> None:
        for one in fields(self):
            if isinstance(value := getattr(self, one.name), np.generic):
                object.__setattr__(self, one.name, value.item())
        for name in ("class_names", "input_shape", "image_size"):
            value = getattr(self, name)
            object.__setattr__(self, name, None if value is None else tuple(value))
        for name in ("backbone_args", "pipeline", "optimizer", "loss", "metrics"):
            object.__setattr__(self, name, json.loads(json.dumps(getattr(self, name))))  # equal when read again
        check_values(self)

    def run(
        self,
        train: Any,
        validation: Any = None,
        *,
        model: keras.Model | None = None,
        groups: Sequence[LayerGroup] | None = None,
        backup_dir: str | os.PathLike | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: int | str = "auto",
    ) -> FineTuned:
        """Fine-tunes.

        Args:
            train: As in `fine_tune`.
            validation: As in `fine_tune`.
            model: The model to fine-tune, with the weights to start from, when the recipe names no backbone.
            groups: As in `fine_tune`.
            backup_dir: As in `fine_tune`.
            callbacks: As in `fine_tune`.
            verbose: As in `fine_tune`.

        Returns:
            A `FineTuned`.

        Raises:
            ValueError: When model or data do not fit the recipe.
        """
        from kerasaug.transfer.training import run  # it needs the callbacks, which need this package

        return run(self, train, validation, model, groups, backup_dir, callbacks, verbose)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        return json.loads(json.dumps({"format": FORMAT, **asdict(self)}))

    @classmethod
    def from_dict(cls, values: dict[str, Any], source: str = "the dict") -> "Recipe":
        """The inverse of `to_dict`.

        Args:
            values: What `to_dict` returned.
            source: Where it comes from, for messages.

        Raises:
            ValueError: When a key is missing or unknown, the format is another one, or a value is out of range.
        """
        values = {**_NEW, **values} if isinstance(values, dict) and "format" in values else values
        check_keys(values, [one.name for one in fields(cls)], FORMAT, source)
        return cls(**{name: value for name, value in values.items() if name != "format"})

    def save(self, path: str | os.PathLike) -> None:
        """Writes the recipe as JSON; the file is never seen half written.

        Args:
            path: File to write; its folder is made when there is none.
        """
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as temporary:
            temporary.write_text(json.dumps(self.to_dict(), indent=2) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike) -> "Recipe":
        """Reads a recipe that `save` wrote.

        Args:
            path: File to read.

        Raises:
            FileNotFoundError: When there is no such file.
            ValueError: When it is no recipe, is cut short, or is of another version.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"Recipe.load: there is no file at {Path(path).resolve()}.")
        try:
            values = json.loads(Path(path).read_text())
        except ValueError as error:
            raise ValueError(
                f"Recipe.load: {path} is no whole JSON file ({error}). Expected one that `recipe.save` wrote."
            ) from error
        return cls.from_dict(values, str(path))

    def __str__(self) -> str:
        shown = {**asdict(self), "pipeline": _layer_names(self.pipeline), "versions": _in_words(self.versions)}
        lines = [f"  {name}: {value}" for name, value in shown.items() if value not in (None, {}, ())]
        return "\n".join(["Recipe of a fine-tuning", *lines])


def _layer_names(pipeline: dict[str, Any] | None) -> str:
    if pipeline is None:
        return "none"
    inner = pipeline.get("config", {}).get("layers", [])
    return ", ".join(one["class_name"] for one in inner) or pipeline["class_name"]


def _in_words(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())

"""Loading a model with the state of its optimizer, whatever was frozen when it was saved."""

import copy
import json
import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import ml_dtypes
import numpy as np

from kerasaug.backend import slot_owners
from kerasaug.transfer.match_slots import selections
from kerasaug.transfer.optimizer import FineTuneMixin, unwrapped
from kerasaug.transfer.walk import own_weights, owners, thawed, trainable_if_thawed

_CONFIG, _WEIGHTS, _STATE = "config.json", "model.weights.h5", "optimizer/vars"
Shape = tuple[int, ...]


def load_model(
    path: str | os.PathLike,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
    built_on: Callable[[keras.Model], Sequence[Any]] | None = None,
) -> keras.Model:
    """Loads a `.keras` file with the state of its optimizer, also when layers were frozen after that was built.

    `keras.saving.load_model` builds the optimizer on what is trainable in the file. If it was built on other variables,
    on all before some were frozen, or on the head before the rest was unfrozen, Keras warns, drops momentum, averages
    and the step count, and training goes on as from the start. This builds it on the variables it was built on, found
    by the number and shapes of its slots, and restores it exactly. It knows every optimizer of Keras, inside
    `LossScaleOptimizer` too, moving averages, gradient accumulation and `kerasaug.transfer.finetune_optimizer`.

    The model trains on as it would have before it was saved. An optimizer that Keras would refuse, built on other
    variables than are trainable, is still one: set the flags back, or `compile()` anew.

    Args:
        path: The `.keras` file.
        custom_objects: Dict from names to classes or functions that Keras does not know. Defaults to none.
        compile: Whether to compile the model and restore the optimizer. Defaults to `True`.
        safe_mode: Whether lambdas in the file are refused. Defaults to `True`.
        built_on: A function from the loaded model to the variables that the optimizer was built on, in the model's
            order, for a file in which the shapes leave several possibilities: `lambda model: model.layers[-1].weights`.

    Returns:
        The model.

    Raises:
        FileNotFoundError: When there is no such file.
        ValueError: When it is no `.keras` file, or the state of the optimizer could not be restored.

    Example:

    ```python
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.fit(np.ones((8, 4)), np.ones((8, 2)), verbose=0)
    model.layers[0].trainable = False  # keras.saving.load_model would begin with a new optimizer
    model.save("model.keras")
    loaded = kerasaug.transfer.load_model("model.keras")
    assert int(loaded.optimizer.iterations) == 1
    ```

    Reference:
        `keras.saving.load_model`.
    """
    path = _checked(path)
    model = keras.saving.load_model(path, custom_objects=custom_objects, compile=False, safe_mode=safe_mode)
    config, state = _read(path)
    if not (compile and config):
        return model
    restorer = _Restorer(model, config, state, custom_objects)
    if built_on is not None:
        restorer.build(built_on(model))
        fits = restorer.fits()
    else:
        fits = restorer.find()
    if not fits:
        kind = type(unwrapped(model.optimizer)).__name__
        raise ValueError(
            f"load_model: could not restore the optimizer of {path}, {kind} with {len(state)} variables: "
            f"{restorer.reason}. Pass `built_on=`, a function from the model to the variables "
            "the optimizer was built on, or `compile=False` and compile the model with a new one."
        )
    restorer.assign()
    return model


class _Restorer:
    """Compiles a model with its optimizer built on some of its variables, and compares with what was saved."""

    reason = "its slots fit no choice of the model's layers"

    def __init__(
        self, model: keras.Model, config: dict[str, Any], state: list[np.ndarray], custom_objects: dict[str, Any] | None
    ) -> None:
        self.model, self._config, self._state = model, config, state
        self._custom_objects = custom_objects
        self._everything = trainable_if_thawed(model)

    def find(self) -> bool:
        """Builds the optimizer on the variables it was built on; returns whether they were found."""
        self.build(self.model.trainable_variables)
        if isinstance(unwrapped(self.model.optimizer), FineTuneMixin):
            self.build(self._everything)
        if self.fits():
            return True
        if len(self._state) == len(_unbuilt(self.model.optimizer)):
            self._state = []  # it was never built
            return True
        self.build(self._everything)
        if self.fits():
            return True
        chosen = self._selected()
        if chosen:
            self.build(chosen)
        return bool(chosen) and self.fits()

    def build(self, variables: Sequence[Any]) -> None:
        """Compiles anew, with the optimizer built on `variables`."""
        with _alone(self.model, variables), keras.saving.custom_object_scope(self._custom_objects or {}):
            self.model.compile_from_config(copy.deepcopy(self._config))
        if getattr(self.model, "optimizer", None) is None:
            raise ValueError(
                f"load_model expects a model that Keras compiles. Received {self.model.name!r}, whose `compile()` is "
                "its own. Pass `compile=False`, and compile it yourself."
            )

    def fits(self) -> bool:
        """Whether the optimizer's variables have the shapes of those that were saved."""
        return _shapes(self.model.optimizer.variables) == [saved.shape for saved in self._state]

    def assign(self) -> None:
        """Puts the saved values in."""
        for variable, saved in zip(self.model.optimizer.variables, self._state, strict=bool(self._state)):
            variable.assign(saved)

    def _selected(self) -> list[Any] | None:
        """The variables of the only choice of whole layers whose slots have the saved shapes."""
        position = {id(variable): index for index, variable in enumerate(self._everything)}
        found = [[position[id(w)] for w in own_weights(one) if id(w) in position] for one in owners(self.model)]
        layers = sorted(sorted(one) for one in found if one)
        slots = list(zip(slot_owners(self.model.optimizer), _shapes(self.model.optimizer.variables), strict=True))
        choices = selections(layers, slots, [saved.shape for saved in self._state])
        if len(choices) > 1:
            self.reason = "its slots fit several choices of layers, which have the same shapes"
        return [self._everything[index] for index in choices[0]] if len(choices) == 1 else None


@contextmanager
def _alone(model: keras.Model, variables: Sequence[Any]) -> Iterator[None]:
    """Within the block exactly `variables` are trainable; afterwards every flag is as it was."""
    wanted = {id(variable) for variable in variables}
    with thawed(model):
        for variable in model.trainable_variables:
            variable.trainable = id(variable) in wanted
        yield


def _shapes(variables: Sequence[Any]) -> list[Shape]:
    return [tuple(variable.shape) for variable in variables]


def _unbuilt(optimizer: Any) -> list[Any]:
    return type(optimizer).from_config(optimizer.get_config()).variables


def _checked(path: str | os.PathLike) -> Path:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"load_model: there is no file at {path.resolve()}.")
    if path.suffix != ".keras" or not zipfile.is_zipfile(path):
        raise ValueError(
            f"load_model expects a `.keras` file. Received: {path}. Save with `model.save('model.keras')`."
        )
    return path


def _read(path: Path) -> tuple[dict[str, Any] | None, list[np.ndarray]]:
    """How the model was compiled, and the values of its optimizer's variables."""
    import h5py  # what Keras writes these files with

    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read(_CONFIG)).get("compile_config")
        if not config:
            return None, []
        with archive.open(_WEIGHTS) as file, h5py.File(file, "r") as store:
            saved = store[_STATE] if _STATE in store else {}
            return config, [_value(saved[str(index)]) for index in range(len(saved))]


def _value(saved: Any) -> np.ndarray:
    """HDF5 knows no bfloat16: Keras writes such an array as bytes, and says so beside it."""
    return np.array(saved, dtype=ml_dtypes.bfloat16 if saved.attrs.get("dtype") == "bfloat16" else None)

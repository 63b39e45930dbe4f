"""How a defect of Keras's layers is shown: one check, which fails there and passes here."""

import inspect
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from contract_tools import BACKEND, to_numpy, uncompiled
from keras_layers import KERAS, OURS

Error = type[BaseException] | tuple[type[BaseException], ...] | str


def defect(raises: Error = AssertionError, on: Sequence[str] = ("tensorflow",), compiles: bool = False) -> Any:
    """Makes a test of a check `f(layers, ...)`: it fails on `keras.layers` and passes on `kerasaug.layers`.

    Once Keras mends the defect, the test says so by failing: then take the defect off the list in docs/keras.md.

    Args:
        raises: What the check raises on Keras's layers: types, or the name of one of `tf.errors`, where TensorFlow need
            not be installed.
        on: Backends to show it on. Most of what Keras does wrongly is in code that all of them share, and op by op JAX
            takes half a minute to begin with some layers.
        compiles: Whether the check is of compiled functions; else stages run op by op, which is faster.
    """

    def decorate(check: Callable[..., None]) -> Callable[..., None]:
        def test(**arguments: Any) -> None:
            with nullcontext() if compiles else uncompiled():
                with pytest.raises(_types(raises)):
                    check(KERAS, **arguments)
                check(OURS, **arguments)

        parameters = list(inspect.signature(check).parameters.values())[1:]
        test.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
        test.pytestmark = list(getattr(check, "pytestmark", []))  # type: ignore[attr-defined]
        if BACKEND not in on:
            return pytest.mark.skip(reason=f"shown on {', '.join(on)}")(test)
        return test

    return decorate


def _types(raises: Error) -> Any:
    return getattr(import_module("tensorflow").errors, raises) if isinstance(raises, str) else raises


def run(layer: Any, data: Any) -> Any:
    """The layer's result in training, as arrays."""
    return to_numpy(layer(data, training=True))


def ramp(batch: int = 2, height: int = 8, width: int = 10, channels: int = 3) -> np.ndarray:
    """Pixels that all differ, from 20 to 200."""
    size = height * width * channels
    return np.tile(np.linspace(20, 200, size, dtype="float32").reshape(1, height, width, channels), (batch, 1, 1, 1))


def flat(value: float, batch: int = 2, height: int = 8, width: int = 10) -> np.ndarray:
    """Images of one colour."""
    return np.full((batch, height, width, 3), value, "float32")


def square(batch: int = 1, height: int = 24, width: int = 36, at: tuple[int, int] = (10, 8)) -> dict[str, Any]:
    """A bright square of 5 × 5, its mask (batch, height, width, 1) and its box, top left at (x, y)."""
    x, y = at
    images = np.zeros((batch, height, width, 3), "float32")
    images[:, y : y + 5, x : x + 5] = 200.0
    boxes = np.tile(np.array([[[x, y, x + 5, y + 5]]], "float32"), (batch, 1, 1))
    masks = (images[..., :1] > 0).astype("float32")
    labels = np.ones((batch, 1), "int32")
    return {"images": images, "segmentation_masks": masks, "bounding_boxes": {"boxes": boxes, "labels": labels}}


def frame(image: np.ndarray) -> np.ndarray:
    """Left, top, right and bottom of what is bright."""
    ys, xs = np.nonzero(image.max(axis=-1) > 100 if image.max() > 1 else image.max(axis=-1) > 0.5)
    return np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])

"""What the checks of the contract share: data, ways to run it, and comparisons."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import tree

BACKEND = keras.backend.backend()
compiled_backends = BACKEND in ("tensorflow", "jax")


def images(batch: int = 4, height: int = 8, width: int = 10) -> np.ndarray:
    """Whole pixel values, which every dtype from uint8 to bfloat16 holds exactly."""
    return np.random.default_rng(0).integers(0, 256, (batch, height, width, 3)).astype("float32")


def sample(mixes: bool, batch: int = 4, height: int = 8, width: int = 10) -> dict[str, Any]:
    """A batch with every target, and a key that no layer knows; class 3003 and mask value 257 do not fit bfloat16."""
    rng = np.random.default_rng(1)
    low = rng.uniform(0.0, 0.4, (batch, 2, 2)) * (width, height)
    high = low + rng.uniform(0.3, 0.55, (batch, 2, 2)) * (width, height)
    boxes = np.concatenate([low, high], axis=-1).astype("float32")
    classes = rng.choice([2, 3003], (batch, 2)).astype("int32")
    boxes[0, 1], classes[0, 1] = -1, -1  # padding
    data = {
        "images": images(batch, height, width),
        "labels": np.eye(5, dtype="float32")[np.arange(batch) % 5],
        "sample_weight": rng.uniform(0.5, 2.0, batch).astype("float32"),
        "segmentation_masks": rng.choice([1, 3, 257], (batch, height, width)).astype("int32"),
        "bounding_boxes": {"boxes": boxes, "labels": classes},
        "file": np.array([f"{i}.png" for i in range(batch)]),
    }
    if not mixes:
        data["keypoints"] = rng.uniform(1.0, 7.0, (batch, 3, 2)).astype("float32")
    return data


def targets(data: dict[str, Any]) -> dict[str, Any]:
    """Without the key that no layer knows, which no compiler takes."""
    return {key: value for key, value in data.items() if key != "file"}


def to_numpy(data: Any) -> Any:
    """Arrays, whatever made them; bfloat16, which NumPy lacks, as float32."""

    def convert(value: Any) -> Any:
        if "bfloat16" in str(getattr(value, "dtype", "")):
            value = keras.ops.cast(value, "float32")
        return value.numpy() if "tensorflow" in type(value).__module__ else keras.ops.convert_to_numpy(value)

    return tree.map_structure(lambda value: value if isinstance(value, np.ndarray) else convert(value), data)


def assert_same(actual: Any, expected: Any, atol: float = 0.0) -> None:
    """Same structure, dtypes and values, bit for bit unless told."""
    actual, expected = to_numpy(actual), to_numpy(expected)
    tree.assert_same_structure(actual, expected)
    for (path, one), other in zip(tree.flatten_with_path(actual), tree.flatten(expected), strict=True):
        assert one.dtype == other.dtype, f"{path}: {one.dtype}, expected {other.dtype}"
        if atol and one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=0, atol=atol, err_msg=str(path))
        else:
            np.testing.assert_array_equal(one, other, err_msg=str(path))


def differs(one: Any, other: Any) -> bool:
    """Whether any value differs."""
    pairs = zip(tree.flatten(to_numpy(one)), tree.flatten(to_numpy(other)), strict=True)
    return any(not np.array_equal(a, b) for a, b in pairs)


@contextmanager
def strength(layer: Any, value: float) -> Iterator[None]:
    """Sets a shared layer's strength for a while."""
    layer.strength = value
    try:
        yield
    finally:
        layer.strength = 1.0


@contextmanager
def uncompiled() -> Iterator[None]:
    """Where compiled stages run op by op; a compilation of a pipeline costs seconds."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        before = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            yield
        finally:
            tf.config.run_functions_eagerly(before)
    elif BACKEND == "jax":
        import jax

        with jax.disable_jit():
            yield
    else:
        yield


def compile_whole(function: Callable[..., Any], jit: bool = True) -> Callable[..., Any]:
    """The backend's own compiler over everything; `jit=False` is TensorFlow's graph without XLA."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=jit, autograph=False)
    import jax

    return jax.jit(function)

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


def tokens(batch: int = 4, length: int = 10) -> np.ndarray:
    """Ids from 10 on between 1 and 2, [CLS] and [SEP], some sequences padded with 0."""
    ids = np.random.default_rng(0).integers(10, 40, (batch, length)).astype("int32")
    ids[:, 0] = 1
    for i in range(batch):
        end = length - 2 * (i % 2)
        ids[i, end - 1], ids[i, end:] = 2, 0
    return ids


def token_sample(mixes: bool, batch: int = 4, length: int = 10) -> dict[str, Any]:
    """A batch of tokens with everything that moves along, words of two tokens, and a key that no layer knows."""
    rng, ids = np.random.default_rng(1), tokens(batch, length)
    special = ids < 10
    words = np.where(special, -1, (np.arange(length)[None] - 1) // 2).astype("int32")
    labels = np.where(special, -100, rng.integers(0, 5, ids.shape)).astype("int32")
    at = np.tile(np.arange(length), (batch, 1))
    data = {
        "token_ids": ids,
        "padding_mask": (ids != 0).astype("int32"),
        "segment_ids": np.where(ids == 0, 0, at >= length // 2).astype("int32"),
        "word_ids": words,
        "offsets": np.stack([at * 3, at * 3 + 2], axis=-1).astype("int32"),
        "token_labels": labels,
        "labels": np.eye(5, dtype="float32")[np.arange(batch) % 5],
        "sample_weight": rng.uniform(0.5, 2.0, batch).astype("float32"),
        "saliency": rng.permutation(np.arange(ids.size, dtype="float32")).reshape(ids.shape),  # that SSMix asks for
        "file": np.array([f"{i}.txt" for i in range(batch)]),
    }
    return data


def vectors(batch: int = 4, length: int = 8, size: int = 6) -> np.ndarray:
    """Whole numbers, which every dtype holds exactly; none of them 0."""
    return np.random.default_rng(0).integers(1, 100, (batch, length, size)).astype("float32")


def vector_sample(mixes: bool, batch: int = 4, length: int = 8) -> dict[str, Any]:
    """A batch of embedded tokens, some padded, with labels of both kinds."""
    rng = np.random.default_rng(1)
    ends = length - 2 * (np.arange(batch)[:, None] % 2)
    mask = np.arange(length)[None] < ends
    return {
        "embeddings": vectors(batch, length),
        "padding_mask": mask.astype("int32"),
        "token_labels": np.eye(3, dtype="float32")[rng.integers(0, 3, (batch, length))],
        "labels": np.eye(5, dtype="float32")[np.arange(batch) % 5],
        "sample_weight": rng.uniform(0.5, 2.0, batch).astype("float32"),
        "file": np.array([f"{i}.txt" for i in range(batch)]),
    }


def counts(batch: int = 4, size: int = 12) -> np.ndarray:
    """How often each of some words occurs."""
    return np.random.default_rng(0).integers(0, 4, (batch, size)).astype("float32")


def count_sample(mixes: bool, batch: int = 4) -> dict[str, Any]:
    """A batch of bags of words."""
    return {
        "counts": counts(batch),
        "labels": np.eye(5, dtype="float32")[np.arange(batch) % 5],
        "sample_weight": np.random.default_rng(1).uniform(0.5, 2.0, batch).astype("float32"),
        "file": np.array([f"{i}.txt" for i in range(batch)]),
    }


_BARE = {"images": images, "token_ids": tokens, "embeddings": vectors, "counts": counts}
_SAMPLES = {"images": sample, "token_ids": token_sample, "embeddings": vector_sample, "counts": count_sample}


def bare_of(layer: Any, batch: int = 4) -> np.ndarray:
    """A batch of what a layer augments."""
    return _BARE[layer.main](batch)


def sample_of(layer: Any, batch: int = 4) -> dict[str, Any]:
    """A batch of what a layer augments, with every target."""
    return _SAMPLES[layer.main](layer.mixes, batch)


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

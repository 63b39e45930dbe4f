"""Data of any kind, as `fit` takes them, for runs that must not use them up."""

import math
from typing import Any

import keras

from kerasaug.transfer.inputs import is_arrays


def fit_data(data: Any, batch_size: int, caller: str) -> dict[str, Any]:
    """The arguments of `fit` for data that are read as often as needed.

    Arrays come in whole batches: a last, smaller one would be compiled for, and its loss is a noisy one.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)`, or a dataset of batches.
        batch_size: For arrays.
        caller: Who asks, for messages.

    Raises:
        ValueError: When the data can be read but once.
    """
    if is_arrays(data):
        count = samples(data)
        whole = count - count % batch_size or count
        parts = keras.tree.map_structure(lambda array: array if array is None else array[:whole], tuple(data))
        return {**dict(zip(("x", "y", "sample_weight"), parts, strict=False)), "batch_size": batch_size}
    if isinstance(data, keras.utils.PyDataset):
        return {"x": _Unmoved(data), "shuffle": True}
    if hasattr(data, "__next__"):
        raise ValueError(
            f"{caller} expects data that can be read again: what it reads would be missing from training. Received: "
            f"{type(data).__name__}, which is used up by reading. Pass arrays, a keras.utils.PyDataset or a "
            "tf.data.Dataset."
        )
    return {"x": data, "shuffle": False}


def samples(data: Any) -> int:
    """How many samples arrays hold."""
    return len(keras.tree.flatten(data[0])[0])


class _Unmoved(keras.utils.PyDataset):
    """Batches of another dataset, which is not told of epochs: many shuffle themselves then."""

    def __init__(self, dataset: keras.utils.PyDataset) -> None:
        super().__init__(dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)
        self.dataset = dataset

    @property
    def num_batches(self) -> int | None:
        return self.dataset.num_batches

    def __len__(self) -> int:
        return self.dataset.num_batches or math.inf  # type: ignore[return-value]

    def __getitem__(self, index: int) -> Any:
        return self.dataset[index]

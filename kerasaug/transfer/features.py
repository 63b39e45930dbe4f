"""Feature extraction: what the layers of a frozen network say about data, for any classifier to learn from."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from kerasaug.backend.inference import batches, is_endless
from kerasaug.datasets.progress import reporting
from kerasaug.transfer.feature_layers import find_layers
from kerasaug.transfer.feature_step import POOLINGS, feature_step
from kerasaug.transfer.feature_store import Features, Folder, Memory, as_features, label_arrays
from kerasaug.transfer.groups import LayerGroup


def extract_features(
    model: keras.Model,
    data: Any,
    layers: Any = None,
    *,
    pooling: str | None = None,
    dtype: str | None = None,
    batch_size: int = 32,
    steps: int | None = None,
    out: str | os.PathLike | None = None,
    overwrite: bool = False,
    verbose: int | str = "auto",
) -> Features:
    """Runs a model over data once and keeps what its layers return, and the labels that came along.

    The model runs in inference mode: no augmentation, no dropout, BatchNormalization with its moving statistics. One
    compiled pass computes all layers, and what only lies above them is not computed. Samples keep the order of the
    data.

    Args:
        model: A built model of any kind; layers of models inside it, and those that a subclassed model keeps as
            attributes, are found too.
        data: What `keras.Model.predict` takes: an array, or a dict or list of arrays of a model of several inputs; a
            `tf.data.Dataset`, `keras.utils.PyDataset`, torch `DataLoader` or generator of batches. A tuple is
            `(x, y)`; sample weights are left out.
        layers: A layer, its name or its path (`"resnet50/conv1_conv"`), or the name of one of `layer_groups(model)`
            (`"stride16"`, for its last feature map); or a list of those. Defaults to the model's output.
        pooling: How maps and sequences become vectors: `"avg"` or `"max"` over all places (the padding of masked
            sequences left out), `"flatten"`, or `None` to keep them. Defaults to `None`.
        dtype: Of the features, such as `"float16"` to halve a folder. Defaults to what the layers return, and float32
            for bfloat16, which NumPy does not have.
        batch_size: For arrays. Defaults to 32.
        steps: Batches to read; needed where data never end. Defaults to all.
        out: A folder to write `.npy` files and an index to; it appears when it is complete. Defaults to memory.
        overwrite: Whether a folder of features at `out` is replaced.
        verbose: 0 for no progress bar. Defaults to `"auto"`, a bar that goes away at the end.

    Returns:
        `Features`: the features, an array for one layer and a dict by name for a list; and the labels, or `None`. A
        layer that returns several tensors, or is called several times, gives `"name/0"`, `"name/1"` and so on. With
        `out`, the arrays are memory-mapped; `load_features` opens them again.

    Raises:
        ValueError: When there is no such layer, nothing in the data, or features of different shapes.
        TypeError: When `model` or a layer is something else.
        FileExistsError: When `out` exists, unless `overwrite`.

    Example:

    ```python
    import keras
    from kerasaug.transfer import extract_features

    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, name="stem"), keras.layers.Flatten()])
    images, labels = np.random.rand(10, 8, 8, 3), np.arange(10) % 2
    features, targets = extract_features(model, (images, labels), "stem", pooling="avg", verbose=0)
    assert features.shape == (10, 4)  # a table for any classifier: LogisticRegression().fit(features, targets)
    ```
    """
    _check(model, pooling, batch_size, steps)
    names = None if layers is None else _listed(layers)
    single = layers is None or not isinstance(layers, list | tuple) or isinstance(layers, LayerGroup)
    step = feature_step(model, None if names is None else find_layers(model, names), pooling, dtype)
    drawn, total = _batches(data, batch_size, steps)
    store: Any = Memory() if out is None else Folder(out, overwrite)
    try:
        with _progress(verbose) as report:
            index = _run(step, drawn, total if steps is None else steps, store, report)
    except BaseException:
        store.discard()
        raise
    index["single"] = single and len(index["features"]) == 1
    return as_features(store.close(index), index)


def _check(model: Any, pooling: Any, batch_size: Any, steps: Any) -> None:
    if not isinstance(model, keras.Model):
        raise TypeError(f"extract_features expects a keras.Model. Received: {type(model).__name__}.")
    if not model.built:
        raise ValueError(
            f"extract_features expects a built model, whose weights exist. Received {model.name!r}, which has no input "
            "shape yet: give it a `keras.Input`, or call it once on a batch and load its weights."
        )
    if pooling not in POOLINGS:
        raise ValueError(f"extract_features expects `pooling` to be one of {POOLINGS}. Received: {pooling!r}.")
    for name, value in (("batch_size", batch_size), ("steps", steps)):
        if value is not None and (not isinstance(value, int) or value < 1):
            raise ValueError(f"extract_features expects `{name}` to be at least 1. Received: {value!r}.")


def _listed(layers: Any) -> Sequence[Any]:
    listed = list(layers) if isinstance(layers, list | tuple) and not isinstance(layers, LayerGroup) else [layers]
    if not listed:
        raise ValueError("extract_features expects at least one layer. Received: an empty list. Leave `layers` out.")
    return listed


def _batches(data: Any, batch_size: int, steps: int | None) -> tuple[Iterator[Any], int | None]:
    arrays = data if isinstance(data, tuple) else (data,)
    if not 1 <= len(arrays) <= 3:
        raise ValueError(f"extract_features expects data as x, (x, y) or a dataset. Received: {len(arrays)} items.")
    if steps is None and is_endless(data):
        raise ValueError("extract_features expects data that come to an end. Received: endless ones. Pass `steps`.")
    if len(arrays) > 1 and all(hasattr(one, "__len__") for one in (arrays[0], arrays[1])):
        _check_lengths(*arrays[:2])
    x, y, sample_weight = (*arrays, None, None)[:3]
    return batches(x, y, sample_weight, batch_size, steps)


def _check_lengths(x: Any, y: Any) -> None:
    lengths = [[len(leaf) for leaf in keras.tree.flatten(one)] for one in (x, y)]
    if len({length for part in lengths for length in part}) > 1:
        raise ValueError(
            f"extract_features expects as many labels as samples. Received: {lengths[0]} and {lengths[1]}."
        )


def _run(step: Any, drawn: Iterator[Any], total: int | None, store: Any, report: Any) -> dict[str, Any]:
    index: dict[str, Any] = {"samples": 0, "features": None, "labels": None}
    for done, batch in enumerate(drawn):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        features = step(x)
        labels, about = label_arrays(y)
        samples = _samples(features, labels)
        if index["features"] is None:
            index.update(features=list(features), labels=about)
        elif about != index["labels"]:
            raise ValueError("extract_features expects labels of one structure in all batches. Received: several.")
        store.add({**{f"features/{name}": value for name, value in features.items()}, **labels})
        index["samples"] += samples
        report("Features", done + 1, total)
    if not index["samples"]:
        raise ValueError("extract_features expects at least one sample. Received: none.")
    return index


def _samples(features: dict[str, Any], labels: dict[str, Any]) -> int:
    counts = {name: len(value) if value.ndim else None for name, value in {**features, **labels}.items()}
    if len(set(counts.values())) > 1 or None in counts.values():
        raise ValueError(
            "extract_features expects batches, the first axis of whose features and labels is the samples. Received: "
            f"{counts} samples. Batch the data with `dataset.batch(32)`, and choose layers that keep the batch."
        )
    return next(iter(counts.values()))  # type: ignore[return-value]


@contextmanager
def _progress(verbose: int | str) -> Iterator[Any]:
    console = None
    if verbose not in (0, "0", False):
        from rich.console import Console

        console = Console()
    with reporting(console) as report:
        yield report

"""A pipeline mapped over a `tf.data.Dataset`, in parallel and yet repeatable."""

from collections.abc import Mapping
from typing import Any

from kerasaug.arguments import as_integer
from kerasaug.augmentation import Augmentation
from kerasaug.extras import require
from kerasaug.training.targets import Targets


def augment_dataset(
    dataset: Any,
    pipeline: Augmentation,
    seed: int = 0,
    keys: Mapping[str, Any] | None = None,
    num_parallel_calls: int | None = None,
) -> Any:
    """Maps a pipeline over a dataset, with draws that repeat however many calls run in parallel.

    `dataset.map(pipeline)` works too, on every backend, but a layer counts its own calls, and calls that run in
    parallel come in any order: which element gets which draw differs from run to run. Here each element brings its own
    seed, new in each epoch.

    Args:
        dataset: A `tf.data.Dataset` of images, of dicts, or of `(x, y)` or `(x, y, sample_weight)`, batched or not.
        pipeline: A `kerasaug.Pipeline`, or a single layer.
        seed: Integer; the same one gives the same dataset, epoch by epoch. Defaults to 0.
        keys: Where targets have other names, as in `kerasaug.AugmentedModel`.
        num_parallel_calls: As in `tf.data.Dataset.map`; as many as `tf.data` sees fit when `None`.

    Returns:
        A `tf.data.Dataset` of the same structure, in the same order. Where the pipeline makes what is to be learned, as
        `RandomMasking` does, one of `(x, y, sample_weight)`; of an `x` alone, too.

    Raises:
        ImportError: When TensorFlow is not installed.
        TypeError: When `dataset` is no dataset, `pipeline` no kerasaug layer, or a target no numbers.
        ValueError: When an argument, or the shape of a target, cannot be.

    Example:

    ```python
    import tensorflow as tf

    images = np.random.default_rng(0).uniform(0, 255, (8, 16, 16, 3)).astype("float32")
    dataset = tf.data.Dataset.from_tensor_slices((images, np.arange(8))).batch(4)
    pipeline = kerasaug.Pipeline([kerasaug.layers.RandomFlip(), kerasaug.layers.MixUp(num_classes=8)])
    for x, y in kerasaug.augment_dataset(dataset, pipeline, seed=1):
        assert y.shape == (4, 8)
    ```

    Reference:
        `tf.data.Dataset.random`.
    """
    tf = require("tensorflow", "tensorflow", "augment_dataset")
    data = tf.data
    _check(dataset, data.Dataset, "dataset", "a tf.data.Dataset")
    _check(pipeline, Augmentation, "pipeline", "a kerasaug.Pipeline or one of kerasaug.layers")
    seed = as_integer(seed, "seed", "augment_dataset", 0, 2**32 - 1)
    if num_parallel_calls != data.AUTOTUNE and num_parallel_calls is not None:
        num_parallel_calls = as_integer(num_parallel_calls, "num_parallel_calls", "augment_dataset", low=1)
    targets = Targets(keys, "augment_dataset", pipeline.modality, pipeline.aligned_names)
    seeds = data.Dataset.random(seed=seed, rerandomize_each_iteration=True).batch(2, drop_remainder=True)

    @tf.autograph.experimental.do_not_convert
    def augment(element: Any, key: Any) -> Any:
        if isinstance(element, tuple) or pipeline.learned:
            batch = targets.unpack(element)
            found = targets.take(batch)
            targets.check_labels(found)
            names = {kind: (pipeline.keys or {}).get(kind, kind) for kind in found}
            mixed = _replay({names[kind]: value for kind, value in found.items()}, key)
            parts = targets.put(batch, {kind: mixed[names[kind]] for kind in found})
            made = {name: value for name, value in mixed.items() if name not in names.values()}
            parts = targets.add(parts, made, pipeline.learned)
            return parts if pipeline.learned else parts[: len(element)]
        return _replay(element, key)

    def _replay(sample: Any, key: Any) -> Any:
        return pipeline.apply(sample, pipeline.draw(sample, seed=key))

    parallel = data.AUTOTUNE if num_parallel_calls is None else num_parallel_calls
    return data.Dataset.zip(dataset, seeds).map(augment, num_parallel_calls=parallel)


def _check(value: Any, kind: type, name: str, expected: str) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"augment_dataset expects {name} to be {expected}. Received: {name}={type(value).__name__}.")

"""Single examples made into shuffled batches, in an order that a new process repeats."""

import math
from typing import Any

from kerasaug.datasets.decoding import tensorflow

SHUFFLE_LIMIT = 2 * 2**30  # bytes


def batches(
    dataset: Any,
    batch_size: int,
    shuffle: bool,
    seed: int = 0,
    drop_remainder: bool = False,
    iteration: Any = 0,
) -> Any:
    """Shuffles a dataset anew in each iteration, and batches it.

    The order of the k-th iteration depends on `seed` and k only: not on the process, nor on the global seed of
    TensorFlow or Keras, on which `tf.data.Dataset.shuffle` depends. Every iterator that is made counts, also the one
    more that Keras makes on JAX when `fit` finds a model that is not built yet. To tie the order to the epoch whatever
    else iterates, pass a variable, and assign the epoch to it at the beginning of each.

    Args:
        dataset: A `tf.data.Dataset` of known cardinality, of single examples.
        batch_size: Examples in a batch, a positive integer.
        shuffle: Whether to shuffle. All examples are shuffled together, or as many at a time as fit in 2 GiB.
        seed: Integer; the same one gives the same orders. Defaults to 0.
        drop_remainder: Whether to leave out the last batch when it is smaller. Defaults to `False`.
        iteration: Number of the first iteration: k, to go on where k iterations were done before. Or an int64
            `tf.Variable` that holds it; each iterator that is made adds 1. Defaults to 0.

    Returns:
        A `tf.data.Dataset` of batches, of known cardinality, prefetched.

    Raises:
        ImportError: When TensorFlow is not installed.
        ValueError: When `batch_size` is no positive integer, or the cardinality of the dataset is not known.

    Example:

    ```python
    import tensorflow as tf

    examples = tf.data.Dataset.range(10)
    train = kerasaug.datasets.batches(examples, batch_size=4, shuffle=True, seed=1)
    first, second = [[batch.tolist() for batch in train.as_numpy_iterator()] for _ in range(2)]
    assert first != second and len(train) == 3
    resumed = kerasaug.datasets.batches(examples, batch_size=4, shuffle=True, seed=1, iteration=1)
    assert second == [batch.tolist() for batch in resumed.as_numpy_iterator()]
    ```
    """
    tf = tensorflow("batches")
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"batches: expected batch_size, a positive integer. Received: {batch_size!r}.")
    count = int(dataset.cardinality())
    if count < 0:
        raise ValueError(
            "batches: expected a dataset of known cardinality. Received one whose cardinality is "
            f"{'infinite' if count == tf.data.INFINITE_CARDINALITY else 'unknown'}; say how many examples it has with "
            "dataset.apply(tf.data.experimental.assert_cardinality(count))."
        )
    if shuffle and count > 1:
        dataset = _shuffled(tf, dataset, count, seed, iteration)
    return dataset.batch(batch_size, drop_remainder=drop_remainder).prefetch(tf.data.AUTOTUNE)


def _shuffled(tf: Any, dataset: Any, count: int, seed: int, iteration: Any) -> Any:
    buffer = max(1, min(count, SHUFFLE_LIMIT // max(1, _bytes(tf, dataset))))
    if not isinstance(iteration, tf.Variable):
        with tf.device("CPU:0"):
            iteration = tf.Variable(iteration, dtype="int64", trainable=False)

    @tf.autograph.experimental.do_not_convert
    def number(_: Any) -> Any:
        return iteration.assign_add(1)

    @tf.autograph.experimental.do_not_convert
    def ordered(number: Any) -> Any:
        # Inside a function the seed is that function's alone, and the global one does not reach it; it must not be 0.
        tf.random.set_seed(1 + seed % (2**31 - 2))
        return dataset.shuffle(buffer, seed=number, reshuffle_each_iteration=False)

    orders = tf.data.Dataset.from_tensors(0).map(number).flat_map(ordered)
    return orders.apply(tf.data.experimental.assert_cardinality(count))


def _bytes(tf: Any, dataset: Any) -> int:
    """Bytes of one example, as far as its shape is known."""
    specs = tf.nest.flatten(dataset.element_spec)
    return sum(math.prod(size or 1 for size in spec.shape) * spec.dtype.size for spec in specs if spec.shape.rank)

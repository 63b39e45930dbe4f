"""Statistics of batch normalisation, measured anew."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from kerasaug.backend.inference import batches, compile_inference, is_endless
from kerasaug.transfer.walk import walk


def update_bn(model: keras.Model, data: Any, batch_size: int = 32, steps: int | None = None) -> int:
    """Measures the running statistics of a model's BatchNormalization layers anew, as averaged weights need.

    The data pass through the model once in training mode, dropout included. Mean and variance of each layer become the
    mean of those of the batches, weighted by their sizes. Frozen layers, which normalise by the statistics they have,
    keep them. No weight changes. torch's `update_bn` does the same, with batches of equal weight.

    Args:
        model: The model; of an `AugmentedModel` the one inside.
        data: Training data that `predict` takes, such as an array of images or a dataset.
        batch_size: For arrays. Statistics of small batches are noisy. Defaults to 32.
        steps: Batches after which to stop; needed where data never end. Defaults to all.

    Returns:
        The number of layers that were updated.

    Raises:
        ValueError: When there are no data, or endless ones without `steps`.

    Example:

    ```python
    model = keras.Sequential([keras.Input((2,)), keras.layers.BatchNormalization()])
    kerasaug.callbacks.update_bn(model, np.array([[0.0, 5.0], [2.0, 5.0]]))
    model.layers[0].moving_mean  # [1, 5]
    ```

    Reference:
        [Izmailov et al., 2018](https://arxiv.org/abs/1803.05407); `torch.optim.swa_utils.update_bn`
    """
    check_ends(data, steps, "update_bn")
    model = getattr(model, "inference_model", model)
    layers = [one for one in walk(model) if isinstance(one, keras.layers.BatchNormalization) and one.trainable]
    if not layers:
        return 0
    variables = [variable for layer in layers for variable in (layer.moving_mean, layer.moving_variance)]

    def statistics(batch: Any) -> list[Any]:
        model(batch, training=True)
        return [keras.ops.convert_to_tensor(variable) for variable in variables]

    step, total, count = compile_inference(model, statistics), None, 0
    with _forgetting(layers):
        for batch in batches(data, batch_size=batch_size, steps=steps)[0]:
            x = keras.utils.unpack_x_y_sample_weight(batch)[0]
            size = int(keras.ops.shape(keras.tree.flatten(x)[0])[0])
            found = [size * keras.ops.convert_to_numpy(one).astype("float64") for one in step(x)]
            total = found if total is None else [a + b for a, b in zip(total, found, strict=True)]
            count += size
    if total is None:
        raise ValueError("update_bn: expected at least one batch of data. Received: none. Pass training data.")
    for variable, value in zip(variables, total, strict=True):
        variable.assign(np.asarray(value / count, "float32"))
    return len(layers)


def check_ends(data: Any, steps: int | None, caller: str) -> None:
    """Refuses data that never come to an end.

    Raises:
        ValueError: When there are endless data and no `steps`.
    """
    if steps is None and is_endless(data):
        raise ValueError(f"{caller}: expected data that come to an end. Received: endless ones. Pass `steps`.")


@contextmanager
def _forgetting(layers: Sequence[Any]) -> Iterator[None]:
    """Running statistics that are those of the last batch alone."""
    momenta = [layer.momentum for layer in layers]
    try:
        for layer in layers:
            layer.momentum = 0.0
        yield
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum

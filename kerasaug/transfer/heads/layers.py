"""The layers of heads that Keras has no counterpart of."""

from typing import Any

import keras
from keras import ops

from kerasaug.registry import register

_TOKEN_POOLING = ("avg", "max", "first", "last")


@register
class Features(keras.layers.Layer):
    """Marks where the body of a model ends and its heads begin; passes on what it is given.

    Example:

    ```python
    vectors = kerasaug.transfer.heads.Features()(np.ones((2, 3)))
    ```
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs


@register
class TokenPooling(keras.layers.Layer):
    """One vector of a sequence `(batch, tokens, width)`, without masked tokens; zeros where all are masked.

    Args:
        mode: `"avg"`, `"max"`, `"first"` (a class token) or `"last"` (of a decoder: the last that is not masked).
        **kwargs: See `keras.layers.Layer`.

    Example:

    ```python
    vectors = kerasaug.transfer.heads.TokenPooling("first")(np.ones((2, 5, 3)))  # (2, 3)
    ```
    """

    def __init__(self, mode: str = "avg", **kwargs: Any) -> None:
        if mode not in _TOKEN_POOLING:
            raise ValueError(f"TokenPooling expects mode to be one of {list(_TOKEN_POOLING)}. Received: {mode!r}.")
        super().__init__(**kwargs)
        self.mode = mode
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The vectors."""
        if self.mode == "first":
            return inputs[:, 0]
        if mask is None:
            reduce = {"avg": ops.mean, "max": ops.max}
            return reduce[self.mode](inputs, axis=1) if self.mode in reduce else inputs[:, -1]
        kept = ops.cast(mask, "bool")[..., None]
        if self.mode == "max":
            highest = ops.max(ops.where(kept, inputs, ops.cast(-float("inf"), inputs.dtype)), axis=1)
            return ops.where(ops.any(kept, axis=1), highest, ops.zeros_like(highest))
        if self.mode == "avg":  # in float32: a sum of float16 overflows
            share = ops.cast(kept, "float32")
            total = ops.sum(ops.cast(inputs, "float32") * share, axis=1)
            return ops.cast(total / ops.maximum(ops.sum(share, axis=1), 1), inputs.dtype)
        places = ops.arange(1, ops.shape(inputs)[1] + 1, dtype="int32")
        last = ops.max(ops.cast(kept[..., 0], "int32") * places, axis=1)
        return ops.sum(inputs * ops.cast((places[None] == last[:, None])[..., None], inputs.dtype), axis=1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """Vectors have none."""

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Without tokens."""
        return (input_shape[0], input_shape[2])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mode": self.mode}


@register
class ResizeTo(keras.layers.Layer):
    """Resizes maps bilinearly to the height and width of other maps, also where sizes are unknown until a batch comes.

    Args:
        data_format: `"channels_last"` or `"channels_first"`. Defaults to Keras's.
        **kwargs: See `keras.layers.Layer`.

    Example:

    ```python
    maps = kerasaug.transfer.heads.ResizeTo()([np.ones((1, 2, 2, 3)), np.ones((1, 4, 6, 1))])  # (1, 4, 6, 3)
    ```
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = data_format or keras.config.image_data_format()

    def call(self, inputs: Any) -> Any:
        """The resized maps."""
        maps, like = inputs
        there, wanted = (tuple(one.shape[self._first : self._first + 2]) for one in (maps, like))
        if there == wanted and None not in wanted:
            return maps
        size = tuple(ops.shape(like)[self._first : self._first + 2])
        last = self.data_format == "channels_last"
        maps = maps if last else ops.transpose(maps, (0, 2, 3, 1))  # TensorFlow resizes nothing else on CPUs
        resized = ops.image.resize(maps, size, interpolation="bilinear", data_format="channels_last")
        return resized if last else ops.transpose(resized, (0, 3, 1, 2))

    def compute_output_shape(self, input_shape: Any) -> tuple[Any, ...]:
        """Size of the second, channels of the first."""
        maps, like = input_shape
        first = self._first
        return (*maps[:first], *like[first : first + 2], *maps[first + 2 :])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "data_format": self.data_format}

    @property
    def _first(self) -> int:
        return 1 if self.data_format == "channels_last" else 2


@register
class HeadOutput(keras.layers.Layer):
    """The last layer of a head: its activation, in float32, and what the head says of itself.

    Args:
        head: A `kerasaug.transfer.heads.Head`, of which it tells the model's default losses and metrics.
        **kwargs: See `keras.layers.Layer`.

    Example:

    ```python
    output = kerasaug.transfer.heads.HeadOutput(kerasaug.transfer.Classification(3))
    probabilities = output(np.zeros((2, 3)))  # a third each
    ```
    """

    def __init__(self, head: Any, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.head = head
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The activation of the inputs."""
        return self.head.activate(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "head": keras.saving.serialize_keras_object(self.head)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "HeadOutput":
        """Rebuilds the head's description too."""
        return cls(**{**config, "head": keras.saving.deserialize_keras_object(config["head"])})

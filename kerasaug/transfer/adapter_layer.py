"""The bottleneck that an adapter is."""

from typing import Any

import keras

from kerasaug.registry import register


@register
class Adapter(keras.layers.Layer):
    """A residual bottleneck: `x + up(activation(down(x)))`, which does nothing before it is trained.

    `up` starts at zero, so that a network with new adapters computes what it computed without. On feature maps `down`
    and `up` are 1×1 convolutions, on vectors and sequences dense layers over the last axis.

    Args:
        bottleneck: Channels in the middle, at least 1. Defaults to 16.
        activation: As in `keras.layers.Dense`. Defaults to `"gelu"`.
        data_format: Of feature maps. Defaults to `keras.config.image_data_format()`.
        **kwargs: `name`, `dtype`, `trainable`.

    Example:

    ```python
    adapter = kerasaug.transfer.Adapter(bottleneck=4)
    x = np.ones((2, 8, 8, 32), "float32")
    np.array_equal(adapter(x), x)  # True
    ```

    Reference:
        - [Houlsby et al., 2019](https://arxiv.org/abs/1902.00751)
    """

    def __init__(
        self, bottleneck: int = 16, activation: Any = "gelu", data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(bottleneck, int) or bottleneck < 1:
            raise ValueError(f"Adapter expects bottleneck to be an integer from 1. Received: {bottleneck!r}.")
        self.bottleneck = bottleneck
        self.activation = keras.activations.get(activation)
        self.data_format = data_format or keras.config.image_data_format()
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Makes both layers."""
        maps = len(input_shape) - 2 if len(input_shape) > 3 else 0
        channels = input_shape[1 if maps and self.data_format == "channels_first" else -1]
        self.down = self._mix(maps, self.bottleneck, activation=self.activation, name="down")
        self.up = self._mix(maps, channels, kernel_initializer="zeros", name="up")
        self.down.build(input_shape)
        self.up.build(self.down.compute_output_shape(input_shape))

    def call(self, inputs: Any) -> Any:
        """Adds the correction."""
        return inputs + self.up(self.down(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {
            **super().get_config(),
            "bottleneck": self.bottleneck,
            "activation": keras.activations.serialize(self.activation),
            "data_format": self.data_format,
        }

    def _mix(self, maps: int, channels: int, **kwargs: Any) -> keras.Layer:
        if not maps:
            return keras.layers.Dense(channels, dtype=self.dtype_policy, **kwargs)
        convolution = keras.layers.Conv2D if maps == 2 else keras.layers.Conv3D
        return convolution(channels, 1, data_format=self.data_format, dtype=self.dtype_policy, **kwargs)

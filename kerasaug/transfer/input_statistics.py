"""Statistics of the pixels that a network holds as weights, in its `Normalization` layers."""

import keras
import numpy as np

_IMAGENET_STD = (0.229, 0.224, 0.225)


def follow_weights(network: keras.Model) -> None:
    """Makes `Normalization` layers use the weights that were just loaded, which Keras copies out of them when built.

    Keras's files of EfficientNet (V1) hold the standard deviation where the layer takes the variance. With
    `weights="imagenet"` Keras sets that right by one more `Rescaling`, but not with a file: there the variance is put
    in its place.

    Reference:
        - [tensorflow#49930](https://github.com/tensorflow/tensorflow/issues/49930)
    """
    corrected = any(isinstance(layer, keras.layers.Rescaling) and np.ndim(layer.scale) for layer in network.layers)
    for layer in network.layers:
        if not isinstance(layer, keras.layers.Normalization) or not layer.weights:
            continue
        stored = keras.ops.convert_to_numpy(layer.adapt_variance)
        if not corrected and stored.shape == (3,) and np.allclose(stored, _IMAGENET_STD, atol=1e-4):
            layer.adapt_variance.assign(stored**2)
        layer.finalize_state()

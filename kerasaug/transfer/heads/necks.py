"""What joins the maps of all strides before a head: a feature pyramid, or the decoder of a U-Net."""

from collections.abc import Mapping
from typing import Any

import keras

from kerasaug.transfer.heads.layers import ResizeTo

_LEAST_FILTERS = 16


def pyramid(maps: Mapping[int, Any], filters: int, coarsest: int, name: str) -> dict[int, Any]:
    """A feature pyramid network over maps by level, all of `filters` channels.

    Args:
        maps: From level, log2 of the stride, to maps.
        filters: Number of channels.
        coarsest: The last level; what the maps do not reach is made by convolutions of stride 2.
        name: Of the head or model, which the layers are named after.

    Reference:
        - [Lin et al., 2017](https://arxiv.org/abs/1612.03144)
    """
    layers, merged = keras.layers, {}
    above: Any = None
    for level in sorted(maps, reverse=True):
        x = layers.Conv2D(filters, 1, name=f"{name}_lateral{level}")(maps[level])
        if above is not None:
            x = layers.Add(name=f"{name}_add{level}")([x, ResizeTo(name=f"{name}_up{level}")([above, x])])
        merged[level] = above = x
    joined = {
        level: layers.Conv2D(filters, 3, padding="same", name=f"{name}_p{level}")(x)
        for level, x in sorted(merged.items())
    }
    for level in range(max(maps) + 1, coarsest + 1):
        x = joined[level - 1] if level == max(maps) + 1 else layers.ReLU(name=f"{name}_relu{level}")(joined[level - 1])
        joined[level] = layers.Conv2D(filters, 3, strides=2, padding="same", name=f"{name}_p{level}")(x)
    return joined


def summed(maps: Mapping[int, Any], filters: int, name: str) -> Any:
    """Maps of a pyramid in the size of the finest, added up.

    Reference:
        - [Kirillov et al., 2019](https://arxiv.org/abs/1901.02446)
    """
    finest = maps[min(maps)]
    resized = []
    for level, x in sorted(maps.items()):
        x = _block(x, filters, f"{name}_seg{level}")
        resized.append(x if level == min(maps) else ResizeTo(name=f"{name}_seg{level}_up")([x, finest]))
    return resized[0] if len(resized) == 1 else keras.layers.Add(name=f"{name}_sum")(resized)


def unet(maps: Mapping[int, Any], filters: int, name: str) -> Any:
    """The decoder of a U-Net: from the coarsest map up, each finer one concatenated, two convolutions each.

    Reference:
        - [Ronneberger et al., 2015](https://arxiv.org/abs/1505.04597)
    """
    coarse_to_fine = sorted(maps, reverse=True)
    x = maps[coarse_to_fine[0]]
    for index, level in enumerate(coarse_to_fine[1:]):
        up = ResizeTo(name=f"{name}_up{level}")([x, maps[level]])
        x = keras.layers.Concatenate(_channel_axis(), name=f"{name}_skip{level}")([up, maps[level]])
        width = max(filters // 2**index, _LEAST_FILTERS)
        for part in "ab":
            x = _block(x, width, f"{name}_unet{level}{part}")
    return x


def _block(x: Any, filters: int, name: str) -> Any:
    x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    x = keras.layers.BatchNormalization(_channel_axis(), momentum=0.9, epsilon=1e-5, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


def _channel_axis() -> int:
    return -1 if keras.config.image_data_format() == "channels_last" else 1

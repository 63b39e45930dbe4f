"""The layers that Keras or keras-cv have too, with the arguments of the comparison."""

from dataclasses import dataclass, field
from typing import Any

import keras

import kerasaug
from kerasaug.layers.image.displace.base import Displace
from kerasaug.layers.image.filter.base import Filter
from kerasaug.layers.image.warp.base import Warp


@dataclass(frozen=True)
class LayerCase:
    """One layer, made with the same arguments from `kerasaug.layers` and from `keras.layers`.

    Args:
        name: In both.
        arguments: Of both.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def is_warp(self) -> bool:
        """Whether it moves pixels."""
        return issubclass(getattr(kerasaug.layers, self.name), Warp)

    @property
    def kind(self) -> str:
        """`"warp"`, `"pointwise"`, or `"other"`: what reads neighbours, a displacement field, or the image first."""
        make = getattr(kerasaug.layers, self.name)
        if self.is_warp:
            return "warp"
        other = issubclass(make, Filter | Displace) or getattr(make, "reads_whole_images", False)
        return "other" if other else "pointwise"

    @property
    def mixes(self) -> bool:
        """Whether it needs labels."""
        return self.ours().mixes

    def ours(self, **arguments: Any) -> Any:
        """The layer of kerasaug."""
        return getattr(kerasaug.layers, self.name)(**self.arguments, **arguments)

    def keras(self, **arguments: Any) -> Any | None:
        """The layer of Keras; `None` where it has none."""
        make = getattr(keras.layers, self.name, None)
        return make and make(**self.arguments, **arguments)


def layer_cases(size: int) -> list[LayerCase]:
    """Every layer that kerasaug shares with Keras or keras-cv, for images of this height and width."""
    crop = cropped(size)
    return [
        LayerCase("RandomFlip", {"mode": "horizontal"}),
        LayerCase("RandomRotation", {"factor": 0.1}),
        LayerCase("RandomZoom", {"height_factor": 0.2}),
        LayerCase("RandomTranslation", {"height_factor": 0.1, "width_factor": 0.1}),
        LayerCase("RandomShear", {"x_factor": 0.2, "y_factor": 0.2}),
        LayerCase("RandomCrop", {"height": crop, "width": crop}),
        LayerCase("RandomPerspective", {"factor": (1.0, 1.0), "scale": 0.5}),
        LayerCase("CenterCrop", {"height": crop, "width": crop}),
        LayerCase("Resizing", {"height": crop, "width": crop}),
        LayerCase("MaxNumBoundingBoxes", {"max_number": 8}),
        LayerCase("RandomBrightness", {"factor": 0.2}),
        LayerCase("RandomContrast", {"factor": 0.2}),
        LayerCase("RandomSaturation", {"factor": (0.4, 0.6)}),
        LayerCase(
            "RandomColorJitter",
            {"brightness_factor": 0.2, "contrast_factor": 0.2, "saturation_factor": (0.4, 0.6)},
        ),
        LayerCase("RandomHue", {"factor": 0.5}),
        LayerCase("RandomColorDegeneration", {"factor": 0.5}),
        LayerCase("RandomGrayscale"),
        LayerCase("RandomInvert"),
        LayerCase("Solarization", {"addition_factor": 0.1, "threshold_factor": (0.3, 0.7)}),
        LayerCase("RandomPosterization", {"factor": 4}),
        LayerCase("AutoContrast"),
        LayerCase("Equalization"),
        LayerCase("ContrastLimitedAdaptiveHistogramEqualization"),
        LayerCase("RandomElasticTransform", {"factor": (1.0, 1.0)}),
        LayerCase("RandomSharpness", {"factor": (0.0, 1.0)}),
        LayerCase("RandomGaussianBlur", {"factor": (1.0, 1.0), "kernel_size": 7}),
        LayerCase("RandomCutout", {"height_factor": 0.4, "width_factor": 0.4}),
        LayerCase("RandomErasing"),
        LayerCase("MixUp"),
        LayerCase("CutMix"),
    ]


def cropped(size: int) -> int:
    """The side of a crop, for images of this side."""
    return max(1, size * 7 // 8)

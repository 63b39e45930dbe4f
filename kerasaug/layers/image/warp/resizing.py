"""Resizing."""

from typing import Any

from kerasaug.arguments import as_flag, one_of
from kerasaug.layers.image.warp.framing import Framing, Window, containing, covering
from kerasaug.ops.matrix import Size
from kerasaug.ops.resample import INTERPOLATIONS as FUSED
from kerasaug.ops.resize import INTERPOLATIONS
from kerasaug.registry import register


@register
class Resizing(Framing):
    """Resizes images to one size, at training and at inference alike.

    Keras's layer moves boxes as if windows were not whole pixels, and turns padding among them into (0, 0, 0, 0). A
    sample that `p` leaves out is resized, too.

    Targets: images, segmentation_masks (at the nearest pixel), bounding_boxes, keypoints.

    Args:
        height: Height of the output, in pixels.
        width: Width of the output, in pixels.
        interpolation: `"bilinear"` (the default), `"nearest"`, `"bicubic"`, `"lanczos3"`, `"lanczos5"` or `"area"`.
            Where TensorFlow does not know the images' size beforehand, bicubic weights come off a table of 1024, as in
            Keras: noise of 0 to 255 is 0.03 off, and 0.24 at most.
        crop_to_aspect_ratio: Whether only the largest window of the output's shape is shown, and nothing distorted.
        pad_to_aspect_ratio: Whether images are padded to the output's shape instead.
        fill_mode: `"constant"`, all there is: how images are padded.
        fill_value: With what. Defaults to 0.
        antialias: Whether each new pixel is made of all that it covers where an image shrinks.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation` and `mask_fill_value`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype.

    Output shape:
        The input's, with the target's height and width.

    Raises:
        ValueError: When height or width is no positive integer, or images are to be both cropped and padded.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 48, 3))
    small = kerasaug.layers.Resizing(24, 24, crop_to_aspect_ratio=True, antialias=True)(images)
    ```

    Reference:
        `keras.layers.Resizing`; with `antialias`, `PIL.Image.resize`.
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        one_of(fill_mode, ("constant",), "fill_mode", "Resizing")
        super().__init__(height, width, fill_mode=fill_mode, fill_value=fill_value, data_format=data_format, **kwargs)
        self.interpolation = one_of(interpolation, INTERPOLATIONS, "interpolation", "Resizing")
        self.crop_to_aspect_ratio = as_flag(crop_to_aspect_ratio, "crop_to_aspect_ratio", "Resizing")
        self.pad_to_aspect_ratio = as_flag(pad_to_aspect_ratio, "pad_to_aspect_ratio", "Resizing")
        self.antialias = as_flag(antialias, "antialias", "Resizing")
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ValueError(
                "Resizing expects crop_to_aspect_ratio or pad_to_aspect_ratio, not both. Received: "
                "crop_to_aspect_ratio=True, pad_to_aspect_ratio=True."
            )

    @property
    def beyond(self) -> str:
        """The padding, or the border's own pixels."""
        return "constant" if self.pad_to_aspect_ratio else "reflect"

    def fusion_key(self) -> Any:
        """Kernels that read more than their neighbours stay alone."""
        return super().fusion_key() if self.moves_planes else None

    @property
    def moves_planes(self) -> bool:  # type: ignore[override]
        """Where a new pixel is made of the four about it, at most."""
        return self.interpolation in FUSED and not self.antialias

    @property
    def own_cluster(self) -> bool:  # type: ignore[override]
        """But where TensorFlow has a kernel that takes 5 ms, and XLA 9 (64x224x224x3 to 196x196).

        And where a new pixel may be made of any number of pixels: XLA multiplies matrices then, TensorFlow reads those.
        """
        if self.antialias or self.interpolation == "area":
            return False
        return self.data_format == "channels_first" or self.interpolation != "bilinear"

    def window(self, size: Size) -> Window:
        """All of the image, the largest part of the target's shape, or one that holds it."""
        target = (self.height, self.width)
        if self.crop_to_aspect_ratio:
            return covering(size, target)
        return containing(size, target) if self.pad_to_aspect_ratio else (0, 0, *size)

"""Random perspective."""

from typing import Any

from kerasaug.arguments import as_number, as_range
from kerasaug.backend import Tensor, ops
from kerasaug.draw import Rng
from kerasaug.layers.image.warp.base import Warp
from kerasaug.ops.homography import least_turn, quadrilateral, to_quadrilateral
from kerasaug.ops.matrix import Size, invert
from kerasaug.params import Params
from kerasaug.registry import register

_CONVEX = 0.5  # corners that move no farther than this always leave a convex shape; beyond 2/3, they may not
_FLAT = 0.1  # of `least_turn`, below which a corner is all but straight, and the image stretched without bounds


@register
class RandomPerspective(Warp):
    """Moves each corner of each image inwards by its own random amounts, as if the image were seen at an angle.

    Keras's layer never moves the top-left corner and returns boxes in a format other than the one they came in.
    Corners that would leave no convex shape, as they can where `scale` is above 2/3, move half as far.

    Targets: images, segmentation_masks, bounding_boxes, keypoints.

    Args:
        factor: Range from which each image's probability of being distorted is drawn, in [0, 1]; a number `f` is
            (0, f), as in Keras, so that the default of 1 distorts half of the images. (1, 1) distorts all.
        scale: The farthest that a corner moves, as a fraction of half the height and half the width, in [0, 1].
        interpolation: `"bilinear"` (the default) or `"nearest"`.
        fill_value: What lies beyond the frame. Defaults to 0.
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        **kwargs: See `kerasaug.Augmentation` and `mask_fill_value`; another `fill_mode` than `"constant"`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype.

    Output shape:
        The input's.

    Raises:
        ValueError: When `factor` is no number or pair of numbers in [0, 1], or `scale` no number in [0, 1].

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    seen = kerasaug.layers.RandomPerspective((1.0, 1.0), scale=0.5, seed=1)(images)
    ```

    Reference:
        `torchvision.transforms.v2.RandomPerspective`.
    """

    projective = True

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        fill_mode = kwargs.pop("fill_mode", "constant")
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.factor = as_range(factor, "factor", "RandomPerspective", 0.0, 1.0, single="from_zero")
        self.scale = as_number(scale, "scale", "RandomPerspective", 0.0, 1.0)

    def draw_params(self, rng: Rng) -> Params:
        """Who is distorted; how far each corner moves, clockwise from the top left, 1 being the centre."""
        happens = ops.logical_and(rng.chosen, rng.unit() < rng.uniform(*self.factor))
        inwards = rng.uniform(0.0, self.scale, neutral=0.0, shape=(4, 2))
        flat = least_turn(quadrilateral(inwards)) < _FLAT
        inwards = ops.where(flat[:, None, None], inwards * _CONVEX, inwards)
        return {"chosen": happens, "inwards": ops.where(happens[:, None, None], inwards, 0.0)}

    def matrix(self, params: Params, size: Size) -> Tensor:
        """The homography back from where the corners went."""
        return invert(to_quadrilateral(quadrilateral(params["inwards"]), size))

"""AugMix."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_flag, as_integer, as_number, as_range
from kerasaug.backend import ops
from kerasaug.draw import Rng
from kerasaug.layers.image.policy.base import Choice
from kerasaug.layers.image.policy.chains import Chains
from kerasaug.layers.image.policy.menu import AUTO_CONTRAST, EQUALIZE, enhancing, geometric, posterize, solarize
from kerasaug.params import Params
from kerasaug.registry import register

MENU = [
    *geometric(shear=0.3, shift=1.0 / 3.0, degrees=30.0),
    posterize(4.0, bits=4),
    solarize(),
    AUTO_CONTRAST,
    EQUALIZE,
    *enhancing(0.9),
]
_COLORS = 4  # at the end of the menu, left out where not all ops are wanted


@register
class AugMix(Chains):
    """Blends each image with what several chains of random ops make of it; every draw is that image's own.

    Keras's layer draws the ops with Python's `random`, once for all batches of a compiled graph, and blends class ids
    and masks; here other targets stay as they are, since most of each pixel does.

    Targets: images.

    Args:
        value_range: Lowest and highest pixel value. Defaults to (0, 255).
        num_chains: How many chains are blended. Defaults to 3.
        chain_depth: The most ops in a chain; each chain's number is drawn from 0 to this. Defaults to 3.
        factor: Range of the level of each op, from 0 (none) to 1 (the paper's largest); a number `f` is (0, f).
            Defaults to 0.3.
        alpha: Parameter of the Dirichlet distribution of the chains' weights, and of the Beta distribution of the
            original's. Defaults to 1.
        all_ops: Whether brightness, colour, contrast and sharpness are on the menu, which the paper's tests of
            robustness use. Defaults to `True`.
        interpolation: `"bilinear"` (the default) or `"nearest"`.
        seed: Integer, for draws that repeat.
        data_format: `"channels_last"` or `"channels_first"`.
        fill_mode: What lies beyond the frame: `"reflect"` (the default), `"constant"`, `"wrap"` or `"nearest"`.
        fill_value: The constant, in the images' units; the middle of the value range when `None` (the default).
        **kwargs: See `kerasaug.Augmentation` and `mask_fill_value`.

    Input shape:
        (height, width, channels) or (batch, height, width, channels), any numeric dtype. Of other than 3 channels, the
        ops that change colours do nothing.

    Output shape:
        The input's.

    Raises:
        ValueError: When an argument is out of bounds.

    Example:

    ```python
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    augmented = kerasaug.layers.AugMix(seed=1)(images)
    ```

    Reference:
        Hendrycks et al., "AugMix: a simple data processing method to improve robustness and uncertainty",
        arXiv:1912.02781; ranges as in `torchvision.transforms.v2.AugMix`.
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        fill_mode: str = "reflect",
        fill_value: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.num_chains = as_integer(num_chains, "num_chains", "AugMix", low=1, high=16)
        self.chain_depth = as_integer(chain_depth, "chain_depth", "AugMix", low=1, high=16)
        self.all_ops = as_flag(all_ops, "all_ops", "AugMix")
        self.factor = as_range(factor, "factor", "AugMix", 0.0, 1.0, single="from_zero")
        self.alpha = as_number(alpha, "alpha", "AugMix", 0.01, 100.0)
        menu = MENU if all_ops else MENU[:-_COLORS]
        shared = {"seed": seed, "data_format": data_format, **kwargs}
        super().__init__(menu, num_chains * chain_depth, value_range, interpolation, fill_mode, fill_value, **shared)

    def choose_moves(self, rng: Rng) -> Choice:
        """Ops in the first slots of each chain, as many as it is deep."""
        shape = (self.num_chains, self.chain_depth)
        low, high = self.factor
        depth = rng.integers(0, self.chain_depth + 1, (self.num_chains,))
        applied = ops.arange(self.chain_depth, dtype="int32")[None, None] < depth[..., None]
        drawn = (rng.integers(0, len(self.listed), shape), low + (high - low) * rng.unit(shape), applied)
        return Choice(*(ops.reshape(one, (-1, self.slots)) for one in drawn))

    def draw_from(self, rng: Rng, strengths: Params) -> Params:
        """And the weights: `own` is the original's, 1 for samples that are left out."""
        weights = rng.dirichlet(self.alpha, self.num_chains)
        own = rng.beta(self.alpha, self.alpha, neutral=1.0)
        return {**super().draw_from(rng, strengths), "weights": weights, "own": own}

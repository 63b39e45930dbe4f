"""A sequence of augmentation layers, drawn together, fused into stages and compiled stage by stage."""

from collections.abc import Mapping, Sequence
from typing import Any

from kerasaug.arguments import as_flag
from kerasaug.augmentation import Augmentation
from kerasaug.composite import Composite
from kerasaug.draw import Rng
from kerasaug.params import Params
from kerasaug.registry import register


@register
class Pipeline(Composite):
    """Applies augmentation layers one after another, in as few passes over the pixels as it can.

    Neighbours of one family share a pass: flip, rotation, zoom, translation and shear multiply their matrices and
    resample once; colour ops compose. Pixels that leave the frame and come back are kept, and clipping and rounding
    happen once. The pipeline's seed drives every draw; its own `p` and `strength` apply to all of its layers, on top
    of theirs.

    Args:
        layers: Augmentation layers, or pipelines.
        fuse: Whether neighbours share passes. Defaults to `True`; `False` runs the layers one by one.
        seed: Integer, for draws that repeat.
        **kwargs: See `kerasaug.Augmentation`. `bounding_box_format` need be given once, here or to a layer; formats
            that differ are an error, as are different `data_format`s.

    Input shape:
        What the layers take.

    Output shape:
        What the last layer returns.

    Raises:
        TypeError: When something in `layers` is no augmentation layer.
        ValueError: When the layers disagree about `data_format` or `bounding_box_format`.

    Example:

    ```python
    pipeline = kerasaug.Pipeline(
        [
            kerasaug.layers.RandomFlip("horizontal"),
            kerasaug.layers.RandomRotation(0.1),
            kerasaug.layers.RandomColorJitter(brightness_factor=0.2, contrast_factor=0.2),
            kerasaug.layers.MixUp(num_classes=10),
        ],
        seed=1,
    )
    images = np.random.default_rng(0).uniform(0, 255, (8, 32, 32, 3))
    batch = pipeline({"images": images, "labels": np.arange(8)})
    pipeline.strength = 0.5  # half as strong, from the next step on, compiled or not
    ```
    """

    def __init__(
        self, layers: Sequence[Augmentation], fuse: bool = True, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(layers, seed=seed, **kwargs)
        self.fuse = as_flag(fuse, "fuse", "Pipeline")

    def draw_from(self, rng: Rng, strengths: Params) -> Params:
        """Every layer's draw, under the pipeline's choice of samples."""
        pairs = zip(self.layers, strengths["layers"], strict=True)
        return {"layers": [layer.draw_from(rng.child(layer.p, own["own"]), own) for layer, own in pairs]}

    def op_count(self) -> int:
        """Of the pipeline and of every layer in it."""
        return 1 + sum(layer.op_count() for layer in self.layers)

    def ops(self) -> list[Augmentation]:
        """Every op of every layer, in order."""
        return [op for layer in self.layers for op in layer.ops()]

    def leaves(self, params: Params) -> list[tuple[Augmentation, Params]]:
        """The same, each with its parameters."""
        each = params.get("layers") if isinstance(params, Mapping) else params
        if not isinstance(each, Sequence) or len(each) != len(self.layers):
            raise ValueError(
                f"{self._label} expects parameters as draw() returns them: {{'layers': [...]}}, one dict for each of "
                f"its {len(self.layers)} layers. Received: {params!r:.200}."
            )
        return [leaf for layer, one in zip(self.layers, each, strict=True) for leaf in layer.leaves(one)]

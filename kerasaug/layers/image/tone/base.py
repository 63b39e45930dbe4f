"""The family of tone ops: a function of each pixel value, its own for each sample, or each sample's channel."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_value_range
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops, select_rows
from kerasaug.draw import Rng
from kerasaug.ops.computed import computed
from kerasaug.params import Params


class Tone(Augmentation):
    """Base of tone ops; a subclass writes `tone`, and `draw_params` where there is more to draw than whom to change.

    Targets: images; every other target stays as it is.

    Args:
        value_range: Lowest and highest pixel value.
        **kwargs: See `kerasaug.Augmentation`.
    """

    reads_whole_images = False  # whether what becomes of a pixel depends on the others: on their range, or histogram

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = as_value_range(value_range, type(self).__name__)

    def draw_params(self, rng: Rng) -> Params:
        """Whom to change, with `strength` as a probability."""
        return {"chosen": rng.bernoulli(1.0)}

    def tone(self, images: Tensor, params: Params) -> Tensor:
        """Maps float32 images, in the caller's layout and value range; parameters come shaped (batch, 1, 1, 1)."""
        raise NotImplementedError(f"{type(self).__name__} must implement `tone(images, params)`.")

    def changed(self, params: Params) -> Tensor | None:
        """Boolean (batch,): which samples to change; `None` for all, where parameters made by hand do not say."""
        return params.get("chosen")

    def fusion_key(self) -> Any:
        """Tone ops share a pass where they agree on the value range."""
        return (tuple(self.value_range), self.data_format)

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One pass: a function of a function, up to an op that reads whole images."""
        images = before = ops.cast(fields["images"], "float32")
        for layer, one in zip(layers, params, strict=True):
            if layer.reads_whole_images and images is not before:
                images = computed(images)
            aligned = {name: ops.reshape(value, (-1, 1, 1, 1)) for name, value in one.items()}
            mapped, changed = layer.tone(images, aligned), layer.changed(one)
            images = mapped if changed is None else select_rows(changed, mapped, images)
        return {**fields, "images": images}

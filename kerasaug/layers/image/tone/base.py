"""The family of tone ops: a function of each pixel value, its own for each sample."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_value_range
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, ops
from kerasaug.params import Params, chosen


class Tone(Augmentation):
    """Base of tone ops; a subclass writes `draw_params` and `tone`.

    Targets: images; every other target stays as it is.

    Args:
        value_range: Lowest and highest pixel value.
        **kwargs: See `kerasaug.Augmentation`.
    """

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = as_value_range(value_range, type(self).__name__)

    def tone(self, values: Tensor, params: Params) -> Tensor:
        """Maps float32 values in [0, 1]; parameters come shaped (batch, 1, 1, 1)."""
        raise NotImplementedError(f"{type(self).__name__} must implement `tone(values, params)`.")

    def fusion_key(self) -> Any:
        """Tone ops share a pass where they agree on the value range."""
        return (tuple(self.value_range), self.data_format)

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One pass: a function of a function."""
        low, high = layers[0].value_range
        before = ops.cast(fields["images"], "float32")
        images = before
        for layer, one in zip(layers, params, strict=True):
            aligned = {name: ops.reshape(value, (-1, 1, 1, 1)) for name, value in one.items()}
            mapped = layer.tone((images - low) / (high - low), aligned) * (high - low) + low
            images = ops.where(chosen(one, images), mapped, images)
        return {**fields, "images": images}

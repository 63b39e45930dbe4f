"""The family of filters: a pixel becomes what its neighbours make of it, by each sample's own kernel."""

from collections.abc import Sequence
from typing import Any

from kerasaug.arguments import as_value_range
from kerasaug.augmentation import Augmentation
from kerasaug.backend import Tensor, clip, is_interpreted, map_samples, ops, runs_on_cpu, select_rows, switch
from kerasaug.ops.filters import Rows
from kerasaug.params import Params, chosen


class Filter(Augmentation):
    """Base of filters; a subclass writes `draw_params` and `filter`.

    Each runs in a stage of its own: fused with another, a compiler computes the first anew for every neighbour.

    Targets: images; every other target stays as it is.

    Args:
        value_range: Lowest and highest pixel value; results are clipped to it.
        **kwargs: See `kerasaug.Augmentation`.
    """

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = as_value_range(value_range, type(self).__name__)

    dozens = True  # of passes, where nothing compiles them

    def filter(self, rows: Rows, params: Params) -> Tensor:
        """Filters float32 images, of the shape of `rows.values`."""
        raise NotImplementedError(f"{type(self).__name__} must implement `filter(rows, params)`.")

    @classmethod
    def fused(cls, layers: Sequence[Any], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """One pass."""
        (layer,), (one,) = layers, params
        images = ops.cast(fields["images"], "float32")
        interpreted = is_interpreted() or None in images.shape[1:]
        by_one = interpreted and layer.dozens and runs_on_cpu() and images.shape[0] != 0
        filtered = layer._each if by_one else layer._all
        return {**fields, "images": filtered(images, one)}

    def _all(self, images: Tensor, params: Params) -> Tensor:
        which = ops.broadcast_to(chosen(params, images[:, 0, 0, 0]), ops.shape(images)[:1])
        return select_rows(which, self._filtered(images, params), images)

    def _each(self, images: Tensor, params: Params) -> Tensor:
        """The same, sample by sample, whose dozens of passes each stay in the cache."""

        def one(image: Tensor, params: Params) -> Tensor:
            alone = {name: value[None] for name, value in params.items()}
            chosen = ops.cast(params["chosen"], "int32")
            return switch(chosen, [lambda: image, lambda: self._filtered(image[None], alone)[0]])

        return map_samples(one, images, {"chosen": ops.ones(ops.shape(images)[:1], dtype="bool"), **params})

    def _filtered(self, images: Tensor, params: Params) -> Tensor:
        filtered = self.filter(Rows.of(images, self.data_format), params)
        return ops.reshape(clip(filtered, *self.value_range), ops.shape(images))

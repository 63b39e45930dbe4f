"""The family of ops that blend each vector, or sequence of vectors, with another from the same batch."""

from typing import Any

from kerasaug.backend import Tensor, ops, select_rows
from kerasaug.layers.mix.base import Mix
from kerasaug.layers.mix.labels import blend
from kerasaug.params import Params


class VectorMix(Mix):
    """Base of ops that blend vectors; a subclass writes `draw_params`, with a `"partner"` and a `"share"`.

    Args:
        num_classes: See `Mix`.
        **kwargs: See `kerasaug.Augmentation`.
    """

    materializes = True  # it is read off a gather, which XLA never repeats in each of its readers

    def mixed(self, fields: dict[str, Any], own: Tensor, params: Params) -> dict[str, Any]:
        """Vectors, labels and weights."""
        partner, share = params["partner"], ops.where(own, params["share"], 1.0)
        values = self.modality.working(fields[self.main])
        blended = select_rows(own, blend(values, partner, share), values)
        return {**fields, self.main: blended, **self.mixed_labels(fields, partner, share)}

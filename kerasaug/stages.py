"""Neighbouring ops of one family, fused into one pass over the pixels and compiled as one cluster."""

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from kerasaug.backend import compile_stage, fuses_too_much, materialize, ops
from kerasaug.ops.dtypes import to_dtype
from kerasaug.params import Params

if TYPE_CHECKING:
    from kerasaug.augmentation import Augmentation

ANY = "any"
_MAX_SIZES = 8  # a compilation costs 0.3-1 s a stage, so images that come in ever new sizes run the plain graph


class Stage:
    """Ops that share one pass over the pixels.

    Args:
        layers: The ops, in order, all of one family and compatible fusion keys.
    """

    def __init__(self, layers: Sequence["Augmentation"]) -> None:
        self.layers = list(layers)
        self.dtype = "float32"  # in which the images leave
        self._compiled = compile_stage(self.run)
        self._sizes: set[tuple[int, ...]] = set()

    def accepts(self, layer: "Augmentation") -> bool:
        """Whether `layer` can join this stage."""
        keys = [one.fusion_key() for one in (*self.layers, layer)]
        fixed = [key for key in keys if key != ANY]
        return _family(layer) == _family(self.layers[0]) and None not in fixed and len(set(fixed)) <= 1

    def run(self, fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """The pass itself, a pure function of tensors."""
        source = fields["images"]

        def compute() -> dict[str, Any]:
            result = type(self.layers[0]).fused(self.layers, fields, params)
            return {**result, "images": to_dtype(result["images"], self.dtype)}

        if self.layers[0].materializes or not fuses_too_much(source):
            return compute()
        shape = reduce(lambda size, layer: layer._image_shape(size), self.layers, tuple(ops.shape(source)))
        images = materialize(lambda: compute()["images"], source, shape, self.dtype)
        return {**compute(), "images": images}  # what else it computes; its images are not read, and so not computed

    def __call__(self, fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """Runs compiled where the sizes are known, and few."""
        return (self._compiled if self._compiles(fields) else self.run)(fields, params)

    def _compiles(self, fields: dict[str, Any]) -> bool:
        size = tuple(fields["images"].shape[1:])
        if None in size:
            return False
        if size not in self._sizes and len(self._sizes) < _MAX_SIZES:
            self._sizes.add(size)
        return size in self._sizes


def plan(layers: Sequence["Augmentation"], dtype: str, fuse: bool) -> tuple[Stage, ...]:
    """Groups ops into stages.

    Args:
        layers: The ops, in order.
        dtype: In which the last stage returns the images.
        fuse: Whether neighbours share a stage where they can.
    """
    stages: list[Stage] = []
    for layer in layers:
        if fuse and stages and stages[-1].accepts(layer):
            stages[-1].layers.append(layer)
        else:
            stages.append(Stage([layer]))
    if stages:
        stages[-1].dtype = dtype
    return tuple(stages)


def _family(layer: "Augmentation") -> Any:
    return type(layer).fused.__func__  # type: ignore[attr-defined]

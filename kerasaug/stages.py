"""Neighbouring ops of one family, fused into one pass over the pixels and compiled, with others where that pays."""

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from kerasaug.backend import compile_stage, fuses_too_much, is_interpreted, is_traced, materialize, ops
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

    def accepts(self, layer: "Augmentation") -> bool:
        """Whether `layer` can join this stage."""
        keys = [one.fusion_key() for one in (*self.layers, layer)]
        fixed = [key for key in keys if key != ANY]
        alike = _family(layer) == _family(self.layers[0]) and None not in fixed and len(set(fixed)) <= 1
        return alike and layer.joins_pass(self.layers)

    def compute(self, fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """The pass itself, a pure function of tensors."""
        result = type(self.layers[0]).fused(self.layers, fields, params)
        modality = self.layers[0].modality
        return {**result, modality.main: modality.finished(result[modality.main], self.dtype)}

    def run(self, fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """The same, computed once, whoever reads the images."""
        return _run([self], fields, params)


class Cluster:
    """Stages that are compiled as one, and write the images once, at the end.

    Args:
        stages: The stages, in order.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        self.stages = list(stages)
        self.layers = [layer for stage in stages for layer in stage.layers]
        self._compiled = compile_stage(self.run)
        self._sizes: set[tuple[int, ...]] = set()

    def run(self, fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """Stage after stage, a pure function of tensors."""
        return _run(self.stages, fields, params)

    def __call__(self, fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
        """Runs compiled where the sizes are known, and few, and where it gains by it.

        What TensorFlow's kernels are faster at is a graph of theirs instead, where Python would run them one by one.
        """
        by_kernels = is_interpreted() and not any(layer.own_cluster for layer in self.layers)
        if (by_kernels and is_traced(fields[self.layers[0].main])) or not self._compiles(fields):
            return self.run(fields, params)
        return self._compiled(fields, params, xla=not by_kernels)

    def _compiles(self, fields: dict[str, Any]) -> bool:
        size = tuple(fields[self.layers[0].main].shape[1:])
        if None in size:
            return False
        if size not in self._sizes and len(self._sizes) < _MAX_SIZES:
            self._sizes.add(size)
        return size in self._sizes


def _run(stages: Sequence[Stage], fields: dict[str, Any], params: list[Params]) -> dict[str, Any]:
    main = stages[0].layers[0].main
    source, each = fields[main], iter(params)
    groups = [[next(each) for _ in stage.layers] for stage in stages]

    def compute() -> dict[str, Any]:
        result = fields
        for stage, group in zip(stages, groups, strict=True):
            result = stage.compute(result, group)
        return result

    if all(layer.materializes for layer in stages[-1].layers) or not fuses_too_much(source):
        return compute()
    layers = [layer for stage in stages for layer in stage.layers]
    shape = reduce(lambda size, layer: layer.output_shape_of(size), layers, tuple(ops.shape(source)))
    result = materialize(lambda: compute()[main], source, shape, stages[-1].dtype)
    return {**compute(), main: result}  # what else it computes; its images are not read, and so not computed


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


def clusters(stages: Sequence[Stage], fuse: bool) -> tuple[Cluster, ...]:
    """Groups stages into what is compiled as one.

    Args:
        stages: The stages, in order.
        fuse: Whether a stage may join what is before it.
    """
    groups: list[list[Stage]] = []
    for stage in stages:
        if fuse and groups and groups[-1][-1].layers[-1].in_place and all(layer.joins for layer in stage.layers):
            groups[-1].append(stage)
        else:
            groups.append([stage])
    return tuple(Cluster(group) for group in groups)


def _family(layer: "Augmentation") -> Any:
    return type(layer).fused.__func__  # type: ignore[attr-defined]

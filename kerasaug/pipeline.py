"""A sequence of augmentation layers, drawn together, fused into stages and compiled stage by stage."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from kerasaug.arguments import as_flag, one_of
from kerasaug.augmentation import DATA_FORMATS, Augmentation
from kerasaug.boxes import FORMATS
from kerasaug.checks import check_spec
from kerasaug.draw import Rng
from kerasaug.params import Params
from kerasaug.registry import register


@register
class Pipeline(Augmentation):
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
        many = isinstance(layers, Iterable) and not isinstance(layers, str | bytes | Mapping | np.ndarray)
        listed: list[Any] = list(layers) if many else [layers]
        if isinstance(layers, Augmentation) or not all(isinstance(layer, Augmentation) for layer in listed):
            received = [type(layer).__name__ for layer in listed]
            raise TypeError(f"Pipeline expects a list of kerasaug layers. Received: layers of the types {received}.")
        for name, choices in (("data_format", DATA_FORMATS), ("bounding_box_format", FORMATS)):
            kwargs[name] = _agreed(name, kwargs.get(name), listed, choices)
        super().__init__(seed=seed, **kwargs)
        self.layers = listed
        _share_box_format(self, self.bounding_box_format)
        self.fuse = as_flag(fuse, "fuse", "Pipeline")

    def strengths(self) -> Params:
        """One's own, and each layer's."""
        return {**super().strengths(), "layers": [layer.strengths() for layer in self.layers]}

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

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """Of the last layer."""
        for layer in self.layers:
            size = layer.output_size(size)
        return size

    @property
    def mixes(self) -> bool:
        """Whether any layer mixes samples."""
        return any(layer.mixes for layer in self.layers)

    def encode(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Labels as the layers return them, unmixed."""
        for layer in self.layers:
            fields = layer.encode(fields)
        return fields

    def infer(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Each layer's own."""
        for layer in self.layers:
            fields = layer.infer(fields)
        return fields

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        check_spec(fields["images"], self._label)
        for layer in self.layers:
            fields = layer._spec(fields)
        return {**fields, "images": keras.KerasTensor(fields["images"].shape, dtype=self.compute_dtype)}

    def get_config(self) -> dict[str, Any]:
        """The layers' configs, and one's own."""
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Pipeline":
        """Builds the layers first."""
        layers = [keras.saving.deserialize_keras_object(layer) for layer in config["layers"]]
        return cls(**{**config, "layers": layers})


def _agreed(name: str, own: str | None, layers: Sequence[Augmentation], choices: Sequence[str]) -> str | None:
    """The one value that the pipeline and its layers have for `name`."""
    if own is not None:
        one_of(own, choices, name, "Pipeline")
    values = {value for value in (own, *(getattr(layer, name) for layer in layers)) if value is not None}
    if len(values) > 1:
        raise ValueError(f"Pipeline expects its layers to agree on {name}. Received: {sorted(values)}.")
    return values.pop() if values else None


def _share_box_format(pipeline: Pipeline, box_format: str | None) -> None:
    for layer in pipeline.layers:
        layer.bounding_box_format = box_format
        if isinstance(layer, Pipeline):
            _share_box_format(layer, box_format)

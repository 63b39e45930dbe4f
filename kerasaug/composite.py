"""What holds layers: they agree on layout and boxes, share its seed, and are saved with it."""

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any

import keras
import numpy as np

from kerasaug.arguments import one_of
from kerasaug.augmentation import DATA_FORMATS, Augmentation
from kerasaug.boxes import FORMATS
from kerasaug.checks import check_spec
from kerasaug.migration import from_keras
from kerasaug.modality import IMAGES, Modality
from kerasaug.params import Params


class Composite(Augmentation):
    """Base of layers made of layers.

    Args:
        layers: Augmentation layers, which may be composites themselves. An empty list does nothing.
        **kwargs: See `kerasaug.Augmentation`. `bounding_box_format` and `data_format` need be given once, here or to
            a layer.
    """

    def __init__(self, layers: Sequence[Augmentation], **kwargs: Any) -> None:
        name = type(self).__name__
        many = isinstance(layers, Iterable) and not isinstance(layers, str | bytes | Mapping | np.ndarray)
        listed: list[Any] = list(layers) if many else [layers]
        if isinstance(layers, Augmentation) or not all(isinstance(layer, Augmentation) for layer in listed):
            received = [type(layer).__name__ for layer in listed]
            raise TypeError(f"{name} expects a list of kerasaug layers. Received: layers of the types {received}.")
        self.modality = _agreed_modality(name, listed)
        self.layers = listed
        for argument, choices in (("data_format", DATA_FORMATS), ("bounding_box_format", FORMATS)):
            kwargs[argument] = _agreed(name, argument, kwargs.get(argument), listed, choices)
        super().__init__(**kwargs)
        _share_box_format(self, self.bounding_box_format)

    def strengths(self) -> Params:
        """One's own, and each layer's."""
        return {**super().strengths(), "layers": [layer.strengths() for layer in self.layers]}

    @property
    def aligned_names(self) -> tuple[str, ...]:
        """Those of every layer."""
        return tuple(dict.fromkeys(name for layer in self.layers for name in layer.aligned_names))

    @property
    def learned(self) -> dict[str, str]:  # type: ignore[override]
        """Those of every layer."""
        return {part: kind for layer in self.layers for part, kind in layer.learned.items()}

    def output_shape_of(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """Of the last layer."""
        if self.modality is IMAGES:
            return super().output_shape_of(shape)
        return reduce(lambda size, layer: layer.output_shape_of(size), self.layers, shape)

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
        check_spec(fields[self.main], self._label, self.modality)
        for layer in self.layers:
            fields = layer._spec(fields)
        value = fields[self.main]
        dtype = self.modality.dtype(value, self.compute_dtype)
        return {**fields, self.main: keras.KerasTensor(value.shape, dtype=dtype)}

    def get_config(self) -> dict[str, Any]:
        """The layers' configs, and one's own."""
        layers = [keras.saving.serialize_keras_object(layer) for layer in self.layers]
        return {**super().get_config(), "layers": layers}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Builds the layers first; those of a config of `keras.layers.Pipeline` are replaced by these."""
        layers = [keras.saving.deserialize_keras_object(from_keras(layer)) for layer in config["layers"]]
        return cls(**{**config, "layers": layers})


def _agreed(owner: str, name: str, own: str | None, layers: Sequence[Augmentation], choices: Sequence[str]) -> Any:
    """The one value that a composite and its layers have for `name`."""
    if own is not None:
        one_of(own, choices, name, owner)
    values = {value for value in (own, *(getattr(layer, name) for layer in layers)) if value is not None}
    if len(values) > 1:
        raise ValueError(f"{owner} expects its layers to agree on {name}. Received: {sorted(values)}.")
    return values.pop() if values else None


def _agreed_modality(owner: str, layers: Sequence[Augmentation]) -> Modality:
    """The one kind of data that all layers augment."""
    found = list({layer.modality.main: layer.modality for layer in layers}.values()) or [IMAGES]
    if len(found) > 1:
        raise ValueError(
            f"{owner} expects layers that augment one kind of data. Received: layers of "
            f"{[modality.main for modality in found]}. Make one pipeline for each kind."
        )
    return found[0]


def _share_box_format(composite: Composite, box_format: str | None) -> None:
    for layer in composite.layers:
        layer.bounding_box_format = box_format
        if isinstance(layer, Composite):
            _share_box_format(layer, box_format)

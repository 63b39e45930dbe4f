"""What Keras asks of a layer without data: the shape and dtype of its result, to build a model around it."""

from collections.abc import Mapping
from typing import Any

import keras

from kerasaug import backend
from kerasaug.checks import as_shape, check_spec
from kerasaug.modality import IMAGES, Modality
from kerasaug.sample import check_main_in, names_of

_FIXED = ("segmentation_masks", "keypoints")  # whose specs no layer tells: images may come back in another size


class SpecLayer(backend.DataLayer):
    """A layer that says what comes out of it."""

    modality: Modality = IMAGES
    keys: dict[str, str] | None
    data_format: str

    @property
    def main(self) -> str:
        """The kind of target that is augmented."""
        return self.modality.main

    @property
    def aligned_names(self) -> tuple[str, ...]:
        """Further tensors of a sample that have an entry for each token."""
        return ()

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """Height and width of the output, for those of the input."""
        return size

    def check(self, fields: dict[str, Any]) -> None:
        """Raises on targets that this op cannot augment."""

    def compute_output_spec(self, data: Any, training: bool | None = None) -> Any:
        """Shapes and dtypes of a call's result, without computing it."""
        if not isinstance(data, Mapping):
            fields = self._spec({self.main: data})
            return fields if set(fields) != {self.main} else fields[self.main]
        names = {kind: name for kind, name in self._kind_names().items() if kind not in _FIXED}
        check_main_in(data, names[self.main], self.main, self._label)
        fields = {kind: data[name] for kind, name in names.items() if name in data}
        return {**data, **{names.get(kind, kind): value for kind, value in self._spec(fields).items()}}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the images, or of whatever the layer augments, that come back."""
        if not isinstance(input_shape, Mapping):
            return self._shape_of(input_shape)
        name = self._kind_names()[self.main]
        check_main_in(input_shape, name, self.main, self._label)
        return {**input_shape, name: self._shape_of(input_shape[name])}

    def output_shape_of(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        """The shape of what comes back, for that of one image or of a batch, or of what else is augmented."""
        if self.modality is not IMAGES:
            return shape
        first = self.data_format == "channels_first"
        lead, (height, width), last = (shape[:-2], shape[-2:], ()) if first else (shape[:-3], shape[-3:-1], shape[-1:])
        return (*lead, *self.output_size((height, width)), *last)

    def _shape_of(self, input_shape: Any) -> tuple[Any, ...]:
        shape = as_shape(input_shape, self._label)
        self.modality.is_batch(shape, self._label)
        return self.output_shape_of(shape)

    def _kind_names(self) -> dict[str, str]:
        return names_of(self.keys, self.modality, self.aligned_names)

    @property
    def _label(self) -> str:
        return f"{type(self).__name__} (name={self.name!r})"

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        value = fields[self.main]
        check_spec(value, self._label, self.modality)
        self.check({self.main: value})
        dtype = self.modality.dtype(value, self.compute_dtype)
        return {**fields, self.main: keras.KerasTensor(self.output_shape_of(tuple(value.shape)), dtype=dtype)}

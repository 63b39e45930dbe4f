"""What Keras asks of a layer without data: the shape and dtype of its result, to build a model around it."""

from collections.abc import Mapping
from typing import Any

import keras

from kerasaug import backend
from kerasaug.checks import as_shape, check_spec
from kerasaug.sample import check_images_in, is_batch


class SpecLayer(backend.DataLayer):
    """A layer of images that says what comes out of it."""

    keys: dict[str, str] | None
    data_format: str

    def output_size(self, size: tuple[Any, Any]) -> tuple[Any, Any]:
        """Height and width of the output, for those of the input."""
        return size

    def check(self, fields: dict[str, Any]) -> None:
        """Raises on targets that this op cannot augment."""

    def compute_output_spec(self, data: Any, training: bool | None = None) -> Any:
        """Shapes and dtypes of a call's result, without computing it."""
        if not isinstance(data, Mapping):
            return self._spec({"images": data})["images"]
        names = {
            kind: (self.keys or {}).get(kind, kind) for kind in ("images", "labels", "bounding_boxes", "sample_weight")
        }
        check_images_in(data, names["images"], self._label)
        fields = {kind: data[name] for kind, name in names.items() if name in data}
        return {**data, **{names[kind]: value for kind, value in self._spec(fields).items()}}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the images that come back."""
        if not isinstance(input_shape, Mapping):
            return self._shape_of(input_shape)
        name = (self.keys or {}).get("images", "images")
        check_images_in(input_shape, name, self._label)
        return {**input_shape, name: self._shape_of(input_shape[name])}

    def _shape_of(self, input_shape: Any) -> tuple[Any, ...]:
        shape = as_shape(input_shape, self._label)
        is_batch(shape, self._label)
        return self._image_shape(shape)

    @property
    def _label(self) -> str:
        return f"{type(self).__name__} (name={self.name!r})"

    def _spec(self, fields: dict[str, Any]) -> dict[str, Any]:
        images = fields["images"]
        check_spec(images, self._label)
        self.check({"images": images})
        spec = keras.KerasTensor(self._image_shape(tuple(images.shape)), dtype=self.compute_dtype)
        return {**fields, "images": spec}

    def _image_shape(self, shape: tuple[Any, ...]) -> tuple[Any, ...]:
        first = self.data_format == "channels_first"
        lead, (height, width), last = (shape[:-2], shape[-2:], ()) if first else (shape[:-3], shape[-3:-1], shape[-1:])
        return (*lead, *self.output_size((height, width)), *last)

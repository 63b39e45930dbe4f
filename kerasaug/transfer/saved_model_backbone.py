"""A SavedModel as a backbone: a graph without layers, so it stays frozen."""

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import keras

from kerasaug.extras import require
from kerasaug.registry import register
from kerasaug.transfer.assembly import Parts
from kerasaug.transfer.quiet import quiet

_GRAPH = "saved_model.pb"
_PREFERRED = ("serve", "serving_default")  # Keras 3 writes both, others only the second


def saved_model_folder(path: Path) -> Path | None:
    """The folder of the SavedModel at `path`, or of the newest version below it; `None` where there is none."""
    if (path / _GRAPH).is_file():
        return path
    versions = [one for one in path.glob("*") if one.name.isdigit() and (one / _GRAPH).is_file()]
    return max(versions, key=lambda one: int(one.name), default=None)


def load_saved_model(
    folder: Path,
    input_shape: tuple[int | None, ...] | None,
    preprocess: Any,
    call_endpoint: str | None = None,
    output: str | int | None = None,
) -> Parts:
    """Builds a model around a function of a SavedModel.

    Args:
        folder: Folder with a `saved_model.pb`.
        input_shape: Of an image, where the SavedModel leaves sizes open.
        preprocess: As in `load_backbone`; `True` for what the SavedModel holds itself.
        call_endpoint: Name of the function. Defaults to `"serve"`, else `"serving_default"`, else the only one.
        output: Name or position of the output, where there are several.

    Raises:
        RuntimeError: On a backend other than TensorFlow.
        ValueError: When there is no such function, or it does not take one batch of images of that shape.
    """
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            f"load_backbone: {folder} is a SavedModel, which Keras runs on the TensorFlow backend alone. Received: the "
            f"{keras.backend.backend()!r} backend. Start with KERAS_BACKEND=tensorflow, or save the model that it was "
            "exported from with `model.save('model.keras')`, and load that."
        )
    tf = require("tensorflow", "tensorflow", "load_backbone")
    signatures = _read_signatures(tf, folder)
    endpoint = _choose(signatures, call_endpoint, folder)
    taken = _single_input(signatures[endpoint], endpoint, folder)
    shape = _fitted(taken.shape, input_shape, folder)
    layer = SavedModelLayer(str(folder), endpoint, output=output, name="saved_model")
    images = x = keras.Input(shape, dtype="float32", name="images")
    if taken.dtype != "float32":
        x = keras.ops.cast(_whole(x) if "int" in taken.dtype else x, taken.dtype)
    network = keras.Model(images, layer(x), name="saved_model_backbone")
    network.trainable = False  # TensorFlow would ignore it if a user set True where True is
    return Parts(network, "none" if isinstance(preprocess, bool) else preprocess)


@register
class SavedModelLayer(keras.layers.TFSMLayer):
    """A function of a SavedModel whose weights never train.

    In float32 under any dtype policy, because its function is compiled for the types of its signature. A `.keras`
    file of it holds the path to the SavedModel and its weights, so it is loaded with `safe_mode=False`, where the
    SavedModel is still there.

    Args:
        filepath: Folder with a `saved_model.pb`.
        call_endpoint: Name of the function.
        output: Name or position of the output to return, where there are several. Defaults to the only one.
        **kwargs: Of `keras.layers.TFSMLayer`.
    """

    def __init__(
        self, filepath: str, call_endpoint: str = "serve", output: str | int | None = None, **kwargs: Any
    ) -> None:
        self.output_key = output
        super().__init__(filepath, call_endpoint, **{**kwargs, "dtype": "float32", "trainable": False})

    @property
    def trainable(self) -> bool:
        """Always `False`; setting it to `True` warns, and changes nothing."""
        return False

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if value and not quiet():
            _warn_frozen(self, stacklevel=2)

    def call(self, inputs: Any, training: bool = False) -> Any:
        """One output of the function, the same in training."""
        outputs = super().call(inputs)
        if hasattr(outputs, "shape"):
            return outputs
        by_key = outputs if isinstance(outputs, dict) else dict(enumerate(outputs))
        key = next(iter(by_key)) if self.output_key is None and len(by_key) == 1 else self.output_key
        if key not in by_key:
            raise ValueError(
                f"load_backbone: expected `output` to be one of {list(by_key)}, the outputs of "
                f"{self.call_endpoint!r} in {self.filepath}. Received: output={self.output_key!r}."
            )
        return by_key[key]

    def get_config(self) -> dict[str, Any]:
        """The path and the function, from which the layer is made again."""
        return {**super().get_config(), "output": self.output_key}


def warn_of_saved_models(groups: Iterable[Any], whole: bool) -> None:
    """Warns of the SavedModels among layer groups that were just unfrozen.

    Args:
        groups: The groups.
        whole: Whether everything was to train. Otherwise a SavedModel may stand in the head's group, which layers that
            never train join.
    """
    for group in groups:
        for layer in group.layers:
            if isinstance(layer, SavedModelLayer) and (whole or group.name != "head"):
                _warn_frozen(layer, stacklevel=3)


def _warn_frozen(layer: SavedModelLayer, stacklevel: int) -> None:
    warnings.warn(
        f"{layer.name!r} is the SavedModel {layer.filepath}, which is frozen and stays so: it is a graph without "
        "layers, whose dropout and batch statistics were left out or fixed when it was exported. Train the head on it, "
        "or fine-tune the model that it was exported from, saved as a .keras file.",
        stacklevel=stacklevel + 1,
    )


class _Tensor(NamedTuple):
    shape: tuple[int | None, ...]
    dtype: str


def _read_signatures(tf: Any, folder: Path) -> dict[str, list[_Tensor]]:
    """The inputs of every function of a SavedModel, without loading its weights."""
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    saved = SavedModel()
    try:
        saved.ParseFromString((folder / _GRAPH).read_bytes())
        graph = next(one for one in saved.meta_graphs if "serve" in one.meta_info_def.tags)
    except Exception as error:
        raise ValueError(
            f"load_backbone: expected a SavedModel at {folder}, whose {_GRAPH} TensorFlow can read ({error!r}). Export "
            "it again, or copy it again in whole."
        ) from error
    return {
        name: [_tensor(tf, one) for one in signature.inputs.values()]
        for name, signature in graph.signature_def.items()
        if not name.startswith("__")
    }


def _tensor(tf: Any, info: Any) -> _Tensor:
    shape = tf.TensorShape(info.tensor_shape)
    return _Tensor(() if shape.rank is None else tuple(shape.as_list()), tf.dtypes.as_dtype(info.dtype).name)


def _choose(signatures: dict[str, Any], wanted: str | None, folder: Path) -> str:
    found = [name for name in _PREFERRED if name in signatures] or list(signatures)
    if wanted is None and (len(found) == 1 or (found and found[0] in _PREFERRED)):
        return found[0]
    if wanted in signatures:
        return str(wanted)
    raise ValueError(
        f"load_backbone: expected `call_endpoint` to be one of {sorted(signatures)}, the functions of {folder}. "
        f"Received: {wanted!r}."
    )


def _single_input(inputs: list[_Tensor], endpoint: str, folder: Path) -> _Tensor:
    if len(inputs) != 1 or len(inputs[0].shape) < 2:
        listed = [(one.shape, one.dtype) for one in inputs]
        raise ValueError(
            f"load_backbone: expected the function {endpoint!r} of {folder} to take one batch of images. Received one "
            f"that takes {listed}. Choose another with `call_endpoint`, or call `keras.layers.TFSMLayer` yourself."
        )
    return inputs[0]


def _fitted(
    taken: tuple[int | None, ...], wanted: tuple[int | None, ...] | None, folder: Path
) -> tuple[int | None, ...]:
    inner = taken[1:]
    if wanted is None:
        return inner
    pairs = zip(inner, wanted, strict=False)
    if len(inner) != len(wanted) or any(None not in pair and pair[0] != pair[1] for pair in pairs):
        raise ValueError(
            f"load_backbone: expected `input_shape` to be {inner}, what the SavedModel {folder} takes. Received: "
            f"{tuple(wanted)}. Resize the images, or export it for another size."
        )
    return tuple(mine if mine is not None else theirs for mine, theirs in zip(wanted, inner, strict=True))


def _whole(images: Any) -> Any:
    """Images as a function of integers takes them; augmentation may have left fractions, and values beyond 255."""
    return keras.ops.round(keras.ops.clip(images, 0, 255))

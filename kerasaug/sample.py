"""What a layer is given, taken apart into named targets and put together again; never changed in place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import keras

from kerasaug.backend import ops
from kerasaug.boxes import densify
from kerasaug.modality import IMAGES, Modality
from kerasaug.tensors import differ, to_tensor


@dataclass
class Sample:
    """A batch, taken apart.

    Attributes:
        fields: Kind of target to tensor, each with a leading batch axis.
        rest: What no layer knows, untouched, under the caller's own keys.
        names: Kind of target, there or not, to the caller's own key.
        batched: Whether the caller's tensors had a batch axis.
        bare: Whether the caller gave a tensor instead of a dict.
        main: Kind of target that is augmented.
    """

    fields: dict[str, Any]
    rest: dict[str, Any] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    batched: bool = True
    bare: bool = True
    main: str = "images"

    def of_one(self) -> "Sample":
        """The same with one sample of zeros, where there was none."""
        zeros = keras.tree.map_structure(lambda value: ops.zeros((1, *value.shape[1:]), value.dtype), self.fields)
        return replace(self, fields=zeros)

    def of_none(self) -> "Sample":
        """The same without its samples."""
        return replace(self, fields=keras.tree.map_structure(lambda value: value[:0], self.fields))


class Whole(Mapping):
    """A dict that Keras does not look into: its layers refuse one that holds tensors and arrays or strings together."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


def as_whole(data: Any) -> Any:
    """Hides a dict's mixture of tensors and other things from Keras; whatever is symbolic stays visible."""
    if not isinstance(data, Mapping):
        return data
    leaves = keras.tree.flatten(dict(data))
    if any(isinstance(leaf, keras.KerasTensor) for leaf in leaves):
        return data
    return data if len({bool(keras.ops.is_tensor(leaf)) for leaf in leaves}) < 2 else Whole(data)


def unpack(
    data: Any,
    keys: Mapping[str, str] | None,
    layer: str,
    modality: Modality = IMAGES,
    aligned: Sequence[str] = (),
) -> Sample:
    """Takes a tensor or a dict apart into targets.

    Args:
        data: Images (or what else the modality's layers augment), or a dict that holds them.
        keys: Kind of target to the name it has in the dict, where that differs from the kind.
        layer: Name of the layer, for messages.
        modality: The kind of data that the layer augments.
        aligned: Names of further tensors that have an entry for each token.

    Returns:
        The targets, batched. Tensors are the active backend's; dtypes are the caller's.

    Raises:
        TypeError: When images are no numbers, tokens no integers, or `data` is no tensor.
        ValueError: When the dict holds no images, or a target has a rank that it cannot have.
    """
    main = modality.main
    if not isinstance(data, Mapping):
        value, batched = _main_of(data, modality, layer)
        return Sample({main: value if batched else value[None]}, batched=batched, main=main)
    names = names_of(keys, modality, aligned)
    check_main_in(data, names[main], main, layer)
    value, batched = _main_of(data[names[main]], modality, layer)
    fields: dict[str, Any] = {main: value}
    for kind, name in names.items():
        if kind != main and name in data:
            fields[kind] = _target(data[name], kind, batched, layer, modality.booleans)
    if not batched:
        fields = keras.tree.map_structure(lambda value: value[None], fields)
    _check(fields, layer, modality, aligned)
    known = {names[kind] for kind in fields}
    rest = {key: value for key, value in data.items() if key not in known}
    return Sample(fields, rest, names, batched, bare=False, main=main)


def names_of(keys: Mapping[str, str] | None, modality: Modality, aligned: Sequence[str] = ()) -> dict[str, str]:
    """Every kind of target, with the name it has in a dict."""
    return {kind: (keys or {}).get(kind, kind) for kind in dict.fromkeys((*modality.kinds, *aligned))}


def pack(sample: Sample) -> Any:
    """Puts a sample together again in the caller's shape: a tensor, or a new dict in a stable order.

    A layer that makes further targets returns a dict where it was given a tensor.
    """
    fields = sample.fields
    if not sample.batched:
        fields = keras.tree.map_structure(lambda value: value[0], fields)
    if sample.bare and len(fields) == 1:
        return fields[sample.main]
    return {**{sample.names.get(kind, kind): value for kind, value in fields.items()}, **sample.rest}


def check_main_in(data: Mapping[str, Any], name: str, main: str, layer: str) -> None:
    """Raises on a dict that has no images, or whatever a layer augments, under their name."""
    if name not in data:
        raise ValueError(
            f"{layer} expects {main} under the key {name!r}. Received a dict with the keys "
            f"{sorted(map(str, data))}. Rename the key, or name it: keys={{{main!r}: ...}}."
        )


def _main_of(value: Any, modality: Modality, layer: str) -> tuple[Any, bool]:
    value = to_tensor(value, modality.main, layer)
    modality.check_dtype(value, layer)
    return value, modality.is_batch(tuple(value.shape), layer)


def _target(value: Any, kind: str, batched: bool, layer: str, with_booleans: Sequence[str]) -> Any:
    if kind == "bounding_boxes":
        return densify(value, batched, layer)
    booleans = kind in with_booleans
    if kind in ("labels", "sample_weight") and isinstance(value, Mapping):  # of several heads
        return {name: to_tensor(one, f"{kind}[{name!r}]", layer, booleans) for name, one in value.items()}
    return to_tensor(value, kind, layer, booleans)


def _check(fields: dict[str, Any], layer: str, modality: Modality, aligned: Sequence[str]) -> None:
    """Every target belongs to the same number of samples and has a shape that its kind can have."""
    main = modality.main
    own = tuple(fields[main].shape)
    for path, value in keras.tree.flatten_with_path(fields):
        kind, shape = str(path[0]), tuple(value.shape)
        ranks = (modality.rank,) if kind == main else modality.ranks.get(kind, (1, 2, 3, 4))
        if len(shape) not in ranks:
            raise ValueError(
                f"{layer} expects {kind} of rank {' or '.join(map(str, ranks))} in a batch. Received: "
                f"shape={shape}, with {main} of shape {own}."
            )
        if differ(own[0], shape[0]):
            raise ValueError(f"{layer} expects as many {kind} as {main}. Received: {shape[0]} {kind}, {own[0]} {main}.")
        if (kind in modality.aligned or kind in aligned) and (len(shape) < 2 or differ(own[1], shape[1])):
            raise ValueError(
                f"{layer} expects {kind} with an entry for each token. Received: {kind} of shape {shape}, {main} of "
                f"shape {own}."
            )
        if kind == "keypoints" and shape[-1] in (0, 1):
            raise ValueError(f"{layer} expects keypoints of shape (batch, points, 2 or more). Received: shape={shape}.")
        if kind == "segmentation_masks" and 0 in shape[1:]:
            raise ValueError(f"{layer} expects segmentation_masks of at least one pixel. Received: shape={shape}.")

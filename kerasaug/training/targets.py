"""Where a batch `(x, y, sample_weight)` keeps its targets: taken out for a pipeline, and put back."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasaug.arguments import explained, is_integer
from kerasaug.backend import ops
from kerasaug.modality import IMAGES, Modality

Batch = tuple[Any, Any, Any]
Path = tuple[str, Any]
_PARTS = ("x", "y", "sample_weight")
_HOMES = {"labels": "y", "sample_weight": "sample_weight"}  # of a target that is a part's only tensor
_WHOLE = object()
_SEVERAL = ("labels", "sample_weight")  # of which there may be one a head


class Targets:
    """Finds the targets of a pipeline in a batch.

    `x` that is a tensor holds the images and `y` that is a tensor the labels; in dicts targets are found under the
    names of their kinds, or under those that `keys` gives. The names `"x"` and `"y"` stand for the whole.

    Args:
        keys: Dict from kind of target to its name: a key of the dict `x` or `y`, or an index of a tuple. A list of
            names gives several targets of one kind, such as the labels of two heads.
        owner: Name of the model, for messages.
        modality: The kind of data that the pipeline augments.
        aligned: Names of further tensors that have an entry for each token.
    """

    def __init__(
        self,
        keys: Mapping[str, Any] | None,
        owner: str,
        modality: Modality = IMAGES,
        aligned: Sequence[str] = (),
    ) -> None:
        self.modality = modality
        self.kinds, self.main = tuple(dict.fromkeys((*modality.kinds, *aligned))), modality.main
        _check_keys(keys, owner, self.kinds)
        self.keys, self.owner = dict(keys or {}), owner
        self.homes = {self.main: "x", **_HOMES}

    def unpack(self, batch: Any) -> Batch:
        """`(x, y, sample_weight)`, of which the last two may be `None`, of whatever a dataset yields."""
        with explained(self.owner, "a batch to be x, (x, y) or (x, y, sample_weight)", type(batch).__name__):
            return keras.utils.unpack_x_y_sample_weight(batch)

    def take(self, batch: Batch) -> dict[str, Any]:
        """The targets that are there, by kind; several of one kind are a dict."""
        return {kind: _read(_parts(batch), paths) for kind, paths in self._paths(batch).items()}

    def put(self, batch: Batch, data: Mapping[str, Any]) -> Batch:
        """A new batch with the targets of `data`; containers of the old one stay as they were."""
        parts = _parts(batch)
        for kind, paths in self._paths(batch).items():
            if kind in data:
                _write(parts, paths, data[kind])
        return parts["x"], parts["y"], parts["sample_weight"]

    def add(self, batch: Batch, made: Mapping[str, Any], learned: Mapping[str, str]) -> Batch:
        """A batch with the targets that a pipeline made besides.

        Args:
            batch: What `put` returned.
            made: Kind of target to tensor.
            learned: Part of the batch to what belongs there, if there is no `y` yet. What else there is becomes input.

        Raises:
            ValueError: When `x` has some of them already, or is a list.
        """
        parts, made = _parts(batch), dict(made)
        to_learn = parts["y"] is None and learned.get("y") in made
        x = parts["x"]
        if to_learn:
            parts["y"] = made.pop(learned["y"])
            if "sample_weight" in learned:
                parts["sample_weight"] = _weighed(made.pop(learned["sample_weight"]), parts["sample_weight"])
        if isinstance(x, Mapping) or (made and to_learn):
            parts["x"] = {**self._as_dict(x, made), **made}
        return parts["x"], parts["y"], parts["sample_weight"]

    def _as_dict(self, x: Any, made: Mapping[str, Any]) -> Mapping[str, Any]:
        if isinstance(x, list | tuple):
            raise ValueError(f"{self.owner} expects x, a dict or {self.main}, to add {sorted(made)}. Received: a list.")
        x = x if isinstance(x, Mapping) else {self.main: x}
        twice = sorted(set(made) & set(x))
        if twice:
            raise ValueError(
                f"{self.owner} expects x without what the pipeline makes. Received: x with {twice}. Leave out the "
                "pipeline, or what was done to the dataset."
            )
        return x

    def check_batch(self, data: Mapping[str, Any]) -> None:
        """Refuses one sample where a batch is expected, and labels that may or may not be those of tokens."""
        modality = self.modality
        shape = getattr(data[self.main], "shape", None)  # what has none is refused, with its name, by the pipeline
        if shape is not None and len(shape) == modality.rank - 1:
            axis = " with a channel axis" if modality is IMAGES else ""
            advice = "Add the axis: images[..., None]" if modality is IMAGES else "Batch the data first"
            raise ValueError(
                f"{self.owner} expects batches of {self.main}{axis}, of rank {modality.rank}. Received: rank "
                f"{len(shape)}, shape {tuple(shape)}, which would be taken for {modality.one}. {advice}."
            )
        self.check_labels(data)

    def check_labels(self, data: Mapping[str, Any]) -> None:
        """Refuses labels of which nobody says whether they are those of tokens, and would have to follow them."""
        shape = getattr(data[self.main], "shape", None)
        if not self.modality.aligned or "labels" in self.keys or "token_labels" in data or shape is None:
            return
        axis = 1 - (self.modality.rank - len(shape))
        for labels in keras.tree.flatten(data.get("labels", [])):
            if len(labels.shape) > axis and labels.shape[axis] is not None and labels.shape[axis] == shape[axis] > 1:
                raise ValueError(
                    f"{self.owner} expects to be told what y is, where it may be a label for each token. Received: y "
                    f"of shape {tuple(labels.shape)}, {self.main} of shape {tuple(shape)}. Say keys={{'token_labels': "
                    "'y'} for labels that follow their tokens, {'labels': 'y'} for others."
                )

    def left_in_y(self, batch: Batch) -> str:
        """Describes what of `y` is no target; empty when all of it is."""
        y = batch[1]
        taken = [path for paths in self._paths(batch).values() for path in _listed(paths) if path[0] == "y"]
        names = [name for _, name in taken]
        if y is None or _WHOLE in names:
            return ""
        if isinstance(y, Mapping):
            return _names({name: one for name, one in y.items() if name not in names}) if set(y) - set(names) else ""
        if isinstance(y, list | tuple):
            return f"entries {left}" if (left := [i for i in range(len(y)) if i not in names]) else ""
        return "one tensor"

    def labels_in(self, y: Any) -> Any:
        """Where labels are in a `y` that comes without its batch: a path, several, or `None`."""
        parts = {"y": y}
        if y is None:
            return None
        if "labels" not in self.keys:
            return self._by_default(parts, "labels")
        name = self.keys["labels"]
        found = [self._named(parts, "labels", one) for one in (name if _is_list(name) else [name])]
        paths = [path for path in found if path is not None]
        return (paths if _is_list(name) else paths[0]) if paths else None

    def map_labels(self, y: Any, function: Any) -> Any:
        """`y` with `function` of its labels, a tensor or a dict of several, in their place."""
        paths = self.labels_in(y)
        if paths is None:
            return y
        parts = {"y": y}
        _write(parts, paths, function(_read(parts, paths)))
        return parts["y"]

    def _paths(self, batch: Batch) -> dict[str, Any]:
        parts = {part: value for part, value in _parts(batch).items() if value is not None}
        found = {kind: self._of_kind(parts, kind) for kind in self.kinds}
        if found[self.main] is None:
            raise ValueError(
                f"{self.owner} expects {self.main} and finds no {self.main}. Received: x with {_names(batch[0])}, y "
                f"with {_names(batch[1])}. Say where they are: keys={{{self.main!r}: ...}}."
            )
        paths = {kind: paths for kind, paths in found.items() if paths is not None}
        self._check_apart(paths)
        return paths

    def _check_apart(self, paths: dict[str, Any]) -> None:
        owners: dict[Any, str] = {}
        for kind, (part, name) in ((kind, path) for kind, listed in paths.items() for path in _listed(listed)):
            other = owners.setdefault((part, id(name) if name is _WHOLE else name), kind)
            if other != kind:
                where = part if name is _WHOLE else f"{part}[{name!r}]"
                raise ValueError(
                    f"{self.owner} expects every kind of target in a place of its own. Received: {other} and {kind} "
                    f"both in {where}, by keys={self.keys!r}."
                )

    def _of_kind(self, parts: dict[str, Any], kind: str) -> Any:
        if kind not in self.keys:
            return self._by_default(parts, kind)
        name = self.keys[kind]
        return [self._must(parts, kind, one) for one in name] if _is_list(name) else self._must(parts, kind, name)

    def _by_default(self, parts: dict[str, Any], kind: str) -> Any:
        """A part that is one tensor, or the kind's own name in a dict, unless `keys` claims the part as a whole."""
        free = {part: value for part, value in parts.items() if part not in self._claimed(parts)}
        home = self.homes.get(kind, "")
        if home in free and not isinstance(free[home], Mapping | list | tuple):
            return home, _WHOLE
        if kind == "sample_weight" and home in free:
            return _entries(home, free[home])
        order = ("x", "y") if kind == self.main else ("y",) if kind == "labels" and "y" in parts else ("y", "x")
        return next(((part, kind) for part in order if part in free and _holds(free[part], kind)), None)

    def _must(self, parts: dict[str, Any], kind: str, name: Any) -> Path:
        path = self._named(parts, kind, name)
        if path is None:
            raise ValueError(
                f"{self.owner} expects {kind} under the name {name!r}. Received: x with {_names(parts.get('x'))}, y "
                f"with {_names(parts.get('y'))}."
            )
        return path

    def _named(self, parts: dict[str, Any], kind: str, name: Any) -> Path | None:
        for part in ("x", "y") if kind == self.main else ("y", "x"):
            if part in parts and _holds(parts[part], name):
                return part, name
        return (name, _WHOLE) if name in ("x", "y") and name in parts else None

    def _claimed(self, parts: dict[str, Any]) -> set[str]:
        names = [name for name in self.keys.values() if name in ("x", "y")]
        return {name for name in names if not any(_holds(value, name) for value in parts.values())}


def _check_keys(keys: Any, owner: str, kinds: Sequence[str]) -> None:
    if keys is None:
        return
    if not isinstance(keys, Mapping):
        raise TypeError(f"{owner} expects keys, a dict from kind of target to its name. Received: keys={keys!r}.")
    unknown = sorted(str(kind) for kind in keys if kind not in kinds)
    if unknown:
        raise ValueError(f"{owner} expects keys to name some of {list(kinds)}. Received: {unknown}.")
    for kind, name in keys.items():
        several = list(name) if _is_list(name) and kind in _SEVERAL else [name]
        distinct = len(set(map(repr, several))) == len(several)
        if not several or not distinct or not all(_is_name(one) for one in several):
            raise ValueError(
                f"{owner} expects keys to give each kind of target a name, a key of a dict or an index of a tuple, "
                f"and a list of distinct ones for several heads' labels only. Received: keys={{{kind!r}: {name!r}}}."
            )


def _is_name(name: Any) -> bool:
    return isinstance(name, str) or (is_integer(name) and name >= 0)


def _parts(batch: Batch) -> dict[str, Any]:
    return dict(zip(_PARTS, batch, strict=True))


def _is_list(name: Any) -> bool:
    return isinstance(name, list | tuple)


def _listed(paths: Any) -> list[Path]:
    return paths if isinstance(paths, list) else [paths]


def _entries(part: str, container: Any) -> list[Path] | None:
    """Every entry of a container that is not `None`."""
    items = container.items() if isinstance(container, Mapping) else enumerate(container)
    return [(part, name) for name, value in items if value is not None] or None


def _read(parts: Mapping[str, Any], paths: Any) -> Any:
    values = [parts[part] if name is _WHOLE else parts[part][name] for part, name in _listed(paths)]
    return {str(i): value for i, value in enumerate(values)} if isinstance(paths, list) else values[0]


def _write(parts: dict[str, Any], paths: Any, data: Any) -> None:
    for i, (part, name) in enumerate(_listed(paths)):
        parts[part] = _replaced(parts[part], name, data[str(i)] if isinstance(paths, list) else data)


def _holds(container: Any, name: Any) -> bool:
    if isinstance(container, Mapping):
        return name in container
    return isinstance(container, list | tuple) and isinstance(name, int) and name < len(container)


def _weighed(weights: Any, own: Any) -> Any:
    """Weights of a sample's entries, times its own."""
    if own is None:
        return weights
    own = ops.cast(own, weights.dtype)
    return weights * (own if len(own.shape) == len(weights.shape) else own[..., None])


def _replaced(container: Any, name: Any, value: Any) -> Any:
    if name is _WHOLE:
        return value
    if isinstance(container, Mapping):
        return {**container, name: value}
    entries = [value if i == name else one for i, one in enumerate(container)]
    return container._make(entries) if hasattr(container, "_make") else type(container)(entries)


def _names(container: Any) -> str:
    if isinstance(container, Mapping):
        return f"the keys {sorted(map(str, container))}"
    if isinstance(container, list | tuple):
        return f"{len(container)} entries"
    return "no keys: it is a tensor" if container is not None else "nothing"

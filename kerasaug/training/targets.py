"""Where a batch `(x, y, sample_weight)` keeps its targets: taken out for a pipeline, and put back."""

from collections.abc import Mapping
from typing import Any

from kerasaug.sample import KINDS

Batch = tuple[Any, Any, Any]
Path = tuple[str, Any]
_WHOLE = object()


class Targets:
    """Finds the targets of a pipeline in a batch.

    `x` that is a tensor holds the images and `y` that is a tensor the labels; in dicts (and tuples) targets are found
    under the names of their kinds, or under those that `keys` gives. The names `"x"` and `"y"` stand for the whole.

    Args:
        keys: Dict from kind of target to its name: a key of the dict `x` or `y`, or an index of a tuple. A list of
            names gives several targets of one kind, such as the labels of two heads.
        owner: Name of the model, for messages.
    """

    def __init__(self, keys: Mapping[str, Any] | None, owner: str) -> None:
        self.keys, self.owner = dict(keys or {}), owner
        unknown = set(self.keys) - set(KINDS)
        if unknown:
            raise ValueError(f"{owner} expects keys to name some of {list(KINDS)}. Received: {sorted(unknown)}.")

    def take(self, batch: Batch) -> dict[str, Any]:
        """The targets that are there, by kind."""
        return {kind: self._get(batch, paths) for kind, paths in self._paths(batch).items()}

    def put(self, batch: Batch, data: Mapping[str, Any]) -> Batch:
        """A new batch with the targets of `data`; containers of the old one stay as they were."""
        parts = {"x": batch[0], "y": batch[1], "sample_weight": batch[2]}
        for kind, paths in self._paths(batch).items():
            for path in paths if isinstance(paths, list) else [paths]:
                value = data[kind][path[1]] if isinstance(paths, list) else data[kind]
                parts[path[0]] = _replaced(parts[path[0]], path[1], value)
        return parts["x"], parts["y"], parts["sample_weight"]

    def labels_in(self, y: Any) -> dict[str, Any]:
        """The labels alone, of a `y` that comes without its batch."""
        paths = self._paths((None, y, None))
        return {"labels": self._get((None, y, None), paths["labels"])} if "labels" in paths else {}

    def put_labels(self, y: Any, data: Mapping[str, Any]) -> Any:
        """`y` with the labels of `data`."""
        paths = self._paths((None, y, None))
        return self.put((None, y, None), data)[1] if "labels" in paths and "labels" in data else y

    def _paths(self, batch: Batch) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for kind in KINDS:
            name = self.keys.get(kind, kind)
            if isinstance(name, list | tuple):
                found[kind] = [self._path(batch, kind, one) for one in name]
            elif (path := self._path(batch, kind, name)) is not None:
                found[kind] = path
        return found

    def _path(self, batch: Batch, kind: str, name: Any) -> Path | None:
        x, y, sample_weight = batch
        for part, value in (("x", x), ("y", y)):
            if value is not None and _holds(value, name):
                return part, name
        if name in ("x", "y") and {"x": x, "y": y}[name] is not None:
            return name, _WHOLE
        if kind in self.keys:
            if x is None:  # labels are looked for in `y` alone
                return None
            raise ValueError(
                f"{self.owner} expects {kind} under the name {name!r}. Received: x with {_names(x)}, y with "
                f"{_names(y)}."
            )
        if kind == "images" and x is not None and not isinstance(x, Mapping | list | tuple):
            return "x", _WHOLE
        whole_y = any(self.keys.get(other) == "y" for other in KINDS)
        if kind == "labels" and y is not None and not whole_y and not isinstance(y, Mapping | list | tuple):
            return "y", _WHOLE
        if kind == "sample_weight" and sample_weight is not None and not isinstance(sample_weight, Mapping | list):
            return "sample_weight", _WHOLE
        return None

    def _get(self, batch: Batch, paths: Any) -> Any:
        parts = {"x": batch[0], "y": batch[1], "sample_weight": batch[2]}

        def read(path: Path) -> Any:
            return parts[path[0]] if path[1] is _WHOLE else parts[path[0]][path[1]]

        return {path[1]: read(path) for path in paths} if isinstance(paths, list) else read(paths)


def _holds(container: Any, name: Any) -> bool:
    if isinstance(container, Mapping):
        return name in container
    return isinstance(container, list | tuple) and isinstance(name, int) and name < len(container)


def _replaced(container: Any, name: Any, value: Any) -> Any:
    if name is _WHOLE:
        return value
    if isinstance(container, Mapping):
        return {**container, name: value}
    return type(container)(value if i == name else one for i, one in enumerate(container))


def _names(container: Any) -> str:
    if isinstance(container, Mapping):
        return f"the keys {sorted(map(str, container))}"
    if isinstance(container, list | tuple):
        return f"{len(container)} entries"
    return "no keys: it is a tensor" if container is not None else "nothing"

"""Where a batch keeps what is mixed along with the vectors inside a model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kerasaug.modality import EMBEDDINGS
from kerasaug.training.targets import Batch, Targets

KINDS = ("padding_mask", "token_labels", "labels", "sample_weight")
_TOKENS = "token_labels"


class HiddenTargets(Targets):
    """Finds labels and masks in a batch; the vectors themselves are nowhere in it.

    Args:
        keys: Dict from kind of target to its name.
        owner: Name of the model, for messages.
        kinds: The kinds of target that are looked for.
    """

    def __init__(self, keys: Mapping[str, Any] | None, owner: str, kinds: Sequence[str] = KINDS) -> None:
        super().__init__(keys, owner, EMBEDDINGS)
        self.kinds = tuple(kinds)

    def map_token_labels(self, y: Any, function: Callable[[Any], Any]) -> Any:
        """`y`, that comes without its batch, with `function` of the token labels in their place, if it has any."""
        name = self.keys.get(_TOKENS)
        if y is None or (name is not None and self._named({"y": y}, _TOKENS, name) is None):
            return y
        own, batch = HiddenTargets({} if name is None else {_TOKENS: name}, self.owner, [_TOKENS]), (None, y, None)
        data = own.take(batch)
        return own.put(batch, {_TOKENS: function(data[_TOKENS])})[1] if data else y

    def _paths(self, batch: Batch) -> dict[str, Any]:
        parts = zip(("x", "y", "sample_weight"), batch, strict=True)
        there = {name: value for name, value in parts if value is not None}
        found = {kind: self._of_kind(there, kind) for kind in self.kinds}
        paths = {kind: paths for kind, paths in found.items() if paths is not None}
        self._check_apart(paths)
        return paths

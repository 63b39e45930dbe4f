"""What was transferred and what was not, as a table."""

import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Shape = tuple[int, ...]


class WeightTransfer(NamedTuple):
    """A weight, and what became of it.

    Attributes:
        layer: Path of its layer in the target; of the source for a weight that was not used.
        weight: Its name in that layer.
        shape: Its shape there.
        source: Path of the layer that was compared with it, or `None`.
        source_shape: The shape of the weight there, or `None`.
        rule: How the two layers were found to correspond: `"name"`, `"order"`, `"shape"` or `"mapping"`.
        adapted: Whether the input channels were adapted.

    Example:

    ```python
    row = kerasaug.transfer.WeightTransfer("head", "bias", (10,))
    row.shape  # (10,)
    ```
    """

    layer: str
    weight: str
    shape: Shape
    source: str | None = None
    source_shape: Shape | None = None
    rule: str | None = None
    adapted: bool = False

    @property
    def parameters(self) -> int:
        """The number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class TransferReport:
    """What `transfer_weights` did; printing it shows a table.

    Attributes:
        loaded: The weights of the target that have the source's values now.
        mismatched: Weights of layers that correspond to one of the source and do not have its shapes. Such a layer is
            left whole, also the weights that would have fitted.
        missing: Weights of the target that nothing in the source corresponds to, also single ones of a layer whose
            others were loaded: see `partial`.
        unused: Weights of the source that nothing in the target corresponds to.

    Example:

    ```python
    source = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, name="body"), keras.layers.Dense(3)])
    target = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, name="body"), keras.layers.Dense(2)])
    report = kerasaug.transfer.transfer_weights(source, target, verbose=0)
    print(report)
    report.share  # 40 of 58 parameters, 0.69
    ```
    """

    loaded: tuple[WeightTransfer, ...]
    mismatched: tuple[WeightTransfer, ...]
    missing: tuple[WeightTransfer, ...]
    unused: tuple[WeightTransfer, ...]

    @property
    def partial(self) -> tuple[str, ...]:
        """The layers of which some weights were loaded while the source has no others, such as a bias."""
        missing = {row.layer for row in self.missing}
        return tuple(dict.fromkeys(row.layer for row in self.loaded if row.layer in missing))

    @property
    def loaded_parameters(self) -> int:
        """Values of the target that were loaded."""
        return sum(row.parameters for row in self.loaded)

    @property
    def target_parameters(self) -> int:
        """Values of the target in all."""
        return sum(row.parameters for row in (*self.loaded, *self.mismatched, *self.missing))

    @property
    def share(self) -> float:
        """The loaded part of the target's parameters, in [0, 1]."""
        return self.loaded_parameters / max(self.target_parameters, 1)

    @property
    def complete(self) -> bool:
        """Whether everything was loaded, and everything in the source used."""
        return not (self.mismatched or self.missing or self.unused)

    def summary(self) -> str:
        """One sentence."""
        rows = {"mismatched": self.mismatched, "missing in the source": self.missing, "unused": self.unused}
        rest = ", ".join(f"{len(found)} {name}" for name, found in rows.items() if found)
        partial = f"; loaded in part: {', '.join(self.partial)}" if self.partial else ""
        return (
            f"Loaded {len(self.loaded)} weights, {self.loaded_parameters:,} of {self.target_parameters:,} parameters "
            f"({math.floor(1000 * self.share) / 10} %){'; weights ' + rest if rest else ''}{partial}."
        )

    def table(self, everything: bool = False) -> Any:
        """A `rich.table.Table` with a row for each layer.

        Args:
            everything: Whether layers are listed too that were loaded as they are. Defaults to `False`: they are
                counted in the title.
        """
        from rich.table import Table

        table = Table(title=self.summary(), title_justify="left")
        for header in ("", "layer", "weights", "of", "found by"):
            table.add_column(header, overflow="fold")
        for state, rows in self._states(everything):
            for row in _by_layer(rows):
                table.add_row(state, *row)
        return table

    def print(self, everything: bool = False) -> None:
        """Prints the table; see `table`."""
        from rich.console import Console

        Console().print(self._shown(everything), markup=False, highlight=False)

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(file=io.StringIO(), width=120, color_system=None)
        console.print(self._shown(False), markup=False, highlight=False)
        return console.file.getvalue().rstrip()  # type: ignore[attr-defined]

    def _shown(self, everything: bool) -> Any:
        return self.table(everything) if any(rows for _, rows in self._states(everything)) else self.summary()

    def _states(self, everything: bool) -> list[tuple[str, Sequence[WeightTransfer]]]:
        return [
            ("loaded", [row for row in self.loaded if everything and not row.adapted]),
            ("adapted", [row for row in self.loaded if row.adapted]),
            ("mismatched", self.mismatched),
            ("missing", self.missing),
            ("unused", self.unused),
        ]


def _by_layer(rows: Iterable[WeightTransfer]) -> list[list[Any]]:
    from rich.text import Text

    layers: dict[tuple[str, str | None, str | None], list[WeightTransfer]] = {}
    for row in rows:
        layers.setdefault((row.layer, row.source, row.rule), []).append(row)
    return [
        [Text(layer), Text(", ".join(map(_described, found))), Text(source or ""), rule or ""]
        for (layer, source, rule), found in layers.items()
    ]


def _described(row: WeightTransfer) -> str:
    if row.source_shape is None or row.source_shape == row.shape:
        return f"{row.weight} {row.shape}"
    return f"{row.weight} {row.source_shape} → {row.shape}"

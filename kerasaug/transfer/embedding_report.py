"""What became of each word when embeddings were transferred."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

_SHOWN = 10
_RULES = {"word": "same word", "case": "other case", "special": "special token", "padding": "padding, zeros"}


@dataclass(frozen=True, eq=False)
class EmbeddingTransfer:
    """The rows of the new vocabulary, and where they come from; printing it shows a table.

    Attributes:
        matrix: float32 (rows, dimensions).
        output_kernel: float32 (dimensions, rows) of the layer that predicts words; `None` without one.
        output_bias: float32 (rows,), likewise.
        rules: How each word's row was found: `"word"`, `"case"`, `"special"`, `"padding"`, or `"new"`.
        unknown: What new words got.

    Example:

    ```python
    old, new = ["the", "cat"], ["cat", "dog", "the"]
    report = kerasaug.transfer.transfer_embeddings(np.eye(2), old, new, verbose=0)
    report.matrix.tolist()  # [[0, 1], [0.5, 0.5], [1, 0]]
    report.new_words, report.coverage  # ("dog",), 0.67
    ```
    """

    matrix: np.ndarray
    output_kernel: np.ndarray | None
    output_bias: np.ndarray | None
    rules: dict[str, str]
    unknown: str

    @property
    def new_words(self) -> tuple[str, ...]:
        """The words that the source does not have, in order."""
        return tuple(word for word, rule in self.rules.items() if rule == "new")

    @property
    def coverage(self) -> float:
        """The part of the words that have a row of the source, in [0, 1]."""
        found = sum(rule in ("word", "case", "special") for rule in self.rules.values())
        return found / max(len(self.rules), 1)

    def table(self) -> Any:
        """A `rich.table.Table` with the number of words by how they were found, and some of them."""
        from rich.table import Table
        from rich.text import Text

        table = Table(title=f"{100 * self.coverage:.1f} % of {len(self.rules):,} words have a row of the source")
        table.add_column("found as")
        table.add_column("words", justify="right")
        table.add_column("such as", overflow="fold")
        for rule, title in {**_RULES, "new": f"new, {self.unknown}"}.items():
            words = [word for word, its in self.rules.items() if its == rule]
            if words:
                table.add_row(title, f"{len(words):,}", Text(", ".join(word or "''" for word in words[:_SHOWN])))
        return table

    def print(self) -> None:
        """Prints the table."""
        from rich.console import Console

        Console().print(self.table(), markup=False, highlight=False)

    def __str__(self) -> str:
        from rich.console import Console

        console = Console(file=io.StringIO(), width=120, color_system=None)
        console.print(self.table(), markup=False, highlight=False)
        return console.file.getvalue().rstrip()  # type: ignore[attr-defined]

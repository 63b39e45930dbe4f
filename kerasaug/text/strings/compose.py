"""Several ops as one."""

from collections.abc import Sequence
from typing import Any

from kerasaug.text.strings.draws import Draws
from kerasaug.text.strings.op import TextOp


class Compose(TextOp):
    """Applies ops one after the other, each with draws of its own.

    Args:
        ops: The ops.

    Example:

    ```python
    from kerasaug.text import strings

    noise = strings.Compose([strings.RandomSwap(0.2), strings.KeyboardNoise(0.05)])
    assert noise("some words to be changed", seed=1) == noise("some words to be changed", seed=1)
    ```
    """

    def __init__(self, ops: Sequence[TextOp]) -> None:
        self.ops = as_ops(ops, "Compose")

    def changed(self, text: str, draws: Draws, spans: Sequence[Any]) -> tuple[str, list[Any]]:
        """One text, and its spans."""
        for i, op in enumerate(self.ops):
            text, spans = op.changed(text, draws.child(i), spans)
        return text, list(spans)

    def changed_tokens(self, tokens: list[str], draws: Draws, kept: list[bool]) -> tuple[list[str], list[int | None]]:
        """One list of tokens, and of each the one it comes from."""
        origins: list[int | None] = list(range(len(tokens)))
        for i, op in enumerate(self.ops):
            tokens, found = op.changed_tokens(tokens, draws.child(i), kept)
            origins = [None if one is None else origins[one] for one in found]
            kept = [one is not None and kept[one] for one in found]
        return tokens, origins


class OneOf(TextOp):
    """Applies one of several ops to each text, every one as likely.

    Args:
        ops: The ops.

    Example:

    ```python
    from kerasaug.text import strings

    noise = strings.OneOf([strings.CaseNoise(1.0, how="upper"), strings.CaseNoise(1.0, how="title")])
    assert set(noise(["some words"] * 20, seed=1)) == {"SOME WORDS", "Some Words"}
    ```
    """

    def __init__(self, ops: Sequence[TextOp]) -> None:
        self.ops = as_ops(ops, "OneOf")

    def changed(self, text: str, draws: Draws, spans: Sequence[Any]) -> tuple[str, list[Any]]:
        """One text, and its spans."""
        i = draws.below(len(self.ops))
        return self.ops[i].changed(text, draws.child(i), spans)

    def changed_tokens(self, tokens: list[str], draws: Draws, kept: list[bool]) -> tuple[list[str], list[int | None]]:
        """One list of tokens, and of each the one it comes from."""
        i = draws.below(len(self.ops))
        return self.ops[i].changed_tokens(tokens, draws.child(i), kept)


def as_ops(value: Any, name: str) -> list[TextOp]:
    """Reads a list of ops."""
    ops = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []
    if not ops or not all(isinstance(op, TextOp) for op in ops):
        raise ValueError(f"{name} expects ops, a list of ops of kerasaug.text.strings. Received: {value!r}.")
    return ops

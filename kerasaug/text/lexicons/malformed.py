"""One form for what is wrong in a file: which file, which line, what was expected, what was there."""

from pathlib import Path

_SHOWN = 80  # characters of a line


class LexiconError(ValueError):
    r"""A file that is not of the format it is read as, with the line where that shows.

    Example:

    ```python
    from pathlib import Path
    from kerasaug.text import LexiconError, read_lexicon

    Path("mine.csv").write_text("big,large\nfilm\n")
    try:
        read_lexicon("mine.csv")
    except LexiconError as error:
        assert "mine.csv, line 2" in str(error)
    ```
    """


def malformed(path: Path, line: int | None, expected: str, received: object, advice: str = "") -> LexiconError:
    """The error to raise.

    Args:
        path: The file.
        line: Its line, from 1 on, or `None` where the whole file is meant.
        expected: What should stand there.
        received: What stands there; long ones are cut.
        advice: What to do, a sentence.
    """
    shown = repr(received)
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    where = f"{path}" if line is None else f"{path}, line {line}"
    return LexiconError(f"{where}: expected {expected}. Received: {shown}.{' ' + advice if advice else ''}")


def existing(path: str | Path, who: str) -> Path:
    """A file that is there, or an error that says who wanted it."""
    found = Path(path).expanduser()
    if not found.is_file():
        kind = "a folder" if found.is_dir() else "nothing there"
        raise FileNotFoundError(f"{who} expects path, an existing file. Received: {str(path)!r}, {kind}.")
    return found


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The text of a file, or an error that names the line that is not of the encoding."""
    data = path.read_bytes()
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        received = data[error.start : error.start + 8]
        raise malformed(path, line, f"text in {encoding}", received, "Name its encoding, or convert it.") from error

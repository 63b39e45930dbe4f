"""Data sets of TensorFlow Datasets: found by name and prepared, whatever they hold."""

import difflib
import os
from typing import Any

from kerasaug.extras import require

CATALOG = "tfds:"  # how their names begin where other sources have names too
_OVERVIEW = "https://www.tensorflow.org/datasets/catalog/overview"


def open_builder(name: str, data_dir: str | os.PathLike | None, caller: str) -> Any:
    """The builder of a data set, which may not be prepared yet.

    Args:
        name: As `tfds.builder` takes it, such as `"beans"` or `"cifar10/plain:3.0.2"`.
        data_dir: Where the prepared files are; by default `TFDS_DATA_DIR`, else `~/tensorflow_datasets`.
        caller: What the user called, for the messages.

    Raises:
        ImportError: When it needs a package that is not there.
        ValueError: When there is no such data set.
    """
    tfds: Any = require("tensorflow_datasets", "data", caller)
    folder = data_dir or os.environ.get("TFDS_DATA_DIR")
    try:
        return tfds.builder(name, data_dir=os.path.expanduser(os.fspath(folder)) if folder else None)
    except tfds.core.DatasetNotFoundError:
        base = name.partition("/")[0].partition(":")[0]
        close = difflib.get_close_matches(base, tfds.list_builders(with_community_datasets=False), 3)
        advice = f"Did you mean {' or '.join(close)}?" if close else f"The names are at {_OVERVIEW}."
        raise ValueError(f"{caller}: TensorFlow Datasets has no data set {base!r}. {advice}") from None
    except ImportError as error:
        raise _missing(name, error, caller) from error
    except (ValueError, AssertionError, RuntimeError) as error:
        raise ValueError(
            f"{caller}: expected tfds:NAME, tfds:NAME/CONFIG or tfds:NAME/CONFIG:1.0.0. Received: 'tfds:{name}', "
            f"which cannot be opened: {_first_line(error)}"
        ) from error


def prepare(name: str, builder: Any, caller: str) -> None:
    """Downloads and prepares a data set, if it is not yet.

    Raises:
        ConnectionError: When it cannot be downloaded.
        ImportError: When it needs a package that is not there.
    """
    try:
        builder.download_and_prepare()
    except ImportError as error:
        raise _missing(name, error, caller) from error
    except (OSError, AssertionError, RuntimeError, ValueError) as error:
        raise ConnectionError(
            f"{caller}: 'tfds:{name}' is not in {builder.data_dir} and could not be prepared: {_first_line(error)} "
            "Look whether this computer has a network connection, or set TFDS_DATA_DIR to where it is prepared."
        ) from error


def records(builder: Any, split: str, decoders: Any, caller: str) -> Any:
    """A split in the order of its files, read anew in each iteration."""
    tfds: Any = require("tensorflow_datasets", "data", caller)
    config = tfds.ReadConfig(try_autocache=False)  # what is kept in memory is kept in its final form
    return builder.as_dataset(split=split, decoders=decoders, shuffle_files=False, read_config=config)


def described(builder: Any) -> str:
    """The features of a data set and their kinds, for a message."""
    return ", ".join(f"{key}: {type(value).__name__}" for key, value in builder.info.features.items())


def _missing(name: str, error: ImportError, caller: str) -> ImportError:
    return ImportError(
        f"{caller}: for 'tfds:{name}' TensorFlow Datasets needs a package that is not installed: {error}. Install "
        "it with pip."
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{lines[0] if lines else type(error).__name__}".rstrip(".: ") + "."

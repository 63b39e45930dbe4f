"""The report's files, whole or not at all."""

import os
from pathlib import Path

from kerasaug.files import replacing
from kerasaug.finetune.run_report.content import as_json, to_text
from kerasaug.finetune.run_report.picture import report_png
from kerasaug.finetune.run_report.run import Run


def write_report(run: Run, folder: str | os.PathLike) -> tuple[Path, Path]:
    """Writes `report.png` and `report.json`, both made before either is written.

    Args:
        run: What the run left.
        folder: Where to write; made if need be. Reports that are there are replaced.

    Returns:
        The paths of the picture and of the numbers.

    Raises:
        ImportError: When matplotlib or scikit-learn is not installed.
        OSError: When the folder cannot be written; what was there before stays.
    """
    picture, numbers = report_png(run), to_text(as_json(run)).encode()
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    return write_whole(place / "report.png", picture), write_whole(place / "report.json", numbers)


def write_whole(path: Path, content: bytes) -> Path:
    """Writes a file that is never seen half written."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return path

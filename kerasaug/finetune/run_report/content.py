"""A run as plain values, for `report.json`."""

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasaug.finetune.run_report import measures
from kerasaug.finetune.run_report.remarks import remarks
from kerasaug.finetune.run_report.run import Run


def as_json(run: Run) -> dict[str, Any]:
    """Everything that is known about a run; what is no number (nan, infinity) is `None`."""
    content = {
        "title": run.title,
        "recipe": run.recipe,
        "best_epoch": run.best_epoch,
        "epochs": run.epochs,
        "accuracy": {**dataclasses.asdict(measures.accuracy(run)), "confidence": measures.CONFIDENCE},
        "macro": measures.macro(run),
        "classes": [dataclasses.asdict(one) for one in measures.per_class(run)],
        "confusion": {"classes": run.class_names, "rows_are_truth": measures.confusion_matrix(run)},
        "worst_confusions": [dataclasses.asdict(one) for one in measures.confusions(run)[:20]],
        "predictions": {
            "truth": run.truth,
            "predicted": run.predicted,
            "confidence": np.asarray(run.probabilities, "float64").max(axis=-1) if len(run.truth) else [],
        },
        "remarks": remarks(run),
        "history": run.history,
        "counts": run.counts,
        "skipped": [{"path": os.fspath(one.path), "reason": one.reason} for one in run.skipped],
        "seconds": run.seconds,
        "saved_model": run.saved_model,
        "versions": run.versions,
    }
    return plain(content)


def plain(value: Any) -> Any:
    """A value as what JSON has: arrays become lists, numbers that are none become `None`, the rest its text."""
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def to_text(content: dict[str, Any]) -> str:
    """JSON with a line for each row of numbers, so that a confusion matrix looks like one."""
    text = json.dumps(content, indent=2, allow_nan=False)
    row = re.compile(r"\[\n\s*((?:-?\d[^,\s\]]*|null)(?:,\s+(?:-?\d[^,\s\]]*|null))*)\s*\]")
    return row.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"

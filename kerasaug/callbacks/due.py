"""Schedules that are dicts from epochs to values."""

from collections.abc import Mapping
from typing import Any


def due(schedule: Mapping[int, Any], epoch: int, before: Any) -> Any:
    """The value of the last epoch in `schedule` that has begun in `epoch`; `before` where none has."""
    begun = [start for start in schedule if start <= epoch]
    return schedule[max(begun)] if begun else before

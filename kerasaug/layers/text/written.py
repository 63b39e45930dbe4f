"""Ids that ops write must fit the dtype of the ids that they are given."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasaug.tensors import dtype_of


def check_written(fields: Mapping[str, Any], most: int, layer: str) -> None:
    """Raises where the largest id that a layer may write is beyond the dtype of `token_ids`, and would wrap."""
    name = dtype_of(fields["token_ids"])
    if name.startswith(("int", "uint")) and most > np.iinfo(name).max:
        raise ValueError(
            f"{layer} writes ids up to {most} and expects token_ids of a dtype that holds them. Received: "
            f"dtype={name}. Cast them to int32."
        )

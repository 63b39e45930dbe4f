"""One vector a sample, of maps, volumes, sequences or vectors."""

from typing import Any

import keras

from kerasaug.transfer.heads.layers import TokenPooling

_RANKS = {4: "2D", 5: "3D"}


def pooled(features: Any, pooling: str, name: str, owner: str) -> Any:
    """A vector of each sample of `features`, which is itself where it is one.

    Args:
        features: A symbolic tensor.
        pooling: One of `kerasaug.transfer.heads.head.POOLING`.
        name: Of the head, which the layers are named after.
        owner: For messages.
    """
    rank = len(features.shape)
    if rank == 2:
        return features
    if rank not in (3, *_RANKS):
        raise ValueError(
            f"{owner} expects a backbone that returns vectors (rank 2), sequences (rank 3) or feature maps (rank 4 or "
            f"5). Received one that returns shape {features.shape}."
        )
    if pooling == "flatten":
        return keras.layers.Flatten(name=f"{name}_flatten")(features)
    if pooling == "avg_max":
        both = [_one(features, kind, name, owner) for kind in ("avg", "max")]
        return keras.layers.Concatenate(name=f"{name}_avg_max")(both)
    return _one(features, pooling, name, owner)


def _one(features: Any, kind: str, name: str, owner: str) -> Any:
    rank = len(features.shape)
    if rank == 3:
        return TokenPooling(kind, name=f"{name}_{kind}")(features)
    if kind not in ("avg", "max"):
        raise ValueError(
            f"{owner} expects pooling={kind!r} with sequences only. Received: feature maps of shape {features.shape}. "
            "Take 'avg', 'max', 'avg_max' or 'flatten'."
        )
    word = "Average" if kind == "avg" else "Max"
    return getattr(keras.layers, f"Global{word}Pooling{_RANKS[rank]}")(name=f"{name}_{kind}")(features)

"""The ops that are timed, with the arguments that make every contender do the same work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kerasaug import layers
from kerasaug.benchmark.text.scene import CLS, MASK, PAD, SEP, SPECIAL, UNKNOWN, Scene

DELETION, SWAP, SYNONYM, INSERTION = "deletion", "swap", "synonym replacement", "insertion"
DROPOUT, MASKING, CROP = "word dropout", "masking", "crop"


@dataclass(frozen=True)
class Op:
    """One op.

    Args:
        name: What it does, by which contenders name theirs.
        ours: From a scene to kerasaug's layer.
    """

    name: str
    ours: Callable[[Scene], Any]


def _own(scene: Scene) -> dict[str, Any]:
    return {"special_token_ids": list(range(len(SPECIAL))), "pad_token_id": PAD, "seed": 1}


OPS = (
    Op(DELETION, lambda scene: layers.RandomDeletion(scene.settings.rate, **_own(scene))),
    Op(SWAP, lambda scene: layers.RandomSwap(scene.settings.rate, **_own(scene))),
    Op(SYNONYM, lambda scene: layers.SynonymReplacement(scene.settings.rate, scene.synonyms, **_own(scene))),
    Op(INSERTION, lambda scene: layers.RandomInsertion(scene.settings.rate, scene.synonyms, **_own(scene))),
    Op(DROPOUT, lambda scene: layers.WordDropout(scene.settings.rate, UNKNOWN, **_own(scene))),
    Op(CROP, lambda scene: layers.RandomSequenceCrop(rate=scene.settings.rate, **_own(scene))),
    Op(
        MASKING,
        lambda scene: layers.RandomMasking(
            scene.settings.vocabulary,
            mask_selection_rate=scene.settings.rate,
            mask_token_id=MASK,
            mask_selection_length=max(scene.length // 5, 1),
            unselectable_token_ids=[PAD, UNKNOWN, CLS, SEP, MASK],
            seed=1,
        ),
    ),
)

"""The backbone for the digits, which no network can be downloaded for: learnt on other digits."""

import os
from pathlib import Path

from rich.console import Console

from kerasaug.finetune.comparison.data import prepare
from kerasaug.finetune.comparison.learner import Learner
from kerasaug.finetune.comparison.pretraining import WEIGHTS, location, pretrain
from kerasaug.finetune.comparison.settings import Settings
from kerasaug.finetune.graphs import unoptimised_graphs
from kerasaug.finetune.progress import bars


def pretrained_on_digits(
    backbone: str,
    alpha: float | None,
    image_size: int,
    cache: str | os.PathLike | None = None,
    console: Console | None = None,
) -> Path:
    """The weights file of a small MobileNet that has learnt the digits 0 to 4, trained when it is not there yet.

    Args:
        backbone: Must be the one that is trained: `"MobileNet"`.
        alpha: Its width; likewise.
        image_size: In pixels; likewise.
        cache: See `kerasaug.datasets.cache_dir`.
        console: Where to show progress.

    Raises:
        ValueError: When it is another network or size.
    """
    settings = Settings()
    if (backbone, alpha, image_size) != (settings.backbone, settings.alpha, settings.size):
        raise ValueError(
            f"finetune: expected --backbone {settings.backbone} --alpha {settings.alpha} --image-size {settings.size} "
            f"with --weights digits, since that is what is trained. Received: {backbone}, {alpha} and {image_size}. "
            "Choose --weights none, imagenet or a file."
        )
    folder = location(settings, cache)
    if not (folder / WEIGHTS).is_file():
        learner = Learner(settings)
        epochs = settings.pretraining_epochs
        with bars(console or Console(), epochs) as shown, unoptimised_graphs():
            pretrain(learner, prepare(settings, cache), cache, [shown.callback("Pretraining on 0–4", epochs)])
    return folder / WEIGHTS

"""The recipe in kornia, on the whole batch, eagerly."""

from importlib import import_module
from typing import Any

import numpy as np

from kerasaug.benchmark.peers.registry import Contender, Scene

_NOTE = "one affine op for the four warps; images in [0, 1]; MixUp's weight is uniform; not run through torch.compile"


def contenders(scene: Scene) -> list[Contender]:
    """On the GPU where torch has one."""
    torch = import_module("torch")
    place = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if place.type == "cpu":
        torch.set_num_threads(scene.threads)
    images = torch.from_numpy(scene.images).to(place).permute(0, 3, 1, 2).contiguous().float() / 255.0
    labels = torch.from_numpy(np.argmax(scene.labels, axis=1)).to(place)
    augment, mix = _ops()

    @torch.inference_mode()
    def call() -> Any:
        mixed = mix(augment(images), labels)
        if place.type == "cuda":
            torch.cuda.synchronize()
        return [] if place.type == "cuda" else mixed

    return [Contender("kornia", f"torch, {place.type}", call, note=_NOTE)]


def _ops() -> tuple[Any, Any]:
    kornia = import_module("kornia.augmentation")
    augment = kornia.AugmentationSequential(
        kornia.RandomHorizontalFlip(p=0.5),
        kornia.RandomAffine(36.0, (0.1, 0.1), (0.8, 1.2), (-11.3, 11.3, -11.3, 11.3), padding_mode="reflection", p=1.0),
        kornia.ColorJitter(0.2, 0.2, 0.2, 0.0, p=1.0),
        kornia.RandomErasing(p=1.0),
        data_keys=["input"],
    )
    return augment, kornia.RandomMixUpV2(lambda_val=(0.0, 1.0), p=1.0, data_keys=["input", "class"])

"""The recipe in albumentations, image by image over a pool of threads, in uint8, where it is fastest."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import numpy as np

from kerasaug.benchmark.peers.registry import Contender, Scene

_NOTE = (
    "uint8 in and out; one affine op for the four warps; MixUp, which it lacks, by cv2.addWeighted in the same threads"
)


def contenders(scene: Scene) -> list[Contender]:
    """Each thread has transforms of its own and its share of the images."""
    work = _Work(scene)
    return [Contender("albumentations", f"{scene.threads} threads", work.call, note=_NOTE)]


class _Work:
    def __init__(self, scene: Scene) -> None:
        self.images, self.labels, self.threads = scene.images, scene.labels, scene.threads
        self.cv2 = import_module("cv2")
        self.cv2.setNumThreads(0)  # the threads are the pool's
        self.pool = ThreadPoolExecutor(scene.threads)
        self.transforms = [_transforms(self.cv2.BORDER_REFLECT) for _ in range(scene.threads)]
        self.rng = np.random.default_rng(0)

    def call(self) -> tuple[np.ndarray, np.ndarray]:
        """One augmented batch, with its labels."""
        count = len(self.images)
        partner, weight = self.rng.permutation(count), self.rng.beta(0.2, 0.2, count)
        alone, mixed = np.empty_like(self.images), np.empty_like(self.images)

        def augment(thread: int) -> None:
            for i in range(thread, count, self.threads):
                alone[i] = self.transforms[thread](image=self.images[i])["image"]

        def mix(thread: int) -> None:
            for i in range(thread, count, self.threads):
                self.cv2.addWeighted(alone[i], weight[i], alone[partner[i]], 1.0 - weight[i], 0.0, dst=mixed[i])

        for step in (augment, mix):
            list(self.pool.map(step, range(self.threads)))
        share = weight[:, None].astype("float32")
        return mixed, share * self.labels + (1.0 - share) * self.labels[partner]


def _transforms(reflect: int) -> Any:
    albumentations = import_module("albumentations")
    return albumentations.Compose(
        [
            albumentations.HorizontalFlip(p=0.5),
            albumentations.Affine(
                scale=(0.8, 1.2),
                translate_percent=(-0.1, 0.1),
                rotate=(-36, 36),
                shear=(-11.3, 11.3),
                border_mode=reflect,
                p=1.0,
            ),
            albumentations.ColorJitter((0.8, 1.2), (0.8, 1.2), (0.8, 1.2), (0.0, 0.0), p=1.0),
            albumentations.Erasing(fill="random", p=1.0),
        ]
    )

"""The recipe in torchvision's v2 transforms, image by image, since on a batch they draw once for all of it."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

from kerasaug.benchmark.peers.registry import Contender, Scene

_NOTE = "uint8, image by image; one affine op for the four warps, zeros beyond the frame; MixUp's weight is the batch's"


def contenders(scene: Scene) -> list[Contender]:
    """Over a pool of threads, each with its share of the images, as workers of a loader would."""
    torch, v2 = import_module("torch"), import_module("torchvision.transforms.v2")
    images = torch.from_numpy(scene.images).permute(0, 3, 1, 2).contiguous()
    labels = torch.from_numpy(scene.labels)
    pool = ThreadPoolExecutor(scene.threads, initializer=torch.set_num_threads, initargs=(1,))
    augment = _transforms(v2)
    mix = v2.MixUp(alpha=0.2, num_classes=scene.labels.shape[1])

    def share(first: int) -> list[Any]:
        return [augment(image) for image in images[first :: scene.threads]]

    @torch.inference_mode()
    def call() -> Any:
        shares = list(pool.map(share, range(scene.threads)))
        return mix(torch.stack([image for part in shares for image in part]).float(), labels)

    return [Contender("torchvision", f"{scene.threads} threads", call, note=_NOTE)]


def _transforms(v2: Any) -> Any:
    bilinear = v2.InterpolationMode.BILINEAR
    return v2.Compose(
        [
            v2.RandomHorizontalFlip(0.5),
            v2.RandomAffine(36.0, (0.1, 0.1), (0.8, 1.2), (-11.3, 11.3, -11.3, 11.3), interpolation=bilinear),
            v2.ColorJitter(0.2, 0.2, 0.2),
            v2.RandomErasing(p=1.0),
        ]
    )

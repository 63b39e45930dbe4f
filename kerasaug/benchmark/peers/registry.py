"""Which peers there are, and what one must supply."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from kerasaug.benchmark.recipe import OPS


@dataclass(frozen=True)
class Contender:
    """Something that is timed.

    Args:
        name: The library, as it is printed.
        place: Where it runs, such as `"tf.function"`.
        call: Augments the batch once.
        ran: Which of the recipe's ops it does.
        note: How its work differs from the recipe, or an empty string.
    """

    name: str
    place: str
    call: Callable[[], Any]
    ran: tuple[str, ...] = OPS
    note: str = ""

    @property
    def lacks(self) -> tuple[str, ...]:
        """The recipe's ops that it does not do."""
        return tuple(op for op in OPS if op not in self.ran)


@dataclass(frozen=True)
class Scene:
    """What every peer is given.

    Args:
        images: uint8 (batch, height, width, 3).
        labels: float32 (batch, classes), one-hot.
        data: The same as tensors of Keras's backend, the images in the dtype that is timed.
        threads: How many threads a peer may use.
    """

    images: np.ndarray
    labels: np.ndarray
    data: dict[str, Any]
    threads: int


@dataclass(frozen=True)
class Peer:
    """A library to compare with.

    Args:
        name: By which it is chosen on the command line, and printed.
        module: What it is imported as.
        package: The distribution whose version is reported.
        backends: Keras backends on which it runs; any when `None`.
    """

    name: str
    module: str
    package: str
    backends: tuple[str, ...] | None = None

    @property
    def installed(self) -> bool:
        """Whether it could be imported; it is not."""
        return importlib.util.find_spec(self.module) is not None

    def contenders(self, scene: Scene) -> list[Contender]:
        """Imports the library, and builds the recipe from it."""
        adapter = import_module(f"kerasaug.benchmark.peers.{self.module}_recipe")
        return adapter.contenders(scene)


PEERS = (
    Peer("keras", "keras", "keras"),
    Peer("keras-cv", "keras_cv", "keras-cv", backends=("tensorflow",)),
    Peer("keras-aug", "keras_aug", "keras-aug"),
    Peer("kornia", "kornia", "kornia"),
    Peer("torchvision", "torchvision", "torchvision"),
    Peer("albumentations", "albumentations", "albumentations"),
)


def choose(names: Sequence[str] | None, backend: str) -> tuple[list[Peer], dict[str, str]]:
    """The peers to run, and why the others are not.

    Args:
        names: Those that were asked for; every one when `None`.
        backend: Keras's.

    Returns:
        The peers, and a dict from each other peer's name to the reason.

    Raises:
        ValueError: When a name is none of a peer.
    """
    unknown = sorted(set(names or ()) - {peer.name for peer in PEERS})
    if unknown:
        raise ValueError(f"benchmark expects peers among {[peer.name for peer in PEERS]}. Received: {unknown}.")
    run, left = [], {}
    for peer in PEERS:
        why = _why_not(peer, names, backend)
        if why is None:
            run.append(peer)
        else:
            left[peer.name] = why
    return run, left


def _why_not(peer: Peer, names: Sequence[str] | None, backend: str) -> str | None:
    if names is not None and peer.name not in names:
        return "not chosen"
    if not peer.installed:
        return "not installed"
    if peer.backends and backend not in peer.backends:
        return f"runs on Keras's {' or '.join(peer.backends)} backend alone"
    return None

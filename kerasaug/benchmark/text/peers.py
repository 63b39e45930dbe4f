"""Libraries that augment text, each doing the same ops its own way: found without being imported."""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import keras

from kerasaug.benchmark.text import ops
from kerasaug.benchmark.text.scene import MASK, SPECIAL, Scene
from kerasaug.benchmark.ways import ways

Makers = dict[str, Callable[[Scene], Callable[[], Any]]]


@dataclass(frozen=True)
class Peer:
    """A library to compare with.

    Args:
        name: By which it is chosen on the command line, and printed.
        package: That must be installed.
        place: Where it runs.
        makers: A function that gives, for names of ops, what makes a call of the library on a scene.
        backends: Keras's, on which it runs.
    """

    name: str
    package: str
    place: str
    makers: Callable[[], Makers]
    backends: tuple[str, ...] = ("tensorflow", "jax", "torch")


def _nlpaug() -> Makers:
    """Lists of strings, one thread, which is quicker than several; a synonym comes from lists given beforehand."""
    naw = import_module("nlpaug.augmenter.word")

    def words(action: str, **more: Any) -> Callable[[Scene], Callable[[], Any]]:
        def make(scene: Scene) -> Callable[[], Any]:
            rate = scene.settings.rate
            each = {"aug_p": rate, "aug_min": 1, "aug_max": None, **more}
            augmenter = naw.RandomWordAug(action=action, **each)
            return lambda: augmenter.augment(scene.texts)

        return make

    def synonyms(scene: Scene) -> Callable[[], Any]:
        table = [[scene.words[i] for i in {row, *others}] for row, others in enumerate(scene.synonyms.tolist())]
        few = table[len(SPECIAL) : len(SPECIAL) + 2000]  # it looks through all of them for each word
        augmenter = naw.ReservedAug(reserved_tokens=few, aug_p=scene.settings.rate, aug_max=None)
        return lambda: augmenter.augment(scene.texts)

    return {
        ops.DELETION: words("delete"),
        ops.SWAP: words("swap"),
        ops.CROP: words("crop"),
        ops.DROPOUT: words("substitute", target_words=["unk"]),
        ops.SYNONYM: synonyms,
    }


def _textattack() -> Makers:
    """Lists of strings, one augmentation of each."""
    augmentation = import_module("textattack.augmentation")
    transformations = import_module("textattack.transformations")

    def of(name: str) -> Callable[[Scene], Callable[[], Any]]:
        def make(scene: Scene) -> Callable[[], Any]:
            augmenter = augmentation.Augmenter(
                transformation=getattr(transformations, name)(),
                pct_words_to_swap=scene.settings.rate,
                transformations_per_example=1,
            )
            return lambda: augmenter.augment_many(scene.texts)

        return make

    return {ops.DELETION: of("WordDeletion"), ops.SWAP: of("WordInnerSwapRandom")}


def _keras_hub() -> Makers:
    """KerasHub's layers on token ids; its tables of ids to skip have no kernel for int32, so rows hold words alone."""
    layers = import_module("keras_hub.layers")

    def ragged(make: Callable[[Scene], Any]) -> Callable[[Scene], Callable[[], Any]]:
        def build(scene: Scene) -> Callable[[], Any]:
            tf = import_module("tensorflow")
            words = [[one for one in row if one > MASK] for row in scene.ids.tolist()]
            rows = tf.ragged.constant(words, dtype=tf.int32)
            step = tf.function(make(scene))
            return lambda: step(rows).flat_values

        return build

    def masking(scene: Scene) -> Callable[[], Any]:
        layer = layers.MaskedLMMaskGenerator(
            vocabulary_size=scene.settings.vocabulary,
            mask_selection_rate=scene.settings.rate,
            mask_token_id=MASK,
            mask_selection_length=max(scene.length // 5, 1),
            unselectable_token_ids=list(range(len(SPECIAL))),
        )
        step = import_module("tensorflow").function(layer)
        ids = import_module("tensorflow").constant(scene.ids)
        return lambda: step(ids)

    return {
        ops.DELETION: ragged(lambda scene: layers.RandomDeletion(scene.settings.rate, seed=1)),
        ops.SWAP: ragged(lambda scene: layers.RandomSwap(scene.settings.rate, seed=1)),
        ops.MASKING: masking,
    }


PEERS = (
    Peer("nlpaug", "nlpaug", "strings", _nlpaug),
    Peer("TextAttack", "textattack", "strings", _textattack),
    Peer("keras-hub", "keras_hub", "tf.function", _keras_hub, ("tensorflow",)),
)


def choose(names: Sequence[str] | None) -> tuple[list[Peer], dict[str, str]]:
    """The peers to compare with, and why the others are left out.

    Raises:
        ValueError: When a name is no peer's.
    """
    known = [peer.name for peer in PEERS]
    unknown = [name for name in names or () if name.lower() not in [one.lower() for one in known]]
    if unknown:
        raise ValueError(f"benchmark expects peers among {', '.join(known)}. Received: {', '.join(unknown)}.")
    chosen, left = [], {}
    for peer in PEERS:
        if names is not None and peer.name.lower() not in [name.lower() for name in names]:
            left[peer.name] = "left out"
        elif importlib.util.find_spec(peer.package) is None:
            left[peer.name] = f"is not installed: pip install {peer.package.replace('_', '-')}"
        elif keras.backend.backend() not in peer.backends:
            left[peer.name] = f"runs under {', '.join(peer.backends)}"
        else:
            chosen.append(peer)
    return chosen, left


def our_ways() -> dict[str, Callable[..., Any]]:
    """Name to how a layer is called."""
    return ways()

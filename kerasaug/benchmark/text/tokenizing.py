"""kerasaug from strings to ids: tensorflow-text's tokenizer in front, as libraries of strings begin with strings."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import keras

from kerasaug.benchmark.text.scene import CLS, PAD, SEP, SPECIAL, Scene

PLACE = "strings, tokenized by tensorflow-text"


def tokenizer(scene: Scene) -> Callable[[Any], dict[str, Any]]:
    """From a tensor of strings to a batch: WordPiece, [CLS] and [SEP], padding.

    Raises:
        ImportError: When tensorflow-text is not installed.
    """
    tf, text = import_module("tensorflow"), import_module("tensorflow_text")
    pieces = text.FastWordpieceTokenizer(
        vocab=scene.words, unknown_token=SPECIAL[1], no_pretokenization=False, support_detokenization=False
    )

    @tf.function(autograph=False)
    def tokenize(strings: Any) -> dict[str, Any]:
        ids = tf.cast(pieces.tokenize(strings), tf.int32)[:, : scene.length - 2]
        first, last = (tf.RaggedTensor.from_tensor(tf.fill((len(scene.texts), 1), one)) for one in (CLS, SEP))
        ids = tf.concat([first, ids, last], axis=1).to_tensor(PAD, shape=(None, scene.length))
        return {"token_ids": ids, "padding_mask": tf.cast(ids != PAD, tf.int32)}

    return tokenize


def with_tokenizing(scene: Scene, layer: Any) -> Callable[[], Any]:
    """A call from strings to augmented ids."""
    tf = import_module("tensorflow")
    tokenize, strings = tokenizer(scene), tf.constant(scene.texts)
    native = keras.backend.backend() == "tensorflow"

    def call() -> Any:
        batch = tokenize(strings)
        return layer(batch if native else {name: value.numpy() for name, value in batch.items()})

    return call

"""One line per op on sequences: tokens, their vectors, and bags of words."""

from typing import Any

import keras
import numpy as np
from case import Case, PlainCase, TokenCase

from kerasaug import Pipeline
from kerasaug import layers as L
from kerasaug.layers import RandomDeletion, SynonymReplacement, WordDropout

_IDS = np.arange(40)[:, None]
TAGS = ["O", "E-A", "B-A", "B-B", "I-A"]  # of which no two that follow each other in number are of one segment
BY_LABEL = [[10, 11, 12], [13, 14], [15, 16, 17, 18], [19], [20, 21]]  # tokens of each
BANK = {"A": [[22, 23], [24, 25, 26], [[27, 28], 29, 30, 31]]}
NEEDS_LABELS = {"bare": "it reads labels, and says so where there are none"}
SYNONYMS = np.where(_IDS < 10, _IDS, 10 + (_IDS + np.array([[7, 13]])) % 30)  # two of each token from 10 on


def edits(padding_side: str = "right", **arguments: Any) -> Pipeline:
    """Every op that edits tokens."""
    own: dict[str, Any] = {"special_token_ids": [1, 2], "padding_side": padding_side}
    layers = [
        RandomDeletion(0.3, **own),
        SynonymReplacement(0.3, SYNONYMS, **own),
        WordDropout(0.2, 3, **own),
        L.TfIdfReplacement(0.2, np.arange(40) / 10, np.ones(40), **own),
        L.EasyDataAugmentation(SYNONYMS, **own),
        L.RandomSwap(0.2, **own),
        L.RandomInsertion(0.2, SYNONYMS, **own),
        L.RandomPunctuation([5, 6], **own),
        L.RandomSequenceCrop(rate=0.3, **own),
        L.RandomMasking(40, 0.3, 4, **own),
        L.SpanCorruption(200, **own),
        L.TokenShuffling(0.5, **own),
    ]
    return Pipeline(layers, **arguments)


def vectors(**arguments: Any) -> Pipeline:
    """Every op on sequences of vectors."""
    return Pipeline([L.TokenCutoff(0.5), L.SpanCutoff(0.3), L.FeatureCutoff(0.5), L.EmbeddingMixUp(1.0)], **arguments)


def spans(**arguments: Any) -> Pipeline:
    """Every op that puts a partner's tokens into a sequence."""
    own: dict[str, Any] = {"special_token_ids": [1, 2]}
    return Pipeline([L.TokenCutMix(**own), L.SSMix(0.3, **own)], **arguments)


def bags(**arguments: Any) -> Pipeline:
    """Every op on bags of words."""
    return Pipeline([L.CountDropout(0.5), L.CountMixUp(1.0)], **arguments)


_BATCH = {"unbatched": "mixing needs a batch"}
_SALIENT = _BATCH | {"bare": "it reads saliency, and says so where there is none"}


def tagging(padding_side: str = "right", **arguments: Any) -> Pipeline:
    """Every op that reads labels of named entities."""
    own: dict[str, Any] = {"special_token_ids": [1, 2], "padding_side": padding_side}
    layers = [
        L.ShuffleWithinSegments(0.7, TAGS, **own),
        L.LabelwiseTokenReplacement(0.5, BY_LABEL, **own),
        L.MentionReplacement(0.7, BANK, TAGS, **own),
    ]
    return Pipeline(layers, **arguments)


def masked_model() -> keras.Model:
    """A small masked language model of 40 ids, in which each token sees its neighbours."""
    ids, mask = (keras.Input((None,), dtype="int32", name=name) for name in ("token_ids", "padding_mask"))
    draw = keras.initializers.RandomNormal
    seen = keras.layers.Add()(
        [keras.layers.Embedding(size, 6, draw(0, 1, i))(one) for i, (size, one) in enumerate([(40, ids), (2, mask)])]
    )
    seen = keras.layers.Conv1D(6, 3, padding="same", kernel_initializer=draw(0, 1, 4))(seen)
    logits = keras.layers.Dense(40, kernel_initializer=draw(0, 1, 5))(seen)
    return keras.Model({"token_ids": ids, "padding_mask": mask}, logits)


def guessing(padding_side: str = "right", **arguments: Any) -> Pipeline:
    """Every op that holds a model."""
    return Pipeline(
        [L.ContextualReplacement(0.5, masked_model(), 4, special_token_ids=[1, 2], padding_side=padding_side)],
        **arguments,
    )


_FOREIGN = "a model of another backend does not run in TensorFlow's map"
NATIVE_MAPS = {} if keras.backend.backend() == "tensorflow" else {"dataset": _FOREIGN, "lengths": _FOREIGN}

SEQUENCE_CASES: list[Case] = [
    TokenCase(L.ContextualReplacement, but=NATIVE_MAPS, rate=0.5, model=masked_model(), mask_token_id=4),
    PlainCase(guessing, but=NATIVE_MAPS),
    TokenCase(L.ShuffleWithinSegments, but=NEEDS_LABELS, rate=0.7, labels=TAGS),
    TokenCase(L.LabelwiseTokenReplacement, but=NEEDS_LABELS, rate=0.5, tokens=BY_LABEL),
    TokenCase(L.MentionReplacement, but=NEEDS_LABELS, rate=0.7, bank=BANK, labels=TAGS),
    PlainCase(tagging, but=NEEDS_LABELS),
    TokenCase(RandomDeletion, rate=0.5),
    TokenCase(SynonymReplacement, rate=0.5, synonyms=SYNONYMS),
    TokenCase(WordDropout, rate=0.5, unknown_token_id=3),
    TokenCase(L.TfIdfReplacement, rate=0.5, idf=np.arange(40) / 10, replacement_weights=np.ones(40)),
    TokenCase(L.EasyDataAugmentation, synonyms=SYNONYMS, alpha_sr=0.4, alpha_rs=0.4, p_rd=0.4),
    TokenCase(L.RandomSwap, rate=0.5),
    TokenCase(L.RandomInsertion, rate=0.5, synonyms=SYNONYMS),
    TokenCase(L.RandomPunctuation, punctuation_ids=[5, 6]),
    TokenCase(L.RandomSequenceCrop, rate=(0.2, 0.8)),
    TokenCase(L.SpanCorruption, vocabulary_size=200, noise_density=0.4, mean_noise_span_length=1.5),
    TokenCase(L.RandomMasking, vocabulary_size=40, mask_selection_rate=0.5, mask_token_id=4, count="bernoulli"),
    PlainCase(L.TokenCutoff, rate=0.5),
    PlainCase(L.SpanCutoff, rate=0.5),
    PlainCase(L.FeatureCutoff, rate=0.5),
    PlainCase(L.EmbeddingMixUp, alpha=1.0, but=_BATCH),
    PlainCase(L.CountDropout, rate=0.5),
    PlainCase(L.CountMixUp, alpha=1.0, but=_BATCH),
    TokenCase(L.TokenShuffling, rate=1.0),
    TokenCase(L.TokenCutMix, but=_BATCH),
    TokenCase(L.SSMix, rate=0.4, but=_SALIENT),
    PlainCase(spans, but=_SALIENT | {"fit": "the step computes no saliency"}),
    PlainCase(edits),
    PlainCase(bags, but=_BATCH),
    PlainCase(vectors, but=_BATCH),
]
# Together they hold every op.
SEQUENCE_PIPELINES = [case for case in SEQUENCE_CASES if case.make in (edits, vectors, tagging, guessing, spans, bags)]

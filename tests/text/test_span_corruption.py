"""Corruption of spans: against T5's preprocessors in NumPy, by given noise, and T5's numbers and lengths of spans."""

import keras
import numpy as np
import pytest
from contract_tools import to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasaug
from kerasaug.layers import SpanCorruption
from kerasaug.ops.tokens.spans import most_noise, noise_counts

SIZE, END = 1000, 1
WIDTH = 12


def corruption(**arguments):
    return SpanCorruption(**{"vocabulary_size": SIZE, "end_token_id": END, "special_token_ids": [END]} | arguments)


def rows(lengths, width, left=False, end=True):
    """Sequences of a length each, with an end, padded on either side; nothing at all for -1."""
    ids = np.zeros((len(lengths), width), "int32")
    for row, length in zip(ids, lengths, strict=True):
        own = np.concatenate([10 + np.arange(length), [END] * end])[:width] if length >= 0 else np.zeros(0)
        row[width - len(own) if left else 0 : width if left else len(own)] = own
    return {"token_ids": ids, "padding_mask": ids != 0}


def filled(tokens, width, left=False):
    """A row with padding, cut to its width but for the end."""
    tokens = list(tokens)
    if len(tokens) > width:
        tokens = [*tokens[: width - 1], END]
    pad = [0] * (width - len(tokens))
    return pad + tokens if left else tokens + pad


# -- T5's functions, of one row without its end


def t5_counts(length, density, mean):
    """Noise and spans, as `random_spans_noise_mask` counts them, for two tokens or more."""
    noise = min(max(int(np.round(np.float32(length) * np.float32(density))), 1), length - 1)
    return noise, max(int(np.round(np.float32(noise) / np.float32(mean))), 1)


def t5_sentinels(tokens, noise):
    """`noise_span_to_unique_sentinel`: each run of noise becomes one sentinel, the last id first."""
    result, sentinel, before = [], SIZE, False
    for token, one in zip(tokens, noise, strict=True):
        if one and not before:
            sentinel -= 1
            result.append(sentinel)
        elif not one:
            result.append(token)
        before = one
    return result


def t5_targets(tokens, noise):
    """`nonnoise_span_to_unique_sentinel`, where what is no noise comes first and noise last."""
    return t5_sentinels(tokens, ~noise)


def t5_segments(rng, items, segments):
    """`_random_segmentation`: lengths of so many segments."""
    cuts = rng.permutation(np.arange(items - 1) < segments - 1)
    return np.bincount(np.concatenate([[0], np.cumsum(cuts)]))


def t5_noise(rng, length, density, mean):
    noise, spans = t5_counts(length, density, mean)
    others, own = t5_segments(rng, length - noise, spans), t5_segments(rng, noise, spans)
    return np.repeat(np.tile([False, True], spans), np.stack([others, own], axis=1).reshape(-1))


LAYER = corruption(decoder_sequence_length=WIDTH)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    lengths=st.lists(st.integers(-1, WIDTH - 1), min_size=3, max_size=3),
    left=st.booleans(),
    end=st.booleans(),
    seed=st.integers(0, 999),
)
def test_given_noise_makes_t5s_inputs_and_targets(lengths, left, end, seed):
    rng, data = np.random.default_rng(seed), rows(lengths, WIDTH, left, end)
    noise = np.zeros((3, WIDTH), bool)
    for row, ids, length in zip(noise, data["token_ids"], lengths, strict=True):
        if length > 1:
            row[np.flatnonzero(ids >= 10)] = t5_noise(rng, length, rng.uniform(0.1, 0.6), 2.0)
    result = to_numpy(LAYER.apply(data, {"noise": noise}))
    for i, (ids, row) in enumerate(zip(data["token_ids"], noise, strict=True)):
        own = ids >= 10
        ending = [END] * bool(own.any() or END in ids)
        encoder = t5_sentinels(ids[own], row[own]) + ending
        targets = [*t5_targets(ids[own], row[own]), END] if row.any() else []
        padded_left = left and ids[0] == 0  # a full row does not say on which side
        assert result["token_ids"][i].tolist() == filled(encoder, WIDTH, padded_left)
        assert result["padding_mask"][i].tolist() == (result["token_ids"][i] != 0).tolist()
        assert result["target_ids"][i].tolist() == filled(targets, WIDTH)
        assert result["target_weights"][i].tolist() == [1.0] * len(targets) + [0.0] * (WIDTH - len(targets))
        assert result["decoder_token_ids"][i].tolist() == [0, *result["target_ids"][i][:-1]]
        assert result["decoder_padding_mask"][i].tolist() == [True, *(result["target_weights"][i][:-1] > 0)]


@pytest.mark.parametrize(("density", "mean", "most"), [(0.15, 3.0, 100), (0.5, 3.0, 100), (0.3, 1.0, 9)])
def test_as_much_noise_in_as_many_spans_as_in_t5(density, mean, most):
    lengths = np.arange(0, 600)
    given = keras.ops.convert_to_tensor(lengths.astype("int32"))
    result = [to_numpy(one) for one in noise_counts(given, keras.ops.full((600,), density), mean, most)]
    expected = [(0, 0), (0, 0)] + [t5_counts(length, density, mean) for length in lengths[2:]]
    expected = [(noise, min(spans, most, noise, n - noise)) for n, (noise, spans) in enumerate(expected)]
    assert np.stack(result, axis=1).tolist() == [list(pair) for pair in expected]
    assert [most_noise(n, density, mean, most) for n in lengths] == expected


@pytest.mark.parametrize(("inputs", "expected"), [(512, (568, 114)), (114, (126, 26)), (256, (284, 58))])
def test_lengths_are_t5s(inputs, expected):
    """568 and 114 are those that T5 was trained with; the others come of the reference below."""

    def both(length):
        noise = round(length * 0.15)
        spans = round(noise / 3.0)
        return length - noise + spans + 1, noise + spans + 1

    length = max(n for n in range(2, 1000) if both(n)[0] <= inputs)
    assert (length, both(length)[1]) == expected
    assert corruption().lengths_for(inputs) == expected


# -- draws


def noise_of(result, before):
    """Which tokens the targets tell, of rows that hold each token once, and in which spans."""
    told = [[int(one) for one in row if one >= 10] for row in result["target_ids"]]
    spans = [[len(part) for part in _split(row)] for row in told]
    return np.stack([np.isin(ids, row) for ids, row in zip(before, told, strict=True)]), spans


def _split(told):
    parts = []
    for one in told:
        if one > SIZE - 101:
            assert one == SIZE - 1 - len(parts)
            parts.append([])
        else:
            parts[-1].append(one)
    return parts


@pytest.fixture(scope="module")
def many():
    """Drawn once: 2048 sequences of 40 tokens, 12 of them noise in 4 spans."""
    data, layer = rows([40] * 2048, 42), corruption(noise_density=0.3)
    result = to_numpy(layer.apply(data, layer.draw(data, seed=3)))
    return data, result, *noise_of(result, data["token_ids"])


def test_spans_are_as_long_as_t5s(many):
    """Every way to cut 12 into 4 is as likely: the first is j long in C(11-j, 2) of C(11, 3) ways."""
    _, _, noise, spans = many
    assert (noise.sum(axis=1) == 12).all()
    assert {len(row) for row in spans} == {4}
    assert not [row for row in spans if min(row) < 1]
    lengths, rng = np.bincount(np.concatenate(spans), minlength=13), np.random.default_rng(0)
    theirs = np.bincount(np.concatenate([t5_segments(rng, 12, 4) for _ in range(2048)]), minlength=13)
    assert abs(lengths - theirs)[:10].max() < 4.5 * (2 * theirs.max()) ** 0.5
    first = np.bincount([row[0] for row in spans], minlength=13)[1:10]
    odds = np.array([(11 - j + 0) * (10 - j) / 2 for j in range(1, 10)]) / 165
    assert (abs(first - 2048 * odds) < 4.5 * np.sqrt(2048 * odds * (1 - odds)) + 1).all()


def test_spans_lie_anywhere_and_the_end_is_never_touched(many):
    """One span of 3 in 8 tokens begins at each of six places as often; many spans cover the middle evenly."""
    _, result, noise, _ = many
    assert not noise[:, 40:].any()
    assert (result["token_ids"] == END).sum() == 2048
    inner = noise[:, 8:32].sum(axis=0)
    assert abs(inner / inner.mean() - 1).max() < 0.15
    assert noise[:, 0].any()
    assert not noise[:, 39].all()
    data, layer = rows([8] * 2048, 9), corruption(noise_density=0.375)
    one, _ = noise_of(to_numpy(layer.apply(data, layer.draw(data, seed=4))), data["token_ids"])
    starts = np.bincount(one.argmax(axis=1), minlength=6)
    assert len(starts) == 6
    assert (abs(starts - 2048 / 6) < 4.5 * (2048 * 5 / 36) ** 0.5).all()


def test_together_inputs_and_targets_tell_the_whole(many):
    data, result, _, _ = many
    for before, row, told in zip(data["token_ids"][:200], result["token_ids"], result["target_ids"], strict=False):
        parts = iter(_split([one for one in told if one >= 10]))
        whole = [token for one in row if one for token in (next(parts) if one > SIZE - 101 else [one])]
        assert whole == [one for one in before if one]


def test_a_span_ends_before_what_must_stay():
    data = rows([20] * 256, 21)
    data["token_ids"][:, 10] = 5
    data["segment_ids"] = np.repeat((np.arange(21) >= 15).astype("int32")[None], 256, axis=0)
    layer = corruption(noise_density=0.6, mean_noise_span_length=6.0, skip_list=[5])
    result = to_numpy(layer.apply(data, layer.draw(data, seed=5)))
    noise, spans = noise_of(result, data["token_ids"])
    assert not noise[:, 10].any()
    assert not (noise[:, 9] & noise[:, 11] & noise[:, 8] & noise[:, 12]).all()
    for row, lengths in zip(noise, spans, strict=True):
        pieces = [part for part in np.split(row, [10, 11, 15])]
        runs = sum(int((np.diff(np.concatenate([[0], part.astype(int)])) > 0).sum()) for part in pieces)
        assert runs == len(lengths) <= 2  # round(19 * .6) = 11 in round(11 / 6) = 2


def test_whole_words_are_noise():
    each = np.repeat(np.arange(8), [1, 3, 2, 1, 4, 2, 1, 2]).astype("int32")
    data = {"token_ids": np.repeat(10 + np.arange(16)[None], 128, axis=0).astype("int32")}
    data["word_ids"] = np.repeat(each[None], 128, axis=0)
    layer = corruption(noise_density=0.4, mean_noise_span_length=1.5, unit="word")
    result = to_numpy(layer.apply(data, layer.draw(data, seed=6)))
    noise, spans = noise_of(result, data["token_ids"])
    per_word = np.stack([noise[:, each == i].mean(axis=1) for i in range(8)], axis=1)
    assert set(np.unique(per_word)) == {0.0, 1.0}
    assert (per_word.sum(axis=1) == 3).all()
    assert {len(row) for row in spans} == {2}
    assert result["target_ids"].shape == (128, 17)


# -- what comes out


def test_what_moves_with_tokens_moves_with_those_that_stay():
    data = rows([8], 12, left=True)
    at = np.arange(12, dtype="int32")[None]
    data |= {"token_labels": at + 100, "word_ids": at, "offsets": np.stack([at, at + 1], axis=-1)}
    data |= {"start_positions": np.array([10]), "end_positions": np.array([10]), "notes": at}
    noise = np.isin(data["token_ids"], [12, 13, 14])
    layer = corruption(aligned={"notes": -7})
    result = to_numpy(layer.apply(data, {"noise": noise}))
    assert result["token_ids"].tolist() == [[0, 0, 0, 0, 0, 10, 11, 999, 15, 16, 17, END]]
    assert result["token_labels"].tolist() == [[100, 101, 102, -100, -100, 103, 104, -100, 108, 109, 110, 111]]
    assert result["word_ids"].tolist() == [[0, 1, 2, -1, -1, 3, 4, -1, 8, 9, 10, 11]]
    assert result["notes"].tolist() == [[0, 1, 2, -7, -7, 3, 4, 5, 8, 9, 10, 11]]
    assert result["offsets"][0, 8].tolist() == [8, 9]
    assert (result["start_positions"].tolist(), result["end_positions"].tolist()) == ([10], [10])


@pytest.mark.parametrize("width", [5, 9, 12])
def test_rows_are_cut_and_lengthened_and_keep_their_end(width):
    sides = [rows([7, 2, -1], 9, left) for left in (False, True)]
    data = {name: np.concatenate([one[name] for one in sides]) for name in sides[0]}
    layer = corruption(encoder_sequence_length=width, decoder_sequence_length=3)
    result = to_numpy(layer.apply(data, {"noise": np.isin(data["token_ids"], [12, 13])}))
    expected = [[10, 11, 999, 14, 15, 16, END], [10, 11, END], []]
    assert result["token_ids"].tolist() == [filled(one, width, left) for left in (False, True) for one in expected]
    assert result["target_ids"].tolist() == [[999, 12, END], [0, 0, 0], [0, 0, 0]] * 2
    assert layer.compute_output_shape((3, 9)) == (3, width)


def test_at_inference_nothing_is_corrupted_and_nothing_is_to_be_learned():
    data, layer = rows([7, 2, -1], 9, left=True), corruption(encoder_sequence_length=12)
    clean = to_numpy(layer(data, training=False))
    assert clean["token_ids"].tolist() == [filled(row[row > 0], 12, left=True) for row in data["token_ids"]]
    assert not clean["target_weights"].any()
    assert clean["decoder_padding_mask"].sum(axis=1).tolist() == [1, 1, 1]


@pytest.mark.parametrize("arguments", [{}, {"decoder_inputs": False, "encoder_sequence_length": 8}], ids=str)
def test_a_spec_says_what_is_made(arguments):
    layer, data = corruption(noise_density=(0.1, 0.4), **arguments), {"token_ids": rows([7, 3], 9)["token_ids"]}
    data["segment_ids"] = np.zeros((2, 9), "int32")
    for one in (data, data["token_ids"][0]):
        spec = layer.compute_output_spec(keras.tree.map_structure(lambda v: keras.KerasTensor(v.shape, v.dtype), one))
        result = layer(one)
        assert {k: (v.shape, v.dtype) for k, v in spec.items()} == {
            k: (tuple(v.shape), keras.backend.standardize_dtype(v.dtype)) for k, v in result.items()
        }
        assert ("decoder_token_ids" in result) == ("decoder_inputs" not in arguments)


def test_an_encoder_and_a_decoder_train_from_inputs_alone_under_keras_hubs_names():
    names = {"token_ids": "encoder_token_ids", "padding_mask": "encoder_padding_mask"}
    taken = [*names.values(), "decoder_token_ids", "decoder_padding_mask"]
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in taken}
    embed = keras.layers.Embedding(SIZE, 8)
    context = keras.layers.GlobalAveragePooling1D(keepdims=True)(embed(inputs["encoder_token_ids"]))
    scores = keras.layers.Dense(SIZE)(embed(inputs["decoder_token_ids"]) + context)
    layer = corruption(keys=names, seed=1)
    model = kerasaug.AugmentedModel(keras.Model(inputs, scores), layer, keys=names)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), weighted_metrics=["accuracy"])
    data = {names[kind]: value for kind, value in rows([8] * 8, 10).items()}
    x, y, weights = model.augment(data)
    assert sorted(x) == sorted(taken)
    assert tuple(y.shape) == tuple(weights.shape) == (8, 4)
    assert np.isfinite(model.fit(data, batch_size=4, verbose=0).history["loss"]).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"vocabulary_size": None}, "vocabulary_size or sentinel_token_ids, and not both.*None"),
        ({"sentinel_token_ids": [5, 4]}, r"vocabulary_size or sentinel_token_ids, and not both.*\[5, 4\]"),
        ({"vocabulary_size": None, "sentinel_token_ids": [5, 5]}, "sentinel_token_ids, distinct ids"),
        ({"noise_density": 1.5}, "noise_density.*between 0.0 and 1.0.*1.5"),
        ({"mean_noise_span_length": 0.5}, "mean_noise_span_length, a number of 1.0 or more.*0.5"),
        ({"encoder_sequence_length": 0}, "encoder_sequence_length, a positive integer.*0"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match="SpanCorruption expects .*" + message):
        corruption(**wrong)

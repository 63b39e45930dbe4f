"""Masking of tokens to be guessed: against BERT's lists, tensorflow-text's counts, and its own odds."""

import keras
import numpy as np
import pytest
from contract_tools import to_numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.layers import RandomMasking
from kerasaug.ops.tokens.masking import listed, uniform_ids, within
from kerasaug.ops.tokens.selection import ranked

CLS, SEP, MASK, SIZE = 1, 2, 3, 64
MADE = ("mask_positions", "mask_ids", "mask_weights")


def masking(**arguments):
    return RandomMasking(
        **{"vocabulary_size": SIZE, "mask_token_id": MASK, "special_token_ids": [CLS, SEP]} | arguments
    )


LISTING = masking(mask_selection_length=14)


def rows(lengths, width, left=False):
    """Sequences of a length each, between [CLS] and [SEP], padded on either side."""
    ids = np.zeros((len(lengths), width), "int32")
    for row, length in zip(ids, lengths, strict=True):
        own = np.concatenate([[CLS], 10 + np.arange(length) % 50, [SEP]])[:width]
        row[width - len(own) if left else 0 : width if left else len(own)] = own
    return {"token_ids": ids, "padding_mask": ids != 0}


def selected(result, before):
    """Which tokens the lists name, and that they name what stood there."""
    positions, ids, weights = (np.asarray(result[name]) for name in MADE)
    which = np.zeros(before.shape, "int32")
    for row, at, was, weight in zip(range(len(before)), positions, ids, weights, strict=True):
        count = int(weight.sum())
        assert weight.tolist() == [1.0] * count + [0.0] * (len(weight) - count)
        assert (np.diff(at[:count]) > 0).all()
        assert at[count:].any() == was[count:].any() == False  # noqa: E712
        np.testing.assert_array_equal(was[:count], before[row, at[:count]])
        which[row, at[:count]] = 1
    return which.astype(bool)


# -- references


def masked_by_the_paper(tokens, taken, written, most):
    """BERT's loop over the positions that were drawn: what stands there afterwards, where they are, what they were."""
    output, positions, labels = list(tokens), [], []
    for index in sorted(np.flatnonzero(taken)):
        output[index] = written[index]
        positions.append(index)
        labels.append(tokens[index])
    fill = [0] * (most - len(positions))
    return output, positions + fill, labels + fill, [1.0] * len(positions) + fill


@settings(max_examples=15, deadline=None, derandomize=True)
@given(lengths=st.lists(st.integers(0, 10), min_size=3, max_size=3), left=st.booleans(), seed=st.integers(0, 99))
def test_given_positions_make_berts_lists(lengths, left, seed):
    data, rng = rows(lengths, 12, left), np.random.default_rng(seed)
    ids = data["token_ids"]
    taken = (rng.random(ids.shape) < 0.4) & (ids >= 10)
    written = rng.integers(0, SIZE, ids.shape).astype("int32")
    result = to_numpy(LISTING.apply(data, {"taken": taken, "written": written}))
    for i, row in enumerate(ids):
        expected = masked_by_the_paper(row, taken[i], written[i], 14)
        for name, one in zip(("token_ids", *MADE), expected, strict=True):
            np.testing.assert_array_equal(result[name][i], one, err_msg=name)


def test_as_many_are_selected_as_in_bert():
    lengths = np.arange(0, 120)
    data, layer = rows(lengths, 122), masking()
    result = to_numpy(layer.apply(data, layer.draw(data, seed=1)))
    which = selected(result, data["token_ids"])
    assert result["mask_ids"].shape[1] == round(0.15 * 122)
    assert not which[data["token_ids"] < 10].any()
    expected = [min(n, max(1, round(n * 0.15))) for n in lengths]
    assert which.sum(axis=1).tolist() == expected


def test_counts_and_lists_are_those_of_tensorflow_text_where_both_round_alike():
    text = pytest.importorskip("tensorflow_text")
    tf = pytest.importorskip("tensorflow")
    data, layer = rows([20, 40, 60, 80], 82), masking(mask_selection_length=16)
    chooser = text.MaskValuesChooser(SIZE, MASK)
    selector = text.RandomItemSelector(16, selection_rate=0.15, unselectable_ids=[0, CLS, SEP])
    _, positions, ids = text.mask_language_model(tf.RaggedTensor.from_tensor(data["token_ids"]), selector, chooser)
    result = to_numpy(layer.apply(data, layer.draw(data, seed=2)))
    assert result["mask_weights"].sum(axis=1).tolist() == positions.row_lengths().numpy().tolist()
    given = np.zeros((4, 82), bool)
    for row, at in zip(given, positions.to_list(), strict=True):
        row[at] = True
    same = to_numpy(layer.apply(data, {"taken": given, "written": data["token_ids"]}))
    np.testing.assert_array_equal(same["mask_positions"], positions.to_tensor(shape=(4, 16)).numpy())
    np.testing.assert_array_equal(same["mask_ids"], ids.to_tensor(shape=(4, 16)).numpy())


def test_a_bare_tensor_gives_what_keras_hub_gives():
    hub = pytest.importorskip("keras_hub")
    arguments = {"vocabulary_size": SIZE, "mask_selection_rate": 0.2, "mask_token_id": MASK, "mask_selection_length": 5}
    arguments["unselectable_token_ids"] = [0, CLS, SEP]
    ids = rows([9, 4], 12)["token_ids"]
    theirs = to_numpy(hub.layers.MaskedLMMaskGenerator(**arguments)(ids))
    ours = to_numpy(RandomMasking(**arguments)(ids))
    one = to_numpy(RandomMasking(**arguments)(ids[0]))
    assert set(ours) == set(theirs) == set(one)
    for name in MADE:
        assert ours[name].shape == theirs[name].shape
        assert ours[name].dtype.kind == theirs[name].dtype.kind
        assert one[name].shape == (5,)


# -- odds


@pytest.fixture(scope="module")
def many():
    """Drawn once: 2048 sequences of 30 tokens."""
    layer, data = masking(mask_selection_rate=0.4), rows([30] * 2048, 32)
    result = to_numpy(layer.apply(data, layer.draw(data, seed=3)))
    return data["token_ids"], result["token_ids"], selected(result, data["token_ids"])


def close(count, total, share):
    """Within four and a half deviations of a binomial count."""
    return abs(count - total * share) < 4.5 * (total * share * (1 - share)) ** 0.5


def test_eight_of_ten_become_the_mask_token_one_another_and_one_stays(many):
    before, after, which = many
    total = which.sum()
    assert total == 2048 * 12
    assert close((after == MASK).sum(), total, 0.8)
    others = SIZE - 4  # a random token may be the very one that was there
    assert close((which & (after == before)).sum(), total, 0.1 + 0.1 / others)
    assert (after == before)[~which].all()


def test_every_position_is_as_likely(many):
    _, _, which = many
    counts = which.sum(axis=0)[1:31]
    assert close(counts, 2048, 0.4).all()
    together = (which[:, 1:30] & which[:, 2:31]).sum(axis=0)  # two of a kind, drawn without putting back
    assert close(together, 2048, 0.4 * 11 / 29).all()


def test_random_tokens_are_uniform_and_never_special(many):
    before, after, which = many
    drawn = after[(after != MASK) & (after != before)]
    counts = np.bincount(drawn, minlength=SIZE)
    assert counts[:4].tolist() == [0, 0, 0, 0]
    free = np.concatenate([counts[4:10], counts[40:]])  # ids that no sequence holds
    assert close(free, which.sum(), 0.1 / 60).all()
    assert close(free.sum(), which.sum(), 0.1 * len(free) / 60)


@pytest.mark.parametrize("excluded", [[], [0, 2, 3, 9], list(range(0, 60, 3))], ids=len)
def test_ids_are_drawn_from_all_others(excluded):
    bits = keras.ops.convert_to_tensor(np.random.default_rng(0).integers(-(2**31), 2**31, 60_000).astype("int32"))
    counts = np.bincount(to_numpy(uniform_ids(bits, 60, excluded)), minlength=60)
    others = np.setdiff1d(np.arange(60), excluded)
    assert counts.sum() == counts[others].sum()
    assert len(counts) == 60
    assert close(counts[others], 60_000, 1 / len(others)).all()


def test_coins_are_tossed_for_each():
    layer, data = masking(mask_selection_rate=(0.1, 0.5), count="bernoulli"), rows([30] * 1024, 32)
    params = layer.draw(data, seed=4)
    counts = to_numpy(layer.apply(data, params))["mask_weights"].sum(axis=1)
    rates = to_numpy(params["rate"])
    assert 0.1 <= rates.min() < 0.11 < 0.49 < rates.max() <= 0.5
    z = (counts - 30 * rates) / np.sqrt(30 * rates * (1 - rates))
    assert abs(z.mean()) < 4.5 / 32
    assert abs(z.std() - 1) < 0.1
    few = masking(mask_selection_rate=0.5, count="bernoulli", mask_selection_length=4)
    assert to_numpy(few(data))["mask_weights"].sum(axis=1).max() == 4


# -- words


def words(lengths):
    """A sequence of words of so many tokens each, between specials."""
    each = np.repeat(np.arange(len(lengths)), lengths)
    word_ids = np.concatenate([[-1], each, [-1]]).astype("int32")
    return {"token_ids": np.where(word_ids < 0, CLS, 10 + word_ids).astype("int32"), "word_ids": word_ids}


def test_whole_words_are_selected_and_none_is_cut():
    one = words([1, 3, 2, 1, 4, 2, 1, 2])
    data = {name: np.repeat(value[None], 64, axis=0) for name, value in one.items()}
    layer = masking(mask_selection_rate=0.5, unit="word")
    which = selected(to_numpy(layer.apply(data, layer.draw(data, seed=5))), data["token_ids"])
    per_word = np.stack([which[:, one["word_ids"] == i].mean(axis=1) for i in range(8)], axis=1)
    assert set(np.unique(per_word)) == {0.0, 1.0}
    assert (per_word.sum(axis=1) == 4).all()
    assert close(per_word.sum(axis=0), 64, 0.5).all()
    tight = masking(mask_selection_rate=0.5, unit="word", mask_selection_length=5)
    which = selected(to_numpy(tight.apply(data, tight.draw(data, seed=5))), data["token_ids"])
    per_word = np.stack([which[:, one["word_ids"] == i].mean(axis=1) for i in range(8)], axis=1)
    assert set(np.unique(per_word)) == {0.0, 1.0}
    assert which.sum(axis=1).max() == 5


@pytest.mark.parametrize("most", [0, 5, 12])
def test_words_are_taken_in_order_of_rank_until_one_does_not_fit(most):
    rng = np.random.default_rng(most)
    bits, sizes = rng.integers(-(2**31), 2**31, (64, 6)).astype("int32"), rng.integers(1, 5, (64, 6)).astype("int32")
    which = rng.random((64, 6)) < 0.7
    expected, rank = np.zeros_like(which), to_numpy(ranked(keras.ops.convert_to_tensor(bits)))
    for row in range(64):
        order = [i for i in np.argsort(rank[row]) if which[row, i]]
        expected[row, order] = np.cumsum(sizes[row, order]) <= most
    result = within(*(keras.ops.convert_to_tensor(one) for one in (bits, which, sizes)), most)
    np.testing.assert_array_equal(to_numpy(result), expected)


# -- what comes out


def test_labels_of_tokens_for_a_token_classifier():
    data, layer = rows([8, 3], 10), masking(targets="token_labels", mask_selection_rate=0.5, ignore_class=-1)
    result = to_numpy(layer.apply(data, layer.draw(data, seed=6)))
    assert set(result) == {*data, "token_labels"}
    labelled = result["token_labels"] != -1
    assert labelled.sum(axis=1).tolist() == [4, 2]
    np.testing.assert_array_equal(result["token_labels"][labelled], data["token_ids"][labelled])
    np.testing.assert_array_equal(result["token_ids"][~labelled], data["token_ids"][~labelled])
    assert (to_numpy(layer(data, training=False))["token_labels"] == -1).all()
    with pytest.raises(ValueError, match=r"makes token_labels and expects none.*\(2, 10\)"):
        layer({**data, "token_labels": data["token_ids"]})


@pytest.mark.parametrize("arguments", [{}, {"mask_selection_length": 12}, {"targets": "token_labels"}], ids=str)
def test_a_spec_says_what_is_made_and_inference_has_the_same(arguments):
    data, layer = rows([8, 3], 10), masking(**arguments)
    for one in (data, data["token_ids"][0]):
        spec = layer.compute_output_spec(keras.tree.map_structure(lambda v: keras.KerasTensor(v.shape, v.dtype), one))
        for training in (True, False):
            result = layer(one, training=training)
            assert {k: (v.shape, v.dtype) for k, v in spec.items()} == {
                k: (tuple(v.shape), keras.backend.standardize_dtype(v.dtype)) for k, v in result.items()
            }
    clean = to_numpy(layer(data, training=False))
    np.testing.assert_array_equal(clean["token_ids"], data["token_ids"])
    assert not np.any(clean.get("mask_weights", 0))


def test_the_mask_token_and_protected_tokens_are_not_selected():
    data = rows([10], 12)
    data["token_ids"][0, 3] = MASK
    data["protected_mask"] = (np.arange(12) == 5)[None]
    layer = masking(mask_selection_rate=1.0, skip_list=[10], unselectable_token_ids=[0, 11])
    which = selected(to_numpy(layer(data)), data["token_ids"])
    assert np.flatnonzero(which[0]).tolist() == [4, 6, 7, 8, 9, 10]


def test_lists_are_as_long_as_they_should_be():
    which = keras.ops.convert_to_tensor(np.array([[True, False, True], [False, False, False]]))
    for width in (1, 2, 5):
        positions, there = (to_numpy(one) for one in listed(which, width))
        assert positions.tolist() == [([0, 2] + [0] * 5)[:width], [0] * width]
        assert there.tolist() == [([True, True] + [False] * 5)[:width], [False] * width]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mask_token_id": SIZE}, r"mask_token_id, an integer from 0 to 63.*mask_token_id=64"),
        ({"mask_token_id": None}, r"mask_token_id, an integer from 0 to 63.*mask_token_id=None"),
        ({"mask_selection_rate": 1.5}, "mask_selection_rate.*between 0.0 and 1.0.*1.5"),
        ({"mask_token_rate": 0.9, "random_token_rate": 0.2}, "of 1 or less together.*0.9.*0.2"),
        ({"mask_selection_length": 0}, "mask_selection_length, a positive integer.*0"),
        ({"targets": "labels"}, "targets to be one of.*positions.*token_labels.*labels"),
        ({"count": "all"}, "count to be one of.*all"),
        ({"vocabulary_size": 4}, "tokens to draw from.*vocabulary_size=4"),
        ({"unselectable_token_ids": [-1]}, "unselectable_token_ids, a list of token ids"),
    ],
)
def test_wrong_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match="RandomMasking expects .*" + message):
        masking(**wrong)

"""What every op on token sequences promises beyond the contract of all: what moves together, and what never moves."""

import keras
import numpy as np
import pytest
from cases import every_case
from contract_tools import assert_same, compiled_backends, differs, to_numpy, token_sample, tokens, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st
from sequence_cases import SEQUENCE_CASES, SEQUENCE_PIPELINES

import kerasaug

TOKEN_CASES = [case for case in SEQUENCE_CASES if case.shared().main == "token_ids"]
EDITING = [case for case in TOKEN_CASES if not case.shared().mixes]  # a partner's tokens join other segments
EDIT_PIPELINES = [case for case in SEQUENCE_PIPELINES if case.shared().main == "token_ids"]
SPECIAL = (1, 2)


def _batch(batch=4, length=10, **more):
    data = token_sample(mixes=False, batch=batch, length=length)
    return {name: value for name, value in data.items() if name != "file"} | more


def _row(ids, mask):
    return [int(one) for one, valid in zip(ids, mask, strict=True) if valid]


@every_case("special", TOKEN_CASES)
def test_special_tokens_stay_and_padding_is_one_run(case):
    layer, data = case.shared(), _batch()
    for _ in range(3):
        result = to_numpy(layer(data))
        for before, ids, mask in zip(data["token_ids"], result["token_ids"], result["padding_mask"], strict=True):
            kept = _row(ids, mask)
            assert (kept[0], kept[-1]) == (1, 2)
            assert [one for one in kept if one in SPECIAL] == [one for one in before if one in SPECIAL]
            assert mask.tolist() == sorted(mask, reverse=True)
            assert set(ids[mask == 0]) <= {0}


@every_case("sides", TOKEN_CASES)
@uncompiled()
def test_padding_at_the_beginning_mirrors_padding_at_the_end(case):
    """Of a row that is full, or that insertions filled, the layer is told on which side it is padded."""
    layer, data = case.layer(**({} if case.shared().mixes else {"padding_side": "left"})), _batch(2)
    moved = {name: np.stack([value[0], np.roll(value[1], 2, axis=0)]) for name, value in data.items() if value.ndim > 1}
    result = to_numpy(layer.apply(moved, layer.draw(moved, seed=4)))
    for ids, mask in zip(result["token_ids"], result["padding_mask"], strict=True):
        assert mask.tolist() == sorted(mask)
        assert (_row(ids, mask)[0], _row(ids, mask)[-1]) == (1, 2)
        assert set(ids[mask == 0]) <= {0}


@every_case("padding", TOKEN_CASES)
@uncompiled()
def test_a_row_of_padding_and_an_empty_batch_come_back_as_they_are(case):
    layer, data = case.shared(), _batch()
    data = {name: value.copy() for name, value in data.items()}
    data["token_ids"][1], data["padding_mask"][1] = 0, 0
    result = to_numpy(layer.apply(data, layer.draw(data, seed=1)))
    for name in ("token_ids", "padding_mask", "segment_ids", "word_ids", "offsets", "token_labels"):
        np.testing.assert_array_equal(result[name][1], data[name][1], err_msg=name)
    if not layer.mixes:
        none = {name: value[:0] for name, value in data.items()}
        assert to_numpy(layer(none))["token_ids"].shape[0] == 0


@every_case("dtypes", TOKEN_CASES)
@pytest.mark.parametrize("dtype", ["int64", "uint16"])
@uncompiled()
def test_ids_keep_their_dtype(case, dtype):
    layer, data = case.shared(), _batch()
    params = layer.draw(data, seed=2)
    expected = to_numpy(layer.apply(data, params))["token_ids"]
    ids = keras.ops.convert_to_tensor(data["token_ids"].astype(dtype))
    result = layer.apply({**data, "token_ids": ids}, params)["token_ids"]
    assert keras.backend.standardize_dtype(result.dtype) == keras.backend.standardize_dtype(ids.dtype)
    np.testing.assert_array_equal(to_numpy(result), expected)


@every_case("bare", TOKEN_CASES)
@uncompiled()
def test_a_bare_tensor_is_read_up_to_its_last_token(case):
    layer, data = case.layer(), {"token_ids": tokens(), "padding_mask": (tokens() != 0).astype("int32")}
    params = layer.draw(data, seed=2)
    bare = layer.apply(data["token_ids"], params)
    assert_same(bare["token_ids"] if isinstance(bare, dict) else bare, layer.apply(data, params)["token_ids"])


@every_case("refusals", TOKEN_CASES)
def test_what_is_no_batch_of_tokens_is_refused_by_name(case):
    layer = case.shared()
    with pytest.raises(TypeError, match=layer.name + r".*token_ids to be numbers.*(str|object|<U)"):
        layer(np.array([["a", "b"]]))
    with pytest.raises(TypeError, match=layer.name + r".*token_ids to be integers.*float32"):
        layer(np.zeros((2, 3), "float32"))
    with pytest.raises(ValueError, match=layer.name + r".*token_ids of rank 1 .*or 2"):
        layer(np.zeros((2, 3, 4), "int32"))
    with pytest.raises(ValueError, match=layer.name + r".*token_labels with an entry for each token.*\(4, 9\)"):
        layer({"token_ids": tokens(), "token_labels": np.zeros((4, 9), "int32")})
    with pytest.raises(ValueError, match=layer.name + r".*token_ids under the key 'token_ids'.*input_ids"):
        layer({"input_ids": tokens()})


@every_case("lengths", TOKEN_CASES)
def test_a_dataset_map_takes_batches_of_unknown_length(case):
    tf = pytest.importorskip("tensorflow")
    layer, batches = case.layer(), [_batch(4, 9), _batch(5, 12)]
    names = [name for name in batches[0] if name not in ("labels", "sample_weight")]
    dtypes = {name: batches[0][name].dtype for name in names}
    shapes = {name: tf.TensorSpec((None, None, *batches[0][name].shape[2:]), dtypes[name]) for name in names}
    stream = ({name: one[name] for name in names} for one in batches)
    dataset = tf.data.Dataset.from_generator(lambda: stream, output_signature=shapes)
    params = [layer.draw(one, seed=3) for one in batches]
    mapped = dataset.map(lambda batch: layer.apply(batch, layer.draw(batch, seed=3)))
    for result, one, drawn in zip(mapped, batches, params, strict=True):
        expected = to_numpy(layer.apply({name: one[name] for name in names}, drawn))
        assert_same({name: result[name].numpy() for name in names}, {name: expected[name] for name in names})


@pytest.mark.skipif(not compiled_backends, reason="torch runs eagerly")
@every_case("fit", EDIT_PIPELINES)
def test_a_tagger_trains_compiled_with_labels_that_follow(case):
    """The network looks tokens up, and the label of a token is a function of it: it can be learned only in step."""
    ids, mask = keras.Input((10,), dtype="int32"), keras.Input((10,), dtype="int32")
    scores = keras.layers.Embedding(40, 5)(ids)
    network = keras.Model({"token_ids": ids, "padding_mask": mask}, scores)
    model = kerasaug.AugmentedModel(network, case.layer(), keys={"token_labels": "y"})
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-100)
    model.compile(keras.optimizers.Adam(0.1), loss, jit_compile=True)
    data = _batch(16)
    labels = np.where(data["token_ids"] < 10, -100, data["token_ids"] % 5).astype("int32")
    x = {name: data[name] for name in ("token_ids", "padding_mask")}
    before = to_numpy([variable.value for variable in network.trainable_variables])
    history = model.fit(x, labels, batch_size=8, epochs=2, verbose=0).history["loss"]
    assert np.isfinite(history).all()
    assert differs(to_numpy([variable.value for variable in network.trainable_variables]), before)
    assert model.jit_compile is True


LENGTHS = st.integers(3, 12)


@every_case("properties", EDITING)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(ends=st.lists(LENGTHS, min_size=3, max_size=3), seed=st.integers(0, 99), pair=st.booleans())
@uncompiled()
def test_aligned_tensors_tell_of_the_same_token(case, ends, seed, pair):
    """Each token's number stands in every aligned tensor: wherever an old token went, they all say the same."""
    layer, length = case.shared(), 12
    rows = np.arange(len(ends))
    at = np.tile(np.arange(length), (len(ends), 1)).astype("int32")
    mask = at < np.array(ends)[:, None]
    ids = np.where(mask, at + 20, 0).astype("int32")
    ids[:, 0], ids[rows, np.array(ends) - 1] = 1, 2
    inner = mask & (ids >= 10)
    data = {
        "token_ids": ids,
        "padding_mask": mask,
        "segment_ids": (at >= 6).astype("int32") * pair,
        "word_ids": np.where(inner, at // 2, -1).astype("int32"),
        "offsets": np.stack([at, at + 1], axis=-1),
        "token_labels": np.where(inner, at, -100).astype("int32"),
    }
    result = to_numpy(layer.apply(data, layer.draw(data, seed=seed)))
    old = result["padding_mask"] & (result["offsets"][..., 1] == result["offsets"][..., 0] + 1)
    for i, j in zip(*np.nonzero(old), strict=True):
        place = result["offsets"][i, j, 0]
        if result["token_ids"][i, j] == data["token_ids"][i, place]:
            assert result["segment_ids"][i, j] == data["segment_ids"][i, place]
            assert result["token_labels"][i, j] == data["token_labels"][i, place]
            assert result["word_ids"][i, j] == data["word_ids"][i, place]
    if pair:
        segments = [row[valid] for row, valid in zip(result["segment_ids"], result["padding_mask"], strict=True)]
        assert all((np.diff(row) >= 0).all() for row in segments)

"""EDA: one of four edits for each text; enlarged data; and policies over layers of tokens in general."""

from functools import cache

import numpy as np
import pytest
from contract_tools import to_numpy, token_sample
from scipy import stats

from kerasaug import layers as L

IDS = np.arange(40)
SYNONYMS = np.where(IDS >= 10, 10 + (IDS + 7) % 30, IDS)[:, None]
OWN = {"special_token_ids": [1, 2]}
OPS = ["alpha_sr", "alpha_ri", "alpha_rs", "p_rd"]


@cache
def _eda(**arguments):
    return L.EasyDataAugmentation(SYNONYMS, **{**OWN, "seed": 3, **arguments})


def _texts(count, words=10, length=16):
    """[CLS], different words, [SEP] and padding."""
    ids = np.zeros((count, length), "int32")
    ids[:, 0], ids[:, words + 1] = 1, 2
    ids[:, 1 : words + 1] = 10 + 2 * np.arange(words)
    return ids


def _edit(before, after):
    """Which of the four made `after` of `before`, and how many words of it: told from the words alone."""
    old, new = (row[row >= 10].tolist() for row in (before, after))
    if old == new:
        return "none", 0
    if len(new) > len(old):
        rest = iter(new)
        assert all(one in rest for one in old)  # in order
        return "alpha_ri", len(new) - len(old)
    if len(new) < len(old):
        rest = iter(old)
        assert all(one in rest for one in new)
        return "p_rd", len(old) - len(new)
    changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    if sorted(old) == sorted(new):
        return "alpha_rs", len(changed) // 2
    assert all(b == SYNONYMS[a, 0] for a, b in changed)
    return "alpha_sr", len(changed)


def test_each_text_gets_one_edit_of_as_many_words_as_eda_says():
    ids = _texts(1200)
    layer = _eda(alpha_sr=0.25, alpha_ri=0.1, alpha_rs=0.3, p_rd=0.2)
    result = to_numpy(layer.apply(ids, layer.draw(ids, seed=1)))
    edits = [_edit(one, other) for one, other in zip(ids, result, strict=True)]
    amounts = {op: [amount for name, amount in edits if name == op] for op in [*OPS, "none"]}
    assert set(amounts["alpha_sr"]) == {2}  # max(1, ⌊0.25 · 10⌋)
    assert set(amounts["alpha_ri"]) == {1}
    assert set(amounts["alpha_rs"]) == {3}
    amounts["p_rd"] += amounts["none"]  # nothing deleted, with probability 0.8 ** 10
    assert stats.chisquare([len(amounts[op]) for op in OPS]).pvalue > 1e-3
    deleted = np.array(amounts["p_rd"])
    assert deleted.mean() == pytest.approx(2.0, abs=4 * np.sqrt(1.6 / len(deleted)))


@pytest.mark.parametrize("left", OPS)
def test_an_edit_of_alpha_0_is_left_out(left):
    ids = _texts(64)
    layer = _eda(**{op: 0.3 * (op == left) for op in OPS})
    result = to_numpy(layer.apply(ids, layer.draw(ids, seed=1)))
    assert {_edit(one, other)[0] for one, other in zip(ids, result, strict=True)} <= {left, "none"}
    assert (result != ids).any(axis=1).mean() > 0.9


def test_full_rows_have_no_room_for_insertions_and_rows_of_padding_stay():
    layer = _eda(alpha_sr=0.0, alpha_ri=0.5, alpha_rs=0.0, p_rd=0.0)
    ids = np.concatenate([_texts(2, words=14), np.zeros((1, 16), "int32"), _texts(1, words=1)])
    result = to_numpy(layer.apply(ids, layer.draw(ids, seed=1)))
    np.testing.assert_array_equal(result[:3], ids[:3])
    assert _edit(ids[3], result[3]) == ("alpha_ri", 1)


def test_expanding_gives_versions_of_each_sample_and_the_sample_itself():
    data = token_sample(mixes=False)
    data["weights"] = {"deep": np.arange(4.0)}
    layer = _eda(num_aug=3)
    result = layer.expand(data)
    assert result["file"].tolist() == [name for name in data["file"] for _ in range(4)]
    np.testing.assert_array_equal(result["weights"]["deep"], np.repeat(np.arange(4.0), 4))
    result = to_numpy({name: value for name, value in result.items() if name != "file"})
    for name in ("token_ids", "padding_mask", "token_labels", "offsets", "labels", "sample_weight"):
        np.testing.assert_array_equal(result[name][3::4], data[name], err_msg=name)
    versions = result["token_ids"].reshape(4, 4, -1)[:, :3]
    assert (versions != data["token_ids"][:, None]).any(axis=2).mean() > 0.5
    kept = result["offsets"].sum(axis=-1)[..., None] == data["offsets"].sum(axis=-1).repeat(4, axis=0)[:, None]
    for row, column, place in np.argwhere(kept & (result["padding_mask"] > 0)[..., None]):
        if result["offsets"][row, column, 1]:  # an old token, at a new place
            assert result["token_labels"][row, column] == data["token_labels"][row // 4, place]


def test_expanding_one_sample_gives_a_batch_and_lists_will_do():
    layer, ids = _eda(num_aug=2), _texts(1)[0]
    result = to_numpy(layer.expand(ids))
    assert result.shape == (3, 16)
    np.testing.assert_array_equal(result[2], ids)
    np.testing.assert_array_equal(to_numpy(layer.expand([ids.tolist()]))[2], ids)


def test_a_dataset_is_enlarged():
    tf = pytest.importorskip("tensorflow")
    data = {"token_ids": _texts(6), "name": np.array(list("abcdef"))}
    shapes = {"token_ids": tf.TensorSpec((None,), "int32"), "name": tf.TensorSpec((), tf.string)}  # of any length
    rows = [{name: value[i] for name, value in data.items()} for i in range(6)]
    dataset = tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=shapes)
    layer = _eda(num_aug=2)
    rows = list(dataset.batch(4).map(layer.expand).unbatch().as_numpy_iterator())
    assert [row["name"].decode() for row in rows] == [name for name in "abcdef" for _ in range(3)]
    np.testing.assert_array_equal([row["token_ids"] for row in rows[2::3]], data["token_ids"])
    assert any((row["token_ids"] != data["token_ids"][0]).any() for row in rows[:2])


def test_a_config_holds_no_layers():
    more = {"unit": "word", "skip_list": [11], "aligned": ["scores"], "continuation": {1: 2}}
    layer = L.EasyDataAugmentation(SYNONYMS, alpha_rs=0.0, num_aug=4, **more)
    config = layer.get_config()
    assert "layers" not in config
    again = L.EasyDataAugmentation.from_config(config)
    assert again.get_config() == config
    assert [one.skip_list for one in again.layers] == [[11]] * 4


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"one of alpha_sr, alpha_ri, alpha_rs, p_rd to be more than 0"):
        L.EasyDataAugmentation(SYNONYMS, alpha_sr=0, alpha_ri=0, alpha_rs=0, p_rd=0)
    with pytest.raises(ValueError, match=r"EasyDataAugmentation expects alpha_rs, a number between 0.0 and 1.0"):
        L.EasyDataAugmentation(SYNONYMS, alpha_rs=2)
    with pytest.raises(ValueError, match=r"EasyDataAugmentation expects num_aug, a positive integer"):
        L.EasyDataAugmentation(SYNONYMS, num_aug=0)


def _menu():
    return [L.SynonymReplacement(0.4, SYNONYMS, **OWN), L.RandomDeletion(0.4, **OWN), L.RandomSwap(0.4, **OWN)]


POLICIES = {
    "choice": lambda: L.RandomChoice(_menu(), seed=1),
    "some": lambda: L.SomeOf(_menu(), num_ops=(0, 2), seed=1),
    "order": lambda: L.RandomOrder(_menu(), seed=1),
    "nested": lambda: L.RandomChoice([L.RandomApply(_menu()[:2], p=0.5), _menu()[2]], seed=1),
}


def _tokens():
    data = {one: value for one, value in token_sample(mixes=False, batch=6).items() if one not in ("file", "labels")}
    return data | {"sample_weight": data["offsets"][..., 0].astype("float32")}


@pytest.mark.parametrize("name", POLICIES)
def test_policies_of_token_layers_move_what_is_aligned(name):
    """Weights of tokens, too, which samples have one of otherwise."""
    policy, data = POLICIES[name](), _tokens()
    result = to_numpy(policy.apply(data, policy.draw(data, seed=2)))
    old = result["padding_mask"] > 0
    np.testing.assert_array_equal(result["sample_weight"][old], result["offsets"][..., 0][old])
    assert (result["token_ids"] != data["token_ids"]).any()


def test_a_choice_of_token_layers_gives_each_sample_what_its_layer_gives():
    policy, data = POLICIES["choice"](), _tokens()
    params = policy.draw(data, seed=2)
    result, index = to_numpy(policy.apply(data, params)), to_numpy(params["index"])[:, 0]
    assert len(set(index)) > 1
    for i, layer in enumerate(policy.layers):
        drawn = {name: value[:, 0] for name, value in params["layers"][i].items()}
        alone = to_numpy(layer.apply(data, drawn))
        for name in data:
            np.testing.assert_array_equal(result[name][index == i], alone[name][index == i], err_msg=name)

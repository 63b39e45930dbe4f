"""MentionReplacement against a reference written from the paper, on lists."""

import warnings

import numpy as np
import pytest
from contract_tools import to_numpy, uncompiled
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasaug.layers import MentionReplacement
from kerasaug.layers.text.tagging import TaggingScheme

seqeval_labels = pytest.importorskip("seqeval.metrics.sequence_labeling")

BIO = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"]
BIOES = ["O", *(f"{part}-{kind}" for kind in ("PER", "LOC", "ORG") for part in "BIES")]
BANK = {"PER": [[40], [41, 42], [43, 44, 45, 46]], "LOC": [[50, [51, 52]], [53]]}
FLAT = {kind: [np.hstack(one).tolist() for one in many] for kind, many in BANK.items()}


def entities(numbers, names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return seqeval_labels.get_entities([names[number] for number in numbers])


def replaced(ids, labels, names, taken, number, room):
    """Dai and Adel, with as many of those that grow as there is room for, from the first on."""
    scheme = TaggingScheme(names)
    found = [one for one in entities(labels, names) if one[0] in BANK]
    chosen = [(kind, first, last) for kind, first, last in found if taken[first]]
    new = {first: FLAT[kind][number[first] % len(FLAT[kind])] for kind, first, last in chosen}
    growth = {first: len(new[first]) - (last - first + 1) for _, first, last in chosen}
    room -= sum(min(one, 0) for one in growth.values())
    needed = 0
    out_ids, out_labels, place, spans = [], [], 0, {first: (kind, last) for kind, first, last in chosen}
    while place < len(ids):
        fits = False
        if place in spans and growth[place] <= room:
            needed += max(growth[place], 0)
            fits = growth[place] <= 0 or needed <= room
        if fits:
            out_ids += new[place]
            out_labels += scheme.of_mention(spans[place][0], len(new[place]))
            place = spans[place][1] + 1
        else:
            out_ids.append(ids[place])
            out_labels.append(labels[place])
            place += 1
    return out_ids, out_labels


def rows(ends, seed, names, length=14):
    """Sequences between specials, mentions in them, and padding behind."""
    rng, scheme = np.random.default_rng(seed), TaggingScheme(names)
    ids, labels = np.zeros((len(ends), length), "int32"), np.full((len(ends), length), -100, "int32")
    for row, end in enumerate(ends):
        count, tags = max(end - 2, 0), []
        while len(tags) < count:
            kind = rng.choice(["O", "PER", "LOC", "ORG"])
            size = min(int(rng.integers(1, 4)), count - len(tags))
            tags += [0] if kind == "O" else scheme.of_mention(kind, size)
        ids[row, :end] = [1, *range(10, 10 + count), 2][:end]
        labels[row, 1 : 1 + count] = tags
    return {"token_ids": ids, "padding_mask": (ids > 0).astype("int32"), "token_labels": labels}


@pytest.mark.parametrize("names", [BIO, BIOES], ids=["BIO", "BIOES"])
@settings(max_examples=12, deadline=None, derandomize=True)
@given(ends=st.lists(st.integers(0, 14), min_size=1, max_size=4), seed=st.integers(0, 99))
@uncompiled()
def test_mentions_are_replaced_as_in_the_paper(names, ends, seed):
    data, rng = rows(ends, seed, names), np.random.default_rng(seed)
    shape = data["token_ids"].shape
    taken, number = rng.random(shape) < 0.7, rng.integers(0, 2, shape)
    layer = MentionReplacement(0.5, BANK, names, special_token_ids=[1, 2])
    result = to_numpy(layer.apply(data, {"taken": taken, "replacement": number}))
    for row, end in enumerate(ends):
        inner = slice(1, max(end - 1, 1))
        parts = [one[row, inner].tolist() for one in (data["token_ids"], data["token_labels"])]
        given_, drawn = taken[row, inner].tolist(), number[row, inner].tolist()
        ids, labels = replaced(*parts, names, given_, drawn, 14 - end)
        fill = 14 - len(ids) - min(end, 2)
        ends_with = [2] if end > 1 else []
        assert result["token_ids"][row].tolist() == [*([1] if end else []), *ids, *ends_with, *[0] * fill]
        tags = result["token_labels"][row]
        assert tags[min(end, 1) : min(end, 1) + len(labels)].tolist() == labels
        assert result["padding_mask"][row].sum() == len(ids) + min(end, 2)
        assert TaggingScheme(names).is_valid(tags)
        kinds = [one[0] for one in entities([one for one in tags if one >= 0], names)]
        assert kinds == [one[0] for one in entities(parts[1], names)]


LABELS = [[-100, 0, 1, -100, 2, 0, 3, 0, -100, -100, -100, -100]]
DATA = {
    "token_ids": [[1, 10, 11, 12, 13, 14, 15, 16, 2, 0, 0, 0]],
    "padding_mask": [[1] * 9 + [0] * 3],
    "word_ids": [[-1, 0, 1, 1, 2, 3, 4, 5, -1, -1, -1, -1]],
    "offsets": [[[i, i + 1] for i in range(12)]],
    "segment_ids": [[0] * 6 + [1] * 3 + [0] * 3],
    "token_labels": LABELS,
}


def applied(numbers, **arguments):
    layer = MentionReplacement(1.0, BANK, BIO, special_token_ids=[1, 2], **arguments)
    data = {name: np.array(value) for name, value in DATA.items()}
    return {name: value[0] for name, value in to_numpy(layer.apply(data, numbers)).items()}


TAKEN = {"taken": np.ones((1, 12)), "replacement": [[0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]]}


@uncompiled()
def test_everything_follows_where_words_have_their_labels_at_their_first_tokens():
    result = applied(TAKEN, inserted_labels="ignore")
    assert result["token_ids"].tolist() == [1, 10, 43, 44, 45, 46, 14, 50, 51, 52, 16, 2]
    assert result["token_labels"].tolist() == [-100, 0, 1, 2, 2, 2, 0, 3, 4, -100, 0, -100]
    assert result["word_ids"].tolist() == [-1, 0, 8, 9, 10, 11, 3, 13, 14, 14, 5, -1]
    assert result["segment_ids"].tolist() == [0] * 7 + [1] * 5
    assert result["offsets"][:, 1].tolist() == [1, 2, 0, 0, 0, 0, 6, 0, 0, 0, 8, 9]
    assert result["padding_mask"].tolist() == [1] * 12


@uncompiled()
def test_every_token_has_a_label_unless_told():
    result = applied(TAKEN)
    assert result["token_labels"].tolist() == [-100, 0, 1, 2, 2, 2, 0, 3, 4, 4, 0, -100]


@uncompiled()
def test_what_may_not_be_touched_or_has_no_place_stays():
    for arguments in ({"skip_list": [12, 15]}, {"p": 0.0}):
        layer = MentionReplacement(1.0, BANK, BIO, special_token_ids=[1, 2], **arguments)
        data = {name: np.array(value) for name, value in DATA.items()}
        result = to_numpy(layer(data))
        for name, value in data.items():
            np.testing.assert_array_equal(result[name], value, err_msg=name)
    full = {name: np.array(value)[:, :9] for name, value in DATA.items()}
    layer = MentionReplacement(1.0, BANK, BIO, special_token_ids=[1, 2])
    result = to_numpy(layer.apply(full, {name: np.array(value)[:, :9] for name, value in TAKEN.items()}))
    np.testing.assert_array_equal(result["token_ids"], full["token_ids"])


@uncompiled()
def test_an_answer_s_positions_follow_and_its_mentions_stay():
    data = {name: np.array(value) for name, value in DATA.items()}
    data |= {"start_positions": np.array([6]), "end_positions": np.array([7])}
    layer = MentionReplacement(1.0, {**BANK, "PER": [[41]]}, BIO, special_token_ids=[1, 2])
    result = to_numpy(layer(data))
    assert result["token_ids"][0].tolist() == [1, 10, 41, 14, 15, 16, 2, 0, 0, 0, 0, 0]
    assert (result["start_positions"].tolist(), result["end_positions"].tolist()) == ([4], [5])


@uncompiled()
def test_mentions_of_a_type_are_as_likely_and_a_coin_takes_each():
    data = {name: np.repeat(value, 3000, axis=0) for name, value in DATA.items() if name != "offsets"}
    result = to_numpy(MentionReplacement(0.5, BANK, BIO, special_token_ids=[1, 2], seed=5)(data))
    first = result["token_ids"][:, 2]
    assert abs((first == 11).sum() - 1500) < 110
    for token in (40, 41, 43):
        assert abs((first == token).sum() - 500) < 82
    exact = MentionReplacement(0.5, BANK, BIO, count="exact", special_token_ids=[1, 2], seed=5)
    ids = to_numpy(exact(data))["token_ids"]
    assert ((ids[:, 2] == 11) ^ (ids == 15).any(axis=1)).all()  # one of the two


def test_a_corpus_gives_its_distinct_mentions():
    ids = [[1, 10, 11, 12, 13, 2], [1, 10, 11, 14, 2, 0], [1, 11, 15, 16, 17, 2]]
    labels = [[-100, 1, -100, 2, 3, -100], [-100, 1, -100, 0, -100, -100], [-100, 5, 2, 2, 0, -100]]
    layer = MentionReplacement.from_corpus(ids, labels, 0.3, BIO, special_token_ids=[1, 2, 0])
    assert layer.bank == {"PER": [[[10, 11], 12], [[10, 11]], [15, 16]], "LOC": [[13]], "ORG": [[11]]}
    assert layer.inserted_labels == "ignore"
    dense = [[0 if one == -100 else one for one in row] for row in labels]
    short = MentionReplacement.from_corpus(ids, dense, 0.3, BIO, max_length=1)
    assert short.bank == {"PER": [[10], [12]], "LOC": [[13]], "ORG": [[11]]}
    assert short.inserted_labels == "inherit"
    words = [[-1, 0, 0, 0, 1, -1], [-1, 0, 0, 1, -1, -1], [-1, 0, 1, 1, 2, -1]]
    whole = MentionReplacement.from_corpus(ids, labels, 0.3, BIO, word_ids=words)
    assert whole.bank["PER"] == [[[10, 11, 12]], [[10, 11]], [[15, 16]]]


def test_what_cannot_be_is_named():
    with pytest.raises(ValueError, match=r"expects token_labels, the number.*\['token_ids'\]"):
        MentionReplacement(1.0, BANK, BIO)({"token_ids": [[10]]})
    with pytest.raises(ValueError, match=r"types \['PER', 'LOC', 'ORG'\].*\['MISC'\]"):
        MentionReplacement(1.0, {"MISC": [[1]]}, BIO)
    with pytest.raises(ValueError, match="a dict from entity type to a list of mentions"):
        MentionReplacement(1.0, {}, BIO)
    with pytest.raises(ValueError, match=r"each mention to be a list of ids.*\[\]"):
        MentionReplacement(1.0, {"PER": [[]]}, BIO)
    with pytest.raises(ValueError, match=r"no I-PER among \['O', 'B-PER'\]"):
        MentionReplacement(1.0, {"PER": [[1, 2]]}, ["O", "B-PER"])
    with pytest.raises(ValueError, match=r"inserted_labels to be one of \['inherit', 'ignore'\]"):
        MentionReplacement(1.0, BANK, BIO, inserted_labels="O")


@uncompiled()
def test_those_that_fit_are_replaced_from_the_first_on():
    layer = MentionReplacement(1.0, {"PER": [[41, 42], [43, 44, 45, 46]]}, BIO)
    data = {"token_ids": [[10, 11, 12, 13, 0]], "token_labels": [[1, 0, 1, 1, -100]]}
    for numbers, expected in (
        ([0, 0, 0, 0, 0], [41, 42, 11, 12, 13]),
        ([1, 0, 0, 0, 0], [10, 11, 41, 42, 13]),
        ([1, 0, 1, 1, 0], [10, 11, 12, 13, 0]),
    ):
        result = layer.apply(data, {"taken": np.ones((1, 5)), "replacement": [numbers]})
        assert to_numpy(result)["token_ids"].tolist() == [expected]

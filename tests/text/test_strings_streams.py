"""Ops on strings over streams of texts: `tf.data` and plain Python."""

import pytest

from kerasaug.text import map_strings, strings

TEXTS = ["one two three four", "fünf sechs sieben", "我爱自然语言", "", "big film"] * 4
SWAP = strings.RandomSwap(0.5)


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow")


def of(dataset):
    return [one.decode() for one in dataset.as_numpy_iterator()]


def test_a_stream_is_what_a_list_is():
    expected = SWAP(TEXTS, seed=5)
    assert expected != TEXTS
    assert list(map_strings(iter(TEXTS), SWAP, seed=5)) == expected
    pairs = list(map_strings([("x", text) for text in TEXTS], SWAP, seed=5, key=1))
    assert pairs == [("x", text) for text in expected]
    dicts = list(map_strings([{"text": text, "label": 1} for text in TEXTS], SWAP, seed=5, key="text"))
    assert dicts == [{"text": text, "label": 1} for text in expected]


def test_a_dataset_is_what_a_list_is_whatever_the_parallelism(tf):
    expected = SWAP(TEXTS, seed=5)
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS)
    for calls in (None, 4, tf.data.AUTOTUNE):
        mapped = map_strings(dataset, SWAP, seed=5, num_parallel_calls=calls)
        assert mapped.element_spec == tf.TensorSpec([], tf.string)
        assert of(mapped) == of(mapped) == expected
    repeated = of(map_strings(dataset.repeat(2), SWAP, seed=5))
    assert repeated[:20] == expected
    assert repeated[20:] != expected


def test_tuples_and_dicts_keep_the_rest(tf):
    expected = SWAP(TEXTS, seed=5)
    dataset = tf.data.Dataset.from_tensor_slices(({"text": TEXTS, "n": list(range(20))}, [1.5] * 20))
    with pytest.raises(ValueError, match="map_strings expects texts that are scalar string tensors"):
        map_strings(dataset, SWAP, seed=5)
    inner = dataset.map(lambda features, label: {**features, "label": label})
    found = list(map_strings(inner, SWAP, seed=5, key="text").as_numpy_iterator())
    assert [one["text"].decode() for one in found] == expected
    assert [one["n"] for one in found] == list(range(20))
    assert found[0]["label"] == 1.5
    pairs = list(map_strings(tf.data.Dataset.from_tensor_slices((TEXTS, list(range(20)))), SWAP, seed=5))
    assert [(text.decode(), int(label)) for text, label in pairs_of(pairs)] == [
        (text, i) for i, text in enumerate(expected)
    ]


def pairs_of(elements):
    return [(text.numpy(), label.numpy()) for text, label in elements]


def test_eda_makes_several_elements_of_each(tf):
    op = strings.EasyDataAugmentation({"big": ["large"]}, num_aug=2)
    texts, labels = op.expand(TEXTS, range(20), seed=7)
    assert list(map_strings(zip(TEXTS, range(20), strict=True), op, seed=7)) == list(zip(texts, labels, strict=True))
    dataset = tf.data.Dataset.from_tensor_slices((TEXTS, list(range(20))))
    mapped = map_strings(dataset, op, seed=7)
    assert [(text.decode(), label) for text, label in pairs_of(mapped)] == list(zip(texts, labels, strict=True))
    assert of(map_strings(tf.data.Dataset.from_tensor_slices(TEXTS), op, seed=7)) == texts


def test_errors_name_what_is_wrong(tf):
    batched = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2)
    for dataset in (batched, tf.data.Dataset.range(3)):
        with pytest.raises(ValueError, match=r"scalar string tensors. Received: TensorSpec.*Map before batch"):
            map_strings(dataset, SWAP)
    with pytest.raises(ValueError, match=r"expects key.*key='text' of a tuple|key='text' of \['a'\]"):
        map_strings(tf.data.Dataset.from_tensors({"a": "x"}), SWAP, key="text")
    with pytest.raises(ValueError, match=r"expects key.*key='text' of \['a'\]"):
        next(map_strings([{"a": "x"}], SWAP, key="text"))
    with pytest.raises(ValueError, match="map_strings expects op"):
        map_strings(TEXTS, str.upper)
    with pytest.raises(ValueError, match="map_strings expects dataset"):
        map_strings("text", SWAP)
    broken = tf.data.Dataset.from_tensors(b"\xff\xfe")
    with pytest.raises(tf.errors.InvalidArgumentError, match="texts in UTF-8"):
        list(map_strings(broken, SWAP, seed=1))


def test_tokenizers_of_tensorflow_text_find_the_units():
    text = pytest.importorskip("tensorflow_text")
    op = strings.RandomDeletion(tokenizer=text.UnicodeScriptTokenizer())
    assert op.apply("café au lait", {"units": [1]}, [(8, 12)]) == ("café lait", [(5, 9)])

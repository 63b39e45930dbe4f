"""transfer_embeddings against fastai's rule, written out row by row."""

import gzip
import re

import keras
import numpy as np
import pytest

from kerasaug.transfer import transfer_embeddings

OLD = ["<pad>", "<unk>", "the", "Film", "was", "good"]
NEW = ["", "[UNK]", "good", "film", "plot", "the", "awful"]
MATRIX = np.random.default_rng(0).normal(size=(6, 3)).astype("float32")
MEAN = MATRIX.mean(0)


def moved(source=MATRIX, old=OLD, new=NEW, **options):
    return transfer_embeddings(source, old, new, **{"verbose": 0, **options})


def filled(layer, *values):
    layer.build((None, 3) if isinstance(layer, keras.layers.Dense) else (None,))
    layer.set_weights(values)
    return layer


EXPECTED = np.stack([MATRIX[0], MATRIX[1], MATRIX[5], MATRIX[3], MEAN, MATRIX[2], MEAN])


def test_words_keep_their_rows_and_new_ones_get_the_mean(capsys):
    """As fastai's match_embeds."""
    report = transfer_embeddings(MATRIX, OLD, NEW)
    np.testing.assert_allclose(report.matrix, EXPECTED, rtol=1e-6)
    assert report.new_words == ("plot", "awful")
    assert report.coverage == 5 / 7
    assert [report.rules[word] for word in NEW[:4]] == ["special", "special", "word", "case"]
    printed = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "71.4 % of 7 words" in printed
    assert "new, mean │ 2 │ plot, awful" in printed


@pytest.mark.parametrize("kind", ["list", "bytes", "array", "dict", "StringLookup", "TextVectorization"])
def test_vocabularies_of_every_kind(kind):
    if kind == "StringLookup":
        found = moved(new=keras.layers.StringLookup(vocabulary=NEW[2:]))  # no row for padding
        np.testing.assert_allclose(found.matrix, EXPECTED[1:], rtol=1e-6)
        return
    kinds = {
        "list": lambda: list(NEW),
        "bytes": lambda: [word.encode() for word in NEW],
        "array": lambda: np.array(NEW),
        "dict": lambda: {word: row for row, word in reversed(list(enumerate(NEW)))},
        "TextVectorization": lambda: keras.layers.TextVectorization(vocabulary=NEW[2:]),
    }
    np.testing.assert_allclose(moved(new=kinds[kind]()).matrix, EXPECTED, rtol=1e-6)


def test_layers_are_filled():
    source = filled(keras.layers.Embedding(6, 3), MATRIX)
    target = keras.layers.Embedding(9, 3)
    target.build((None,))
    beyond = target.get_weights()[0][7:]
    moved(source, target=target)
    np.testing.assert_allclose(target.get_weights()[0], np.concatenate([EXPECTED, beyond]), rtol=1e-6)
    np.testing.assert_array_equal(source.get_weights()[0], MATRIX)
    unbuilt = keras.layers.Embedding(7, 3)
    moved(source, target=unbuilt)
    np.testing.assert_allclose(unbuilt.get_weights()[0], EXPECTED, rtol=1e-6)


def test_what_new_words_get():
    assert (moved(unknown="zeros").matrix[[4, 6]] == 0).all()
    target = keras.layers.Embedding(7, 3)
    target.build((None,))
    before = target.get_weights()[0]
    moved(unknown="keep", target=target)
    np.testing.assert_array_equal(target.get_weights()[0][[4, 6]], before[[4, 6]])
    np.testing.assert_array_equal(target.get_weights()[0][5], MATRIX[2])
    many = [*OLD, *map(str, range(20000))]
    drawn = moved(new=many, unknown="random", seed=3).matrix[6:]
    np.testing.assert_allclose(drawn.mean(0), MEAN, atol=0.03)
    np.testing.assert_allclose(drawn.std(0), MATRIX.std(0), rtol=0.03)
    np.testing.assert_array_equal(drawn, moved(new=many, unknown="random", seed=3).matrix[6:])
    assert (drawn != moved(new=many, unknown="random", seed=4).matrix[6:]).all()


def test_padding_without_a_row_gets_zeros():
    report = moved(MATRIX[1:], OLD[1:])
    assert (report.matrix[0] == 0).all()
    assert report.rules[""] == "padding"


def test_of_a_word_that_is_there_twice_the_first_counts():
    np.testing.assert_array_equal(moved(MATRIX[:3], ["a", "b", "a"], ["b", "a"]).matrix, MATRIX[[1, 0]])


def test_case_and_special_tokens():
    assert moved(match_case=True).new_words == ("film", "plot", "awful")
    np.testing.assert_array_equal(moved(MATRIX[:2], ["A", "a"], ["a", "A"]).matrix, MATRIX[[1, 0]])
    named = moved(new=["<s>", "the"], special_tokens={"<s>": "was"})
    np.testing.assert_array_equal(named.matrix, MATRIX[[4, 2]])


def test_output_layers_move_along():
    kernel, bias = np.random.default_rng(1).normal(size=(3, 6)), np.arange(6.0)
    target = keras.layers.Dense(7)
    target.build((None, 3))
    report = moved(source_output=filled(keras.layers.Dense(6), kernel, bias), target_output=target)
    rows = [0, 1, 5, 3, None, 2, None]
    wanted = np.stack([kernel.mean(1) if row is None else kernel[:, row] for row in rows], 1)
    np.testing.assert_allclose(target.get_weights()[0], wanted, rtol=1e-5)
    np.testing.assert_allclose(target.get_weights()[1], [0, 1, 5, 3, 2.5, 2, 2.5])
    np.testing.assert_array_equal(report.output_kernel, target.get_weights()[0])
    tied = moved(source_output=bias, unknown="random")
    np.testing.assert_array_equal(tied.output_kernel, tied.matrix.T)
    np.testing.assert_allclose(tied.output_bias[[4, 6]], 2.5)  # a random one would favour some words
    moved(target_output=target)
    np.testing.assert_allclose(target.get_weights()[0], EXPECTED.T, rtol=1e-6)
    np.testing.assert_allclose(target.get_weights()[1], [0, 1, 5, 3, 2.5, 2, 2.5])


@pytest.mark.parametrize(("header", "tab"), [(False, " "), (True, " "), (False, "\t")])
@pytest.mark.parametrize("ending", ["txt", "vec.gz"])
def test_files_of_word_vectors(header, tab, ending, tmp_path):
    lines = [f"{word}{tab}{tab.join(map(str, row))}" for word, row in zip(OLD, MATRIX.tolist(), strict=True)]
    lines += ["good 9 9 9", ". . . 1 2 3", "foot\rnote 1 2 3"]  # twice, with spaces as in GloVe, an odd character
    text = "\n".join([f"{len(lines)} 3"] * header + lines) + "\n"
    path = tmp_path / f"vectors.{ending}"
    path.write_bytes(gzip.compress(text.encode()) if ending.endswith("gz") else text.encode())
    report = moved(path, None, [*NEW, ".", "foot\rnote"])
    np.testing.assert_allclose(report.matrix[[0, 1, 2, 3, 5]], MATRIX[[0, 1, 5, 3, 2]], rtol=1e-6)
    np.testing.assert_array_equal(report.matrix[8], [1, 2, 3])
    assert report.new_words == ("plot", "awful", ".")
    found = np.stack([*MATRIX[[0, 1, 5, 3, 2]], [1, 2, 3]])
    np.testing.assert_allclose(report.matrix[4], found.mean(0), rtol=1e-5)


ERRORS = {
    "unknown": (ValueError, "`unknown` to be one of", lambda: moved(unknown="median")),
    "keep": (ValueError, "a `target` with unknown='keep'", lambda: moved(unknown="keep")),
    "nothing in common": (ValueError, "words in common", lambda: moved(new=["[UNK]", "xyz"])),
    "rows": (ValueError, "3 rows and 6 words", lambda: moved(MATRIX[:3])),
    "vector": (ValueError, "a matrix", lambda: moved(MATRIX[0])),
    "vocabulary": (TypeError, "Received: str", lambda: moved(new="the")),
    "numbers": (TypeError, "Received: 3, of int", lambda: moved(new=["the", 3])),
    "empty": (ValueError, "Received: none", lambda: moved(new=[])),
    "rows twice": (ValueError, "a row of its own", lambda: moved(new={"the": 0, "a": 0})),
    "small target": (ValueError, "at least 7 rows", lambda: moved(target=keras.layers.Embedding(5, 3))),
    "wide target": (ValueError, "of 3 dimensions", lambda: moved(target=keras.layers.Embedding(7, 4))),
    "target": (TypeError, "an Embedding layer", lambda: moved(target=keras.layers.Dense(3))),
    "source": (TypeError, "built Embedding layer", lambda: moved(keras.layers.Embedding(6, 3))),
    "output": (ValueError, "Dense layer of 7 units", lambda: moved(target_output=keras.layers.Dense(7))),
    "output of source": (ValueError, "a bias for 2", lambda: moved(source_output=np.ones(2))),
    "no file": (FileNotFoundError, "no file at", lambda: moved("none.txt", None)),
    "file and words": (ValueError, "source_vocabulary=None", lambda: moved("none.txt")),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    kind, message, call = ERRORS[case]
    with pytest.raises(kind, match=message):
        call()


def test_bad_files(tmp_path):
    for name, text, message in (
        ("short.txt", "a 1 2 3\nthe 1 2\n", r"line 2 of .*, 'the 1 2'"),
        ("words.txt", "the film was\n", "2 numbers on each line"),
        ("binary.bin", "", "as text"),
        ("others.txt", "a 1 2 3\n", "words in common"),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=message):
            moved(tmp_path / name, None)
    target, narrow = keras.layers.Embedding(7, 3), keras.layers.Dense(7)
    narrow.build((None, 2))
    target.build((None,))
    before = target.get_weights()[0]
    with pytest.raises(ValueError, match=r"3 features\. Received: one that takes 2"):
        moved(target=target, target_output=narrow)
    np.testing.assert_array_equal(target.get_weights()[0], before)

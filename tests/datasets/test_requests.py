"""The corpus of requests: repeatable, well tagged, and with a test part that has to be generalised to."""

from collections import Counter
from pathlib import Path

import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from kerasaug.datasets import requests, requests_corpus, unlabelled_requests
from kerasaug.datasets.requests import INTENTS, PARTS, joined
from kerasaug.datasets.requests.grammar import TYPES, Draw, Expansion, read
from kerasaug.datasets.requests.writing import typed, written

FOLDER = Path(requests.__file__).parent
EVERY = (*PARTS, "unlabelled")
SAMPLES = {part: requests_corpus(part, 800, seed=3) for part in PARTS}


def entities(request):
    """(type, name in small letters), read off the tags by hand."""
    found = []
    for token, tag in zip(request.tokens, request.tags, strict=True):
        if tag.startswith("B-"):
            found.append((tag[2:], [token.lower()]))
        elif tag.startswith("I-"):
            assert found[-1][0] == tag[2:]
            found[-1][1].append(token.lower())
    return [(kind, " ".join(words)) for kind, words in found]


def skeleton(request):
    """The sentence with its names replaced by their types."""
    words = [
        tag[2:] if tag != "O" else token.lower()
        for token, tag in zip(request.tokens, request.tags, strict=True)
        if not tag.startswith("I-")
    ]
    return " ".join(word for word in words if word not in "?.,")


@pytest.mark.parametrize("part", PARTS)
def test_tags_are_bio_and_every_type_and_intent_is_there(part):
    kinds, before = Counter(), Counter()
    for tokens, tags, intent in SAMPLES[part]:
        assert len(tokens) == len(tags) > 1
        assert all(token and not set(token) & set(" {}()|") for token in tokens)
        for previous, tag in zip(("O", *tags), tags, strict=False):
            assert tag == "O" or tag[:2] in ("B-", "I-")
            assert tag[:2] != "I-" or previous[2:] == tag[2:]
            kinds[tag[2:]] += tag[:2] == "B-"
        before[intent] += 1
    assert before == dict.fromkeys(INTENTS, 100)
    assert min(kinds[kind] for kind in TYPES) > 50
    assert set(kinds) == {*TYPES, ""}


def test_a_sentence_known_by_heart():
    """A seed means the same requests on every machine: if this changes, every figure that was measured is void."""
    first, second = requests_corpus("test", 2, seed=7)
    assert (joined(first.tokens), " ".join(first.tags), first.intent) == KNOWN[0]
    assert (joined(second.tokens), " ".join(second.tags), second.intent) == KNOWN[1]


KNOWN = [
    (
        "Tell both Victoria and Savannah Young that supper is at Lancaster Insurance next Thursday for me, will you?",
        "O O B-PER O B-PER I-PER O O O O B-ORG I-ORG B-TIME I-TIME O O O O O O",
        "message",
    ),
    (
        "Go ahead and turn up the record of Orlando Dubois that I bought.",
        "O O O O O O O O B-PER I-PER O O O O",
        "play",
    ),
]


def test_fewer_are_the_first_of_more_and_another_seed_is_another_draw():
    assert requests_corpus("train", 40, seed=3) == SAMPLES["train"][:40]
    assert Counter(one.intent for one in SAMPLES["train"][:40]) == dict.fromkeys(INTENTS, 5)
    assert not set(requests_corpus("train", 80, seed=4)) >= set(requests_corpus("train", 80, seed=5))
    assert unlabelled_requests(5, seed=1) == unlabelled_requests(9, seed=1)[:5] != unlabelled_requests(5, seed=2)


def test_no_request_comes_twice():
    for part in PARTS:
        assert len({one.tokens for one in SAMPLES[part]}) == 800
    assert len(set(unlabelled_requests(5000))) == 5000


def templates(part):
    content = read("templates.json")[part]
    lists = [content[key] for key in ("ask", "question", "statement", "asides", "task", "news")]
    every = [one for each in (*lists, *content["intents"].values()) for one in each]
    return {one.lstrip("!?. ") for one in every} - {"{it}", "{it} please"}


@pytest.mark.parametrize("other", [part for part in EVERY if part != "test"])
def test_the_test_part_has_its_own_templates_and_names(other):
    assert not templates("test") & templates(other)
    names = read("names.json")
    generic = set(names["generic"])

    def words(part):
        forms = [form for kind in ("first", "last", "city", "company") for form in names[part][kind]]
        return {word for form in forms for word in form.lower().split()} - generic

    assert not words("test") & words(other)
    for kind in ("song", "time", "place", "firm"):
        shared = set(names["test"][kind]) & set(names[other][kind])
        assert all("{" in form for form in shared), shared


@pytest.mark.parametrize("part", ["train", "validation"])
def test_no_name_and_no_sentence_of_the_test_part_is_in_another(part):
    named, theirs = ({one for each in SAMPLES[p] for one in entities(each)} for p in ("test", part))
    assert len(named) > 500
    assert not {name for _, name in named} & {name for _, name in theirs}
    assert not set(map(skeleton, SAMPLES["test"])) & set(map(skeleton, SAMPLES[part]))


def test_the_unlabelled_texts_name_nobody_of_the_test_part():
    """People, towns and firms; a name that is several words must not be in a text as a whole."""
    texts = [f" {text.lower()} " for text in unlabelled_requests(3000, seed=5)]
    everything = " ".join(texts).replace("?", " ?").replace(".", " .").replace(",", " ,").replace("'s", " 's")
    common = {"may", "will"}
    for kind, name in {one for each in SAMPLES["test"] for one in entities(each)}:
        assert name in common or kind == "TIME" or f" {name} " not in everything, (kind, name)


def test_the_same_word_is_a_person_a_town_and_a_firm():
    for part in PARTS:
        kinds = {}
        for one in SAMPLES[part]:
            for kind, name in entities(one):
                kinds.setdefault(name, set()).add(kind)
        assert sum({"PER", "LOC"} <= each for each in kinds.values()) >= 5
        assert sum({"PER", "ORG"} <= each for each in kinds.values()) >= 3


def test_two_fifths_are_typed_in_small_letters():
    small = [one for one in SAMPLES["train"] if "".join(one.tokens).islower()]
    assert 0.35 < len(small) / 800 < 0.45
    assert not any(set("?.,") & set(one.tokens) for one in small)
    assert all(one.tokens[0][0].isupper() and one.tokens[-1] in "?." for one in SAMPLES["train"] if one not in small)


def test_words_do_not_tell_the_intent():
    """Bag of words and logistic regression: far above the 12.5 % of chance, and far from solved."""
    test = SAMPLES["test"]
    expected = {5: (0.3, 0.55), 10: (0.38, 0.6), 50: (0.5, 0.75)}
    for each, (low, high) in expected.items():
        train = requests_corpus("train", 8 * each, seed=0)
        count = CountVectorizer(token_pattern=r"\S+")
        model = LogisticRegression(max_iter=1000)
        model.fit(count.fit_transform(" ".join(one.tokens) for one in train), [one.intent for one in train])
        reached = model.score(count.transform(" ".join(one.tokens) for one in test), [one.intent for one in test])
        assert low < reached < high, (each, reached)


def test_the_unlabelled_texts_hold_words_of_the_test_part_that_training_lacks():
    def words(sentences):
        return {word.lower() for one in sentences for word, tag in zip(one.tokens, one.tags, strict=True) if tag == "O"}

    lacking = words(SAMPLES["test"]) - words(SAMPLES["train"])
    read_before = set(" ".join(unlabelled_requests(3000)).lower().replace(".", "").replace(",", "").split())
    assert len(lacking & read_before) > 0.6 * len(lacking) > 50


def test_an_expansion_by_hand():
    expansion = Expansion("train", Draw("by hand"))
    expansion.phrases = {"deed": ["meet {PER} (|at {ORG})"]}
    expansion.names = {"first": ["Ada"], "last": ["May"], "company": ["Salt & Co"], "firm": ["{last} & Co"]}
    people = {"Ada": "B-PER", "Ada May": "B-PER I-PER", "May": "B-PER"}
    people |= {f"{title} May": "O B-PER" for title in ("Mr", "Mrs", "Dr", "Ms")}
    meetings = {f"to meet {name} now": f"O O {tags} O" for name, tags in people.items()}
    for firm in ("Salt & Co", "May & Co"):
        meetings |= {f"to meet {n} at {firm} now": f"O O {t} O B-ORG I-ORG I-ORG O" for n, t in people.items()}
    found = set()
    for _ in range(2000):
        expansion.used = set()
        tokens, tags = zip(*expansion.expand("to {deed} now"), strict=True)
        assert meetings[" ".join(tokens)] == " ".join(tags)
        found.add(" ".join(tokens))
    assert found == set(meetings)


def test_writing_by_hand():
    tagged = [("i", "O"), ("am", "O"), ("late", "O"), (".", "O"), ("call", "O"), ("Tom", "B-PER"), ("on", "B-TIME")]
    tagged += [("monday", "I-TIME")]
    assert [token for token, _ in written(tagged, ".")] == ["I", "am", "late", ".", "Call", "Tom", "on", "Monday", "."]
    assert typed(written(tagged, ".")) == [(token.lower(), tag) for token, tag in tagged if token != "."]
    assert joined(["Is", "Rosa", "'s", "open", ",", "Tom", "?"]) == "Is Rosa's open, Tom?"


def test_what_is_not_there():
    with pytest.raises(ValueError, match=r"requests_corpus expects part to be one of .*Received: part='dev'"):
        requests_corpus("dev", 8)
    for count in (0, -1, 2.5, True, "8"):
        with pytest.raises(ValueError, match=r"expects count, a positive integer"):
            requests_corpus("train", count)
        with pytest.raises(ValueError, match=r"unlabelled_requests expects count"):
            unlabelled_requests(count)
    with pytest.raises(ValueError, match=r"requests_corpus expects seed"):
        requests_corpus("train", 8, seed=0.5)


def test_the_package_is_small_and_holds_python_and_json_only():
    files = [file for file in FOLDER.iterdir() if file.is_file()]
    assert {file.suffix for file in files} == {".py", ".json"}
    assert sum(file.stat().st_size for file in files) < 60_000

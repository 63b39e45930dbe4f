"""The parts of the corpus, drawn from the grammar."""

from collections.abc import Iterator
from typing import NamedTuple

from kerasaug.arguments import as_integer, one_of
from kerasaug.datasets.requests.grammar import Draw, Expansion, read
from kerasaug.datasets.requests.writing import joined, typed, written

INTENTS = ("book", "call", "message", "play", "remind", "route", "shop", "weather")
PARTS = ("train", "validation", "test")
_MOODS = {"!": ("ask", "."), "?": ("question", "?"), ".": ("statement", ".")}  # the wrapping, and the mark at the end
_ASIDE, _TYPED = 0.15, 0.4  # shares of the requests
_TRIES = 20


class Request(NamedTuple):
    """One request to an assistant.

    Attributes:
        tokens: Words and punctuation marks.
        tags: BIO, one for each token, of the types LOC, ORG, PER, TIME and WORK.
        intent: One of the eight of `kerasaug.datasets.requests.INTENTS`.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    intent: str


def requests_corpus(part: str, count: int, seed: int = 0) -> list[Request]:
    """Draws requests to an assistant from a grammar: what is wanted, and who, where, when and what is named.

    Nothing is read but the package. The three parts share neither templates nor names, so that a model has something
    to generalise to: what the test part names was never named in training, surnames are towns, firms are called like
    people, and the words of one intent stand in the requests of another ("remind me to call Anna"). Two fifths of the
    requests are in small letters and without punctuation.

    Args:
        part: `"train"`, `"validation"` or `"test"`.
        count: Requests, a positive integer. The intents come in blocks of eight, each once, so that a multiple of
            eight holds equally many of each; fewer requests are the first of more.
        seed: Integer; the same one gives the same requests, on every machine. Defaults to 0.

    Returns:
        A list of `(tokens, tags, intent)`, all different as far as the grammar reaches.

    Raises:
        ValueError: When there is no such part, or `count` is no positive integer.

    Example:

    ```python
    tokens, tags, intent = kerasaug.datasets.requests_corpus("train", count=8, seed=1)[0]
    print(intent, *zip(tokens, tags))
    assert len(tokens) == len(tags)
    ```
    """
    one_of(part, PARTS, "part", "requests_corpus")
    as_integer(count, "count", "requests_corpus", low=1)
    as_integer(seed, "seed", "requests_corpus", -(2**63), 2**64 - 1)
    return _drawn(part, count, seed)


def unlabelled_requests(count: int, seed: int = 0) -> list[str]:
    """Draws texts about the same matters, for a language model to be pretrained on.

    They have templates and names of their own, and many words that the test part has and the training part has not.

    Args:
        count: Texts, a positive integer.
        seed: Integer. Defaults to 0.

    Returns:
        A list of strings, all different as far as the grammar reaches.

    Raises:
        ValueError: When `count` is no positive integer.

    Example:

    ```python
    texts = kerasaug.datasets.unlabelled_requests(count=1000, seed=1)
    assert len(set(texts)) == 1000
    ```
    """
    as_integer(count, "count", "unlabelled_requests", low=1)
    as_integer(seed, "seed", "unlabelled_requests", -(2**63), 2**64 - 1)
    return [joined(one.tokens) for one in _drawn("unlabelled", count, seed)]


def _drawn(part: str, count: int, seed: int) -> list[Request]:
    draw = Draw(part, seed)
    seen: set[tuple[str, ...]] = set()
    requests: list[Request] = []
    intents = _intents(draw)
    while len(requests) < count:
        intent = next(intents)
        for _ in range(_TRIES):
            request = _request(part, intent, draw)
            if request.tokens not in seen:
                break
        seen.add(request.tokens)
        requests.append(request)
    return requests


def _intents(draw: Draw) -> Iterator[str]:
    while True:
        yield from draw.shuffled(INTENTS)


def _request(part: str, intent: str, draw: Draw) -> Request:
    expansion = Expansion(part, draw)
    phrases = read("templates.json")[part]
    mood, _, template = draw.one(phrases["intents"][intent]).partition(" ")
    wrapping, mark = _MOODS[mood]
    text = draw.one(phrases[wrapping]).replace("{it}", template)
    if draw.chance(_ASIDE):
        text = f"{draw.one(phrases['asides'])} {text}"
    tagged = expansion.expand(text)
    tagged = typed(tagged) if draw.chance(_TYPED) else written(tagged, mark)
    return Request(tuple(token for token, _ in tagged), tuple(tag for _, tag in tagged), intent)

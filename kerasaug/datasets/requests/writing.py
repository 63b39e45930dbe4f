"""How requests are written: with capitals and punctuation, or without, and as one text."""

from collections.abc import Sequence

from kerasaug.datasets.requests.grammar import Tagged

_MARKS = ("?", ".", ",")
_CAPITALS = ("i", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def written(tagged: Tagged, mark: str) -> Tagged:
    """With capitals where English has them, and a mark at the end of the sentence."""
    if tagged[-1][0] not in _MARKS:
        tagged = [*tagged, (mark, "O")]
    result: Tagged = []
    for position, (token, tag) in enumerate(tagged):
        starts = position == 0 or (tagged[position - 1] == (".", "O"))
        if starts or token in _CAPITALS:
            token = token[:1].upper() + token[1:]
        result.append((token, tag))
    return result


def typed(tagged: Tagged) -> Tagged:
    """In small letters and without punctuation, as people type into a phone."""
    return [(token.lower(), tag) for token, tag in tagged if token not in _MARKS]


def joined(tokens: Sequence[str]) -> str:
    """The tokens as one text, without blanks before punctuation.

    Args:
        tokens: Of one request.

    Example:

    ```python
    from kerasaug.datasets.requests import joined

    assert joined(["Call", "Anna", "'s", "office", "."]) == "Call Anna's office."
    ```
    """
    text = ""
    for token in tokens:
        text += token if not text or token in _MARKS or token == "'s" else f" {token}"
    return text

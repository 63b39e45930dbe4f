"""What a reader takes for one character, be it one code point or several."""

import re
import unicodedata

# Blocks without anything that combines: Latin, Greek, Cyrillic, Chinese, Japanese, Hangul syllables, full-width forms.
_SINGLE = (
    "\\u0000-\\u000c\\u000e-\\u02ff\\u0370-\\u0482\\u048a-\\u052f\\u2010-\\u2027\\u3000-\\u3029\\u3030-\\u3098"
    "\\u309b-\\u9fff\\uac00-\\ud7a3\\uff00-\\uff9d"
)
_COMBINES = re.compile(f"[^{_SINGLE}]")

_EXTENDING = frozenset(("Mn", "Me", "Mc"))
_BREAKING = frozenset(("Cc", "Zl", "Zp", "Cs"))
_EXTENDERS = frozenset(
    [0x200C, 0x200D, 0xFF9E, 0xFF9F, 0x0E33, 0x0EB3, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080)]
)
_PREPENDED = frozenset(
    [
        *range(0x0600, 0x0606),
        0x06DD,
        0x070F,
        0x0890,
        0x0891,
        0x08E2,
        0x0D4E,
        0x110BD,
        0x110CD,
        0x111C2,
        0x111C3,
        0x113D1,
        0x1193F,
        0x11941,
        *range(0x11A84, 0x11A8A),
        0x11D46,
        0x11F02,
        0x11A3A,
        0x1CF5,
        0x1CF6,
    ]
)
_JOINER, _VIRAMA = 0x200D, 9  # a combining class


def graphemes(text: str) -> list[str]:
    """A text in characters as readers see them, none of which is ever split.

    It follows Unicode's rules for extended grapheme clusters (UAX 29), except that some that it keeps apart stay
    together here: letters after any virama, and whatever follows a zero-width joiner.
    """
    if not _COMBINES.search(text):
        return list(text)
    clusters: list[str] = []
    start, flags, linked = 0, 0, False
    for i in range(1, len(text)):
        before, after = text[i - 1], text[i]
        flags = flags + 1 if _is_flag(before) else 0
        linked = unicodedata.combining(before) == _VIRAMA or (linked and _extends(before))
        if _breaks(before, after) or not (_joined(before, after, flags) or (linked and after.isalpha())):
            clusters.append(text[start:i])
            start = i
    clusters.append(text[start:])
    return clusters


def is_single(text: str) -> bool:
    """Whether every code point is a character of its own, told by the blocks they are of."""
    return not _COMBINES.search(text)


def _breaks(before: str, after: str) -> bool:
    if before == "\r":
        return after != "\n"
    return unicodedata.category(before) in _BREAKING or unicodedata.category(after) in _BREAKING


def _joined(before: str, after: str, flags: int) -> bool:
    code = ord(before)
    if before == "\r" or _extends(after) or code == _JOINER or code in _PREPENDED:
        return True
    if flags % 2 and _is_flag(after):
        return True
    return _hangul(ord(after)) in _FOLLOWS.get(_hangul(code), "")


def _extends(one: str) -> bool:
    category = unicodedata.category(one)
    if category == "Cn":  # Unicode goes on where Python's tables end, and most of what comes in these blocks combines
        return not 0x1E900 <= ord(one) < 0xE0000
    return category in _EXTENDING or ord(one) in _EXTENDERS


def _is_flag(one: str) -> bool:
    return "\U0001f1e6" <= one <= "\U0001f1ff"


_FOLLOWS = {"L": "LVST", "V": "VT", "S": "VT", "T": "T"}


def _hangul(code: int) -> str:
    """L, V or T for the jamo of a syllable, S for a whole one, which vowels and finals may follow, " " for others."""
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6 or code == 0x16D63 or 0x16D67 <= code <= 0x16D6A:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    return "S" if 0xAC00 <= code <= 0xD7A3 else " "

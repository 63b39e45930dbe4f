"""Which keys are beside which, by where they are on the keyboard."""

from functools import lru_cache

# Rows from the top, and how far each begins to the right, in keys.
LAYOUTS = {
    "qwerty": ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "azerty": ("1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn"),
    "qwertz": ("1234567890", "qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
}
_BEGINS = (0.0, 0.5, 0.75, 1.25)


@lru_cache(len(LAYOUTS))
def neighbours(layout: str) -> dict[str, str]:
    """Each letter or digit to those beside it: in its row, and less than a key away in the rows above and below.

    Letters have letters beside them, and digits digits.
    """
    places = {
        key: (row, _BEGINS[row] + column) for row, keys in enumerate(LAYOUTS[layout]) for column, key in enumerate(keys)
    }
    return {
        key: "".join(
            other
            for other, (other_row, other_x) in places.items()
            if other != key
            and other.isdigit() == key.isdigit()
            and (abs(other_x - x) <= 1 if other_row == row else abs(other_row - row) == 1 and abs(other_x - x) < 1)
        )
        for key, (row, x) in places.items()
    }


# What a scanner, or a reader of a bad print, takes one character for.
OCR = {
    "0": ("O", "o", "D"),
    "1": ("l", "I", "i"),
    "2": ("Z", "z"),
    "5": ("S", "s"),
    "6": ("b", "G"),
    "8": ("B",),
    "9": ("g", "q"),
    "a": ("o", "d"),
    "b": ("6", "h"),
    "B": ("8", "R"),
    "c": ("e", "o"),
    "C": ("G", "("),
    "d": ("cl",),
    "D": ("O", "0"),
    "e": ("c", "o"),
    "f": ("t",),
    "g": ("9", "q"),
    "G": ("6", "C"),
    "h": ("b", "li"),
    "i": ("l", "1", "j"),
    "I": ("l", "1"),
    "j": ("i",),
    "l": ("1", "I", "i"),
    "m": ("rn", "nn"),
    "n": ("u", "ri"),
    "o": ("0", "c"),
    "O": ("0", "Q", "D"),
    "q": ("g", "9"),
    "Q": ("O", "0"),
    "r": ("n",),
    "S": ("5",),
    "s": ("5",),
    "t": ("f",),
    "u": ("v", "n"),
    "U": ("V",),
    "v": ("u",),
    "V": ("U",),
    "w": ("vv",),
    "W": ("VV",),
    "y": ("v",),
    "z": ("2",),
    "Z": ("2",),
}

"""What insertion makes of a row, token by token."""

import numpy as np
from keras.ops import convert_to_numpy, convert_to_tensor
from token_rows import LENGTH, segments_of

from kerasaug.ops.tokens.selection import bits_for

CONTINUATION = {1: 2, 5: 6}  # of labels that tell places


def units(key, stream):
    """Numbers in (0, 1) for the tokens of a batch."""
    bits = bits_for(convert_to_tensor(key), convert_to_tensor(np.zeros((len(key), LENGTH), "int32")), stream)
    return ((convert_to_numpy(bits).view("uint32") >> 9) + 0.5) / 2.0**23


def gaps(data, row, unit):
    """Places of the tokens that a new one may follow."""
    ids, words, segment = data["token_ids"][row], data["word_ids"][row], segments_of(data, row)
    start, end = (data[name][row] if name in data else 0 for name in ("start_positions", "end_positions"))
    result = []
    for i in np.flatnonzero(data["padding_mask"][row] & (ids > 2)):
        within = i + 1 < LENGTH and (words[i], segment[i]) == (words[i + 1], segment[i + 1]) and words[i] >= 0
        if not (unit == "word" and within) and not start <= i < end:
            result.append(int(i))
    return result


def room(data, row):
    return LENGTH - int(data["padding_mask"][row].sum())


def inserted(data, row, after, rule):
    """The row with the token `after[i]` behind place i, in place of padding."""
    valid = np.flatnonzero(data["padding_mask"][row])
    order = [(i, new) for i in valid for new in ((False, True) if i in after else (False,))]
    result = {name: value[row].copy() for name, value in data.items() if value.ndim > 1}
    first = LENGTH - len(order) if len(valid) and valid[0] > 0 else 0
    for place, (i, new) in enumerate(order, first):
        for name, one in result.items():
            one[place] = data[name][row][i]
        result["padding_mask"][place] = True
        if new:
            label = result["token_labels"][place]
            new_label = {"ignore": -100, "outside": 7, "inherit": CONTINUATION.get(int(label), label)}[rule]
            result["token_ids"][place], result["token_labels"][place] = after[i], new_label
            result["word_ids"][place] = data["word_ids"][row].max() + 1 + place
    for name in ("start_positions", "end_positions"):
        if name in data:
            result[name] = first + order.index((data[name][row], False)) if data[name][row] else 0
    return result

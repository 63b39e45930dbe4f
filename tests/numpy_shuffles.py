"""The swap-or-not shuffle in NumPy, from the paper, and pairs of tokens made with it."""

import numpy as np
from keras.ops import convert_to_numpy, convert_to_tensor

from kerasaug.ops.bits import expand

STREAM, GOLDEN, LOWBIAS = (np.uint32(word) for word in (0x51ED270B, 0x9E3779B1, 0x846CA68B))


def _words(key, stream):
    key = (np.asarray(key, "int32").view("uint32") ^ np.uint32(STREAM + stream)).view("int32")
    return convert_to_numpy(expand(convert_to_tensor(key[None]), 13))[0].view("uint32")


def number_below(count, key, first=0, stream=0):
    """A number from 0 to count - 1."""
    with np.errstate(over="ignore"):
        word = _words(key, stream)[0] + np.uint32(first) * GOLDEN
    return int(np.float32((word >> np.uint32(9)) + 0.5) / np.float32(2**23) * np.float32(count))


def swap_or_not(count, key, first=0, stream=0, rounds=12):
    """Where each of 0, …, count - 1 goes; Hoang, Morris and Rogaway, CRYPTO 2012, figure 1, after a rotation."""
    with np.errstate(over="ignore"):
        words = _words(key, stream) + np.uint32(first) * GOLDEN
        below = [
            int(np.float32((word >> np.uint32(9)) + 0.5) / np.float32(2**23) * np.float32(count)) for word in words
        ]
        result = []
        for x in range(count):
            x = (x + below[0]) % count
            for i in range(1, rounds + 1):
                other = (below[i] - x) % count
                bits = (np.uint32(max(x, other)) + words[i]) * GOLDEN
                bits = (bits ^ (bits.view("int32") >> 15).view("uint32")) * LOWBIAS
                if bits >> np.uint32(31):
                    x = other
            result.append(x)
    return result


def paired(first, members, key, before=(0, 0)):
    """Place to place of its partner, for the tokens of one segment.

    Args:
        first: Places that get a partner, as far as there are any.
        members: Places of the segment, those among them.
        key: Two words.
        before: How many of `first`, and of the others, the segments before have.
    """
    if not first:
        return {}
    order = dict(zip(first, swap_or_not(len(first), key, before[0], 0), strict=True))
    first = [place for place in first if order[place] < len(members) // 2]
    others = [place for place in members if place not in first]
    seconds = swap_or_not(len(others), key, before[1], 1)
    result = {}
    for place in first:
        partner = others[seconds[order[place]]]
        result[place], result[partner] = partner, place
    return result

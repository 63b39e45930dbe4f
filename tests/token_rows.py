"""Random batches of tokens for references that go through them one by one: pairs, words, padding at either end."""

import numpy as np
from hypothesis import strategies as st

LENGTH = 12
SPECIAL = {"special_token_ids": [1, 2]}
ENDS = st.lists(st.sampled_from([0, 2, 3, 5, 8, 11, 12]), min_size=3, max_size=3)  # no token, none but special ones, …


def token_keys(count, seed=0):
    return np.random.default_rng(seed).integers(-(2**31), 2**31 - 1, (count, 2)).astype("int32")


def token_rows(ends, pair, seed=0, left=False):
    """[CLS] … [SEP] (… [SEP]) of so many tokens each, words of one to three of them; labels tell places."""
    rng, rows = np.random.default_rng(seed), []
    for end in ends:
        ids, segments = np.zeros((2, LENGTH), "int32")
        ids[:end] = rng.integers(9, 40, end)
        if end:
            ids[0], ids[end - 1] = 1, 2
            if pair and end > 4:
                ids[end // 2], segments[end // 2 + 1 : end] = 2, 1
        numbers = np.cumsum(rng.random(LENGTH) < 0.6)
        words = np.where(ids > 2, numbers, -1).astype("int32")
        mask, labels = np.arange(LENGTH) < end, np.where(ids > 2, np.arange(LENGTH), -100).astype("int32")
        rows.append([np.roll(one, LENGTH - end if left else 0) for one in (ids, mask, words, labels, segments)])
    names = ("token_ids", "padding_mask", "word_ids", "token_labels", "segment_ids")
    data = {name: np.stack(one) for name, one in zip(names, zip(*rows, strict=True), strict=True)}
    return data if pair else {name: value for name, value in data.items() if name != "segment_ids"}


def segments_of(data, row):
    return data["segment_ids"][row] if "segment_ids" in data else np.zeros(LENGTH, "int32")


def runs_of_row(data, row):
    """The places of each run of one segment."""
    segment = segments_of(data, row)
    return np.split(np.arange(LENGTH), np.flatnonzero(np.diff(segment)) + 1)

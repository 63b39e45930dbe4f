"""What transfer_weights refuses, and that it then changes nothing."""

import keras
import numpy as np
import pytest
from filled_models import backbone, dense, filled, layers, moved

from kerasaug.transfer import build_classifier


@pytest.fixture(scope="module")
def source():
    return filled(build_classifier(backbone(), 10))


def test_strict_and_mismatch_refuse_before_anything_is_changed(source):
    target = build_classifier(backbone(), 3)
    before = target.get_weights()
    with pytest.raises(ValueError, match=r"strict=True(.|\n)*mismatched"):
        moved(source, target, strict=True)
    with pytest.raises(ValueError, match=r"skip_mismatched=False(.|\n)*head"):
        moved(source, target, skip_mismatched=False)
    for old, new in zip(before, target.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    moved(source, build_classifier(backbone(), 10), strict=True, skip_mismatched=False)


ERRORS = {
    "nothing alike": (ValueError, "no weight that could be loaded", lambda s, t: moved(dense(3, inputs=2), s)),
    "no file": (FileNotFoundError, "no file at", lambda s, t: moved("none.keras", s)),
    "ending": (ValueError, "ends in", lambda s, t: moved("weights.bin", s)),
    "no model": (TypeError, "model or a file", lambda s, t: moved([1], s)),
    "no target": (TypeError, "to fill", lambda s, t: moved(s, "net")),
    "unbuilt": (ValueError, "built target", lambda s, t: moved(s, keras.Sequential([layers.Dense(1)]))),
    "unbuilt source": (ValueError, "built source", lambda s, t: moved(keras.Sequential([layers.Dense(1)]), s)),
    "by": (ValueError, "`by` to be one of", lambda s, t: moved(s, s, by="order")),
    "adapt": (ValueError, "`adapt_input` to be one of", lambda s, t: moved(s, s, adapt_input="tile")),
    "misspelt": (ValueError, "Did you mean 'net/stem'", lambda s, t: moved(s, s, mapping={"net/stm": "net/stem"})),
    "misspelt aim": (ValueError, "the target does not have", lambda s, t: moved(s, s, mapping={"net/stem": "xyz"})),
    "mapping": (TypeError, "a dict from", lambda s, t: moved(s, s, mapping=3)),
    "mapped to": (TypeError, "a path or None", lambda s, t: moved(s, s, mapping=lambda path: 1)),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case, source):
    kind, message, call = ERRORS[case]
    with pytest.raises(kind, match=message):
        call(source, None)

"""Whatever a layer is given: an error that names it and says what is wrong, or a result that the docstrings promise."""

import cases
import pytest
from contract_tools import uncompiled
from hypothesis import given
from hypothesis import strategies as st
from strategies import examples, refused, refuses

OPS = pytest.mark.parametrize("case", cases.IMAGE_CASES, ids=str)
WAYS = {
    "call": lambda layer, data: layer(data),
    "infer": lambda layer, data: layer(data, training=False),
    "draw": lambda layer, data: layer.draw(data, seed=1),
    "apply": lambda layer, data: layer.apply(data, {}),
}


@OPS
@examples(50)
@given(data=refused(), way=st.sampled_from(sorted(WAYS)))
@uncompiled()
def test_what_no_layer_takes_is_refused(case, data, way):
    layer = case.shared()
    with refuses(layer.name):
        WAYS[way](layer, data)

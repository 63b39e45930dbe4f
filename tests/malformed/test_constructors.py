"""Every argument of every layer: a wrong value is refused by name, and what is accepted can be saved and works."""

import json
from fractions import Fraction

import keras
import numpy as np
import pytest
from cases import IMAGE_CASES, Case
from contract_tools import images, to_numpy, uncompiled
from hypothesis import given
from hypothesis import strategies as st
from strategies import Opaque, examples, refuses

import kerasaug
from kerasaug import layers as L

LAYERS = [case for case in IMAGE_CASES if isinstance(case.make, type)]
LAYERS.append(Case(kerasaug.Pipeline, layers=[L.RandomBrightness(0.2), L.RandomContrast(0.3)]))
EVERY = pytest.mark.parametrize("case", LAYERS, ids=str)
_TEXTS = ("name", "trainable")  # Keras's own, which takes any text and any truth

JUNK = [
    object(),
    Opaque(),
    len,
    1j,
    b"x",
    "no such thing",
    "",
    float("nan"),
    float("inf"),
    10**400,
    -(10**400),
    (0.1, 0.2, 0.3),
    (0.1,),
    (float("nan"), 0.1),
    (0.1, float("inf")),
    (True, False),
    ("0", "1"),
    (None, 1),
    {"images": None},
    {"images": 3},
    {"images": "labels"},
    {"picture": "image"},
    {0.1: 0.2},
    {0.1, 0.2},
    [[0.1, 0.2]],
    np.array([0.1, 0.2, 0.3]),
    np.array(0.1),
    np.array([object(), 1]),
    np.bool_(True),
    slice(1),
    iter([0.1, 0.2]),
]
OUT_OF_RANGE = {
    "p": [-0.1, 1.0001, 2, -1],
    "strength": [-1, -1e-9],
    "seed": [0.5, True, 2**64, -(2**63) - 1],
    "max_covered": [-0.1, 1.1, True],
    "max_number": [0, -1, 1.5, True, None, 2**31],
    "antialias": [None, 0, 1, "yes"],
    "crop_to_aspect_ratio": [None, 0, 1, "yes"],
    "pad_to_aspect_ratio": [None, 0, 1, "yes"],
    "value_range": [(255, 0), (5, 5), 255, (0, 10**400), None],
    "num_classes": [0, -1, 1.5, True, 2**31],
    "height": [0, -1, 1.5, True, None, 2**31],
    "width": [0, -1, 1.5, True, None, 2**31],
    "alpha": [0, -1, 100.5, 1e-300, True, None],
    "fill_value": [True, (0, 0), [1.0], (0, 0, True)],
    "mask_fill_value": [True, (0, 0, 0)],
    "data_format": ["channels", 0, False, []],
    "bounding_box_format": ["corners", 0, False, []],
    "keys": ["images", [("images", "x")], 0, False, [], {"labels": "x", "images": "x"}],
    "kernel_size": [0, 2, -1, 1.5, True, (3, 4), (3,), (3, 3, 3), 257],
    "sigma": [-1, (-2.0, 1.0), True, (0.1, None), []],
    "bins": [0, 1, -1, 1.5, True, None, 2**16 + 1],
    "clip_limit": [-1, -1e-9, True, None, (1.0, 2.0)],
    "tile_grid_size": [0, -1, 1.5, True, None, (0, 8), (8, 1.5), (8,), (8, 8, 8), 65],
    "fill_mode": [None, 0, "edge"],
    "interpolation": [None, 0, "cubic"],
    "mode": [None, 0, "sideways"],
    "menu": [None, 0, "timm"],
    "policy": [None, 0, "mnist"],
    "num_ops": [0, -1, 1.5, True, None, 33],
    "num_chains": [0, -1, 1.5, True, None, 17],
    "chain_depth": [0, -1, 1.5, True, None, 17],
    "num_magnitude_bins": [0, 1, -1, 1.5, True, None, 2**31],
    "magnitude_std": [-1, -1e-9, True, None, (0.1, 0.2)],
    "rate": [-0.1, 1.1, True, None, (0.1, 0.2)],
    "all_ops": [None, 0, 1, "yes"],
    "fuse": [None, 0, 1, "yes"],
    "dtype": ["string", "bool", "complex64", 3, ["float32"]],
    "name": [3, "a/b", ["x"]],
    "layers": [None, 3, L.RandomFlip, [L.RandomFlip], [None], ["RandomFlip"], keras.layers.RandomFlip(), {}],
}
_FACTORS = [1e9, -1e9, (0.0, 1e9), (-1e9, 0.0), "0.1", True, (0.1, None), []]  # no op has so wide a range


_NUMBERS = (L.RandomGrayscale, L.RandomPosterization)  # whose factor is no range of fractions


def arguments(case):
    """Every argument there is, read off the config, so that a new op brings its own."""
    return sorted(set(case.layer().get_config()) - {"trainable"})


def accepts_flags(name):
    return name in ("fuse", "all_ops", "antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio")


@EVERY
@examples(60)
@given(data=st.data())
def test_what_no_argument_can_be_is_refused(case, data):
    name = data.draw(st.sampled_from([one for one in arguments(case) if one not in _TEXTS]))
    junk = [one for one in JUNK if not (accepts_flags(name) and isinstance(one, np.bool_))]
    with refuses(case.make.__name__, name):
        case.layer(**{name: data.draw(st.sampled_from(junk))})


@EVERY
def test_values_that_an_argument_is_too_small_or_too_large_for(case):
    for name in arguments(case):
        wrong = OUT_OF_RANGE.get(name, _FACTORS if name.endswith(("factor", "scale")) else None)
        assert wrong is not None, f"an argument that this table does not know: {name}"
        for value in wrong:
            with refuses(case.make.__name__, name):
                case.layer(**{name: value})


@EVERY
def test_an_argument_that_there_is_not(case):
    with refuses(case.make.__name__, "'factors'"):
        case.layer(factors=0.5)


numbers = st.one_of(
    st.floats(-2.0, 2.0).map(lambda value: round(value, 3)),
    st.integers(-3, 300),
    st.sampled_from([0, 1, -1, 0.5, -0.0, 1e-7, 2**40, np.float32(0.25), np.int64(1), np.float64(0.5), Fraction(1, 4)]),
)
values = st.one_of(
    numbers,
    st.tuples(numbers, numbers),
    st.lists(numbers, min_size=2, max_size=2),
    st.lists(numbers, min_size=2, max_size=2).map(lambda pair: np.array(pair, "float64")),
    st.sampled_from([None, True, False]),
)


@EVERY
@examples(20)
@given(data=st.data())
@uncompiled()
def test_what_an_argument_can_be_is_kept_and_works(case, data):
    name = data.draw(st.sampled_from([one for one in arguments(case) if one not in (*_TEXTS, "dtype", "layers")]))
    value = data.draw(values)
    try:
        layer = case.layer(**{name: value})
    except (TypeError, ValueError) as error:
        assert str(error).startswith(case.make.__name__), error  # noqa: PT017 (which of the two is not known)
        return
    config = json.loads(json.dumps(layer.get_config()))
    again = case.make.from_config(config)
    assert json.loads(json.dumps(again.get_config())) == config
    if name not in ("height", "width"):  # of a crop, whose memory is theirs
        result = to_numpy(again(images()))
        assert np.isfinite(result).all(), f"{name}={value!r}"


@EVERY
@pytest.mark.parametrize("pair", [(0.3, 0.1), (0.1, 0.3)])
def test_ranges_in_either_order(case, pair):
    for name in arguments(case):
        if name.endswith("factor") and case.make not in _NUMBERS:
            kept = case.layer(**{name: pair}).get_config()[name]
            assert sorted(kept) == [0.1, 0.3]
            if name not in ("contrast_factor", "height_factor", "width_factor") and case.make is not L.RandomContrast:
                assert kept == [0.1, 0.3], name


def test_a_pipeline_of_a_generator_has_its_layers():
    assert len(kerasaug.Pipeline(L.RandomFlip() for _ in range(3)).layers) == 3


@pytest.mark.parametrize("value", [float("nan"), -1, "strong", None, True, (0.5,), 1j, 10**400])
def test_a_strength_that_is_set_is_checked(value):
    layer = L.RandomFlip(name="mine")
    with refuses("RandomFlip (name='mine')", "strength"):
        layer.strength = value
    assert float(to_numpy(layer.strength)) == 1.0


@pytest.mark.parametrize("keys", [{"labels": "images"}, {"images": "labels"}, {"labels": "y", "keypoints": "y"}])
def test_two_targets_of_one_name(keys):
    with refuses("RandomFlip", "a name of its own", repr(next(iter(keys.values())))):
        L.RandomFlip(keys=keys)

"""Each op of the published policies against PIL, whose functions those policies are made of."""

import math

import numpy as np
import pytest
from contract_tools import to_numpy
from PIL import Image, ImageEnhance, ImageOps

from kerasaug import layers as L

HEIGHT, WIDTH, EDGE = 40, 56, 3
GRAY = 128  # what lies beyond the frame


def _image():
    """Smooth, so that a pixel of a resampled image depends little on rounding; all grey levels occur."""
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    waves = [np.sin(xs / 9.0) * np.cos(ys / 7.0), np.sin((xs + ys) / 11.0), np.cos(xs / 6.0 - ys / 13.0)]
    return np.round(127.5 + 127.5 * np.stack(waves, axis=-1)).astype("uint8")


def _moved(image, matrix):
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=(GRAY,) * 3)


def _geometric(shear, shift, degrees, pixels=None):
    def shifted(image, level, sign, axis):
        most = pixels or shift * image.size[axis]
        offset = int(sign * level * most)
        return _moved(image, (1, 0, -offset, 0, 1, 0) if axis == 0 else (1, 0, 0, 0, 1, -offset))

    def turned(image, level, sign):
        return image.rotate(sign * level * degrees, Image.Resampling.BILINEAR, fillcolor=(GRAY,) * 3)

    return {
        "ShearX": lambda image, level, sign: _moved(image, (1, sign * level * shear, 0, 0, 1, 0)),
        "ShearY": lambda image, level, sign: _moved(image, (1, 0, 0, sign * level * shear, 1, 0)),
        "TranslateX": lambda image, level, sign: shifted(image, level, sign, 0),
        "TranslateY": lambda image, level, sign: shifted(image, level, sign, 1),
        "Rotate": turned,
    }


def _enhancing(most):
    def enhance(kind):
        return lambda image, level, sign: kind(image).enhance(1.0 + sign * level * most)

    kinds = {name: getattr(ImageEnhance, name) for name in ("Brightness", "Color", "Contrast", "Sharpness")}
    return {name: enhance(kind) for name, kind in kinds.items()}


def _posterize(most, bits=8):
    return {"Posterize": lambda image, level, sign: ImageOps.posterize(image, max(1, bits - round(level * most)))}


TABLES = {
    "Solarize": lambda image, level, sign: ImageOps.solarize(image, math.ceil(255 - 255 * level)),
    "AutoContrast": lambda image, level, sign: ImageOps.autocontrast(image),
    "Equalize": lambda image, level, sign: ImageOps.equalize(image),
    "Invert": lambda image, level, sign: ImageOps.invert(image),
}


def _solarize_add(image, level, sign):
    return image.point([min(255, i + int(110 * level)) if i < 128 else i for i in range(256)] * 3)


def _without(tables, *names):
    return {name: op for name, op in tables.items() if name not in names}


PAPER = {
    "Identity": lambda image, level, sign: image,
    **_geometric(0.3, 150 / 331, 30),
    **_enhancing(0.9),
    **_posterize(4),
    **_without(TABLES, "Invert"),
}
INCREASING = {
    **_geometric(0.3, 0.45, 30),
    **_enhancing(0.9),
    **TABLES,
    "Posterize": lambda image, level, sign: ImageOps.posterize(image, max(1, 4 - int(4 * level))),
    "SolarizeAdd": _solarize_add,
}
WIDE = {
    "Identity": lambda image, level, sign: image,
    **_geometric(0.99, 0, 135, pixels=32),
    **_enhancing(0.99),
    **_posterize(6),
    **_without(TABLES, "Invert"),
}
FOUND = {**_geometric(0.3, 150 / 331, 30), **_enhancing(0.9), **_posterize(4), **TABLES}
UNIFORM = {**_geometric(0.3, 0.45, 30), **_enhancing(0.9), **_posterize(4), **TABLES}
MIXED = {
    **_geometric(0.3, 1 / 3, 30),
    **_enhancing(0.9),
    **_posterize(4, bits=4),
    **_without(TABLES, "Invert"),
}
FILL = {"fill_mode": "constant", "fill_value": GRAY}
POLICIES = {
    "paper": (lambda: L.RandAugment(num_ops=1, menu="paper", **FILL), PAPER),
    "increasing": (lambda: L.RandAugment(num_ops=1, menu="increasing", **FILL), INCREASING),
    "wide": (L.TrivialAugmentWide, WIDE),
    "found": (lambda: L.UniformAugment(num_ops=1), {**UNIFORM, "Cutout": None}),
    "mixed": (lambda: L.AugMix(num_chains=1, chain_depth=1, **FILL), MIXED),
}
EVERY = [(name, op) for name, (_, menu) in POLICIES.items() for op in menu if menu[op]]
ONCE = {name: make() for name, (make, _) in POLICIES.items()}
AUTO = L.AutoAugment()


@pytest.mark.parametrize("name", POLICIES)
def test_a_menu_holds_these_ops_and_no_other(name):
    assert {move.name for move in ONCE[name].listed} == set(POLICIES[name][1])


def test_autoaugments_menu():
    assert {move.name for move in AUTO.listed} == set(FOUND)


@pytest.mark.parametrize(("name", "op"), EVERY)
def test_an_op_does_what_pil_does(name, op):
    policy, menu = ONCE[name], POLICIES[name][1]
    levels, signs = [0.2, 0.7, 1.0, 0.55], [1.0, -1.0, 1.0, -1.0]
    _assert_like_pil(policy, menu[op], op, levels, signs)


@pytest.mark.parametrize("op", FOUND)
def test_an_op_of_autoaugment_does_what_pil_does(op):
    levels, signs = [1 / 9, 4 / 9, 8 / 9, 1.0], [1.0, -1.0, -1.0, 1.0]
    _assert_like_pil(AUTO, FOUND[op], op, levels, signs)


def _assert_like_pil(policy, oracle, op, levels, signs):
    image = _image()
    batch = np.repeat(image[None], len(levels), axis=0)
    empty = [[""] * (policy.slots - 1)] * len(levels)
    names = [[op, *rest] for rest in empty]
    columns = (np.repeat(np.array(values)[:, None], policy.slots, axis=1) for values in (levels, signs))
    params = policy.params_for(names, *columns)
    if "own" in _drawn(policy):
        params |= {"own": np.zeros(len(levels), "float32"), "weights": np.ones((len(levels), 1), "float32")}
    result = to_numpy(policy.apply(batch, params))
    limit = 1.5 if op in ("Color", "Contrast", "Sharpness") else 1.01  # PIL rounds what it blends with, and truncates
    for i, (level, sign) in enumerate(zip(levels, signs, strict=True)):
        expected = np.asarray(oracle(Image.fromarray(image), level, sign), "float32")
        geometric = op.startswith(("Shear", "Translate", "Rotate"))
        inside = _away_from_fill(expected) if geometric else np.ones(expected.shape[:2], bool)
        assert inside.sum() > 50
        error = np.abs(result[i] - expected)[inside]
        assert error.max() <= limit, f"level {level}, sign {sign}: {error.max()}"


def _drawn(policy):
    return policy.draw(np.zeros((1, 4, 4, 3), "float32"), seed=0)


def _away_from_fill(expected):
    """PIL does not blend the frame's edge with what lies beyond."""
    filled = (expected == GRAY).all(axis=-1)
    near = filled.copy()
    for _ in range(EDGE):
        near[1:] |= near[:-1].copy()
        near[:-1] |= near[1:].copy()
        near[:, 1:] |= near[:, :-1].copy()
        near[:, :-1] |= near[:, 1:].copy()
    near[:EDGE] = near[-EDGE:] = near[:, :EDGE] = near[:, -EDGE:] = True
    return ~near


def test_cutout_fills_a_square_of_a_fifth_of_the_width():
    policy = ONCE["found"]
    image = np.zeros((1, HEIGHT, WIDTH, 3), "float32")
    result = to_numpy(policy.apply(image, policy.params_for([["Cutout"]], 1.0)))[0]
    filled = (result == GRAY).all(axis=-1)
    ys, xs = np.nonzero(filled)
    side = int(0.2 * WIDTH)
    assert filled.sum() == side**2
    assert (np.ptp(ys) + 1, np.ptp(xs) + 1) == (side, side)
    assert abs(ys.mean() - HEIGHT / 2) <= 1
    assert abs(xs.mean() - WIDTH / 2) <= 1


KERAS = {
    "Brightness": lambda x, level, sign: x + sign * level * 255,
    "Contrast": lambda x, level, sign: (1 + sign * level) * (x - x.mean((0, 1))) + x.mean((0, 1)),
    "ColorDegeneration": lambda x, level, sign: level * (x @ [0.299, 0.587, 0.114])[..., None] + (1 - level) * x,
}


@pytest.mark.parametrize("op", KERAS)
def test_keras_own_ops_of_randaugment(op):
    policy = L.RandAugment(num_ops=1)
    image = _image().astype("float32")
    for level, sign in ((0.3, 1.0), (0.5, -1.0)):
        result = to_numpy(policy.apply(image[None], policy.params_for([[op]], level, sign)))[0]
        np.testing.assert_allclose(result, np.clip(KERAS[op](image, level, sign), 0, 255), atol=0.01)


def test_randaugment_has_keras_eleven_ops():
    names = {move.name for move in L.RandAugment().listed}
    assert names == {
        "Shear",
        "Translation",
        "Rotate",
        "Sharpness",
        "Posterize",
        "Solarize",
        "AutoContrast",
        "Equalize",
    } | set(KERAS)


def test_names_that_are_on_no_menu_are_refused():
    with pytest.raises(ValueError, match=r"expects names of shape \(batch, 1\).*unknown=\[.*Invert'\)?\]"):
        ONCE["paper"].params_for([["Invert"]], 0.5)
    with pytest.raises(ValueError, match=r"shape=\(2,\)"):
        ONCE["paper"].params_for(["Rotate", "Rotate"], 0.5)

"""One line per op: what every check of the contract runs on. A public layer that is not here fails the build."""

from typing import Any

import pytest
from case import Case
from sequence_cases import SEQUENCE_CASES

from kerasaug import Augmentation, Pipeline
from kerasaug.layers import (
    AugMix,
    AutoAugment,
    AutoContrast,
    CenterCrop,
    ContrastLimitedAdaptiveHistogramEqualization,
    CutMix,
    Equalization,
    MaxNumBoundingBoxes,
    MixUp,
    RandAugment,
    RandomApply,
    RandomBrightness,
    RandomChoice,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomCrop,
    RandomCutout,
    RandomElasticTransform,
    RandomErasing,
    RandomFlip,
    RandomGaussianBlur,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomOrder,
    RandomPerspective,
    RandomPosterization,
    RandomRotation,
    RandomSaturation,
    RandomSharpness,
    RandomShear,
    RandomTranslation,
    RandomZoom,
    Resizing,
    Solarization,
    SomeOf,
    TrivialAugmentWide,
    UniformAugment,
)


def recipe(data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any) -> Pipeline:
    """The whole fine-tuning recipe."""
    own: dict[str, Any] = {"data_format": data_format, "bounding_box_format": bounding_box_format}
    layers = [
        RandomFlip("horizontal", **own),
        RandomRotation(0.05, **own),
        RandomZoom(0.2, **own),
        RandomTranslation(0.1, 0.1, **own),
        RandomShear(0.1, 0.1, **own),
        RandomColorJitter(
            brightness_factor=0.2, contrast_factor=0.2, saturation_factor=(0.4, 0.6), hue_factor=0.1, **own
        ),
        RandomErasing((1.0, 1.0), max_covered=0.5, **own),
        MixUp(1.0, **own),
    ]
    return Pipeline(layers, **arguments)


def unfused(data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any) -> Pipeline:
    """Layers that would share passes, one by one."""
    own: dict[str, Any] = {"data_format": data_format, "bounding_box_format": bounding_box_format}
    layers = [
        RandomRotation(0.05, **own),
        RandomZoom(0.2, **own),
        RandomBrightness(0.2, **own),
        RandomContrast(0.3, **own),
    ]
    return Pipeline(layers, fuse=False, **arguments)


def effects(data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any) -> Pipeline:
    """Ops on tones, neighbourhoods and displacements, in many stages."""
    own: dict[str, Any] = {"data_format": data_format, "bounding_box_format": bounding_box_format}
    layers = [
        RandomPerspective((1.0, 1.0), 0.3, **own),
        RandomInvert(**own),
        RandomHue(0.3, **own),
        RandomColorDegeneration(0.5, **own),
        RandomGrayscale(**own),
        Solarization(0.1, (0.3, 0.7), **own),
        RandomPosterization((4, 7), **own),
        AutoContrast(**own),
        Equalization(bins=16, **own),
        ContrastLimitedAdaptiveHistogramEqualization(tile_grid_size=(2, 3), **own),
        RandomSharpness((0.0, 1.0), **own),
        RandomGaussianBlur((1.0, 1.0), kernel_size=(3, 5), **own),
        RandomElasticTransform((1.0, 1.0), **own),
    ]
    return Pipeline(layers, **arguments)


def _few(data_format: str | None = None, bounding_box_format: str | None = None) -> list[Augmentation]:
    """What to choose from: an op, and a pipeline."""
    own: dict[str, Any] = {"data_format": data_format, "bounding_box_format": bounding_box_format}
    return [
        RandomTranslation((0.2, 0.3), (-0.3, -0.2), **own),
        Pipeline([RandomRotation((0.05, 0.1), **own), RandomBrightness((0.1, 0.2), **own)]),
    ]


def random_apply(data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any) -> Pipeline:
    """Always, unless told: checks want every image changed."""
    return RandomApply(_few(data_format, bounding_box_format), **{"p": 1.0, **arguments})


def random_choice(
    data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any
) -> RandomChoice:
    """Of few."""
    return RandomChoice(_few(data_format, bounding_box_format), (1.0, 2.0), **arguments)


def random_mix(
    data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any
) -> RandomChoice:
    """Of layers that mix."""
    own: dict[str, Any] = {"data_format": data_format, "bounding_box_format": bounding_box_format}
    return RandomChoice([MixUp(1.0, **own), CutMix((1.0, 1.0), **own)], **arguments)


def random_order(
    data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any
) -> RandomOrder:
    """Of few."""
    return RandomOrder(_few(data_format, bounding_box_format), **arguments)


def some_of(data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any) -> SomeOf:
    """One or two of few."""
    return SomeOf(_few(data_format, bounding_box_format), (1, 2), **arguments)


def policies(data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any) -> Pipeline:
    """Layers that choose per sample: from a menu, in chains, and from any layers."""
    own: dict[str, Any] = {"data_format": data_format, "bounding_box_format": bounding_box_format}
    layers = [
        RandAugment(num_ops=1, **own),
        AugMix(num_chains=2, chain_depth=1, **own),
        random_choice(**own),
    ]
    return Pipeline(layers, **arguments)


def nested(data_format: str | None = None, bounding_box_format: str | None = None, **arguments: Any) -> Pipeline:
    """A pipeline in a pipeline: with `recipe`, `effects` and `policies`, every op there is."""
    own: dict[str, Any] = {"data_format": data_format, "bounding_box_format": bounding_box_format}
    colors = [RandomBrightness(0.2, **own), RandomContrast(0.3, **own), RandomSaturation((0.3, 0.7), **own)]
    layers = [
        RandomCrop(6, 8, **own),
        Pipeline(colors, p=0.8),
        CenterCrop(5, 7, **own),
        Resizing(6, 8, "bicubic", **own),
        RandomCutout(0.4, 0.4, max_covered=0.5, **own),
        CutMix((1.0, 1.0), **own),
        MaxNumBoundingBoxes(3, **own),
    ]
    return Pipeline(layers, **arguments)


_RESIZES = {"identity": "every image is brought to the target's size"}
_BATCH = {"unbatched": "mixing needs a batch"}
_DRAWS_NOTHING = dict.fromkeys(("seed", "equal rows"), "an op without parameters is the same for every sample and seed")
_FRAMES = _RESIZES | _DRAWS_NOTHING | {"replay": "inference does the same"}

IMAGE_CASES = [
    Case(AugMix, factor=(0.5, 1.0)),
    Case(AutoAugment, policy="svhn"),
    Case(AutoContrast, but=_DRAWS_NOTHING),
    Case(CenterCrop, height=5, width=7, but=_FRAMES),
    Case(ContrastLimitedAdaptiveHistogramEqualization, tile_grid_size=(2, 2), but=_DRAWS_NOTHING),
    Case(CutMix, factor=(1.0, 1.0), but=_BATCH),
    Case(Equalization, bins=16, but=_DRAWS_NOTHING),
    Case(
        MaxNumBoundingBoxes,
        max_number=1,
        but=_FRAMES | {"sizes": "images stay as they are"},
    ),
    Case(MixUp, alpha=1.0, but=_BATCH),
    Case(RandAugment, menu="increasing", factor=(0.5, 1.0), magnitude_std=0.05),
    Case(RandomBrightness, factor=(0.1, 0.3)),
    Case(RandomColorDegeneration, factor=(0.3, 1.0)),
    Case(RandomColorJitter, brightness_factor=0.2, contrast_factor=0.2, saturation_factor=(0.3, 0.7), hue_factor=0.2),
    Case(RandomContrast, factor=0.5),
    Case(RandomCrop, height=6, width=8, but=_RESIZES),
    Case(RandomCutout, height_factor=0.5, width_factor=0.5, fill_mode="gaussian_noise", mask_fill_value=0),
    Case(RandomElasticTransform, factor=(1.0, 1.0), scale=(0.5, 1.0)),
    Case(RandomErasing, factor=(1.0, 1.0), scale=(0.2, 0.5), max_covered=0.5),
    Case(RandomFlip),
    Case(RandomGaussianBlur, factor=(1.0, 1.0), kernel_size=(5, 3), sigma=(0.5, 2.0)),
    Case(RandomGrayscale),
    Case(RandomHue, factor=(0.2, 0.6)),
    Case(RandomInvert, factor=(0.5, 0.5)),
    Case(RandomPerspective, factor=(1.0, 1.0), scale=0.4),
    Case(RandomPosterization, factor=(2, 6)),
    Case(RandomRotation, factor=(-0.1, 0.1)),
    Case(RandomSaturation, factor=(0.0, 0.3)),
    Case(RandomSharpness, factor=(0.6, 1.0)),
    Case(RandomShear, x_factor=0.3, y_factor=0.2, fill_mode="nearest"),
    Case(RandomTranslation, height_factor=0.3, width_factor=0.2, fill_mode="wrap"),
    Case(RandomZoom, height_factor=(0.1, 0.4), fill_mode="constant", fill_value=9.0),
    Case(Resizing, height=11, width=9, interpolation="nearest", pad_to_aspect_ratio=True, fill_value=9.0, but=_FRAMES),
    Case(Solarization, addition_factor=0.1, threshold_factor=(0.3, 0.7)),
    Case(TrivialAugmentWide),
    Case(UniformAugment, rate=0.9),
    Case(random_apply),
    Case(random_choice),
    Case(random_mix, but=_BATCH),
    Case(random_order),
    Case(some_of),
    Case(recipe, but=_BATCH),
    Case(unfused),
    Case(effects),
    Case(policies),
    Case(nested, but=_BATCH | _RESIZES),
]
CASES = IMAGE_CASES + SEQUENCE_CASES
PIPELINES = [case for case in CASES if case.make in (recipe, effects, policies, nested)]  # together they hold every op
# but for policies that differ from one of those in nothing but what they draw
DRAWN_ALIKE = {AutoAugment, RandomOrder, SomeOf, TrivialAugmentWide, UniformAugment}


def every_case(check: str, cases: list[Case] = IMAGE_CASES) -> Any:
    """Runs a check on every case; where a case names the check in `but`, it must fail."""
    marks = {case: [pytest.mark.xfail(strict=True, reason=case.but[check])] for case in cases if check in case.but}
    return pytest.mark.parametrize("case", [pytest.param(one, id=str(one), marks=marks.get(one, ())) for one in cases])

"""MixUp and CutMix: partners, shares, labels."""

from mutation import Mutation

_BASE = "kerasaug/layers/mix/base.py"
_IMAGES = "kerasaug/layers/mix/images.py"
_BLEND = "each = partial(blend, partner=partner, share=share)"
_OF_MIX_UP = ("tests/mix/test_mix_up.py",)
_OF_CUT_MIX = ("tests/mix/test_cut_mix.py",)

MIXING = (
    Mutation(
        "labels take the partner's share",
        _BASE,
        _BLEND,
        "each = partial(blend, partner=partner, share=1.0 - share)",
        ("tests/mix/test_mix_up.py::test_labels_integers_soft_and_real",),
    ),
    Mutation(
        "labels have another partner than images",
        _BASE,
        _BLEND,
        "each = partial(blend, partner=ops.flip(partner, axis=0), share=share)",
        ("tests/mix/test_mix_up.py::test_labels_integers_soft_and_real",),
    ),
    Mutation(
        "sample weights are not mixed",
        _BASE,
        'for kind in ("labels", "sample_weight") if kind in fields}',
        'for kind in ("labels",) if kind in fields}',
        ("tests/mix/test_mix_up.py::test_labels_of_several_heads_and_sample_weights",),
    ),
    Mutation(
        "class numbers are mixed as numbers",
        _BASE,
        "mapped(self.encode(there), dict",
        "mapped(there, dict",
        ("tests/mix/test_mix_up.py::test_labels_integers_soft_and_real",),
    ),
    Mutation(
        "masks take the weaker image's class",
        _IMAGES,
        "pasted = (share < 0.5)",
        "pasted = (share >= 0.5)",
        ("tests/mix/test_mix_up.py::test_masks_are_the_stronger_image_s",),
    ),
    Mutation(
        "a sample's own boxes are appended instead of the partner's",
        _IMAGES,
        "[own[name], other[name]]",
        "[own[name], own[name]]",
        ("tests/mix/test_mix_up.py::test_boxes_of_both_images",),
    ),
    Mutation(
        "samples that p leaves out are mixed",
        _BASE,
        "own = ops.broadcast_to(chosen(params[0], partner), ops.shape(partner))",
        "own = partner >= 0",
        ("tests/mix/test_cut_mix.py::test_who_is_not_chosen_keeps_everything",),
    ),
    Mutation(
        "labels of samples that p leaves out are mixed",
        _IMAGES,
        "share = ops.where(own, self.share(params, size), 1.0)",
        "share = self.share(params, size)",
        ("tests/mix/test_mix_up.py::test_who_is_not_chosen_keeps_everything",),
    ),
    Mutation(
        "labels go by λ as it was drawn and not by the area cut off at the frame",
        "kerasaug/layers/mix/cut_mix.py",
        'return 1.0 - area / (ops.cast(size[0], "float32") * ops.cast(size[1], "float32"))',
        'return params["share"] + 0.0 * area',
        ("tests/mix/test_cut_mix.py::test_labels_and_weights_by_the_area_that_is_really_covered",),
    ),
    Mutation(
        "the rectangle's side is the share and not its root",
        "kerasaug/layers/mix/cut_mix.py",
        'ops.sqrt(1.0 - params["share"])',
        '(1.0 - params["share"])',
        ("tests/mix/test_cut_mix.py::test_images",),
    ),
    Mutation(
        "a box that is wholly covered stays",
        _IMAGES,
        "source, size)) >= 1.0",
        "source, size)) > 1.0",
        ("tests/mix/test_cut_mix.py::test_boxes_are_hidden_or_cut",),
    ),
    Mutation(
        "a rectangle may stick out of the frame",
        "kerasaug/ops/regions.py",
        "ops.clip(low + extent, 0.0, frame)",
        "low + extent",
        ("tests/ops/test_regions.py",),
    ),
    Mutation(
        "a table of quantiles holds the distribution's own function",
        "kerasaug/ops/quantiles.py",
        "_POINTS), cdf, x)",
        "_POINTS), x, cdf)",
        ("tests/ops/test_quantiles.py",),
    ),
    Mutation(
        "a range of Beta parameters is its upper bound",
        "kerasaug/ops/quantiles.py",
        "low + (high - low) * (np.arange(64) + 0.5) / 64",
        "high + 0.0 * np.arange(64)",
        ("tests/ops/test_quantiles.py",),
    ),
    Mutation(
        "labels are not encoded outside of training",
        "kerasaug/augmentation.py",
        "return self.encode(fields)",
        "return fields",
        ("tests/mix/test_labels_at_inference.py",),
    ),
)

"""Freezing, preprocessing, schedules, recipes, fine_tune."""

from mutation import Mutation

_FREEZING = "kerasaug/transfer/freezing.py"
_HELD = "kerasaug/transfer/held.py"
_PREPROCESSING = "kerasaug/transfer/preprocessing.py"
_TRAINING = "kerasaug/transfer/training.py"
_RECIPE = "kerasaug/transfer/recipe.py"
_OF_FREEZING = "tests/transfer/test_layer_groups.py"
_OF_HELD = "tests/transfer/test_layer_groups_held.py"
_OF_PREPROCESSING = ("tests/transfer/test_backbones.py::test_preprocessing_equals_the_family_own",)
_OF_CYCLES = ("tests/transfer/test_one_cycle.py",)
_OF_FINE_TUNE = "tests/transfer/test_fine_tune.py"

TRANSFER = (
    Mutation(
        "frozen layers train",
        _FREEZING,
        "_set_flag(layer, index >= first and not frozen)",
        "_set_flag(layer, not frozen)",
        (f"{_OF_FREEZING}::test_freeze_to",),
    ),
    Mutation(
        "BatchNormalization trains though it is to be frozen",
        _FREEZING,
        "frozen = freeze_bn and",
        "frozen = not freeze_bn and",
        (f"{_OF_FREEZING}::test_freeze_unfreeze_and_batch_normalization",),
    ),
    Mutation(
        "BatchNormalization of the head is frozen too",
        _FREEZING,
        "frozen = freeze_bn and group.name != HEAD and",
        "frozen = freeze_bn and",
        ("tests/callbacks/test_gradual_unfreezing.py::test_batch_normalization",),
    ),
    Mutation(
        "one group too few is frozen",
        _FREEZING,
        "return n + count if n < 0 else n",
        "return max(n + count - 1, 0) if n < 0 else n",
        (f"{_OF_FREEZING}::test_freeze_to",),
    ),
    Mutation(
        "a compiled step of other frozen layers is taken",
        "kerasaug/transfer/steps.py",
        "flags = tuple((layer.trainable, *(weight.trainable for weight in layer.weights)) for layer in owners(model))",
        "flags = bool(model.trainable_variables)",
        ("tests/callbacks/test_gradual_unfreezing.py::test_frozen_weights_stay_and_unfrozen_move",),
        backend="tensorflow",
    ),
    Mutation(
        "RGB is not turned into BGR",
        _PREPROCESSING,
        "images = ops.flip(images, axis=channels)",
        "images = ops.flip(ops.flip(images, axis=channels), axis=channels)",
        _OF_PREPROCESSING,
    ),
    Mutation(
        "pixels are not divided by their deviation",
        _PREPROCESSING,
        "[1 / (255 * std) for std in _TORCH_STD]",
        "[1 / 255 for std in _TORCH_STD]",
        _OF_PREPROCESSING,
    ),
    Mutation(
        "a family has another one's preprocessing",
        _PREPROCESSING,
        '"densenet": "torch"',
        '"densenet": "tf"',
        _OF_PREPROCESSING,
    ),
    Mutation(
        "pixels are rounded to half precision before the mean is taken off",
        _PREPROCESSING,
        '_by_channel(offset), dtype="float32", name=',
        "_by_channel(offset), name=",
        ("tests/transfer/test_backbones.py::test_preprocessing_in_half_precision_and_after_saving",),
    ),
    Mutation(
        "the head computes in half precision",
        "kerasaug/transfer/classifier.py",
        'activation=activation, dtype="float32"',
        "activation=activation",
        ("tests/transfer/test_classifier.py::test_head_is_float32_in_half_precision",),
    ),
    Mutation(
        "a cycle starts at 0 and not at its peak / div",
        "kerasaug/transfer/one_cycle.py",
        "_cosine(self.peak / self.div,",
        "_cosine(0.0 * self.div,",
        _OF_CYCLES,
    ),
    Mutation(
        "pct_start is the share of the fall",
        "kerasaug/transfer/one_cycle.py",
        "position / self.pct_start)",
        "position / (1.0 - self.pct_start))",
        _OF_CYCLES,
    ),
    Mutation(
        "a second cycle goes on in the middle",
        "kerasaug/transfer/one_cycle.py",
        "cycle(step - start)",
        "cycle(step)",
        _OF_CYCLES,
    ),
    Mutation(
        "a recipe forgets its seed when it is read",
        _RECIPE,
        'if name != "format"})',
        'if name not in ("format", "seed")})',
        ("tests/transfer/test_recipe_more.py",),
    ),
    Mutation(
        "a recipe leaves out what is 0 when it is saved",
        _RECIPE,
        "**asdict(self)}))",
        "**{name: value for name, value in asdict(self).items() if value}}))",
        ("tests/transfer/test_recipe_more.py",),
    ),
    Mutation(
        "everything unfreezes one epoch late",
        _TRAINING,
        "{0: -1, recipe.freeze_epochs: 0}",
        "{0: -1, recipe.freeze_epochs + 1: 0}",
        (f"{_OF_FINE_TUNE}::test_every_step_by_hand",),
    ),
    Mutation(
        "random layers are not seeded anew",
        _TRAINING,
        "reseed(network, recipe.seed)",
        "reseed(network, 0 * recipe.seed + id(network))",
        (f"{_OF_FINE_TUNE}::test_a_second_call_repeats_bit_for_bit",),
    ),
    Mutation(
        "the last weights are kept instead of the best",
        _TRAINING,
        "network.load_weights(best.path)",
        "best.path.stat()",
        (f"{_OF_FINE_TUNE}::test_keeps_the_best_or_the_last",),
    ),
    Mutation(
        "BatchNormalization is frozen whatever bn says",
        _TRAINING,
        "bn=recipe.bn",
        'bn="frozen"',
        (f"{_OF_FINE_TUNE}::test_bn_trains_when_told",),
    ),
    Mutation(
        "labels of class numbers are not smoothed",
        "kerasaug/transfer/objective.py",
        "return Crossentropy(label_smoothing, logits),",
        "return Crossentropy(0.0, logits),",
        ("tests/transfer/test_fine_tune_labels.py::test_loss_and_accuracy_by_hand",),
    ),
    Mutation(
        "probabilities are taken for logits",
        "kerasaug/transfer/objective.py",
        'logits = head.activation == "linear"',
        'logits = head.activation != "linear"',
        ("tests/transfer/test_fine_tune_labels.py::test_loss_and_accuracy_by_hand",),
    ),
    Mutation(
        "what is held counts as what can never train",
        _HELD,
        'attributes["_trains"] = None',
        'attributes["_trains"] = attributes["_trains"]',
        (f"{_OF_HELD}::test_groups_do_not_depend_on_what_is_held",),
    ),
    Mutation(
        "a block of which a part is held is another block",
        _HELD,
        "return layer.plain if isinstance(layer, Held) else type(layer)",
        "return type(layer)",
        (f"{_OF_HELD}::test_groups_do_not_depend_on_what_is_held",),
    ),
)

"""Heads: losses of pixels and tokens, weights of samples, smoothed labels."""

from mutation import Mutation

_BINARY = "kerasaug/transfer/heads/binary.py"
_LOSSES = "kerasaug/transfer/heads/losses.py"
_WEIGHTS = "kerasaug/transfer/heads/sample_weights.py"
_SMOOTHING = "kerasaug/training/smoothing.py"
_OF_LOSSES = "tests/transfer/test_heads_losses.py"
_OF_SMOOTHING = "tests/transfer/test_hyperparameters.py"

HEADS = (
    Mutation(
        "pixels of no class are in the loss of a yes or no",
        _BINARY,
        "        if self.ignore_class is None:\n            return keras",
        "        if True:\n            return keras",
        (f"{_OF_LOSSES}::test_an_ignored_label_of_yes_or_no_counts_nowhere",),
    ),
    Mutation(
        "no is one minus the logit of yes",
        _BINARY,
        "ops.zeros_like(y_pred) if self.from_logits else 1 - y_pred",
        "1 - y_pred",
        (f"{_OF_LOSSES}::test_an_ignored_label_of_yes_or_no_counts_nowhere",),
    ),
    Mutation(
        "pixels of no class are in the intersection over union",
        _BINARY,
        "threshold, **kwargs)\n        self.ignore_class = ignore_class",
        "threshold, **kwargs)\n        self.ignore_class = None",
        (f"{_OF_LOSSES}::test_iou_of_yes_or_no_without_one_label",),
    ),
    Mutation(
        "weights of samples weigh columns of pixels",
        _WEIGHTS,
        "(*ops.shape(weights), *(1,) * missing)",
        "(*(1,) * missing, *ops.shape(weights))",
        (f"{_OF_LOSSES}::test_weights_of_samples_weigh_samples",),
    ),
    Mutation(
        "the loss of integers and rows weighs columns of pixels",
        _LOSSES,
        "class Crossentropy(WeighsSamples):",
        "class Crossentropy(keras.losses.Loss):",
        (f"{_OF_LOSSES}::test_weights_of_samples_weigh_samples",),
    ),
    Mutation(
        "accuracy takes a column of weights for a square of them",
        _LOSSES,
        "ops.cast(expanded(sample_weight, ops.shape(right)), self.dtype)",
        "ops.cast(sample_weight, self.dtype)",
        (f"{_OF_LOSSES}::test_accuracy_is_weighted",),
    ),
    Mutation(
        "yes and no are smoothed over the number of outputs",
        _SMOOTHING,
        'share / (2 if kind == "each" else labels.shape[-1])',
        "share / labels.shape[-1]",
        (f"{_OF_SMOOTHING}::test_smoothing_of_yes_and_no",),
    ),
    Mutation(
        "losses in a list belong to the outputs in reverse",
        _SMOOTHING,
        "dict(zip(names, given, strict=False))",
        "dict(zip(reversed(names), given, strict=False))",
        (f"{_OF_SMOOTHING}::test_labels_and_losses_may_be_lists_and_dicts",),
    ),
    Mutation(
        "labels of which one is ignored are smoothed",
        _SMOOTHING,
        'getattr(loss, "ignore_class", None) is not None:',
        'getattr(loss, "ignored_class", None) is not None:',
        (f"{_OF_SMOOTHING}::test_labels_of_which_one_is_ignored_stay",),
    ),
)

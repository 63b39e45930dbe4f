"""When a layer augments, and what `AugmentedModel` does in a step."""

from mutation import Mutation

_MODEL = "kerasaug/training/augmented_model.py"
_SPARSE = "test_sparse_labels_are_encoded_alike_in_training_and_evaluation"
_OF_LABELS = (f"tests/training/test_augmented_model_targets.py::{_SPARSE}",)

RULE = (
    Mutation(
        "a layer augments with training=False",
        "kerasaug/augmentation.py",
        "        if not training:",
        "        if training is None:",
        ("tests/test_training_rule.py::test_a_direct_call_augments_unless_told",),
    ),
    Mutation(
        "a layer inside a model augments at inference",
        "kerasaug/training_rule.py",
        "        )\n    return False",
        "        )\n    return True",
        ("tests/test_training_rule.py::test_a_model_is_clean_unless_it_trains",),
    ),
    Mutation(
        "a stateless call counts as a direct one",
        "kerasaug/backend/layer.py",
        "entry_layer is self and not in_stateless_scope()",
        "entry_layer is self",
        ("tests/test_training_rule.py::test_stateless_call_follows_the_same_rule",),
    ),
    Mutation(
        "a pipeline alone in a Sequential warns at every call",
        "kerasaug/training_rule.py",
        "if only and caller not in _warned:",
        "if only:",
        ("tests/test_training_rule.py::test_a_sequential_of_augmentation_alone_says_once_that_it_does_nothing",),
    ),
    Mutation(
        "a model augments in evaluate and predict",
        _MODEL,
        "return self.model(self._taken(inputs), training=training)",
        "return self.model(self.pipeline(inputs, training=True), training=training)",
        ("tests/training/test_augmented_model.py::test_evaluate_predict_and_call_see_images_as_they_are",),
    ),
    Mutation(
        "the loss of evaluate sees labels that are not encoded",
        _MODEL,
        "        y = self._encoded(y)\n        if training:",
        "        if training:",
        _OF_LABELS,
    ),
    Mutation(
        "the metrics of evaluate see labels that are not encoded",
        _MODEL,
        "compute_metrics(x, self._encoded(y),",
        "compute_metrics(x, y,",
        _OF_LABELS,
    ),
    Mutation(
        "JAX's step forgets that the seed advanced",
        _MODEL,
        "[old if new is None else new for new,",
        "[old for new,",
        ("tests/training/test_augmented_model.py::test_every_step_draws_anew_and_the_same_seed_repeats",),
        backend="jax",
    ),
    Mutation(
        "the weights given to fit are not mixed",
        "kerasaug/training/targets.py",
        '"labels": "y", "sample_weight": "sample_weight"}',
        '"labels": "y"}',
        ("tests/training/test_augmented_model_targets.py::test_weights_of_fit_are_mixed_in_the_compiled_step",),
    ),
    Mutation(
        "a checkpoint of the model holds no optimizer",
        _MODEL,
        'self.model.optimizer = getattr(self, "optimizer", None)',
        "self.model.optimizer = None",
        ("tests/training/test_augmented_model_saving.py::test_a_checkpoint_holds_the_optimizer_too",),
    ),
)

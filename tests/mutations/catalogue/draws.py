"""Who is drawn, how strongly, and from what seed."""

from mutation import Mutation

_DRAW = "kerasaug/draw.py"
_LAYER = "kerasaug/augmentation.py"
_OF_DRAWS = "tests/test_draw.py::"

DRAWS = (
    Mutation(
        "p is ignored",
        _DRAW,
        "if p < 1.0:",
        "if p < 0.0:",
        (_OF_DRAWS + "test_who_is_chosen",),
    ),
    Mutation(
        "strength is ignored",
        _DRAW,
        "self.strength * (value - neutral)",
        "(value - neutral)",
        (_OF_DRAWS + "test_uniform_is_scaled_towards_neutral_where_chosen",),
    ),
    Mutation(
        "strength acts twice",
        _DRAW,
        "self.strength * (value - neutral)",
        "self.strength**2 * (value - neutral)",
        (_OF_DRAWS + "test_uniform_is_scaled_towards_neutral_where_chosen",),
    ),
    Mutation(
        "the whole batch has one draw",
        _DRAW,
        "(self.ids[:, None], counter)",
        "(0 * self.ids[:, None], counter)",
        (_OF_DRAWS + "test_words_are_a_function_of_seed_step_sample_and_op",),
    ),
    Mutation(
        "every layer of a pipeline draws the first one's numbers",
        _DRAW,
        "self._shared.pop(0)",
        "(self._shared[0][0], list(self._shared[0][1]))",
        ("tests/test_pipeline.py::test_layers_of_one_seed_draw_apart",),
    ),
    Mutation(
        "the ops of a pipeline are not numbered",
        _DRAW,
        'np.arange(op, op + count, dtype="int32")',
        'np.full(count, op, dtype="int32")',
        (_OF_DRAWS + "test_a_pipeline_numbers_its_ops_from_its_own_on",),
    ),
    Mutation(
        "layers of different classes draw alike from one seed",
        _LAYER,
        "zlib.crc32(type(self).__name__.encode()) & 0x3FFFF",
        'zlib.crc32(b"layer") & 0x3FFFF',
        (_OF_DRAWS + "test_a_layer_draws_from_its_class_s_own_counter",),
    ),
    Mutation(
        "the seed does not advance between calls",
        _LAYER,
        "else self.generator.next()",
        "else ops.convert_to_tensor(self.generator.state)",
        ("tests/test_contract.py::test_same_seed_same_draws_and_successive_calls_differ",),
    ),
    Mutation(
        "the step is not part of the key",
        _DRAW,
        "return state[0], state[1]",
        "return state[0], 0 * state[1]",
        (_OF_DRAWS + "test_a_pipeline_numbers_its_ops_from_its_own_on",),
    ),
    Mutation(
        "replicas draw alike",
        _DRAW,
        "if isinstance(replica, int):",
        "if replica is not None:",
        ("tests/test_draw_replicas.py",),
        backend="tensorflow",
    ),
    Mutation(
        "the op is not part of the counter",
        _DRAW,
        'dtype="int32")[:, None] << 12',
        'dtype="int32")[:, None] * 0',
        (_OF_DRAWS + "test_words_are_a_function_of_seed_step_sample_and_op",),
    ),
    Mutation(
        "words repeat once eight of them are used",
        _DRAW,
        "self._fresh(self.op, 1, self._blocks)[0]",
        "self._fresh(self.op, 1, 0)[0]",
        (_OF_DRAWS + "test_words_are_a_function_of_seed_step_sample_and_op",),
    ),
    Mutation(
        "record ids are not looked at",
        _LAYER,
        "if record_ids is None:",
        "if True:",
        ("tests/test_draw.py::test_record_ids_take_the_place_of_the_place_in_the_batch",),
    ),
    Mutation(
        "a pipeline's strength does not reach its layers",
        _DRAW,
        "else strength * parent.strength",
        "else strength",
        (_OF_DRAWS + "test_a_pipeline_s_probability_and_strength_multiply_its_layers",),
    ),
    Mutation(
        "a pipeline's p does not reach its layers",
        _DRAW,
        "ops.logical_and(self.chosen, parent.chosen)",
        "ops.logical_and(self.chosen, self.chosen)",
        (_OF_DRAWS + "test_a_pipeline_s_probability_and_strength_multiply_its_layers",),
    ),
    Mutation(
        "a normal number has the wrong deviation",
        "kerasaug/ops/bits.py",
        "ops.erfinv(2.0 * unit - 1.0) * (2.0**0.5)",
        "ops.erfinv(2.0 * unit - 1.0) * 2.0",
        ("tests/ops/test_bits.py",),
    ),
    Mutation(
        "threefry rotates by another distance",
        "kerasaug/ops/bits.py",
        "(13, 15, 26, 6)",
        "(13, 15, 26, 7)",
        ("tests/ops/test_bits.py",),
    ),
    Mutation(
        "every element of a dataset has the same draw",
        "kerasaug/backend/layer.py",
        "tf.int64), count])",
        "tf.int64), 0 * count])",
        ("tests/datasets/test_augment_dataset.py::test_a_plain_parallel_map_gives_every_element_its_own_draw",),
    ),
    Mutation(
        "every epoch of an augmented dataset is the same",
        "kerasaug/datasets/augment.py",
        "rerandomize_each_iteration=True",
        "rerandomize_each_iteration=False",
        ("tests/datasets/test_augment_dataset.py::test_epochs_batches_and_seeds_differ",),
    ),
)

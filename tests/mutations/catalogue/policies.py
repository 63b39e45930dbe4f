"""What is chosen for a sample, and what becomes of it."""

from mutation import Mutation

_POLICY = "kerasaug/policy.py"
_FOLDER = "kerasaug/layers/image/policy/"
_CHOICE = "kerasaug/layers/choice/"
_DRAWS = "tests/policies/test_draws.py::"
_MENUS = "tests/policies/test_menus.py::"
_RUNS = "tests/policies/test_composition.py::"
_WAYS = "tests/policies/test_both_ways.py::test_both_ways_give_the_same"

POLICIES = (
    Mutation(
        "a layer's draw in a slot is for everyone",
        _POLICY,
        "child.restrict(chosen)",
        "child.restrict(chosen | True)",
        (_DRAWS + "test_a_layers_own_probability_acts_within_a_choice",),
    ),
    Mutation(
        "samples that are left out run the first layer",
        _POLICY,
        "ops.where(rng.chosen[:, None], self.choose(rng), left_out)",
        "ops.where(rng.chosen[:, None], self.choose(rng), 0)",
        (_RUNS + "test_mixing_leaves_out_whom_p_leaves_out",),
    ),
    Mutation(
        "mixes see what the one before them made",
        _POLICY,
        "results = [_run(layer, fields, one) for layer, one in zip(self.layers, drawn, strict=True)]",
        "results = [fields := _run(layer, fields, one) for layer, one in zip(self.layers, drawn, strict=True)]",
        (_RUNS + "test_a_choice_of_mixes_is_that_of_each_on_the_batch_as_it_came",),
    ),
    Mutation(
        "on accelerators an op runs for all",
        _POLICY,
        "for i, layer in layers for leaf in layer.leaves(drawn[i])",
        "for i, layer in layers for leaf in layer.leaves(drawn[0])",
        (_WAYS + "[TrivialAugmentWide]",),
    ),
    Mutation(
        "on accelerators each is given the next one's crop",
        _POLICY,
        '_where_equal(params["index"][:, 0], i)',
        '_where_equal(params["index"][:, 0], i + 1)',
        (_WAYS + "[RandomChoice, crops]",),
    ),
    Mutation(
        "on CPUs the last layer is never run",
        _POLICY,
        "branches = [branch(i) if self.fits(layer, batch[0])",
        "branches = [branch(i) if self.fits(layer, batch[0]) and layer is not self.layers[-1]",
        (_WAYS + "[SomeOf]",),
    ),
    Mutation(
        "weights of a choice are not used",
        _CHOICE + "random_choice.py",
        "rng.categorical(self.layer_weights or [1.0] * len(self.layers))",
        "rng.categorical([1.0] * len(self.layers))",
        (_DRAWS + "test_randomchoice_draws_by_weight",),
    ),
    Mutation(
        "light layers come first",
        _CHOICE + "weights.py",
        "-ops.log(rng.unit((len(weights),))) / rates[None]",
        "-ops.log(rng.unit((len(weights),))) * rates[None]",
        (_DRAWS + "test_someof_draws_by_weight_without_replacement",),
    ),
    Mutation(
        "the most is never drawn",
        _CHOICE + "some_of.py",
        "rng.integers(fewest, most + 1)",
        "rng.integers(fewest, most)",
        (_DRAWS + "test_someof_draws_different_layers_and_how_many",),
    ),
    Mutation(
        "strength leaves levels as they are",
        _FOLDER + "base.py",
        "level = ops.where(fades, rng.strength * level, level)",
        "level = ops.where(fades, 1.0 * level, level)",
        (_DRAWS + "test_strength_scales_levels_and_the_probability_of_ops_without_any",),
    ),
    Mutation(
        "ops without a level happen at any strength",
        _FOLDER + "base.py",
        "happens = fades | (rng.unit((self.slots,)) < rng.strength)",
        "happens = fades | (rng.unit((self.slots,)) < 1.0)",
        (_DRAWS + "test_strength_scales_levels_and_the_probability_of_ops_without_any",),
    ),
    Mutation(
        "all directions are one",
        _FOLDER + "base.py",
        "ops.where(rng.unit((self.slots,)) < 0.5, -1.0, 1.0)",
        "ops.where(rng.unit((self.slots,)) < 0.1, -1.0, 1.0)",
        (_DRAWS + "test_signs_are_even_and_independent_of_op_and_level",),
    ),
    Mutation(
        "shears turn about the centre",
        _FOLDER + "members.py",
        "x * height / 2.0 - right",
        "0.0 * height - right",
        (_MENUS + "test_an_op_does_what_pil_does[paper-ShearX]",),
    ),
    Mutation(
        "shifts are rounded",
        _FOLDER + "members.py",
        "ops.sign(value) * ops.floor(ops.abs(value))",
        "ops.round(value)",
        (_MENUS + "test_an_op_does_what_pil_does[paper-TranslateX]",),
    ),
    Mutation(
        "contrast has a gray for each channel",
        _FOLDER + "members.py",
        "gray = sum(weight * gray[:, i] for i, weight in enumerate(weights))",
        "gray = gray[:, 0]",
        (_MENUS + "test_an_op_does_what_pil_does[paper-Contrast]",),
    ),
    Mutation(
        "posterization drops twice the bits",
        _FOLDER + "menu.py",
        "bits - ops.round(drawn.level * most)",
        "bits - 2.0 * ops.round(drawn.level * most)",
        (_MENUS + "test_an_op_does_what_pil_does[paper-Posterize]",),
    ),
    Mutation(
        "solarization weakens with the level",
        _FOLDER + "menu.py",
        "return 1.0 - drawn.level",
        "return drawn.level",
        (_MENUS + "test_an_op_does_what_pil_does[paper-Solarize]",),
    ),
    Mutation(
        "a pair's second op has the first one's probability",
        _FOLDER + "auto_augment.py",
        "rng.unit((2,)) < probability",
        "rng.unit((2,)) < probability[:, :1]",
        (_DRAWS + "test_autoaugment_draws_pairs_evenly_and_ops_by_their_probability",),
    ),
    Mutation(
        "chains go on from each other",
        _FOLDER + "chains.py",
        'now = ops.where(step["first"], images, carry["now"])',
        'now = carry["now"]',
        (_RUNS + "test_augmix_blends_its_chains[one_by_one]",),
    ),
    Mutation(
        "the original's share is the chains'",
        _FOLDER + "chains.py",
        "own * images + (1.0 - own) * mixed",
        "(1.0 - own) * images + own * mixed",
        (_RUNS + "test_augmix_blends_its_chains",),
    ),
    Mutation(
        "chains are always as deep as they can be",
        _FOLDER + "aug_mix.py",
        "rng.integers(0, self.chain_depth + 1, (self.num_chains,))",
        "rng.integers(self.chain_depth, self.chain_depth + 1, (self.num_chains,))",
        (_DRAWS + "test_augmix_draws_depths_weights_and_blends",),
    ),
    Mutation(
        "bins of TrivialAugment never reach the largest",
        _FOLDER + "trivial_augment_wide.py",
        "rng.integers(0, self.num_magnitude_bins, (1,))",
        "rng.integers(0, self.num_magnitude_bins - 1, (1,))",
        (_DRAWS + "test_trivialaugment_draws_ops_and_bins_evenly",),
    ),
)

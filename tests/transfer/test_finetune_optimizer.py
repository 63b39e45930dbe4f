"""The fine-tuning optimizer: the same as Keras's own where it is not told otherwise, on every hook it overrides."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasaug.transfer import finetune_class, finetune_optimizer, freeze_to, layer_groups
from kerasaug.transfer.finetune import prepare, spread
from kerasaug.transfer.optimizer import FineTuneMixin
from kerasaug.transfer.plan import decay_pattern

COMBINING = (keras.optimizers.LossScaleOptimizer, keras.optimizers.MultiOptimizer)
OPTIMIZERS = sorted(
    name
    for name, member in vars(keras.optimizers).items()
    if isinstance(member, type)
    and issubclass(member, keras.Optimizer)
    and member is not keras.Optimizer
    and member not in COMBINING
)


def make_model():
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, name="low"),
            keras.layers.BatchNormalization(name="bn"),
            keras.layers.Dense(3, name="middle"),
            keras.layers.Dense(2, name="top"),
        ]
    )


def steps(optimizer, model, count=3, variables=None):
    """Applies `count` steps of the same made-up gradients, and returns the weights."""
    variables = model.trainable_variables if variables is None else variables
    rng = np.random.default_rng(0)
    grads = [ops.convert_to_tensor(rng.normal(size=v.shape).astype("float32")) for v in variables]
    for _ in range(count):
        optimizer.apply(grads, variables)
    return model.get_weights()


def assert_same(got, want, **tolerance):
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, **({"rtol": 1e-6, "atol": 1e-7} | tolerance))


def test_every_keras_optimizer_is_here():
    assert {"SGD", "Adam", "AdamW", "Lion", "Muon"} <= set(OPTIMIZERS)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_equals_keras_when_told_nothing(name):
    """Also the pin of Keras's private hooks: one that is renamed or called otherwise shows here."""
    settings = {"learning_rate": 0.01, "weight_decay": 0.1}
    stock, tuned = make_model(), make_model()
    source = getattr(keras.optimizers, name)(**settings)
    result = finetune_optimizer(getattr(keras.optimizers, name)(**settings), tuned, no_decay=())
    assert isinstance(result, getattr(keras.optimizers, name))
    assert_same(steps(result, tuned), steps(source, stock))


@pytest.mark.parametrize(
    "settings",
    [
        {"use_ema": True, "ema_momentum": 0.5},
        {"use_ema": True, "ema_overwrite_frequency": 2},
        {"gradient_accumulation_steps": 2},
        {"global_clipnorm": 0.1},
        {"clipnorm": 0.1},
        {"loss_scale_factor": 2.0},
    ],
    ids=lambda settings: "-".join(settings),
)
def test_equals_keras_with_settings(settings):
    stock, tuned = make_model(), make_model()
    source = keras.optimizers.AdamW(0.01, **settings)
    result = finetune_optimizer(keras.optimizers.AdamW(0.01, **settings), tuned, no_decay=())
    steps(source, stock, 5)
    steps(result, tuned, 5)
    source.finalize_variable_values(stock.trainable_variables)
    result.finalize_variable_values(tuned.trainable_variables)
    assert_same(tuned.get_weights(), stock.get_weights())


@pytest.mark.parametrize(
    "given", ["adam", keras.optimizers.Adam, keras.optimizers.Adam()], ids=["name", "class", "object"]
)
def test_takes_name_class_or_object(given):
    result = finetune_optimizer(given, make_model())
    assert isinstance(result, keras.optimizers.Adam)
    assert isinstance(result, FineTuneMixin)


def test_group_multiplier_scales_step_and_decay():
    model = make_model()
    before = model.get_weights()
    optimizer = finetune_optimizer(keras.optimizers.SGD(weight_decay=0.5), model, learning_rate=slice(0.001, 0.1))
    assert optimizer.group_names == ("block1", "block2", "head")
    zeros = [ops.zeros(v.shape) for v in model.trainable_variables]
    optimizer.apply(zeros, model.trainable_variables)
    factors = dict(zip(("low", "middle", "top"), (0.001, 0.01, 0.1), strict=True))
    for weight, old, new in zip(model.weights, before, model.get_weights(), strict=True):
        layer, name = weight.path.split("/")[-2:]
        np.testing.assert_allclose(new, old * (1 - 0.5 * factors[layer]) if name == "kernel" else old, rtol=1e-6)


def test_schedule_as_learning_rate():
    model = make_model()
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.1, 0.0])
    optimizer = finetune_optimizer(keras.optimizers.SGD(schedule), model, layer_decay=0.5)
    first = steps(optimizer, model, 1)
    assert_same(steps(optimizer, model, 1), first)  # the second step has rate 0
    assert not np.array_equal(first[0], make_model().get_weights()[0])


def test_subset_leaves_the_rest_and_its_slots_alone():
    model = make_model()
    optimizer = finetune_optimizer("adam", model)
    before = model.get_weights()
    freeze_to(model, -1)
    after = steps(optimizer, model)
    moved = [not np.array_equal(old, new) for old, new in zip(before, after, strict=True)]
    assert moved == [False] * (len(moved) - 2) + [True] * 2
    touched = [
        v.path
        for v in optimizer.variables
        if v.path.endswith(("kernel_momentum", "bias_momentum")) and np.abs(ops.convert_to_numpy(v)).max() > 0
    ]
    assert len(touched) == 2
    assert all("top" in path for path in touched)


@pytest.mark.parametrize(
    ("rate", "decay", "expected"),
    [
        (None, None, (None, [1, 1, 1])),
        (0.2, None, (0.2, [1, 1, 1])),
        (slice(0.01, 1.0), None, (1.0, [0.01, 0.1, 1])),
        (slice(0.2), None, (0.2, [0.1, 0.1, 1])),
        (None, 0.5, (None, [0.25, 0.5, 1])),
        (0.2, 0.5, (0.2, [0.25, 0.5, 1])),
    ],
)
def test_spread(rate, decay, expected):
    base, multipliers = spread(3, rate, decay)
    assert base == expected[0]
    np.testing.assert_allclose(multipliers, expected[1])


def test_spread_of_one_group_and_contradiction():
    assert spread(1, slice(0.1, 0.2), None) == (0.2, [1.0])
    with pytest.raises(ValueError, match=r"slice\(low, high\)"):
        spread(3, slice(0.1, 0.2), 0.5)


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (("bias",), {"low/bias", "middle/bias", "top/bias"}),
        (("norm",), {"bn/gamma", "bn/beta"}),
        (("^.*low/",), {"low/kernel", "low/bias"}),
        ((), set()),
    ],
)
def test_no_decay_survives_config_and_loading(words, spared, tmp_path):
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(0.1, weight_decay=0.5), model, no_decay=words), "mse")
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    before = loaded.get_weights()
    zeros = [ops.zeros(v.shape) for v in loaded.trainable_variables]
    loaded.set_weights([weight + 1 for weight in before])
    loaded.optimizer.apply(zeros, loaded.trainable_variables)
    still = {
        "/".join(weight.path.split("/")[-2:])
        for weight, old, new in zip(loaded.weights, before, loaded.get_weights(), strict=True)
        if np.array_equal(old + 1, new) and weight.trainable
    }
    assert still == spared


def test_norm_means_normalisation_of_any_name():
    pattern = decay_pattern(["norm"])
    names = ["m/bn_Conv1/gamma", "beta", "block/layer_norm/scale", "conv/kernel", "enormous/conv/kernel"]
    assert [bool(pattern.search(name)) for name in names] == [True, True, True, False, False]


def test_loads_while_frozen_and_keeps_all_slots(tmp_path):
    model = make_model()
    model.compile(finetune_optimizer("adam", model, learning_rate=slice(1e-3, 1e-2)), "mse")
    data = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(*data, verbose=0)
    freeze_to(model, -1)
    model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.trainable_variables) == 2
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    for saved, restored in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(saved), ops.convert_to_numpy(restored))
    loaded.fit(*data, verbose=0)  # goes on with the head alone
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 3


def test_jax_refuses_a_list_that_does_not_match():
    if keras.backend.backend() != "jax":
        optimizer = finetune_optimizer("sgd", make_model())
        with pytest.raises(ValueError, match="Unknown variable"):  # elsewhere Keras itself sees the variables
            steps(optimizer, make_model(), 1)
        return
    model = make_model()
    optimizer = finetune_optimizer("sgd", model)
    values = [v.value for v in model.trainable_variables][1:]
    with pytest.raises(ValueError, match=r"FineTuneSGD.*freeze_to"):
        optimizer.stateless_apply([v.value for v in optimizer.variables], values, values)


def test_own_optimizer_class(tmp_path):
    @keras.saving.register_keras_serializable(package="tests")
    class Signed(keras.Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, ops.cast(learning_rate, variable.dtype) * ops.sign(gradient))

    model = make_model()
    before = model.get_weights()[0]
    model.compile(finetune_optimizer(Signed(0.5), model, layer_decay=0.5, no_decay=()), "mse")
    assert finetune_class(Signed) is type(model.optimizer)
    after = steps(model.optimizer, model, 1)[0]
    np.testing.assert_allclose(np.abs(after - before), 0.125, rtol=1e-5)
    model.save(tmp_path / "model.keras")
    assert isinstance(keras.saving.load_model(tmp_path / "model.keras").optimizer, Signed)


def test_combining_optimizers_are_refused():
    inner = keras.optimizers.SGD()
    with pytest.raises(ValueError, match="LossScaleOptimizer"):
        finetune_optimizer(keras.optimizers.LossScaleOptimizer(inner), make_model())


def test_groups_of_your_own():
    model = make_model()
    groups = layer_groups(model, lambda m: {"all but": m.layers[:-1], "last": m.layers[-1:]})
    optimizer = finetune_optimizer("sgd", model, groups=groups, learning_rate=slice(0.1))
    assert optimizer.group_names == ("all but", "last")
    np.testing.assert_allclose(optimizer.group_multipliers, [0.1, 1.0])


def test_groups_of_another_model():
    with pytest.raises(ValueError, match=r"low/kernel' \(8 in all\)"):
        finetune_optimizer("sgd", make_model(), groups=layer_groups(make_model()))


def test_one_word_spares_as_a_list_of_it_does():
    one, listed = (finetune_optimizer("sgd", make_model(), no_decay=words) for words in ("bias", ["bias"]))
    decays = [[slot.decays for slot in optimizer._plan.slots] for optimizer in (one, listed)]
    names = [variable.path.split("/")[-1] for variable in make_model().trainable_variables]
    assert decays == [[name != "bias" for name in names]] * 2


def test_momentum_that_came_down_to_zero_is_loaded(tmp_path):
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(0.1, momentum=0.9), model), "mse")
    model.optimizer.momentum = 0.0
    data = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(*data, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert int(ops.convert_to_numpy(loaded.iterations)) == 1
    assert loaded.momentum == 0.0


def test_exclusions_add_up_and_stay():
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.SGD(1.0, weight_decay=0.5), model), "mse")
    model.optimizer.exclude_from_weight_decay(var_names=["low/kernel"])
    prepare(model, "Somebody")
    before = model.get_weights()
    zeros = [ops.zeros(v.shape) for v in model.trainable_variables]
    model.optimizer.apply(zeros, model.trainable_variables)
    moved = [w.path for w, a, b in zip(model.weights, before, model.get_weights(), strict=True) if (a != b).any()]
    assert [path.split("/", 1)[1] for path in moved] == ["middle/kernel", "top/kernel"]


def test_stand_ins_have_the_paths_of_what_they_stand_for(tmp_path):
    """Muon chooses by path which variables have slots of one kind and which of another."""
    model = make_model()
    model.compile(finetune_optimizer(keras.optimizers.Muon(exclude_layers=["top"]), model), "mse")
    data = np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.fit(*data, verbose=0)
    freeze_to(model, -1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert len(loaded.optimizer.variables) == len(model.optimizer.variables)
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 1


def test_multipliers_are_never_lost_in_silence():
    model = make_model()
    groups = layer_groups(model, lambda m: [m.layers[:-1], m.layers[-1:]])
    model.compile(finetune_optimizer("sgd", model, groups, learning_rate=slice(1e-5, 1e-3)), "mse")
    with pytest.raises(ValueError, match=r"Somebody: expected the layers and groups .*\['group0', 'head'\]"):
        prepare(model, "Somebody", layer_groups(model))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learning_rate": slice(1e-4, 0.0)}, "rates above 0"),
        ({"layer_decay": -2.0}, "layer_decay=-2.0"),
    ],
)
def test_rates_out_of_range(arguments, message):
    with pytest.raises(ValueError, match=message):
        finetune_optimizer("sgd", make_model(), **arguments)


def test_used_optimizers_and_functions_are_refused():
    model, used = make_model(), keras.optimizers.SGD()
    steps(used, model, 2)
    with pytest.raises(ValueError, match=r"taken no step.*which has taken 2"):
        finetune_optimizer(used, model)
    with pytest.raises(ValueError, match="a function, which a compiled step calls but once"):
        finetune_optimizer(keras.optimizers.SGD(lambda: 0.1), make_model())
    with pytest.raises(ValueError, match="a multiplier of at least 0 for each"):
        finetune_optimizer("sgd", make_model()).group_multipliers = [0.5]

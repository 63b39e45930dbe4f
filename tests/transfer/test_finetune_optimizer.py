"""The fine-tuning optimizer: the same as Keras's own where it is not told otherwise, on every hook it overrides."""

import keras
import numpy as np
import pytest
from keras import ops
from optimizer_steps import assert_same, make_model, steps

from kerasaug.transfer import finetune_class, finetune_optimizer, freeze_to, layer_groups
from kerasaug.transfer.finetune import prepare, spread
from kerasaug.transfer.optimizer import FineTuneMixin

COMBINING = (keras.optimizers.LossScaleOptimizer, keras.optimizers.MultiOptimizer)
OPTIMIZERS = sorted(
    name
    for name, member in vars(keras.optimizers).items()
    if isinstance(member, type)
    and issubclass(member, keras.Optimizer)
    and member is not keras.Optimizer
    and member not in COMBINING
)


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


def test_multipliers_are_never_lost_in_silence():
    model = make_model()
    groups = layer_groups(model, lambda m: [m.layers[:-1], m.layers[-1:]])
    model.compile(finetune_optimizer("sgd", model, groups, learning_rate=slice(1e-5, 1e-3)), "mse")
    with pytest.raises(ValueError, match=r"Somebody: expected the layers and groups .*\['group0', 'head'\]"):
        prepare(model, "Somebody", layer_groups(model))


def test_what_is_converted_once_more_keeps_rates_momentum_and_pull():
    model = make_model()
    halves, others = (layer_groups(model, lambda m, i=i: [m.layers[:i], m.layers[i:]]) for i in (3, 1))
    sgd = keras.optimizers.SGD(momentum=0.9)
    model.compile(finetune_optimizer(sgd, model, halves, learning_rate=slice(1e-5, 1e-3), l2_sp=0.25), "mse")
    model.optimizer.momentum = 0.0
    result = prepare(model, "Somebody", others)
    assert result.momentum == 0.0
    np.testing.assert_allclose(result.group_multipliers, [0.01, 1.0], rtol=1e-6)
    assert result.l2_sp == 0.25
    before = model.get_weights()
    steps(result, model, 1)
    moved = [np.abs(old - new).mean() for old, new in zip(before, model.get_weights(), strict=True)]
    assert moved[0] < 1e-4 < moved[6]  # low/kernel is below, and middle/kernel now in the head


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"learning_rate": slice(1e-4, 0.0)}, "rates above 0"),
        ({"learning_rate": slice(-1e-4, 1e-3)}, "rates above 0"),  # whose roots are complex
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

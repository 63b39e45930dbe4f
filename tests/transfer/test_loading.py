"""load_model: the optimizer goes on where it was, whatever was frozen when and in which optimizer."""

import keras
import numpy as np
import pytest
from keras import ops

from kerasaug.transfer import finetune_optimizer, freeze_to, load_model
from kerasaug.transfer.match_slots import selections

LAYERS = ("a", "bn", "b", "c")
X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
Y = np.random.default_rng(1).normal(size=(8, 2)).astype("float32")
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: keras.optimizers.AdamW(0.01),
    "average": lambda: keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.5),
    "accumulation": lambda: keras.optimizers.RMSprop(0.01, momentum=0.9, gradient_accumulation_steps=2),
    "loss scale": lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.01), initial_scale=8.0),
    "mixed slots": lambda: keras.optimizers.Muon(0.01),
    "schedule": lambda: keras.optimizers.Nadam(keras.optimizers.schedules.CosineDecay(0.1, 10)),
}
# Who trains when the optimizer is built, and what is trainable when the model is saved.
FROZEN_LATER = (LAYERS, ("b", "c"))
UNFROZEN_LATER = (("c",), LAYERS)
IN_BETWEEN = (("b",), ("a", "c"))


def make(trainable=LAYERS):
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense
    parts = [dense(3, name="a"), keras.layers.BatchNormalization(name="bn"), dense(5, name="b"), dense(2, name="c")]
    return train_only(keras.Sequential([keras.Input((4,)), *parts]), trainable)


def train_only(model, names):
    for layer in model.layers:
        layer.trainable = layer.name in names
    return model


def compiled(model, optimizer):
    model.compile(optimizer, "mse", jit_compile=keras.backend.backend() == "jax")  # TensorFlow traces faster without
    return model


def fit(model, steps=1):
    model.fit(X, Y, batch_size=8, epochs=steps, shuffle=False, verbose=0)


def state(optimizer):
    return [ops.convert_to_numpy(variable) for variable in optimizer.variables]


def assert_equal(got, want):
    for one, other in zip(got, want, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("case", [FROZEN_LATER, UNFROZEN_LATER, IN_BETWEEN], ids=["frozen", "unfrozen", "between"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_is_that_of_the_saved_model(tmp_path, name, case):
    before, after = case
    model = make(before)
    compiled(model, OPTIMIZERS[name]())
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(2)
    for variable in model.optimizer.variables:
        variable.assign(rng.integers(1, 9, variable.shape))  # as if trained, without compiling a step for each case
    train_only(model, after).save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert_equal(state(loaded.optimizer), state(model.optimizer))
    assert_equal(loaded.get_weights(), model.get_weights())
    assert [layer.name for layer in loaded.layers if layer.trainable] == [n for n in LAYERS if n in after]


@pytest.mark.parametrize("policy", ["bfloat16", "float16", "float64", "mixed_bfloat16"])
def test_state_of_any_precision(tmp_path, policy):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, dtype=policy), keras.layers.Dense(2)])
    compiled(model, keras.optimizers.Adam(0.01))
    model.optimizer.build(model.trainable_variables)
    for variable in model.optimizer.variables:
        variable.assign(np.random.default_rng(2).integers(1, 9, variable.shape))
    model.layers[0].trainable = False  # Keras's own loader would drop the state
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert_equal(state(loaded.optimizer), state(model.optimizer))
    assert [v.dtype for v in loaded.optimizer.variables] == [v.dtype for v in model.optimizer.variables]
    assert_equal(loaded.get_weights(), model.get_weights())


def test_keras_drops_it(tmp_path):
    """What there is a loader for; when this fails, Keras has learnt it."""
    model = make()
    compiled(model, "adam")
    fit(model)
    train_only(model, ("c",)).save(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="Skipping variable loading"):
        loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert int(ops.convert_to_numpy(loaded.optimizer.iterations)) == 0


@pytest.mark.parametrize("name", ["adam", "average", "accumulation", "loss scale"])
def test_next_steps_equal_the_models_own(tmp_path, name):
    model = make(("b", "c"))
    compiled(model, OPTIMIZERS[name]())
    fit(model, 3)
    train_only(model, ("c",)).save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        train_only(one, ("b", "c"))  # what the optimizer was built on: Keras itself trains nothing else
    if name == "average" and keras.backend.backend() == "jax":
        model.set_weights(model.get_weights())  # Keras leaves weights and averages in one buffer, which JAX donates
    fit(model, 2)
    fit(loaded, 2)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("wrap", [False, True], ids=["plain", "loss scale"])
def test_fine_tuning_optimizer_goes_on_and_can_be_unfrozen(tmp_path, wrap):
    model = make()
    optimizer = finetune_optimizer(OPTIMIZERS["adam"](), model, learning_rate=slice(1e-3, 1e-2))
    compiled(model, keras.optimizers.LossScaleOptimizer(optimizer, 8.0) if wrap else optimizer)
    fit(model)
    freeze_to(model, -1)
    fit(model)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert_equal(state(loaded.optimizer), state(model.optimizer))
    for one in (model, loaded):
        fit(one)
        freeze_to(one, 0)
        fit(one)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_keras_loader_and_fine_tuning_optimizer(tmp_path):
    """Keras's own loader leaves stand-ins for what was frozen; freeze_to gives them back their variables."""
    model = make()
    compiled(model, finetune_optimizer("adam", model))
    fit(model)
    freeze_to(model, -1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        freeze_to(one, 0)
        fit(one)
    for one, other in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


# -- what cannot be told, and what is wrong


def stack_of_three():
    keras.utils.set_random_seed(3)
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((4,)), *(dense(4, name=name) for name in "abc"), dense(2, name="d")])


def test_equal_shapes_are_ambiguous_and_built_on_decides(tmp_path):
    model = train_only(stack_of_three(), ("b", "d"))
    compiled(model, "adam")
    fit(model)
    train_only(model, ("d",)).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"load_model.*Adam with 10 variables.*several choices.*built_on="):
        load_model(tmp_path / "model.keras")
    chosen = load_model(
        tmp_path / "model.keras", built_on=lambda m: m.get_layer("b").weights + m.get_layer("d").weights
    )
    assert_equal(state(chosen.optimizer), state(model.optimizer))
    with pytest.raises(ValueError, match="built_on="):
        load_model(tmp_path / "model.keras", built_on=lambda m: m.get_layer("b").weights)
    assert load_model(tmp_path / "model.keras", compile=False).compiled is False


def test_models_without_state(tmp_path):
    model = make()
    model.save(tmp_path / "plain.keras")
    assert load_model(tmp_path / "plain.keras").compiled is False
    compiled(model, keras.optimizers.Adam(0.125))
    model.save(tmp_path / "untrained.keras")
    loaded = load_model(tmp_path / "untrained.keras")
    assert float(ops.convert_to_numpy(loaded.optimizer.learning_rate)) == 0.125
    fit(loaded)


def test_wrong_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="load_model: there is no file"):
        load_model(tmp_path / "none.keras")
    (tmp_path / "text.keras").write_text("x")
    with pytest.raises(ValueError, match=r"expects a `\.keras` file"):
        load_model(tmp_path / "text.keras")


def test_own_compile_is_named(tmp_path):
    @keras.saving.register_keras_serializable(package="tests")
    class Own(keras.Sequential):
        def compile(self, *args, **kwargs):
            super().compile(*args, **kwargs)

    model = Own([keras.Input((4,)), keras.layers.Dense(2)])
    compiled(model, "adam")
    fit(model)
    model.save(tmp_path / "own.keras")
    with pytest.warns(UserWarning, match="compile"), pytest.raises(ValueError, match=r"compile\(\)` is its own"):
        load_model(tmp_path / "own.keras")


def brute_force(layers, slots, saved):
    """Every subset of the layers, tried."""
    found = []
    for bits in range(2 ** len(layers)):
        chosen = [position for number, one in enumerate(layers) if bits >> number & 1 for position in one]
        if [shape for owner, shape in slots if owner is None or owner in chosen] == saved:
            found.append(chosen)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_selections_equal_brute_force(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, 6)
    ends = np.cumsum(sizes)
    layers = [list(range(end - size, end)) for size, end in zip(sizes, ends, strict=True)]
    shapes = [(int(rng.integers(1, 4)),) for _ in range(ends[-1])]
    kinds = rng.integers(1, 3, 2)  # slots of each variable in a first and a second pass
    passes = [(i, shape) for kind in kinds for i, shape in enumerate(shapes) for _ in range(kind)]
    slots = [(None, ()), (None, ()), *passes, (None, ())]
    kept = {position for one in layers if rng.random() < 0.5 for position in one}
    saved = [shape for owner, shape in slots if owner is None or owner in kept]
    expected = brute_force(layers, slots, saved)
    got = selections(layers, slots, saved)
    assert len(got) == min(len(expected), 2)
    assert all(sorted(one) in [sorted(other) for other in expected] for one in got)

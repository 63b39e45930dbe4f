import keras
import numpy as np
import pytest
from keras import ops

from kerasaug.callbacks import AdaptiveRank, BackupAndRestore
from kerasaug.transfer import enable_lora, merge_lora

SIZE, EPOCHS, END = 6, 10, 6


def network():
    """Two linear maps side by side; `data` asks of one an update of rank 2 and of the other none."""
    keras.utils.set_random_seed(11)
    left, right = keras.Input((SIZE,)), keras.Input((SIZE,))
    parts = [keras.layers.Dense(SIZE, use_bias=False, name=n)(x) for n, x in (("needs", left), ("idle", right))]
    model = keras.Model([left, right], keras.layers.Add()(parts))
    data = _data(model)
    enable_lora(model, rank=4, train=())
    model.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=False)
    return model, data


def _data(model):
    rng = np.random.default_rng(2)
    x = [rng.normal(size=(64, SIZE)).astype("float32") for _ in range(2)]
    update = rng.normal(size=(SIZE, 2)) @ rng.normal(size=(2, SIZE))
    return x, ops.convert_to_numpy(model(x)) + x[0] @ update.astype("float32")


def parts(model):
    return {
        name: [np.array(ops.convert_to_numpy(v)) for v in (layer.lora_kernel_a, layer.lora_kernel_b)]
        for name in ("needs", "idle")
        for layer in [model.get_layer(name)]
    }


def ranks_of(model):
    return {name: int(np.linalg.matrix_rank(a @ b)) for name, (a, b) in parts(model).items()}


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 4:
            raise KeyboardInterrupt


def train(model, data, *callbacks, epochs=EPOCHS):
    adaptive = AdaptiveRank(budget=2, end=END)
    history = model.fit(
        *data, batch_size=8, epochs=epochs, shuffle=False, verbose=0, callbacks=[adaptive, *callbacks]
    ).history
    return adaptive, history


@pytest.fixture(scope="module")
def trained():
    model, data = network()
    snapshots = []
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: snapshots.append(parts(model)))
    adaptive, history = train(model, data, watch)
    return model, data, adaptive, history, snapshots


def test_the_budget_goes_where_it_is_needed(trained):
    model, _, adaptive, history, _ = trained
    assert adaptive.ranks == {"needs": 2, "idle": 0}
    assert ranks_of(model) == {"needs": 2, "idle": 0}
    assert history["loss"][-1] < 0.1 * history["loss"][0]


def test_the_budget_falls_as_the_paper_says(trained):
    _, _, adaptive, history, _ = trained
    expected = [8 if t < 1 else round(2 + 6 * (1 - (t - 1) / (END - 1)) ** 3) if t < END else 2 for t in range(EPOCHS)]
    assert [adaptive.rank_budget(epoch) for epoch in range(EPOCHS)] == expected
    assert history["lora_rank"] == [total / 2 for total in expected]


def test_what_is_pruned_stays_exactly_zero_after_the_end_and_may_grow_before(trained):
    snapshots = trained[-1]
    for after in snapshots[END:]:
        (needs_a, needs_b), (idle_a, idle_b) = after["needs"], after["idle"]
        assert not idle_a.any()
        assert not idle_b.any()
        dead = ~needs_b.any(1)
        assert dead.sum() == 2
        assert not needs_a[:, dead].any()
    grown = [snapshots[epoch]["idle"][1].any(1).all() for epoch in range(1, END)]
    assert all(grown)


def test_a_cut_forgets_the_optimizer_s_slots():
    model, _ = network()
    model.optimizer.build(model.trainable_variables)
    rng = np.random.default_rng(0)
    for variable in [*model.trainable_variables, *model.optimizer.variables]:
        if "lora" in variable.path:
            variable.assign(rng.normal(size=variable.shape).astype("float32"))
    adaptive = AdaptiveRank(budget=2, end=1)
    adaptive.set_model(model)
    adaptive.set_params({"epochs": 2})
    adaptive.on_train_begin()
    before = [np.array(ops.convert_to_numpy(slot)) for slot in model.optimizer.variables]
    adaptive.on_epoch_begin(1)
    kept = {name: b.any(1) for name, (_, b) in parts(model).items()}
    assert sum(int(rows.sum()) for rows in kept.values()) == 2
    checked = 0
    for slot, old in zip(model.optimizer.variables, before, strict=True):
        now = ops.convert_to_numpy(slot)
        for name, rows in kept.items():
            if f"{name}_lora_kernel_b" in slot.path:
                np.testing.assert_array_equal(now, np.where(rows[:, None], old, 0))
                checked += 1
            if f"{name}_lora_kernel_a" in slot.path:
                np.testing.assert_array_equal(now, np.where(rows, old, 0))
                checked += 1
    assert checked == 8  # two moments of four factors


def test_resumed_training_ends_in_the_same_weights(trained, tmp_path):
    model, _, adaptive, history, _ = trained
    stopped, data = network()
    with pytest.raises(KeyboardInterrupt):
        train(stopped, data, BackupAndRestore(tmp_path), Stop())
    resumed, data = network()
    again, rest = train(resumed, data, BackupAndRestore(tmp_path))
    assert all(np.array_equal(a, b) for a, b in zip(resumed.get_weights(), model.get_weights(), strict=True))
    assert again.ranks == adaptive.ranks
    assert rest["lora_rank"] == history["lora_rank"]


@pytest.mark.parametrize(
    ("arguments", "epochs", "message"),
    [
        ({"budget": 0}, 3, "budget"),
        ({"budget": 1.5}, 3, "budget"),
        ({"start": 0}, 3, "start"),
        ({"start": 3, "end": 2}, 5, "end"),
        ({"budget": 9}, 3, "at most 8"),
        ({"end": 3}, 3, "epochs=3"),
    ],
)
def test_misuse(arguments, epochs, message):
    model, data = network()
    with pytest.raises(ValueError, match=message):
        model.fit(*data, epochs=epochs, verbose=0, callbacks=[AdaptiveRank(**arguments)])


def test_a_model_without_lora():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse", jit_compile=False)
    with pytest.raises(ValueError, match="enable_lora"):
        model.fit(np.ones((2, 2)), np.ones((2, 2)), epochs=3, verbose=0, callbacks=[AdaptiveRank()])


def test_merging_afterwards(trained):  # last: it changes what the others look at
    model, data, *_ = trained
    before = ops.convert_to_numpy(model(data[0]))
    merge_lora(model)
    np.testing.assert_allclose(ops.convert_to_numpy(model(data[0])), before, rtol=1e-4, atol=1e-4)

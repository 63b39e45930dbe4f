import keras
import numpy as np
import pytest
from keras import ops
from tunable import L, moved, network, outputs, trains, values

from kerasaug.callbacks import GradualUnfreezing
from kerasaug.transfer import bitfit, enable_lora, finetune_optimizer, merge_lora, release, trainable_counts, unfreeze
from kerasaug.transfer.walk import walk

BIASES = {f"attention/{part}/bias" for part in ("query", "key", "value", "attention_output")} | {"backbone/conv/bias"}
HEAD = {"top/kernel", "top/bias"}


@pytest.mark.parametrize("norm", [True, False])
def test_what_trains(norm):
    model = network()
    expected = BIASES | HEAD | ({"backbone/norm/beta"} if norm else set())
    assert len(bitfit(model, norm=norm)) == len(expected)
    assert trains(model) == expected
    for layer in walk(model):
        layer.trainable = False
        layer.trainable = True
    assert trains(model) == expected
    for freeze_bn in (False, True):  # the statistics rest in any case
        unfreeze(model, freeze_bn=freeze_bn)
        assert trains(model) == expected


def test_only_biases_move_and_a_file_keeps_it(tmp_path):
    keras.utils.set_random_seed(3)
    layers = [L.Dense(4, name="body"), L.BatchNormalization(name="norm"), L.Dense(2, name="top")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    bitfit(model)
    model.compile(finetune_optimizer("adam", model), "mse", jit_compile=False)
    before, x = values(model), np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    unfreezing = GradualUnfreezing(schedule={0: 0}, bn="train")
    model.fit(x, np.zeros((8, 2)), batch_size=4, verbose=0, callbacks=[unfreezing])
    assert moved(before, values(model)) == {"body/bias", "norm/beta", *HEAD}  # Keras moves the statistics with the beta
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(outputs(loaded, x), outputs(model, x), atol=1e-6)
    assert trains(loaded) == trains(model)
    assert int(loaded.optimizer.iterations) == 2


@pytest.mark.parametrize("hold", [bitfit, lambda model: enable_lora(model, "body", rank=2)])
def test_statistics_rest_without_gamma_and_beta(hold):
    layers = [L.Dense(4, name="body"), L.BatchNormalization(scale=False, center=False, name="norm"), L.Dense(2)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    hold(model)
    for layer in walk(model):
        layer.trainable = True
    x = np.random.default_rng(0).normal(3, 1, (8, 3)).astype("float32")
    model(x, training=True)
    np.testing.assert_array_equal(ops.convert_to_numpy(model.get_layer("norm").moving_mean), np.zeros(4))
    release(model) if hold is bitfit else merge_lora(model)
    unfreeze(model, freeze_bn=False)
    model(x, training=True)
    assert np.abs(ops.convert_to_numpy(model.get_layer("norm").moving_mean)).min() > 0


def test_release_makes_ordinary_layers():
    model, other = network(), network()
    bitfit(model)
    release(model)
    assert [type(layer) for layer in walk(model)] == [type(layer) for layer in walk(other)]
    unfreeze(model, freeze_bn=False)
    assert trains(model) == trains(other)


def test_counts(capsys):
    model = network()
    bitfit(model, norm=False)
    counts = trainable_counts(model)
    by_hand = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert counts.trainable == by_hand
    assert counts.total == model.count_params()
    assert counts.kinds["bias"] == (8 + 3 * 8 + 8, 8 + 3 * 8 + 8)
    assert counts.kinds["norm"] == (0, 32)
    assert counts.kinds["head"] == (18, 18)
    assert f"{counts.trainable:,}" in capsys.readouterr().out.splitlines()[-1]


def test_a_model_without_biases():
    model = keras.Sequential([keras.Input((4,)), L.Dense(3, use_bias=False), L.Dense(2)])
    with pytest.raises(ValueError, match="use_bias=False"):
        bitfit(model)
    assert len(model.trainable_weights) == 2  # the head; the other is frozen like any layer
    unfreeze(model)
    assert len(model.trainable_weights) == 3
    with pytest.raises(ValueError, match="built"):
        bitfit(keras.Sequential([L.Dense(2)]))

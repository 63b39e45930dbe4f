import keras
import numpy as np
import pytest
from tunable import L, images, moved, network, outputs, values

from kerasaug.transfer import (
    add_adapters,
    bitfit,
    enable_lora,
    freeze,
    load_trained_weights,
    save_trained_weights,
)


def lora(model, **arguments):
    enable_lora(model, rank=2, **arguments)
    return model


def with_bitfit(model):
    bitfit(model)
    return model


@pytest.mark.parametrize("prepare", [lora, add_adapters, with_bitfit])
def test_round_trip(prepare, tmp_path):
    model = prepare(network())
    trained = {weight.path for weight in model.trainable_weights}
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape).astype("float32"))
    freeze(model)  # for a while: what it froze trains later
    save_trained_weights(model, tmp_path / "task.npz")
    other = prepare(network())
    before = values(other)
    assert len(load_trained_weights(other, tmp_path / "task.npz")) == len(trained)
    np.testing.assert_allclose(outputs(other, images()), outputs(model, images()), atol=1e-6)
    assert not np.allclose(outputs(other, images()), outputs(network(), images()), atol=0.1)
    assert len(moved(before, values(other))) == len(trained)


def test_other_models_and_files(tmp_path):
    path = save_trained_weights(lora(network()), tmp_path / "task.npz")
    for other in (lora(network(), lora_alpha=4), with_bitfit(network())):
        before = values(other)
        with pytest.raises(ValueError, match="differs"):
            load_trained_weights(other, path)
        assert not moved(before, values(other))
    with pytest.raises(FileNotFoundError):
        load_trained_weights(network(), tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("text")
    with pytest.raises(ValueError, match="save_trained_weights"):
        load_trained_weights(network(), tmp_path / "text.npz")
    with pytest.raises(ValueError, match=r"\.npz"):
        save_trained_weights(network(), tmp_path / "task.h5")


def test_statistics_of_a_head_that_trains_as_a_whole(tmp_path):
    def build():
        keras.utils.set_random_seed(2)
        layers = [keras.Input((4,)), L.Dense(4, name="body"), L.BatchNormalization(name="inside"), L.Dense(2)]
        model = keras.Sequential(layers)
        enable_lora(model, "body", rank=1, train=())
        model.get_layer("inside").trainable = True
        return model

    assert not any("moving" in name for name in _names(build(), tmp_path))
    whole = keras.Sequential([keras.Input((4,)), L.BatchNormalization(name="inside"), L.Dense(2)])
    assert sum("moving" in name for name in _names(whole, tmp_path)) == 2


def _names(model, folder):
    with np.load(save_trained_weights(model, folder / "names.npz")) as stored:
        return stored.files

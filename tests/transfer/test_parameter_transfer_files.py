"""transfer_weights from files."""

import keras
import numpy as np
import pytest
from filled_models import backbone, dense, filled, layers, moved, same

from kerasaug.transfer import build_classifier


@pytest.fixture(scope="module")
def source():
    return filled(build_classifier(backbone(), 10))


@pytest.mark.parametrize("ending", ["keras", "weights.h5", "h5"])
def test_files(ending, source, tmp_path):
    path = tmp_path / f"saved.{ending}"
    trained = keras.Sequential([keras.Input((8, 8, 3)), source.get_layer("net"), layers.Flatten(), layers.Dense(2)])
    trained.compile("sgd", "mse")
    trained.fit(np.ones((2, 8, 8, 3)), np.ones((2, 2)), verbose=0)
    (trained.save_weights if ending == "weights.h5" else trained.save)(path)
    target = build_classifier(backbone(), 3)
    report = moved(path, target)
    assert same(target.get_layer("net"), trained.layers[0])
    assert {row.layer for row in report.missing} == {"head"}
    assert len(report.unused) == 2


def test_a_file_with_a_class_that_is_not_known(tmp_path):
    class Mine(layers.Dense):
        pass

    model = filled(keras.Sequential([keras.Input((4,)), Mine(3, name="mine"), layers.Dense(2, name="end")]))
    model.save(tmp_path / "saved.keras")
    target = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="mine"), layers.Dense(2, name="end")])
    assert moved(tmp_path / "saved.keras", target).complete
    assert same(model, target)


def test_weights_without_names_are_not_guessed(tmp_path):
    """The file has beta, mean and variance, of one shape; by their places gamma would get beta."""
    first = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(scale=False, name="bn"), layers.Dense(1)])
    filled(first).save_weights(tmp_path / "saved.weights.h5")
    second = keras.Sequential([keras.Input((4,)), layers.BatchNormalization(name="bn"), layers.Dense(1)])
    assert {row.layer for row in moved(tmp_path / "saved.weights.h5", second).missing} == {"bn"}
    assert [row.weight for row in moved(first, second).missing] == ["gamma"]  # a model has the names


def test_files_without_order_are_refused_by_shape(source, tmp_path):
    source.save_weights(tmp_path / "saved.weights.h5")
    with pytest.raises(ValueError, match="load it into its model"):
        moved(tmp_path / "saved.weights.h5", source, by="shape")


@pytest.mark.parametrize("name", ["cut.weights.h5", "cut.keras"])
def test_a_damaged_file_is_named(name, tmp_path):
    path = tmp_path / name
    dense(3).save_weights(whole := tmp_path / "whole.weights.h5")
    path.write_bytes(whole.read_bytes()[:2000])
    with pytest.raises(ValueError, match=rf"{name}, which cannot be read.*save it again"):
        moved(path, dense(3))

"""What is saved comes back: `.keras` files, weights, checkpoints, and the clean inner model."""

import keras
import numpy as np
import pytest
from augmented_probes import SHAPE, augmented, brighten, climb, pictures, probe, weight_of

import kerasaug
from kerasaug import layers

BACKEND = keras.backend.backend()
KEYS = {"images": "photo", "labels": ["a", "b"]}


def network():
    inputs = keras.Input(SHAPE)
    x = keras.layers.BatchNormalization()(keras.layers.GlobalAveragePooling2D()(inputs))
    return keras.Model(inputs, keras.layers.Dense(2, "softmax")(keras.layers.Dropout(0.1)(x)))


def trained(rng, inner=None):
    pipeline = kerasaug.Pipeline([layers.MixUp(num_classes=2)], seed=4)
    model = kerasaug.AugmentedModel(inner or network(), pipeline)
    model.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy", metrics=["accuracy"])
    model.fit(pictures(rng), np.arange(8) % 2, batch_size=4, verbose=0)
    return model


def assert_same(one, other):
    assert len(one) == len(other) > 0
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))


def test_keras_file_brings_everything_back(rng, tmp_path):
    model, x, y = trained(rng), pictures(rng), np.arange(8) % 2
    model.pipeline.strength = 0.25
    model.pipeline.layers[0].strength = 0.75
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded) is kerasaug.AugmentedModel
    assert [type(layer) for layer in loaded.pipeline.layers] == [layers.MixUp]
    assert float(loaded.pipeline.strength) == 0.25
    assert float(loaded.pipeline.layers[0].strength) == 0.75
    assert_same(loaded.model.weights, model.model.weights)
    assert_same(loaded.optimizer.variables, model.optimizer.variables)
    assert int(loaded.optimizer.iterations) == 2
    np.testing.assert_allclose(loaded.evaluate(x, y, verbose=0), model.evaluate(x, y, verbose=0), rtol=1e-6)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    loaded.fit(x, y, batch_size=4, verbose=0)
    assert int(loaded.optimizer.iterations) == 4


def test_training_goes_on_as_if_it_had_not_stopped(rng, tmp_path):
    x = pictures(rng)
    model = augmented(rate=keras.optimizers.schedules.PiecewiseConstantDecay([1, 2], [1.0, 0.5, 0.25]))
    model.fit(x, np.zeros(8), batch_size=8, verbose=0)
    model.save(tmp_path / "model.keras")
    with keras.saving.custom_object_scope({"climb": climb}):
        loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        one.fit(x, np.zeros(8), batch_size=8, epochs=2, verbose=0)
        assert weight_of(one) == pytest.approx(2.5 * (x.mean() + 25.5), rel=1e-5), "rates 1, 1 and then 0.5"


def test_keys_and_dtype_come_back(tmp_path):
    for dtype in ("float32", "mixed_bfloat16"):
        model = kerasaug.AugmentedModel(probe(), brighten(), keys=KEYS, name="wrapped", dtype=dtype)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        assert (loaded.keys, loaded.name, loaded.dtype_policy.name) == (KEYS, "wrapped", dtype)
        assert not loaded.compiled


@keras.saving.register_keras_serializable("tests")
class Subclassed(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.pool = keras.layers.GlobalAveragePooling2D()
        self.head = keras.layers.Dense(2, "softmax")

    def call(self, images):
        return self.head(self.pool(images))


@pytest.mark.parametrize("make", [Subclassed, lambda: keras.Sequential([*probe().layers[:1], keras.layers.Dense(2)])])
def test_models_that_were_not_built_come_back(rng, tmp_path, make):
    model, x = trained(rng, make()), pictures(rng)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(loaded.model.weights, model.model.weights)
    assert_same(loaded.optimizer.variables, model.optimizer.variables)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_dict_inputs_come_back(rng, tmp_path):
    inputs = {"photo": keras.Input(SHAPE), "scale": keras.Input((1,))}
    mean = keras.layers.GlobalAveragePooling2D()(inputs["photo"])
    inner = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Multiply()([mean, inputs["scale"]])))
    model = kerasaug.AugmentedModel(inner, brighten(), keys={"images": "photo"})
    model.compile("adam", "mse")
    x = {"photo": pictures(rng), "scale": np.ones((8, 1), "float32")}
    model.fit(x, np.zeros(8), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(loaded.optimizer.variables, model.optimizer.variables)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    loaded.fit(x, np.zeros(8), verbose=0)


def test_weights_load_into_the_bare_model_and_back(rng, tmp_path):
    model, bare = trained(rng), network()
    model.save_weights(tmp_path / "wrapped.weights.h5")
    bare.load_weights(tmp_path / "wrapped.weights.h5")
    assert_same(bare.weights, model.model.weights)
    bare.set_weights([weight + 1 for weight in bare.get_weights()])
    bare.save_weights(tmp_path / "bare.weights.h5")
    with pytest.warns(UserWarning, match="variable loading for optimizer"):  # as Keras says of any compiled model
        model.load_weights(tmp_path / "bare.weights.h5")
    assert_same(bare.weights, model.model.weights)


def test_a_checkpoint_holds_the_optimizer_too(rng, tmp_path):
    path, model = tmp_path / "best.weights.h5", trained(rng)
    save = keras.callbacks.ModelCheckpoint(str(path), save_weights_only=True)
    inner, before = model.model, vars(model.model).get("optimizer", "none")
    model.fit(pictures(rng), np.arange(8) % 2, batch_size=4, verbose=0, callbacks=[save])
    assert vars(inner).get("optimizer", "none") is before, "lent, and given back"
    other = trained(rng)
    other.load_weights(path)
    assert_same(other.model.weights, model.model.weights)
    assert_same(other.optimizer.variables, model.optimizer.variables)
    assert int(other.optimizer.iterations) == 4


def test_backup_and_restore_resumes(rng, tmp_path):
    x = pictures(rng)

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    def model():
        return augmented(rate=keras.optimizers.schedules.PiecewiseConstantDecay([1, 2], [1.0, 0.5, 0.25]))

    def fit(callbacks):
        one = model()
        backup = keras.callbacks.BackupAndRestore(str(tmp_path / "backup"))
        one.fit(x, np.zeros(8), batch_size=8, epochs=4, verbose=0, callbacks=[backup, *callbacks])
        return one

    with pytest.raises(KeyboardInterrupt):
        fit([Stop()])
    resumed = fit([])
    assert weight_of(resumed) == pytest.approx(2.75 * (x.mean() + 25.5), rel=1e-5), "rates 1, 1, 0.5 and 0.25"
    assert int(resumed.optimizer.iterations) == 4


def test_the_inner_model_is_the_one_given_and_clean(rng, tmp_path):
    inner = network()
    before = set(vars(inner)), [layer.name for layer in inner.layers]
    model, x = trained(rng, inner), pictures(rng)
    assert model.model is inner
    assert model.inference_model is inner
    model.save_weights(tmp_path / "a.weights.h5")
    assert [layer.name for layer in inner.layers] == before[1]
    assert set(vars(inner)) == before[0]
    inner.save(tmp_path / "inner.keras")
    reloaded = keras.saving.load_model(tmp_path / "inner.keras")
    assert "kerasaug" not in reloaded.to_json()
    np.testing.assert_allclose(reloaded.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


@pytest.mark.skipif(BACKEND == "torch", reason="SavedModels are written by TensorFlow and JAX")
def test_a_plain_export_of_the_inner_model_is_clean(rng, tmp_path):
    tf = pytest.importorskip("tensorflow")
    model, x = trained(rng), pictures(rng)
    model.model.export(str(tmp_path / "plain"), verbose=False)
    served = tf.saved_model.load(str(tmp_path / "plain"))
    first, second = served.serve(tf.constant(x)).numpy(), served.serve(tf.constant(x)).numpy()
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, model.predict(x, verbose=0), rtol=1e-4)

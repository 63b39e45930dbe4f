"""Stopping after any epoch and running again equals the run that was not stopped, bit for bit."""

import random

import keras
import numpy as np
import pytest
from interruptions import Stop
from resuming import X, Y, arrays, interrupted_equals_alone, network, run

import kerasaug
from kerasaug.callbacks import BackupAndRestore

BACKEND = keras.backend.backend()


@pytest.mark.parametrize("stop", [0, 1, 3])
def test_stopped_in_any_epoch(tmp_path, stop):
    interrupted_equals_alone(tmp_path, stop)


def test_validation_draws_nothing_away(tmp_path):
    """torch's loaders take from the generator that shuffles, to validate as well."""
    interrupted_equals_alone(tmp_path, data=lambda: {**arrays(), "validation_data": (X, Y)})


@pytest.mark.skipif(BACKEND == "torch", reason="Keras has one step an execution there")
def test_several_steps_an_execution(tmp_path):
    interrupted_equals_alone(tmp_path, steps_per_execution=3)


def test_steps_of_an_endless_dataset(tmp_path):
    import tensorflow as tf

    def endless():
        dataset = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(20).repeat().batch(6)
        return {"x": dataset, "steps_per_epoch": 3}

    interrupted_equals_alone(tmp_path, data=endless)


def test_a_dataset_of_unknown_size(tmp_path):
    import tensorflow as tf

    def filtered():
        dataset = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(20)
        return {"x": dataset.filter(lambda x, y: x[0] > -10.0).batch(6)}

    interrupted_equals_alone(tmp_path, data=filtered)


class Sequence(keras.utils.PyDataset):
    """Shuffles itself after each epoch, from NumPy's global state."""

    def __init__(self):
        super().__init__()
        self.order = np.random.permutation(20)

    def __len__(self):
        return 3

    def __getitem__(self, index):
        rows = self.order[6 * index : 6 * index + 6]
        return X[rows], Y[rows]

    def on_epoch_end(self):
        self.order = np.random.permutation(20)


def test_a_sequence_that_shuffles_itself(tmp_path):
    interrupted_equals_alone(tmp_path, data=lambda: {"x": Sequence(), "shuffle": False})


def test_averages_and_accumulated_gradients(tmp_path):
    def optimizer():
        return keras.optimizers.AdamW(1e-2, use_ema=True, ema_momentum=0.9, gradient_accumulation_steps=2)

    interrupted_equals_alone(tmp_path, optimizer=optimizer)


def test_mixed_precision_with_loss_scaling(tmp_path):
    def optimizer():
        return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(1e-2, momentum=0.9), dynamic_growth_steps=2)

    interrupted_equals_alone(tmp_path, optimizer=optimizer, dtype="mixed_bfloat16")


def test_callbacks_remember(tmp_path):
    def callbacks():
        return [
            keras.callbacks.EarlyStopping(monitor="loss", patience=9, min_delta=0.01, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau(monitor="loss", patience=0, min_delta=10.0, cooldown=1),
        ]

    alone, resumed = interrupted_equals_alone(tmp_path, callbacks=callbacks)
    (stopping, plateau), (stopping_2, plateau_2) = alone[2], resumed[2]
    for name in ("best", "wait", "best_epoch", "min_delta", "monitor_op"):
        assert getattr(stopping_2, name) == getattr(stopping, name), name
    assert (plateau_2.wait, plateau_2.cooldown_counter) == (plateau.wait, plateau.cooldown_counter)
    rates = alone[1]["learning_rate"]
    assert len(set(rates)) > 1  # else there was nothing to remember


class Speaking(keras.callbacks.Callback):
    """Holds what is not plain, and speaks for itself."""

    def __init__(self):
        super().__init__()
        self.seen = {0}.union()

    def get_state(self):
        return {"seen": sorted(self.seen)}

    def set_state(self, state):
        self.seen = set(state["seen"])

    def on_epoch_end(self, epoch, logs=None):
        self.seen.add(epoch)


def test_a_callback_may_speak_for_itself(tmp_path):
    _, resumed = interrupted_equals_alone(tmp_path, callbacks=lambda: [Speaking()])
    assert resumed[2][0].seen == {0, 1, 2, 3}


class Dicing(keras.callbacks.Callback):
    """Draws from every global random state, as a user's callback may."""

    def __init__(self):
        super().__init__()
        self.drawn = []

    def on_epoch_end(self, epoch, logs=None):
        self.drawn.append([random.random(), np.random.random(), float(keras.random.uniform(()))])


def test_global_random_states_go_on(tmp_path):
    alone, resumed = interrupted_equals_alone(tmp_path, callbacks=lambda: [Dicing()])
    assert resumed[2][0].drawn == alone[2][0].drawn
    assert len(alone[2][0].drawn) == 4


class Kept(keras.callbacks.Callback):
    """Remembers the best loss, and forgets nothing when training begins."""

    def __init__(self):
        super().__init__()
        self.best = None

    def on_epoch_end(self, epoch, logs=None):
        if self.best is None:
            self.best = epoch


def test_what_was_restored_is_in_the_next_backup_too(tmp_path):
    """The same callback trains again in one process, and then a new one in a new process."""
    kept = Kept()
    assert run(tmp_path, stop=2, callbacks=lambda: [kept]) is None
    assert run(tmp_path, stop=3, callbacks=lambda: [kept]) is None
    resumed = run(tmp_path, callbacks=lambda: [Kept()])
    assert resumed[2][0].best == 0


def test_a_fit_that_was_resumed_and_stopped_leaves_no_epoch_behind(tmp_path):
    run(tmp_path, stop=2)
    keras.utils.set_random_seed(2)
    model = network()
    model.compile("adam", "mse")
    with pytest.raises(KeyboardInterrupt):
        model.fit(**arrays(), epochs=4, verbose=0, callbacks=[BackupAndRestore(tmp_path), Stop(3)])
    assert len(model.fit(**arrays(), epochs=2, verbose=0).epoch) == 2


def test_two_backups_of_one_training(tmp_path):
    both = [BackupAndRestore(tmp_path / name, delete_checkpoint=False) for name in "ab"]
    run(tmp_path / "c", callbacks=lambda: both, epochs=2)
    for name in "abc":
        assert len(list((tmp_path / name).iterdir())) == 2


def test_a_training_that_has_stopped_early_stays_stopped(tmp_path):
    def callbacks():
        return [keras.callbacks.EarlyStopping(monitor="loss", patience=0, min_delta=100.0)]

    alone = run(tmp_path, callbacks=callbacks, epochs=9)
    again = run(tmp_path, callbacks=callbacks, epochs=9)
    assert len(alone[1]["loss"]) < 9
    assert again[:2] == alone[:2]


def test_a_training_that_is_done_may_be_prolonged(tmp_path):
    straight = run(tmp_path / "straight", epochs=5)
    run(tmp_path / "parts", epochs=2)
    assert run(tmp_path / "parts", epochs=5)[:2] == straight[:2]


def test_backups_are_removed_in_the_end_and_the_model_can_be_fitted_again(tmp_path):
    keras.utils.set_random_seed(2)
    model = network()
    model.compile("adam", "mse")
    model.fit(**arrays(), epochs=2, verbose=0, callbacks=[BackupAndRestore(tmp_path / "backup")])
    assert not (tmp_path / "backup").exists()
    assert len(model.fit(**arrays(), epochs=2, verbose=0).epoch) == 2


def test_an_initial_epoch_counts(tmp_path):
    def data():
        return {**arrays(), "initial_epoch": 1}

    interrupted_equals_alone(tmp_path, data=data)


def test_the_learned_strength_and_the_seeds_of_a_pipeline(tmp_path):
    """`strength` and the seeds of layers are in no file of Keras."""
    pipeline = kerasaug.Pipeline([kerasaug.layers.RandomBrightness(0.3)], seed=1)
    images = np.random.default_rng(0).uniform(0, 255, (8, 4, 4, 3)).astype("float32")

    def model():
        inner = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(1)])
        made = kerasaug.AugmentedModel(inner, kerasaug.Pipeline.from_config(pipeline.get_config()))
        made.compile("sgd", "mse")
        return made

    one = model()
    one.pipeline.strength = 0.25
    one.fit(
        images, np.ones((8, 1)), epochs=2, verbose=0, callbacks=[BackupAndRestore(tmp_path, delete_checkpoint=False)]
    )
    other = model()
    other.fit(images, np.ones((8, 1)), epochs=2, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    assert float(other.pipeline.strength) == 0.25
    state = [keras.ops.convert_to_numpy(made.pipeline.generator.state).tolist() for made in (one, other)]
    assert state[0] == state[1]
    assert state[0][1] > 0

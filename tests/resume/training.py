"""A training with all that is random or remembered in it, to be killed and resumed: `training.py FOLDER DATA`."""

import os
import sys
import time
from pathlib import Path

import keras
import numpy as np

import kerasaug
from kerasaug import layers

EPOCHS = int(os.environ.get("EPOCHS", "8"))
PAUSE = float(os.environ.get("PAUSE", "0"))  # seconds after a step, that a kill may fall within an epoch


def network():
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(8, 3, strides=2, name="bottom"),
            keras.layers.BatchNormalization(name="bottom_norm"),
            keras.layers.ReLU(),
            keras.layers.Dropout(0.3),
            keras.layers.Conv2D(12, 3, name="middle"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(4, activation="softmax", name="head"),
        ]
    )


def groups(model):
    of = kerasaug.transfer.LayerGroup
    by_name = {layer.name: layer for layer in model.layers}
    names = [("bottom", ["bottom", "bottom_norm"]), ("middle", ["middle"]), ("head", ["head"])]
    return [of(name, [by_name[one] for one in members]) for name, members in names]


def data(kind):
    rng = np.random.default_rng(5)
    labels = np.arange(60) % 4
    images = (rng.uniform(0, 255, (60, 12, 12, 3)) * (labels + 1)[:, None, None, None] / 4).astype("uint8")
    x, y, validation = images[:44], labels[:44], (images[44:], labels[44:])
    if kind == "arrays":
        return {"x": x, "y": y, "batch_size": 8, "shuffle": True, "validation_data": validation}
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(20)
    return {"x": dataset.batch(8), "validation_data": validation}


class Diary(keras.callbacks.Callback):
    """Tells from outside how far training is, and remembers something that no file of Keras holds."""

    def __init__(self, path):
        super().__init__()
        self.path, self.losses = path, []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(float(logs["loss"]))

    def on_train_batch_end(self, batch, logs=None):
        with open(self.path, "a") as file:
            file.write(f"{batch}\n")
        time.sleep(PAUSE)


def train(folder, kind, extra=(), epochs=EPOCHS):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(11)
    model = network()
    pipeline = kerasaug.Pipeline(
        [layers.RandomRotation(0.1), layers.RandomBrightness(0.2, p=0.5), layers.MixUp(alpha=0.3, num_classes=4)],
        seed=3,
    )
    augmented = kerasaug.AugmentedModel(model, pipeline)
    optimizer = kerasaug.transfer.finetune_optimizer(keras.optimizers.AdamW(3e-3), model, groups(model))
    augmented.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    diary = Diary(folder / "diary")
    callbacks = [
        kerasaug.callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False),
        kerasaug.callbacks.GradualUnfreezing(groups(model), {0: -1, 2: -2, 4: 0}, warmup_steps=5, bn="train"),
        kerasaug.callbacks.WeightDecayScheduler(lambda epoch, decay: decay * 1.5),
        keras.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=0, min_delta=0.2),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=50, min_delta=0.01),
        keras.callbacks.ModelCheckpoint(folder / "best.weights.h5", save_best_only=True, save_weights_only=True),
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: set_strength(augmented, epoch)),
        diary,
        *extra,
    ]
    history = augmented.fit(**data(kind), epochs=epochs, verbose=0, callbacks=callbacks)
    return augmented, history, diary


def set_strength(model, epoch):
    model.pipeline.strength = 0.5 + 0.5 * (epoch % 2)


def outcome(model, history, diary, folder):
    """Everything that must be equal, as arrays."""
    found = {f"model {i} {one.name}": keras.ops.convert_to_numpy(one) for i, one in enumerate(model.variables)}
    optimizer = model.optimizer.variables
    found |= {f"optimizer {i} {one.name}": keras.ops.convert_to_numpy(one) for i, one in enumerate(optimizer)}
    found |= {f"history {name}": np.array(values, "float64") for name, values in history.history.items()}
    found["diary"] = np.array(diary.losses)
    best = network()
    best.load_weights(Path(folder) / "best.weights.h5")
    return found | {f"best {i}": one for i, one in enumerate(best.get_weights())}


if __name__ == "__main__":
    where, kind = sys.argv[1:]
    np.savez(Path(where) / "outcome.npz", **outcome(*train(where, kind), where))

"""Fine-tuning in one call."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras

from kerasaug.transfer.groups import LayerGroup
from kerasaug.transfer.inputs import inspect
from kerasaug.transfer.recipe import FineTuned, Recipe
from kerasaug.transfer.resolve import (
    check_call,
    check_images,
    check_model,
    check_range,
    check_unnamed,
    resolve_classes,
    resolve_network,
    resolve_objective,
    resolve_optimizer,
    resolve_pipeline,
)


def fine_tune(
    model: keras.Model | str,
    train: Any,
    validation: Any = None,
    *,
    weights: str | os.PathLike | None = "imagenet",
    classes: int | Sequence[str] | None = None,
    image_size: int | tuple[int, int] | None = None,
    backbone_args: Mapping[str, Any] | None = None,
    epochs: int = 5,
    freeze_epochs: int = 1,
    base_lr: float = 2e-3,
    lr_mult: float = 100.0,
    pct_start: float = 0.3,
    div: float = 5.0,
    policy: Any = "light",
    optimizer: Any = "adamw",
    weight_decay: float = 0.01,
    l2_sp: float | None = None,
    label_smoothing: float = 0.0,
    dropout: float = 0.2,
    bn: str = "frozen",
    loss: Any = None,
    metrics: Sequence[Any] | Mapping[str, Any] | None = None,
    groups: Sequence[LayerGroup] | None = None,
    batch_size: int = 32,
    steps_per_epoch: int | None = None,
    seed: int = 0,
    mixed_precision: str | bool | None = None,
    jit_compile: bool | str = "auto",
    keep: str | None = None,
    backup_dir: str | os.PathLike | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int | str = "auto",
) -> FineTuned:
    """Fine-tunes a classifier in one `fit`, as fastai's `fine_tune` does.

    For `freeze_epochs` only the head trains, in a `OneCycle` that peaks at `base_lr`. Then everything trains for
    `epochs`, in a second cycle that peaks at `base_lr / 2` in the head and at `base_lr / 2 / lr_mult` in the lowest
    layer group, spaced geometrically between. Each training batch is augmented inside the compiled step; validation
    and the model that comes back see none of it.

    Everything random is seeded by `seed` before anything is built, random layers of a model of yours included, so that
    a second call on the same data ends in the same weights, bit for bit, on the same machine and backend (on GPUs,
    where the backend's own operations are deterministic).

    Images must be in [0, 255] for the named policies and backbones; a pipeline of yours has a `value_range` of its own.

    Args:
        model: A built `keras.Model` that classifies, which is trained in place; or a name or path that `load_backbone`
            takes, such as that of a network of `keras.applications`, which gets preprocessing and a head (see
            `load_backbone` and `build_classifier`).
        train: `(images, labels)` or `(images, labels, sample_weights)`, or any dataset of such batches that
            `keras.Model.fit` takes. Labels are integers from 0 or one-hot rows; 0 and 1 for sigmoid heads; for several
            outputs a dict by their names. Masks, of outputs in the size of the images, are augmented with the images.
        validation: The same, or `None`.
        weights: For a name: `"imagenet"`, a path, or `None` for random weights.
        classes: Names of the classes or their number. Defaults to what the labels tell, for which a dataset is read
            once.
        image_size: For a name: height and width that the backbone sees, in pixels; images of another size are resized
            in the model, and grey ones become RGB. Defaults to the size of the images, and to at least 32.
        backbone_args: For a name: further arguments of `load_backbone`, such as `{"alpha": 0.35}`.
        epochs: Epochs in which everything trains. Defaults to 5.
        freeze_epochs: Epochs before them in which only the head trains. Defaults to 1.
        base_lr: Highest learning rate. Defaults to 2e-3.
        lr_mult: How many times higher the head's rate is than that of the lowest group. Defaults to 100.
        pct_start: Fraction of the second cycle in which the rate rises. Defaults to 0.3.
        div: The second cycle begins at its peak divided by this. Defaults to 5.
        policy: `"none"`, `"geometry"`, `"light"` or `"strong"` (see `kerasaug.transfer.policy`); a `kerasaug.Pipeline`
            or layer, a copy of which is used; or the path of a JSON file with what
            `keras.saving.serialize_keras_object(pipeline)` returns. Defaults to `"light"`.
        optimizer: Name of a Keras optimizer, or one with settings of its own, the learning rate excepted. Defaults to
            `"adamw"`.
        weight_decay: Decoupled; biases and normalisation are spared. For an optimizer that is given by name. Defaults
            to 0.01.
        l2_sp: How strongly weights below the head are pulled back to their pretrained values, in place of weight decay:
            see `finetune_optimizer`. Defaults to none.
        label_smoothing: Share of the target spread over all classes, in [0, 1). Defaults to 0.
        dropout: For a name: fraction of features dropped before the head. Defaults to 0.2.
        bn: `"frozen"` or `"train"`, for BatchNormalization of the body: see `GradualUnfreezing`. With `"train"`, a
            network by name gets a momentum that suits the number of steps, where that is below its own. Train it when
            there are no `weights`. Defaults to `"frozen"`.
        loss: Any Keras loss, for a model that is no classifier; for several outputs a dict of losses by their names.
            Defaults to those of the heads of `build_model`, and else to crossentropy as head and labels ask for.
        metrics: Keras metrics, or a dict of them by the names of outputs. Default to those of the heads of
            `build_model`, and else to accuracy; with a `loss`, to none.
        groups: Layer groups. Default to `layer_groups(model)`; needed for subclassed models.
        batch_size: For arrays. Defaults to 32.
        steps_per_epoch: Batches in an epoch, for endless datasets and generators. Defaults to all there are.
        seed: Integer from 0. Defaults to 0.
        mixed_precision: For a name: `"mixed_float16"`, `"mixed_bfloat16"`, or `True` for the one that the device is
            made for (none on CPUs). Defaults to Keras's setting.
        jit_compile: As in `keras.Model.compile`.
        keep: Which weights the model comes back with: `"best"`, those of the epoch with the highest `val_accuracy` (or,
            where there is none, the lowest `val_loss`), or `"last"`. Defaults to `"best"` with validation data.
        backup_dir: Folder for backups, one an epoch. Running again with the same folder goes on where it stopped, and
            ends as if it had not stopped.
        callbacks: Further Keras callbacks. They see `learning_rate`, `weight_decay`, `strength` and `unfrozen_groups`
            among the logs. None may set the learning rate.
        verbose: As in `keras.Model.fit`.

    Returns:
        A `FineTuned`: `.model`, `.history`, `.recipe`, `.groups` and `.best_epoch`.

    Raises:
        ValueError: When an argument is out of range, or model, labels and classes do not fit each other.
        TypeError: When `model` or `policy` is of no kind that is understood.
        FileNotFoundError: When `weights` or `policy` is a path that leads nowhere.

    Example:

    ```python
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    labels = np.arange(64) % 2
    images = np.random.default_rng(0).uniform(0, 128, (64, 16, 16, 3)) + 127 * labels[:, None, None, None]
    tuned = kerasaug.transfer.fine_tune(model, (images, labels), (images, labels), epochs=2, verbose=0)
    tuned.history["unfrozen_groups"]  # [1, 2, 2]
    tuned.recipe.save("recipe.json")
    ```

    Reference:
        - [fastai's `fine_tune`](https://docs.fast.ai/callback.schedule.html#learner.fine_tune)
        - [Howard and Ruder, 2018](https://arxiv.org/abs/1801.06146)
    """
    from kerasaug.transfer.training import run  # it needs the callbacks, which need this package

    check_model(model)
    named = isinstance(model, str)
    check_call(batch_size, loss, label_smoothing)
    inputs = inspect(train, batch_size, steps_per_epoch, whole=named and classes is None)
    num_classes, class_names = resolve_classes(model, classes, inputs.labels, loss)
    if named or (isinstance(policy, str) and policy != "none"):
        check_range(inputs)
    if named:
        network = resolve_network(model, weights, image_size, backbone_args, mixed_precision, inputs.image_shape)
    else:
        check_unnamed(image_size, backbone_args, mixed_precision, weights)
        check_images(model, inputs)
        network = {}
    recipe = Recipe(
        num_classes=num_classes,
        class_names=class_names,
        **network,
        epochs=epochs,
        freeze_epochs=freeze_epochs,
        base_lr=base_lr,
        lr_mult=lr_mult,
        pct_start=pct_start,
        div=div,
        pipeline=resolve_pipeline(policy, num_classes, inputs.image_shape),
        optimizer=resolve_optimizer(optimizer),
        weight_decay=weight_decay,
        l2_sp=l2_sp,
        label_smoothing=label_smoothing,
        dropout=dropout,
        bn=bn,
        **resolve_objective(loss, metrics),
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        seed=seed,
        jit_compile=jit_compile,
        keep=keep or ("last" if validation is None else "best"),
    )
    given = None if isinstance(model, str) else model
    return run(recipe, train, validation, given, groups, backup_dir, callbacks, verbose, inputs)

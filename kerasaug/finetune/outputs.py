"""What a run leaves in its folder when it is over: model, report, logs, and how to serve it."""

import dataclasses
import os
import platform
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

import kerasaug
from kerasaug.datasets import ImageData
from kerasaug.files import replacing
from kerasaug.finetune.options import Options
from kerasaug.finetune.progress import Stopwatch
from kerasaug.finetune.run_report import Run, print_run, write_logs, write_report
from kerasaug.transfer import FineTuned
from kerasaug.transfer.report import augmented_images

MODEL, SERVED, CLASSES = "model.keras", "saved_model", "classes.txt"
SHOWN, VARIANTS = 5, 7  # images in the report, and what training may see of each


@dataclasses.dataclass(frozen=True)
class Outputs:
    """The files of a run, and what its model reached on the validation part."""

    folder: Path
    saved_model: Path
    report: Path
    picture: Path
    run: Run


def write_outputs(
    options: Options, data: ImageData, tuned: FineTuned, folder: Path, stopwatch: Stopwatch, console: Console
) -> Outputs:
    """Measures, exports and reports; each file appears whole or not at all.

    Raises:
        OSError: When a file cannot be written.
        ExportError: When the SavedModel does not serve what the model predicts.
    """
    images, truth = _as_arrays(data.validation)
    probabilities = tuned.model.predict(images, batch_size=options.batch_size, verbose=0)
    with replacing(folder / MODEL) as temporary:
        tuned.model.save(temporary)
    with replacing(folder / CLASSES) as temporary:
        temporary.write_text("".join(f"{name}\n" for name in data.class_names))
    saved_model = kerasaug.export_savedmodel(
        tuned.model, folder / SERVED, output_name="probabilities", samples=images[:3].astype("float32")
    )
    run = _run(options, data, tuned, truth, probabilities, saved_model, stopwatch)
    picture, report = write_report(run, folder)
    write_logs(run, folder / "logs")
    print_run(run, console)
    for line in _directions(data, options, saved_model, report, picture, stopwatch):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    return Outputs(folder, saved_model, report, picture, run)


def _as_arrays(dataset: Any) -> tuple[np.ndarray, np.ndarray]:
    pairs = list(dataset.as_numpy_iterator())
    return np.stack([image for image, _ in pairs]), np.array([label for _, label in pairs])


def _run(
    options: Options,
    data: ImageData,
    tuned: FineTuned,
    truth: np.ndarray,
    probabilities: np.ndarray,
    saved_model: Path,
    stopwatch: Stopwatch,
) -> Run:
    originals, labels = _first_of_classes(data)
    return Run(
        title=data.name,
        recipe={**dataclasses.asdict(options), "recipe": tuned.recipe.to_dict()},
        history=tuned.history,
        class_names=data.class_names,
        counts=data.counts,
        skipped=data.skipped,
        truth=truth,
        probabilities=np.asarray(probabilities, "float32"),
        originals=originals,
        augmented=augmented_images(tuned.recipe, originals, VARIANTS),
        sample_labels=labels,
        best_epoch=tuned.best_epoch,
        seconds=stopwatch.seconds,
        saved_model=os.fspath(saved_model),
        versions={
            "kerasaug": kerasaug.__version__,
            "keras": keras.version(),
            "backend": keras.backend.backend(),
            "python": platform.python_version(),
        },
    )


def _first_of_classes(data: ImageData) -> tuple[np.ndarray, np.ndarray]:
    """The first image of each of the first classes."""
    found: dict[int, np.ndarray] = {}
    for image, label in data.train.as_numpy_iterator():
        if len(found) == min(SHOWN, len(data.class_names)):
            break
        if int(label) < SHOWN:
            found.setdefault(int(label), image)
    labels = sorted(found)
    return np.stack([found[label] for label in labels]), np.array(labels)


def _directions(
    data: ImageData, options: Options, saved_model: Path, report: Path, picture: Path, stopwatch: Stopwatch
) -> list[str]:
    name = "".join(letter if letter.isalnum() else "_" for letter in data.name)
    shape = [options.image_size, options.image_size, 3]
    return [
        f"SavedModel  {saved_model}",
        f"Report      {report}, {picture}",
        f"Logs        tensorboard --logdir {report.parent / 'logs'}",
        f"Load it     model = tf.saved_model.load({os.fspath(saved_model)!r}); model.serve(images)",
        f"            # images: float32 in [0, 255], of shape (n, {', '.join(map(str, shape))})",
        f'Serve it    docker run -p 8501:8501 -v "{saved_model.parent.absolute()}:/models/{name}" -e MODEL_NAME={name} '
        "tensorflow/serving",
        f"Took        {stopwatch.seconds:.0f} s",
    ]

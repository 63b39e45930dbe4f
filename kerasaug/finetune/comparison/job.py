"""The job from data to SavedModel."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
from rich.console import Console

import kerasaug
from kerasaug.extras import require
from kerasaug.finetune.comparison.arms import ARMS, Arm
from kerasaug.finetune.comparison.data import Data, Examples, prepare
from kerasaug.finetune.comparison.experiment import Result, best, check_equal, compare
from kerasaug.finetune.comparison.learner import Learner
from kerasaug.finetune.comparison.picture import draw_samples
from kerasaug.finetune.comparison.pretraining import Pretrained, location, pretrain
from kerasaug.finetune.comparison.report import accuracy_table, as_json, margin_table, remarks
from kerasaug.finetune.comparison.settings import Settings
from kerasaug.finetune.graphs import unoptimised_graphs
from kerasaug.finetune.progress import Bars, Stopwatch, bars

EXAMPLES = 7  # stored beside the SavedModel, with their predictions


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the job measured and where it put its files."""

    results: list[Result]
    saved_model: Path
    report: Path
    picture: Path
    examples: Path
    seconds: float


def finetune(
    settings: Settings,
    out: str | os.PathLike = ".",
    cache: str | os.PathLike | None = None,
    console: Console | None = None,
) -> Outcome:
    """Compares the arms, prints what they reached, and exports the best model.

    Args:
        settings: The shared settings.
        out: Folder in which `saved_models/` is.
        cache: Folder for the prepared digits and the pretrained backbone; see `kerasaug.datasets.cache_dir`.
        console: Where to print. Defaults to the terminal.

    Returns:
        The measurements and the paths of the files.

    Raises:
        ImportError: When an optional dependency is missing.
        ValueError: When the settings do not fit the data.
        OSError: When a folder cannot be written.
    """
    console = console or Console()
    stopwatch = Stopwatch()
    for module, extra in (("scipy.stats", "data"), ("tensorflow", "tensorflow"), ("matplotlib.figure", "plot")):
        require(module, extra, "kerasaug finetune")  # now, and not after minutes of training
    data = prepare(settings, cache)
    learner = Learner(settings)
    with unoptimised_graphs():
        pretrained, results = _train(learner, data, ARMS, cache, console)
    check_equal(results, settings)
    chosen = best(results)
    learner.network.set_weights(chosen.weights)
    saved_model, examples = _export(learner, data.test, Path(out))
    learner.pipeline.strength = 1.0
    picture = draw_samples(learner.pipeline, data.pool, examples.parent / "augmented.png")
    report = examples.parent / "report.json"
    content = as_json(results, settings, pretrained, stopwatch.seconds)
    served = {"path": os.fspath(saved_model.absolute()), "arm": chosen.arm.name, "seed": chosen.seed}
    report.write_text(json.dumps({**content, "saved_model": served}, indent=2) + "\n")
    outcome = Outcome(results, saved_model, report, picture, examples, stopwatch.seconds)
    _print(outcome, settings, pretrained, chosen, console)
    return outcome


def _train(
    learner: Learner, data: Data, arms: tuple[Arm, ...], cache: str | os.PathLike | None, console: Console
) -> tuple[Pretrained, list[Result]]:
    settings = learner.settings
    runs = len(arms) * len(settings.seeds)
    with bars(console, settings.pretraining_epochs + runs * settings.epochs) as shown:
        pretrained = _pretrain(learner, data, cache, shown)
        console.print(
            f"Backbone: {settings.backbone}, digits 0–4, accuracy {pretrained.validation_accuracy:.1%} on images "
            f"it has not seen; kept in {pretrained.path}",
            highlight=False,
            soft_wrap=True,
        )
        results = list(compare(learner, data, arms, pretrained.weights, shown.of_run(settings.epochs)))
    return pretrained, results


def _pretrain(learner: Learner, data: Data, cache: str | os.PathLike | None, shown: Bars) -> Pretrained:
    epochs = learner.settings.pretraining_epochs
    if location(learner.settings, cache).exists():
        shown.skip(epochs)
    return pretrain(learner, data, cache, [shown.callback("Pretraining on 0–4", epochs)])


def _export(learner: Learner, test: Examples, out: Path) -> tuple[Path, Path]:
    images = test.images[:EXAMPLES].astype("float32")
    saved_model = kerasaug.export_savedmodel(
        learner.network, out / "saved_models" / "digits", output_name="probabilities", samples=images
    )
    folder = out / "saved_models" / "digits_report" / saved_model.name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "examples.npz"
    probabilities = learner.predict(images)
    np.savez(path, images=images, labels=test.labels[:EXAMPLES], probabilities=probabilities)
    return saved_model, path


def _print(outcome: Outcome, settings: Settings, pretrained: Pretrained, chosen: Result, console: Console) -> None:
    console.print(accuracy_table(outcome.results, settings))
    console.print(margin_table(outcome.results))
    for remark in remarks(outcome.results, settings):
        console.print(remark, highlight=False)
    model = outcome.saved_model
    lines = [
        f"SavedModel  {model}  ({chosen.arm.title.lower()}, seed {chosen.seed}: best on the validation part)",
        f"Report      {outcome.report}",
        f"Examples    {outcome.examples}",
        f"Picture     {outcome.picture}",
        f"Load it     model = tf.saved_model.load({os.fspath(model)!r}); model.serve(images)  # float32, "
        f"{list(settings.input_shape)}",
        f'Serve it    docker run -p 8501:8501 -v "{model.parent.absolute()}:/models/digits" -e MODEL_NAME=digits '
        "tensorflow/serving",
        f"Took        {outcome.seconds:.0f} s",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

import dataclasses
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from kerasaug.finetune.comparison.arms import ARMS, AUGMENTED, FROZEN, GRADUAL, SCRATCH
from kerasaug.finetune.comparison.experiment import Result, best, check_equal
from kerasaug.finetune.comparison.pretraining import Pretrained
from kerasaug.finetune.comparison.report import accuracy_table, as_json, margin_table, margins, remarks, summaries
from kerasaug.finetune.comparison.settings import Settings

SETTINGS = Settings(seeds=(0, 1, 2), epochs=2, steps_per_epoch=5)
TEST = {"scratch": (0.5, 0.6, 0.7), "frozen": (0.5, 0.5, 0.8), "gradual": (0.7, 0.8, 0.9), "augmented": (0.6, 0.8, 0.9)}


def make_results(train=1.0, seeds=SETTINGS.seeds):
    return [
        Result(arm, seed, train, TEST[arm.name][seed] - 0.1, TEST[arm.name][seed], 10, 2.0, [])
        for seed in seeds
        for arm in ARMS
    ]


def rendered(*tables):
    console = Console(file=io.StringIO(), width=160)
    for table in tables:
        console.print(table)
    return console.file.getvalue()


def row_of(text, title):
    line = next(line for line in text.splitlines() if line.strip("│ ").startswith(title))
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_summaries_are_means_and_sample_deviations():
    rows = {row.arm.name: row for row in summaries(make_results())}
    assert rows["scratch"].test == pytest.approx((0.6, 0.1))
    assert rows["scratch"].validation == pytest.approx((0.5, 0.1))
    assert rows["scratch"].seconds == 2.0


def test_tables_fit_a_terminal_of_80_columns():
    console = Console(file=io.StringIO(), width=80)
    console.print(accuracy_table(make_results(), SETTINGS))
    console.print(margin_table(make_results()))
    lines = console.file.getvalue().splitlines()
    for arm in ARMS:
        assert any(line.startswith(f"│ {arm.title} ") for line in lines)
        assert arm is SCRATCH or any(line.startswith(f"│ {arm.title} − from scratch ") for line in lines)


def test_accuracy_table_shows_them():
    text = rendered(accuracy_table(make_results(), SETTINGS))
    assert row_of(text, "From scratch")[1:3] == ["60.0 ± 10.0", "100.0 ± 0.0"]
    assert row_of(text, AUGMENTED.title)[3:5] == [f"{AUGMENTED.learning_rate:g}", f"{AUGMENTED.weight_decay:g}"]
    assert "10 steps of 25 images each" in " ".join(text.split())


def test_margins_pair_the_seeds():
    found = {(margin.arm.name, margin.baseline.name): margin.interval for margin in margins(make_results())}
    assert list(found) == [
        ("frozen", "scratch"),
        ("gradual", "scratch"),
        ("augmented", "scratch"),
        ("augmented", "gradual"),
    ]
    assert found["gradual", "scratch"].excludes_zero
    assert found["gradual", "scratch"].mean == pytest.approx(0.2)
    assert not found["frozen", "scratch"].excludes_zero


def test_margin_table_shows_a_loss_as_a_loss():
    # Differences -10, 0 and 0 points: mean -3.3, sd 5.77, half width 4.3027 * 5.77 / sqrt(3) = 14.3.
    row = row_of(rendered(margin_table(make_results())), "Unfreezing, augmented − unfreezing")
    assert row[1:] == ["-3.3", "-17.7 … +11.0", "no"]


def test_order_of_the_runs_does_not_matter():
    results = make_results()
    shuffled = [results[index] for index in (5, 0, 8, 1, 11, 2, 3, 10, 4, 6, 7, 9)]
    by_pair = {(one.arm.name, one.baseline.name): one.interval for one in margins(shuffled)}
    assert by_pair == {(one.arm.name, one.baseline.name): one.interval for one in margins(results)}


def test_unpaired_arms_are_refused():
    with pytest.raises(ValueError, match="same seeds"):
        margins(make_results()[:-1])


def test_an_arm_that_did_not_learn_its_samples_is_named():
    assert not any("own samples" in line for line in remarks(make_results(0.99), SETTINGS))
    assert any("98.0%" in line for line in remarks(make_results(0.98), SETTINGS))


def test_one_seed_has_no_interval():
    settings = dataclasses.replace(SETTINGS, seeds=(0,))
    results = make_results(seeds=(0,))
    text = rendered(accuracy_table(results, settings), margin_table(results))
    assert row_of(text, "From scratch")[1] == "50.0"
    assert row_of(text, "Frozen features −")[1:] == ["+0.0", "–", "no"]
    assert any("One seed" in line for line in remarks(results, settings))


def test_json_is_strict_and_holds_every_run():
    pretrained = Pretrained([], 1.0, 0.9, Path("/cache/weights"))
    for seeds in ((0, 1, 2), (0,)):
        settings = dataclasses.replace(SETTINGS, seeds=seeds)
        content = as_json(make_results(seeds=seeds), settings, pretrained, 12.5)
        again = json.loads(json.dumps(content, allow_nan=False))
        assert [arm["name"] for arm in again["arms"]] == [SCRATCH.name, FROZEN.name, GRADUAL.name, AUGMENTED.name]
        assert [run["test"] for run in again["arms"][2]["runs"]] == list(TEST["gradual"])[: len(seeds)]
        assert again["arms"][2]["mean"]["test"] == pytest.approx(sum(TEST["gradual"][: len(seeds)]) / len(seeds))
        assert again["pretraining"]["validation"] == 0.9


def test_best_goes_by_the_validation_part():
    results = make_results()
    assert (best(results).arm, best(results).seed) == (GRADUAL, 2)
    swapped = [dataclasses.replace(one, test=one.validation, validation=1 - one.test) for one in results]
    assert best(swapped).arm.name == "scratch"


def test_unequal_budgets_are_refused():
    results = make_results()
    check_equal(results, SETTINGS)
    with pytest.raises(RuntimeError, match=r"expected 10 steps.*Received: 9 in arm 'frozen' with seed 0"):
        check_equal([results[0], dataclasses.replace(results[1], steps=9), *results[2:]], SETTINGS)
    with pytest.raises(RuntimeError, match="every arm"):
        check_equal(results[:-1], SETTINGS)

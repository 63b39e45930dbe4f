"""What the transfer family makes of its runs, prints and draws."""

import io
import json

import matplotlib.image
import pytest
from made_up_transfer import TESTS, report, row
from rich.console import Console
from scipy import stats

from kerasaug import cli
from kerasaug.benchmark import output, transfer
from kerasaug.benchmark.transfer.report import differences
from kerasaug.benchmark.transfer.runs import Choice
from kerasaug.benchmark.transfer.settings import QUICK, SECTIONS, Settings
from kerasaug.benchmark.transfer.tables import points, remarks, tables
from kerasaug.benchmark.transfer.ways import WAYS
from kerasaug.finetune.comparison.statistics import interval


def printed(found):
    console = Console(width=160, record=True, file=io.StringIO())
    for table in tables(found):
        console.print(table)
    return " ".join(console.export_text().split())


def pairs(found):
    return {
        (one["way"], one["variant"], one["against"]["way"], one["against"]["variant"]): one
        for one in found["tasks"]["digits"]["differences"]
    }


def test_the_interval_of_a_mean_is_scipys():
    values = TESTS["full", "augmented"]
    expected = stats.t.interval(0.95, 2, loc=0.8, scale=stats.sem(values))
    found = interval(values)
    assert (found.low, found.high) == pytest.approx(expected)


def test_ways_are_held_against_full_fine_tuning_and_variants_against_what_they_add_to():
    found = pairs(report())
    variants = ("plain", "augmented", "carried", "aware")
    assert set(found) == {
        *(("lora", variant, "full", variant) for variant in variants),
        *((way, variant, way, "plain") for way in ("full", "lora") for variant in ("augmented", "carried")),
        *((way, "aware", way, "carried") for way in ("full", "lora")),
    }
    # -10, 0 and -20 points: mean -10, sd 10, and t(0.975; 2) = 4.302653 of Student's table.
    one = found["lora", "plain", "full", "plain"]
    assert one["mean"] == pytest.approx(-0.1)
    assert one["high"] == pytest.approx(-0.1 + 4.302653 * 0.1 / 3**0.5, rel=1e-6)
    assert not one["excludes_zero"]
    assert found["full", "augmented", "full", "plain"]["excludes_zero"]


def test_runs_with_other_seeds_do_not_pair():
    rows = [row("full", "plain", (0.5, 0.6)), row("lora", "plain", (0.5, 0.6))]
    rows[1]["runs"][1]["seed"] = 7
    with pytest.raises(ValueError, match=r"same seeds.*\[0, 7\] and \[0, 1\]"):
        differences(rows)


def test_tables_show_accuracies_differences_and_step_times():
    text = printed(report())
    assert "│ Full fine-tuning │ 77,717 │ 12.2 │ 60.0 ± 24.8 │ 80.0 ± 24.8 │ 75.0 ± 32.9 │" in text
    assert "│ LoRA of rank 8 │ -10.0 (-34.8 … +14.8) │ -10.0 (-34.8 … +14.8) │" in text
    assert "│ LoRA of rank 8 │ +20.0 (-4.8 … +44.8) │ +20.0 (-4.8 … +44.8) │ +3.0 (+0.5 … +5.5) * │" in text
    assert "│ kerasaug: freeze_to │ 1 │ 22.0 │ 1.10 │" in text
    assert "│ learning rates below times 0 │ 1 │ 60.0 │ 3.00 │" in text
    assert "10 steps of 25" in text
    assert "quick" not in text


def test_one_seed_has_no_interval():
    found = report(seeds=1)
    assert "│ Full fine-tuning │ 77,717 │ 12.2 │ 50.0 │ 70.0 │" in printed(found)
    assert points(pairs(found)["lora", "plain", "full", "plain"]) == "-10.0"
    assert any("too few" in line for line in remarks(found))
    json.dumps(found, allow_nan=False)


def test_remarks_tell_how_rates_were_chosen_and_which_are_at_the_edge():
    lines = remarks(report(quick=True))
    assert any("best of 0.003, 0.01 on the validation part, by 2 seeds" in line for line in lines)
    assert any("least or greatest of those tried in lora (plain, 0.003)" in line for line in lines)
    assert any("quick look" in line for line in lines)


def test_the_edge_is_the_least_or_greatest_of_several():
    tried = {1e-3: 0.5, 1e-2: 0.6, 1e-1: 0.4}
    assert [Choice(rate, tried).at_the_edge for rate in tried] == [True, False, True]
    assert not Choice(1e-2, {1e-2: 0.5}).at_the_edge


def test_files_are_those_of_the_family(tmp_path, capsys):
    found = report()
    output.deliver(found, str(tmp_path / "figures.json"), str(tmp_path / "plot.png"))
    assert json.loads((tmp_path / "figures.json").read_text()) == found
    assert "against full fine-tuning" in capsys.readouterr().out
    height, width = matplotlib.image.imread(tmp_path / "plot.png").shape[:2]
    assert width == 9 * 150
    assert height > 400


@pytest.fixture
def settings(monkeypatch):
    """From arguments to the settings of a run that measures nothing."""
    made = []
    monkeypatch.setattr(transfer, "run", lambda settings, *others: made.append(settings))
    monkeypatch.setattr(output, "deliver", lambda *arguments: None)

    def of(*arguments):
        assert cli.main(["benchmark", "--family=transfer", *arguments]) == 0
        return made[-1]

    return of


def test_options_reach_the_run(settings):
    assert settings() == Settings()
    assert settings("--seeds=3").seeds == (0, 1, 2)
    only = settings("--only=lora,steps,glyphs,full")
    assert (only.sections, only.ways) == (("glyphs", "steps"), ("full", "lora"))
    assert settings("--only=lora").sections == SECTIONS
    assert settings("--only=steps", "--rounds=2").rounds == 2
    quick = settings("--quick", "--seeds=3")
    assert quick.quick
    assert (quick.seeds, quick.ways) == ((0, 1, 2), QUICK["ways"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--family=transfer", "--only=lora,recipe"), "expected names among digits, glyphs, steps, scratch"),
        (("--family=transfer", "--only=none"), "expected names among digits, glyphs, steps, scratch"),
        (("--family=transfer", "--image-size=8", "--layers"), "--image-size, --layers: of --family image only"),
        (("--seeds=3",), "--seeds: of --family transfer only"),
        (("--family=video",), "invalid choice: 'video'"),
    ],
)
def test_wrong_options_stop_it_and_say_what_is_right(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["benchmark", *arguments])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_settings_that_make_no_benchmark_are_refused():
    with pytest.raises(ValueError, match=r"expected ways among .*Received: \['best'\]"):
        Settings(ways=("best",))
    with pytest.raises(ValueError, match="other seeds to choose learning rates"):
        Settings(seeds=(100,))


def test_ways_differ():
    told = [{**vars(way), "name": None, "title": None} for way in WAYS.values()]
    assert all(one not in told[:index] for index, one in enumerate(told))

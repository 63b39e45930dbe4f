"""What the options mean."""

import pytest

import kerasaug.benchmark as benchmark
import kerasaug.benchmark.output as output
from kerasaug import cli
from kerasaug.benchmark.settings import QUICK_SECTIONS, SECTIONS, Settings


@pytest.fixture
def settings(monkeypatch):
    """The settings of every run, which measures nothing."""
    made, delivered = [], []
    monkeypatch.setattr(benchmark, "run", lambda settings, say: made.append(settings) or {"a": "report"})
    monkeypatch.setattr(output, "deliver", lambda *arguments: delivered.append(arguments))

    def of(*arguments):
        assert cli.main(["benchmark", *arguments]) == 0
        assert delivered[-1][0] == {"a": "report"}
        return made[-1]

    return of


def test_defaults_are_the_whole_benchmark(settings):
    assert settings() == Settings() == Settings(64, 224, 5, "float32", None, SECTIONS, False)


def test_options_reach_the_run(settings):
    found = settings("--batch-size=8", "--image-size=32", "--rounds=3", "--dtype=uint8", "--peers=keras,kornia")
    assert found == Settings(8, 32, 3, "uint8", ("keras", "kornia"))
    assert settings("--peers=none").peers == ()
    assert settings("--only=tpu,recipe").only == ("recipe", "tpu")


def test_quick_is_small_says_so_and_may_be_changed(settings):
    quick = settings("--quick")
    assert quick.quick
    assert quick.batch_size * quick.image_size**2 * 50 < Settings().batch_size * Settings().image_size ** 2
    assert quick.only == QUICK_SECTIONS
    assert settings("--quick", "--layers").only == (*QUICK_SECTIONS, "layers")
    assert settings("--quick", "--image-size=96", "--only=memory").image_size == 96
    assert settings("--quick", "--only=memory").only == ("memory",)


@pytest.mark.parametrize("only", ["everything", "none", "recipe,"])
def test_an_unknown_section_is_an_error(only, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["benchmark", f"--only={only}"])
    assert stopped.value.code == 2
    assert (
        f"expected names among recipe, policies, layers, memory, scaling, tpu, received '{only}'"
        in capsys.readouterr().err
    )


def test_an_unknown_peer_is_one_line(capsys):
    assert cli.main(["benchmark", "--peers=imgaug"]) == 1
    assert capsys.readouterr().err.startswith("kerasaug benchmark: benchmark expects peers among ['keras',")


def test_files_that_cannot_be_written_stop_it_before_it_measures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(benchmark, "run", lambda *arguments: pytest.fail("it measured"))
    assert cli.main(["benchmark", "--out", str(tmp_path)]) == 1
    assert "expected the name of a file" in capsys.readouterr().err


def test_a_picture_without_matplotlib_names_the_extra(monkeypatch, capsys, tmp_path):
    def absent(module, extra, needed_by):
        raise ImportError(f"{needed_by} needs {module}: kerasaug[{extra}]")

    monkeypatch.setattr(output, "require", absent)
    monkeypatch.setattr(benchmark, "run", lambda *arguments: pytest.fail("it measured"))
    assert cli.main(["benchmark", "--plot", str(tmp_path / "plot.png")]) == 1
    assert "kerasaug[plot]" in capsys.readouterr().err

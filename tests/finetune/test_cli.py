import os
import subprocess
import sys

import pytest
from interruptions import raising

from kerasaug import cli
from kerasaug.finetune.comparison import job
from kerasaug.finetune.comparison.settings import Settings


@pytest.fixture
def calls(monkeypatch):
    made = []
    monkeypatch.setattr(job, "finetune", lambda *arguments: made.append(arguments))
    return made


def test_defaults_are_the_full_budget(calls):
    assert cli.main(["finetune"]) == 0
    settings, out, cache = calls[0]
    assert settings.seeds == Settings().seeds == (0, 1, 2, 3, 4, 5, 6, 7)
    assert (out, cache) == (".", None)


def test_options_reach_the_job(calls):
    assert cli.main(["finetune", "--seeds=2", "--epochs=7", "--shots=3", "--out=here", "--cache-dir=there"]) == 0
    settings, out, cache = calls[0]
    assert (settings.seeds, settings.epochs, settings.shots) == ((0, 1), 7, 3)
    assert (out, cache) == ("here", "there")


def test_quick_is_shorter_and_may_be_changed(calls):
    cli.main(["finetune"])
    cli.main(["finetune", "--quick"])
    cli.main(["finetune", "--quick", "--epochs", "40"])
    full, quick, changed = (call[0] for call in calls)
    assert len(quick.seeds) >= 3
    assert quick.steps * len(quick.seeds) < full.steps * len(full.seeds) / 2
    assert changed.epochs == 40
    assert changed.seeds == quick.seeds


@pytest.mark.parametrize(
    "error", [ValueError("too few\n   images"), OSError("disk full"), ImportError("no matplotlib")]
)
def test_an_error_is_one_line(monkeypatch, capsys, error):
    monkeypatch.setattr(job, "finetune", raising(error))
    assert cli.main(["finetune"]) == 1
    captured = capsys.readouterr()
    assert captured.err == f"kerasaug finetune: {' '.join(str(error).split())}\n"
    assert captured.out == ""


def test_an_unexpected_error_says_its_kind_and_how_to_see_more(monkeypatch, capsys):
    monkeypatch.setattr(job, "finetune", raising(KeyError("lost")))
    assert cli.main(["finetune"]) == 1
    message = capsys.readouterr().err
    assert "KeyError: 'lost'" in message
    assert "--debug" in message
    assert message.count("\n") == 1
    with pytest.raises(KeyError):
        cli.main(["finetune", "--debug"])


def test_ctrl_c_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(job, "finetune", raising(KeyboardInterrupt()))
    assert cli.main(["finetune"]) == 130
    assert capsys.readouterr().err == "kerasaug finetune: interrupted; nothing was written.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "command"),
        (["finetune", "--seeds", "0"], "at least 1"),
        (["finetune", "--epochs", "many"], "many"),
        (["finetune", "--backend", "theano"], "theano"),
        (["finetuen"], "finetuen"),
    ],
)
def test_wrong_arguments(capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


def test_another_backend_begins_the_process_anew(monkeypatch, calls):
    import keras

    other = next(one for one in cli.BACKENDS if one != keras.backend.backend())
    monkeypatch.setenv("KERAS_BACKEND", keras.backend.backend())
    replaced = []
    monkeypatch.setattr(os, "execve", lambda path, arguments, environment: replaced.append((arguments, environment)))
    cli.main(["finetune", "--backend", other])
    arguments, environment = replaced[0]
    assert arguments == [sys.executable, "-m", "kerasaug", "finetune", "--backend", other]
    assert environment["KERAS_BACKEND"] == other
    cli.main(["finetune", "--backend", keras.backend.backend()])
    assert len(replaced) == 1


def test_the_module_is_the_command():
    done = subprocess.run([sys.executable, "-m", "kerasaug", "finetune", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    for option in ("--quick", "--seeds", "--epochs", "--backend", "--out", "--cache-dir"):
        assert option in done.stdout

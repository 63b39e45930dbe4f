import os
import time
from pathlib import Path

import pytest

from kerasaug.datasets.cache import ABANDONED_AFTER, cache_dir, publish


def make_file(text):
    def prepare(workplace):
        path = workplace / "made"
        path.write_text(text)
        return path

    return prepare


def make_folder(text):
    def prepare(workplace):
        (workplace / "made").mkdir()
        (workplace / "made" / "content").write_text(text)
        return workplace / "made"

    return prepare


def test_cache_dir_prefers_the_argument_then_the_variables(monkeypatch, tmp_path):
    monkeypatch.setenv("KERASAUG_CACHE", "/from/variable")
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_dir(tmp_path) == tmp_path
    assert cache_dir() == Path("/from/variable")
    monkeypatch.delenv("KERASAUG_CACHE")
    assert cache_dir() == Path("/xdg/kerasaug")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_dir() == Path.home() / ".cache" / "kerasaug"


@pytest.mark.parametrize(("make", "inside"), [(make_file, ""), (make_folder, "content")])
def test_publish_makes_the_target_once(tmp_path, make, inside):
    target = tmp_path / "deep" / "target"
    assert publish(target, make("first")) == target
    publish(target, make("second"))
    assert (target / inside).read_text() == "first"
    assert os.listdir(target.parent) == ["target"]


@pytest.mark.parametrize("make", [make_file, make_folder])
def test_publish_leaves_nothing_when_the_preparation_fails(tmp_path, make):
    def broken(workplace):
        make("half")(workplace)
        raise RuntimeError("killed half way")

    with pytest.raises(RuntimeError, match="killed half way"):
        publish(tmp_path / "target", broken)
    assert os.listdir(tmp_path) == []


def test_publish_keeps_the_folder_of_a_faster_process(tmp_path):
    target = tmp_path / "target"

    def slow(workplace):
        publish(target, make_folder("faster"))
        return make_folder("slower")(workplace)

    publish(target, slow)
    assert (target / "content").read_text() == "faster"
    assert os.listdir(tmp_path) == ["target"]


def test_publish_sweeps_what_a_killed_process_left_but_not_a_running_one(tmp_path):
    old, young = tmp_path / ".preparing-old", tmp_path / ".preparing-young"
    old.mkdir()
    young.mkdir()
    long_ago = time.time() - ABANDONED_AFTER - 60
    os.utime(old, (long_ago, long_ago))
    publish(tmp_path / "target", make_file("x"))
    assert sorted(os.listdir(tmp_path)) == [".preparing-young", "target"]

"""Versions: atomic, never overwritten, and nothing left of an export that failed."""

import errno
import os

import export_models as models
import numpy as np
import pytest
import tensorflow as tf

from kerasaug.export import export_savedmodel
from kerasaug.export.publish import staged_version


def write(staged, text):
    (staged.folder / "saved_model.pb").write_text(text)
    return staged


def export_text(path, version, text, meanwhile=lambda: None):
    with staged_version(path, version) as staged:
        meanwhile()
        return write(staged, text).publish()


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_versions_count_up_and_the_old_ones_stay(tmp_path):
    model = models.dense()
    first = export_savedmodel(model, tmp_path / "model")
    before = contents(first)
    second = export_savedmodel(model, str(tmp_path / "model"))
    assert [first.name, second.name] == ["1", "2"]
    with pytest.raises(FileExistsError, match=r"version 1 exists .* next free one \(3\)"):
        export_savedmodel(model, tmp_path / "model", version=1)
    assert contents(first) == before
    assert sorted(os.listdir(tmp_path / "model")) == ["1", "2"]


def test_a_version_is_readable_by_whom_the_umask_lets_read(tmp_path):
    old = os.umask(0o022)
    try:
        folder = export_savedmodel(models.dense(), tmp_path, verify=False)
    finally:
        os.umask(old)
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("existing", "expected"),
    [([], 1), (["1", "5"], 6), (["007"], 8), (["tmp", ".export-3", "1.bak", "v9"], 1)],
)
def test_the_next_version_is_one_above_the_highest(tmp_path, existing, expected):
    for name in existing:
        (tmp_path / name).mkdir()
    assert export_text(tmp_path, None, "new") == tmp_path / str(expected)


@pytest.mark.parametrize("name", ["3", "003"])
@pytest.mark.parametrize("kind", ["empty folder", "file"])
def test_whatever_has_the_number_is_the_version(tmp_path, name, kind):
    (tmp_path / name).mkdir() if kind == "empty folder" else (tmp_path / name).touch()
    with pytest.raises(FileExistsError):
        export_text(tmp_path, 3, "ours", meanwhile=lambda: pytest.fail("must not begin"))
    assert os.listdir(tmp_path) == [name]


def test_of_two_that_write_at_once_each_gets_a_version(tmp_path):
    with staged_version(tmp_path, None) as one, staged_version(tmp_path, None) as two:
        assert write(one, "one").publish().name == "1"
        assert write(two, "two").publish().name == "2"
    assert contents(tmp_path) == {"1/saved_model.pb": b"one", "2/saved_model.pb": b"two"}


def test_of_two_that_want_one_version_the_second_is_refused(tmp_path):
    with staged_version(tmp_path, 4) as one:
        with pytest.raises(FileExistsError):
            export_text(tmp_path, 4, "two", meanwhile=lambda: write(one, "one").publish())
    assert contents(tmp_path) == {"4/saved_model.pb": b"one"}


@pytest.mark.parametrize("version", [None, 1])
def test_a_version_that_appears_just_before_the_rename_is_kept(tmp_path, monkeypatch, version):
    rename = os.rename

    def late(source, target):
        monkeypatch.setattr(os, "rename", rename)
        target.mkdir()
        (target / "saved_model.pb").write_text("theirs")
        return rename(source, target)

    monkeypatch.setattr(os, "rename", late)
    if version is None:
        assert export_text(tmp_path, version, "ours").name == "2"
    else:
        with pytest.raises(FileExistsError):
            export_text(tmp_path, version, "ours")
    assert contents(tmp_path).pop("1/saved_model.pb") == b"theirs"
    assert not [name for name in os.listdir(tmp_path) if not name.isdigit()]


def test_a_version_is_flushed_before_it_is_seen(tmp_path, monkeypatch):
    events = []
    fsync, rename = os.fsync, os.rename
    monkeypatch.setattr(os, "fsync", lambda d: events.append(os.readlink(f"/proc/self/fd/{d}")) or fsync(d))
    monkeypatch.setattr(os, "rename", lambda a, b: events.append("rename") or rename(a, b))
    with staged_version(tmp_path, None) as staged:
        folder = str(staged.folder)
        write(staged, "new").publish()
    assert events == [f"{folder}/saved_model.pb", folder, "rename", str(tmp_path)]


def test_while_it_is_written_no_server_takes_it_for_a_version(tmp_path, monkeypatch):
    seen = []
    load = tf.saved_model.load
    monkeypatch.setattr(tf.saved_model, "load", lambda path: seen.extend(os.listdir(tmp_path)) or load(path))
    export_savedmodel(models.dense(), tmp_path)
    assert len(seen) == 1
    assert not seen[0].isdigit()


@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_a_full_disk_or_an_interrupt_leaves_nothing(tmp_path, monkeypatch, raised):
    def half_written(_, path, **__):
        os.makedirs(os.path.join(path, "variables"))
        with open(os.path.join(path, "variables", "variables.data"), "wb") as file:
            file.write(b"half")
        raise raised

    old = export_savedmodel(models.dense(), tmp_path / "old", verify=False)
    before = contents(old)
    monkeypatch.setattr(tf.saved_model, "save", half_written)
    for path in ("old", "new/model"):
        with pytest.raises(type(raised)):
            export_savedmodel(models.dense(), tmp_path / path)
    assert os.listdir(tmp_path) == ["old"]
    assert os.listdir(tmp_path / "old") == ["1"]
    assert contents(old) == before


def test_a_disk_that_is_full_when_flushed_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        export_savedmodel(models.dense(), tmp_path / "model", verify=False)
    assert not list(tmp_path.iterdir())


def test_folders_that_others_use_are_left_when_it_fails(tmp_path):
    def fail():
        (tmp_path / "a" / "theirs").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        export_text(tmp_path / "a" / "b", None, "new", meanwhile=fail)
    assert os.listdir(tmp_path / "a") == ["theirs"]


@pytest.mark.parametrize("path", ["file", "file/model"])
def test_a_path_that_is_a_file_is_refused(tmp_path, path):
    (tmp_path / "file").write_text("data")
    with pytest.raises(OSError, match=r"cannot write in .*: give a folder that can be written"):
        export_savedmodel(models.dense(), tmp_path / path)
    assert contents(tmp_path) == {"file": b"data"}


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(PermissionError, match="export_savedmodel cannot write in"):
        export_savedmodel(models.dense(), tmp_path / "model")


def test_a_remote_path_is_refused():
    with pytest.raises(ValueError, match="local folder, received 'gs://bucket/model'"):
        export_savedmodel(models.dense(), "gs://bucket/model")


@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("v1", TypeError),
        ("1", TypeError),
        (1.0, TypeError),
        (True, TypeError),
        (-1, ValueError),
        (2**63, ValueError),
    ],
)
def test_a_version_must_be_a_number_that_tensorflow_serving_reads(tmp_path, version, error):
    with pytest.raises(error, match=r"version must be .*received"):
        export_savedmodel(models.dense(), tmp_path / "model", version=version)
    assert not list(tmp_path.iterdir())


def test_a_version_may_be_given_as_numpy_integer(tmp_path):
    assert export_savedmodel(models.dense(), tmp_path, version=np.int64(20260101), verify=False).name == "20260101"


def test_a_full_disk_is_an_oserror_whoever_reports_it(tmp_path):
    """TensorFlow raises a ResourceExhaustedError with a page of text."""
    with pytest.raises(OSError, match="No space left on device") as caught, staged_version(tmp_path / "model", None):
        raise RuntimeError("{{function_node SaveV2}} /somewhere/variables; No space left on device [Op:SaveV2]")
    assert caught.value.filename == str(tmp_path / "model")
    assert not (tmp_path / "model").exists()

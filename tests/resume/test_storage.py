import os
import warnings

import ml_dtypes
import numpy as np
import pytest

from kerasaug.resume import storage
from kerasaug.resume.storage import Backup, read_latest, write


def backup(number):
    return Backup(number, {"epoch": number}, [np.full((50,), number, "float32"), np.arange(3)])


def damage(path, how):
    content = path.read_bytes()
    if how == "flipped":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    else:
        path.write_bytes(content[: {"empty": 0, "half": len(content) // 2, "last byte": len(content) - 1}[how]])


def test_the_newest_is_read_and_two_are_kept(tmp_path):
    for number in (1, 2, 3, 10):
        write(tmp_path, backup(number))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup-000003.npz", "backup-000010.npz"]
    found = read_latest(tmp_path)
    assert (found.number, found.description) == (10, {"epoch": 10})
    np.testing.assert_array_equal(found.arrays[0], backup(10).arrays[0])


def test_no_folder_is_no_backup(tmp_path):
    assert read_latest(tmp_path / "none") is None
    assert read_latest(tmp_path) is None


@pytest.mark.parametrize("how", ["empty", "half", "last byte", "flipped"])
def test_a_damaged_backup_is_named_and_the_one_before_it_taken(tmp_path, how):
    write(tmp_path, backup(1))
    damage(write(tmp_path, backup(2)), how)
    with pytest.warns(UserWarning, match=r"backup-000002\.npz cannot be read"):
        assert read_latest(tmp_path).number == 1


def test_when_none_can_be_read_nothing_begins_anew_in_silence(tmp_path):
    damage(write(tmp_path, backup(4)), "half")
    with pytest.warns(UserWarning, match="000004"), pytest.raises(ValueError, match="Remove the folder to begin anew"):
        read_latest(tmp_path)


def test_every_cut_of_a_file_is_noticed(tmp_path):
    """Whatever the number of bytes that reached the disk."""
    write(tmp_path, backup(1))
    path = write(tmp_path, backup(2))
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert read_latest(tmp_path).number == 1, length


@pytest.mark.parametrize("when", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, when):
    write(tmp_path, backup(1))

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, when, full)
    with pytest.raises(OSError, match="No space"):
        write(tmp_path, backup(2))
    assert [path.name for path in tmp_path.iterdir()] == ["backup-000001.npz"]


def test_bfloat16_and_scalars_keep_their_bits(tmp_path):
    values = [np.array([1.5, -0.0], ml_dtypes.bfloat16), np.array(7, "uint32"), np.array(0.1), np.array(True)]
    write(tmp_path, Backup(1, {}, values))
    found = read_latest(tmp_path).arrays
    assert [one.dtype for one in found] == [one.dtype for one in values]
    assert [one.tobytes() for one in found] == [one.tobytes() for one in values]
    assert [one.shape for one in found] == [one.shape for one in values]


def test_removing_leaves_what_belongs_to_others(tmp_path):
    write(tmp_path / "own", backup(1))
    storage.remove(tmp_path / "own")
    assert not (tmp_path / "own").exists()
    write(tmp_path, backup(1))
    (tmp_path / "notes.txt").write_text("mine")
    storage.remove(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

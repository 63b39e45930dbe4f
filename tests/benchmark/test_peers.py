"""Peers are found without an import, chosen by name, and may fail without ending the run."""

import sys

import keras
import numpy as np
import pytest

from kerasaug.benchmark import recipe
from kerasaug.benchmark.peers import PEERS, Contender, Scene, choose, registry
from kerasaug.benchmark.sections import places
from kerasaug.benchmark.settings import Settings

BACKEND = keras.backend.backend()


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda name: None)


@pytest.fixture
def all_installed(monkeypatch):
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda name: object())


def scene():
    images, labels = recipe.arrays(4, 32)
    return Scene(images, labels, recipe.batch(4, 32), threads=2)


def test_a_peer_that_is_not_installed_is_left_out_with_the_reason(nothing_installed):
    run, left = choose(None, "tensorflow")
    assert run == []
    assert left == {peer.name: "not installed" for peer in PEERS}


def test_all_that_run_on_the_backend_run_by_default(all_installed):
    assert choose(None, "tensorflow")[1] == {}
    assert choose(None, "jax")[1] == {"keras-cv": "runs on Keras's tensorflow backend alone"}


def test_peers_are_chosen_by_name(all_installed):
    run, left = choose(("albumentations", "keras"), "jax")
    assert [peer.name for peer in run] == ["keras", "albumentations"]
    assert left["kornia"] == "not chosen"
    assert choose((), "jax")[0] == []


def test_an_unknown_name_is_an_error_that_lists_the_names():
    with pytest.raises(
        ValueError, match=r"expects peers among \['keras', .*'albumentations'\]\. Received: \['imgaug'\]"
    ):
        choose(("keras", "imgaug"), "jax")


def test_finding_a_peer_imports_nothing(tmp_path, monkeypatch):
    (tmp_path / "made_up_peer.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    assert registry.Peer("made-up", "made_up_peer", "made-up").installed
    assert "made_up_peer" not in sys.modules


class Broken(registry.Peer):
    def contenders(self, scene):
        raise ImportError("its library\nis broken")


class Working(registry.Peer):
    def contenders(self, scene):
        def fails():
            raise RuntimeError("no kernel")

        quick = Contender("working", "here", lambda: scene.images, ran=("flip",), note="does less")
        return [quick, Contender("working", "there", fails)]


def test_a_peer_that_fails_is_reported_and_the_run_goes_on(monkeypatch):
    monkeypatch.setattr(places, "_ours", lambda scene: [])
    monkeypatch.setattr(places, "_mapped", lambda *arguments: [])
    peers = [Broken("broken", "broken", "broken"), Working("working", "working", "working")]
    rows = places.measure(Settings(4, 32, rounds=1), peers, floor=2.0)
    by_place = {(row["contender"], row["place"]): row for row in rows}
    assert by_place["broken", "built"]["error"] == "ImportError: its library is broken"
    assert by_place["working", "there"]["error"] == "RuntimeError: no kernel"
    ran = by_place["working", "here"]
    assert ran["milliseconds"] > 0
    assert ran["ran"] == ["flip"]
    assert ran["lacks"] == [op for op in recipe.OPS if op != "flip"]
    assert ran["passes"] == ran["milliseconds"] / 2.0
    assert ran["images_per_second"] == pytest.approx(4e3 / ran["milliseconds"])


def test_kerasaug_and_keras_are_given_the_same_layers():
    import kerasaug

    ours, theirs = recipe.layers_of(kerasaug.layers), recipe.layers_of(keras.layers)
    assert [type(layer).__name__ for layer in ours] == [type(layer).__name__ for layer in theirs]
    assert len(ours) == len(recipe.OPS)


def missing(peer):
    why = choose((peer.name,), BACKEND)[1].get(peer.name, "")
    return pytest.mark.skipif(why != "", reason=f"{peer.name}: {why}")


@pytest.mark.parametrize(
    "peer", [pytest.param(peer, marks=missing(peer), id=peer.name) for peer in PEERS if peer.name != "keras"]
)
def test_an_installed_peer_augments_the_batch(peer):
    first = peer.contenders(scene())[0]
    result = first.call()
    images = result["images"] if isinstance(result, dict) else result[0]
    assert sorted(np.shape(images)) == [3, 4, 32, 32]
    assert np.ptp(np.asarray(images, dtype="float32")) > 0.5
    assert first.note


@pytest.mark.skipif(BACKEND != "tensorflow", reason="mapped recipes are timed under TensorFlow")
def test_a_map_that_cannot_be_traced_is_reported(monkeypatch):
    class Fails:
        def __call__(self, data, training=None):
            raise TypeError("no uint8")

    monkeypatch.setattr(recipe, "layers_of", lambda module: [Fails()] if module is keras.layers else [])
    monkeypatch.setattr(recipe, "pipeline", lambda: lambda data: data)
    rows = places._mapped(recipe.batch(4, 8), Settings(4, 8, rounds=1), floor=1.0, with_keras=True)
    errors = {(row["contender"], row["place"]): row["error"] for row in rows}
    assert errors["kerasaug", "dataset.map"] is None
    assert "no uint8" in errors["Keras", "dataset.map"]
    assert "no uint8" in errors["Keras", "dataset.map, in parallel"]

"""Reports with figures made up by hand, for what judges, prints and draws them."""

GRAPH = "tf.function"


def row(contender, place, milliseconds, passes=None, error=None, lacks=(), note=""):
    return {
        "contender": contender,
        "place": place,
        "milliseconds": milliseconds,
        "low": milliseconds,
        "high": milliseconds,
        "timings": 0 if milliseconds is None else 3,
        "first_call_seconds": 1.0,
        "passes": (milliseconds and milliseconds / 4.0) if passes is None else passes,
        "images_per_second": milliseconds and 64e3 / milliseconds,
        "error": error,
        "ran": [],
        "lacks": list(lacks),
        "note": note,
    }


def layer_row(layer, library, milliseconds, way=GRAPH, layout="channels_last", known=True, kind="warp", error=None):
    """One pass takes 4 ms."""
    return {
        "layer": layer,
        "kind": kind,
        "library": library,
        "way": way,
        "layout": layout,
        "known_size": known,
        "milliseconds": milliseconds,
        "passes": milliseconds and milliseconds / 4.0,
        "error": error,
    }


def policy_row(policy, library, milliseconds, way=GRAPH, first=5.0, error=None):
    """One pass takes 4 ms."""
    figures = {"milliseconds": milliseconds, "passes": milliseconds and milliseconds / 4.0, "error": error}
    return {"policy": policy, "library": library, "way": way, "first_call_seconds": first, **figures}


def policies(*rows, ratio=1.1, error=None):
    """The section of policies: a menu of two and one of sixteen."""
    points = [{"amount": 2, "milliseconds": 20.0}, {"amount": 16, "milliseconds": ratio and 20.0 * ratio}]
    return {"contenders": list(rows), "menu": {"place": GRAPH, "points": points, "ratio": ratio, "error": error}}


def report(only=("recipe",), backend="tensorflow", dtype="float32", quick=False, **sections):
    """A report of the recipe alone; sections given by name are added, or take its place."""
    place = GRAPH if backend == "tensorflow" else "jax.jit"
    added = {
        "kerasaug": {"milliseconds": 30.0, "passes": 7.5, "error": None},
        "Keras": {"milliseconds": None, "passes": None, "error": "does not compile"},
    }
    step = {"milliseconds": 3.0, "error": None}
    return {
        "schema": 1,
        "quick": quick,
        "backend": backend,
        "machine": {"cpu": "a processor", "threads": 2, "device": "cpu", "versions": {}},
        "settings": {"batch_size": 64, "image_size": 224, "dtype": dtype, "only": list(only)},
        "peers": {"keras": "version 3", "albumentations": "not installed"},
        "floor": {"place": place, "milliseconds": 4.0, "milliseconds_at_the_end": 4.0},
        "recipe": [
            row("kerasaug", place, 20.0),
            row("Keras", place, 300.0),
            row("Keras", "eager call", 240.0),
            row("kerasaug", "dataset.map", 24.0),
            row("kerasaug", "dataset.map, in parallel", 18.0),
            row("Keras", "dataset.map", 400.0),
            row("Keras", "dataset.map, in parallel", 160.0),
        ],
        "train_step": {"steps": {"bare": step, "kerasaug": {**step, "milliseconds": 33.0}}, "added": added},
        **sections,
    }

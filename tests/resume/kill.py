"""Kills a training with SIGKILL at random moments, resumes it, and compares it bit for bit with one left alone.

`python tests/resume/kill.py --moments 20 --backend jax --data arrays`. Each training is killed once, or as often as
`--times` says, then left to end. Exits with 1 at the first difference.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).with_name("training.py")


def environment(backend, epochs, cache):
    ours = {
        "KERAS_BACKEND": backend,
        "EPOCHS": str(epochs),
        "PAUSE": "0.02",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    compiled = {"JAX_COMPILATION_CACHE_DIR": str(cache), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    return {**os.environ, **ours, **compiled}


def start(folder, data, env):
    return subprocess.Popen([sys.executable, SCRIPT, folder, data], env=env, stderr=subprocess.PIPE, text=True)


def finish(process):
    errors = process.communicate(timeout=600)[1]
    if process.returncode:
        raise RuntimeError(errors)


def steps_done(folder):
    diary = folder / "diary"
    return diary.read_text().count("\n") if diary.exists() else 0


def kill_at(folder, data, env, steps, delay):
    """Kills a training `delay` seconds after it has made `steps` more steps; returns whether it was still alive."""
    before = steps_done(folder)
    process = start(folder, data, env)
    while process.poll() is None and steps_done(folder) - before < steps:
        time.sleep(0.002)
    time.sleep(delay)
    alive = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return alive


def outcome(folder):
    with np.load(folder / "outcome.npz") as stored:
        return {name: stored[name] for name in stored.files}


def differences(one, other):
    if list(one) != list(other):
        return sorted(set(one) ^ set(other)) or ["another order"]
    return [
        name for name in one if one[name].dtype != other[name].dtype or one[name].tobytes() != other[name].tobytes()
    ]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--times", type=int, default=1, help="kills of each training before it is left to end")
    parser.add_argument("--backend", default="tensorflow")
    parser.add_argument("--data", default="arrays", choices=("arrays", "dataset"))
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        env = environment(options.backend, options.epochs, root / "compiled")
        finish(start(root / "alone", options.data, env))
        alone = outcome(root / "alone")
        steps = steps_done(root / "alone")
        for moment in range(options.moments):
            folder = root / f"killed-{moment}"
            killed = []
            for _ in range(options.times):
                left = max(steps - steps_done(folder), 1)
                at, delay = rng.randrange(left), rng.uniform(0.0, 0.04)
                if kill_at(folder, options.data, env, at, delay):
                    killed.append(steps_done(folder))
            finish(start(folder, options.data, env))
            wrong = differences(alone, outcome(folder))
            verdict = f"differs in {len(wrong)}: {wrong[:5]}" if wrong else f"equal in all {len(alone)} arrays"
            print(f"{options.backend}, {options.data}: killed after {killed} of {steps} steps, then resumed: {verdict}")
            if wrong:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

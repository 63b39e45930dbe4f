"""The command line: `kerasaug finetune` and `kerasaug benchmark`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec

import kerasaug.benchmark.command as benchmark
import kerasaug.finetune.command as finetune

COMMANDS = {"finetune": finetune, "benchmark": benchmark}
BACKENDS = ("tensorflow", "jax")  # those that `export_savedmodel` writes from
INTERRUPTED = 130  # what a shell reports of a process that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        argv: The arguments, without the program's name. Defaults to the process's own.

    Returns:
        The exit status: 0 when all went well, 1 after an error, 2 for wrong arguments, 130 after Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = parser().parse_args(arguments)
    try:
        command = COMMANDS[options.command]
        _use_backend(getattr(command, "backend_of", _asked_for)(options), arguments)
        command.main(options)
    except KeyboardInterrupt as interrupt:
        what = str(interrupt) or "nothing was written."
        print(f"kerasaug {options.command}: interrupted; {what}", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if options.debug:
            raise
        print(f"kerasaug {options.command}: {_one_line(error)}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    root = argparse.ArgumentParser(prog="kerasaug", description="Augmentation and transfer learning for Keras 3.")
    commands = root.add_subparsers(dest="command", required=True, metavar="command")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.DESCRIPTION)
        module.configure(command)
        command.add_argument(
            "--backend", choices=BACKENDS, help="Keras backend (default: KERAS_BACKEND, else Keras's own)"
        )
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return root


def _asked_for(options: argparse.Namespace) -> str | None:
    return options.backend


def _use_backend(backend: str | None, arguments: Sequence[str]) -> None:
    """Makes Keras use `backend`: before it is imported, or else in this process begun anew."""
    if backend is None:
        return
    if find_spec(backend) is None:
        raise ImportError(f"--backend {backend} is not installed. Install it with: pip install 'kerasaug[{backend}]'")
    os.environ["KERAS_BACKEND"] = backend
    keras = sys.modules.get("keras")
    if keras is not None and keras.config.backend() != backend:
        os.execve(sys.executable, [sys.executable, "-m", "kerasaug", *arguments], dict(os.environ))


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    expected = isinstance(error, ValueError | OSError | ImportError | RuntimeError)
    hint = "" if expected else " (run again with --debug for the traceback)"
    return f"{text or type(error).__name__}{hint}" if expected else f"{type(error).__name__}: {text}{hint}"

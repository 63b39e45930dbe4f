"""The text family as the command line sees it."""

import argparse
import dataclasses
from typing import Any

NOT_OURS = ("image_size", "layers", "dtype", "seeds", "plot")


def check(options: argparse.Namespace) -> None:
    """Stops the command when options of other families are given."""
    given = [f"--{name.replace('_', '-')}" for name in NOT_OURS if getattr(options, name)]
    if given:
        options.fail(f"{', '.join(given)}: not of --family text")


def settings_of(options: argparse.Namespace) -> Any:
    """The settings that the options ask for."""
    from kerasaug.benchmark.text.ops import OPS
    from kerasaug.benchmark.text.settings import QUICK, Settings

    values: dict[str, Any] = dict(QUICK) if options.quick else {}
    for name in ("batch_size", "rounds", "peers"):
        if getattr(options, name) is not None:
            values[name] = getattr(options, name)
    if options.only is not None:
        known = [op.name for op in OPS]
        unknown = [name for name in options.only if name not in known]
        if unknown or not options.only:
            options.fail(f"argument --only: expected names among {', '.join(known)}, received {unknown}")
        values["ops"] = options.only
    return dataclasses.replace(Settings(), **values)

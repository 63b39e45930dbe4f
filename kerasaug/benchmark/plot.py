"""A picture of the recipe's times, and of the policies'."""

from pathlib import Path
from typing import Any

from kerasaug.extras import require

OURS, THEIRS, FLOOR = "#2a78d6", "#a3a29c", "#0b0b0b"
INK, MUTED = "#0b0b0b", "#6b6a64"
ROW_INCHES = 0.3


def draw(report: dict[str, Any], path: Path) -> None:
    """Draws milliseconds a batch for every contender, quickest first, from one pass over the batch.

    Args:
        report: As `run` returns it, with the section `recipe` or `policies`.
        path: The file to write; its ending chooses the format.

    Raises:
        ImportError: When matplotlib is not installed.
        ValueError: When the report holds neither.
    """
    panels = {"Recipe of eight ops": bars_of(report), "Policies": policies_of(report)}
    panels = {name: bars for name, bars in panels.items() if bars}
    if not panels:
        raise ValueError(
            "benchmark --plot draws the sections `recipe` and `policies`, which were not run, or in which nothing "
            "could be timed."
        )
    figure_module = require("matplotlib.figure", "plot", "kerasaug benchmark --plot")
    rows = [1.4 + ROW_INCHES * len(bars) for bars in panels.values()]
    figure = figure_module.Figure(figsize=(9, sum(rows)), layout="constrained")
    axes = figure.subplots(len(panels), squeeze=False, height_ratios=rows)[:, 0]
    for axis, (name, bars) in zip(axes, panels.items(), strict=True):
        _bars(axis, bars, report["floor"]["milliseconds"])
        axis.set_title(name, loc="left", color=INK, fontsize=9)
    figure.suptitle(title(report), x=0.01, ha="left", color=INK, fontsize=10)
    figure.savefig(path, dpi=150)


def bars_of(report: dict[str, Any]) -> list[tuple[str, float, bool]]:
    """(label, milliseconds, whether it is kerasaug) of everything that was timed, quickest first."""
    rows = [row for row in report.get("recipe", []) if row["milliseconds"] is not None]
    bars = [(_label(row), row["milliseconds"], row["contender"].startswith("kerasaug")) for row in rows]
    for name, added in report.get("train_step", {}).get("added", {}).items():
        if added["milliseconds"] is not None and added["milliseconds"] > 0:  # it is a difference
            bars.append((f"{name} — added to a compiled train step", added["milliseconds"], name == "kerasaug"))
    return sorted(bars, key=lambda bar: bar[1])


def policies_of(report: dict[str, Any]) -> list[tuple[str, float, bool]]:
    """The same of every policy, in the way in which its library is quickest."""
    quickest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in report.get("policies", {}).get("contenders", []):
        key = (row["policy"], row["library"])
        if row["milliseconds"] is not None:
            quickest[key] = min(quickest.get(key, row), row, key=lambda one: one["milliseconds"])
    bars = [(f"{library} — {policy}", row["milliseconds"], library) for (policy, library), row in quickest.items()]
    return sorted(((label, value, library == "kerasaug") for label, value, library in bars), key=lambda bar: bar[1])


def title(report: dict[str, Any]) -> str:
    """What was timed, on what."""
    shape = "×".join(map(str, [*[report["settings"][name] for name in ("batch_size", "image_size", "image_size")], 3]))
    quick = " — quick: not to be quoted" if report["quick"] else ""
    machine = report["machine"]
    where = machine["device"] if machine["device"] != "cpu" else f"{machine['threads']} cores, {machine['cpu']}"
    return f"{shape} {report['settings']['dtype']}, {report['backend']}, {where}{quick}"


def _label(row: dict[str, Any]) -> str:
    lacks = f" (without {', '.join(row['lacks'])})" if row["lacks"] else ""
    return f"{row['contender']} — {row['place']}{lacks}"


def _bars(axis: Any, bars: list[tuple[str, float, bool]], floor: float) -> None:
    """Bars that start at the floor, since on a logarithmic axis there is no zero to start from."""
    places = range(len(bars))
    starts = min(floor, min(value for _, value, _ in bars))
    widths = [value - starts for _, value, _ in bars]
    axis.barh(places, widths, left=starts, height=0.62, color=[OURS if own else THEIRS for _, _, own in bars])
    axis.axvline(floor, color=FLOOR, linewidth=1)
    axis.text(floor, -0.75, f" one pass: {floor:.1f} ms", color=INK, fontsize=8, va="center")
    for place, (_, value, _) in zip(places, bars, strict=True):
        axis.text(value, place, f" {value:.1f} ms, {value / floor:.0f} passes", color=INK, fontsize=8, va="center")
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:g}")
    axis.set_xlim(starts, 8 * max(value for _, value, _ in bars))
    axis.set_ylim(len(bars) - 0.4, -1.2)
    axis.set_yticks(places, [label for label, _, _ in bars], fontsize=8, color=INK)
    axis.set_xlabel("milliseconds a batch, logarithmic; less is better", fontsize=8, color=MUTED)
    axis.tick_params(axis="x", labelsize=8, colors=MUTED)
    axis.tick_params(axis="y", length=0)
    axis.spines[["top", "right", "left"]].set_visible(False)

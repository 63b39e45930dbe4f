"""What a fine-tuning optimizer knows about the variables it was built on, as plain data that goes into its config."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

# Keras names variables alike on every backend only in `path`, so that is what patterns are matched against.
_NAMED_PATTERNS = {
    "bias": r"bias[^/]*$",
    "norm": r"(^|/)(gamma|beta)[^/]*$|norm[^/]*/[^/]+$",
}


@dataclass(frozen=True)
class Slot:
    """One variable: what it is, its layer group, whether it trains now, whether weight decay acts on it, its path."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    group: int
    active: bool
    decays: bool
    path: str = ""


@dataclass(frozen=True)
class Plan:
    """The layer groups' names and a slot for every variable of the model, in the model's order."""

    groups: tuple[str, ...] = ()
    slots: tuple[Slot, ...] = ()

    @classmethod
    def of(
        cls,
        variables: Sequence[Any],
        groups: Sequence[tuple[str, Iterable[Any]]] = (),
        no_decay: Sequence[str] = (),
        excluded: Iterable[Any] = (),
    ) -> "Plan":
        """Plans for `variables`; `groups` are names and weights, `excluded` and `no_decay` are spared weight decay.

        Raises:
            ValueError: When there are groups and a variable is in none of them.
        """
        group_of = {id(weight): index for index, (_, weights) in enumerate(groups) for weight in weights}
        lost = [variable.path for variable in variables if groups and id(variable) not in group_of]
        if lost:
            raise ValueError(
                "finetune_optimizer: expected every variable of the model in one of the layer groups. Received groups "
                f"without {lost[0]!r} ({len(lost)} in all). Make them with `kerasaug.transfer.layer_groups` from this "
                "model or the one inside it."
            )
        spared = {id(variable) for variable in excluded}
        pattern = decay_pattern(no_decay)
        slots = [
            Slot(
                variable.name,
                tuple(variable.shape),
                str(variable.dtype),
                group_of[id(variable)] if groups else 0,
                variable.trainable,
                id(variable) not in spared and not (pattern and pattern.search(variable.path)),
                variable.path,
            )
            for variable in variables
        ]
        return cls(tuple(name for name, _ in groups), tuple(slots))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Plan":
        """The inverse of `to_config`."""
        slots = [Slot(name, tuple(shape), *rest) for name, shape, *rest in config["slots"]]
        return cls(tuple(config["groups"]), tuple(slots))

    def to_config(self) -> dict[str, Any]:
        """Plain lists, as JSON keeps them."""
        slots = [[s.name, list(s.shape), s.dtype, s.group, s.active, s.decays, s.path] for s in self.slots]
        return {"groups": list(self.groups), "slots": slots}

    def updated(self, states: Iterable[tuple[bool, bool]]) -> "Plan":
        """The same plan with, for each variable, whether it is trainable now and whether weight decay acts on it."""
        slots = zip(self.slots, states, strict=True)
        return replace(self, slots=tuple(replace(slot, active=a, decays=d) for slot, (a, d) in slots))

    def fits(self, variables: Sequence[Any]) -> bool:
        """Whether the slots are for variables of exactly these names and shapes, in this order."""
        return _match(self.slots, variables)

    def same_groups(self, other: "Plan") -> bool:
        """Whether both plans divide the variables in the same way, whatever the groups are called."""
        return len(self.groups) == len(other.groups) and [s.group for s in self.slots] == [s.group for s in other.slots]

    def place(self, variables: Sequence[Any]) -> dict[int, Any]:
        """Finds the slots of `variables`, which are all of them or those that were trainable when this was saved.

        Raises:
            ValueError: When they are neither.
        """
        if self.fits(variables):
            return dict(enumerate(variables))
        active = [index for index, slot in enumerate(self.slots) if slot.active]
        if _match([self.slots[index] for index in active], variables):
            return dict(zip(active, variables, strict=True))
        raise ValueError(
            f"This fine-tuning optimizer was set up for {len(self.slots)} variables, {len(active)} of them trainable "
            f"when it was saved. Received {len(variables)} variables which are neither. Load the model with "
            "`compile=False` and compile it with a new `kerasaug.transfer.finetune_optimizer(optimizer, model)`."
        )


def _match(slots: Sequence[Slot], variables: Sequence[Any]) -> bool:
    return [(slot.name, slot.shape) for slot in slots] == [(v.name, tuple(v.shape)) for v in variables]


def decay_pattern(no_decay: Sequence[str] | str) -> re.Pattern[str] | None:
    """One pattern for all words of `no_decay`: `"bias"`, `"norm"`, or a regular expression over paths."""
    no_decay = (no_decay,) if isinstance(no_decay, str) else no_decay
    words = [_NAMED_PATTERNS.get(word, word) for word in no_decay]
    return re.compile("|".join(f"(?:{word})" for word in words)) if words else None

"""Permutations of some units (tokens, or words) of each sequence, within runs that none leaves, without a sort."""

from dataclasses import dataclass

from kerasaug.backend import Tensor, gather_tokens, ops, place
from kerasaug.ops.tokens.selection import number, places
from kerasaug.ops.tokens.swap_or_not import shuffled


@dataclass
class Slots:
    """The units that are permuted, numbered in order in each sequence; a run is where one may go.

    Attributes:
        leads: Boolean (batch, length), the first tokens of these units.
        slot: int32 (batch, length), by token: the number of its unit.
        first: int32 (batch, length), by token: the number of the first unit of its run.
        count: int32 (batch, length), by token: how many units its run has.
        run: int32 (batch, length), by token: the number of its run.
    """

    leads: Tensor
    slot: Tensor
    first: Tensor
    count: Tensor
    run: Tensor


def slots_of(leads: Tensor, segment_ids: Tensor | None) -> Slots:
    """Numbers units, by their first tokens; a run is a segment."""
    each = ops.cast(leads, "int32")
    slot = ops.maximum(ops.cumsum(each, axis=1) - 1, 0)
    if segment_ids is None:
        count = ops.broadcast_to(number(leads)[:, None], ops.shape(leads))
        return Slots(leads, slot, ops.zeros_like(slot), count, ops.zeros_like(slot))
    new = ops.cast(segment_ids[:, 1:] != segment_ids[:, :-1], "int32")
    run = ops.concatenate([ops.zeros_like(slot[:, :1]), ops.cumsum(new, axis=1)], axis=1)
    counts = place(run, each)
    first = gather_tokens(ops.cumsum(counts, axis=1) - counts, run)
    return Slots(leads, slot, first, gather_tokens(counts, run), run)


def anywhere(slots: Slots, key: Tensor) -> Tensor:
    """int32 (batch, length), by token: the slot that its unit goes to, each order of a run's units as likely.

    Args:
        slots: The units.
        key: int32 (batch, 2), of random words.
    """
    goal = slots.first + shuffled(slots.slot - slots.first, slots.count, slots.first, key, 2)
    return ops.clip(goal, 0, ops.shape(goal)[1] - 1)  # for tokens of no unit, which may be anywhere


def nearby(slots: Slots, noise: Tensor, window: int) -> Tensor:
    """int32 (batch, length), by token: the slot that its unit goes to, at most `window` away.

    Units are sorted by their numbers plus noise between 0 and window + 1, as by Lample et al. Whom a unit passes is
    then at most `window` away, so that comparisons with so many neighbours tell its place: no sort is needed.

    Args:
        slots: The units.
        noise: float32 (batch, length), by slot, from 0 to 1.
        window: How far at most.

    Reference:
        Lample et al., "Unsupervised machine translation using monolingual corpora only", 2018.
    """
    length = ops.shape(noise)[1]
    lead = ops.where(slots.leads, slots.slot, length)
    run = place(lead, slots.run + 1)  # by slot; 0 where there is none
    keys = ops.cast(places(noise), "float32") + noise * (window + 1.0)
    rank = ops.broadcast_to(places(noise), ops.shape(noise))
    padded = ops.pad(keys, ((0, 0), (0, window)))
    runs = ops.pad(run, ((0, 0), (0, window)))
    for far in range(1, window + 1):
        passed = (padded[:, far : length + far] < keys) & (runs[:, far : length + far] == run) & (run > 0)
        passed = ops.cast(passed, "int32")
        rank = rank + passed - ops.pad(passed, ((0, 0), (far, 0)))[:, :length]
    return gather_tokens(rank, slots.slot)


def moved(begins: Tensor, taken: Tensor, slots: Slots, goal: Tensor, single: bool) -> Tensor:
    """int32 (batch, length), the place that each token goes to.

    Args:
        begins: Boolean (batch, length), whether a token is the first of a unit, taken or not.
        taken: Boolean (batch, length), whether its unit is one of those that are permuted.
        slots: Of these.
        goal: int32 (batch, length), by token: the slot that its unit goes to.
        single: Whether every unit is one token.
    """
    at, length = places(taken), ops.shape(taken)[1]
    lead = ops.where(slots.leads, slots.slot, length)
    if single:
        return ops.where(taken, gather_tokens(place(lead, at), goal), at)
    unit = ops.cumsum(ops.cast(begins, "int32"), axis=1) - 1
    size = place(unit, ops.ones_like(at))
    inside = at - gather_tokens(ops.cumsum(size, axis=1) - size, unit)
    unit = ops.where(taken, gather_tokens(place(lead, unit), goal), unit)
    size = place(unit, ops.ones_like(at))
    return gather_tokens(ops.cumsum(size, axis=1) - size, unit) + inside

"""Which layers an optimizer was built on, from the shapes of its slots alone."""

from collections.abc import Iterator, Sequence

Shape = tuple[int, ...]
Slot = tuple[int | None, Shape]  # the position of the variable it belongs to, if it belongs to one


def selections(layers: Sequence[Sequence[int]], slots: Sequence[Slot], saved: Sequence[Shape]) -> list[list[int]]:
    """The choices of layers that an optimizer with slots of the `saved` shapes may have been built on; two at most.

    Args:
        layers: For each layer the positions of its variables, all of them ascending.
        slots: The variables of such an optimizer that is built on every layer.
        saved: The shapes of one that was built on some.

    Returns:
        Up to two lists of positions of variables: one means that it is the only one.
    """
    begin, end = _first_pass(slots)
    layer_of = {position: number for number, positions in enumerate(layers) for position in positions}
    blocks: list[list[Shape]] = [[] for _ in layers]
    for owner, shape in slots[begin:end]:
        if owner is not None:
            blocks[layer_of[owner]].append(shape)
    owned = sum(owner is not None for owner, _ in slots)
    length = round((len(saved) - len(slots) + owned) * (end - begin) / max(owned, 1))  # the pass's share of all slots
    found = []
    for numbers in _choices(blocks, list(saved[begin : begin + length])):
        chosen = [position for number in numbers for position in layers[number]]
        members = set(chosen)
        if [shape for owner, shape in slots if owner is None or owner in members] == list(saved):
            found.append(chosen)
        if len(found) == 2:
            break
    return found


def _first_pass(slots: Sequence[Slot]) -> tuple[int, int]:
    """Where slots go once through all variables, which they do several times: once for each kind of slot."""
    begin = next((index for index, (owner, _) in enumerate(slots) if owner is not None), len(slots))
    last, end = -1, begin
    for owner, _ in slots[begin:]:
        if owner is None or owner < last:
            break
        last, end = owner, end + 1
    return begin, end


def _choices(blocks: Sequence[list[Shape]], wanted: list[Shape]) -> Iterator[tuple[int, ...]]:
    """The ways to choose blocks that together are `wanted`, in their order."""
    reachable = [{len(wanted)}]  # for each block, bottom up, the places from which the rest can be filled
    for block in reversed(blocks):
        after = reachable[-1]
        reachable.append(after | {end - len(block) for end in after if wanted[max(end - len(block), 0) : end] == block})
    reachable.reverse()
    stack: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())] if 0 in reachable[0] else []
    while stack:
        number, place, taken = stack.pop()
        if number == len(blocks):
            yield taken
            continue
        if place in reachable[number + 1]:
            stack.append((number + 1, place, taken))
        end = place + len(blocks[number])
        if end in reachable[number + 1] and wanted[place:end] == blocks[number]:
            stack.append((number + 1, end, (*taken, number)))

"""Where the body of a model ends and its heads begin: what leads to the last maps, and everything else."""

import math
from collections.abc import Iterator

import keras

from kerasaug.transfer.flow import Flow, bits, size_of, weights_of
from kerasaug.transfer.heads.layers import Features

_PROBABILITIES = ("softmax", "sigmoid")
_LEAST_GROWTH = 0.5  # log2: a class token adds less to a map, doubling more
_NO_UPSAMPLING = ("Concatenate", "Pad", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")  # a map of 2×2 grows by them


def head_steps(found: Flow, trained: set[int]) -> set[int]:
    """Indices of the steps that are in the head.

    The body is what the last maps depend on: the smallest of the encoder, before anything is upsampled, one in each
    tower. All else is head: vectors, decoders, the lateral convolutions of a pyramid, branches of several outputs.
    `Features`, which this package sets between body and heads, settles it.

    Args:
        found: The model's.
        trained: The `id` of every weight that training may ever move.
    """
    return _Anatomy(found, trained).head()


class _Anatomy:
    def __init__(self, found: Flow, trained: set[int]) -> None:
        self.steps, self.outputs = found.steps, found.outputs
        self.before = found.ancestors()
        self.all = bits(range(len(self.steps)))
        self.ranks = [len(step.shape) for step in self.steps]
        self.trains = bits(i for i, step in enumerate(self.steps) for w in weights_of(step) if id(w) in trained)

    def head(self) -> set[int]:
        marks = bits(i for i, step in enumerate(self.steps) if isinstance(step.call.layer, Features))
        if marks:
            return self._listed(bits(i for i, before in enumerate(self.before) if before & marks))
        head = self.all & ~self._trunk()
        return self._listed(head if head & self.trains else self._last())

    def _trunk(self) -> int:
        if max(self.ranks, default=0) <= 2:
            return self._common() if len(self.outputs) > 1 else self.all
        decoder, trunk = self._decoder(), 0
        for end in sorted(self._ends(decoder), key=self._depth, reverse=True):
            way = self.before[end] | 1 << end
            if not way & trunk & self.trains:  # else it is a branch of a longer way
                trunk |= self._cut(way)
        return trunk

    def _ends(self, decoder: int) -> list[int]:
        """Maps that no other map of the encoder follows, and vectors that a layer with weights makes of maps."""
        maps = [i for i in range(len(self.steps)) if not decoder >> i & 1 and self._is_map(i)]
        followed = 0
        for index in maps:
            followed |= self.before[index]
        return [index for index in maps if not followed >> index & 1]

    def _is_map(self, index: int) -> bool:
        makes_vectors = self.trains >> index & 1 and any(self.ranks[one] > 2 for one in self.steps[index].sources)
        return self.ranks[index] > 2 or bool(makes_vectors)

    def _depth(self, end: int) -> tuple[int, int]:
        sizes = self._sizes(self.before[end] | 1 << end)
        return round(math.log2(max(sizes) / min(sizes))), (self.before[end] & self.trains).bit_count()

    def _sizes(self, steps: int) -> list[int]:
        """Of maps; those of 1×1 do not count."""
        return [size for i in self._listed(steps) if (size := size_of(self.steps[i].shape)) > 1] or [1]

    def _cut(self, way: int) -> int:
        """Without what is on the way to some outputs only, if the others leave it at its last stride."""
        serving = [i for i in self._listed(way & self.trains) if self._serves_all(i)]
        ends = [out for out in self.outputs if way & (self.before[out] | 1 << out)]
        if self.ranks[way.bit_length() - 1] == 3:  # an encoder's sequence, given out beside that of its decoder
            ends = [out for out in ends if not any(self.before[other] >> out & 1 for other in ends)]
        if len(ends) < 2 or not serving:
            return way
        last = max(serving)
        if size_of(self.steps[last].shape) > min(self._sizes(way)):
            return way
        after = [i for i in self._listed(way) if i == last or self.before[i] >> last & 1]
        kept = max(i for i in after if self._serves_all(i))
        return self.before[kept] | 1 << kept

    def _common(self) -> int:
        """Of vectors: what all outputs depend on."""
        common = self.all
        for out in self.outputs:
            common &= self.before[out]
        return common if common & self.trains else self.all

    def _last(self) -> int:
        """The last layer that trains, where what follows it makes it a head: vectors, or probabilities."""
        if not self.trains:
            return 0
        last = self.trains.bit_length() - 1
        ends = [out for out in self.outputs if (self.before[out] | 1 << out) >> last & 1]
        vectors = any(self.ranks[out] <= 2 for out in self.outputs)
        if not vectors and not any(self._is_probability(out) for out in ends):
            return 0
        return self.all >> last << last

    def _is_probability(self, out: int) -> bool:
        around = [out, *self.steps[out].sources]  # an upsampling may follow
        layers = [self.steps[i].call.layer for i in around]
        names = [getattr(getattr(layer, "activation", None), "__name__", None) for layer in layers]
        return any(isinstance(layer, keras.layers.Softmax) for layer in layers) or bool({*names} & {*_PROBABILITIES})

    def _decoder(self) -> int:
        """What upsamples after layers with weights, for good, and everything that follows it."""
        smallest: list[int] = []  # map of a size that each step depends on, itself included
        for index, step in enumerate(self.steps):
            own = [size_of(step.shape)] if size_of(step.shape) > 1 and self.ranks[index] > 2 else []
            smallest.append(min([smallest[one] for one in step.sources] + own, default=2**31))
        starts = bits(i for i in self._growing() if self._stays_up(i, smallest))
        return bits(i for i, before in enumerate(self.before) if (before | 1 << i) & starts)

    def _growing(self) -> Iterator[int]:
        for index, step in enumerate(self.steps):
            taken = [size_of(shape) for shape in step.seen if len(shape) == len(step.shape)]
            if len(step.shape) < 3 or not taken or max(taken) <= 1 or not self.before[index] & self.trains:
                continue
            if len(step.shape) == 3 and len(set(self._sizes(self.before[index]))) == 1:
                continue  # sequences of one length so far: a table of relative positions
            grows = math.log2(size_of(step.shape) / max(taken)) > _LEAST_GROWTH
            if grows and type(step.call.layer).__name__ not in _NO_UPSAMPLING:
                yield index

    def _stays_up(self, start: int, smallest: list[int]) -> bool:
        after = (i for i, before in enumerate(self.before) if before >> start & 1 and size_of(self.steps[i].shape) > 1)
        return all(size_of(self.steps[i].shape) >= smallest[start] for i in after)

    def _serves_all(self, index: int) -> bool:
        return all((self.before[out] | 1 << out) >> index & 1 for out in self.outputs)

    @staticmethod
    def _listed(steps: int) -> set[int]:
        return {i for i in range(steps.bit_length()) if steps >> i & 1}

"""The kinds of data that layers augment, and the targets that travel with each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kerasaug.backend import Tensor, ops
from kerasaug.ops.dtypes import to_dtype
from kerasaug.tensors import dtype_of


@dataclass(frozen=True)
class Modality:
    """What a layer is called with.

    Attributes:
        main: The kind of target that is augmented, and the key under which a dict holds it; a bare tensor is this.
        one: What messages call one of it,
        many: and several.
        rank: Of a batch of it.
        kinds: Every kind of target, `main` first.
        aligned: Those with an entry for each token, along the second axis of a batch.
        ranks: Kind to the ranks that it may have in a batch, where not every one will do.
        booleans: Kinds of which True and False will do.
        least: What `main` must have at least, for messages.
        integers: Whether `main` numbers tokens, so that no dtype is changed.
    """

    main: str
    one: str
    many: str
    rank: int
    kinds: tuple[str, ...]
    aligned: tuple[str, ...] = ()
    ranks: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    booleans: tuple[str, ...] = ("labels", "sample_weight")
    least: str = "one number"
    integers: bool = False

    def is_batch(self, shape: tuple[Any, ...], layer: str) -> bool:
        """Whether a shape is that of a batch, or of one of it; raises where it is neither."""
        if len(shape) not in (self.rank - 1, self.rank):
            raise ValueError(
                f"{layer} expects {self.main} of rank {self.rank - 1} ({self.one}) or {self.rank} (a batch of "
                f"{self.many}). Received: shape={shape}."
            )
        if 0 in shape[1 - self.rank :]:
            raise ValueError(f"{layer} expects {self.main} of at least {self.least}. Received: shape={shape}.")
        return len(shape) == self.rank

    def check_dtype(self, value: Any, layer: str) -> None:
        """Raises where tokens are no integers."""
        if self.integers and not dtype_of(value).startswith(("int", "uint")):
            raise TypeError(
                f"{layer} expects {self.main} to be integers, numbers of a vocabulary. Received: "
                f"dtype={dtype_of(value)}. Tokenize strings first, and cast what a tokenizer returns as floats."
            )

    def working(self, value: Tensor) -> Tensor:
        """The dtype that ops compute in."""
        return value if self.integers else ops.cast(value, "float32")

    def finished(self, value: Tensor, dtype: str) -> Tensor:
        """The dtype that a layer returns: its compute dtype, but for tokens."""
        return value if self.integers else to_dtype(value, dtype)

    def dtype(self, value: Any, dtype: str) -> str:
        """Its name, for a layer's compute dtype."""
        return dtype_of(value) if self.integers else dtype


IMAGES = Modality(
    "images",
    one="one image",
    many="images",
    rank=4,
    kinds=("images", "labels", "bounding_boxes", "segmentation_masks", "keypoints", "sample_weight"),
    ranks={"segmentation_masks": (3, 4), "keypoints": (3,)},
    booleans=("labels", "segmentation_masks", "sample_weight"),
    least="one pixel and one channel",
)

_FOLLOW = ("padding_mask", "segment_ids", "word_ids", "offsets", "token_labels", "protected_mask")
TOKENS = Modality(
    "token_ids",
    one="one sequence",
    many="sequences",
    rank=2,
    kinds=("token_ids", *_FOLLOW, "start_positions", "end_positions", "labels", "sample_weight"),
    aligned=("token_ids", *_FOLLOW),
    ranks={
        **{name: (2,) for name in ("padding_mask", "segment_ids", "word_ids", "protected_mask")},
        **{"offsets": (3,), "token_labels": (2, 3), "start_positions": (1, 2), "end_positions": (1, 2)},
    },
    booleans=("padding_mask", "protected_mask", "labels", "sample_weight"),
    least="one token",
    integers=True,
)

EMBEDDINGS = Modality(
    "embeddings",
    one="one sequence of vectors",
    many="sequences of vectors",
    rank=3,
    kinds=("embeddings", "padding_mask", "token_labels", "protected_mask", "labels", "sample_weight"),
    aligned=("embeddings", "padding_mask", "token_labels", "protected_mask"),
    ranks={"padding_mask": (2,), "token_labels": (2, 3), "protected_mask": (2,)},
    booleans=("padding_mask", "protected_mask", "labels", "sample_weight"),
    least="one token and one feature",
)

COUNTS = Modality(
    "counts",
    one="one vector",
    many="vectors",
    rank=2,
    kinds=("counts", "labels", "sample_weight"),
    least="one word",
)

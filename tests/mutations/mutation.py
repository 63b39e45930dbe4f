"""One plausible mistake, as data."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mutation:
    """A mistake that somebody could make, and the tests that must fail because of it.

    Args:
        name: What is broken, in a few words.
        file: The file, from the root of the repository.
        old: Text that occurs exactly once in it.
        new: What stands there instead; the file still imports.
        tests: Files, folders or node ids, the fastest first.
        backend: The only backend on which the mistake shows, where there is but one.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    backend: str | None = None

    def applied(self, source: str) -> str:
        """The source with the mistake in it.

        Raises:
            ValueError: When `old` does not occur exactly once, or nothing would change.
        """
        found = source.count(self.old)
        if found != 1 or self.new == self.old:
            raise ValueError(
                f"Mutation {self.name!r} expects text that occurs once in {self.file}, and another to put there. "
                f"Received: old={self.old!r}, which occurs {found} times, and new={self.new!r}. Bring the catalogue "
                "up to date with the code."
            )
        return source.replace(self.old, self.new)

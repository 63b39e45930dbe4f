"""Which variables weight decay spares, kept in the plan of a fine-tuning optimizer and hence in its config."""

import re
from typing import Any

from kerasaug.transfer.live_settings import Behind
from kerasaug.transfer.plan import Plan


class Spared(Behind):
    """`exclude_from_weight_decay`, before the optimizer is built and after."""

    _plan: Plan

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        """Spares variables weight decay, besides those spared already; from the next compiled step on.

        Args:
            var_list: Variables.
            var_names: Regular expressions, searched in the variables' paths, which are alike on every backend.

        Raises:
            ValueError: When one of the variables is none of those that it is for.
        """
        names = (var_names,) if isinstance(var_names, str) else tuple(var_names or ())
        if not self.built:
            self.__dict__.setdefault("_to_spare", []).append((tuple(var_list or ()), names))
            return
        chosen = {self._place_of(variable) for variable in var_list or ()}
        patterns = [re.compile(name) for name in names]
        chosen |= {i for i, v in enumerate(self._trainable_variables) if any(one.search(v.path) for one in patterns)}
        slots = enumerate(self._plan.slots)
        self._plan = self._plan.updated((slot.active, slot.decays and i not in chosen) for i, slot in slots)
        self._spare()

    def _place_of(self, variable: Any) -> int:
        place = self._trainable_variables_indices.get(self._var_key(variable))
        if place is None:  # what was frozen when it was saved: a stand-in has its path, which a file need not keep
            place = next((i for i, slot in enumerate(self._plan.slots) if slot.path == variable.path), None)
        if place is None:
            raise ValueError(
                f"{type(self).__name__}: expected variables that it was built on, to spare them weight decay. "
                f"Received: {variable.path!r}. Take them from `model.trainable_variables`, and load models with "
                "`kerasaug.transfer.load_model`."
            )
        return place

    def _spare(self) -> None:
        pairs = zip(self._trainable_variables, self._plan.slots, strict=True)
        super().exclude_from_weight_decay(var_list=[variable for variable, slot in pairs if not slot.decays])

    def _spare_as_asked(self) -> None:
        """What was asked for before there were variables."""
        for chosen, names in self.__dict__.pop("_to_spare", ()):
            self.exclude_from_weight_decay(chosen, names)

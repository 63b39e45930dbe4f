"""Every mutation, area by area."""

from catalogue.callbacks import CALLBACKS
from catalogue.colors import COLORS
from catalogue.data import DATA
from catalogue.draws import DRAWS
from catalogue.export import EXPORT
from catalogue.filters import FILTERS
from catalogue.framing import FRAMING
from catalogue.heads import HEADS
from catalogue.mixing import MIXING
from catalogue.optimizer import OPTIMIZER
from catalogue.policies import POLICIES
from catalogue.reports import REPORTS
from catalogue.resume import RESUME
from catalogue.rule import RULE
from catalogue.targets import TARGETS
from catalogue.tones import TONES
from catalogue.transfer import TRANSFER
from catalogue.warps import WARPS

MUTATIONS = (
    *WARPS,
    *FRAMING,
    *TARGETS,
    *MIXING,
    *COLORS,
    *TONES,
    *FILTERS,
    *POLICIES,
    *DRAWS,
    *RULE,
    *OPTIMIZER,
    *TRANSFER,
    *HEADS,
    *CALLBACKS,
    *RESUME,
    *EXPORT,
    *DATA,
    *REPORTS,
)

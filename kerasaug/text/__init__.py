"""Text as people write it, on the host: lexicons, and ops on strings."""

from kerasaug.text import lexicons, strings
from kerasaug.text.lexicons.coverage import Coverage
from kerasaug.text.lexicons.files import read_lexicon
from kerasaug.text.lexicons.lexicon import Lexicon
from kerasaug.text.lexicons.malformed import LexiconError
from kerasaug.text.lexicons.mythes import read_mythes
from kerasaug.text.lexicons.neighbours import neighbour_lexicon
from kerasaug.text.lexicons.omw import read_omw
from kerasaug.text.lexicons.table import SynonymTable, build_synonym_table
from kerasaug.text.lexicons.wordnet import read_wordnet
from kerasaug.text.strings.mapping import map_strings

__all__ = [
    "Coverage",
    "Lexicon",
    "LexiconError",
    "SynonymTable",
    "build_synonym_table",
    "lexicons",
    "map_strings",
    "neighbour_lexicon",
    "read_lexicon",
    "read_mythes",
    "read_omw",
    "read_wordnet",
    "strings",
]

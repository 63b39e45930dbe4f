"""Ops on text as people write it: on strings, lists of strings and lists of tokens, on the host."""

from kerasaug.text.strings.case import CaseNoise
from kerasaug.text.strings.characters import (
    KeyboardNoise,
    OcrNoise,
    RandomCharacterDeletion,
    RandomCharacterInsertion,
    RandomCharacterSwap,
)
from kerasaug.text.strings.compose import Compose, OneOf
from kerasaug.text.strings.eda import EasyDataAugmentation
from kerasaug.text.strings.mapping import map_strings
from kerasaug.text.strings.op import StringOp
from kerasaug.text.strings.punctuation import PunctuationInsertion, PunctuationNoise
from kerasaug.text.strings.synonyms import RandomInsertion, SynonymReplacement
from kerasaug.text.strings.words import RandomDeletion, RandomSwap, WordDropout

__all__ = [
    "CaseNoise",
    "Compose",
    "EasyDataAugmentation",
    "KeyboardNoise",
    "OcrNoise",
    "OneOf",
    "PunctuationInsertion",
    "PunctuationNoise",
    "RandomCharacterDeletion",
    "RandomCharacterInsertion",
    "RandomCharacterSwap",
    "RandomDeletion",
    "RandomInsertion",
    "RandomSwap",
    "StringOp",
    "SynonymReplacement",
    "WordDropout",
    "map_strings",
]

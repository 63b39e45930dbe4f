"""Every augmentation layer, under Keras's name where Keras has it."""

from kerasaug.layers.choice.random_apply import RandomApply
from kerasaug.layers.choice.random_choice import RandomChoice
from kerasaug.layers.choice.random_order import RandomOrder
from kerasaug.layers.choice.some_of import SomeOf
from kerasaug.layers.image.boxes.max_num_bounding_boxes import MaxNumBoundingBoxes
from kerasaug.layers.image.color.random_brightness import RandomBrightness
from kerasaug.layers.image.color.random_color_degeneration import RandomColorDegeneration
from kerasaug.layers.image.color.random_color_jitter import RandomColorJitter
from kerasaug.layers.image.color.random_contrast import RandomContrast
from kerasaug.layers.image.color.random_grayscale import RandomGrayscale
from kerasaug.layers.image.color.random_hue import RandomHue
from kerasaug.layers.image.color.random_invert import RandomInvert
from kerasaug.layers.image.color.random_saturation import RandomSaturation
from kerasaug.layers.image.displace.random_elastic_transform import RandomElasticTransform
from kerasaug.layers.image.filter.random_gaussian_blur import RandomGaussianBlur
from kerasaug.layers.image.filter.random_sharpness import RandomSharpness
from kerasaug.layers.image.policy.aug_mix import AugMix
from kerasaug.layers.image.policy.auto_augment import AutoAugment
from kerasaug.layers.image.policy.rand_augment import RandAugment
from kerasaug.layers.image.policy.trivial_augment_wide import TrivialAugmentWide
from kerasaug.layers.image.policy.uniform_augment import UniformAugment
from kerasaug.layers.image.region.random_cutout import RandomCutout
from kerasaug.layers.image.region.random_erasing import RandomErasing
from kerasaug.layers.image.tone.auto_contrast import AutoContrast
from kerasaug.layers.image.tone.clahe import ContrastLimitedAdaptiveHistogramEqualization
from kerasaug.layers.image.tone.equalization import Equalization
from kerasaug.layers.image.tone.random_posterization import RandomPosterization
from kerasaug.layers.image.tone.solarization import Solarization
from kerasaug.layers.image.warp.center_crop import CenterCrop
from kerasaug.layers.image.warp.random_crop import RandomCrop
from kerasaug.layers.image.warp.random_flip import RandomFlip
from kerasaug.layers.image.warp.random_perspective import RandomPerspective
from kerasaug.layers.image.warp.random_rotation import RandomRotation
from kerasaug.layers.image.warp.random_shear import RandomShear
from kerasaug.layers.image.warp.random_translation import RandomTranslation
from kerasaug.layers.image.warp.random_zoom import RandomZoom
from kerasaug.layers.image.warp.resizing import Resizing
from kerasaug.layers.mix.cut_mix import CutMix
from kerasaug.layers.mix.mix_up import MixUp
from kerasaug.layers.text.contextual_replacement import ContextualReplacement
from kerasaug.layers.text.count_dropout import CountDropout
from kerasaug.layers.text.count_mix_up import CountMixUp
from kerasaug.layers.text.easy_data_augmentation import EasyDataAugmentation
from kerasaug.layers.text.embedding_mix_up import EmbeddingMixUp
from kerasaug.layers.text.feature_cutoff import FeatureCutoff
from kerasaug.layers.text.labelwise_replacement import LabelwiseTokenReplacement
from kerasaug.layers.text.mention_replacement import MentionReplacement
from kerasaug.layers.text.random_deletion import RandomDeletion
from kerasaug.layers.text.random_insertion import RandomInsertion
from kerasaug.layers.text.random_masking import RandomMasking
from kerasaug.layers.text.random_punctuation import RandomPunctuation
from kerasaug.layers.text.random_sequence_crop import RandomSequenceCrop
from kerasaug.layers.text.random_swap import RandomSwap
from kerasaug.layers.text.shuffle_within_segments import ShuffleWithinSegments
from kerasaug.layers.text.span_corruption import SpanCorruption
from kerasaug.layers.text.span_cutoff import SpanCutoff
from kerasaug.layers.text.ss_mix import SSMix
from kerasaug.layers.text.synonym_replacement import SynonymReplacement
from kerasaug.layers.text.tf_idf_replacement import TfIdfReplacement
from kerasaug.layers.text.token_cut_mix import TokenCutMix
from kerasaug.layers.text.token_cutoff import TokenCutoff
from kerasaug.layers.text.token_shuffling import TokenShuffling
from kerasaug.layers.text.word_dropout import WordDropout
from kerasaug.pipeline import Pipeline

CLAHE = ContrastLimitedAdaptiveHistogramEqualization  # by the name that everybody uses

__all__ = [
    "AugMix",
    "AutoAugment",
    "AutoContrast",
    "CenterCrop",
    "ContextualReplacement",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "CountDropout",
    "CountMixUp",
    "CutMix",
    "EasyDataAugmentation",
    "EmbeddingMixUp",
    "Equalization",
    "FeatureCutoff",
    "LabelwiseTokenReplacement",
    "MaxNumBoundingBoxes",
    "MentionReplacement",
    "MixUp",
    "Pipeline",
    "RandAugment",
    "RandomApply",
    "RandomBrightness",
    "RandomChoice",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomCutout",
    "RandomDeletion",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInsertion",
    "RandomInvert",
    "RandomMasking",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterization",
    "RandomPunctuation",
    "RandomRotation",
    "RandomSaturation",
    "RandomSequenceCrop",
    "RandomSharpness",
    "RandomShear",
    "RandomSwap",
    "RandomTranslation",
    "RandomZoom",
    "Resizing",
    "SSMix",
    "ShuffleWithinSegments",
    "Solarization",
    "SomeOf",
    "SpanCorruption",
    "SpanCutoff",
    "SynonymReplacement",
    "TfIdfReplacement",
    "TokenCutMix",
    "TokenCutoff",
    "TokenShuffling",
    "TrivialAugmentWide",
    "UniformAugment",
    "WordDropout",
]

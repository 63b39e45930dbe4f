"""Every augmentation layer, under Keras's name where Keras has it."""

from kerasaug.layers.image.color.random_brightness import RandomBrightness
from kerasaug.layers.image.color.random_color_jitter import RandomColorJitter
from kerasaug.layers.image.color.random_contrast import RandomContrast
from kerasaug.layers.image.color.random_saturation import RandomSaturation
from kerasaug.layers.image.region.random_cutout import RandomCutout
from kerasaug.layers.image.region.random_erasing import RandomErasing
from kerasaug.layers.image.tone.solarization import Solarization
from kerasaug.layers.image.warp.random_crop import RandomCrop
from kerasaug.layers.image.warp.random_flip import RandomFlip
from kerasaug.layers.image.warp.random_rotation import RandomRotation
from kerasaug.layers.image.warp.random_shear import RandomShear
from kerasaug.layers.image.warp.random_translation import RandomTranslation
from kerasaug.layers.image.warp.random_zoom import RandomZoom
from kerasaug.layers.mix.cut_mix import CutMix
from kerasaug.layers.mix.mix_up import MixUp
from kerasaug.pipeline import Pipeline

__all__ = [
    "CutMix",
    "MixUp",
    "Pipeline",
    "RandomBrightness",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomCutout",
    "RandomErasing",
    "RandomFlip",
    "RandomRotation",
    "RandomSaturation",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Solarization",
]

"""Pictures of what augmentation does."""

from kerasaug.visualization.show import show_augmentations
from kerasaug.visualization.tiles import draw_gallery

__all__ = ["draw_gallery", "show_augmentations"]

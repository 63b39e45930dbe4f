"""The main job: what transfer, unfreezing and augmentation each add when labels are few, measured on digits."""

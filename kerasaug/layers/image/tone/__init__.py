"""Ops on pixel values, one by one."""

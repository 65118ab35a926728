"""Handles of hooks, under torch's name for their module."""

from ..handles import RemovableHandle as RemovableHandle

__all__ = ["RemovableHandle"]

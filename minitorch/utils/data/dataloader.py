"""The loader under the module name that torch gives it."""

from .collate import default_collate as default_collate
from .loader import DataLoader as DataLoader
from .worker import get_worker_info as get_worker_info

__all__ = ["DataLoader", "default_collate", "get_worker_info"]

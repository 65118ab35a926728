"""Tools around training: data loading, hook handles."""

from . import checkpoint as checkpoint
from . import data as data
from . import hooks as hooks

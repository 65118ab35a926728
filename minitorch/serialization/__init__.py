"""Files of torch's ``.pt`` format, read and written without torch and without running anything of them."""

from .load import load as load
from .names import add_safe_globals as add_safe_globals
from .names import clear_safe_globals as clear_safe_globals
from .names import get_safe_globals as get_safe_globals
from .names import safe_globals as safe_globals
from .pickles import UnpicklingError as UnpicklingError
from .save import save as save

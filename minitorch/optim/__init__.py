"""Optimizers and learning-rate schedules, with torch's names, update rules and state files."""

from . import lr_scheduler as lr_scheduler
from . import optimizer as optimizer
from . import swa_utils as swa_utils
from .adadelta import Adadelta as Adadelta
from .adafactor import Adafactor as Adafactor
from .adagrad import Adagrad as Adagrad
from .adam import Adam as Adam
from .adamax import Adamax as Adamax
from .adamw import AdamW as AdamW
from .asgd import ASGD as ASGD
from .lbfgs import LBFGS as LBFGS
from .muon import Muon as Muon
from .nadam import NAdam as NAdam
from .optimizer import Optimizer as Optimizer
from .radam import RAdam as RAdam
from .rmsprop import RMSprop as RMSprop
from .rprop import Rprop as Rprop
from .sgd import SGD as SGD

_INSTEAD = {"SparseAdam": "Adam (there are no sparse gradients)"}


def __getattr__(name: str) -> object:
    """Name what to use instead of an optimizer of torch's that is not here."""
    hint = f"; use minitorch.optim.{_INSTEAD[name]}" if name in _INSTEAD else ""
    raise AttributeError(f"module 'minitorch.optim' has no attribute {name!r}{hint}")

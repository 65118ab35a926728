"""Learning-rate schedules: torch's sixteen, by torch's names.

Call ``scheduler.step()`` after ``optimizer.step()``, once an epoch (CyclicLR and OneCycleLR: once a batch).
"""

from ._schedule import EPOCH_DEPRECATION_WARNING as EPOCH_DEPRECATION_WARNING
from ._schedule import LRScheduler as LRScheduler
from ._schedule_combined import ChainedScheduler as ChainedScheduler
from ._schedule_combined import SequentialLR as SequentialLR
from ._schedule_cyclic import CosineAnnealingLR as CosineAnnealingLR
from ._schedule_cyclic import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from ._schedule_decay import ConstantLR as ConstantLR
from ._schedule_decay import ExponentialLR as ExponentialLR
from ._schedule_decay import LambdaLR as LambdaLR
from ._schedule_decay import LinearLR as LinearLR
from ._schedule_decay import MultiplicativeLR as MultiplicativeLR
from ._schedule_decay import MultiStepLR as MultiStepLR
from ._schedule_decay import PolynomialLR as PolynomialLR
from ._schedule_decay import StepLR as StepLR
from ._schedule_momentum import CyclicLR as CyclicLR
from ._schedule_momentum import OneCycleLR as OneCycleLR
from ._schedule_plateau import ReduceLROnPlateau as ReduceLROnPlateau

_LRScheduler = LRScheduler  # the name of old code

__all__ = ["ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR"]
__all__ += ["ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR"]
__all__ += ["OneCycleLR", "PolynomialLR", "ReduceLROnPlateau", "SequentialLR", "StepLR"]

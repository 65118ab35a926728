"""Transforms of images under torchvision's names and with its random stream (its first version's semantics)."""

from . import functional as functional
from ._kinds import InterpolationMode as InterpolationMode
from .fixed import CenterCrop as CenterCrop
from .fixed import Compose as Compose
from .fixed import ConvertImageDtype as ConvertImageDtype
from .fixed import FiveCrop as FiveCrop
from .fixed import Grayscale as Grayscale
from .fixed import Lambda as Lambda
from .fixed import Normalize as Normalize
from .fixed import Pad as Pad
from .fixed import PILToTensor as PILToTensor
from .fixed import RandomApply as RandomApply
from .fixed import RandomChoice as RandomChoice
from .fixed import RandomOrder as RandomOrder
from .fixed import Resize as Resize
from .fixed import ToPILImage as ToPILImage
from .fixed import ToTensor as ToTensor
from .jitter import ColorJitter as ColorJitter
from .randomized import RandomCrop as RandomCrop
from .randomized import RandomErasing as RandomErasing
from .randomized import RandomGrayscale as RandomGrayscale
from .randomized import RandomHorizontalFlip as RandomHorizontalFlip
from .randomized import RandomResizedCrop as RandomResizedCrop
from .randomized import RandomRotation as RandomRotation
from .randomized import RandomVerticalFlip as RandomVerticalFlip

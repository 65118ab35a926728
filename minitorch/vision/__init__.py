"""Images: models under torchvision's names."""

from . import models as models
from . import ops as ops

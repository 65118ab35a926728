"""Images: models, transforms and datasets under torchvision's names."""

from . import datasets as datasets
from . import models as models
from . import ops as ops
from . import transforms as transforms
from . import utils as utils

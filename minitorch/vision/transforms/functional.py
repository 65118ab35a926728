"""Operations on images, of Pillow's or as tensors (..., H, W), under torchvision's names."""

from ._kinds import InterpolationMode as InterpolationMode
from ._kinds import get_dimensions as get_dimensions
from ._kinds import get_image_size as get_image_size
from .color import adjust_brightness as adjust_brightness
from .color import adjust_contrast as adjust_contrast
from .color import adjust_hue as adjust_hue
from .color import adjust_saturation as adjust_saturation
from .color import rgb_to_grayscale as rgb_to_grayscale
from .color import to_grayscale as to_grayscale
from .convert import convert_image_dtype as convert_image_dtype
from .convert import normalize as normalize
from .convert import pil_to_tensor as pil_to_tensor
from .convert import to_pil_image as to_pil_image
from .convert import to_tensor as to_tensor
from .geometry import center_crop as center_crop
from .geometry import crop as crop
from .geometry import erase as erase
from .geometry import five_crop as five_crop
from .geometry import hflip as hflip
from .geometry import pad as pad
from .geometry import resize as resize
from .geometry import resized_crop as resized_crop
from .geometry import rotate as rotate
from .geometry import vflip as vflip

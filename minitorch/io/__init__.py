"""Files of tensors by name: safetensors (`save_file`, `load_file`, ...) and NumPy's archives (`save_npz`, `load_npz`).

torch's own files are read and written by `minitorch.save` and `minitorch.load`.
"""

from .npz import load_npz as load_npz
from .npz import save_npz as save_npz
from .safetensors import load as load
from .safetensors import load_file as load_file
from .safetensors import save as save
from .safetensors import save_file as save_file

"""minitorch: PyTorch's API on NumPy, Numba and llvmlite, for the CPU.

``import minitorch as torch`` and train. The public names follow torch 2.13; see README for the differences.
"""

from __future__ import annotations

from typing import Any

from . import autograd as autograd
from . import compat as _compat
from . import distributions as distributions
from . import fft as fft
from . import func as func
from . import io as io
from . import jit as jit
from . import linalg as linalg
from . import nn as nn
from . import optim as optim
from . import serialization as serialization
from . import signal as signal
from . import special as special
from . import testing as testing
from . import utils as utils
from . import vision as vision
from ._explain import explain as explain
from ._parallel import get_num_threads as get_num_threads
from ._parallel import set_flush_denormal as set_flush_denormal
from ._parallel import set_num_threads as set_num_threads
from ._printing import get_printoptions as get_printoptions
from ._printing import set_printoptions as set_printoptions
from .autograd import gradcheck_model as gradcheck_model
from .autograd.anomaly import is_anomaly_check_nan_enabled as is_anomaly_check_nan_enabled
from .autograd.anomaly import is_anomaly_enabled as is_anomaly_enabled
from .autograd.grad_mode import enable_grad as enable_grad
from .autograd.grad_mode import inference_mode as inference_mode
from .autograd.grad_mode import is_grad_enabled as is_grad_enabled
from .autograd.grad_mode import is_inference_mode_enabled as is_inference_mode_enabled
from .autograd.grad_mode import no_grad as no_grad
from .autograd.grad_mode import set_grad_enabled as set_grad_enabled
from .compat.torch_version import __version__ as __version__
from .device import channels_last as channels_last
from .device import channels_last_3d as channels_last_3d
from .device import contiguous_format as contiguous_format
from .device import device as device
from .device import layout as layout
from .device import memory_format as memory_format
from .device import preserve_format as preserve_format
from .device import sparse_bsc as sparse_bsc
from .device import sparse_bsr as sparse_bsr
from .device import sparse_coo as sparse_coo
from .device import sparse_csc as sparse_csc
from .device import sparse_csr as sparse_csr
from .device import strided as strided
from .dtypes import ALIASES as _ALIASES
from .dtypes import ALL as _ALL
from .dtypes import can_cast as can_cast
from .dtypes import dtype as dtype
from .dtypes import finfo as finfo
from .dtypes import get_default_dtype as get_default_dtype
from .dtypes import iinfo as iinfo
from .dtypes import promote_types as promote_types
from .dtypes import set_default_dtype as set_default_dtype
from .func import vmap as vmap
from .keywords import answering as _answering
from .op import RECORDS as _RECORDS
from .op import result_dtype as _result_dtype
from .ops import create as _create
from .ops import random as _random_ops
from .ops._common import deliver_all as _deliver_all
from .precision import get_float32_matmul_precision as get_float32_matmul_precision
from .precision import set_float32_matmul_precision as set_float32_matmul_precision
from .random import Generator as Generator
from .random import default_generator as default_generator
from .random import fork_rng as fork_rng
from .random import get_rng_state as get_rng_state
from .random import initial_seed as initial_seed
from .random import manual_seed as manual_seed
from .random import seed as seed
from .random import set_rng_state as set_rng_state
from .serialization import load as load
from .serialization import save as save
from .tensor import Size as Size
from .tensor import Tensor as Tensor

inf = float("inf")
nan = float("nan")
pi = 3.141592653589793
e = 2.718281828459045


def _public() -> dict[str, Any]:
    """Return the names that the op families and the dtypes contribute."""
    names: dict[str, Any] = {d.name: d for d in _ALL} | dict(_ALIASES)
    for family in (_create, _random_ops):
        names |= {name: _answering(getattr(family, name), _deliver_all) for name in family.__all__}
    for record in _RECORDS.values():
        if record.top:
            names |= dict.fromkeys((record.name, *record.methods), _answering(record.fn, _deliver_all, record.short))
    return names | {fn.__name__: _answering(fn, _deliver_all) for fn in (is_floating_point, numel)}


def is_tensor(obj: object) -> bool:
    """Return whether an object is a tensor.

    >>> import minitorch
    >>> minitorch.is_tensor(minitorch.ones(1))
    True
    """
    return isinstance(obj, Tensor)


def is_floating_point(input: Tensor) -> bool:
    """Return whether a tensor's dtype is a floating-point one.

    >>> import minitorch
    >>> minitorch.is_floating_point(minitorch.ones(1))
    True
    """
    return input.is_floating_point()


def numel(input: Tensor) -> int:
    """Return the number of elements.

    >>> import minitorch
    >>> minitorch.numel(minitorch.ones(2, 3))
    6
    """
    return input.numel()


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """Return the dtype that arithmetic between two tensors or numbers gives.

    >>> import minitorch
    >>> minitorch.result_type(minitorch.tensor([1]), 1.0)
    torch.float32
    """
    return _result_dtype([t._data if isinstance(t, Tensor) else t for t in (tensor1, tensor2)])


def __getattr__(name: str) -> Any:
    raise _compat.missing(name)


globals().update(_compat.names() | _public())
_compat.install(__name__)
for _name, _value in _compat.jit_names.items():
    setattr(jit, _name, _value)
__all__ = sorted(name for name in globals() if not name.startswith("_") and name not in ("annotations", "Any"))

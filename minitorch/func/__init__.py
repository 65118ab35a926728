"""Functions of functions: derivatives, and a function of one example mapped over many. They nest in any order."""

from ..nn.utils.stateless import called as functional_call
from ._ensemble import replace_all_batch_norm_modules_, stack_module_state
from ._forward import hessian, jacfwd, jvp, linearize
from ._reverse import grad, grad_and_value, jacrev, vjp
from ._vmap import vmap

__all__ = [
    "functional_call",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]

"""Differentiation: recording switches, backward, functions of one's own, gradient checks."""

from . import forward_ad as forward_ad
from . import functional as functional
from . import graph as graph
from . import variable as variable
from .anomaly import detect_anomaly, set_detect_anomaly
from .engine import backward, grad
from .function import Function
from .grad_mode import enable_grad, inference_mode, no_grad, set_grad_enabled
from .gradcheck import GradcheckError, gradcheck, gradgradcheck
from .model_check import GradcheckReport, gradcheck_model
from .variable import Variable

__all__ = [
    "Function",
    "GradcheckError",
    "GradcheckReport",
    "Variable",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "grad",
    "gradcheck",
    "gradcheck_model",
    "gradgradcheck",
    "inference_mode",
    "no_grad",
    "set_detect_anomaly",
    "set_grad_enabled",
]

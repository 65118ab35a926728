"""The adjoint of views that pick elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import interception
from ..memory import replay
from ..op import SCATTER_VIEW
from ..tape import mode
from ..tensor import Tensor, wrap

__all__ = ["embed"]


def embed(node: Any, g: Tensor) -> Tensor:
    """The adjoint of any view op that picks elements: zeros with the gradient in the picked places."""
    target, index = node.edges[0]
    kind = target._data.dtype if isinstance(target, Tensor) else target.metas[index][1]
    zeros, way = np.zeros(node.in_shape(0), kind), ((node.op, node.params),)
    if mode.enabled or interception.active:
        return SCATTER_VIEW(wrap(zeros), g, params=(way,))
    replay(zeros, way)[...] = g._data  # the zeros are nobody else's
    return wrap(zeros)

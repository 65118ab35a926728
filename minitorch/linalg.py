"""Linear algebra under torch's names: `minitorch.linalg.inv` and its like, on NumPy's LAPACK, with gradients."""

from __future__ import annotations

from .ops.complex import vecdot as vecdot
from .ops.decompositions import cholesky as cholesky
from .ops.decompositions import eigh as eigh
from .ops.decompositions import eigvalsh as eigvalsh
from .ops.decompositions import matrix_rank as matrix_rank
from .ops.decompositions import qr as qr
from .ops.decompositions import svd as svd
from .ops.decompositions import svdvals as svdvals
from .ops.linalg import LinAlgError as LinAlgError
from .ops.linalg import det as det
from .ops.linalg import inv as inv
from .ops.linalg import linalg_slogdet as slogdet
from .ops.linalg import matrix_power as matrix_power
from .ops.linalg import pinv as pinv
from .ops.linalg import solve as solve
from .ops.matmul import matmul as matmul
from .ops.matrix_norm import matrix_norm as matrix_norm
from .ops.matrix_norm import norm as norm
from .ops.matrix_norm import vector_norm as vector_norm
from .ops.products import multi_dot as multi_dot
from .ops.reflections import householder_product as householder_product
from .ops.reflections import matrix_exp as matrix_exp
from .ops.triangular import linalg_cross as cross
from .ops.triangular import solve_triangular as solve_triangular

__all__ = ["LinAlgError", "cholesky", "cross", "det", "eigh", "eigvalsh", "householder_product", "inv", "matmul",
           "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet",
           "solve", "solve_triangular", "svd", "svdvals", "vecdot", "vector_norm"]  # fmt: skip

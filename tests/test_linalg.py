"""Factorisations: they multiply back, and their gradients, taken of what is unique in them, agree with differences."""

import numpy as np
import pytest

import minitorch
from minitorch import linalg
from minitorch.autograd import gradcheck, gradgradcheck


def leaf(*shape: int, seed: int = 0) -> minitorch.Tensor:
    values = np.random.default_rng(seed).normal(size=shape)
    return minitorch.tensor(values, dtype=minitorch.float64, requires_grad=True)


def positive(x: minitorch.Tensor) -> minitorch.Tensor:
    return x @ x.mT + minitorch.eye(x.shape[-2], dtype=x.dtype)


SHAPES = [(3, 3), (4, 2), (2, 4), (2, 3, 2)]
FUNCTIONS = {
    "cholesky": lambda x: linalg.cholesky(positive(x)),
    "cholesky upper": lambda x: linalg.cholesky(positive(x), upper=True),
    "eigenvalues": lambda x: linalg.eigvalsh(positive(x)),
    "eigenvectors": lambda x: linalg.eigh(positive(x)).eigenvectors.square(),
    "singular vectors": lambda x: linalg.svd(x, full_matrices=False).U.square(),
    "right singular vectors": lambda x: linalg.svd(x, full_matrices=False).Vh.square(),
    "singular values": linalg.svdvals,
    "qr": lambda x: linalg.qr(x),
    "nuclear norm": lambda x: linalg.norm(x, "nuc", dim=(-2, -1)),
    "pinv": lambda x: linalg.pinv(x),
}


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_of_both_orders_agree_with_differences(name: str, shape: tuple[int, ...]) -> None:
    if name in ("cholesky", "cholesky upper", "eigenvalues", "eigenvectors") and shape == (4, 2):
        shape = (2, 2)  # x x^T + 1 would have equal eigenvalues
    x = leaf(*shape)
    assert gradcheck(FUNCTIONS[name], (x,))
    assert gradgradcheck(FUNCTIONS[name], (x,))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_factors_multiply_back(shape: tuple[int, ...]) -> None:
    x = leaf(*shape).detach()
    u, s, vh = linalg.svd(x, full_matrices=False)
    q, r = linalg.qr(x)
    a = positive(x)
    w, v = linalg.eigh(a)
    low = linalg.cholesky(a)
    for product, whole in (
        (u * s.unsqueeze(-2) @ vh, x),
        (q @ r, x),
        (v * w.unsqueeze(-2) @ v.mT, a),
        (low @ low.mT, a),
    ):
        np.testing.assert_allclose(product.numpy(), whole.numpy(), atol=1e-12)


def test_the_gradient_of_a_singular_matrix_s_determinant_is_its_cofactors() -> None:
    x = minitorch.tensor([[1.0, 2.0], [2.0, 4.0]], requires_grad=True)
    minitorch.det(x).backward()
    assert minitorch.allclose(x.grad, minitorch.tensor([[4.0, -2.0], [-2.0, 1.0]]), atol=1e-5)


def test_a_matrix_that_is_not_positive_definite_says_so() -> None:
    with pytest.raises(linalg.LinAlgError, match="not positive-definite"):
        linalg.cholesky(-minitorch.eye(2))

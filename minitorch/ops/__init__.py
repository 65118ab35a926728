"""The op families; importing this package registers all of them."""

from . import cast, compare, create, index, join, pointwise, reduce, shape, unary

__all__ = ["cast", "compare", "create", "index", "join", "pointwise", "reduce", "shape", "unary"]

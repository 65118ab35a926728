"""The same lines of code give what torch 2.13 gave: dtypes, shapes, values, exception types and messages."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import minitorch
from tests.parity import evaluate
from tests.parity_cases import SUBJECTS
from tests.parity_corner_cases import slope
from tests.parity_dtype_cases import complex_gradient
from tests.parity_semantics_cases import SUBJECTS as SEMANTICS
from tests.parity_semantics_cases import WITHIN
from tests.parity_special_cases import SUBJECTS as SPECIAL

HALF = "F = torch.nn.functional; a = ((seq(2, 2, 3) - 5) / 8).to(half)"
WORDED = {**SEMANTICS, **SPECIAL}  # here messages count, too
TWO_DOTS = (
    "import numpy as np; x = seq(2, 3, 4); y = x[..., ..., 0]; [whole(y), y.storage_offset(), shares(x, y)]",
    "import numpy as np; x = leaf(2, 3, 4); y = x[..., ..., 0]; grads(y, x)",
    *(f"import numpy as np; x = seq(2, 3, 4); x[..., ..., 0] = {value}; whole(x)"
      for value in ("5.0", "t(7.0)", "t([1.0, 2.0, 3.0, 4.0])")),
)
INSERTED = tuple(
    f"import numpy as np; x = seq(2, 3, 4); y = x[{index}]; [whole(y), y.storage_offset(), shares(x, y)]"
    for index in (":, None, 1", "None, None, 0")
)
NO_OFFSET = tuple(
    f"import numpy as np; x = seq(2, 3, 4); y = x[{index}]; [whole(y), y.storage_offset(), shares(x, y)]"
    for index in ("1:1", "5:")
)
COMPLEX_GRADIENT = complex_gradient("CODE")
# Known differences, each with its reason. All cases of "differences" stand here, and must indeed differ.
DIFFERENT: dict[str, str] = {
    "torch.max(seq(2, 3), 1)._fields": "results with names are named tuples here",
    "x = seq(2, 3, 4); x.narrow(0, 2, 0).storage_offset()": "NumPy gives a view without elements no offset",
    "seq(0, 3).t().stride()": "strides of tensors without elements are those of a packed one",
    "(seq(2, 3).t() + seq(3, 2)).stride()": "operands of unequal orders give C order, in torch the first operand's",
    "import numpy as np; np.array([1.5, 2.5]) - t([1.0, 2.0])": "NumPy arrays on the left are operands, too",
    "import numpy as np; np.sum(seq(2, 3))": "NumPy's reductions find the method that they look for",
    "x = leaf(2); torch.autograd.backward([x.sum()], [None, None])": "surplus gradients are refused, even None",
    "x = leaf(3); y = seq(3, dtype='float64'); v = y.view(3, 1); y.mul_(x); v.mul_(2); grads(y, x)": (
        "a view made before its base got a history may be written, with the right gradient"
    ),
    "x = leaf(3); y = x * 1; v = y[:2]; y.mul_(2); v.grad_fn.name()": "views are made anew by their own op",
    "x = leaf(3); y = x * 1; y[0] = 2; 'autograd' in y.grad_fn.name()": "names of nodes carry no C++ namespace",
    "x = leaf(2, 3); y = x * 1; y.scatter_add_(1, t([[0], [1]]), x); grads(y, x)": (
        "the part of a source that no index names gets gradient 0, where torch refuses"
    ),
    "x = seq(3, 4, 5); x[t([1, 0, 1], dtype=uint8)] = -1.0; x.sum()": "uint8 masks may be written through, as read",
    **{f"{HALF.replace('half', kind)}.requires_grad_(); y = torch.vander(a[0, 0]); y.float().sum().backward(); "
       "whole(a.grad)": "torch's vander has no gradient" for kind in ("float16", "bfloat16")},
    f"{HALF.replace('half', 'float16')}.requires_grad_(); y = F.softmax(a, 1); y.float().sum().backward(); "
    "whole(a.grad)": "what is left of sums that should be 0 is rounding",
    **{COMPLEX_GRADIENT.replace("CODE", code): "conjugation is done at once: it can be viewed as real numbers"
       for code in ("z.conj()", "z.mH", "z.H", "z.adjoint()")},
    COMPLEX_GRADIENT.replace("CODE", "z.scatter_add(0, t([[0, 1, 0]]), w)"): (
        "the part of a source that no index names gets gradient 0, where torch refuses"
    ),
    **{slope(code): "no NaN comes from elements that count nothing" for code in ("torch.logaddexp(x, x)",)},
    **{slope(code): "the slope at NaN is 0, or NaN, where torch lets the gradient pass" for code in (
        "x.relu()", "torch.maximum(x, -x)", "torch.minimum(x, x * 1)")},
    **{slope(code): "the slope at NaN is 1, as in torch's max()"
       for code in ("x.amax(0, True).expand(17)", "x.aminmax().max")},
    **{slope(code): "products with NaN have NaN slopes" for code in ("x.cumprod(0)", "x.prod()")},
    slope("F.hardsigmoid(x)"): "a sixth is rounded to float64",
    slope("torch.polygamma(1, x)"): "the slope at infinity is 0",
    **dict.fromkeys(INSERTED, "a dimension that None inserts has the stride of what follows in the result"),
    **{f"x = seq(2, 3, 4{kind}); x[t([0, 1]), t([1, 2])] = x[0, 0]; whole(x)": "sources are read before the write"
       for kind in ("", ", dtype='int64'")},
    **dict.fromkeys(TWO_DOTS, "an Ellipsis may stand twice"),
    **dict.fromkeys(NO_OFFSET, "NumPy gives a view without elements no offset"),
    f"F = torch.nn.functional; {WITHIN}; torch.func.grad(lambda x: (x * a).sum())(n)": (
        "transforms save constants as the tape does"
    ),
    **{f"W = torch.signal.windows; W.blackman({m}, dtype=float64)": "the ends are 0" for m in ("6", "5, sym=False")},
    "torch.pow(1j, t([2]))": "the power of a number is as exact as that of a tensor",
    "(t([1.5], dtype=float16) * 1j).dtype": "there is no complex type of half precision",
}
# Values that kernels round in another way than torch's; everything else is compared bit for bit.
TOLERANCE = {"float16": 2e-3, "bfloat16": 1e-2, "float32": 1e-6, "complex64": 1e-6}
EXACT = ("creation", "casts", "indexing", "views", "promotion")


def recorded(subject: str) -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "data" / f"ops_{subject}.json").read_text())


CASES = [(subject, case, answer) for subject in SUBJECTS for case, answer in recorded(subject).items()]


def same(found: Any, expected: Any, tolerance: float, worded: bool = False) -> bool:
    if isinstance(expected, dict):
        if not isinstance(found, dict) or found.keys() != expected.keys():
            return False
        if tolerance and "dtype" in expected:
            tolerance = TOLERANCE.get(expected["dtype"], tolerance)
        if expected.get("dtype") in ("float16", "bfloat16") and tolerance:
            return same_half(found, expected, tolerance)
        return all(same(found[key], value, tolerance) for key, value in expected.items() if worded or key != "message")
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(
            same(f, e, tolerance) for f, e in zip(found, expected)
        )  # fmt: skip
    if isinstance(expected, float) and isinstance(found, float):
        if math.isnan(expected) or math.isinf(expected) or expected == 0:
            # the sign of zero counts, too
            return repr(found) == repr(expected) or (expected == 0 and abs(found) < tolerance)
        return abs(found - expected) <= tolerance * max(abs(expected), 1e-30)
    return type(found) is type(expected) and found == expected


def same_half(found: Any, expected: Any, tolerance: float) -> bool:
    """Compare half precision, whose roundings on the way add up, against the largest element."""
    if any(found[key] != expected[key] for key in ("dtype", "shape")):
        return False
    pairs = list(zip(found["values"], expected["values"]))
    largest = max((abs(e) for _, e in pairs if math.isfinite(e)), default=1.0)
    return all(repr(f) == repr(e) or abs(f - e) <= 4 * tolerance * largest for f, e in pairs)


def test_the_recorded_cases_are_the_ones_that_are_compared() -> None:
    for subject, cases in SUBJECTS.items():
        assert list(recorded(subject)) == list(dict.fromkeys(cases())), "run tests/record/record_ops.py"


def test_every_known_difference_is_recorded() -> None:
    assert set(recorded("differences")) <= set(DIFFERENT) <= {case for _, case, _ in CASES}


@pytest.mark.parametrize("subject, case, expected", [pytest.param(*c, id=f"{c[0]}: {c[1]}") for c in CASES])
def test_a_line_of_code_gives_what_torch_gives(subject: str, case: str, expected: Any) -> None:
    found = evaluate(minitorch, case)
    tolerance = 0.0 if subject in EXACT else 1e-9 if subject == "slopes" else 1e-12
    agrees = same(found, expected, tolerance, subject in WORDED)
    assert agrees != (case in DIFFERENT), f"torch: {expected}\nhere:  {found}"

"""What every operation promises, checked from its record: samples, failures, reference and budget.

A case is one sample of one record. An operation that draws random numbers is run from the same seed each time.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import _parallel, jit
from minitorch.autograd import grad, gradcheck, gradgradcheck
from minitorch.op import RECORDS, Failure, Make, Record, Sample
from minitorch.tensor import Tensor, wrap
from tests.op_calls import (
    Call,
    call_of,
    cases_of,
    every_gradient,
    every_layout,
    every_sample,
    laid_out,
    leaf,
    needs_contiguous,
    parts,
    swapped,
)

# ---------------------------------------------------------------- gradients


def differentiable(call: Call) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    """Return a function of the inputs that require gradients alone, and these inputs."""
    places = [i for i, t in enumerate(call.tensors) if t.requires_grad]

    def fn(*values: Tensor) -> tuple[Tensor, ...]:
        tensors = list(call.tensors)
        for i, value in zip(places, values):
            tensors[i] = value
        return tuple(out for out in call.outputs(*tensors) if out.requires_grad)

    return fn, tuple(call.tensors[i] for i in places)


@every_gradient
def test_gradients_agree_with_differences(name: str, index: int) -> None:
    fn, inputs = differentiable(call_of(name, index))
    assert gradcheck(fn, inputs)


@every_gradient
def test_gradients_of_gradients_agree_with_differences(name: str, index: int) -> None:
    fn, inputs = differentiable(call_of(name, index))
    assert gradgradcheck(fn, inputs)


def gradients(fn: Callable[..., Any], inputs: tuple[Tensor, ...]) -> list[Any]:
    """Return outputs, gradients and gradients of gradients at fixed cotangents, as arrays."""
    rng = np.random.default_rng(1)

    def cotangents(tensors: list[Any]) -> list[Tensor]:
        return [wrap(rng.uniform(0.5, 1.5, t.shape)) for t in tensors]

    outs = list(fn(*inputs))
    first = grad(outs, inputs, cotangents(outs), create_graph=True, materialize_grads=True)
    tracked = [g for g in first if g.requires_grad]
    second = grad(tracked, inputs, cotangents(tracked), materialize_grads=True) if tracked else ()
    return [t.detach().numpy() for t in (*outs, *first, *second)]


def assert_close(found: list[Any], expected: list[Any], tolerance: float = 1e-10) -> None:
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@every_layout
@every_sample
def test_results_and_gradients_do_not_depend_on_the_layout(name: str, index: int, layout: str) -> None:
    call = call_of(name, index)
    tensors = laid_out(call, layout)
    if needs_contiguous(call, tensors):
        with pytest.raises(RuntimeError, match="view size is not compatible"):
            call(*tensors)
        return
    copies = [t._data.copy() for t in tensors]
    assert_close(arrays(call(*tensors)), arrays(call()))
    assert all(np.array_equal(t._data, c) for t, c in zip(tensors, copies))
    if RECORDS[name].differentiable:
        fn, inputs = differentiable(call)
        expected = gradients(fn, inputs)
        call.tensors = tensors
        fn, inputs = differentiable(call)
        assert_close(gradients(fn, inputs), expected)


@every_gradient
def test_expanded_inputs_work_as_their_copies_do(name: str, index: int) -> None:
    call = call_of(name, index)
    bases = [leaf(t._data[:1].copy() if t._data.ndim else t._data.copy(), t) for t in call.tensors]
    shapes = [t.shape for t in call.tensors]
    if any(t._data.dtype.kind != "f" for t in call.tensors):
        bases = [b if t._requires else t for b, t in zip(bases, call.tensors)]

    def run(contiguous: bool, *values: Tensor) -> list[Tensor]:
        wide = [v.expand(s) for v, s in zip(values, shapes)]
        return [o for o in call.outputs(*([w.clone() for w in wide] if contiguous else wide)) if o.requires_grad]

    if name == "view":
        return
    places = [i for i, b in enumerate(bases) if b._requires]

    def of(contiguous: bool) -> Callable[..., Any]:
        def fn(*values: Tensor) -> list[Tensor]:
            given = list(bases)
            for i, v in zip(places, values):
                given[i] = v
            return run(contiguous, *given)

        return fn

    inputs = tuple(bases[i] for i in places)
    assert_close(gradients(of(False), inputs), gradients(of(True), inputs))


# ---------------------------------------------------------------- values


def arrays(result: Any) -> list[Any]:
    found = list(parts(result))
    return [t.detach().numpy() for t in found] if found else [np.asarray(result)]


def is_pointwise(call: Call, tensors: list[Tensor], which: int) -> bool:
    """Whether each element of an output comes from one element of an input of its shape alone."""
    exact = call.outputs(*tensors)[which]._data
    for i, t in enumerate(tensors if exact.size else ()):
        if t._data.dtype.kind == "f" and t._data.shape == exact.shape and exact.ndim:
            other = leaf(t._data.copy(), t)
            other._data.flat[exact.size // 2] += 0.25
            moved = call.outputs(*tensors[:i], other, *tensors[i + 1 :])[which]._data != exact
            return bool(np.count_nonzero(np.delete(moved, exact.size // 2)) == 0)
    return all(not t._data.ndim for t in tensors)


def scale(call: Call, tensors: list[Tensor], which: int) -> tuple[float, Any]:
    """Return the length of a result's sums and the magnitude of which an error is a fraction.

    Element-by-element results are judged each by its own size; sums by what the largest would be if no terms
    cancelled, which the function of the absolute values tells.
    """
    exact = np.abs(call.outputs(*tensors)[which]._data)
    size = sum(t._data.size for t in tensors if t._data.dtype.kind == "f")
    pointwise = is_pointwise(call, tensors, which)
    if pointwise:
        return 1.0, np.maximum(exact, np.finfo(np.float32).tiny)
    largest = exact.max(initial=1e-30)
    for sign in (1, -1):
        aligned = [leaf(sign * np.abs(t._data), t) if t._data.dtype.kind == "f" else t for t in tensors]
        uncancelled = np.abs(call.outputs(*aligned)[which]._data)
        largest = max(largest, uncancelled.max(initial=0.0, where=np.isfinite(uncancelled)))
    return max(1.0, size / max(exact.size, 1)), largest


def assert_within_budget(call: Call, tensors: list[Tensor], which: int, single: Any) -> None:
    """The one place where "agrees with float64" is defined: units in the last place times sqrt(length)."""
    length, magnitude = scale(call, tensors, which)
    unit = np.finfo(np.float32).eps * math.sqrt(length) * magnitude
    error = np.abs(single.astype(np.float64) - call.outputs(*tensors)[which]._data) / unit
    budget = call.record.budget
    assert (error <= budget).all(), f"off by {error.max():.1f} units, the budget is {budget}"


@every_sample
def test_float32_agrees_with_float64_within_the_budget(name: str, index: int) -> None:
    single, double = call_of(name, index, minitorch.float32), call_of(name, index)
    inputs = [d if s.dtype is not minitorch.float32 else leaf(s._data.astype(float), d)
              for s, d in zip(single.tensors, double.tensors)]  # fmt: skip
    for which, (s, d) in enumerate(zip(single.outputs(), double.outputs(*inputs))):
        if s._data.dtype.kind == "f" and s.dtype is not d.dtype:
            assert_within_budget(double, inputs, which, s._data)
        else:
            assert s.dtype is d.dtype
            assert np.array_equal(s._data, d._data)


with_reference = pytest.mark.parametrize("name, index", cases_of(lambda r: r.ref is not None))


@with_reference
def test_results_equal_the_reference(name: str, index: int) -> None:
    call = call_of(name, index)
    args, kwargs = swapped((call.args, call.kwargs), (t._data for t in call.tensors))
    expected = RECORDS[name].ref(*args, **kwargs)
    given = expected if isinstance(expected, (tuple, list)) else (expected,)
    assert_close(arrays(call()), [np.asarray(e) for e in given], 1e-11)


# ---------------------------------------------------------------- forms


def forms(record: Record, sample: Sample) -> Iterator[tuple[str, Any]]:
    """Yield the other ways to make a call: methods of the first tensor, names at the top and in functional."""
    if sample.args and isinstance(sample.args[0], Tensor):
        for each in record.methods:
            yield f"Tensor.{each}", getattr(Tensor, each)
    if record.top:
        yield f"minitorch.{record.name}", getattr(minitorch, record.name)
    functional = getattr(getattr(minitorch, "nn", None), "functional", None)
    if record.functional and functional is not None:
        yield f"functional.{record.name}", getattr(functional, record.name)


@every_sample
def test_every_form_of_a_call_gives_the_same(name: str, index: int) -> None:
    record = RECORDS[name]
    call = call_of(name, index)
    expected = arrays(call())
    for form, fn in forms(record, list(record.samples(Make()))[index]):
        call.fn = fn
        found = arrays(call())
        assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(found, expected)), form


def _has_inplace(record: Record) -> bool:
    return any(hasattr(Tensor, m + "_") for m in record.methods)


@pytest.mark.parametrize("name, index", cases_of(_has_inplace))
def test_the_in_place_form_agrees_and_so_does_its_gradient(name: str, index: int) -> None:
    call = call_of(name, index)
    if not isinstance(call.args[0], Tensor):
        pytest.skip("the sample starts with a number")
    out = call()
    first, rest = call.tensors[0], call.tensors[1:]
    for each in RECORDS[name].methods:
        call.fn = getattr(Tensor, each + "_", None)
        if call.fn is None:
            continue
        if isinstance(out, Tensor) and np.shares_memory(out._data, first._data):  # squeeze_ and the like
            written = first.clone()
            assert call(written, *rest) is written
            assert_close(arrays(written), arrays(out))
            continue
        if not isinstance(out, Tensor) or out.shape != first.shape:
            with pytest.raises(RuntimeError):
                call(first.clone(), *rest)
            continue
        written = first.clone()
        assert call(written, *rest) is written
        assert written.dtype is first.dtype
        assert np.array_equal(written._data, out._data.astype(written._data.dtype))
        assert written._version == 1
        if out.requires_grad and RECORDS[name].differentiable:
            _check_inplace_gradient(call, out, written)


def _check_inplace_gradient(call: Call, out: Tensor, written: Tensor) -> None:
    inputs = [t for t in call.tensors if t.requires_grad]
    cotangent = wrap(np.linspace(0.5, 1.5, out.numel()).reshape(out.shape))
    assert written.grad_fn is not None
    expected = grad(out, inputs, cotangent, retain_graph=True)
    assert_close([g._data for g in grad(written, inputs, cotangent)], [g._data for g in expected])


@every_sample
def test_inputs_are_left_as_they_were(name: str, index: int) -> None:
    call = call_of(name, index)
    before = [t._data.copy() for t in call.tensors]
    call()
    assert all(np.array_equal(t._data, b) for t, b in zip(call.tensors, before))
    assert all(t._version == 0 and t.grad is None and t.grad_fn is None for t in call.tensors)


@every_gradient
def test_results_say_how_they_were_computed(name: str, index: int) -> None:
    call = call_of(name, index)
    given = {id(t) for t in call.tensors}  # some return their input as it is
    for out in (o for o in call.outputs() if o.requires_grad and id(o) not in given):
        assert out.grad_fn is not None
        assert out.grad_fn.name().rstrip("0123456789").endswith(("Backward", "Backwards"))


@every_sample
def test_results_do_not_depend_on_the_number_of_threads(name: str, index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for place, limit in ((jit, "_SERIAL_WORK"), (_parallel, "SERIAL_WORK"), (_parallel, "CHUNK_WORK")):
        monkeypatch.setattr(place, limit, 1)  # even these small calls are then spread
    results = []
    before = jit.get_num_threads()
    for threads in (1, 2, 3):
        jit.set_num_threads(threads)
        call = call_of(name, index)
        fn, inputs = differentiable(call)
        results.append(gradients(fn, inputs) if RECORDS[name].differentiable else arrays(call()))
    jit.set_num_threads(before)
    for other in results[1:]:
        assert all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(results[0], other))


# ---------------------------------------------------------------- failures


def _failures() -> list[Any]:
    found = []
    for name, record in sorted(RECORDS.items()):
        for i, failure in enumerate(record.failures(Make()) if record.failures else ()):
            found.append(pytest.param(name, i, id=f"{name}-{failure.error.__name__}-{i}"))
    return found


@pytest.mark.parametrize("name, index", _failures())
def test_a_wrong_call_says_what_is_wrong(name: str, index: int) -> None:
    record = RECORDS[name]
    failure: Failure = list(record.failures(Make()))[index]
    with pytest.raises(failure.error, match=failure.match) as caught:
        record.fn(*failure.args, **failure.kwargs)
    assert caught.type is failure.error


def test_every_differentiable_record_has_samples() -> None:
    older_names_of_interpolate = {"upsample", "upsample_bilinear", "upsample_nearest"}
    lacking = {r.name for r in RECORDS.values() if r.differentiable and r.samples is None}
    assert lacking <= older_names_of_interpolate

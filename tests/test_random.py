"""Random numbers are torch's: each distribution, dtype, size and layout, in any sequence, and the state."""

import contextlib
import copy
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch.random as mr
from minitorch import convert, dtypes
from minitorch.kernels import rng
from minitorch.memory import Array
from minitorch.random import Generator
from minitorch.tensor import Tensor, wrap

KEPT = 24
# Units of relative error where torch goes through library or vector functions; zero where it computes with
# integers.
LOOSE = {"float32": 1e-6, "float64": 1e-14, "float16": 2e-3, "bfloat16": 1.6e-2}
EXACT = {
    "random_",
    "randperm",
    "bernoulli_",
    "bernoulli_tensor",
    "bernoulli_columns",
    "dropout",
    "multinomial",
}

Step = dict[str, Any]


def kind_of(name: str) -> dtypes.dtype:
    return dtypes.by_name(name)


def empty(shape: list[int], dtype: str, layout: str = "contiguous") -> Array:
    """Return memory to fill, laid out as in the recorder."""
    kind = kind_of(dtype).numpy
    if layout == "strided":
        return np.empty([*shape, 2], kind)[..., 0]
    if layout == "transposed":
        return np.empty(shape[::-1], kind).transpose()
    if layout == "channels_last":
        return np.empty([shape[0], *shape[2:], shape[1]], kind).transpose(0, 3, 1, 2)
    if layout == "slice":
        return np.empty([shape[1], 2 * shape[0]], kind).transpose()[::2]
    return np.empty(shape, kind)


def weights_of(shape: list[int], dtype: str) -> Array:
    n = int(np.prod(shape))
    return convert.cast(np.array([(5 * i) % 8 for i in range(n)], float).reshape(shape), kind_of(dtype))


def linspace(n: int, dtype: str) -> Array:
    """Return torch.linspace(0, 1, n) in float32, which steps from both ends, in a dtype."""
    step = np.float32(1) / np.float32(n - 1)
    i = np.arange(n, dtype=np.float32)
    return convert.cast(
        np.where(i < n / 2, step * i, 1 - step * (n - 1 - i)).astype(np.float32), kind_of(dtype)
    )


def run(gen: Generator, step: Step) -> Array:
    """Do a recorded step."""
    op, args = step["op"], step.get("args", [])
    shape, dtype = step.get("shape", []), step["dtype"]
    if op == "randperm":
        return gen.randperm(args[0], kind_of(dtype))
    if op == "bernoulli_tensor":
        return gen.bernoulli(linspace(shape[0], dtype))
    if op == "bernoulli_columns":
        return gen.bernoulli_(empty(shape, dtype, step["layout"]), linspace(shape[1], "float32"))
    if op == "dropout":
        return gen.dropout_mask(tuple(shape), args[0], kind_of(dtype))
    if op == "multinomial":
        return gen.multinomial(weights_of(shape, dtype), *args)
    if op == "normal_of":
        mean, std = (weights_of(shape, dtype) if a == "weights" else a for a in args)
        return gen.normal_of(mean, std)
    return getattr(gen, op)(empty(shape, dtype, step["layout"]), *args)


def digest(state: Array) -> int:
    """Return the recorder's digest of a state: every byte by its place, but for the waiting normal number."""
    weights = np.arange(1, state.size + 1)
    weights[5024:5032] = 0
    return int((state.astype(np.int64) * weights).sum())


def tolerance_of(step: Step) -> float:
    exact = step["op"] in EXACT or (
        step["op"] == "uniform_" and not step["args"]
    )  # other bounds take a fused product
    return 0.0 if exact else LOOSE.get(step["dtype"], 0.0)


def short(result: Array) -> Array:
    wide = convert.cast(result, dtypes.float64) if result.dtype.kind in "fV" else result
    flat = wide.reshape(-1)
    return flat if flat.size <= 2 * KEPT else np.concatenate([flat[:KEPT], flat[-KEPT:]])


@pytest.fixture
def gen() -> Generator:
    return Generator().manual_seed(0)


# ---- the stream is torch's ------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*out of bounds:UserWarning")
def test_every_recorded_sequence_gives_torchs_numbers_and_leaves_torchs_state(
    recorded: Callable[[str], Any],
) -> None:
    for number, scenario in enumerate(recorded("random")["scenarios"]):
        gen = Generator().manual_seed(scenario["seed"])
        for place, step in enumerate(scenario["steps"]):
            result = run(gen, step)
            where = f"scenario {number}, step {place}: { {k: v for k, v in step.items() if k != 'values'} }"
            assert list(result.shape) == step["shape_out"], where
            expected = np.array(step["values"], short(result).dtype if result.dtype.kind in "iub" else float)
            bound = tolerance_of(step)
            slack = 40 * bound if step["op"] == "normal_of" else bound  # mean + std * z may cancel
            np.testing.assert_allclose(short(result), expected, bound, slack, err_msg=where)
        assert digest(gen.state_array()) == scenario["state"], f"scenario {number} left another state"


def test_states_have_torchs_bytes(recorded: Callable[[str], Any]) -> None:
    for case in recorded("random")["states"]:
        gen = Generator().manual_seed(case["seed"])
        for step in case["steps"]:
            run(gen, step)
        state = gen.state_array()
        assert state[:48].tolist() == case["head"]
        assert state[5032:].tolist() == case["tail"][-24:] and digest(state) == case["digest"]
        waiting, expected = (
            np.array(tail, np.uint8)[:8].view(float) for tail in (state[5024:], case["tail"][8:])
        )
        np.testing.assert_allclose(waiting, expected, 1e-14)


def test_base_seed_and_permutation_give_the_order_of_torchs_samplers(recorded: Callable[[str], Any]) -> None:
    cases = recorded("random_samplers")
    gen = Generator().manual_seed(0)

    def base_seed() -> int:
        return int(gen.random_(np.empty((), np.int64)))

    assert Generator().manual_seed(base_seed()).randperm(10).tolist() == cases["sampler"]["order"]
    np.testing.assert_array_equal(gen.uniform((2,)), np.float32(cases["sampler"]["then"]))
    gen.manual_seed(0)
    base_seed()  # the loader's own, for its workers
    order = Generator().manual_seed(base_seed()).randperm(10).tolist()
    assert order == [i for batch in cases["loader"]["order"] for i in batch]
    gen.manual_seed(0)
    split = gen.randperm(10).tolist()
    assert [split[:7], split[7:]] == cases["split"]["order"]


# ---- seeds and states -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "seed, initial", [(0, 0), (-1, 2**64 - 1), (-(2**63), 2**63), (2**64 - 1, 2**64 - 1)]
)
def test_seeds_count_modulo_two_to_the_64(seed: int, initial: int) -> None:
    assert Generator().manual_seed(seed).initial_seed() == initial
    assert Generator().manual_seed(np.int64(3)).initial_seed() == 3


BAD_SEEDS = [(2**64, ValueError), (-(2**63) - 1, ValueError)]
BAD_SEEDS += [(seed, RuntimeError) for seed in (1.5, "a", True, None)]


@pytest.mark.parametrize("seed, error", BAD_SEEDS)
def test_a_bad_seed_raises_and_changes_nothing(gen: Generator, seed: Any, error: type[Exception]) -> None:
    before = gen.state_array()
    with pytest.raises(error, match="manual_seed"):
        gen.manual_seed(seed)
    np.testing.assert_array_equal(gen.state_array(), before)


def test_a_new_generator_starts_at_torchs_default_seed_and_the_default_one_anywhere() -> None:
    assert Generator().initial_seed() == 67280421310721
    seeds = {mr.seed(), mr.seed(), Generator().seed()}
    assert len(seeds) == 3 and mr.initial_seed() in seeds


@given(st.integers(0, 2000), st.booleans(), st.integers(0, 2**64 - 1))
def test_a_state_put_back_continues_the_same_stream(drawn: int, pair: bool, seed: int) -> None:
    gen, other = Generator().manual_seed(seed), Generator()
    gen.uniform((drawn,))
    gen.normal((1 if pair else 2,))
    other.load_state_array(gen.state_array())
    for source in (other, pickle.loads(pickle.dumps(gen)), copy.deepcopy(gen), gen.clone_state()):
        assert source.initial_seed() == seed
        np.testing.assert_array_equal(source.state_array(), gen.state_array())
        np.testing.assert_array_equal(source.normal((3,)), gen.clone_state().normal((3,)))


def test_states_of_the_public_functions_are_byte_tensors(gen: Generator) -> None:
    state = mr.get_rng_state()
    assert isinstance(state, Tensor) and state._data.dtype == np.uint8 and state._data.shape == (5056,)
    first = mr.default_generator.uniform((4,))
    mr.set_rng_state(state)
    np.testing.assert_array_equal(mr.default_generator.uniform((4,)), first)


@pytest.mark.parametrize("state, error, message", [
    (wrap(np.zeros(5056, np.uint8)), RuntimeError, "Invalid mt19937 state"),
    (wrap(np.zeros(10, np.uint8)), RuntimeError, "Expected a CPUGeneratorImplState of size 5056 .* to be 10"),
    (wrap(np.zeros(5056, np.float32)), TypeError, "RNG state must be a torch.ByteTensor"),
    ([1], TypeError, "expected a torch.ByteTensor, but got list"),
])  # fmt: skip
def test_a_bad_state_raises_and_changes_nothing(gen: Generator, state: Any, error: Any, message: str) -> None:
    before = gen.state_array()
    with pytest.raises(error, match=message):
        gen.set_state(state)
    np.testing.assert_array_equal(gen.state_array(), before)


def test_fork_rng_puts_the_state_back_even_after_an_error() -> None:
    mr.manual_seed(3)
    before = mr.default_generator.state_array()
    with contextlib.suppress(KeyError), mr.fork_rng():
        mr.default_generator.normal((5,))
        raise KeyError
    np.testing.assert_array_equal(mr.default_generator.state_array(), before)
    with mr.fork_rng(enabled=False):
        mr.default_generator.uniform((5,))
    assert (mr.default_generator.state_array() != before).any()


def test_manual_seed_reads_its_argument_as_int_and_returns_the_default_generator() -> None:
    assert mr.manual_seed("7") is mr.default_generator and mr.initial_seed() == 7  # type: ignore[arg-type]
    assert mr.manual_seed(1.9).initial_seed() == 1  # type: ignore[arg-type]


def test_a_generator_lives_on_the_cpu_only(gen: Generator) -> None:
    assert str(gen.device) == "cpu"
    with pytest.raises(RuntimeError, match="cuda"):
        Generator("cuda")
    with pytest.raises(RuntimeError, match="Expected one of cpu"):
        Generator("foo")
    for offset in (gen.get_offset, lambda: gen.set_offset(1)):
        with pytest.raises(RuntimeError, match="does not use offset"):
            offset()


# ---- what a call takes from the stream ------------------------------------------------------------------


def test_integers_beyond_what_a_float_counts_warn(gen: Generator) -> None:
    with pytest.warns(UserWarning, match=r"to - 1 is out of bounds \[-\(2\^24\), 2\^24\]"):
        gen.randint(0, 2**30, (3,), dtypes.float32)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2, 5)])
def test_empty_arrays_draw_nothing(gen: Generator, shape: tuple[int, ...]) -> None:
    before = gen.state_array()
    results = [gen.uniform(shape), gen.normal(shape), gen.randint(0, 5, shape), gen.bernoulli(0.5, shape)]
    results += [
        gen.dropout_mask(shape, 0.5),
        gen.exponential_(np.empty(shape)),
        gen.geometric_(np.empty(shape), 0.5),
    ]
    assert {r.shape for r in results} == {shape} and gen.randperm(0).shape == gen.randperm(1).shape[:0] + (0,)
    assert gen.multinomial(np.ones((0, 3)), 2).shape == (0, 2)
    np.testing.assert_array_equal(gen.state_array(), before)


def test_a_mask_of_probability_zero_or_one_draws_nothing(gen: Generator) -> None:
    before = gen.state_array()
    assert (
        gen.dropout_mask((4,), 0.0).tolist() == [1.0] * 4
        and gen.dropout_mask((4,), 1.0).tolist() == [0.0] * 4
    )
    np.testing.assert_array_equal(gen.state_array(), before)


@given(st.lists(st.integers(0, 1500), max_size=6), st.integers(0, 2**32 - 1))
def test_draws_are_the_mersenne_twisters_however_they_are_cut(cuts: list[int], seed: int) -> None:
    gen, reference = Generator().manual_seed(seed), np.random.RandomState(seed)
    for n in cuts:
        out = np.empty(n, np.uint32)
        gen._draw(out)
        np.testing.assert_array_equal(out, reference.randint(0, 2**32, n, dtype=np.uint32))


def test_long_results_are_made_of_the_same_draws_as_short_ones(gen: Generator) -> None:
    n = 100_003
    raw = np.random.RandomState(0).randint(0, 2**32, 2 * n, dtype=np.uint64)
    np.testing.assert_array_equal(gen.uniform((n,)), ((raw[:n] & 0xFFFFFF) / 2**24).astype(np.float32))
    np.testing.assert_array_equal(
        gen.manual_seed(0).randint(-3, 1000, (n,)), (raw[:n] % 1003).astype(int) - 3
    )
    units = (((raw[::2] << np.uint64(32)) | raw[1::2]) & np.uint64(2**53 - 1)) / 2.0**53
    np.testing.assert_array_equal(gen.manual_seed(0).uniform((n,), np.float64), units)
    np.testing.assert_array_equal(gen.manual_seed(0).bernoulli(0.3, (n,)), units < 0.3)


def reference_normals(u: Array) -> Array:
    """Return the Box-Muller transform of blocks of 16 uniform numbers, in float64."""
    first, second = np.split(u.astype(np.float64).reshape(-1, 2, 8), 2, axis=1)
    radius, angle = np.sqrt(-2 * np.log(1 - first)), 2 * np.pi * second
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)


@pytest.mark.parametrize("dtype, bound", [("float32", 2e-6), ("float64", 1e-14)])
def test_normals_in_blocks_follow_the_formula(gen: Generator, dtype: str, bound: float) -> None:
    u = gen.clone_state().uniform((80_000,), dtype)
    np.testing.assert_allclose(gen.normal((80_000,), dtype), reference_normals(u), bound, bound)


def test_a_uniform_number_that_rounds_to_the_upper_bound_becomes_the_lower(gen: Generator) -> None:
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        kind = kind_of(dtype)
        values = convert.cast(gen.uniform((20_000,), kind, 5.0, 7.0), dtypes.float64)
        assert values.min() >= 5.0 and values.max() < 7.0
        assert (convert.cast(gen.uniform((9,), kind, 2.0, 2.0), dtypes.float64) == 2.0).all()


def test_filling_touches_the_given_elements_only(gen: Generator) -> None:
    whole = np.zeros((6, 8), np.float32)
    for fill in (gen.uniform_, gen.normal_, gen.bernoulli_, gen.random_, gen.exponential_):
        part = whole[1:5:2, ::3]
        assert fill(part) is part
        whole[1:5:2, ::3] = 0
        assert not whole.any()


def test_trunc_normal_stays_inside(gen: Generator) -> None:
    for a, b in [(-2.0, 2.0), (1.5, 1.75), (-0.01, 3.0)]:
        values = gen.trunc_normal_(np.empty((30, 5), np.float32), 0.0, 1.0, a, b)
        assert values.min() >= a and values.max() <= b


def test_threads_that_share_a_generator_share_out_its_stream(gen: Generator) -> None:
    parts = [np.empty(1000, np.float32) for _ in range(24)]
    threads = [threading.Thread(target=lambda i=i: [gen.uniform_(p) for p in parts[i::4]]) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = Generator().manual_seed(0).uniform((24, 1000))
    assert sorted(p.tolist() for p in parts) == sorted(alone.tolist())


def test_shuffling_needs_no_draw_for_the_last_element() -> None:
    out = np.arange(3)
    rng.shuffle(1, 3, np.array([2, 1], np.uint32), out)
    assert out.tolist() == [2, 0, 1]

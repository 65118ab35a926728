"""Cases of the comparison with torch: special functions, windows, short-time Fourier transforms; messages count, too."""

from collections.abc import Iterator

# torch's Bessel functions J and Y, and Airy's, are exact to five digits here and there: at these places they agree.
POINTS = "t([nan, 0.0, -0.0, 0.1, 0.5, 1.0, -1.0, 1.5, 2.5, -2.5, 4.0, 1e-30], dtype=float64)"
WIDE = "t([inf, -inf, 7.0, -7.0, 12.5, 30.0, -30.0, 100.0, 1e5], dtype=float64)"
BESSEL = ["bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "airy_ai"]
ONES = ["entr", "erfcx", "i0", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0",
        "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0", "digamma", "erf", "erfc", "exp2",
        "expit", "expm1", "gammaln", "log1p", "psi", "sinc"]  # fmt: skip
OLD = ["digamma", "erf", "erfc", "exp2", "expit", "expm1", "gammaln", "log1p", "psi", "sinc", "erfinv", "logit"]  # torch.digamma and so on
TWOS = ["gammainc", "gammaincc", "zeta", "xlog1py", "xlogy"]
POLYNOMIALS = ["chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w", "hermite_polynomial_h",
               "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p", "shifted_chebyshev_polynomial_t",
               "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w"]  # fmt: skip
HEAD = "S = torch.special"


def functions() -> Iterator[str]:
    for name in ONES:
        yield f"{HEAD}; S.{name}({POINTS})"
        yield f"{HEAD}; S.{name}({WIDE if name != 'ndtr' else WIDE.replace('-', '')})"
    for name in (*ONES, *BESSEL, "ndtri", "erfinv", "logit"):
        if name not in OLD:
            yield from (f"{HEAD}; S.{name}(1.0)", f"{HEAD}; S.{name}(t([1j]))")
        for x in ("t([1, 2])", "t([True, False])", "t([1.0], dtype=float16)", "t([1.0], dtype=bfloat16)"):
            yield f"{HEAD}; S.{name}({x}).dtype"
        yield f"{HEAD}; S.{name}(t([0.5, 0.25]), out=torch.empty(2)).dtype"
        yield f"{HEAD}; S.{name}(torch.zeros(0, 2)).shape"
    for name in ("entr", "erfcx", "i0", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "ndtri"):
        yield f"{HEAD}; x = t([0.5, 0.0, -2.0, 0.75, 0.25], dtype=float64, requires_grad=True); y = S.{name}(x); y.sum().backward(); [y.grad_fn.name(), x.grad]"
    yield f"{HEAD}; S.ndtri(t([nan, 0.0, 1.0, -1.0, 2.0, 0.5, 0.3, 0.01, 0.975, 0.999999, 1e-20, 1e-300], dtype=float64))"
    first, second = "t([nan, 0.0, 1.0, 2.0, -1.0, inf, 0.5, 5.0, 1.5], dtype=float64)", "t([[nan], [0.0], [1.0], [2.0], [-1.0], [-1.5], [inf], [0.5], [7.0]], dtype=float64)"
    for name in TWOS:
        yield f"{HEAD}; S.{name}({first}, {second})"
        yield f"{HEAD}; S.{name}({second}, {first})"
        for args in ("t([1, 2]), t([1, 2])", "2, t([1.0, 2.0])", "t([1.0, 2.0]), 2", "t([1.0], dtype=float16), t([2.0], dtype=float16)", "t([1j]), t([2.0])",
                     "t([1.0]), t([2.0], dtype=float64)", "t([1.0, 2.0]), t([1.0, 2.0, 3.0])"):  # fmt: skip
            yield f"{HEAD}; y = S.{name}({args}); y.dtype"
        yield f"{HEAD}; x = t([2.5, 0.5], dtype=float64, requires_grad=True); y = S.{name}(t([2.0, 3.0], dtype=float64), x); y.sum().backward(); [y.grad_fn.name(), x.grad]"
        yield f"{HEAD}; x = t([2.5, 0.5], dtype=float64, requires_grad=True); y = S.{name}(x, t([2.0, 3.0], dtype=float64)); y.sum().backward(); [y.grad_fn.name(), x.grad]"
    for name in POLYNOMIALS:
        yield f"{HEAD}; S.{name}(t([-1.5, -1.0, -0.3, 0.3, 0.9, 1.0, 1.5], dtype=float64), t([[-1.0], [0.0], [1.0], [2.0], [3.0], [5.0], [2.5]]))"
        for args in ("t([0.5]), 3", "0.5, t([3])", "t([1, 2]), t([3])", "t([0.5], dtype=float16), t([3])", "t([0.5], requires_grad=True), 3"):
            yield f"{HEAD}; y = S.{name}({args}); [y.dtype, y.requires_grad]"
    for code in ("S.multigammaln(t([3.0, 2.5], dtype=float64), 2)", "S.multigammaln(t([3.0], dtype=float64), p=3)", "torch.mvlgamma(t([0.4, 3.0], dtype=float64), 2)",
                 "torch.mvlgamma(t([3]), 2)", "torch.mvlgamma(t([3.0]), 0)", "t([3.0]).mvlgamma_(1)", "torch.igamma(t([1.0]), t([2.0]))", "t([1.0]).igammac(t([2.0]))",
                 "torch.igamma(t([1.0]), 2)", "t([1.0]).igamma_(t([2.0]))", "S.round(t([1.234]), decimals=2)", "S.logsumexp(t([1.0, 2.0]), 0)", "S.softmax(t([1.0, 2.0]), 0)",
                 "S.log_softmax(t([1, 2]), 0, dtype=float32)", "S.logit(t([0.3]), eps=1e-6)", "S.polygamma(2, t([1.5, 3.0], dtype=float64))",
                 "torch.i0(t([1.0, 2.0], dtype=float64))", "t([1.0]).i0()", "t([1.0], dtype=float64).i0_()",
                 "S.gammainc(t([5.0, 10.0, 15.0, 18.0], dtype=float64), t([7.0, 3.0, 20.0, 18.0], dtype=float64))",
                 "S.gammaincc(t([5.0, 10.0, 15.0, 18.0], dtype=float64), t([7.0, 3.0, 20.0, 18.0], dtype=float64))"):  # fmt: skip
        yield f"{HEAD}; {code}"


def windows() -> Iterator[str]:
    for name in ("hann", "hamming", "blackman", "bartlett", "kaiser"):
        for args in ("5", "0", "1", "2", "6, False", "1, False", "5, periodic=False", "-1"):
            yield f"torch.{name}_window({args}, dtype=float64)"
        for args in ("5", "dtype=torch.int64", "dtype=torch.complex64", "requires_grad=True"):
            yield f"x = torch.{name}_window({'' if args == '5' else '4, '}{args}); [x.dtype, x.requires_grad]"
    yield from ("torch.hamming_window(5, True, 0.5, 0.5, dtype=float64)", "torch.hamming_window(5, True, alpha=0.6, dtype=float64)",
                "torch.kaiser_window(7, True, 8.0, dtype=float64)", "torch.kaiser_window(6, beta=3.0, periodic=False, dtype=float64)")  # fmt: skip
    head = "W = torch.signal.windows"
    for name in ("bartlett", "blackman", "cosine", "exponential", "gaussian", "general_hamming", "hamming", "hann", "kaiser", "nuttall"):
        for args in ("6", "5, sym=False", "0", "1", "-1"):
            yield f"{head}; W.{name}({args}, dtype=float64)"
        yield f"{head}; W.{name}(5, dtype=torch.int32)"
    for code in ("W.exponential(5, tau=2.0)", "W.exponential(5, center=0, sym=False)", "W.exponential(5, center=0)", "W.gaussian(5, std=2.0)", "W.gaussian(5, std=-1.0)",
                 "W.exponential(5, tau=-1)", "W.general_cosine(5, a=[0.46, 0.23, 0.31])", "W.general_cosine(5, a=[])", "W.general_cosine(5, a=0.5)", "W.kaiser(5, beta=-1)",
                 "W.general_hamming(5, alpha=0.6)", "W.hann(5, dtype=torch.float16)", "W.kaiser(5, beta=3.0).dtype"):  # fmt: skip
        yield f"{head}; {code}"


SIGNAL = "x = (seq(20, dtype='float64') * 0.7).sin(); w = torch.hann_window(8, dtype=float64); z = torch.complex(x, x * 0.5)"
SPECTRUM = f"{SIGNAL}; s = torch.stft(x, 8, 2, window=w, return_complex=True)"


def spectra() -> Iterator[str]:
    for args in ("x, 8, return_complex=True", "x, 8, return_complex=False", "x, 8", "x, 8, 2, window=w, return_complex=True", "torch.stack([x, x * 2]), 8, 3, 8, w, return_complex=True",
                 "x, 8, win_length=6, return_complex=True", "x, 8, win_length=6, window=w[1:7], return_complex=True", "x, 8, center=False, return_complex=True",
                 "x, 8, normalized=True, return_complex=True", "x, 8, onesided=False, return_complex=True", "z, 8, return_complex=True", "z, 8", "z, 8, onesided=True, return_complex=True",
                 "x, 8, pad_mode='constant', return_complex=True", "x, 30, return_complex=True", "x, 0, return_complex=True", "x, 8, 0, return_complex=True",
                 "x, 8, win_length=9, return_complex=True", "x, 8, window=torch.ones(5), return_complex=True", "x.long(), 8, return_complex=True", "torch.ones(2, 3, 20), 8, return_complex=True",
                 "x, 8, window=w.to(torch.complex128), return_complex=True", "x, 30, center=False, return_complex=True", "x, 7, 2, return_complex=True",
                 "x, 8, align_to_window=True, return_complex=True", "x, 8, center=False, win_length=6, return_complex=True"):  # fmt: skip
        yield f"{SIGNAL}; near(torch.stft({args}))"
    for args in ("s, 8, 2, window=w", "s, 8, 2", "s, 8, 2, window=w, length=19", "s, 8, 2, window=w, length=25", "s, 8, 2, window=torch.ones(8), center=False", "s, 8, 2, window=w, normalized=True",
                 "s, 8, 2, window=w, return_complex=True", "torch.view_as_real(s), 8, 2, window=w", "s, 10, 2", "s, 8, 9, window=w", "s, 8, window=w", "s, 8, 2, win_length=6, window=w[1:7]",
                 "s, 8, 2, win_length=9", "s[..., :0], 8, 2", "s[0], 8, 2", "s, 8, 0", "s, 8, 2, window=torch.ones(5)", "torch.stft(z, 8, 2, window=w), 8, 2, window=w, return_complex=True",
                 "torch.stft(z, 8, 2, window=w), 8, 2, window=w", "s, 8, 2, window=w.to(torch.complex128)", "s, 8, 2, window=torch.zeros(8)"):  # fmt: skip
        yield f"{SPECTRUM}; near(torch.istft({args}))"
    for code in ("torch.stft(x, 8, 2, window=w, return_complex=True).abs().sum()", "torch.stft(x, 8, 3, win_length=6, normalized=True, return_complex=False).square().sum()",
                 "torch.istft(torch.stft(x, 8, 2, window=w, return_complex=True), 8, 2, window=w).square().sum()", "torch.stft(x, 8, 2, onesided=False, return_complex=True)[3].abs().sum()"):  # fmt: skip
        yield f"{SIGNAL}; x.requires_grad_(); ({code}).backward(); near(x.grad)"


SUBJECTS = {"special": functions, "windows": windows, "spectra": spectra}

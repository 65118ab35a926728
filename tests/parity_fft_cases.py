"""Cases of the comparison with torch: Fourier transforms, their sizes, norms, gradients and errors."""

from collections.abc import Iterator

Z = "z = torch.view_as_complex((seq(2, 2, 3, 2, dtype='float64') * 0.37).sin())"
X = "x = (seq(2, 2, 3, dtype='float64') * 0.73).sin()"
LINES = ["torch.fft.{f}({v})", "torch.fft.{f}({v}, norm='ortho')", "torch.fft.{f}({v}, norm='forward')", "torch.fft.{f}({v}, {n}, {d})",
         "torch.fft.{f}({v}, {m}, {d}, 'backward')"]  # fmt: skip


def transforms() -> Iterator[str]:
    for stem in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
        inputs = "x" if stem in ("rfft", "ihfft") else "xz"
        for suffix, n, m, d in (("", "3", "6", "1"), ("2", "(2, 3)", "(4, 5)", "(0, 2)"), ("n", "(2, 3, 3)", "(2, 2, 7)", "(2, 0, 1)")):
            for v in inputs:
                head = Z if v == "z" else X
                for k, line in enumerate(LINES):
                    code = line.format(f=stem + suffix, v=v, n=n, m=m, d=d)
                    yield f"{head}; {code}"
                    if k < 2:
                        continue
                    yield f"{head}; {v}.requires_grad_(); y = {code}; w = seq(*y.shape, dtype='float64'); (y * w).abs().square().sum().backward(); {v}.grad"
    yield from (
        "torch.fft.fftfreq(5)", "torch.fft.fftfreq(4, 0.5)", "torch.fft.rfftfreq(5)", "torch.fft.rfftfreq(4, d=2.0, dtype=float64)",
        "torch.fft.fftshift(seq(5))", "torch.fft.ifftshift(seq(5))", "torch.fft.fftshift(seq(2, 3))", "torch.fft.fftshift(seq(2, 3), dim=1)",
        "torch.fft.ifftshift(seq(2, 3), dim=(0, 1))", "torch.fft.fft(t([1, 2, 3]))", "torch.fft.fft(t([1.0, 2.0])).dtype", "torch.fft.fft(t([True, False]))",
        "torch.fft.rfft(t([1j]))", "torch.fft.fft(t([1.0]), n=0)", "torch.fft.fft(t([1.0]), norm='x')", "torch.fft.fft(t([1.0]), dim=3)",
        "torch.fft.fft(torch.zeros(0))", "torch.fft.irfft(t([1.0]))", "torch.fft.fftn(seq(2, 3), (2, 2, 2))", "torch.fft.fftn(seq(2, 3), (2,), (0, 1))",
        "torch.fft.fft2(seq(3))", "torch.fft.fftn(seq(2, 3), (-1, 4))", "torch.fft.fft(t(1.0))", "torch.fft.fftn(seq(2, 2), dim=(0, 0))",
        "torch.fft.irfft(torch.fft.rfft(seq(5)), 5)", "torch.fft.irfft(torch.fft.rfft(seq(6)))", "torch.fft.ihfft(seq(5))", "torch.fft.hfft(torch.fft.ihfft(seq(5)), 5)",
    )  # fmt: skip


SUBJECTS = {"fft": transforms}

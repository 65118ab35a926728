"""Sampling of images, random choices and distances, as text for torch and minitorch: see `nn_calls`."""

from __future__ import annotations

from tests.nn_calls import parse

_GRIDS = [
    f"F => F.grid_sample(x(2, 2, 3, 4), x(2, 2, 3, 2), '{mode}', '{padding}', {align})"
    for mode in ("bilinear", "nearest", "bicubic")
    for padding in ("zeros", "border", "reflection")
    for align in (True, False)
] + [
    f"F => F.grid_sample(x(1, 2, 2, 3, 4), x(1, 2, 1, 3, 3), '{mode}', '{padding}', False)"
    for mode in ("bilinear", "nearest")
    for padding in ("zeros", "reflection")
]
CASES = parse("\n".join(_GRIDS)) | parse("""
F => F.affine_grid(x(2, 2, 3), (2, 1, 3, 4), align_corners=False)
F => F.affine_grid(x(2, 2, 3), (2, 1, 1, 4), align_corners=True)
F => F.affine_grid(x(1, 3, 4), (1, 2, 2, 3, 1), align_corners=False)
F => F.gumbel_softmax(x(4, 3))
F => F.gumbel_softmax(x(4, 3), 0.5, True, dim=0)
F => F.pdist(x(5, 3))
F => F.pdist(x(4, 2), 1.0)
F => F.pdist(x(4, 2), 3.5)
F => F.pdist(x(4, 2), float('inf'))
""")

SNIPPETS = {
    "wrong calls": """
F = nn.functional
image, grid, theta = torch.zeros(2, 3, 4, 4), torch.zeros(2, 5, 5, 2), torch.zeros(2, 2, 3)
fails(lambda: F.grid_sample(image, grid, mode='x'))
fails(lambda: F.grid_sample(image, grid, padding_mode='x'))
fails(lambda: F.grid_sample(image, torch.zeros(2, 5, 5, 3)))
fails(lambda: F.grid_sample(image, torch.zeros(3, 5, 5, 2)))
fails(lambda: F.grid_sample(image[0], grid))
fails(lambda: F.grid_sample(image, torch.zeros(2, 5, 2)))
fails(lambda: F.affine_grid(theta, (2, 3, 4)))
fails(lambda: F.affine_grid(theta, (2, 3, 4, 5, 6)))
fails(lambda: F.affine_grid(theta.long(), (2, 3, 4, 5)))
fails(lambda: F.affine_grid(theta, (2, 3, 0, 5)))
fails(lambda: F.pdist(torch.zeros(3)))
fails(lambda: F.pdist(torch.zeros(3, 2), -1))
fails(lambda: F.gumbel_softmax(torch.zeros(3, 2).long()))
""",
}

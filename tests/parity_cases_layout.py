"""Cases of the comparison with torch about repeating, rolling, splitting, striding, joining, diagonals and index writes."""

from collections.abc import Iterator

M = "seq(2, 3)"
SHAPES = f"""{M}.repeat(2, 2)|{M}.repeat(2)|{M}.repeat(-1, 2)|{M}.repeat()|{M}.repeat(0, 1)|{M}.repeat_interleave(2)
{M}.repeat_interleave(2, dim=1)|{M}.repeat_interleave(t([1, 2]), dim=0)|{M}.repeat_interleave(t([1, 2, 3]), dim=0)
{M}.repeat_interleave(t([1.0, 2.0]), dim=0)|{M}.repeat_interleave(-1)|{M}.repeat_interleave(t([-1, 2]), dim=0)
{M}.repeat_interleave(t([[1, 2]]), dim=0)|torch.repeat_interleave(t([1, 2]))|{M}.repeat_interleave(t(2), dim=1)
torch.repeat_interleave(t([1, 2]), output_size=3)|{M}.repeat_interleave(t([1, 2]), dim=0, output_size=4)
{M}.repeat_interleave([1, 2], dim=0)|{M}.tile(2)|{M}.tile((2, 1, 1))|{M}.tile(-1)|torch.tile({M}, (2, 2))|torch.tile({M}, 2)
{M}.roll(1)|{M}.roll((1, 1), (0, 1))|{M}.roll(1, 5)|{M}.roll((1, 2), 0)|{M}.roll((1, 2))|{M}.roll(())|{M}.roll(1, -1)
torch.roll(t(3.0), 1)|torch.roll(t(3.0), 1, 0)|{M}.flip(0)|{M}.flip((0, 1))|{M}.flip([])|{M}.flip()|{M}.flip(0, 0)|{M}.flip(2)
{M}.fliplr()|t([1]).fliplr()|t(1).flipud()|t(1).flip(0)|{M}.rot90()|{M}.rot90(2)|{M}.rot90(3, [1, 0])|{M}.rot90(1, [0])
{M}.rot90(1, [0, 0])|{M}.rot90(1, [0, 3])|t([1]).rot90()|{M}.rot90(1, (0, -2))|{M}.tensor_split(2)|{M}.tensor_split(2, 1)
{M}.tensor_split([1, 2], 1)|{M}.tensor_split((1,), dim=-1)|{M}.tensor_split(t([1, 2]), 1)|{M}.tensor_split(t(2), 1)
{M}.tensor_split(0)|{M}.tensor_split(t([1.0]))|t(1).tensor_split(2)|{M}.tensor_split(5, 1)|{M}.tensor_split([2, 1], 1)
{M}.tensor_split([-1], 1)|{M}.split_with_sizes([1, 2], 1)|{M}.split_with_sizes([1, 1], 1)|{M}.split_with_sizes([-1, 4], 1)
{M}.hsplit(3)|{M}.hsplit(2)|{M}.vsplit(2)|{M}.vsplit(3)|{M}.dsplit(1)|seq(4).hsplit(2)|seq(4).vsplit(2)|t(1).hsplit(1)
{M}.hsplit([1])|{M}.hsplit(0)|layout({M}.as_strided((2, 2), (1, 2)))|layout({M}.as_strided((2, 2), (1, 2), 1))
{M}.as_strided((2,), (1, 2))|{M}.as_strided((2,), (-1,))|{M}.as_strided((9,), (1,))|{M}.as_strided((-2,), (1,))
{M}.as_strided((2,), (1,), -1)|layout({M}.unfold(1, 2, 1))|{M}.unfold(0, 3, 1)|{M}.unfold(1, 2, 0)|{M}.unfold(1, -1, 1)
{M}.unfold(2, 1, 1)|t(1.0).unfold(0, 1, 1)|t(1.0).unfold(0, 2, 1)|t(1.0).unfold(0, 0, 1)|{M}.unfold(1, 0, 1)|{M}.ravel()
torch.atleast_1d(t(1))|torch.atleast_2d(t([1, 2]))|torch.atleast_3d(t([1, 2]))|torch.atleast_3d({M})|torch.atleast_1d(3)
torch.atleast_1d(t(1), {M})|torch.atleast_1d([t(1), {M}])|{M}.narrow_copy(1, 0, 2)|{M}.narrow_copy(1, 0, 4)
torch.column_stack([seq(2), {M}])|torch.column_stack([])|torch.hstack([t(1), t([1, 2])])|torch.hstack([{M}, {M}])
torch.hstack([])|torch.vstack([seq(3), {M}])|torch.vstack([])|torch.dstack([{M}, {M}])|torch.dstack([])|torch.dstack([seq(2)])
torch.block_diag({M}, t(5), t([1, 2]))|torch.block_diag()|torch.block_diag(torch.zeros(1, 1, 1))|torch.block_diag(3)
torch.cartesian_prod(seq(2), seq(3))|torch.cartesian_prod(seq(2))|torch.cartesian_prod({M})|torch.cartesian_prod()
torch.combinations(seq(3))|torch.combinations(seq(3), 3)|torch.combinations(seq(3), 2, True)|torch.combinations({M})
torch.combinations(seq(3), -1)|torch.combinations(seq(3), 0)|torch.combinations(seq(1), 2)|torch.broadcast_tensors({M}, seq(3))
torch.broadcast_tensors({M}, seq(2))|torch.broadcast_tensors()|torch.broadcast_tensors(3)|torch.broadcast_shapes((2, 1), (3,))
torch.broadcast_shapes((2,), (3,))|torch.broadcast_shapes(2, (1,))|torch.broadcast_shapes((-1,))|torch.broadcast_shapes()
layout({M}.rot90())|layout({M}.t().flip(0))|layout({M}.t().roll(1, 0))|layout({M}.t().tril())|layout({M}.diagonal(1))
layout({M}.clone().t_())|layout({M}.clone().squeeze_())|layout({M}.clone().unsqueeze_(0))|{M}.clone().unsqueeze_(5)
layout({M}.clone().transpose_(0, 1))|x = leaf(2, 3); x.t_()|x = leaf(2, 3); grads((x * 2).t_(), x)
x = leaf(2, 3); grads((x * 2).unsqueeze_(1).mul_(3), x)|layout({M}.clone().as_strided_((2,), (3,)))|{M}.clone().resize_(2, 2)
leaf(2).resize_(1)|{M}.is_same_size({M})|x = {M}; x.is_set_to(x.view(2, 3))|x = {M}; x.is_set_to(x[:1])|{M}.is_nonzero()
t(3).is_nonzero()|t([]).is_nonzero()|{M}.new([1, 2])|{M}.new(2, 3).shape|x = leaf(2, 3); grads(x.as_strided((2, 2), (1, 2)), x)
x = leaf(2, 3); grads(x.t().as_strided((2, 3), (1, 1)), x)|x = leaf(4); grads(x.unfold(0, 2, 1), x)"""
DIAGONALS = f"""{M}.tril()|{M}.triu(1)|t([1, 2]).tril()|t(1).tril()|{M}.bool().tril()|torch.tril_indices(2, 3)
torch.tril_indices(3, 2, -1)|torch.triu_indices(2, 3, 1)|torch.tril_indices(-1, 3)|torch.tril_indices(2, 2, dtype=float32)
torch.tril_indices(2, 2, dtype=int32)|seq(3).diag()|seq(2).diag(1)|{M}.diag()|{M}.diag(1)|{M}.diag(-4)|t(1).diag()
torch.zeros(1, 1, 1).diag()|{M}.diagonal(-5)|{M}.diagonal(dim1=0, dim2=0)|seq(3).diagonal()|seq(2, 3, 4).diagonal(0, 0, 2)
seq(2, 3, 4).diagonal()|seq(2).diag_embed()|seq(2).diag_embed(1)|{M}.diag_embed()|{M}.diag_embed(0, 0, 2)|{M}.diag_embed(0, 0, 0)
{M}.diag_embed(dim1=5)|t(1).diag_embed()|{M}.diagflat()|t(1).diagflat()|{M}.trace()|seq(3).trace()|{M}.int().trace()
{M}.bool().trace()|{M}.half().trace()|torch.zeros(0, 0).trace()|{M}.clone().fill_diagonal_(7)|torch.zeros(3, 3, 3).fill_diagonal_(1)
torch.zeros(3, 3, 2).fill_diagonal_(1)|torch.zeros(3).fill_diagonal_(1)|torch.zeros(7, 3).fill_diagonal_(1, wrap=True)
torch.zeros(7, 3).fill_diagonal_(1)|torch.view_as_real(t([1 + 2j]))|torch.view_as_complex(torch.zeros(3, 2))
torch.view_as_complex(torch.zeros(3, 3))|torch.view_as_complex(torch.zeros(3, 2).int())|torch.view_as_real({M})|t([1 + 2j]).imag
t([1 + 2j]).real|{M}.imag|x = leaf(3, 3); grads(x.tril(), x)|x = leaf(3, 3); grads((x * 1).fill_diagonal_(5), x)"""
INDEX = "torch.ones(2, 2) * 3"
WRITES = "|".join(
    [f"{M}.index_{op}(1, t({i}), {s})" for op in ("add", "copy") for i, s in (
        ("[0, 2]", "torch.ones(2, 2)"), ("[0, 2]", "torch.ones(2, 3)"), ("[0, 5]", "torch.ones(2, 2)"),
        ("[0, -1]", "torch.ones(2, 2)"), ("[0.0, 1.0]", "torch.ones(2, 2)"), ("[[0, 2]]", "torch.ones(2, 2)"),
        ("[0, 2]", "torch.ones(2, 2).double()"), ("[0, 2]", "torch.ones(1, 2)"), ("[0, 2]", "t(1.0)"))]
    + [f"{M}.{name}(1, t({i}), {INDEX}, '{r}', include_self={own})" for r in ("sum", "prod", "mean", "amax", "amin", "x")
       for own in (True, False) for name, i in (("index_reduce", "[0, 0]"), ("scatter_reduce", "[[0, 0], [1, 1]]"))]
)  # fmt: skip
WRITES += f"""|{M}.index_add(1, t([0, 2]), torch.ones(2, 2), alpha=2)|t(1.0).index_add(0, t([0]), torch.ones(1))
t(1.0).index_add(0, t(0), t(2.0))|{M}.index_fill(1, t([0, 2]), 9)|{M}.index_fill(1, t([0, 2]), t(9.0))
{M}.index_fill(1, t([0, 2]), t([9.0]))|{M}.index_fill(1, t([0, 5]), 9)|{M}.index_fill(1, t([0, -1]), 9)
{M}.index_fill(1, t([0, 1.0]), 9)|{M}.index_fill(1, t([[0, 1]]), 9)|{M}.index_fill(3, t([0, 1]), 9)|{M}.index_fill(0, t(1), 9)
{M}.int().index_fill(0, t(1), 9.5)|{M}.index_fill(0, t(1), 1j)|{M}.index_put((t([0, 1]), t([1, 2])), t(5.0))
{M}.index_put((t([0, 1]),), t(5.0))|{M}.index_put((t([0, 0]), t([1, 1])), t([5.0, 6.0]), accumulate=True)
{M}.index_put((None, t([0, 0])), t(5.0))|{M}.index_put((t([0, 1]), t([1, 2])), 5.0)
{M}.index_put((t([0, 1]), t([1, 2])), t([5.0, 6.0, 7.0]))|{M}.index_put((t([0, 4]),), t(5.0))|{M}.index_put(({M} > 3,), t(5.0))
{M}.index_put((t([0, 1]),), t(5))|{M}.index_select(1, t([0, 2, 0]))|{M}.index_select(1, t([0.0]))|{M}.index_select(1, t(1))
{M}.index_select(1, t([0, 5]))|{M}.index_select(1, t([[0]]))|{M}.take(t([0, 5]))|{M}.take(t([[0, -1]]))|{M}.take(t([6]))
{M}.take(t([0.0]))|{M}.take(t([0]).int())|torch.zeros(0).take(t([0]))|{M}.take_along_dim(t([[0], [2]]), 1)
{M}.take_along_dim(t([0, 5]))|{M}.take_along_dim(t([0, 6]))|{M}.take_along_dim(t([0, 1]), 1)|{M}.take_along_dim(t([[0, 1]]), 1)
{M}.take_along_dim(t([[0.0]]), 1)|{M}.take_along_dim(t([[-1]]), 1)|{M}.put(t([0, 5]), t([8.0, 9.0]))
{M}.put(t([0, -1]), t([8.0, 9.0]))|{M}.put(t([0, 0]), t([8.0, 9.0]), True)|{M}.put(t([0, 0]), t([8.0]))|{M}.put(t([6]), t([8.0]))
{M}.put(t([0]), t([8]))|{M}.put(t([0.0]), t([8.0]))|{M}.scatter_reduce(1, t([[0, 0], [1, 5]]), {INDEX}, 'sum')
{M}.scatter_reduce(1, t([0, 0]), {INDEX}, 'sum')|{M}.scatter_reduce(1, t([[0, 0], [1, 1]]), torch.ones(1, 2), 'sum')
{M}.int().scatter_reduce(1, t([[0, 0]]), torch.ones(1, 2).int() * 3, 'mean')|{M}.scatter(1, t([[0]]), t([[5.0]]), reduce='add')
{M}.scatter(1, t([[0]]), t([[5.0]]), reduce='multiply')|{M}.scatter(1, t([[0]]), 5, reduce='multiply')
{M}.scatter(1, t([[0]]), 5, reduce='mean')|{M}.scatter(1, t([[0]]), value=5)|{M}.scatter(dim=1, index=t([[0]]), src=t([[5.0]]))
{M}.scatter(1, t([[0]]), t([[5]]))|{M}.scatter(1, t([[3]]), 5)|{M}.scatter(1, t([[-1]]), 5)|{M}.scatter_add(1, t([[0, 0]]), t([[5.0, 1.0]]))
{M}.masked_scatter({M} > 3, t([8.0, 9.0, 10.0]))|{M}.masked_scatter({M} > 3, t([8.0]))|{M}.masked_scatter({M} > 3, t([8, 9]))
{M}.masked_scatter({M}, t([8.0, 9.0]))|{M}.masked_scatter(t([True, False, True]), seq(6))
seq(3).masked_scatter({M} > 3, seq(6))|{M}.select_scatter(t([9.0, 9.0]), 1, 0)|{M}.select_scatter(t([9.0, 9.0, 9.0]), 1, 0)
{M}.select_scatter(t([9.0, 9.0]), 1, 5)|{M}.slice_scatter(torch.ones(2, 2), 1, 1)|{M}.slice_scatter(torch.ones(2, 2), 1, 0, 3, 2)
{M}.slice_scatter(torch.ones(2, 1), 1, 1)|{M}.slice_scatter(torch.ones(2, 2), 1, 0, 3, 0)|{M}.diagonal_scatter(t([8.0, 9.0]))
{M}.diagonal_scatter(t([8.0, 9.0]), 1)|{M}.diagonal_scatter(t([8.0]), 1)|{M}.as_strided_scatter(t([8.0, 9.0]), (2,), (2,))
{M}.argwhere()|t(3).argwhere()|t(0).argwhere()|t(3).nonzero()|{M}.gather(1, t([[0, 2], [1, 1]]))|{M}.gather(1, t([[0, 3]]))
{M}.gather(1, t([0]))|{M}.gather(1, t([[0.0]]))|{M}.gather(0, t([[0, 1, 0, 1]]))|t(5.0).gather(0, t(0))"""


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from line.split("|")


SUBJECTS = {
    "layouts": lambda: _lines(SHAPES),
    "diagonals": lambda: _lines(DIAGONALS),
    "index_writes": lambda: _lines(WRITES),
}

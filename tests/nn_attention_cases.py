"""Attention and the Transformer, as text for torch and minitorch: see `nn_calls`."""

from __future__ import annotations

from tests.nn_calls import parse

CASES = parse("""
nn.MultiheadAttention(4, 2) => m(x(3, 2, 4), x(5, 2, 4), x(5, 2, 4))
nn.MultiheadAttention(4, 2, bias=False, batch_first=True) => (lambda a: m(a, a, a, need_weights=False))(x(2, 3, 4))
nn.MultiheadAttention(4, 2, dropout=0.5) => (lambda a: m(a, a, a, average_attn_weights=False))(x(3, 2, 4))
nn.MultiheadAttention(4, 2, 0.3) => (lambda a: m(a, a, a, need_weights=False))(x(3, 2, 4))
nn.MultiheadAttention(4, 2, kdim=3, vdim=5) => m(x(3, 2, 4), x(6, 2, 3), x(6, 2, 5))
nn.MultiheadAttention(4, 1, add_bias_kv=True, add_zero_attn=True) => m(x(3, 4), x(2, 4), x(2, 4))
nn.MultiheadAttention(4, 2) => m(x(3, 4), x(2, 4), x(2, 4), torch.tensor([False, True]))
nn.MultiheadAttention(4, 2) => m(x(3, 1, 4), x(2, 1, 4), x(2, 1, 4), attn_mask=torch.tensor([[0, 1]] * 3).bool())
nn.MultiheadAttention(4, 2, add_bias_kv=True, batch_first=True) => m(x(2, 3, 4), x(2, 2, 4), x(2, 2, 4), \
torch.tensor([[False, True], [False, False]]), attn_mask=u(4, 3, 2), need_weights=False)
nn.TransformerEncoderLayer(4, 2, 8) => m(x(3, 2, 4))
nn.TransformerEncoderLayer(4, 2, 8, 0.0, 'gelu', batch_first=True, norm_first=True, bias=False) => m(x(2, 3, 4))
nn.TransformerEncoderLayer(4, 2, 8) => m(x(3, 4), nn.Transformer.generate_square_subsequent_mask(3).double())
nn.TransformerDecoderLayer(4, 2, 8) => m(x(3, 2, 4), x(5, 2, 4))
nn.TransformerDecoderLayer(4, 2, 8, norm_first=True, batch_first=True) => m(x(2, 3, 4), x(2, 5, 4), \
tgt_mask=nn.Transformer.generate_square_subsequent_mask(3).double(), tgt_is_causal=True)
nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2, nn.LayerNorm(4)) => m(x(3, 2, 4))
nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0), 2) => m(x(3, 2, 4), \
src_key_padding_mask=torch.tensor([[False, False, True], [False, False, False]]))
nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2) => m(x(3, 2, 4), x(5, 2, 4))
nn.Transformer(4, 2, 1, 2, 8) => m(x(3, 2, 4), x(5, 2, 4))
nn.Transformer(4, 2, 1, 1, 8, batch_first=True, norm_first=True, activation='gelu') => m(x(2, 3, 4), x(2, 5, 4), \
tgt_mask=nn.Transformer.generate_square_subsequent_mask(5).double())
F => F.scaled_dot_product_attention(x(2, 3, 4), x(2, 5, 4), x(2, 5, 3))
F => F.scaled_dot_product_attention(x(2, 2, 3, 4), x(2, 2, 3, 4), x(2, 2, 3, 4), is_causal=True, scale=0.7)
F => F.scaled_dot_product_attention(x(1, 4, 3, 4), x(1, 2, 3, 4), x(1, 2, 3, 4), enable_gqa=True, dropout_p=0.4)
F => F.scaled_dot_product_attention(x(3, 4), x(2, 4), x(2, 4), torch.tensor([[1, 0], [0, 0], [1, 1]]).bool())
F => F.scaled_dot_product_attention(x(2, 3, 4), x(2, 2, 4), x(2, 2, 4), u(3, 2))
""")

SNIPPETS = {
    "wrong arguments": """
fails(lambda: nn.MultiheadAttention(0, 1))
fails(lambda: nn.MultiheadAttention(4, 3))
fails(lambda: nn.TransformerEncoderLayer(4, 2, 8, activation='elu'))
""",
    "wrong inputs": """
m = nn.MultiheadAttention(4, 2)
x = torch.zeros(3, 2, 4)
fails(lambda: m(x[0, 0], x, x))
fails(lambda: m(x, x[0], x))
fails(lambda: m(torch.zeros(3, 2, 6), x, x))
fails(lambda: m(x, x, torch.zeros(4, 2, 4)))
fails(lambda: m(x, x, x, torch.zeros(3)))
fails(lambda: m(x, x, x, torch.zeros(2, 4)))
fails(lambda: m(x, x, x, torch.zeros(2, 3).long()))
fails(lambda: m(x, x, x, attn_mask=torch.zeros(3, 4)))
fails(lambda: m(x, x, x, attn_mask=torch.zeros(2, 3, 3)))
fails(lambda: m(x, x, x, attn_mask=torch.zeros(3)))
fails(lambda: m(x, x, x, is_causal=True))
t = nn.Transformer(4, 2, 1, 1, 8)
fails(lambda: t(x, torch.zeros(3, 3, 4)))
fails(lambda: t(x, torch.zeros(3, 2, 6)))
show(nn.Transformer.generate_square_subsequent_mask(3))
""",
}

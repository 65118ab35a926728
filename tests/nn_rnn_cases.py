"""Recurrent layers, cells and packed sequences, as text for torch and minitorch: see `nn_calls`."""

from __future__ import annotations

from tests.nn_calls import parse

CASES = parse("""
nn.RNN(3, 4) => m(x(5, 2, 3))
nn.RNN(3, 4, 2, 'relu') => m(x(5, 2, 3), x(2, 2, 4))
nn.RNN(3, 4, 1, nonlinearity='relu', bias=False, batch_first=True) => m(x(2, 5, 3))
nn.RNN(3, 4, num_layers=2, bidirectional=True) => m(x(5, 3))
nn.RNN(3, 4, num_layers=2, bidirectional=True) => m(x(5, 3), x(4, 4))
nn.LSTM(3, 4) => m(x(5, 2, 3))
nn.LSTM(3, 4, 2, batch_first=True) => m(x(2, 5, 3), (x(2, 2, 4), x(2, 2, 4)))
nn.LSTM(3, 4, 2, bias=False, bidirectional=True) => m(x(5, 2, 3))
nn.LSTM(3, 4, 3, dropout=0.5) => m(x(5, 2, 3))
nn.LSTM(3, 4, 2, proj_size=2, bidirectional=True) => m(x(5, 2, 3), (x(4, 2, 2), x(4, 2, 4)))
nn.LSTM(3, 4, bias=False, proj_size=2) => m(x(5, 3))
nn.LSTM(3, 4) => m(x(5, 2, 3))[1]
nn.LSTM(3, 4, bidirectional=True) => m(rnn.pack_padded_sequence(x(5, 3, 3), [5, 3, 1]))
nn.LSTM(3, 4, 2) => m(rnn.pack_padded_sequence(x(3, 5, 3), [2, 5, 3], True, False), (x(2, 3, 4), x(2, 3, 4)))
nn.GRU(3, 4) => m(x(5, 2, 3))
nn.GRU(3, 4, 2, dropout=0.3, bidirectional=True, batch_first=True) => m(x(2, 5, 3), x(4, 2, 4))
nn.GRU(3, 4, bias=False) => m(x(5, 3), x(1, 4))
nn.GRU(3, 4, bidirectional=True) => m(rnn.pack_padded_sequence(x(5, 3, 3), [5, 3, 1]), x(2, 3, 4))
nn.RNNCell(3, 4) => m(x(2, 3), x(2, 4))
nn.RNNCell(3, 4, nonlinearity='relu') => m(x(2, 3))
nn.RNNCell(3, 4, bias=False) => m(x(3), x(4))
nn.LSTMCell(3, 4) => m(x(2, 3), (x(2, 4), x(2, 4)))
nn.LSTMCell(3, 4, False) => m(x(3))
nn.GRUCell(3, 4) => m(x(2, 3), x(2, 4))
nn.GRUCell(3, 4, bias=False) => m(x(3))
F => rnn.pad_sequence([x(3, 2), x(1, 2), x(2, 2)])
F => rnn.pad_sequence([x(3, 2), x(1, 2)], True, -1.5)
F => rnn.pad_sequence([x(3), x(1)], batch_first=True, padding_side='left')
F => rnn.pack_padded_sequence(x(4, 3, 2), torch.tensor([4, 2, 1]))
F => rnn.pack_padded_sequence(x(3, 4, 2), [1, 4, 2], batch_first=True, enforce_sorted=False)
F => rnn.pack_sequence([x(3, 2), x(2, 2), x(1, 2)])
F => rnn.pad_packed_sequence(rnn.pack_sequence([x(1, 2), x(3, 2)], enforce_sorted=False), True, 0.5, 5)
F => rnn.unpad_sequence(x(4, 3, 2) * 1, torch.tensor([4, 2, 1]))
F => rnn.unpack_sequence(rnn.pack_sequence([x(1, 2), x(3, 2)], enforce_sorted=False))
F => torch.lstm_cell(x(2, 3), (x(2, 2), x(2, 2)), x(8, 3), x(8, 2))
F => torch.gru_cell(x(2, 3), x(2, 2), x(6, 3), x(6, 2), x(6), x(6))
F => torch.rnn_tanh_cell(x(2, 3), x(2, 2), x(2, 3), x(2, 2))
""")

SNIPPETS = {
    "wrong arguments": """
for kwargs in [dict(dropout=2), dict(dropout=True), dict(bias=1), dict(batch_first=None), dict(proj_size=4),
               dict(proj_size=-1), dict(num_layers=0), dict(nonlinearity='elu')]:
    fails(lambda: nn.LSTM(3, 4, **kwargs))
    fails(lambda: nn.RNN(3, 4, **kwargs))
fails(lambda: nn.LSTM(3.0, 4))
fails(lambda: nn.LSTM(3, '4'))
fails(lambda: nn.LSTM(0, 4))
fails(lambda: nn.GRU(3, -1))
fails(lambda: nn.GRU(3, 4, proj_size=2))
""",
    "wrong inputs": """
for name in ('RNN', 'LSTM', 'GRU'):
    m = getattr(nn, name)(3, 4)
    pair = lambda *s: (torch.zeros(s), torch.zeros(s)) if name == 'LSTM' else torch.zeros(s)
    fails(lambda: m(torch.zeros(3)))
    fails(lambda: m(torch.zeros(5, 2, 4)))
    fails(lambda: m(torch.zeros(5, 2, 3).double()))
    fails(lambda: m(torch.zeros(5, 2, 3), pair(1, 4)))
    fails(lambda: m(torch.zeros(5, 3), pair(1, 2, 4)))
    fails(lambda: m(torch.zeros(5, 2, 3), pair(1, 3, 4)))
    fails(lambda: m(torch.zeros(5, 2, 3), pair(2, 2, 4)))
    fails(lambda: m(torch.zeros(0, 2, 3)))
""",
    "wrong inputs of cells": """
for name in ('RNNCell', 'LSTMCell', 'GRUCell'):
    m = getattr(nn, name)(3, 4)
    pair = lambda *s: (torch.zeros(s), torch.zeros(s)) if name == 'LSTMCell' else torch.zeros(s)
    fails(lambda: m(torch.zeros(1, 2, 3)))
    fails(lambda: m(torch.zeros(2, 3), pair(1, 2, 4)))
    fails(lambda: m(torch.zeros(2, 4)))
    fails(lambda: m(torch.zeros(2, 3), pair(3, 4)))
    fails(lambda: m(torch.zeros(2, 3), pair(2, 5)))
fails(lambda: nn.RNNCell(3, 4, nonlinearity='elu')(torch.zeros(2, 3)))
""",
    "packed sequences": """
from_lengths = torch.nn.utils.rnn.pack_padded_sequence
x = torch.arange(12.0).reshape(4, 3)
fails(lambda: from_lengths(x, [1, 2, 3]))
fails(lambda: from_lengths(x, [3, 2]))
fails(lambda: from_lengths(x, [3, 2, 0]))
packed = from_lengths(x, [4, 2, 1])
show(packed)
show(from_lengths(x, [1, 2, 4], enforce_sorted=False))
fails(lambda: torch.nn.utils.rnn.pad_packed_sequence(packed, total_length=3))
show(torch.nn.utils.rnn.pad_packed_sequence(packed, total_length=5))
show(packed.double().data.dtype, packed.is_cuda, packed.to(torch.float64).batch_sizes)
fails(lambda: torch.nn.utils.rnn.pad_sequence([torch.zeros(1)], padding_side='top'))
fails(lambda: torch.nn.utils.rnn.pad_sequence(3))
show(torch.nn.utils.rnn.invert_permutation(torch.tensor([1, 2, 0])), torch.nn.utils.rnn.invert_permutation(None))
""",
    "weights": """
m = nn.LSTM(2, 1, 2, bidirectional=True)
show([[tuple(w.shape) for w in ws] for ws in m.all_weights])
m.flatten_parameters()
m.weight_ih_l0 = nn.Parameter(torch.zeros(4, 2))
show(m.all_weights[0][0].sum().item())
m.load_state_dict(nn.LSTM(2, 1, 2, bidirectional=True).state_dict())
show(m.mode, m.num_layers, m.dropout, m.proj_size, nn.RNN(2, 1).nonlinearity)
""",
}

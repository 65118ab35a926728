"""The recurrent language model of torch's examples: tied weights, hidden state carried over, clipped gradients."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class RNNModel(nn.Module):
    def __init__(self, rnn_type, ntoken, ninp, nhid, nlayers, dropout=0.5, tie_weights=False):
        super().__init__()
        self.ntoken = ntoken
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, ninp)
        if rnn_type in ["LSTM", "GRU"]:
            self.rnn = getattr(nn, rnn_type)(ninp, nhid, nlayers, dropout=dropout)
        else:
            self.rnn = nn.RNN(ninp, nhid, nlayers, nonlinearity="relu", dropout=dropout)
        self.decoder = nn.Linear(nhid, ntoken)
        if tie_weights:
            if nhid != ninp:
                raise ValueError("When using the tied flag, nhid must be equal to emsize")
            self.decoder.weight = self.encoder.weight
        self.init_weights()
        self.rnn_type, self.nhid, self.nlayers = rnn_type, nhid, nlayers

    def init_weights(self):
        initrange = 0.5
        nn.init.uniform_(self.encoder.weight, -initrange, initrange)
        nn.init.zeros_(self.decoder.bias)
        nn.init.uniform_(self.decoder.weight, -initrange, initrange)

    def forward(self, input, hidden):
        emb = self.drop(self.encoder(input))
        output, hidden = self.rnn(emb, hidden)
        output = self.drop(output)
        decoded = self.decoder(output)
        decoded = decoded.view(-1, self.ntoken)
        return F.log_softmax(decoded, dim=1), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        if self.rnn_type == "LSTM":
            return (weight.new_zeros(self.nlayers, bsz, self.nhid), weight.new_zeros(self.nlayers, bsz, self.nhid))
        return weight.new_zeros(self.nlayers, bsz, self.nhid)


def repackage_hidden(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(repackage_hidden(v) for v in h)


class All(nn.Module):
    def __init__(self):
        super().__init__()
        self.models = nn.ModuleList([RNNModel("LSTM", 20, 10, 10, 2, 0.2, True), RNNModel("GRU", 20, 6, 10, 1, 0.0),
                                     RNNModel("RNN_RELU", 20, 6, 7, 2, 0.1)])

    def forward(self, data):
        outs = []
        for m in self.models:
            hidden = m.init_hidden(data.size(1))
            _, hidden = m(data[:3], hidden)
            outs.append(m(data[3:], repackage_hidden(hidden))[0])
        return torch.stack(outs)


def batch():
    source = torch.randint(20, (46,))
    nbatch = source.size(0) // 5
    data = source.narrow(0, 0, nbatch * 5).view(5, -1).t().contiguous()
    return data[:-1], data[4:].reshape(-1)


def model():
    return All()


def loss(net, data, targets):
    return sum(nn.NLLLoss()(output, targets) for output in net(data))


def optimizer(net):
    return torch.optim.SGD(net.parameters(), lr=1.0)


def step_end(net):
    torch.nn.utils.clip_grad_norm_(net.parameters(), 0.25)

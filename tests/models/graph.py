"""Graph convolutions and attention over edge lists: index_add, scatter, segment softmax, degree normalisation."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parameter import Parameter


class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features, bias=True):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(torch.FloatTensor(in_features, out_features))
        if bias:
            self.bias = Parameter(torch.FloatTensor(out_features))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self):
        stdv = 1.0 / math.sqrt(self.weight.size(1))
        self.weight.data.uniform_(-stdv, stdv)
        if self.bias is not None:
            self.bias.data.uniform_(-stdv, stdv)

    def forward(self, input, edges, norm):
        support = torch.mm(input, self.weight)
        src, dst = edges
        output = torch.zeros_like(support).index_add(0, dst, support[src] * norm.unsqueeze(-1))
        return output + self.bias if self.bias is not None else output

    def __repr__(self):
        return self.__class__.__name__ + " (" + str(self.in_features) + " -> " + str(self.out_features) + ")"


class EdgeAttention(nn.Module):
    def __init__(self, in_features, out_features, heads):
        super().__init__()
        self.heads, self.out = heads, out_features
        self.W = nn.Linear(in_features, heads * out_features, bias=False)
        self.a = nn.Parameter(torch.empty(size=(heads, 2 * out_features)))
        nn.init.xavier_normal_(self.a.data, gain=1.414)

    def forward(self, x, edges):
        h = self.W(x).view(-1, self.heads, self.out)
        src, dst = edges.unbind(0)
        e = torch.einsum("ehd,hd->eh", torch.cat([h[src], h[dst]], dim=-1), self.a)
        e = F.leaky_relu(e, negative_slope=0.2)
        top = torch.full((x.size(0), self.heads), float("-inf")).scatter_reduce(
            0, dst.unsqueeze(-1).expand_as(e), e.detach(), reduce="amax", include_self=True)
        weights = (e - top[dst]).exp()
        total = torch.zeros(x.size(0), self.heads).scatter_add_(0, dst.unsqueeze(1).repeat(1, self.heads), weights)
        alpha = weights / (total[dst] + 1e-16)
        out = h.new_zeros(h.shape)
        out.index_add_(0, dst, h[src] * alpha.unsqueeze(-1))
        return F.elu(out.flatten(1))


class GCN(nn.Module):
    def __init__(self, nfeat, nhid, nclass, dropout):
        super().__init__()
        self.gc1 = GraphConvolution(nfeat, nhid)
        self.attention = EdgeAttention(nhid, 4, 3)
        self.gc2 = GraphConvolution(12, nclass)
        self.dropout = dropout

    def forward(self, x, edges):
        loops = torch.arange(x.size(0)).expand(2, -1)
        edges = torch.cat([edges, loops], dim=1)
        deg = torch.bincount(edges[1], minlength=x.size(0)).to(x.dtype)
        norm = deg.pow(-0.5)
        norm = norm[edges[0]] * norm[edges[1]]
        x = F.relu(self.gc1(x, edges, norm))
        x = F.dropout(x, self.dropout, training=self.training)
        x = self.attention(x, edges)
        return F.log_softmax(self.gc2(x, edges, norm), dim=1)


def model():
    return GCN(10, 8, 4, 0.5)


def batch():
    return torch.rand(14, 10), torch.randint(0, 14, (2, 40)), torch.randint(0, 4, (14,))


def loss(net, x, edges, labels):
    idx_train = torch.LongTensor(range(9))
    return F.nll_loss(net(x, edges)[idx_train], labels[idx_train])


def optimizer(net):
    return torch.optim.Adam(net.parameters(), lr=0.01, weight_decay=5e-4)


def evaluate(net, x, edges, labels):
    output = net(x, edges)
    preds = output.max(1)[1].type_as(labels)
    correct = preds.eq(labels).double().sum()
    return output, correct / len(labels)

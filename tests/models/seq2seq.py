"""A translation transformer as in torch's tutorial: nn.Transformer, sinusoidal positions, padding and causal masks."""

import math

import torch
import torch.nn as nn
from torch import Tensor
from torch.nn import Transformer

PAD_IDX, SRC, TGT = 1, 15, 17


class PositionalEncoding(nn.Module):
    def __init__(self, emb_size: int, dropout: float, maxlen: int = 50):
        super().__init__()
        den = torch.exp(-torch.arange(0, emb_size, 2) * math.log(10000) / emb_size)
        pos = torch.arange(0, maxlen).reshape(maxlen, 1)
        pos_embedding = torch.zeros((maxlen, emb_size))
        pos_embedding[:, 0::2] = torch.sin(pos * den)
        pos_embedding[:, 1::2] = torch.cos(pos * den)
        pos_embedding = pos_embedding.unsqueeze(-2)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("pos_embedding", pos_embedding)

    def forward(self, token_embedding: Tensor):
        return self.dropout(token_embedding + self.pos_embedding[:token_embedding.size(0), :])


class TokenEmbedding(nn.Module):
    def __init__(self, vocab_size: int, emb_size):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, emb_size, padding_idx=PAD_IDX)
        self.emb_size = emb_size

    def forward(self, tokens: Tensor):
        return self.embedding(tokens.long()) * math.sqrt(self.emb_size)


class Seq2SeqTransformer(nn.Module):
    def __init__(self, layers=2, emb_size=16, nhead=4, dim_feedforward=24, dropout=0.1):
        super().__init__()
        self.transformer = Transformer(d_model=emb_size, nhead=nhead, num_encoder_layers=layers,
                                       num_decoder_layers=layers, dim_feedforward=dim_feedforward, dropout=dropout)
        self.generator = nn.Linear(emb_size, TGT)
        self.src_tok_emb = TokenEmbedding(SRC, emb_size)
        self.tgt_tok_emb = TokenEmbedding(TGT, emb_size)
        self.positional_encoding = PositionalEncoding(emb_size, dropout=dropout)

    def forward(self, src, trg, src_mask, tgt_mask, src_padding_mask, tgt_padding_mask, memory_key_padding_mask):
        src_emb = self.positional_encoding(self.src_tok_emb(src))
        tgt_emb = self.positional_encoding(self.tgt_tok_emb(trg))
        outs = self.transformer(src_emb, tgt_emb, src_mask, tgt_mask, None, src_padding_mask, tgt_padding_mask,
                                memory_key_padding_mask)
        return self.generator(outs)

    def encode(self, src: Tensor, src_mask: Tensor):
        return self.transformer.encoder(self.positional_encoding(self.src_tok_emb(src)), src_mask)

    def decode(self, tgt: Tensor, memory: Tensor, tgt_mask: Tensor):
        return self.transformer.decoder(self.positional_encoding(self.tgt_tok_emb(tgt)), memory, tgt_mask)


def generate_square_subsequent_mask(sz):
    mask = (torch.triu(torch.ones((sz, sz))) == 1).transpose(0, 1)
    return mask.float().masked_fill(mask == 0, float("-inf")).masked_fill(mask == 1, float(0.0))


def create_mask(src, tgt):
    src_seq_len, tgt_seq_len = src.shape[0], tgt.shape[0]
    tgt_mask = generate_square_subsequent_mask(tgt_seq_len).type(torch.bool) | False
    tgt_mask = torch.triu(torch.ones(tgt_seq_len, tgt_seq_len, dtype=torch.bool), diagonal=1)
    src_mask = torch.zeros((src_seq_len, src_seq_len)).type(torch.bool)
    return src_mask, tgt_mask, (src == PAD_IDX).transpose(0, 1), (tgt == PAD_IDX).transpose(0, 1)


def model():
    net = Seq2SeqTransformer()
    for p in net.parameters():
        if p.dim() > 1:
            nn.init.xavier_uniform_(p)
    return net


def batch():
    rows = [torch.randint(2, SRC, (n,)) for n in (7, 5, 6)]
    src = nn.utils.rnn.pad_sequence(rows, padding_value=PAD_IDX)
    tgt = nn.utils.rnn.pad_sequence([torch.randint(2, TGT, (n,)) for n in (6, 8, 4)], padding_value=PAD_IDX)
    return src, tgt


def logits_of(net, src, tgt):
    tgt_input = tgt[:-1, :]
    src_mask, tgt_mask, src_pad, tgt_pad = create_mask(src, tgt_input)
    return net(src, tgt_input, src_mask, tgt_mask, src_pad, tgt_pad, src_pad)


def loss(net, src, tgt):
    logits = logits_of(net, src, tgt)
    return nn.CrossEntropyLoss(ignore_index=PAD_IDX)(logits.reshape(-1, logits.shape[-1]), tgt[1:, :].reshape(-1))


def optimizer(net):
    return torch.optim.Adam(net.parameters(), lr=0.001, betas=(0.9, 0.98), eps=1e-5)


def evaluate(net, src, tgt):
    memory = net.encode(src, torch.zeros(src.shape[0], src.shape[0]).bool())
    ys = torch.ones(1, src.shape[1]).fill_(2).type(torch.long)
    for _ in range(4):
        tgt_mask = generate_square_subsequent_mask(ys.size(0)).type(torch.bool).logical_not()
        tgt_mask = Transformer.generate_square_subsequent_mask(ys.size(0))
        out = net.decode(ys, memory, tgt_mask).transpose(0, 1)
        prob = net.generator(out[:, -1])
        _, next_word = torch.max(prob, dim=1)
        ys = torch.cat([ys, next_word.unsqueeze(0)], dim=0)
    return logits_of(net, src, tgt), prob, ys

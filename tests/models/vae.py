"""A variational autoencoder: reparametrisation, convolutional encoder, KL divergence."""

import torch
from torch import nn
from torch.nn import functional as F


class VAE(nn.Module):
    def __init__(self, latent_dim=5, hidden_dims=None):
        super().__init__()
        if hidden_dims is None:
            hidden_dims = [4, 8]
        modules, in_channels = [], 1
        for h_dim in hidden_dims:
            modules.append(nn.Sequential(
                nn.Conv2d(in_channels, out_channels=h_dim, kernel_size=3, stride=2, padding=1),
                nn.InstanceNorm2d(h_dim, affine=True), nn.LeakyReLU()))
            in_channels = h_dim
        self.encoder = nn.Sequential(*modules)
        self.fc_mu = nn.Linear(hidden_dims[-1] * 9, latent_dim)
        self.fc_var = nn.Linear(hidden_dims[-1] * 9, latent_dim)
        self.decoder_input = nn.Linear(latent_dim, hidden_dims[-1] * 9)
        self.unflatten = nn.Unflatten(1, (hidden_dims[-1], 3, 3))
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(8, 4, kernel_size=3, stride=2, padding=1, output_padding=1), nn.ELU(inplace=True),
            nn.ConvTranspose2d(4, 1, 3, 2, 1, 1), nn.Sigmoid())

    def encode(self, input):
        result = torch.flatten(self.encoder(input), start_dim=1)
        return [self.fc_mu(result), self.fc_var(result)]

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return eps.mul(std).add_(mu)

    def forward(self, input, **kwargs):
        mu, log_var = self.encode(input)
        z = self.reparameterize(mu, log_var) if self.training else mu
        return [self.decoder(self.unflatten(self.decoder_input(z))), input, mu, log_var]


def model():
    return VAE()


def batch():
    return (torch.rand(6, 1, 12, 12),)


def loss(net, x):
    recons, target, mu, logvar = net(x)
    bce = F.binary_cross_entropy(recons, target, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return (bce + kld) / len(x)


def optimizer(net):
    return torch.optim.NAdam(net.parameters(), lr=0.002, eps=1e-5)

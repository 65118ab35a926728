"""DCGAN as in torch's examples: transposed convolutions, weights_init by class name, two optimizers."""

import torch
import torch.nn as nn

nz, ngf, ndf, nc = 12, 4, 4, 3


def weights_init(m):
    classname = m.__class__.__name__
    if classname.find("Conv") != -1:
        torch.nn.init.normal_(m.weight, 0.0, 0.1)
    elif classname.find("BatchNorm") != -1:
        torch.nn.init.normal_(m.weight, 1.0, 0.02)
        torch.nn.init.zeros_(m.bias)


class Generator(nn.Module):
    def __init__(self):
        super(Generator, self).__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 4, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 4),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, input):
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self):
        super(Discriminator, self).__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, input):
        return self.main(input).view(-1, 1).squeeze(1)


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.netG, self.netD = Generator(), Discriminator()
        self.apply(weights_init)

    def forward(self, noise):
        return self.netD(self.netG(noise))


def model():
    return Pair()


def batch():
    return torch.rand(6, nc, 16, 16) * 2 - 1, torch.randn(6, nz, 1, 1)


def loss(net, real, noise):
    criterion = nn.BCELoss()
    label = torch.full((real.size(0),), 1, dtype=real.dtype, device=real.device)
    errD_real = criterion(net.netD(real), label)
    fake = net.netG(noise)
    errD_fake = criterion(net.netD(fake.detach()), label.clone().fill_(0))
    return errD_real + errD_fake + criterion(net.netD(fake), torch.ones_like(label))


def optimizer(net):
    return torch.optim.Adam(net.parameters(), lr=0.002, betas=(0.5, 0.999))


def evaluate(net, real, noise):
    return net(noise), net.netG(noise)

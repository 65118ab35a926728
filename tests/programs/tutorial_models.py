"""The models of a torch.nn tutorial, written for torch: the recorder runs them as they are, the test with minitorch."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class SimpleCNN(nn.Module):
    """One convolution and two linear layers on 32x32 RGB images."""

    def __init__(self):
        super(SimpleCNN, self).__init__()  # noqa: UP008 (tutorials write it so)
        self.conv1 = nn.Conv2d(in_channels=3, out_channels=32, kernel_size=3, stride=1, padding=1)
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.fc1 = nn.Linear(32 * 16 * 16, 16)
        self.fc2 = nn.Linear(16, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = x.view(-1, 32 * 16 * 16)
        x = F.relu(self.fc1(x))
        return self.fc2(x)


class TwoStages(nn.Module):
    """Two Sequential stages, then a classifier."""

    def __init__(self):
        super().__init__()
        self.layer1 = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2))
        self.layer2 = nn.Sequential(nn.Conv2d(6, 12, 5), nn.BatchNorm2d(12), nn.ReLU(inplace=True), nn.AvgPool2d(2))
        self.fc = nn.Linear(12 * 5 * 5, 10)

    def forward(self, x):
        out = self.layer2(self.layer1(x))
        out = out.reshape(out.size(0), -1)
        return self.fc(out)


class Affine(nn.Module):
    """A custom layer with its own parameters and a buffer."""

    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features, features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.register_buffer("scale", torch.full((features,), 0.5))

    def forward(self, x):
        return torch.matmul(x, self.weight.t()) * self.scale + self.bias


class Custom(nn.Module):
    """Custom layers in a ModuleList."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Affine(6), Affine(6)])

    def forward(self, x):
        for layer in self.layers:
            x = torch.tanh(layer(x)) + x
        return F.softmax(x, dim=-1)


class DepthwiseSeparable(nn.Module):
    """A convolution of each channel by itself, then one over channels."""

    def __init__(self):
        super().__init__()
        self.depthwise = nn.Conv2d(32, 32, kernel_size=3, padding=1, groups=32)
        self.pointwise = nn.Conv2d(32, 64, kernel_size=1)

    def forward(self, x):
        return self.pointwise(F.relu(self.depthwise(x)))


class UnfoldFold(nn.Module):
    """Patches out of an image, each scaled, and back again."""

    def __init__(self):
        super().__init__()
        self.unfold = nn.Unfold(kernel_size=3, stride=2, padding=1)
        self.fold = nn.Fold(output_size=(8, 10), kernel_size=3, stride=2, padding=1)
        self.weight = nn.Parameter(torch.rand(27, 1))

    def forward(self, x):
        return self.fold(self.unfold(x) * self.weight)


def same_padding():
    """Layers whose padding torch works out."""
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding="same"),
        nn.Conv2d(4, 4, 4, padding="same"),
        nn.Conv2d(4, 3, (3, 5), padding="same", dilation=2),
    )


MODELS = {
    "SimpleCNN": (SimpleCNN, (4, 3, 32, 32)),
    "TwoStages": (TwoStages, (4, 1, 28, 28)),
    "Custom": (Custom, (5, 6)),
    "DepthwiseSeparable": (DepthwiseSeparable, (2, 32, 9, 9)),
    "UnfoldFold": (UnfoldFold, (2, 3, 8, 10)),
    "same_padding": (same_padding, (2, 2, 9, 8)),
}


def run(name):
    """Return what print(model), its parameters and its children show, and named tensors of one training pass."""
    make, shape = MODELS[name]
    torch.manual_seed(0)
    model = make()
    x = torch.randn(*shape, requires_grad=True)
    output = model(x)
    loss = (output * torch.randn(*output.shape)).pow(2).mean()
    loss.backward()
    shown = {
        "model": str(model),
        "parameters": [list(p.size()) for p in model.parameters()],
        "children": [str(child) for child in model.children()],
        "count": sum(p.numel() for p in model.parameters() if p.requires_grad),
    }
    tensors = {"output": output.detach(), "loss": loss.detach(), "x.grad": x.grad}
    tensors |= {key: value.detach() for key, value in model.state_dict().items()}
    tensors |= {f"{key}.grad": p.grad for key, p in model.named_parameters()}
    return shown, tensors

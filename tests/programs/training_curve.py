"""The training of a small CNN, written for torch: the recorder runs it as it is, the test with minitorch instead."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

STEPS = 50
OPTIMIZERS = {
    "Adam": lambda parameters: torch.optim.Adam(parameters, lr=0.003),
    "AdamW": lambda parameters: torch.optim.AdamW(parameters, lr=0.003, weight_decay=0.05),
    "SGD": lambda parameters: torch.optim.SGD(parameters, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-4),
}


class Net(nn.Module):
    """conv, batch norm, ReLU, pool, conv, ReLU, adaptive pool, dropout, linear.

    A bias before batch normalisation would have rounding errors for a gradient, which Adam scales up to steps of lr.
    """

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(8)
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(8, 16, 3, stride=2)
        self.dropout = nn.Dropout(0.25)
        self.fc = nn.Linear(16 * 2 * 2, 5)

    def forward(self, x):
        x = self.pool(F.relu(self.bn(self.conv1(x))))
        x = F.adaptive_avg_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(self.dropout(torch.flatten(x, 1)))


def data():
    """Return a loader of 160 noisy images (3, 12, 12) of five patterns."""
    patterns = torch.rand(5, 3, 12, 12)
    labels = torch.randint(5, (160,))
    images = patterns[labels] + 0.5 * torch.randn(160, 3, 12, 12)
    return DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True)


def run(optimizer):
    """Return the losses of 50 training steps, and the loss on all images after them."""
    torch.manual_seed(0)
    loader, model = data(), Net()
    step = OPTIMIZERS[optimizer](model.parameters())
    losses = []
    while len(losses) < STEPS:
        for images, labels in loader:
            step.zero_grad()
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            step.step()
            losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        images, labels = loader.dataset.tensors
        losses.append(F.cross_entropy(model(images), labels).item())
    return losses

"""What is recorded of vision models: hashes of names and shapes, sums of fresh weights, outputs for given weights."""

import hashlib
import zlib
from typing import Any

import numpy as np

OUTPUTS = ["resnet18", "resnet50", "resnext50_32x4d", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small",
           "densenet121", "squeezenet1_0", "squeezenet1_1", "efficientnet_b0", "efficientnet_b5"]  # fmt: skip
FEATURES = ["vgg11_bn", "vgg16", "alexnet"]  # their classifiers are too large to fill in a test
FRESH = ["resnet18", "mobilenet_v2", "mobilenet_v3_small", "densenet121", "squeezenet1_1", "efficientnet_b0"]
OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "dilated": ("resnet50", {"replace_stride_with_dilation": [False, True, True], "num_classes": 7}),
    "zeroed": ("resnet18", {"zero_init_residual": True, "num_classes": 7}),
    "narrow": ("mobilenet_v2", {"width_mult": 0.35, "dropout": 0.0}),
    "reduced": ("mobilenet_v3_large", {"width_mult": 0.75, "reduced_tail": True, "dilated": True}),
    "dropping": ("densenet121", {"drop_rate": 0.1, "memory_efficient": True}),
}


def described(model: Any) -> list[Any]:
    """Return the number of parameters, and hashes of the state's names and shapes and of what is printed."""
    state = [[name, list(value.shape), str(value.dtype)] for name, value in model.state_dict().items()]
    shown = [hashlib.sha256(str(text).encode()).hexdigest()[:16] for text in (state, repr(model))]
    return [sum(p.numel() for p in model.parameters()), *shown]


def values(name: str, shape: Any) -> Any:
    """Return values for a tensor of a state dict that keep activations near one."""
    random = np.random.RandomState(zlib.crc32(name.encode()))
    if len(shape) > 1:
        return random.uniform(-1, 1, shape) * np.sqrt(6 / np.prod(shape[1:]))
    noise = random.uniform(-1, 1, shape)
    return {"running_var": 1 + noise / 2, "weight": 1 + noise / 4}.get(name.rpartition(".")[2], noise / 4)


def fill(torch: Any, model: Any) -> Any:
    """Give a model the values of its names, and return it for inference."""
    state = model.state_dict()
    for name, value in state.items():
        if "num_batches" not in name:
            state[name] = torch.from_numpy(values(name, tuple(value.shape)).astype(np.float32).reshape(value.shape))
    model.load_state_dict(state)
    return model.eval()


def image(torch: Any, size: int = 64) -> Any:
    return torch.from_numpy(np.random.RandomState(0).uniform(-1, 1, (2, 3, size, size)).astype(np.float32))


def fresh(model: Any) -> list[float]:
    """Return sums that tell how every parameter of a new model was drawn."""
    return [float(p.detach().double().abs().sum()) for p in model.parameters()]

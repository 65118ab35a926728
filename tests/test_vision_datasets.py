"""Datasets of images read the published formats from the user's files, and say what is wrong with others."""

import gzip
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.utils.data import DataLoader
from minitorch.vision import datasets, transforms
from minitorch.vision.datasets.mnist import read_idx


def idx(array: Any, code: int = 8) -> bytes:
    big = np.asarray(array).astype(array.dtype.newbyteorder(">"))
    return bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + big.tobytes()


def digits(folder: Path, part: str, count: int, packed: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    images = np.arange(count * 784, dtype=np.uint32).astype(np.uint8).reshape(count, 28, 28)
    for name, content in (("images-idx3", images), ("labels-idx1", np.arange(count, dtype=np.uint8) % 10)):
        raw = idx(content)
        path = folder / f"{part}-{name}-ubyte{'.gz' if packed else ''}"
        path.write_bytes(gzip.compress(raw) if packed else raw)


@pytest.mark.parametrize("kind", ["MNIST", "FashionMNIST", "KMNIST"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("inside", [False, True])
def test_idx_files_are_read_packed_or_not(kind: str, packed: bool, inside: bool, tmp_path: Path) -> None:
    folder = tmp_path / kind / "raw" if inside else tmp_path
    digits(folder, "train", 12, packed)
    digits(folder, "t10k", 5, packed)
    maker = getattr(datasets, kind)
    train = maker(str(tmp_path), transform=transforms.ToTensor(), target_transform=lambda label: -label)
    assert len(train) == 12 and train.data.shape == (12, 28, 28) and train.targets.dtype is torch.int64
    image, label = train[3]
    assert label == -3 and torch.equal(image[0] * 255, train.data[3].float())
    test = maker(tmp_path, train=False)
    assert len(test) == 5 and test[2][0].size == (28, 28) and test[2][1] == 2
    assert len(train.classes) == 10 and train.class_to_idx[train.classes[4]] == 4
    (batch, labels), *_ = DataLoader(train, 4)
    assert batch.shape == (4, 1, 28, 28) and labels.tolist() == [0, -1, -2, -3]
    assert repr(test) == (
        f"Dataset {kind}\n    Number of datapoints: 5\n    Root location: {tmp_path}\n    Split: Test"
    )


@pytest.mark.parametrize("code, dtype", [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")], ids=str)
def test_every_type_of_idx_file_is_read(code: int, dtype: str, tmp_path: Path) -> None:
    values = np.array([[1, 2, 3], [4, 5, 100]], dtype)
    (tmp_path / "x").write_bytes(idx(values, code))
    found = read_idx(tmp_path / "x")
    assert found._data.dtype == np.dtype(dtype) and found.tolist() == values.tolist()


def test_damaged_and_missing_idx_files_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "x"
    whole = idx(np.zeros((2, 3), np.uint8))
    for content, error in [
        (b"", "not an idx file"),
        (b"\0\0\x07\1", "not an idx file"),
        (whole[:-1], "has 17 bytes"),
        (whole[:9], "bytes, expected"),
        (gzip.compress(whole)[:-9], "damaged or cut short"),
    ]:
        path.write_bytes(content)
        with pytest.raises(RuntimeError, match=error):
            read_idx(path)
    with pytest.raises(RuntimeError, match=r"Dataset not found: no train-images-idx3-ubyte.*MNIST/raw.*fetch it"):
        datasets.MNIST(tmp_path)
    with pytest.raises(RuntimeError, match=r"FashionMNIST: download=True, but nothing is downloaded; fetch t10k-"):
        datasets.FashionMNIST(tmp_path, train=False, download=True)
    digits(tmp_path, "train", 3, False)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(2, np.uint8)))
    with pytest.raises(RuntimeError, match="3 images, but 2 labels"):
        datasets.MNIST(tmp_path)


# ---------------------------------------------------------------- CIFAR


def python2(value: Any) -> bytes:
    """Return a pickle as Python 2 wrote it: strings are byte strings, arrays hold one."""
    if isinstance(value, dict):
        return b"}(" + b"".join(python2(key) + python2(item) for key, item in value.items()) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(python2(item) for item in value) + b"e"
    if isinstance(value, np.ndarray):
        start = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\0tU\1btR"
        kind = b"cnumpy\ndtype\n(U\2u1K\0K\1tR(K\3U\1|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
        shape = b"(" + b"".join(map(python2, value.shape)) + b"t"
        return start + b"(K\1" + shape + kind + b"\x89" + python2(value.tobytes()) + b"tb"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    raw = value if isinstance(value, bytes) else value.encode()
    return b"T" + struct.pack("<i", len(raw)) + raw


def photographs(seed: int, count: int) -> Any:
    return np.random.RandomState(seed).randint(0, 256, (count, 3072)).astype(np.uint8)


def cifar(root: Path, kind: str, binary: bool) -> None:
    hundred = kind == "CIFAR100"
    names = {(False, False): "cifar-10-batches-py", (False, True): "cifar-10-batches-bin",
             (True, False): "cifar-100-python", (True, True): "cifar-100-binary"}  # fmt: skip
    folder = root / names[hundred, binary]
    folder.mkdir()
    parts = ["train", "test"] if hundred else [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    classes = [f"class{i}" for i in range(100 if hundred else 10)]
    for number, part in enumerate(parts):
        images, labels = photographs(number, 4), [number, 1, 2, 3]
        if binary:
            rows = [bytes([9, label] if hundred else [label]) + row.tobytes() for label, row in zip(labels, images)]
            (folder / f"{part}.bin").write_bytes(b"".join(rows))
        else:
            key = "fine_labels" if hundred else "labels"
            (folder / part).write_bytes(b"\x80\2" + python2({"data": images, key: labels, "name": "x"}) + b".")
    if binary:
        (folder / ("fine_label_names.txt" if hundred else "batches.meta.txt")).write_text("\n".join(classes))
    else:
        meta = {"fine_label_names" if hundred else "label_names": classes}
        (folder / ("meta" if hundred else "batches.meta")).write_bytes(b"\x80\2" + python2(meta) + b".")


@pytest.mark.parametrize("kind", ["CIFAR10", "CIFAR100"])
@pytest.mark.parametrize("binary", [False, True])
def test_cifar_files_are_read_pickled_or_binary(kind: str, binary: bool, tmp_path: Path) -> None:
    cifar(tmp_path, kind, binary)
    maker = getattr(datasets, kind)
    train, test = maker(tmp_path), maker(tmp_path, train=False, transform=transforms.PILToTensor())
    assert len(train) == (4 if kind == "CIFAR100" else 20) and train.data.shape[1:] == (32, 32, 3)
    number = 1 if kind == "CIFAR100" else 5
    image, label = test[0]
    assert label == number and image.flatten().tolist() == photographs(number, 4)[0].tolist()
    assert train.targets[:4] == [0, 1, 2, 3] and train.classes[3] == "class3" and train.class_to_idx["class3"] == 3
    assert train[1][0].size == (32, 32) and train[1][1] == 1


def test_a_crafted_cifar_file_runs_nothing(tmp_path: Path) -> None:
    cifar(tmp_path, "CIFAR10", False)
    path = tmp_path / "cifar-10-batches-py" / "test_batch"

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "ran",)

    path.write_bytes(pickle.dumps({"data": Evil()}, 2))
    with pytest.raises(RuntimeError, match=r"not found or corrupted.*test_batch.*not allowed"):
        datasets.CIFAR10(tmp_path, train=False)
    assert not (tmp_path / "ran").exists()
    for content in ([1], {"data": 3, "labels": []}, {"data": photographs(0, 2), "labels": [1]}):
        path.write_bytes(pickle.dumps(content, 2))
        with pytest.raises(RuntimeError, match="not found or corrupted"):
            datasets.CIFAR10(tmp_path, train=False)


def test_missing_and_damaged_cifar_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="neither cifar-100-python nor cifar-100-binary"):
        datasets.CIFAR100(tmp_path)
    with pytest.raises(RuntimeError, match="CIFAR10: download=True, but nothing is downloaded"):
        datasets.CIFAR10(tmp_path, download=True)
    cifar(tmp_path, "CIFAR100", True)
    (tmp_path / "cifar-100-binary" / "train.bin").write_bytes(bytes(100))
    with pytest.raises(RuntimeError, match="has 100 bytes, expected a multiple of 3074"):
        datasets.CIFAR100(tmp_path)


# ---------------------------------------------------------------- folders and noise


def pictures(root: Path) -> None:
    from PIL import Image

    for name, count in (("cat", 2), ("dog", 3)):
        (root / name / "more").mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (4, 3), (i, 50, 100)).save(root / name / ("more" if i == 2 else "") / f"{i}.PNG")
        (root / name / "notes.txt").touch()


def test_folders_of_pictures_are_classes(tmp_path: Path) -> None:
    pictures(tmp_path)
    found = datasets.ImageFolder(tmp_path, transforms.PILToTensor())
    assert found.classes == ["cat", "dog"] and found.targets == [0, 0, 1, 1, 1] and found.imgs is found.samples
    image, label = found[4]
    assert label == 1 and image[:, 0, 0].tolist() == [2, 50, 100] and image.shape == (3, 3, 4)
    assert len(datasets.ImageFolder(str(tmp_path), is_valid_file=lambda path: path.endswith("0.PNG"))) == 2
    text = datasets.DatasetFolder(tmp_path, Path, "txt", transform=lambda path: path.name)
    assert text[0] == ("notes.txt", 0)
    batches = list(DataLoader(found, 5, num_workers=2, shuffle=True))
    assert sorted(batches[0][1].tolist()) == [0, 0, 1, 1, 1]


def test_folders_without_classes_or_files_are_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder"):
        datasets.ImageFolder(tmp_path)
    (tmp_path / "cat").mkdir()
    with pytest.raises(FileNotFoundError, match=r"no valid file for the classes cat. Supported extensions are: .jpg"):
        datasets.ImageFolder(tmp_path)
    assert len(datasets.ImageFolder(tmp_path, allow_empty=True)) == 0
    with pytest.raises(ValueError, match="Both extensions and is_valid_file"):
        datasets.DatasetFolder(tmp_path, Path)
    with pytest.raises(ValueError, match="Only transforms or transform/target_transform"):
        datasets.VisionDataset("x", transforms=print, transform=print)


def test_fake_data_are_torchvisions_and_leave_the_random_stream_alone() -> None:
    torch.manual_seed(0)
    fake = datasets.FakeData(2, (3, 4, 4), 10, transforms.PILToTensor())
    image, label = fake[1]
    assert torch.equal(fake[1][0], image) and fake[1][1] == label and torch.initial_seed() == 0
    torch.manual_seed(1)
    noise = torch.randn(3, 4, 4)
    assert torch.equal(image, noise.mul(255).byte()) and label == int(torch.randint(0, 10, (1,)))
    with pytest.raises(IndexError):
        fake[2]


def test_transforms_of_both_are_applied_together() -> None:
    both = datasets.VisionDataset("x", transforms=lambda image, target: (target, image))
    assert both.transformed(1, 2) == (2, 1)

"""`torch.hub`: state dicts by URL, kept in a cache folder. Source of names and folders: torch 2.13."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import urllib.request
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from ..serialization.load import load

__all__ = ["download_url_to_file", "get_dir", "load_state_dict_from_url", "load_url", "set_dir"]

HASH_REGEX = re.compile(r"-([a-f0-9]*)\.")
_folder: list[str] = []  # what set_dir set


def _get_torch_home() -> str:
    """Return torch's folder of downloads: $TORCH_HOME, or torch below $XDG_CACHE_HOME or ~/.cache."""
    cache = os.getenv("XDG_CACHE_HOME", "~/.cache")
    return os.path.expanduser(os.getenv("TORCH_HOME", os.path.join(cache, "torch")))


def get_dir() -> str:
    """Return the folder that downloads are kept in."""
    return _folder[-1] if _folder else os.path.join(_get_torch_home(), "hub")


def set_dir(d: str | os.PathLike[str]) -> None:
    """Keep downloads in another folder."""
    _folder[:] = [os.path.expanduser(d)]


def download_url_to_file(url: str, dst: str, hash_prefix: str | None = None, progress: bool = True) -> None:
    """Write what a URL holds to a file, which appears only when it is whole.

    RuntimeError if the SHA-256 of the content does not begin with ``hash_prefix``. ``progress`` is accepted.
    """
    target = Path(dst).expanduser()
    with urllib.request.urlopen(url) as source, tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        try:
            shutil.copyfileobj(source, part)
            part.close()
            _check_hash(part.name, hash_prefix)
            os.replace(part.name, target)
        finally:
            Path(part.name).unlink(missing_ok=True)


def _check_hash(path: str, prefix: str | None) -> None:
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest() if prefix else ""
    if prefix and not digest.startswith(prefix):
        raise RuntimeError(f'invalid hash value (expected "{prefix}", got "{digest}")')


def load_state_dict_from_url(
    url: str,
    model_dir: str | None = None,
    map_location: Any = None,
    progress: bool = True,
    check_hash: bool = False,
    file_name: str | None = None,
    weights_only: bool = False,
) -> dict[str, Any]:
    """Return the state dict that a URL holds; the file is downloaded once.

    ``check_hash`` compares the content with the hash in the file's name (``resnet18-f37072fd.pth``).
    """
    folder = Path(model_dir or os.path.join(get_dir(), "checkpoints"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / (file_name or os.path.basename(urlparse(url).path))
    if not path.exists():
        found = HASH_REGEX.search(path.name) if check_hash else None
        download_url_to_file(url, str(path), found.group(1) if found else None, progress)
    state: dict[str, Any] = load(path, map_location=map_location, weights_only=weights_only)
    return state


load_url = load_state_dict_from_url  # the name in torch.utils.model_zoo


def __getattr__(name: str) -> Any:
    if name == "tqdm":  # torch shows its bars by this class, and programs take it from here
        return import_module("tqdm").tqdm
    raise AttributeError(f"module 'minitorch.hub' has no attribute '{name}'")

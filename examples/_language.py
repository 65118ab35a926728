"""Train a model to predict a text character by character: what the LSTM and the GPT example share."""

from __future__ import annotations

import argparse
import math

import _classifier as classifier
import _pictures as pictures
import _text as text
from _run import Run

import minitorch as torch
from minitorch import nn
from minitorch.io import save_file
from minitorch.utils.data import DataLoader

LETTERS = 220_000
TESTED = 20_000  # of them, at the end
CONTEXT = 64


def train(args: argparse.Namespace, model: nn.Module) -> float:
    """Train, test, let the model write, save, draw; return the bits that a character of the test text costs."""
    numbers = text.encode(text.manual(LETTERS))
    training = text.windows(numbers[:-TESTED], CONTEXT)
    tests = DataLoader(text.windows(numbers[-TESTED:], CONTEXT), batch_size=64)
    loader = DataLoader(training, batch_size=args.batch_size, shuffle=True, drop_last=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.01)
    steps = args.epochs * len(loader)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs, eta_min=args.lr / 10)
    run = Run(args, model=model, optimizer=optimizer, scheduler=scheduler)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters, {len(numbers):,} characters, {steps:,} steps\n")
    classifier.fit(run, model, optimizer, loader, tests, after=scheduler.step)
    run.report_time()

    pictures.curves(args.out / "curves.png", run.history)
    save_file(model.state_dict(), args.out / "model.safetensors")
    written = text.write(model, "The ", 400, CONTEXT)
    (args.out / "written.txt").write_text(written + "\n", encoding="utf-8")
    bits = run.history["test loss"][-1] / math.log(2)
    print(f"\n{written}\n\n{bits:.2f} bits for a character of the test text")
    print(f"curves.png, written.txt and model.safetensors are in {args.out}")
    return bits

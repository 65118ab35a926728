"""Side-by-side timing of minitorch and torch: one case list, one process a library, interleaved rounds.

``python -m bench`` times minitorch alone; ``python -m bench --torch PYTHON`` times torch beside it, where PYTHON is an
interpreter whose environment has torch. ``python -m bench report A.json B.json`` compares two runs.
docs/benchmarks.md tells how to read the numbers.
"""

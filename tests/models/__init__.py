"""Models in the idioms of public code for torch; `torch` is whatever the process imports under that name."""

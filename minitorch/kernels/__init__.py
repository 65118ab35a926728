"""Array-level kernels: NumPy arrays in, NumPy arrays out; nothing here knows of tensors."""

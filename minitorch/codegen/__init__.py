"""LLVM emitters: the vector vocabulary, register tiles, vector math. The only place that speaks llvmlite."""

"""Benchmarks: `./run bench NAME`. Each is a module with `main(words) -> int`; its docstring says what it measures."""

"""Benchmarks: `./run bench NAME`. Each is a module here with `main(words) -> int`; its docstring says what it measures."""

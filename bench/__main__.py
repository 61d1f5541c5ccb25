"""`./run bench [NAME]`: run one benchmark, or list them."""

import pkgutil
import sys
from importlib import import_module

import bench


def main(words: list[str]) -> int:
    """Run the benchmark the first word names; the exit status."""
    names = sorted(each.name for each in pkgutil.iter_modules(bench.__path__) if not each.name.startswith("_"))
    if words and words[0] in names:
        status: int = import_module(f"bench.{words[0]}").main(words[1:])
        return status
    print("Benchmarks (./run bench NAME):\n")
    for name in names:
        summary = (import_module(f"bench.{name}").__doc__ or "").strip().splitlines()
        print(f"  {name:<12} {summary[0] if summary else ''}")
    return 0 if not words else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Run the laws of this folder for a while, each with new examples: `make fuzz`.

    python tests/property/fuzz.py [--seconds N] [WORD ...]

Every test here that takes examples and nothing else is a target; WORDs choose
those whose names hold one of them. What was found to fail is kept in
.hypothesis/, so that `make test` fails with it until it is mended.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLES_A_ROUND = 2_000


def main() -> int:
    """Run every target for its time; return 1 where a law is broken."""
    args = _arguments()
    settings.register_profile(
        "fuzz",
        max_examples=EXAMPLES_A_ROUND,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("fuzz")
    broken = [
        name
        for name, target in _targets(args.words)
        if not _holds(name, target, until=time.monotonic() + args.seconds)
    ]
    sys.stdout.write(f"{len(broken)} laws are broken\n" if broken else "every law held\n")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (default: 60)")
    return parser.parse_args()


def _targets(words: list[str]) -> Iterator[tuple[str, Callable[[], None]]]:
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        spec = spec_from_file_location(f"fuzzed_{file.stem}", file)
        if spec is None or spec.loader is None:
            continue
        module = module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        for name, value in vars(module).items():
            is_law = name.startswith("test_") and hasattr(value, "hypothesis")
            full_name = f"{file.stem}::{name}"
            if is_law and not signature(value).parameters and _is_chosen(full_name, words):
                yield full_name, value


def _is_chosen(name: str, words: list[str]) -> bool:
    return not words or any(word in name for word in words)


def _holds(name: str, target: Callable[[], None], *, until: float) -> bool:
    """Run a target again and again; say how it went."""
    rounds = 0
    try:
        while True:
            target()
            rounds += 1
            if time.monotonic() >= until:
                break
    except Exception as error:  # noqa: BLE001  (whatever a law ends with is the news)
        sys.stdout.write(f"BROKEN  {name}\n{error!r}\n")
        sys.stdout.write("\n".join(getattr(error, "__notes__", ())) + "\n")
        return False
    sys.stdout.write(f"held    {name}: {rounds * EXAMPLES_A_ROUND:,} examples\n")
    sys.stdout.flush()
    return True


if __name__ == "__main__":
    sys.exit(main())

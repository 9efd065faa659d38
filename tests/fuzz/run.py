"""Look for input that breaks a law, led by what it covers: `make fuzz`.

    python tests/fuzz/run.py TARGET [--seconds N] [option of libFuzzer ...]
    python tests/fuzz/run.py TARGET FILE ...   (tries these and nothing else)

Where one is found, it is written to tests/fuzz/crashes/<target>-<hash>. Mend the
code, give the file a name that says what it is, and commit both: from then on
`make test` tries it. What covers something new is kept in .fuzz/<target>, outside of git.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MAX_LENGTH = 2_000  # bytes: short texts are tried more often, and are read more easily


def main() -> None:
    """Run one target for its time."""
    sys.path[:0] = [str(ROOT), str(ROOT / "src")]
    with atheris.instrument_imports(include=["imagelock"]):
        from tests.fuzz.targets import TARGETS
    target, options = _arguments(sys.argv[1:], list(TARGETS))
    kept = ROOT / ".fuzz" / target
    kept.mkdir(parents=True, exist_ok=True)
    arguments = [
        sys.argv[0],
        f"-artifact_prefix={HERE / 'crashes'}/{target}-",
        f"-dict={HERE / 'words.dict'}",
        "-timeout=20",
        "-rss_limit_mb=2048",
        f"-max_len={MAX_LENGTH}",
        *options,
    ]
    if not any(Path(option).is_file() for option in options):
        arguments += map(str, (kept, *_seeds(target)))
    atheris.Setup(arguments, TARGETS[target])
    atheris.Fuzz()


def _arguments(given: list[str], targets: list[str]) -> tuple[str, list[str]]:
    if not given or given[0] not in targets:
        sys.exit(f"name a target: {', '.join(targets)}")
    target, *options = given
    if options[:1] == ["--seconds"]:
        options[:2] = [f"-max_total_time={int(float(options[1]))}"]
    return target, options


def _seeds(target: str) -> list[Path]:
    """Return the folders of small files that a target begins with."""
    manifests = [HERE.parent / "cases" / "find", ROOT.parent / "shared" / "corpus"]
    own = [HERE / "seeds" / target]
    folders = [*own, *manifests] if target in {"splicer", "finder", "parser"} else own
    return [folder for folder in folders if folder.is_dir()]


if __name__ == "__main__":
    main()

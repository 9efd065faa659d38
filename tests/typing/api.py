"""The public API in use: type-checked with the tests, and never run."""

from __future__ import annotations

from datetime import date
from typing import assert_type

import imagelock
from imagelock import (
    Ambiguous,
    ClusterPlace,
    Config,
    Coverage,
    Digest,
    Exemption,
    FilePlace,
    Finding,
    Found,
    ImageReference,
    InputError,
    InputErrors,
    Lock,
    Missing,
    Override,
    Report,
    Repository,
    Source,
    check,
    override,
    parse_lock,
    render_lock,
)

assert_type(imagelock.__version__, str)


def pin_a_manifest(manifest: str, lock_text: str) -> str:
    try:
        lock = parse_lock(Source("images.lock", lock_text))
    except InputErrors as mistakes:
        raise ValueError([mistake.problem for mistake in mistakes.errors]) from mistakes
    except InputError as mistake:
        raise ValueError(f"{mistake.place}: {mistake.problem}") from mistake
    assert_type(lock, Lock)

    result = override(manifest, lock, today=date(2026, 11, 23))
    assert_type(result, Override)
    assert_type(result.report, Report)
    assert_type(result.report.exit_status, int)
    return result.text


def check_with_settings(manifest: str) -> list[str]:
    exemption = Exemption(
        repository="registry.k8s.io/kube-proxy",
        namespaces=("kube-system",),
        reason="brought by the installer",
        until=date(2027, 12, 31),
    )
    config = Config(policy="locked", exemptions=(exemption,), presets=("gke",))

    report = check(Source("app.yaml", manifest), config=config, today=date(2026, 11, 23))

    assert_type(report.coverage, Coverage)
    assert_type(report.strict(), Report)
    assert_type(report + report, Report)
    return [told(finding) for finding in report.findings]


def told(finding: Finding) -> str:
    match finding.place:
        case FilePlace(file=file, line=line):
            return f"{file}:{line}: {finding.rule.name}: {finding.help}"
        case ClusterPlace(namespace=namespace, kind=kind, name=name):
            return f"{namespace}/{kind}/{name}: {finding.message} ({finding.image})"


def look_up(lock: Lock, image: str) -> Digest | None:
    reference = ImageReference.parse(image)
    assert_type(reference.repository, Repository)
    assert_type(reference.digest, Digest | None)
    match lock.match(reference):
        case Found(digest=digest) | Ambiguous(digest=digest):
            return digest
        case Missing():
            return None


def write_again(lock: Lock) -> str:
    return render_lock(lock)

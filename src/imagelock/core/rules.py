"""The catalogue of rules: name, severity, what, why, how to mend it, how to allow it.

``docs/rules.md`` is rendered from this table.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["RULES", "Rule", "Severity", "rule"]

Severity = Literal["error", "warning", "note"]


class Rule(Struct, frozen=True, kw_only=True):
    """One thing that can be wrong with an image; its name never changes."""

    name: str
    severity: Severity
    what: str
    why: str
    mend: str
    allow: str

    @property
    def advice(self) -> str:
        """How to mend it, as a terminal shows it: without the marks of Markdown."""
        return self.mend.replace("`", "'")


_IN_THE_LOCK = (
    "An image that the team does not pin itself can be exempted in `imagelock.toml` "
    "(`[[exemptions]]`), with its repository, its namespaces and a reason."
)
_NEVER = "It cannot be allowed."

_CATALOGUE = (
    Rule(
        name="tag-not-in-lock",
        severity="error",
        what="An image ID names a tag, or no tag, for which `images.lock` has no entry.",
        why=(
            "Without an entry there is no digest that somebody chose, so whoever can move the tag "
            "decides what runs."
        ),
        mend=(
            "Add the image with its digest to `external_images`, or let its build job publish it "
            "with `imagelock save`, then run `imagelock lock`. Where the message names another "
            "tag that is in the lock, the manifest or the lock is out of date."
        ),
        allow=_IN_THE_LOCK,
    ),
    Rule(
        name="unpinned",
        severity="error",
        what="An image is named without a digest.",
        why="A tag moves: two pods of one Deployment can run two programs.",
        mend="Run `imagelock override` over the manifests and deploy what it wrote.",
        allow=_IN_THE_LOCK,
    ),
    Rule(
        name="not-in-lock",
        severity="error",
        what=(
            "An image has a digest, and policy `locked` wants one of `images.lock`, which has none "
            "such for its repository."
        ),
        why=(
            "Somebody wrote this digest by hand, or it is left over from an older lock: nobody "
            "reviews or renews it with the others."
        ),
        mend="Add the image to `external_images`, or remove the digest and run `override` again.",
        allow=f"Use policy `pinned`, which accepts any digest. {_IN_THE_LOCK}",
    ),
    Rule(
        name="tag-elsewhere",
        severity="error",
        what=(
            "An image's repository stands here and its tag does not: a chart's default, another "
            "file or an operator decides it."
        ),
        why="Which version will run cannot be seen here, so no digest can be chosen for it.",
        mend=(
            "Write the tag (or the digest) beside the repository. `imagelock` never pins it to a "
            "guess."
        ),
        allow="Forbid the key path under `[find]` in `imagelock.toml` if it is no image.",
    ),
    Rule(
        name="repository-elsewhere",
        severity="warning",
        what="A tag or digest of an image is set here, and its repository is named elsewhere.",
        why="The image that this tag belongs to cannot be seen here, so it was not looked at.",
        mend="Set the repository in the same values, so that the image can be pinned.",
        allow="Forbid the key path under `[find]` in `imagelock.toml` if it is no image.",
    ),
    Rule(
        name="not-a-reference",
        severity="warning",
        what="A container's `image` is no image ID, such as a placeholder that is replaced later.",
        why="What will run there cannot be seen here, so it was not looked at.",
        mend="Run `imagelock` over what the placeholder is replaced by, or write the image ID.",
        allow="Without `--strict` it is a warning and fails nothing.",
    ),
    Rule(
        name="placeholder",
        severity="note",
        what="A container's image is replaced by a kustomization wherever its file is deployed.",
        why="Nothing is ever pulled under this name, so it is left as it is.",
        mend="Nothing: the image that replaces it is looked at in the kustomization.",
        allow="It is a note and fails nothing.",
    ),
    Rule(
        name="cannot-pin-here",
        severity="error",
        what="An image was found, and a digest cannot be written at its place.",
        why=(
            "The text is written in a way that cannot be changed in one place only, or the digest "
            "would break what reads it."
        ),
        mend="Write the image ID with its digest there by hand, or in a simpler form.",
        allow=_IN_THE_LOCK,
    ),
    Rule(
        name="ambiguous",
        severity="warning",
        what="An image has no tag, and its repository has several digests in `images.lock`.",
        why="The first entry was taken; the order of a list decided what runs.",
        mend="Write the tag in the manifest, or keep one entry of this repository.",
        allow="Without `--strict` it is a warning and fails nothing.",
    ),
    Rule(
        name="not-read",
        severity="error",
        what="A file, or a part of it, could not be read.",
        why="Images in it were not looked at, and a clean report would be a lie.",
        mend="Mend the file at the place that is named, or leave it out of the call.",
        allow=_NEVER,
    ),
    Rule(
        name="conflicting-digests",
        severity="error",
        what="One registry, repository and tag has two digests.",
        why="One of the two is not what the team means by this tag.",
        mend=(
            "Remove one of the two lines. A build job's reference never replaces an external image."
        ),
        allow=_NEVER,
    ),
    Rule(
        name="not-allow-listed",
        severity="error",
        what="A build job published an image whose repository is not in `<organisation>-images`.",
        why=(
            "Build jobs run code that many people can change; the list says which images they may "
            "bring in."
        ),
        mend="Add the repository to `<organisation>-images` if this pipeline builds it.",
        allow=_NEVER,
    ),
    Rule(
        name="no-digest",
        severity="error",
        what="A build job published an image ID without a digest.",
        why="A tag says nothing about what was built.",
        mend="Publish it with `imagelock save` or `save-image-reference.sh`, which write digests.",
        allow=_NEVER,
    ),
    Rule(
        name="not-built",
        severity="note",
        what="A repository of `<organisation>-images` was named by no file of `image_references`.",
        why="It was not built in this pipeline, so the lock has no digest for it.",
        mend="Nothing, if that was meant; otherwise look at its build job and its artifacts.",
        allow="It is a note and fails nothing.",
    ),
    Rule(
        name="out-of-date",
        severity="error",
        what="`images.lock` is not what `imagelock lock` would write now.",
        why="Manifests would be pinned to digests that the lists no longer name.",
        mend="Run `imagelock lock` and commit the result.",
        allow=_NEVER,
    ),
    Rule(
        name="not-pulled-by-digest",
        severity="error",
        what="A pod of the cluster asked for an image without a digest.",
        why=(
            "Its node pulled whatever the tag stood for at that moment, and the next node may pull "
            "something else."
        ),
        mend="Pin the image where its manifest comes from, and deploy again.",
        allow=_IN_THE_LOCK,
    ),
    Rule(
        name="running-other-digest",
        severity="error",
        what="A container runs another digest than the one its pod asked for.",
        why="What runs is not what was deployed: a runtime, a mirror or a node was tampered with.",
        mend="Delete the pod, and look at its node and at the mirror that it pulls from.",
        allow=_NEVER,
    ),
    Rule(
        name="cannot-compare",
        severity="warning",
        what="A node reports a digest that may be the same image, and nothing here proves it.",
        why=(
            "A node may report the index, the manifest of its platform or the digest of a "
            "configuration; without the index document they cannot be compared."
        ),
        mend=(
            "Give the proof: the raw document of the digest that was asked for, in "
            "`image_indexes/sha256-<hex>.json` (crane manifest IMAGE@DIGEST writes it). Where the "
            "node gives a configuration, the documents of the index's manifests, too."
        ),
        allow="Without `--strict` it is a warning and fails nothing.",
    ),
    Rule(
        name="mirror-name",
        severity="note",
        what="A node pulled the pinned digest under another repository's name.",
        why="The content is right, because the digest is; the name tells of a mirror.",
        mend="Nothing, if the mirror is yours.",
        allow="It is a note and fails nothing.",
    ),
    Rule(
        name="unexplained-image",
        severity="warning",
        what="A node holds an image that neither `images.lock` nor an exemption explains.",
        why=(
            "Some pod pulled it, perhaps one that is gone by now: nobody chose its digest, and the "
            "next pod on that node may start it without pulling anything."
        ),
        mend="Find out which pod pulled it; the node deletes images that nothing uses by itself.",
        allow="Without `--strict` it is a warning and fails nothing.",
    ),
    Rule(
        name="expired-exemption",
        severity="error",
        what="An exemption's date has passed.",
        why="It was granted until then.",
        mend="Pin the image, or decide again and write a new date.",
        allow=_NEVER,
    ),
    Rule(
        name="unused-exemption",
        severity="note",
        what="An exemption was used by nothing.",
        why="An exemption that nobody needs is a door that nobody watches.",
        mend="Remove it.",
        allow="It is a note and fails nothing.",
    ),
    Rule(
        name="not-looked-at",
        severity="warning",
        what="Something was left out of the report, for the reason that is named.",
        why="What was not looked at is not known to be right.",
        mend="Give access to it, or leave it out on purpose.",
        allow="Without `--strict` it is a warning and fails nothing.",
    ),
)

RULES: dict[str, Rule] = {row.name: row for row in _CATALOGUE}


def rule(name: str) -> Rule:
    """Return the rule of this name; it is a bug to ask for one that is not there."""
    return RULES[name]

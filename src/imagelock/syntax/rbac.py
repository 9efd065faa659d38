"""The permissions that a command needs, as objects of Kubernetes to apply."""

from __future__ import annotations

import re
import shlex
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.json import encode

from imagelock.core.resources import ARGO_GROUP, RESOURCES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagelock.syntax.forbidden import Missing

__all__ = ["Role", "Subject", "deploy_role", "remedy", "render_roles"]
__all__ += ["verify_roles", "watch_roles"]

_API = "rbac.authorization.k8s.io"
_SERVICE_ACCOUNT = "system:serviceaccount:"  # what the user of a service account begins with
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9@._:-]")


class _Rule(Struct, frozen=True):
    """What may be done with some kinds of a group; *comment* says what for."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    comment: str = ""

    def allows(self, missing: Missing) -> bool:
        """Say whether it gives a permission."""
        what = (missing.group, missing.resource, missing.verb)
        return what in {(self.group, one, verb) for one in self.resources for verb in self.verbs}


class Role(Struct, frozen=True):
    """Permissions in one namespace, or where *namespace* is empty, in the whole cluster."""

    name: str
    rules: tuple[_Rule, ...]
    namespace: str = ""

    @property
    def kind(self) -> str:
        """The kind of object that it is."""
        return "Role" if self.namespace else "ClusterRole"


class Subject(Struct, frozen=True):
    """Who gets permissions; only a service account has a namespace."""

    kind: Literal["ServiceAccount", "User", "Group"]
    name: str
    namespace: str = ""


def verify_roles(namespaces: Sequence[str] = ()) -> tuple[Role, ...]:
    """Return what ``imagelock verify`` needs, in a cluster or in some of its namespaces."""
    return _reading("imagelock-verify", ("list",), namespaces)


def watch_roles(
    namespaces: Sequence[str] = (), *, lease_namespace: str = "imagelock"
) -> tuple[Role, ...]:
    """Return what ``imagelock watch`` needs, its Events and its Lease included."""
    events = _Rule(
        "events.k8s.io", ("events",), ("create", "get", "patch"), "for watch --events only"
    )
    leases = _Rule(
        "coordination.k8s.io",
        ("leases",),
        ("create", "get", "patch"),
        "for watch --lease only: the others wait while one works",
    )
    reading = _reading("imagelock-watch", ("list", "watch"), namespaces)
    roles = (Role(role.name, (*role.rules, events), role.namespace) for role in reading)
    return (*roles, Role("imagelock-watch-lease", (leases,), lease_namespace))


def deploy_role(namespace: str) -> Role:
    """Return what ``imagelock deploy`` needs in the namespace of Argo CD."""
    verbs = ("get", "list", "create", "patch")
    rule = _Rule(
        ARGO_GROUP,
        ("applications", "applicationsets"),
        verbs,
        "other kinds that are applied need create and patch, in their own namespaces",
    )
    return Role("imagelock-deploy", (rule,), namespace)


def render_roles(roles: Iterable[Role], subjects: Sequence[Subject] = ()) -> str:
    """Write roles as YAML, with the service accounts among *subjects*, and bind them to all."""
    accounts = (_service_account(one) for one in subjects if one.kind == "ServiceAccount")
    documents = [*accounts]
    for role in roles:
        documents.append(_role(role))
        documents += (_binding(role, subject) for subject in subjects)
    return "---\n".join(documents)


def remedy(missing: Missing, *, to_watch: bool = False) -> str:
    """Return the call of ``imagelock rbac`` that gives a permission, or nothing.

    Args:
        missing: What somebody may not do.
        to_watch: Whether it is ``imagelock watch`` that needs it.
    """
    needs = {
        "--verify": () if to_watch else verify_roles(),
        "--watch": watch_roles(),
        "--deploy": (deploy_role(missing.namespace),),
    }
    for purpose, roles in needs.items():
        if any(rule.allows(missing) for role in roles for rule in role.rules):
            options = [purpose, *_where(missing, purpose), *_to_whom(missing.user)]
            return f"imagelock rbac {shlex.join(options)}"
    return ""


def _where(missing: Missing, purpose: str) -> list[str]:
    if not missing.namespace or missing.resource == "events":
        return []
    if missing.resource == "leases":
        return ["--lease-namespace", missing.namespace]
    option = "--argocd-namespace" if purpose == "--deploy" else "--namespace"
    return [option, missing.namespace]


def _to_whom(user: str) -> list[str]:
    if user.startswith(_SERVICE_ACCOUNT):
        return ["--service-account", user.removeprefix(_SERVICE_ACCOUNT).replace(":", "/")]
    return ["--user", user] if user else []


def _reading(name: str, verbs: tuple[str, ...], namespaces: Sequence[str]) -> tuple[Role, ...]:
    if not namespaces:
        return (Role(name, tuple(_reading_rules(verbs, of_namespaces=False))),)
    rules = tuple(_reading_rules(verbs, of_namespaces=True))
    return tuple(Role(name, rules, namespace) for namespace in namespaces)


def _reading_rules(verbs: tuple[str, ...], *, of_namespaces: bool) -> Iterator[_Rule]:
    meant = [one for one in RESOURCES if one.is_namespaced or not of_namespaces]
    for group in dict.fromkeys(resource.group for resource in meant):
        resources = tuple(resource.plural for resource in meant if resource.group == group)
        yield _Rule(group, resources, verbs)


def _role(role: Role) -> str:
    rules = "".join(map(_rule, role.rules))
    return f"{_head(role.kind, role.name, role.namespace)}rules:\n{rules}"


def _rule(rule: _Rule) -> str:
    comment = f"  # {rule.comment}\n" if rule.comment else ""
    return (
        f"{comment}"
        f'  - apiGroups: ["{rule.group}"]\n'
        f"    resources: [{', '.join(rule.resources)}]\n"
        f"    verbs: [{', '.join(rule.verbs)}]\n"
    )


def _binding(role: Role, subject: Subject) -> str:
    # One for each: applying that of a second subject must not take the first one's away.
    name = f"{role.name}:{_name_of(subject)}"
    return (
        f"{_head(f'{role.kind}Binding', name, role.namespace)}"
        f"roleRef:\n  apiGroup: {_API}\n  kind: {role.kind}\n  name: {role.name}\n"
        f"subjects:\n{_subject(subject)}"
    )


def _name_of(subject: Subject) -> str:
    """Return what a binding is called after its subject; an object's name has no ``/``."""
    parts = (subject.kind.lower(), subject.namespace, subject.name)
    full = ":".join(part for part in parts if part)
    name = _NOT_IN_A_NAME.sub("-", full)
    if name == full:
        return name
    return f"{name}-{sha256(full.encode('utf-8', 'backslashreplace')).hexdigest()[:8]}"


def _subject(subject: Subject) -> str:
    if subject.kind == "ServiceAccount":
        where = f"    namespace: {_quoted(subject.namespace)}\n"
    else:
        where = f"    apiGroup: {_API}\n"
    return f"  - kind: {subject.kind}\n    name: {_quoted(subject.name)}\n{where}"


def _service_account(subject: Subject) -> str:
    return (
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n"
        f"  name: {_quoted(subject.name)}\n  namespace: {_quoted(subject.namespace)}\n"
    )


def _head(kind: str, name: str, namespace: str) -> str:
    where = f"  namespace: {_quoted(namespace)}\n" if namespace else ""
    return f"apiVersion: {_API}/v1\nkind: {kind}\nmetadata:\n  name: {_quoted(name)}\n{where}"


def _quoted(text: str) -> str:
    """Return a name that somebody gave; JSON is YAML, whatever is in it."""
    return encode(text).decode()

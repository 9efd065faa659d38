"""Wait until Applications are as they should be, and tell how far they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from msgspec import Struct

from imagelock.decide import deploy
from imagelock.decide.standing import Look, Ready, standing
from imagelock.errors import ClusterError
from imagelock.outside.argocd import applications_in, ask_to_look, look_at
from imagelock.outside.refusals import ApiError, UnreachableError
from imagelock.outside.side_by_side import each
from imagelock.syntax.argocd import APPLICATION_SET, ApplicationSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imagelock.cli.console import Console
    from imagelock.outside.kubernetes_api import Api
    from imagelock.syntax.argocd import Application, Key

__all__ = ["Pace", "Wait", "count"]

_REFUSALS = {401, 403}


class Pace(Struct, frozen=True, kw_only=True):
    """How long is waited, in seconds.

    *patience* is for how long something must be hopeless before that is believed:
    a person may be about to press the button, or the API server may be starting.
    """

    timeout: float
    poll: float
    patience: float = 30.0


class Wait:
    """Waits for Applications that were applied, and for those that they create."""

    def __init__(self, api: Api, console: Console, pace: Pace, *, field_manager: str) -> None:
        self._api = api
        self._console = console
        self._pace = pace
        self._field_manager = field_manager
        self._rollout = deploy.begin(())
        self._started = self._hopeful = time.monotonic()
        self._sure = False
        self._fault: ClusterError | None = None
        self._allowed: float | None = None  # when a step was last allowed, if one ever was
        self._told: set[Key] = set()

    def until_ready(self, keys: Iterable[Key]) -> None:
        """Return when everything is Synced and Healthy.

        Raises:
            ClusterError: It is not, at the end of the time or for ever; or the
                cluster may not be asked.
        """
        self._rollout = deploy.begin(keys)
        self._api.notice = _Seldom(self._api.notice)
        with self._console.progress("waiting") as bar:
            while not self._is_over():
                bar.show(self._note())
                time.sleep(self._pace.poll)
        for line in deploy.elsewhere(self._rollout):
            self._console.warn(f"{line}; they were not watched")
        total = count(len(self._rollout.watched), "Application")
        self._console.say(f"In sync and healthy after {self._waited():.0f} s: {total}")

    def _is_over(self) -> bool:
        self._try_step()
        state = deploy.progress(self._rollout)
        if isinstance(state, deploy.Done) and self._fault is None:
            # What was ready a while ago is looked at once more, all at the same time.
            if self._sure:
                return True
            self._sure = True
            return False
        self._sure = False
        if self._fault is not None or not isinstance(state, deploy.Failed):
            self._hopeful = time.monotonic()
        self._give_up_in_time()
        return False

    def _try_step(self) -> None:
        try:
            self._step()
            self._fault = None
            self._allowed = time.monotonic()
        except (ApiError, UnreachableError) as error:
            # It answered when the objects were applied: it may answer again.
            if isinstance(error, ApiError) and not (error.again or self._may_pass(error)):
                raise
            self._fault = error
            if not isinstance(error, ApiError):
                self._keep_patience()

    def _may_pass(self, error: ApiError) -> bool:
        """Say whether it may be a refusal of a server that has not read its own rules yet."""
        if error.code not in _REFUSALS or self._allowed is None:
            return False
        return time.monotonic() - self._allowed < self._pace.patience

    def _keep_patience(self) -> None:
        """Let the patience with refusals begin when a server that is away has come back."""
        if self._allowed is not None:
            self._allowed = time.monotonic()

    def _step(self) -> None:
        keys = deploy.to_look_at(self._rollout, again=self._sure)
        self._rollout = deploy.after_look(self._rollout, self._look(keys))
        self._tell_ready()
        asked = deploy.to_ask(self._rollout)
        each(lambda key: ask_to_look(self._api, key, self._field_manager), asked)
        self._rollout = deploy.after_ask(self._rollout, asked)

    def _look(self, keys: Sequence[Key]) -> dict[Key, Look]:
        seen = each(lambda key: look_at(self._api, key), keys)
        # What sets made is listed after them, so that it is no older than what they say.
        namespaces = sorted({one.key.namespace for one in seen if isinstance(one, ApplicationSet)})
        listed = each(lambda namespace: applications_in(self._api, namespace), namespaces)
        applications = [one for page in listed for one in page]
        return {
            key: Look(one, _made_by(one, applications)) for key, one in zip(keys, seen, strict=True)
        }

    def _tell_ready(self) -> None:
        for key, watched in self._rollout.watched.items():
            if key not in self._told and isinstance(standing(watched), Ready):
                self._told.add(key)
                state = "up to date" if key.kind == APPLICATION_SET else "Synced and Healthy"
                self._console.say(f"{key}: {state}")

    def _give_up_in_time(self) -> None:
        hopeless = time.monotonic() - self._hopeful >= self._pace.patience
        if not hopeless and self._waited() < self._pace.timeout:
            return
        state = deploy.progress(self._rollout)
        late = 0 if isinstance(state, deploy.Done) else state.total - state.ready
        total = count(len(self._rollout.watched), "Application")
        why = ", and waiting longer will not help" if hopeless else ""
        lines = [f"{late} of {total} not Synced and Healthy after {self._waited():.0f} s{why}:"]
        lines += [f"  {line}" for line in deploy.described(self._rollout)]
        if self._fault is not None:
            lines.append(f"  the cluster did not answer at the end: {self._fault.problem}")
        failure = ClusterError("\n".join(lines))
        failure.undone = "the objects were applied, and not everything is Synced and Healthy"
        raise failure from self._fault

    def _note(self) -> str:
        if self._fault is not None:
            return f"the cluster does not answer: {self._fault.problem}"
        state = deploy.progress(self._rollout)
        if isinstance(state, deploy.Done):
            return "everything is ready; looking once more"
        return f"{state.ready} of {state.total} ready; {state.why}"

    def _waited(self) -> float:
        return time.monotonic() - self._started


_SELDOM = 10.0  # seconds


class _Seldom:
    """Tells one of many things that come at the same time.

    What is wrong with one is mostly wrong with all that were asked about together.
    """

    def __init__(self, notice: Callable[[str], None]) -> None:
        self._notice = notice
        self._told = float("-inf")

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if now - self._told >= _SELDOM:
            self._told = now
            self._notice(text)


def _made_by(
    maker: Application | ApplicationSet | None, applications: Iterable[Application]
) -> tuple[Key, ...]:
    if not isinstance(maker, ApplicationSet):
        return ()
    return tuple(one.key for one in applications if maker.uid in one.owner_uids)


def count(number: int, what: str) -> str:
    """Spell a number of things."""
    return f"{number} {what}{'' if number == 1 else 's'}"

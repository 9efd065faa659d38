"""What is known of a cluster while it is followed: news in, changes told."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, assert_never

from imagelock.core.change import Feed
from imagelock.core.finding import Skipped
from imagelock.core.place import printable
from imagelock.core.resources import TEMPLATED
from imagelock.decide.current import CurrentFindings
from imagelock.decide.objects import Judged
from imagelock.outside.watch import Alive, Begun, Listed, Trouble, Unseen, Whole
from imagelock.report.changes import began_line, json_line, text_line, whole_line
from imagelock.syntax.watch import Changed, Deleted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imagelock.cli.console import Console
    from imagelock.cli.gauges import Gauges
    from imagelock.cli.inputs import Inputs
    from imagelock.core.change import Change
    from imagelock.core.cluster import Page
    from imagelock.decide.objects import Objects
    from imagelock.outside.events import Events
    from imagelock.outside.feeds import Feeds, News

__all__ = ["Session", "Teller"]

_WORTH_TELLING = 3  # failures in a row: one is nothing, connections break
# A pod may depend on the architecture of its node, and is told at its workload.
_LAST = "Pod"
_FILES = Feed("")  # what the cluster is judged by


class Teller:
    """Tells changes: on standard output, to Prometheus, as Events."""

    def __init__(
        self, console: Console, gauges: Gauges, events: Events | None, *, as_json: bool
    ) -> None:
        self.console = console
        self.gauges = gauges
        self._events = events
        self._as_json = as_json

    def tell(self, changes: Iterable[Change]) -> None:
        """Tell what changed."""
        for change in changes:
            self.gauges.change(change)
            self.console.result(self._line(change))
            if change.what == "appeared":
                self._event(change)

    def remind(self, standing: Iterable[Change]) -> None:
        """Tell what still stands, where such things are forgotten after a while."""
        for change in standing:
            self._event(change)

    def began(self) -> None:
        """Tell readers of JSON that nothing is known yet, or any more."""
        if self._as_json:
            self.console.result(began_line(time=_now()))

    def whole(
        self, standing: Mapping[str, int], left_out: Sequence[Skipped], unseen: Sequence[Skipped]
    ) -> None:
        """Tell that everything has been listed once, and what is not looked at.

        *unseen* is what could not be listed: people were warned of it when it was met.
        """
        if self._as_json:
            self.console.result(whole_line(standing, (*left_out, *unseen), time=_now()))
        for one in left_out:
            self.console.say(f"not looked at: {printable(one.what)}: {printable(one.reason)}")

    def _line(self, change: Change) -> str:
        if self._as_json:
            return json_line(change, time=_now())
        return text_line(change, time=_now(), colour=self.console.colour_results)

    def _event(self, change: Change) -> None:
        # What is wrong with a file is about no object of the cluster.
        if self._events is not None and change.regarding.kind:
            self._events.tell(change)


class Session:
    """Follows a cluster from the first list on, judged by files that may change."""

    def __init__(self, feeds: Feeds, objects: Objects, teller: Teller, inputs: Inputs) -> None:
        self._feeds = feeds
        self._objects = objects
        self._teller = teller
        self._current = CurrentFindings()
        self._unanswered = set(feeds.feeds)
        self._unseen: dict[Feed, str] = {}
        self._in_trouble: set[Feed] = set()
        self._listed: set[Feed] = set()
        self._skipped = inputs.skipped
        teller.began()
        self._tell_of(inputs)
        feeds.start(feed for feed in feeds.feeds if feed.kind != _LAST)

    @property
    def waits_for(self) -> str:
        """Which lists are still to come, or nothing."""
        return ", ".join(sorted(map(str, self._unanswered)))

    def take(self, news: News) -> None:
        """Look at what happened, and tell what changed.

        Raises:
            ClusterError: A feed cannot begin.
        """
        if isinstance(news.what, BaseException):
            raise news.what
        lag = time.monotonic() - news.at
        if isinstance(news.what, Trouble):
            self._trouble(news.feed, news.what)
        elif isinstance(news.what, Unseen):
            self._not_seen(news.feed, news.what)
            self._teller.gauges.heard(news.feed.kind, lag)
            self._recover(news.feed)
        elif isinstance(news.what, Begun):
            # That it was asked for is no answer.
            self._current.begin(news.feed)
        else:
            self._happened(news.feed, news.what)
            self._heard(news.feed, lag)

    def judge_by(self, inputs: Inputs) -> None:
        """Judge everything again, by other terms."""
        strict = inputs.config.strict
        self._objects = self._objects.by(inputs.terms, inputs.proofs, strict=strict)
        self._tell_of(inputs)
        self._feeds.relist()

    def begin_again(self) -> None:
        """List everything again, and remind those who forget of what stands."""
        self._teller.remind(self._current.standing)
        self._feeds.relist()

    def _happened(self, feed: Feed, what: Listed | Whole | Changed | Deleted | Alive) -> None:
        match what:
            case Listed(page):
                self._take(feed, page)
            case Whole():
                self._teller.tell(self._current.end(feed))
                self._objects.keep(feed.kind, partial(self._is_there, feed))
                self._count_list(feed)
                self._answered(feed)
                self._revise(feed)
            case Changed(page, _):
                self._take(feed, page)
                self._revise(feed)
            case Deleted(namespace, name, _):
                self._teller.tell(self._current.remove(feed, namespace, name))
                self._objects.forget(feed.kind, namespace, name)
                self._revise(feed)
            case Alive():
                pass
            case never:
                assert_never(never)

    def _tell_of(self, inputs: Inputs) -> None:
        """Tell what is wrong with the files, as if they were an object of the cluster."""
        strict = inputs.config.strict
        found = tuple(one.strict() if strict else one for one in inputs.findings)
        judged = Judged(kind="", namespace="", name="", findings=found)
        self._teller.tell(self._current.take(_FILES, judged))

    def _count_list(self, feed: Feed) -> None:
        if feed in self._listed:
            self._teller.gauges.listed_again(feed.kind)
        self._listed.add(feed)

    def _take(self, feed: Feed, page: Page) -> None:
        for judged in self._objects.judged(page):
            self._teller.tell(self._current.take(feed, judged))
        if self._objects.must_judge_pods_again:
            self._objects.must_judge_pods_again = False
            self._feeds.relist(_LAST)

    def _revise(self, feed: Feed) -> None:
        """Judge the workflows again, since one of them may run the templates of another."""
        if feed.kind not in TEMPLATED or any(one.kind in TEMPLATED for one in self._unanswered):
            return
        feeds = {one.kind: one for one in self._feeds.feeds}
        for judged in self._objects.workflows():
            of = Feed(judged.kind, judged.namespace)
            own = of if of in self._feeds.feeds else feeds[judged.kind]
            self._teller.tell(self._current.revise(own, judged))

    def _is_there(self, feed: Feed, namespace: str, name: str) -> bool:
        """Say whether an object is there, as far as this feed can tell."""
        return feed.namespace not in {"", namespace} or self._current.holds(feed, namespace, name)

    def _heard(self, feed: Feed, lag: float) -> None:
        gauges, kind = self._teller.gauges, feed.kind
        gauges.heard(kind, lag)
        gauges.objects(kind, self._current.objects(kind), self._current.images)
        self._recover(feed)
        if feed in self._unseen:
            del self._unseen[feed]
            gauges.unseen(kind, is_unseen=False)

    def _recover(self, feed: Feed) -> None:
        """Note an answer, whatever it is; say when the last trouble is over."""
        if feed in self._in_trouble:
            self._in_trouble.discard(feed)
            if not self._in_trouble:
                self._teller.console.say("the cluster answers again")

    def _trouble(self, feed: Feed, trouble: Trouble) -> None:
        self._teller.gauges.failed(feed.kind)
        told = f"{feed}: {printable(trouble.problem)}; again in {trouble.pause:.1f} s"
        if trouble.times >= _WORTH_TELLING:
            # What is wrong with one is mostly wrong with all of them: it is said once.
            is_news = not self._in_trouble
            self._in_trouble.add(feed)
            if is_news:
                self._teller.console.warn(told)
                return
        self._teller.console.detail(told)

    def _not_seen(self, feed: Feed, unseen: Unseen) -> None:
        if feed not in self._unseen and not unseen.expected:
            self._teller.console.warn(f"not looked at: {feed}: {printable(unseen.reason)}")
        self._unseen[feed] = "" if unseen.expected else unseen.reason
        self._teller.gauges.unseen(feed.kind, is_unseen=not unseen.expected)
        self._answered(feed)
        self._revise(feed)

    def _answered(self, feed: Feed) -> None:
        """Note that a feed was listed, or may not be; say when that is all of them."""
        if feed not in self._unanswered:
            return
        self._unanswered.discard(feed)
        if not self._unanswered:
            self._summarise()
        elif feed.kind != _LAST and all(one.kind == _LAST for one in self._unanswered):
            self._feeds.start(self._unanswered)

    def _summarise(self) -> None:
        standing = Counter(one.finding.severity for one in self._current.standing)
        errors, warnings = standing["error"], standing["warning"]
        left_out = (*self._skipped, *self._objects.skipped())
        unseen = [Skipped(str(feed), reason) for feed, reason in self._unseen.items() if reason]
        self._teller.whole({"errors": errors, "warnings": warnings}, left_out, unseen)
        kinds = dict.fromkeys(feed.kind for feed in self._feeds.feeds)
        counts = {kind: self._current.objects(kind) for kind in kinds}
        seen = [_many(count, kind) for kind, count in counts.items() if count]
        self._teller.console.say(
            f"watching {', '.join(seen) or 'nothing yet'}, {_many(self._current.images, 'image')}: "
            f"{_many(errors, 'error')} and {_many(warnings, 'warning')} stand"
        )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

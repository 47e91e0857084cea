"""`profiled`: what the files hold, and what changed since the last delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from consulting.chain import artifacts
from consulting.chain.attempt import attempt
from consulting.profiling import compare, profile_across, profile_feed, quality_score

if TYPE_CHECKING:
    from collections.abc import Callable

    from consulting.chain.engagement import Engagement
    from consulting.profiling import FeedProfile


def profile(
    engagement: Engagement, *, batch_id: str, run_id: str, log: Callable[[str], None]
) -> artifacts.Profile:
    """Profile the files of the batch, feed by feed and across feeds."""
    run_folder = engagement.folder.run(batch_id)
    with attempt(engagement, batch_id, run_id):
        received = artifacts.read(run_folder / artifacts.INTAKE, artifacts.Intake)
        declared = engagement.models.declared_columns()
        profiles: list[FeedProfile] = []
        drift = []
        for feed in engagement.config.feeds:
            readings = [r for r in received.in_use if r.feed == feed.name]
            if not readings:
                continue
            found = profile_feed(
                feed.name, readings, run_folder, declared=declared.get(feed.name, ())
            )
            log(f"{feed.name}: {len(found.columns)} columns, {len(found.issues)} issues")
            profiles.append(found)
            if feed.name not in received.carried:
                before = last_profile(engagement, feed.name, batch_id)
                drift += compare(before, found, declared.get(feed.name, ()))
        result = artifacts.Profile(
            profiles=tuple(profiles),
            across=tuple(profile_across(profiles, run_folder, received.in_use)),
            drift=tuple(drift),
            score=quality_score(profiles) if profiles else None,
        )
        artifacts.write(run_folder / artifacts.PROFILE, result)
    return result


def last_profile(engagement: Engagement, feed: str, batch_id: str) -> FeedProfile | None:
    """The profile of the feed's last delivered files."""
    last = engagement.intake.last_delivered(feed, before_batch=batch_id)
    if last is None:
        return None
    path = engagement.folder.run(last[0].batch_id) / artifacts.PROFILE
    if not path.exists():
        return None
    earlier = artifacts.read(path, artifacts.Profile)
    return next((one for one in earlier.profiles if one.feed == feed), None)

"""Two deliveries of a client side by side, for whoever asks: nothing is run, nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.chain.access import record_access
from consulting.chain.tier import refusal_of
from consulting.config_model import nearest
from consulting.delivery import (
    INNER_MANIFEST,
    Differences,
    list_deliveries,
    read_manifest,
    with_manifests,
)
from consulting.delivery.differences import differences
from consulting.errors import DeliveryError
from consulting.scratch import scratch_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from consulting.chain.engagement import Engagement


def compare_deliveries(
    engagement: Engagement, then: str | None = None, now: str | None = None
) -> Differences:
    """How one delivery of a client is not another.

    Args:
        engagement: Whose.
        then: The one; None for the one whose place the other took, or else the one before it that
            stands.
        now: The other; None for the last that stands.

    Raises:
        TierLoweredError: If the client's tier was lowered and nobody has confirmed that.
        DeliveryError: If there is no such delivery, or no two of them.
    """
    if refusal := refusal_of(engagement):
        raise refusal
    one, two = _chosen(engagement, then, now)
    record_access(
        engagement, by="consulting diff", operation="compare deliveries", subject=f"{one}, {two}"
    )
    made = engagement.folder.deliverables
    old, new = _manifests(engagement, one, two)
    with scratch_folder(engagement.folder.path) as scratch:
        return differences(
            then=made / one,
            now=made / two,
            old=old,
            new=new,
            spill=scratch / "spill",
            tier=engagement.config.security_tier,
        )


def _chosen(engagement: Engagement, then: str | None, now: str | None) -> tuple[str, str]:
    known = [each.delivery_id for each in list_deliveries(engagement.folder)]
    lost = forgotten(engagement)
    then, now = (said and engagement.folder.delivery_named(said) for said in (then, now))
    for asked in filter(None, (then, now)):
        if asked in lost:
            raise DeliveryError(f"{engagement.client_id}: {told_forgotten([asked])}")
        if asked not in known:
            raise DeliveryError(
                f"{engagement.client_id} has no delivery {asked!r}.{nearest(asked, known)} Its "
                f"deliveries: {', '.join(known) or 'none yet'}."
            )
    stand = that_stand(engagement)
    now = now or next((each for each in reversed(stand) if each != then), None)
    if now and not then:
        earlier = stand[: stand.index(now)] if now in stand else []
        earlier = earlier or [each for each in known if each != now]
        replaced = read_manifest(engagement.folder.as_sent(now)).get("supersedes")
        then = replaced if replaced in known else next(reversed(earlier), None)
    if not then or not now:
        raise DeliveryError(
            f"{engagement.client_id} has {len(known)} deliver{'y' if len(known) == 1 else 'ies'}, "
            "and two are compared. Deliver its next file, or reprocess one: `consulting ledger "
            f"{engagement.client_id}` shows the files. {told_forgotten(lost)}".strip()
        )
    return then, now


def that_stand(engagement: Engagement) -> list[str]:
    """The deliveries whose place no other took, in the order in which their files arrived."""
    made = with_manifests(engagement.folder)
    replaced = {manifest.get("supersedes") for _, manifest in made}
    return [each.delivery_id for each, _ in made if each.delivery_id not in replaced]


def forgotten(engagement: Engagement) -> list[str]:
    """The deliveries that the ledger knows and of which nothing is held, oldest first."""
    held = set(engagement.folder.deliveries())
    made = engagement.intake.deliveries()
    return [each.batch_id for each in made if each.new_files and each.batch_id not in held]


def told_forgotten(names: Sequence[str]) -> str:
    """That nothing is held of deliveries, if there are any, and what to do."""
    if not names:
        return ""
    return (
        f"Nothing is held of {', '.join(names)}: moved out of `deliverables/`, and what the runs "
        "had kept is gone, as after the tier was lowered. To compare with one, put its "
        "manifest.json back into its folder there."
    )


def _manifests(engagement: Engagement, *deliveries: str) -> list[dict[str, Any]]:
    """What was handed over of each, with the whole configuration where ours is kept of both."""
    folder = engagement.folder
    told = [read_manifest(folder.as_sent(each)) for each in deliveries]
    kept = [folder.run(each) for each in deliveries]
    if all((run / INNER_MANIFEST).is_file() for run in kept):
        ours = [read_manifest(run, INNER_MANIFEST) for run in kept]
        return [{**each, "config": inner["config"]} for each, inner in zip(told, ours, strict=True)]
    return told

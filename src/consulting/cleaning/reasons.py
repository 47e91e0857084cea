"""What the client's YAML says of reject reasons: `meta: {reasons: {code: sentence}}` of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from consulting.cleaning.slim import nodes_of

if TYPE_CHECKING:
    from collections.abc import Iterator


def reject_reasons(manifest: dict[str, Any]) -> dict[str, str]:
    """The sentences for reject reasons.

    Args:
        manifest: The client's slim manifest.

    Returns:
        Sentence by `feed/code`. A code is `column:kind`, or `kind` where it is about the row.
    """
    return {
        f"{node['name']}/{code}": str(sentence).strip()
        for node in nodes_of(manifest)
        for code, sentence in (node["meta"].get("reasons") or {}).items()
    }


def reasons_mistakes(reasons: Any) -> Iterator[str]:
    """What is wrong with a model's `reasons`, in words."""
    if reasons is None:
        return
    if not isinstance(reasons, dict):
        yield "`reasons` is a mapping of reason codes to sentences, like {too_late: It came late}"
        return
    for code, sentence in reasons.items():
        if not isinstance(sentence, str) or not sentence.strip():
            yield f"`reasons` has no sentence for the code {code!r}"

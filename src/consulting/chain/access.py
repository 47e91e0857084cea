"""The access log of tier 3: each time the client's full data is read or written, by which run."""

from __future__ import annotations

import getpass
import json
import os
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from consulting.privacy.tiers import FULL_TIER

if TYPE_CHECKING:
    from consulting.chain.engagement import Engagement


def record_access(engagement: Engagement, *, by: str, operation: str, subject: str) -> None:
    """Append a line to the client's access log; below tier 3 there is no full data to access.

    In a bucket, where nothing can be appended, each line is an object.

    Args:
        engagement: Whose data.
        by: The run, or the command a person gave.
        operation: What was done ("read file", "run models", "write delivery").
        subject: To what; a name, never a value.
    """
    if engagement.config.security_tier < FULL_TIER:
        return
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": this_user(),
        "by": by,
        "operation": operation,
        "subject": subject,
    }
    text = json.dumps(line, ensure_ascii=False) + "\n"
    if engagement.objects is not None:
        name = f"access/{line['at']}-{uuid.uuid4().hex}.jsonl"
        engagement.objects.write(name, text.encode())
        return
    path = engagement.folder.access_log
    path.parent.mkdir(parents=True, exist_ok=True)
    # one write of less than a block: lines of several processes do not mix
    with path.open("a", encoding="utf-8") as log:
        log.write(text)


def this_user() -> str:
    """Who works at this machine, as far as it says so."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"

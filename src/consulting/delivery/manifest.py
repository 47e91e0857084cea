"""`manifest.json`: what a delivery consists of and what it was made from, by hash.

There are two of it: the client is handed one without our places; the one with the whole
configuration stays in the run folder, for `verify`.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from consulting.delivery.inputs import DeliverySummary
from consulting.delivery.past import superseded
from consulting.delivery.reasons import reason_in_words
from consulting.delivery.settled import row_keys
from consulting.errors import DeliveryError
from consulting.layout import MANIFEST
from consulting.writing import hash_file, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from consulting.delivery.contents import Contents
    from consulting.delivery.inputs import DeliveryInputs

INNER_MANIFEST = "manifest.inner.json"
MANIFEST_VERSION = 2
_TOLD = ("feeds", "partitions", "sample_rows", "deliverables", "sla")
"""What of the configuration the client is told: what was agreed, not where things lie."""
_OURS = ("password_variable",)
_NOT_RECEIVED = {"rows_path", "rejected_again"}
"""Of a corrections file: where its rows lie, and what the rules made of them, which is no input."""


def hash_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return path → hash and size of every file below a folder but the manifest, by name."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): {
            "sha256": hash_file(path),
            "size_bytes": path.stat().st_size,
        }
        for path in paths
        if path.relative_to(folder).as_posix() != MANIFEST
    }


def summarise(inputs: DeliveryInputs, findings: Mapping[str, int]) -> DeliverySummary:
    """Return the delivery as one line of a trend."""
    statuses = [check.status for check in inputs.checks]
    return DeliverySummary(
        delivery_id=inputs.delivery_id,
        client_id=inputs.client_id,
        period=inputs.period,
        received_at=inputs.received_at,
        tier=inputs.tier,
        score=None if inputs.score is None else inputs.score.value,
        received=sum(account.received for account in inputs.accounts),
        delivered=sum(account.delivered for account in inputs.accounts),
        rejected=sum(sum(account.rejected.values()) for account in inputs.accounts),
        merged=sum(sum(account.merged.values()) for account in inputs.accounts),
        findings=dict(findings),
        tests_passed=statuses.count("pass"),
        tests_warned=statuses.count("warn"),
        tests_failed=statuses.count("fail") + statuses.count("error"),
        failing_rows={check.unique_id: check.failing_rows for check in inputs.checks},
        made_with=_made_with(inputs),
    )


def _made_with(inputs: DeliveryInputs) -> dict[str, str]:
    parts = {
        "input": sorted([reading.feed, reading.sha256] for reading in inputs.files),
        "code": inputs.code_fingerprints,
        "dbt": inputs.dbt_fingerprint,
        "config": inputs.config,
        "library": inputs.versions,
    }
    return {name: _hashed(part) for name, part in parts.items()}


def _hashed(part: object) -> str:
    text = json.dumps(part, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def write_manifest(
    folder: Path, inputs: DeliveryInputs, contents: Contents, *, inner: Path
) -> None:
    """Write the manifest of the files in a folder; nothing may be added to it afterwards.

    Args:
        folder: The delivery.
        inputs: What it was made from.
        contents: What it holds.
        inner: Our own copy, with the whole configuration.
    """
    manifest = {**manifest_of(inputs, contents), "files": hash_files(folder)}
    write_text(inner, _as_json({**manifest, "config": inputs.config}))
    (folder / MANIFEST).write_text(_as_json(manifest), encoding="utf-8")


def _as_json(manifest: Mapping[str, Any]) -> str:
    return json.dumps(manifest, indent=2, ensure_ascii=False, default=str) + "\n"


def _told(config: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: config[name] for name in _TOLD if name in config}
    if "feeds" in told:
        told["feeds"] = [
            {name: value for name, value in feed.items() if name not in _OURS}
            for feed in told["feeds"]
        ]
    return told


def manifest_of(inputs: DeliveryInputs, contents: Contents) -> dict[str, Any]:
    """Return what the manifest says, but for the files, which are not all written yet."""
    previous = superseded(inputs, contents.summary)
    return {
        "manifest_version": MANIFEST_VERSION,
        "delivery_id": inputs.delivery_id,
        "client_id": inputs.client_id,
        "client_name": inputs.client_name,
        "engagement_type": inputs.engagement_type,
        "security_tier": inputs.tier,
        "security_tier_name": inputs.tier_name,
        "sampled": inputs.sampled,
        "period": inputs.period,
        "supersedes": None if previous is None else previous.delivery_id,
        "received_at": inputs.received_at.isoformat(),
        "files": {},
        "raw_files": [
            {
                "filename": reading.filename,
                "feed": reading.feed,
                "sha256": reading.sha256,
                "size_bytes": reading.size_bytes,
                "received_rows": reading.received_rows,
                **(
                    {"corrections": reading.corrections.model_dump(exclude=_NOT_RECEIVED)}
                    if reading.corrections
                    else {}
                ),
            }
            for reading in inputs.files
        ],
        "quarantined_files": [file.model_dump(mode="json") for file in inputs.quarantined],
        "row_accounting": [
            {**account.model_dump(mode="json"), "unaccounted": account.unaccounted}
            for account in inputs.accounts
        ],
        "reasons": reasons_told(inputs),
        "tables": [
            {**table.model_dump(mode="json"), "keys": row_keys(inputs, table.table)}
            for table in contents.tables
        ],
        "columns": _columns(inputs),
        "rejects": [file.model_dump(mode="json") for file in contents.rejects],
        "corrections": list(contents.receipts),
        "fingerprints": {
            "code": inputs.code_fingerprints,
            "dbt_project": inputs.dbt_fingerprint,
            "config": contents.summary.made_with["config"],
            "inputs": contents.summary.made_with["input"],
        },
        "config": _told(inputs.config),
        "versions": dict(sorted(inputs.versions.items())),
        "blocked": list(inputs.blocked),
        "earlier_deliveries": [past.delivery_id for past in inputs.history],
        "summary": contents.summary.model_dump(mode="json"),
    }


def reasons_told(inputs: DeliveryInputs) -> dict[str, dict[str, str]]:
    """Return feed → the reasons of its account, and their words."""
    return {
        account.feed: {
            code: reason_in_words(code, inputs, account.feed)
            for code in (*account.rejected, *account.merged)
        }
        for account in inputs.accounts
    }


def _columns(inputs: DeliveryInputs) -> list[dict[str, Any]]:
    """How each delivered column is made, and whether documents show its values."""
    personal = inputs.personal_columns
    return [
        {
            "table": mapping.target_table,
            "column": mapping.target_column,
            "feed": mapping.feed,
            "from": list(mapping.source_columns),
            "rule": mapping.rule,
            "transformation": mapping.transformation,
            "written": mapping.written
            and mapping.written.model_dump(mode="json", include={"decimal", "formats"}),
            "required": mapping.required,
            "dropped_because": mapping.dropped_because,
            "personal": any(
                (mapping.feed, source) in personal for source in mapping.source_columns
            ),
        }
        for mapping in inputs.mappings
    ]


def read_summary(folder: Path) -> DeliverySummary:
    """Return a finished delivery as one line of a trend; raises as `read_manifest`."""
    return DeliverySummary.model_validate(read_manifest(folder)["summary"])


def read_manifest(folder: Path, name: str = MANIFEST) -> dict[str, Any]:
    """Return a delivery's manifest, or, from its run folder, ours of it.

    Raises:
        DeliveryError: If the folder has none, or one that is not JSON.
    """
    path = folder / name
    where = "/".join(folder.parts[-3:])
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DeliveryError(
            f"{where}: there is no {name}, so this is not a finished delivery. "
            "Name a delivery listed by `list_deliveries`."
        ) from None
    except ValueError:
        raise DeliveryError(
            f"{where}: {name} is not JSON, so the delivery has been altered since it was "
            "made. Restore the folder from a backup, or rebuild the delivery from its landed files."
        ) from None
    return manifest

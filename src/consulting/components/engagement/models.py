"""The client's dbt models as assets, and its dbt tests as asset checks on them.

dagster-dbt translates the manifest; dbt itself runs in this process, on the client's own database.
"""

import re
from collections.abc import Iterator
from functools import cached_property

import dagster as dg

from consulting import chain
from consulting.cleaning import ClientModels
from consulting.cleaning.slim import nodes_of
from consulting.components.border import bordered, log_to
from consulting.components.engagement import metadata
from consulting.components.engagement.client import Client
from consulting.components.engagement.stage import batch_of, refuse_if, require_whole
from consulting.privacy.tiers import FULL_TIER
from consulting.resources.consultancy import ConsultancyResource
from consulting.rules import headers_of

CONSERVED = "every_row_accounted_for"
MAPPED = "every_column_mapped"
READ = "rules_read_as_before"


class ClientDbt:
    """The client's manifest as asset and check specs.

    Its two listings go through the translator node by node: dagster-dbt's own selection imports
    dbt and compares every model with every other, which a thousand clients can not afford.
    """

    def __init__(self, client: Client) -> None:
        # it imports dagster-dbt and dbt, which what looks at all clients does without
        from consulting.components.engagement.translator import EngagementDbtTranslator

        self._manifest = ClientModels(client.project.dbt, client.client_id).load_manifest()
        self._translator = EngagementDbtTranslator(client)

    @cached_property
    def model_specs(self) -> dict[str, dg.AssetSpec]:
        """The asset spec of each model, by its dbt unique id."""
        return {
            node["unique_id"]: self._translator.get_asset_spec(
                self._manifest, node["unique_id"], None
            )
            for node in nodes_of(self._manifest)
        }

    @cached_property
    def ends(self) -> list[dg.AssetKey]:
        """The models that no other model reads: when they are made, all are."""
        read = {
            parent
            for unique_id in self.model_specs
            for parent in self._manifest["nodes"][unique_id]["depends_on"]["nodes"]
        }
        return [spec.key for unique_id, spec in self.model_specs.items() if unique_id not in read]

    def written(self, model: str) -> frozenset[str]:
        """The names that a model's own files write: its YAML's columns, the words of its SQL."""
        return frozenset(
            word
            for node in nodes_of(self._manifest)
            if node["name"] == model
            for word in (*node["columns"], *re.findall(r"\w+", node.get("raw_code") or ""))
        )

    @cached_property
    def headers(self) -> frozenset[str]:
        """The headers that the models' YAML names."""
        return frozenset(
            header
            for node in nodes_of(self._manifest)
            for column in node["columns"].values()
            for header in headers_of(column["meta"])
        )

    @cached_property
    def check_specs(self) -> dict[str, dg.AssetCheckSpec]:
        """The check spec of each test that is attached to a model, by its dbt unique id."""
        specs = {}
        for node in nodes_of(self._manifest, "test"):
            parents = [p for p in node["depends_on"]["nodes"] if p in self.model_specs]
            attached = node.get("attached_node") or (parents[0] if parents else None)
            if attached not in self.model_specs:
                continue
            spec = self._translator.get_asset_check_spec(
                self.model_specs[attached], self._manifest, node["unique_id"], None
            )
            if spec is not None:
                specs[node["unique_id"]] = spec
        return specs


def build_cleaned(client: Client, dbt: ClientDbt) -> dg.AssetsDefinition:
    """The step that runs the client's models."""
    stage = client.stage(
        "cleaned",
        deps=[client.key("profiled"), *dbt.ends],
        description=(
            "The client's dbt models have run: types, rules and duplicates, with every row that "
            "is set aside kept with its reason."
        ),
        kinds={"dbt", "duckdb"},
    )

    @dg.multi_asset(
        name=client.step_name("cleaned"),
        specs=[*dbt.model_specs.values(), stage],
        check_specs=[
            dg.AssetCheckSpec(
                CONSERVED,
                asset=stage.key,
                blocking=True,
                description=(
                    "For each feed: rows received = delivered + rejected + merged as duplicates."
                ),
            ),
            dg.AssetCheckSpec(
                MAPPED,
                asset=stage.key,
                blocking=True,
                description=(
                    "Every column of the client's files is delivered, or dropped with a reason."
                ),
            ),
            dg.AssetCheckSpec(
                READ,
                asset=stage.key,
                blocking=True,
                description=(
                    "No rule rejects most values of a column that it read in the last deliveries, "
                    "or rejects or merges most rows where it left them then."
                ),
            ),
        ],
        description="Runs the client's dbt models in this process.",
        # Dagster refuses a backfill of several models in one step that is all or nothing, if one
        # of them depends on two others (it compares their partitions with a broken `!=`)
        can_subset=True,
    )
    @bordered(client)
    def cleaned(
        context: dg.AssetExecutionContext, consultancy: ConsultancyResource
    ) -> Iterator[dg.MaterializeResult[None]]:
        require_whole(context, client)
        engagement = consultancy.engagement(client)
        batch_id = batch_of(context, client)
        cleaning = chain.clean(
            engagement, batch_id=batch_id, run_id=context.run.run_id, log=log_to(context.log.info)
        )
        refuse_if(chain.refused(client.client_id, cleaning), context, engagement, batch_id)
        named = dbt.headers if client.config.security_tier == FULL_TIER else frozenset()
        for model in cleaning.models:
            origins = metadata.origins_of(
                model.name, cleaning.mappings, client.key("file_received"), named
            )
            yield dg.MaterializeResult(
                asset_key=client.key(model.name),
                metadata=metadata.of_model(model, dbt.written(model.name), origins),
            )
        yield dg.MaterializeResult(
            asset_key=stage.key,
            metadata=metadata.of_cleaning(cleaning),
            check_results=[
                metadata.conserved_check(CONSERVED, cleaning),
                metadata.mapped_check(MAPPED, cleaning),
                metadata.drift_check(client.client_id, READ, cleaning),
            ],
        )

    return cleaned


def build_validated(client: Client, dbt: ClientDbt) -> dg.AssetsDefinition:
    """The step that runs the client's dbt tests, each of them a check on its model."""
    stage = client.stage(
        "validated",
        deps=[client.key("cleaned")],
        description=(
            "Every dbt test has run. A failed test of error severity stops the delivery; a "
            "warning is told in the report."
        ),
        kinds={"dbt"},
    )

    @dg.multi_asset(
        name=client.step_name("validated"),
        specs=[stage],
        check_specs=list(dbt.check_specs.values()),
        allow_arbitrary_check_specs=True,
        description="Runs the client's dbt tests in this process.",
        # so that a run of one model ends with our words, not with Dagster's
        can_subset=True,
    )
    @bordered(client)
    def validated(
        context: dg.AssetExecutionContext, consultancy: ConsultancyResource
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        require_whole(context, client)
        engagement = consultancy.engagement(client)
        batch_id = batch_of(context, client)
        checks = chain.validate(
            engagement, batch_id=batch_id, run_id=context.run.run_id, log=log_to(context.log.info)
        )
        for check in checks.checks:
            spec = dbt.check_specs.get(check.unique_id)
            if spec is not None:
                yield metadata.check_result(spec, check)
        chain.refuse_failed(engagement, batch_id=batch_id, run_id=context.run.run_id, checks=checks)
        yield dg.MaterializeResult(asset_key=stage.key, metadata=metadata.of_checks(checks))

    return validated

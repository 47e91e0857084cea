"""The resources and the executor of the code location."""

from __future__ import annotations

import dagster as dg

from consulting.resources.consultancy import ConsultancyResource


@dg.definitions
def resources() -> dg.Definitions:
    """What all clients share."""
    return dg.Definitions(
        resources={"consultancy": ConsultancyResource()},
        # a process per step would load every client again
        executor=dg.in_process_executor,
    )

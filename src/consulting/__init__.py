"""A data consultancy's recurring engagements: a client is one folder with one `defs.yaml`.

What is named here may be imported, subclassed and overridden (docs/api.md); all else may change.
"""

import os
import time
from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.components import ClientsComponent, ConsultancyComponent, EngagementComponent
    from consulting.components.engagement.client import Client
    from consulting.components.loading import load_consultancy, load_project, load_shard
    from consulting.errors import ConsultingError
    from consulting.project import Project
    from consulting.rules import ColumnRule
    from consulting.sources import Source, Store

# no byte of a delivery depends on where the machine stands, nor does what is started from here
os.environ["TZ"] = "UTC"
time.tzset()

__all__ = [
    "Client",
    "ClientsComponent",
    "ColumnRule",
    "ConsultancyComponent",
    "ConsultingError",
    "EngagementComponent",
    "Project",
    "Source",
    "Store",
    "load_consultancy",
    "load_project",
    "load_shard",
]

# loading one name does not load what the others need
__getattr__ = lazy_exports(
    __name__,
    {
        "Client": "components.engagement.client",
        "ClientsComponent": "components",
        "ColumnRule": "rules",
        "ConsultancyComponent": "components",
        "ConsultingError": "errors",
        "EngagementComponent": "components",
        "Project": "project",
        "Source": "sources",
        "Store": "sources",
        "load_consultancy": "components.loading",
        "load_project": "components.loading",
        "load_shard": "components.loading",
    },
)

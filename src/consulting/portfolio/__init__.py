"""All clients on one page: who is late, who is in trouble, and how the quality goes."""

from typing import TYPE_CHECKING

from consulting.lazy import lazy_exports

if TYPE_CHECKING:
    from consulting.portfolio.page import build_portfolio
    from consulting.portfolio.standing import ClientStanding, LastDelivery, OpenIncident

__all__ = ["ClientStanding", "LastDelivery", "OpenIncident", "build_portfolio"]

__getattr__ = lazy_exports(
    __name__,
    {
        "ClientStanding": "standing",
        "LastDelivery": "standing",
        "OpenIncident": "standing",
        "build_portfolio": "page",
    },
)

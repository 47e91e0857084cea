"""Where our code meets Dagster: what it raises is told in our own words, and nothing else is.

Dagster stores an error's text and that of every error it came from, and shows both to whoever sees
the run. Every function that Dagster calls at run time wears `bordered` (a test looks).
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import dagster as dg

from consulting.errors import ConsultingError
from consulting.foreign import ErrorLog, in_our_words, is_foreign, without_chain
from consulting.layout import ClientFolder, data_root
from consulting.privacy.tiers import FULL_TIER
from consulting.shown import on_lines, on_one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from consulting.components.engagement.client import Client

P = ParamSpec("P")
T = TypeVar("T")
EVERYBODY = "consultancy"


def bordered(client: Client | None = None) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let only our own words out of an op, a sensor or a schedule.

    Args:
        client: Whose work it does; None where it works for all.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def step(*args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
                told = None
                try:
                    yield from function(*args, **kwargs)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001 - it goes on, in our words
                    told = _told(error, client)
                if told is not None:  # out here no error is being handled that would come with it
                    raise _for_dagster(told, (*args, *kwargs.values()))

            return cast("Callable[P, T]", step)

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - as above
                told = _told(error, client)
            raise _for_dagster(told, (*args, *kwargs.values()))

        return call

    return decorate


def log_to(write: Callable[[str], None]) -> Callable[[str], None]:
    """A run's log as the stages write to it: one line each, whatever a client called its file."""
    return lambda text: write(on_one_line(text))


def _told(error: BaseException, client: Client | None) -> BaseException:
    if isinstance(error, dg.Failure) or not (
        isinstance(error, ConsultingError) or is_foreign(error)
    ):
        return without_chain(error)  # ours already, or what tells the process to stop
    if client is None:
        return without_chain(in_our_words(error, EVERYBODY, ErrorLog()))
    full = client.config.security_tier == FULL_TIER
    log = ErrorLog(ClientFolder(data_root(), client.client_id).errors if full else None)
    return without_chain(in_our_words(error, client.client_id, log))


def _for_dagster(told: BaseException, args: tuple[object, ...]) -> BaseException:
    """In a run our own errors are the failure's description, not a stack."""
    ticks = (dg.SensorEvaluationContext, dg.ScheduleEvaluationContext)
    if isinstance(told, ConsultingError) and not any(isinstance(arg, ticks) for arg in args):
        return dg.Failure(on_lines(str(told)), allow_retries=False)
    return told

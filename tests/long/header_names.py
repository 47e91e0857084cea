"""A long search for headers that break a client's chain, by hand.

    PYTHONPATH=. python tests/long/header_names.py --examples 200

Runs the property of tests/chain/test_names.py with more examples; each is a whole run of two files.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.chain.test_names import compare, deliver, headers


def main() -> None:
    """Searches, and says how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100)
    started = time.monotonic()

    @settings(
        max_examples=parser.parse_args().examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.lists(headers(), min_size=2, max_size=2))
    def search(files: list[list[str]]) -> None:
        named = dict(zip(("select", "group"), files, strict=True))
        with TemporaryDirectory() as folder:
            world, delivery = deliver(Path(folder), named)
            for feed, names in named.items():
                compare(world, delivery, feed, names)

    search()
    print(f"Nothing found in {time.monotonic() - started:,.0f} seconds.")  # noqa: T201


if __name__ == "__main__":
    main()

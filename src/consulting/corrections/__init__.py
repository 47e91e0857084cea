"""The rejects desk: rejected rows that come back corrected. Nothing here knows Dagster or dbt.

A rejects file of a delivery comes back with corrections in it. `sent` knows what was sent out,
`desk` judges each row that comes back, `applying` writes the files in use anew with the
corrections in place.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

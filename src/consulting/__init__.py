"""A data consultancy's recurring engagements: a client is one folder with one `defs.yaml`."""

import os
import time

# no byte of a delivery depends on where the machine stands, nor does what is started from here
os.environ["TZ"] = "UTC"
time.tzset()

"""A data consultancy's recurring engagements: a client is one folder with one `defs.yaml`."""

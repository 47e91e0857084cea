"""What an engagement's `defs.yaml` may say: fields, defaults, and how a mistake is explained."""

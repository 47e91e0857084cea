"""The chain a batch goes through: receive, profile, clean, validate, deliver. No Dagster here.

Each stage reads what the stages before it left in the run folder and leaves its own records there;
it can be run by an asset, a command line or a test alike.
"""

"""`python -m consulting.cli`."""

from consulting.cli.main import main

main()

"""`python -m mediafleet`: the command line."""

from mediafleet.cli import main

if __name__ == "__main__":
    main()

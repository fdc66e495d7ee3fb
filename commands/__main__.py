"""`python -m commands`: the command without its console script."""

from commands import main

if __name__ == "__main__":
    main()

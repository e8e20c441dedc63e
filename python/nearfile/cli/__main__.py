"""``python -m nearfile.cli`` is the command ``nearfile``."""

from nearfile.cli import main

if __name__ == "__main__":
    main()

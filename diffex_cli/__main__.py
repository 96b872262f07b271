"""``python -m diffex_cli`` is the command ``diffex``."""

from diffex_cli.commands.main import main

if __name__ == "__main__":
    main()

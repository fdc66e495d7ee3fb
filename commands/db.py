"""`tingfeng db upgrade` and `tingfeng db current`."""

from __future__ import annotations

import typer

from commands.shared import DEFAULT_CONFIG, ConfigPath, load, say

app = typer.Typer(
    no_args_is_help=True, help="Create or upgrade the database. 数据库升级", pretty_exceptions_enable=False
)


@app.command()
def upgrade(path: ConfigPath = DEFAULT_CONFIG) -> None:
    """Create the database, or bring it to this program's schema; waits if another process does it.

    创建数据库，或升级到当前版本的结构。
    """
    from store.database import upgrade as migrate
    from store.schema import revisions

    migrate(load(path).database_url)
    say(f"ok: schema {revisions()[-1]}")


@app.command()
def current(path: ConfigPath = DEFAULT_CONFIG) -> None:
    """Say whether the database has this program's schema; exit code 2 and what to do if not.

    查看数据库结构版本。
    """
    from store.database import check
    from store.schema import revisions

    check(load(path).database_url)
    say(f"ok: schema {revisions()[-1]}")

"""The roof: the command `tingfeng`.

A sub-command's file is imported when it is run, not when its name is shown: `tingfeng --help` must not pay for the
database, the crawler or the scorer.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from tingfeng import __version__
from tingfeng.errors import ConfigError, TingfengError

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter


class Entry(NamedTuple):
    """A sub-command: where it lives (a function or a Typer app) and the line that help shows."""

    place: str
    help: str


# A new command is a function or an app in a file of this room, and its line here.
SECTIONS: dict[str, dict[str, Entry]] = {
    "Set up 安装与检查": {
        "init": Entry("commands.setup:init", "Write a commented configuration and its secret. 生成配置文件"),
        "check-config": Entry("commands.setup:check_config", "Name every mistake of the configuration. 检查配置"),
        "doctor": Entry("commands.doctor:doctor", "Check this installation. 检查运行环境"),
        "db": Entry("commands.db:app", "Create or upgrade the database. 数据库升级"),
        "demo": Entry("commands.demo:app", "Play an invented brand's month with a crisis. 演示"),
    },
    "Run 运行": {
        "run": Entry("commands.run:run", "Run the daemon until SIGTERM. 启动守护进程"),
        "once": Entry("commands.run:once", "Run one job now. 立即执行一项任务"),
        "crawl": Entry("commands.run:crawl", "Crawl every source, or one, now. 立即抓取"),
        "backfill": Entry("commands.backfill:backfill", "Read again what was missed. 补采遗漏时段"),
        "brands": Entry("commands.brands:app", "Whether a mention means the brand. 品牌相关性"),
        "sentiment": Entry("commands.sentiment:app", "Score texts; correct, learn, evaluate. 情感分析"),
    },
    "Look 查看": {
        "sources": Entry("commands.sources:app", "Whether sources are alive; parse, import. 数据源"),
        "hot": Entry("commands.hot:hot", "What is and was on hot lists, by brand. 热榜"),
        "stories": Entry("commands.stories:stories", "Texts that were copied most. 传播最广的内容"),
        "alerts": Entry("commands.alerts:app", "Try the detectors on a past. 预警回放"),
        "incidents": Entry("commands.incidents:app", "What happened, with its steps. 事件"),
        "outbox": Entry("commands.outbox:app", "What waits to be sent or was refused. 待发消息"),
        "erase": Entry("commands.erase:app", "Erase an author on request, with a receipt. 按个人请求删除"),
        "silence": Entry("commands.silence:app", "Be quiet on purpose. 静默"),
        "digest": Entry("commands.digest:app", "Look at a digest before it is sent. 简报预览"),
    },
    "Surveys 问卷": {
        "import-survey": Entry("commands.survey:import_survey", "Bring in a CSV or XLSX of answers. 导入问卷"),
        "survey": Entry("commands.survey:app", "NPS and CSAT with 95 % intervals. 问卷指标"),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class LazyGroup(TyperGroup):
    """Knows its commands by name; imports one when it is called."""

    def list_commands(self, ctx: Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        """The command by name and help only: enough for lists and completion of names."""
        entry = COMMANDS.get(cmd_name)
        return TyperCommand(cmd_name, help=entry.help) if entry else None

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from tingfeng.registry import nearest

            near = nearest(args[0], COMMANDS)
            ctx.fail(f"no command '{args[0]}'" + (f"; did you mean '{near}'?" if near else ""))
        name, found, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name and found else found, rest

    def invoke(self, ctx: Context) -> Any:
        try:
            return super().invoke(ctx)
        except TingfengError as e:
            if ctx.params.get("debug"):
                raise
            from commands.shared import safe

            # Problems of a configuration begin with file:line, which editors and terminals can follow.
            start = "" if isinstance(e, ConfigError) else "tingfeng: "
            typer.echo("\n".join(start + safe(line) for line in str(e).splitlines()), err=True)
            raise typer.Exit(2) from None

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        width = max(map(len, COMMANDS))
        for title, entries in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), entry.help) for name, entry in entries.items()])


def _load(name: str) -> Command:
    module, _, attribute = COMMANDS[name].place.partition(":")
    found = getattr(import_module(module), attribute)
    if not isinstance(found, typer.Typer):
        made = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        made.command(name)(found)
        found = made
    command = typer.main.get_command(found)
    command.name = name
    return command


# Plain help: rich takes longer to import than everything else here together.
app = typer.Typer(cls=LazyGroup, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tingfeng {__version__}")
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[
        bool, typer.Option("--debug", envvar="TINGFENG_DEBUG", help="Show tracebacks of errors. 显示错误堆栈")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version. 显示版本")
    ] = False,
) -> None:
    """Hears trouble for a brand early. 听风：早一步听见品牌的风声。"""


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot show a sign shows its escape; it must not end the command.
            stream.reconfigure(errors="backslashreplace")
    app()

"""The command line. ``main()`` is the entry point ``kilde``.

Results go to stdout, progress and messages to stderr. Exit codes: 0 done; 1 done, but something failed or was not
found; 2 could not run; 3 wrong usage or settings; 130 interrupted. Each command imports by itself what it
alone needs: of a short command, importing takes most of the time.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from index.records import Filters, IngestRequest
from rag.cli_engine import open_engine, open_reader
from rag.cli_ingest import absolute_paths, show_ingest
from rag.cli_keeping import add_commands
from rag.cli_output import report, show, show_json, tolerate_unprintable
from rag.cli_ray import open_on_ray
from rag.errors import ConfigurationError, InputError, KildeError, NotFoundError
from rag.records import Question, SearchRequest
from rag.settings import load_settings
from rag.validate import check_ingest, check_question, check_search

app = typer.Typer(
    name="kilde",
    help="Answers over your own articles, with the exact words that support every sentence.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
)
keys = typer.Typer(help="Keys that programs show.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one record a line.")]
Lang = Annotated[str | None, typer.Option("--lang", metavar="TAG", help="Language of the answer, e.g. de or pt-BR.")]


def main() -> None:
    """Runs the command line of this process and leaves with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Runs one command; its exit code."""
    tolerate_unprintable()
    try:
        typer.main.get_command(app)(args=list(args), prog_name="kilde")
    except SystemExit as stop:
        # Typer leaves with 2 on wrong usage, and nothing else here does.
        return 3 if stop.code == 2 else int(stop.code or 0)
    except KildeError as exc:
        report(str(exc))
        return exit_code(exc)
    except Exception:
        import traceback

        traceback.print_exc()
        return 2
    return 0


def exit_code(error: KildeError) -> int:
    """What a command that ends in ``error`` leaves with."""
    match error:
        case NotFoundError():
            return 1
        case InputError() | ConfigurationError():
            return 3
        case _:
            return 2


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"kilde {version('kilde')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    pass


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Folders or files with articles.")],
    site_url: Annotated[str | None, typer.Option(metavar="URL", help="Public address of the articles.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    prune: Annotated[bool, typer.Option(help="Remove articles whose file is gone.")] = True,
    ray: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Embed on a Ray cluster: local, host:port, ray://host:port.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read articles, embed what changed, remove what is gone."""
    settings = load_settings()
    asked = IngestRequest(
        paths=absolute_paths(paths), site_url=site_url or settings.site_url, dry_run=dry_run, prune=prune
    )
    request = check_ingest(asked)
    try:
        # What a dry run does takes one process a moment.
        with open_on_ray(settings, ray) if ray and not dry_run else open_engine(settings) as engine:
            complete = show_ingest(engine.ingest(request), as_json=as_json)
    except KeyboardInterrupt:
        report("interrupted; everything so far is kept, and the next run goes on from there")
        raise typer.Exit(130) from None
    if not complete:
        raise typer.Exit(1)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: the setting.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="0 takes a free one; default: the setting.")
    ] = None,
    ingest: Annotated[list[Path] | None, typer.Option(metavar="PATH", help="Ingest before serving.")] = None,
    watch: Annotated[list[Path] | None, typer.Option(metavar="PATH", help="Ingest now and after every change.")] = None,
) -> None:
    """Run the HTTP service with widget and demo page."""
    from rag.cli_serve import serve_folder

    settings = load_settings()
    settings = replace(settings, host=host or settings.host, port=settings.port if port is None else port)
    serve_folder(settings, ingest=ingest or (), watch=watch or ())


@app.command()
def ask(question: Annotated[str, typer.Argument(metavar="QUESTION")], lang: Lang = None, as_json: Json = False) -> None:
    """Answer one question, with sources."""
    asked = check_question(Question(question=question, answer_lang=lang))
    with open_reader(load_settings(), for_questions=True) as engine:
        answer = engine.answer(asked)
    if as_json:
        show_json(answer)
    else:
        from rag.cli_text import answer_text

        show(answer_text(answer))


@app.command()
def chat(lang: Lang = None) -> None:
    """Hold a conversation in the terminal, with sources."""
    from rag.cli_chat import converse

    with open_reader(load_settings(), for_questions=True) as engine:
        complete = converse(engine, answer_lang=lang)
    if not complete:
        raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[str, typer.Argument(metavar="QUERY")],
    top_k: Annotated[int, typer.Option("-k", min=1, max=100, metavar="N", help="How many hits at most.")] = 10,
    lang: Annotated[list[str] | None, typer.Option(metavar="TAG", help="Only hits in this language.")] = None,
    as_json: Json = False,
) -> None:
    """Show the passages that match, best first."""
    request = check_search(SearchRequest(query=query, top_k=top_k, filters=Filters(langs=tuple(lang or ()))))
    with open_reader(load_settings(), for_questions=True) as engine:
        response = engine.search(request)
    if as_json:
        show_json(response)
    else:
        from rag.cli_text import hits_text

        show(hits_text(response.hits))


@app.command()
def articles(as_json: Json = False) -> None:
    """List what is indexed."""
    with open_reader(load_settings()) as engine:
        found = engine.articles()
    if as_json:
        show_json(found)
    else:
        from rag.cli_text import articles_text

        show(articles_text(found))


@app.command()
def stats(as_json: Json = False) -> None:
    """Show figures of the index."""
    with open_reader(load_settings()) as engine:
        figures = engine.stats()
    if as_json:
        show_json(figures)
    else:
        from rag.cli_text import stats_text

        show(stats_text(figures))


@app.command()
def drift(as_json: Json = False) -> None:
    """List translations of one article that disagree on a figure or a date."""
    with open_reader(load_settings()) as engine:
        found = engine.drift()
    if as_json:
        show_json(found)
    else:
        from rag.cli_drift import drift_table

        show(drift_table(found))


@app.command()
def mcp() -> None:
    """Lend the articles to a program on this machine, over the Model Context Protocol on stdin and stdout."""
    from rag.cli_mcp import serve_tools

    serve_tools(load_settings())


@app.command()
def doctor(
    offline: Annotated[
        bool, typer.Option("--offline", help="Open no connection; all must be on this machine.")
    ] = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Hold all that is stored against itself: may take minutes.")
    ] = False,
) -> None:
    """Check model, index, owner and settings, and say what to do."""
    from rag.cli_text import checks_text
    from rag.doctor import audited, examine

    checks = (*examine(offline=offline), *(audited() if audit else ()))
    show(checks_text(checks))
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


@app.command()
def slack() -> None:
    """Answer in Slack, in Socket Mode; docs/slack.md says how to set it up."""
    from rag.cli_slack import run_slack

    run_slack(load_settings())


@keys.command("add")
def keys_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who gets it.")],
    scopes: Annotated[
        list[str], typer.Option("--scope", metavar="SCOPE", help="ask, ingest or admin; may be repeated.")
    ],
    days: Annotated[int | None, typer.Option(metavar="N", help="In force for N days; default: until revoked.")] = None,
    rate: Annotated[str | None, typer.Option(metavar="RATE", help="Such as 600/minute; default: the setting.")] = None,
    as_json: Json = False,
) -> None:
    """Make a key, and show it once."""
    from rag.cli_keys import add_key

    add_key(load_settings(), name, scopes, days=days, rate=rate, as_json=as_json)


@keys.command("list")
def keys_list(as_json: Json = False) -> None:
    """List keys: id, state, scopes, rate, when they were made, name."""
    from rag.cli_keys import list_keys

    list_keys(load_settings(), as_json=as_json)


@keys.command("revoke")
def keys_revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="As the list shows it.")]) -> None:
    """End a key at once, also in a running service."""
    from rag.cli_keys import revoke_key

    revoke_key(load_settings(), key_id)


add_commands(app)

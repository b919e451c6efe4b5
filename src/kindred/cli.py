"""The command line: each step of the walk that is not dbt's."""

import argparse
import atexit
import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

DEFAULT_PEOPLE = 2_000
DEFAULT_SEED = 20_260_101


def command() -> NoReturn:
    """Run what the command line says, and be gone."""
    code = main()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    # to take down all that dbt has imported, piece by piece, takes most of a second
    os._exit(code)


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; 0 when it worked, 2 with one paragraph when it did not."""
    parser = _parser()
    options = parser.parse_args(arguments)
    home = Path(os.environ.get("KINDRED_HOME") or "data")
    try:
        return options.run(home, options) or 0
    except _known_errors() as error:
        print(f"kindred {options.command}: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kindred",
        description="Everything lies under KINDRED_HOME, by default the folder data.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    sample = commands.add_parser("sample", help="write a simulated shop to the inbox")
    sample.add_argument("--people", type=int, default=DEFAULT_PEOPLE)
    sample.add_argument("--days", type=int, default=60)
    sample.add_argument("--seed", type=int, default=DEFAULT_SEED)
    sample.add_argument(
        "--if-empty", action="store_true", help="do nothing when the inbox has files"
    )
    sample.set_defaults(run=_sample)
    land = commands.add_parser("land", help="inbox -> landing, each file once; erase who asked")
    land.set_defaults(run=_land)
    publish = commands.add_parser("publish", help="build file and exports -> what is read")
    publish.set_defaults(run=_publish)
    restore = commands.add_parser(
        "restore", help="remembered tables from their exports, into a build file without any"
    )
    restore.add_argument("--from", dest="folder", type=Path, help="by default the home's exports")
    restore.set_defaults(run=_restore)
    alone = commands.add_parser(
        "alone", help="run a command unless another one runs alone in this home"
    )
    alone.add_argument("words", nargs=argparse.REMAINDER, help="-- and the command")
    alone.set_defaults(run=_alone)
    due = commands.add_parser("due", help="the selector of the next build: hourly or weekly")
    due.set_defaults(run=_due)
    build = commands.add_parser("build", help="dbt build of what is due")
    run = commands.add_parser("run", help="land, build what is due and publish, alone in this home")
    for command, work in ((build, _build), (run, _run)):
        command.add_argument(
            "selector", nargs="?", choices=("hourly", "weekly"), help="by default what is due"
        )
        command.set_defaults(run=work)
    summary = commands.add_parser("summary", help="the segments of the published copy")
    summary.set_defaults(run=_summary)
    return parser


def _known_errors() -> tuple[type[Exception], ...]:
    from kindred.landing import LandingError
    from kindred.publishing import PublishingError
    from kindred.restoring import RestoringError
    from kindred.running import BuildError

    # ValueError: a sample too small to hold what it promises
    return LandingError, BuildError, PublishingError, RestoringError, FileExistsError, ValueError


def _sample(home: Path, options: argparse.Namespace) -> int:
    from kindred.samples import write_sample

    inbox = home / "inbox"
    has_files = inbox.is_dir() and any(
        path.is_file() and not path.name.startswith(".") for path in inbox.rglob("*")
    )
    if has_files and options.if_empty:
        print(f"{inbox} has files; no sample is written")
        return 0
    if has_files:
        raise FileExistsError(
            f"{inbox} has files already. The sample goes to an empty inbox only: empty it, "
            "or set KINDRED_HOME to another folder."
        )
    write_sample(home, people=options.people, days=options.days, seed=options.seed)
    return 0


def _land(home: Path, options: argparse.Namespace) -> int:
    from kindred.erasing import erase
    from kindred.landing import land

    named = os.environ.get("KINDRED_LANDING")
    landing = Path(named) if named else None
    land(home, landing, salt=os.environ.get("KINDRED_SALT") or None)
    erase(home, landing)
    return 0


def _due(home: Path, options: argparse.Namespace) -> int:
    from kindred.running import selector_due

    print(selector_due(home, Path.cwd()))
    return 0


def _build(home: Path, options: argparse.Namespace) -> int:
    from kindred.running import build

    return build(home, Path.cwd(), options.selector)


def _run(home: Path, options: argparse.Namespace) -> int:
    import gc
    from importlib import import_module
    from threading import Thread

    from kindred.running import build, do_alone

    def steps() -> int:
        # a second of imports, while landing waits for files; all of it stays to the end
        gc.disable()
        Thread(target=import_module, args=("dbt.cli.main",)).start()
        with ThreadPoolExecutor(max_workers=1) as beside:
            gathered: list[Future[Path]] = []

            def build_step() -> int:
                return build(
                    home,
                    Path.cwd(),
                    options.selector,
                    once_built=lambda: gathered.append(_gather(home, beside)),
                )

            for name, step in (
                ("land", lambda: _land(home, options)),
                ("build", build_step),
                ("publish", lambda: _release(home, gathered[0])),
            ):
                began = time.perf_counter()
                if failed := step():
                    return failed
                print(f"{name}: {time.perf_counter() - began:.1f} s", flush=True)
        return 0

    return do_alone(home, steps)


def _publish(home: Path, options: argparse.Namespace) -> int:
    with ThreadPoolExecutor(max_workers=1) as beside:
        return _release(home, _gather(home, beside))


def _gather(home: Path, beside: ThreadPoolExecutor) -> Future[Path]:
    """Begin what the next release shows of the exports, which computes while files are written."""
    from kindred.serving import forget_old, gather

    forget_old(home)
    return beside.submit(gather, home, os.environ.get("KINDRED_MEMORY_LIMIT"))


def _release(home: Path, gathered: Future[Path]) -> int:
    from kindred.erasing import forget_published
    from kindred.publishing import publish
    from kindred.serving import release

    print(f"published {publish(home)}")
    print(f"released {release(home, gathered.result())}")
    forget_published(home)
    return 0


def _restore(home: Path, options: argparse.Namespace) -> int:
    from kindred.restoring import restore

    for table, rows in restore(home, options.folder or home / "exports").items():
        print(f"restored {table}: {rows:,} rows")
    return 0


def _alone(home: Path, options: argparse.Namespace) -> int:
    from kindred.running import run_alone

    return run_alone(home, [word for word in options.words if word != "--"])


def _summary(home: Path, options: argparse.Namespace) -> int:
    from kindred.summary import summarize

    print(summarize(home))
    return 0


if __name__ == "__main__":
    command()

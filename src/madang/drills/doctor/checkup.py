"""The look at an installation that `madang doctor` takes: its models, and the folder it lives in.

One rule: looking changes nothing but a test file that is removed again, and a store of an older version, which whoever
opens it brings up to this one; and every finding says what to do.
"""

import asyncio
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from madang.drills.doctor.finding import Finding
from madang.errors import MadangError, StoreUnavailable
from madang.keys import Keyring
from madang.keys.desk import Desk
from madang.ledger.ingest.ingester import Ingester
from madang.media.files.shelf import Shelf
from madang.media.house import shelf_of
from madang.model import Target
from madang.pipeline.lane import Snapshot
from madang.routing.route import Route
from madang.state.store import DATABASE, Store

_GIB = 1024**3
_SCARCE_BYTES = 1 * _GIB
_FULL_BYTES = _GIB // 10
_SUNSET_SOON = timedelta(days=60)
_LARGE_BACKLOG_BYTES = 64 * 1024 * 1024


def look_at_models(snapshot: Snapshot, names: Iterable[str]) -> Iterator[Finding]:
    """Where each configured model leads, and how many more names are served."""
    count = 0
    for name in names:
        count += 1
        try:
            route = snapshot.directory.lookup(name)
        except MadangError as error:
            yield Finding(
                what=f"model {name}",
                state="broken",
                detail=error.message,
                advice="Correct its `targets` or `fallback`, or configure the provider.",
            )
            continue
        yield _model(snapshot, name, route)
    others = len(snapshot.directory.names()) - count
    detail = f"{count} configured, {others} more of the catalogue"
    yield Finding(what="models", state="ok", detail=detail)


def look_at_files(store: str, home: Path) -> Iterator[Finding]:
    """Whether finished clips can be kept where `media.store` says; the home folder is looked at for itself."""
    if store == "files":
        return
    try:
        asyncio.run(_try(shelf_of(store, home), f".trial-{uuid.uuid4().hex}"))
    except MadangError as error:
        yield Finding(
            what="media store",
            state="broken",
            detail=f"{store}: {error.message}",
            advice="Correct `media.store`, or the credentials in the environment: a clip that cannot be kept waits.",
        )
        return
    yield Finding(what="media store", state="ok", detail=f"{store} keeps files and gives them back")


async def _try(shelf: Shelf, name: str) -> None:
    """Keep a little file, read it, and forget it. Raises StoreUnavailable, NotFound."""

    async def word() -> AsyncIterator[bytes]:
        yield b"madang"

    await shelf.put(name, word())
    try:
        async for _ in shelf.read(name, 0, 6):
            continue
    finally:
        await shelf.drop([name])


def _model(snapshot: Snapshot, name: str, route: Route) -> Finding:
    detail = ", ".join(map(_spelled, route.targets))
    fallbacks = [target for fallback in route.fallbacks for target in fallback.targets]
    if fallbacks:
        detail += f"; falls back to {', '.join(map(_spelled, fallbacks))}"
    if route.longer is not None:
        longer = ", ".join(map(_spelled, route.longer.targets))
        detail += f"; over {route.threshold_tokens:,} tokens to {longer}"
    at_us = time.time_ns() // 1000
    unpriced = [
        _spelled(target)
        for target in route.every_target()
        if snapshot.price_row(target, at_us) is None
    ]
    ending = [note for target in route.every_target() if (note := _ending(snapshot, target))]
    if unpriced:
        detail += f"; no price is known for {', '.join(unpriced)}"
    if ending:
        detail += f"; {', '.join(ending)}"
    if not unpriced and not ending:
        return Finding(what=f"model {name}", state="ok", detail=detail)
    advice = (
        "Name a successor while there is time."
        if ending
        else "Give it one in `prices`: its costs are unknown else, and requests that a budget counts do not go there."
    )
    return Finding(what=f"model {name}", state="warning", detail=detail, advice=advice)


def _spelled(target: Target) -> str:
    return f"{target.provider}/{target.model}"


def _ending(snapshot: Snapshot, target: Target) -> str | None:
    """A note where the model's own vendor is asked, and stops serving it soon, or has stopped."""
    row = snapshot.catalog.models.get(target.canonical or "")
    if row is None or row.sunset is None or snapshot.providers[target.provider].home != row.home:
        return None
    today = datetime.now(UTC).date()
    if row.sunset > today + _SUNSET_SOON:
        return None
    ends = "ended" if row.sunset <= today else "ends"
    return f"{_spelled(target)} {ends} on {row.sunset}"


def look_at_home(home: Path, warn_s: float) -> Iterator[Finding]:
    """Whether the folder can be written, has room, and holds a store and a journal that work.

    Keys that expire within `warn_s` are named.
    """
    standing = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    made = "" if standing == home else "; it will be made at the first start"
    yield _unwritable(f"home {home}", standing) or Finding(
        what=f"home {home}", state="ok", detail=f"can be written{made}"
    )
    yield _room(standing)
    if (home / DATABASE).exists():
        yield from _store(home, warn_s)


def _unwritable(what: str, folder: Path) -> Finding | None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return Finding(
            what=what,
            state="broken",
            detail=f"{folder} cannot be written: {error.strerror}",
            advice=_rights(),
        )


def _rights() -> str:
    return f"Give user {os.getuid()} the right to write there, or name another --home."


def _room(standing: Path) -> Finding:
    free = shutil.disk_usage(standing).free
    words = f"{free / _GIB:,.1f} GiB free"
    if free >= _SCARCE_BYTES:
        return Finding(what="disk", state="ok", detail=words)
    return Finding(
        what="disk",
        state="broken" if free < _FULL_BYTES else "warning",
        detail=words,
        advice="Make room: a full disk loses rows of the ledger.",
    )


def _store(home: Path, warn_s: float) -> Iterator[Finding]:
    try:
        store = Store(home)
    except StoreUnavailable as error:
        advice = "Put a backup back, or name another --home." if error.code is None else None
        if isinstance(error.__cause__, PermissionError):
            advice = _rights()
        yield Finding(what="store", state="broken", detail=error.message, advice=advice)
        return
    try:
        yield Finding(
            what="store", state="ok", detail="opens, and its schema is the one of this version"
        )
        yield from _journal(home, store)
        yield _keys(Desk(Keyring(store), time.time(), warn_s))
    except StoreUnavailable as error:
        yield Finding(
            what="store", state="broken", detail=error.message, advice="Put a backup back."
        )
    finally:
        store.close()


def _keys(desk: Desk) -> Finding:
    """Callers' keys that end soon, or whose replaced secret is still in use."""
    live = [key for key in desk.list_keys() if key.state == "active"]
    soon = [f"{key.name!r} ({key.id}) expires soon" for key in live if key.is_expiring]
    lagging = [
        f"{key.name!r} ({key.id}) is used with a secret that was replaced"
        for key in live
        if key.replaced_in_use
    ]
    words = [f"{len(live)} are live", *soon, *lagging]
    return Finding(
        what="keys",
        state="warning" if soon or lagging else "ok",
        detail=", ".join(words),
        advice="Give them more time (`madang key update`), and callers the new secret."
        if soon or lagging
        else None,
    )


def _journal(home: Path, store: Store) -> Iterator[Finding]:
    folder = home / "journal"
    if folder.exists() and (unwritable := _unwritable("journal", folder)):
        yield unwritable
        return
    backlog = Ingester(store, folder).backlog_bytes()
    late = backlog > _LARGE_BACKLOG_BYTES
    yield Finding(
        what="journal",
        state="warning" if late else "ok",
        detail=f"{backlog:,} bytes are on their way into the store",
        advice="Look into the gateway's log for why they do not move." if late else None,
    )
    damaged = store.read(
        "SELECT count(*) AS n, coalesce(sum(bytes), 0) AS bytes FROM journal_damage"
    )[0]
    if damaged["n"]:
        yield Finding(
            what="journal damage",
            state="warning",
            detail=f"{damaged['n']} damaged stretches were skipped, {damaged['bytes']:,} bytes in all",
            advice="What they held is in the store's table journal_damage; check the disk.",
        )

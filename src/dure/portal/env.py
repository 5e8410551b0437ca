"""The portal's settings from the environment, read once and typed. Every variable is documented here."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Environment:
    """What the operator decides.

    DURE_HOME: folder of all state (default `var`). DURE_DATABASE_URL: `sqlite:///PATH` or
    `postgresql://USER:PASSWORD@HOST:PORT/NAME` (default SQLite under DURE_HOME). DURE_SECRET_KEY: signing key
    (default: made once and kept in DURE_HOME/secret-key). DURE_PUBLIC_URL: where people reach the portal.
    DURE_PROGRAMME: packaged programme name or path. DURE_CLOCK: `wall` or `virtual`. DURE_SMTP_URL:
    `smtp://USER:PASSWORD@HOST:PORT` (default: mail stays in the portal's outbox and can be read on a page while
    DURE_CLOCK is virtual). DURE_MAIL_FROM: the sender's address (default `dure@localhost`).
    DURE_SEAL_KEY: the Ed25519 key (PEM) that signs decisions (default: made once and kept in DURE_HOME/seal-key.pem).
    DURE_TRUSTED_PROXIES: how many proxies of your own stand in front (default 0). With one or more, addresses are read
    from X-Forwarded-For and arrival times from X-Request-Start; anybody could forge them otherwise.
    DURE_DEBUG: `1` shows tracebacks.
    """

    home: Path
    database: dict[str, Any]
    secret_key: str
    public_url: str
    programme: str
    clock: str
    smtp_url: str
    mail_from: str
    seal_key: Path
    trusted_proxies: int
    debug: bool


def read() -> Environment:
    """The environment of this process. Raises ValueError naming the variable that cannot be used."""
    home = Path(os.environ.get("DURE_HOME", "var")).resolve()
    clock = os.environ.get("DURE_CLOCK", "wall")
    if clock not in ("wall", "virtual"):
        raise ValueError(f"DURE_CLOCK={clock!r}: write 'wall' or 'virtual'")
    return Environment(
        home=home,
        database=database(os.environ.get("DURE_DATABASE_URL") or f"sqlite:///{home}/dure.sqlite3"),
        secret_key=os.environ.get("DURE_SECRET_KEY") or _kept_secret(home),
        public_url=os.environ.get("DURE_PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
        programme=os.environ.get("DURE_PROGRAMME", "korea-gpu-2025"),
        clock=clock,
        smtp_url=os.environ.get("DURE_SMTP_URL", ""),
        mail_from=os.environ.get("DURE_MAIL_FROM", "dure@localhost"),
        seal_key=Path(os.environ.get("DURE_SEAL_KEY") or home / "seal-key.pem").resolve(),
        trusted_proxies=_proxies(os.environ.get("DURE_TRUSTED_PROXIES") or "0"),
        debug=os.environ.get("DURE_DEBUG", "") == "1",
    )


def _proxies(text: str) -> int:
    if text.isdigit() and int(text) < 10:
        return int(text)
    raise ValueError(f"DURE_TRUSTED_PROXIES={text!r}: write a number from 0 to 9")


def database(url: str) -> dict[str, Any]:
    """`url` as a Django database. Raises ValueError for schemes other than sqlite and postgresql."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "CONN_MAX_AGE": 60,
            "NAME": parts.path if parts.path.startswith("//") is False else parts.path[1:],
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;",
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        query = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": query,
        }
    raise ValueError(f"DURE_DATABASE_URL has scheme {parts.scheme!r}: write sqlite:///PATH or postgresql://HOST/NAME")


def _kept_secret(home: Path) -> str:
    path = home / "secret-key"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(48))
        try:
            os.link(draft, path)  # the first of several processes wins; all read the same key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()

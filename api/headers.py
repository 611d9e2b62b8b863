"""Headers that every response carries, so that browsers and proxies take no liberties."""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

ON_ALL = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),  # over TLS a form must say that it comes from us
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("X-Frame-Options", "DENY"),
    (
        "Content-Security-Policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    ),
)
"""Nothing that we answer has one of its own."""

OVER_TLS = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),)
PRIVATE = (("Cache-Control", "no-store"),)


def headers_for(environ: WSGIEnvironment) -> tuple[tuple[str, str], ...]:
    """Return the headers that the answer to a request carries; they keep private ones out of caches."""
    secure = OVER_TLS if environ["wsgi.url_scheme"] == "https" else ()
    private = PRIVATE if environ["PATH_INFO"].startswith("/v1/") else ()
    return (*ON_ALL, *secure, *private)

"""Headers that every response carries, so that browsers and proxies take no liberties."""

from __future__ import annotations

from flask import Flask, Response, request

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # over TLS a form must say that it comes from us
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
}

YEAR_OF_TLS = "max-age=31536000; includeSubDomains"


def secure_headers(app: Flask) -> None:
    """Make an app add the headers to whatever it answers, and keep private answers out of caches."""

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.extend(HEADERS)  # nothing that we answer has one of its own
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = YEAR_OF_TLS
        if request.path.startswith("/v1/"):
            response.headers["Cache-Control"] = "no-store"
        return response

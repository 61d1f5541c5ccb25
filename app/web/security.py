"""What protects every page: form tokens, limits on trying, the content policy and its companions."""

from secrets import token_urlsafe

from flask import Flask, Response, g, request
from flask_compress import Compress
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

FORM_TEXT_MAX_BYTES = 2_097_152
HSTS_SECONDS = 31_536_000

csrf = CSRFProtect()
limiter = Limiter(key_func=get_remote_address)
compress = Compress()


def nonce() -> str:
    """This request's word that lets our own inline scripts and styles run."""
    if "csp_nonce" not in g:
        g.csp_nonce = token_urlsafe(16)
    return str(g.csp_nonce)


def content_policy() -> str:
    """The content security policy: only our own files, nothing evaluated, framed or sent elsewhere."""
    inline = f"'self' 'nonce-{nonce()}'"
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {inline}",
            f"style-src {inline}",
            "img-src 'self' data:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            # Only what says itself what it may do: mails, previews of documents.
            *(["frame-src 'self'"] if g.get("shows_frames") else []),
        )
    )


def _secure(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers.setdefault("X-Frame-Options", "DENY")
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if request.is_secure:
        headers["Strict-Transport-Security"] = f"max-age={HSTS_SECONDS}"
    if request.endpoint != "static":
        # A page shows what this person may see now; the next one at this browser may not.
        headers.setdefault("Cache-Control", "no-store")
    return response


def init(app: Flask) -> None:
    """Put the protections in front of every request and behind every answer."""
    settings = app.config["SETTINGS"]
    app.config.update(
        MAX_CONTENT_LENGTH=settings.document_max_bytes * settings.documents_per_message + FORM_TEXT_MAX_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_TEXT_MAX_BYTES,
        # A form lives as long as its session: someone may write an answer all afternoon.
        WTF_CSRF_TIME_LIMIT=None,
        RATELIMIT_STORAGE_URI=_limit_storage(settings.redis_url),
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        COMPRESS_MIN_SIZE=1024,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    limiter.init_app(app)
    compress.init_app(app)
    app.after_request(_secure)
    app.jinja_env.globals["csp_nonce"] = nonce


def _limit_storage(redis_url: str) -> str:
    if not redis_url:
        return "memory://"
    return f"redis+{redis_url}" if redis_url.startswith("unix:") else redis_url

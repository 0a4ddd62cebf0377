"""Faults as problem documents (RFC 9457): what callers of the API are told."""

import logging
from collections.abc import Mapping
from typing import Final

from starlette.responses import JSONResponse, Response

from authserver.domain.request_context import current_request_id

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
TYPE: Final = "urn:authserver:problem:"


def problem(
    status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a problem document; `code` ends its type, and the log has its reference number."""
    logger.info("api.refused", extra={"error": code, "detail": detail})
    return JSONResponse(
        {
            "type": TYPE + code,
            "title": code.replace("_", " ").capitalize(),
            "status": status,
            "detail": detail,
            "reference": current_request_id(),
        },
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type=MEDIA_TYPE,
    )

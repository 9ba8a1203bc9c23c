"""/docs: the OpenAPI document as one page for people, which loads nothing from anywhere."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.document_page import render_page

router = APIRouter(include_in_schema=False)

# The page needs its own style and nothing else: no script, no picture, no other host.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """Return the page."""
    return HTMLResponse(render_page(request.app.openapi()), headers={"content-security-policy": _POLICY})

"""The HTTP application: what answers, in which order, and with which services."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from api.document import document_of
from api.envelope import install_error_handlers
from api.gate import Gate
from api.metrics import Meter
from api.routes import (
    compact,
    compactions,
    conversations,
    docs,
    inputs,
    models,
    probes,
    responses,
    webhooks,
)
from shared.ending import end_task
from shared.logs import configure_logs
from shared.services import open_services
from shared.settings import Settings
from shared.wire.model import JsonObject


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the application; its services are open while it runs. `settings` default to the environment's."""
    settings = settings or Settings()
    app = _Application(
        title="hitherto",
        description="OpenAI's Responses API, with conversations that stay short by themselves.",
        version=version("hitherto"),
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    install_error_handlers(app)
    app.state.registry = CollectorRegistry()
    app.add_middleware(Gate, settings=settings)
    app.add_middleware(Meter, registry=app.state.registry)
    for module in (
        probes,
        docs,
        models,
        compact,
        compactions,
        inputs,
        responses,
        conversations,
        webhooks,
    ):
        app.include_router(module.router)
    return app


class _Application(FastAPI):
    def openapi(self) -> JsonObject:
        if self.openapi_schema is None:
            self.openapi_schema = document_of(self)
        return self.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    configure_logs()
    async with open_services(app.state.settings) as services:
        app.state.services = services
        await services.storage.warn()
        reconciler = asyncio.create_task(services.reconciler.run())
        yield
        await end_task(reconciler)

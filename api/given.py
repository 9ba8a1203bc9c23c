"""What a route is given: the services of its process, and the tenant of its request."""

from typing import Annotated

from fastapi import Depends, Request

from shared.services import Services


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _tenant(request: Request) -> str:
    tenant: str = request.state.tenant
    return tenant


GivenServices = Annotated[Services, Depends(_services)]
Tenant = Annotated[str, Depends(_tenant)]

"""What holds of single services and is in no model: each entry says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TWINS: Mapping[str, frozenset[str]] = {
    # Each has got a ...ForOrganization beside it that takes and returns the same. Models before 2023, 2024 and 2026
    # lack those, and nothing but prose tells which of the two an endpoint is.
    "License Manager": frozenset(("ListLicenseConfigurations", "ListReceivedGrants", "ListReceivedLicenses")),
}
"""By service id: operations that members alone do not tell from one that later models have."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """What holds of a service. ``read_timeout`` is in seconds; ``headers`` go with every request; ``retries`` has what
    to do after errors, ``urls`` the member that has an operation's URL.
    """

    read_timeout: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    retries: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str] = field(default_factory=dict)


NONE = Quirks()
SERVICES: Mapping[str, Quirks] = {
    # AWS's SDKs ask for JSON; HAL is what the service answers with else.
    "API Gateway": Quirks(headers={"Accept": "application/json"}),
    # https://docs.aws.amazon.com/amazonglacier/latest/dev/api-common-request-headers.html
    "Glacier": Quirks(headers={"x-amz-glacier-version": "2012-06-01"}),
    # Real-time predictions have a host of their own for each model; CreateRealtimeEndpoint says which.
    "Machine Learning": Quirks(urls={"Predict": "PredictEndpoint"}),
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html: a container has 60 s to
    # answer, and the socket's timeout should be 70 s. After ModelError and ModelStreamError it has run, after
    # ModelNotReadyException and ServiceUnavailable it has not. No retry mends a ValidationError.
    "SageMaker Runtime": Quirks(
        read_timeout=70,
        retries={
            "ModelError": "never",
            "ModelNotReadyException": "throttle",
            "ModelStreamError": "never",
            "ServiceUnavailable": "throttle",
            "ValidationError": "never",
        },
    ),
}
"""By service id."""

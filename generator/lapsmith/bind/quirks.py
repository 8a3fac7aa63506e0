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
    """What holds of a service.

    ``service`` are facts of its section in bindings. ``errors`` has the kind of retry by error, ``safe`` the
    operations that may be repeated, ``long_polls`` those that wait for what may come, and ``urls`` the member that has
    an operation's URL. ``base64`` has the members, by operation, that are text in the model and bytes in base64 in
    truth; ``identifiers`` are shapes whose values come with a path that requests must not have.
    """

    service: Mapping[str, object] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    safe: frozenset[str] = frozenset()
    long_polls: frozenset[str] = frozenset()
    urls: Mapping[str, str] = field(default_factory=dict)
    base64: Mapping[str, str] = field(default_factory=dict)
    identifiers: frozenset[str] = frozenset()


NONE = Quirks()
_FAST = {"attempts": 4, "delay": 0.025}
SERVICES: Mapping[str, Quirks] = {
    # AWS's SDKs ask for JSON; without it the service responds with HAL.
    "API Gateway": Quirks({"headers": {"Accept": "application/json"}}),
    # botocore 1.44, handlers.py: base64_encode_user_data and decode_console_output.
    "Auto Scaling": Quirks(base64={"CreateLaunchConfiguration": "UserData"}),
    "EC2": Quirks(base64={"RunInstances": "UserData", "GetConsoleOutput": "Output"}),
    # botocore 1.44, retries/standard.py and retries/special.py: shorter pauses, and a checksum in each response.
    "DynamoDB": Quirks({"retries": _FAST, "crc32": True}),
    "DynamoDB Streams": Quirks({"retries": _FAST}),
    # https://docs.aws.amazon.com/amazonglacier/latest/dev/api-common-request-headers.html
    "Glacier": Quirks({"headers": {"x-amz-glacier-version": "2012-06-01"}}),
    # botocore 1.44, retries/standard.py, for the long polls of this and the other services.
    "Kinesis": Quirks(long_polls=frozenset(("ReceiveDeadLetterQueueRecords", "ReceiveQueueRecords"))),
    # Real-time predictions have a host of their own for each model; CreateRealtimeEndpoint says which.
    "Machine Learning": Quirks(urls={"Predict": "PredictEndpoint"}),
    # botocore 1.44, handlers.py, fix_route53_ids: responses have "/hostedzone/Z1", and requests take "Z1".
    "Route 53": Quirks(identifiers=frozenset(("ResourceId", "DelegationSetId", "ChangeId"))),
    "SFN": Quirks(long_polls=frozenset(("GetActivityTask",))),
    "SQS": Quirks(long_polls=frozenset(("ReceiveMessage",))),
    # botocore 1.44, retries/special.py. Temporary credentials do no harm when they are issued twice.
    "STS": Quirks(
        errors={"IDPCommunicationErrorException": "transient"}, safe=frozenset(("AssumeRoleWithWebIdentity",))
    ),
    "SWF": Quirks(long_polls=frozenset(("PollForActivityTask", "PollForDecisionTask"))),
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html: a container has 60 s to
    # answer, and the socket's timeout should be 70 s. After ModelError and ModelStreamError it has run, after
    # ModelNotReadyException and ServiceUnavailable it has not. No retry mends a ValidationError.
    "SageMaker Runtime": Quirks(
        {"read_timeout": 70},
        errors={
            "ModelError": "never",
            "ModelNotReadyException": "throttle",
            "ModelStreamError": "never",
            "ServiceUnavailable": "throttle",
            "ValidationError": "never",
        },
    ),
}
"""By service id."""

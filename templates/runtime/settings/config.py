"""A client's settings: explicit arguments, then the environment, then the profile, then defaults.

=========== ============= ============================================ ===============================
setting     argument      environment, in this order                   profile
=========== ============= ============================================ ===============================
region      region        AWS_REGION, AWS_DEFAULT_REGION               region
endpoint    endpoint_url  AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL endpoint_url, of services first
attempts    max_attempts  AWS_MAX_ATTEMPTS                             max_attempts
retry mode  retry_mode    AWS_RETRY_MODE                               retry_mode
FIPS        use_fips      AWS_USE_FIPS_ENDPOINT                        use_fips_endpoint
dual-stack  use_dualstack AWS_USE_DUALSTACK_ENDPOINT                   use_dualstack_endpoint
trust store               AWS_CA_BUNDLE                                ca_bundle
ignore endpoint settings  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS          ignore_configured_endpoint_urls
account in endpoints      AWS_ACCOUNT_ID_ENDPOINT_MODE                 account_id_endpoint_mode
no prefixes before hosts  AWS_DISABLE_HOST_PREFIX_INJECTION            disable_host_prefix_injection
no compressed requests    AWS_DISABLE_REQUEST_COMPRESSION              disable_request_compression
least bytes to compress   AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES       request_min_compression_size_bytes
application in User-Agent AWS_SDK_UA_APP_ID                            sdk_ua_app_id
=========== ============= ============================================ ===============================

AWS_REGION and AWS_PROFILE come before AWS_DEFAULT_REGION and AWS_DEFAULT_PROFILE, as in AWS's SDKs for other
languages; botocore reads no AWS_REGION, and prefers AWS_DEFAULT_PROFILE. A variable that is empty counts as
not set. A profile is a section of AWS_CONFIG_FILE (``~/.aws/config``); the section of that name in
AWS_SHARED_CREDENTIALS_FILE (``~/.aws/credentials``) goes before it. Both are read if they exist, as botocore
does.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping

import msgspec

from ..errors import InvalidInput, foreign
from ..message.http import Timeout, adopted_timeout, check_header, check_seconds
from .endpoint import Endpoint, Hosts, check_region, parse_endpoint_url, resolve_endpoint
from .environment import Variables
from .hooks import Hooks
from .profile import load_profile
from .routing import EndpointRules, Route, Router

REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")

_RETRY_MODE = "standard"
_OTHER_RETRY_MODES = {
    "legacy": "AWS's SDKs have given it up",
    "adaptive": "this client does not limit its own request rate",
}
_CONNECT_LIMIT = 10.0
_MIN_COMPRESSION_SIZE = 10_240
_MAX_MIN_COMPRESSION_SIZE = 1_048_576
_ACCOUNT_ID_MODES = ("preferred", "disabled", "required")
_NOT_IN_APPLICATION = r"[^0-9A-Za-z!$%&'*+.^_`|~,#-]"
_HOOKS = ("before_send", "after_response", "on_retry", "on_error")
_OS_NAMES = {"linux": "linux", "darwin": "macos", "win32": "windows"}


class ServiceInfo(msgspec.Struct, frozen=True):
    """What the generated code knows of its service.

    Attributes:
        id: the service's id, for instance ``SageMaker Runtime``.
        api_version: the API's version, for instance ``2017-05-13``, or None.
        signing_name: the service name in signatures; None: requests are not signed.
        hosts: the hosts of an AWS service that has no endpoint rules, or None.
        base_url: the one URL of a service that is not in AWS's regions, or None.
        read_timeout: seconds that the service may take to answer; None: the default.
        user_agent_name: the name in the User-Agent header, for instance ``sagemaker-runtime``.
        s3: whether paths are signed as S3 wants them.
        headers: what goes with every request that does not set it.
        package: the name of the client's package, under which it logs.
        rules: the service's endpoint rules, or None.
        max_attempts: how often a request is sent at most, where nobody says otherwise.
        retry_delay: the longest first pause before a retry, in seconds, where the service did not throttle.
        crc32: whether responses carry a checksum in ``x-amz-crc32``.
    """

    id: str
    api_version: str | None
    signing_name: str | None
    hosts: Hosts | None
    base_url: str | None
    read_timeout: float | None
    user_agent_name: str
    s3: bool = False
    headers: tuple[tuple[str, str], ...] = ()
    package: str = ""
    rules: EndpointRules | None = None
    max_attempts: int = 3
    retry_delay: float = 0.05
    crc32: bool = False


class Config(msgspec.Struct, frozen=True):
    """Settings of a client, resolved and checked.

    Attributes:
        region: the Region of the client; None only for a service that needs none.
        route: where requests go and for whom they are signed; a :class:`Router` where that differs between calls.
        timeout: limits of each attempt.
        max_attempts: how often a request is sent at most, the first time included.
        ca_bundle: a file or folder of certificates to trust instead of the system's, or None.
        user_agent: the User-Agent header.
        extra_headers: headers added to each request.
        host_prefixes: whether operations may put something before the endpoint's host.
        min_compression_size: from how many bytes on requests are compressed where the service takes that; None: never.
        hooks: what is told of every attempt, or None.
        in_lambda: whether calls are made by an AWS Lambda function, and carry its trace.
        anonymous: whether requests are sent without a signature, and without looking for credentials.
    """

    region: str | None
    route: Route | Router
    timeout: Timeout
    max_attempts: int
    ca_bundle: str | None
    user_agent: str
    extra_headers: tuple[tuple[str, str], ...] = ()
    host_prefixes: bool = True
    min_compression_size: int | None = _MIN_COMPRESSION_SIZE
    hooks: Hooks | None = None
    in_lambda: bool = False
    anonymous: bool = False

    @property
    def endpoint(self) -> Endpoint | None:
        """Where all requests go; None where that differs between calls."""
        return self.route.endpoint if isinstance(self.route, Route) else None


def resolve_config(
    service: ServiceInfo,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    timeout: float | Timeout | None = None,
    max_attempts: int | None = None,
    use_fips: bool | None = None,
    use_dualstack: bool | None = None,
    user_agent_extra: str | None = None,
    hooks: Hooks | None = None,
    retry_mode: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Settle a client's settings. ``environ`` is read instead of ``os.environ``.

    For ``timeout`` see :func:`to_timeout`; without one, the limits are those of :class:`Timeout`, with the
    service's own read timeout.

    FIPS and dual-stack settings of the environment and the profile do not apply to a custom endpoint, wherever that
    comes from, as in botocore; ``use_fips=True`` and ``use_dualstack=True`` contradict it. It is used as it is, unless
    the service's endpoint rules have a use for it.

    Raises :class:`InvalidInput` naming the argument, variable or file, for a bad value, a missing region, a
    profile that does not exist, or a file that cannot be read.
    """
    variables = Variables(environ)
    settings = _Settings(variables)
    _check_retry_mode(settings, retry_mode)
    region = _region(service, settings, region)
    return Config(
        region=region,
        route=_route(service, settings, region, endpoint_url, use_fips, use_dualstack),
        timeout=to_timeout(timeout, service),
        max_attempts=_max_attempts(service, settings) if max_attempts is None else to_attempts(max_attempts),
        ca_bundle=_ca_bundle(settings),
        user_agent=_user_agent(service, settings, user_agent_extra),
        host_prefixes=not settings.flag("disable_host_prefix_injection", "AWS_DISABLE_HOST_PREFIX_INJECTION"),
        min_compression_size=_min_compression_size(settings),
        hooks=_checked_hooks(hooks),
        in_lambda=variables.get("AWS_LAMBDA_FUNCTION_NAME") is not None,
    )


def _checked_hooks(hooks: object) -> Hooks | None:
    if hooks is None or isinstance(hooks, Hooks):
        return hooks
    if foreign(hooks) is not None and all(callable(getattr(hooks, name, None)) for name in _HOOKS):
        return hooks  # type: ignore[return-value]
    raise InvalidInput(f"hooks must be an instance of a subclass of Hooks, not {hooks!r}")


def to_timeout(timeout: float | Timeout | None, service: ServiceInfo) -> Timeout:
    """Return time limits as given, or make them of one number: the longest wait for anything, in seconds.

    Connecting keeps its limit of 10 s when the number is higher. A limit for reading that is not given is that of the
    service. Raises :class:`InvalidInput` for anything but a number above 0.
    """
    if timeout is not None and foreign(timeout) is not None:
        timeout = adopted_timeout(timeout)
    if timeout is None or isinstance(timeout, Timeout):
        return (timeout or Timeout()).for_service(service.read_timeout)
    check_seconds(timeout, "timeout")
    seconds = float(timeout)
    return Timeout(connect=min(seconds, _CONNECT_LIMIT), read=seconds, write=seconds, pool=seconds)


class _Setting(msgspec.Struct, frozen=True):
    value: str
    where: str


class _Settings:
    """Looks a setting up in the environment, then in the profile, and says where it was."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self.profile = load_profile(variables)

    def variable(self, *names: str) -> _Setting | None:
        return next((_Setting(value, name) for name in names if (value := self._variables.get(name))), None)

    def in_profile(self, key: str) -> _Setting | None:
        return self._profile_setting(self.profile.settings, key)

    def in_service(self, service: str, key: str) -> _Setting | None:
        return self._profile_setting(self.profile.service_settings(service), key)

    def find(self, key: str, *variables: str) -> _Setting | None:
        return self.variable(*variables) or self.in_profile(key)

    def flag(self, key: str, variable: str) -> bool:
        found = self.find(key, variable)
        if found is None:
            return False
        if found.value.lower() not in ("true", "false"):
            raise InvalidInput(f"{found.where} must be 'true' or 'false', not {found.value!r}")
        return found.value.lower() == "true"

    def _profile_setting(self, settings: Mapping[str, str], key: str) -> _Setting | None:
        value = settings.get(key)
        where = f"{key} of the profile {self.profile.name!r} ({self.profile.config_file})"
        return _Setting(value, where) if value else None


def _region(service: ServiceInfo, settings: _Settings, region: str | None) -> str | None:
    found = settings.find("region", *REGION_VARIABLES) if region is None else _Setting(region, "region")
    if found is not None:
        check_region(found.value, found.where)
        return found.value
    if service.signing_name is not None:
        raise _no_region(settings)
    return None


def _no_region(settings: _Settings) -> InvalidInput:
    profile = settings.profile
    return InvalidInput(
        "no region: pass region='us-east-1' (or the one you use). None was found in the argument region, in the "
        f"variables {' and '.join(REGION_VARIABLES)}, or as 'region' of the profile {profile.name!r} in "
        f"{profile.config_file} or {profile.credentials_file}"
    )


def _route(
    service: ServiceInfo,
    settings: _Settings,
    region: str | None,
    url: str | None,
    fips: bool | None,
    dualstack: bool | None,
) -> Route | Router:
    custom = _Setting(url, "endpoint_url") if url is not None else _configured_endpoint(service, settings)
    if custom is None and service.rules is None and service.hosts is None and service.base_url is not None:
        custom = _Setting(service.base_url, f"the base URL of {service.id}")
    for option, wanted in (("use_fips", fips), ("use_dualstack", dualstack)):
        if wanted not in (None, True, False):
            raise InvalidInput(f"{option} must be True or False, not {wanted!r}")
        if wanted and custom is not None:
            raise InvalidInput(f"{option}=True cannot be had at a custom endpoint ({custom.where})")
    endpoint = None if custom is None else parse_endpoint_url(custom.value, custom.where)
    if endpoint is not None and service.rules is None:
        return Route(endpoint, service.signing_name, region)
    if fips is None:
        fips = custom is None and settings.flag("use_fips_endpoint", "AWS_USE_FIPS_ENDPOINT")
    if dualstack is None:
        dualstack = custom is None and settings.flag("use_dualstack_endpoint", "AWS_USE_DUALSTACK_ENDPOINT")
    if service.rules is not None:
        return _ruled(service, service.rules, settings, region, custom, fips, dualstack)
    if service.hosts is None:
        raise InvalidInput(f"no endpoint: {service.id} has none of its own, so pass endpoint_url=...")
    if region is None:
        raise _no_region(settings)
    found = parse_endpoint_url(resolve_endpoint(service.hosts, region, fips=fips, dualstack=dualstack))
    return Route(found, service.signing_name, region)


def _ruled(
    service: ServiceInfo,
    rules: EndpointRules,
    settings: _Settings,
    region: str | None,
    custom: _Setting | None,
    fips: bool,
    dualstack: bool,
) -> Route | Router:
    values: Mapping[str, str | bool | None] = {
        "AWS::Region": region,
        "AWS::UseFIPS": fips,
        "AWS::UseDualStack": dualstack,
        "SDK::Endpoint": custom.value if custom else None,
        "AWS::Auth::AccountIdEndpointMode": _account_id_mode(settings),
        "AWS::S3::UseArnRegion": True,
    }
    given = {keyword: values.get(name) for keyword, name in rules.built_ins.items()}
    known = {keyword: value for keyword, value in given.items() if value is not None}
    router = Router(rules, known, service.signing_name, region)
    return router.find({}, None) if router.is_fixed else router


def _account_id_mode(settings: _Settings) -> str:
    found = settings.find("account_id_endpoint_mode", "AWS_ACCOUNT_ID_ENDPOINT_MODE")
    mode = found.value.lower() if found else _ACCOUNT_ID_MODES[0]
    if found and mode not in _ACCOUNT_ID_MODES:
        raise InvalidInput(f"{found.where} must be one of {', '.join(_ACCOUNT_ID_MODES)}, not {found.value!r}")
    return mode


def _configured_endpoint(service: ServiceInfo, settings: _Settings) -> _Setting | None:
    if settings.flag("ignore_configured_endpoint_urls", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        return None
    key = service.id.replace(" ", "_").replace("-", "_").lower()
    return (
        settings.variable(f"AWS_ENDPOINT_URL_{key.upper()}", "AWS_ENDPOINT_URL")
        or settings.in_service(key, "endpoint_url")
        or settings.in_profile("endpoint_url")
    )


def _check_retry_mode(settings: _Settings, given: object) -> None:
    found = settings.find("retry_mode", "AWS_RETRY_MODE") if given is None else None
    value, where = (given, "retry_mode") if found is None else (found.value, found.where)
    mode = value.lower() if isinstance(value, str) else ""
    if value is None or mode == _RETRY_MODE:
        return
    why = _OTHER_RETRY_MODES.get(mode)
    reason = f": {why}" if why else ""
    todo = f"Remove the setting, or set it to {_RETRY_MODE!r}"
    raise InvalidInput(f"{where} must be {_RETRY_MODE!r}, not {value!r}{reason}. {todo}")


def _max_attempts(service: ServiceInfo, settings: _Settings) -> int:
    found = settings.find("max_attempts", "AWS_MAX_ATTEMPTS")
    return service.max_attempts if found is None else to_attempts(_number(found), found.where)


def _min_compression_size(settings: _Settings) -> int | None:
    found = settings.find("request_min_compression_size_bytes", "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES")
    size = _MIN_COMPRESSION_SIZE if found is None else _number(found)
    if found is not None and not 1 <= size <= _MAX_MIN_COMPRESSION_SIZE:
        raise InvalidInput(f"{found.where} must be a number from 1 to {_MAX_MIN_COMPRESSION_SIZE}, not {size}")
    disabled = settings.flag("disable_request_compression", "AWS_DISABLE_REQUEST_COMPRESSION")
    return None if disabled else size


def _number(found: _Setting) -> int:
    digits = found.value.strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise InvalidInput(f"{found.where} must be a number from 1, not {found.value!r}")
    return int(digits)


def to_attempts(value: object, what: str = "max_attempts") -> int:
    """Check a number of attempts. Raises :class:`InvalidInput` for anything but a whole number from 1."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise InvalidInput(f"{what} must be a number from 1 (the first attempt counts), not {value!r}")


def _ca_bundle(settings: _Settings) -> str | None:
    found = settings.find("ca_bundle", "AWS_CA_BUNDLE")
    if found is None:
        return None
    path = os.path.expanduser(found.value)
    if not os.path.exists(path):
        raise InvalidInput(f"{found.where} names {path!r}, which does not exist")
    return path


def _user_agent(service: ServiceInfo, settings: _Settings, extra: str | None) -> str:
    """Compose AWS's User-Agent 2.0 form, ``prefix/name#value`` parts."""
    application = settings.find("sdk_ua_app_id", "AWS_SDK_UA_APP_ID")
    api = _token(service.user_agent_name) + (f"#{_token(service.api_version)}" if service.api_version else "")
    python = ".".join(map(str, sys.version_info[:3]))
    agent = f"lapsmith api/{api} lang/python#{python} os/{_OS_NAMES.get(sys.platform, 'other')}"
    if application is not None:
        agent += f" app/{re.sub(_NOT_IN_APPLICATION, '-', application.value)}"
    if not extra:
        return agent
    check_header("User-Agent", extra, "user_agent_extra")
    return f"{agent} {extra}"


def _token(text: str) -> str:
    # No pattern is compiled for the usual names.
    plain = text.replace("-", "")
    return text if plain.isascii() and plain.isalnum() else re.sub(r"[^0-9A-Za-z!$%&'*+.^_`|~-]", "-", text)

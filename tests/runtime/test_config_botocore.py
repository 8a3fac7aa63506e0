"""Settings compared with botocore's: files that are drawn, every combination of places, every client's own names."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import botocore.session
import pytest
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import ConfigParseError, InvalidConfigError, ProfileNotFound
from hypothesis import given
from hypothesis import strategies as st
from runtime.errors import InvalidInput
from runtime.settings.config import Config, resolve_config
from runtime.settings.environment import Variables
from runtime.settings.profile import load_profile

from .test_config import SERVICE, Machine, machine

__all__ = ["machine"]

SECTIONS = """\
[default]
[profile default]
[profile work]
[work]
[profile 'my work']
[profile "my work"]
[profile my work]
[ profile work ]
[profile  work]
[profile\twork]
[Profile work]
[default ]
[DEFAULT]
[services dev]
[services 'dev']
[sso-session dev]
[profile]
[profile work] # new
[profile work
[profile 'wo]
[profile wörk]""".splitlines()

LINES = """\
region = eu-west-1
region=eu-west-2
region : eu-west-3
Region = eu-north-1
region
region =
  region = x
region = a # c
region = a ; c
# region = z
; region = z
region = %(x)s
a = 1
services = dev
services = gone
sagemaker_runtime =
sagemaker-runtime =
sagemaker_runtime = http://e
  endpoint_url = http://a
\tendpoint_url=http://b
  ENDPOINT_URL = http://c
endpoint_url = http://p
  # nested = comment
s3 =
  bad

   """.splitlines()

TEXTS = st.lists(st.tuples(st.sampled_from(SECTIONS), st.lists(st.sampled_from(LINES), max_size=5)), max_size=4).map(
    lambda drawn: "\n".join(line for section, lines in drawn for line in (section, *lines))
)


@given(config=TEXTS, credentials=TEXTS, name=st.sampled_from([None, "work", "my work", "default", "wörk"]))
def test_whatever_is_in_the_files_is_read_as_botocore_reads_it(
    config: str, credentials: str, name: str | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "config").write_text(config, encoding="utf-8")
    (folder / "credentials").write_text(credentials, encoding="utf-8")
    files = {
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
    }
    variables = files | ({"AWS_PROFILE": name} if name else {})
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in variables.items():
            patch.setenv(variable, value)
        theirs = profile_of_botocore()
    if theirs == "ConfigParseError":
        return  # It also refuses files for what is in sections that it does not need.
    try:
        profile = load_profile(Variables(variables))
    except InvalidInput:
        assert theirs in ("ProfileNotFound", "ConfigParseError")
        return
    region = profile.settings.get("region") or None
    if region is not None and region.startswith("\n"):
        return  # What is nested below a region is none, and refused when it is checked.
    try:
        url = profile.service_settings("sagemaker_runtime").get("endpoint_url") or profile.settings.get("endpoint_url")
    except InvalidInput:
        url = "refused"
    assert (region, url or None) == theirs


def profile_of_botocore() -> tuple[str | None, str | None] | str:
    """Region and endpoint URL of the profile; the name of the error where there is none."""
    session = botocore.session.Session()
    try:
        scoped = session.get_scoped_config()
    except (ProfileNotFound, ConfigParseError) as error:
        return type(error).__name__
    try:
        url = ConfiguredEndpointProvider(session.full_config, scoped, "sagemaker-runtime", {}).provide()
    except (InvalidConfigError, AttributeError):
        url = "refused"
    return scoped.get("region") or None, url or None


# Setting in the profile: argument, variables in their order, values of argument, variables and profile.
MATRIX: dict[str, tuple[str, tuple[str, ...], tuple[Any, ...]]] = {
    "region": ("region", ("AWS_REGION", "AWS_DEFAULT_REGION"), ("eu-west-1", "eu-west-2", "eu-west-3", "eu-north-1")),
    "max_attempts": ("max_attempts", ("AWS_MAX_ATTEMPTS",), (2, 4, 5)),
    "use_fips_endpoint": ("use_fips", ("AWS_USE_FIPS_ENDPOINT",), (False, True, False)),
    "use_dualstack_endpoint": ("use_dualstack", ("AWS_USE_DUALSTACK_ENDPOINT",), (False, True, False)),
}


@pytest.mark.parametrize("setting", MATRIX)
@pytest.mark.parametrize("inverted", [False, True])
def test_arguments_go_before_variables_and_those_before_the_profile(
    machine: Machine, setting: str, inverted: bool
) -> None:
    argument, variables, values = MATRIX[setting]
    if inverted:
        values = tuple(not value if isinstance(value, bool) else value for value in values)
    for present in itertools.product([False, True], repeat=len(values)):
        machine.reset()
        names = ("argument", *variables, "profile")
        chosen = {name: value for name, value, there in zip(names, values, present, strict=True) if there}
        machine.set(**{name: str(value).lower() for name, value in chosen.items() if name in variables})
        lines = ["[default]"] + ([f"{setting} = {str(chosen['profile']).lower()}"] if "profile" in chosen else [])
        machine.config_file.write_text("\n".join(lines))
        given = {argument: chosen["argument"]} if "argument" in chosen else {}
        if setting != "region":
            given["region"] = "eu-west-1"
        elif not chosen:
            with pytest.raises(InvalidInput, match="no region"):
                resolve_config(SERVICE, **given)
            continue
        config = resolve_config(SERVICE, **given)
        first = next(iter(chosen.values()), None)
        assert effect(config, setting) == {"region": first, "max_attempts": first or 3}.get(setting, bool(first))
        if "argument" not in chosen and "AWS_REGION" not in chosen and setting != "max_attempts":
            theirs = machine.session().get_config_variable(setting)
            assert effect(config, setting) == (bool(theirs) if setting.startswith("use") else theirs)


def effect(config: Config, setting: str) -> Any:
    if setting == "use_fips_endpoint":
        return "fips" in config.endpoint.host
    if setting == "use_dualstack_endpoint":
        return config.endpoint.host.endswith("api.aws")
    return getattr(config, setting)


CLIENTS = {
    "aws_lambda": ("Lambda", "lambda"),
    "bedrock_runtime": ("BedrockRuntime", "bedrock-runtime"),
    "dynamodb": ("DynamoDB", "dynamodb"),
    "kinesis": ("Kinesis", "kinesis"),
    "partnercentral_revenue_measurement": (
        "PartnerCentralRevenueMeasurementAPI",
        "partnercentral-revenue-measurement",
    ),
    "sagemaker_runtime": ("SageMakerRuntime", "sagemaker-runtime"),
}


@pytest.mark.parametrize("package", CLIENTS)
@pytest.mark.parametrize("prefix", ["", "Async"])
def test_every_client_takes_its_own_endpoint_settings(machine: Machine, package: str, prefix: str) -> None:
    """The variable and the section are named as botocore names them."""
    name, botocore_name = CLIENTS[package]
    make = getattr(importlib.import_module(package), f"{prefix}{name}")
    key = botocore.session.Session().get_service_model(botocore_name).service_id.hyphenize().replace("-", "_")
    section = (
        f"[default]\nregion = eu-west-1\nservices = dev\n[services dev]\n{key} =\n  endpoint_url = http://[::1]:1/a\n"
    )
    machine.config_file.write_text(section)
    assert where(make()) == machine.session().create_client(botocore_name).meta.endpoint_url == "http://[::1]:1/a"
    machine.set(AWS_ENDPOINT_URL="http://general")
    assert where(make()) == machine.session().create_client(botocore_name).meta.endpoint_url == "http://general"
    machine.set(**{f"AWS_ENDPOINT_URL_{key.upper()}": "http://own:8000/base"})
    assert where(make()) == machine.session().create_client(botocore_name).meta.endpoint_url == "http://own:8000/base"
    assert where(make(endpoint_url="https://given")) == "https://given"
    machine.set(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true")
    assert "amazonaws.com" in where(make()) or "api.aws" in where(make())


def where(client: Any) -> str:
    config: Config = client._config
    route = config.route if config.endpoint else config.route.find({}, None)  # type: ignore[union-attr]
    endpoint = route.endpoint  # type: ignore[union-attr]
    return f"{endpoint.scheme}://{endpoint.netloc}{endpoint.path}"

"""Settings from arguments, environment and profile, with botocore's session as the oracle."""

from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.configprovider import ConfiguredEndpointProvider
from msgspec.structs import replace
from runtime.errors import InvalidInput
from runtime.message.http import Timeout
from runtime.settings.config import Config, ServiceInfo, resolve_config, to_timeout
from runtime.settings.endpoint import Endpoint, Hosts

SERVICE = ServiceInfo(
    id="SageMaker Runtime",
    api_version="2017-05-13",
    signing_name="sagemaker",
    hosts=Hosts(
        default={"*": "runtime.sagemaker.{region}.{dnsSuffix}"},
        fips={"aws": "runtime-fips.sagemaker.{region}.{dnsSuffix}"},
        dualstack={"*": "runtime.sagemaker.{region}.{dualStackDnsSuffix}"},
        fips_dualstack={"*": "runtime.sagemaker-fips.{region}.{dualStackDnsSuffix}"},
    ),
    base_url=None,
    read_timeout=70.0,
    user_agent_name="sagemaker-runtime",
)
UNSIGNED = replace(SERVICE, id="Pets", signing_name=None, hosts=None, base_url="https://pets.example.com/v1")


class Machine:
    """An environment with its two AWS files; botocore reads the same ones."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.config_file = folder / "config"
        self.credentials_file = folder / "credentials"
        self._patch = patch
        self.reset()

    def reset(self) -> None:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            self._patch.delenv(name)
        self.set(AWS_CONFIG_FILE=str(self.config_file), AWS_SHARED_CREDENTIALS_FILE=str(self.credentials_file))

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self._patch.setenv(name, value)

    def session(self) -> Any:
        session = botocore.session.Session()
        session.set_credentials("a", "b")
        return session

    def client(self, **arguments: Any) -> Any:
        return self.session().create_client("sagemaker-runtime", **arguments)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def url(config: Config) -> str:
    return f"{config.endpoint.scheme}://{config.endpoint.netloc}{config.endpoint.path}"


def assert_as_botocore(machine: Machine) -> Config:
    ours, theirs = resolve_config(SERVICE), machine.client()
    assert ours.region == theirs.meta.region_name
    assert url(ours) == theirs.meta.endpoint_url
    if "total_max_attempts" in theirs.meta.config.retries:
        assert ours.max_attempts == theirs.meta.config.retries["total_max_attempts"]
    assert ours.ca_bundle == machine.session().get_config_variable("ca_bundle")
    return ours


@pytest.mark.parametrize(
    "config",
    [
        "[default]\nregion = eu-west-1\n",
        "[default]\nregion=eu-west-1\nuse_fips_endpoint = TRUE\nuse_dualstack_endpoint = false\n",
        "[default]\nregion=eu-west-1\nuse_dualstack_endpoint = true\nmax_attempts = 7\n",
        "[default]\nregion=eu-west-1\nuse_fips_endpoint = true\nendpoint_url = http://localhost:1/x\n",
        "[default]\nregion=eu-west-1\nendpoint_url = http://localhost:1\nignore_configured_endpoint_urls=true\n",
        "[profile default]\nregion = eu-west-1\n",
        "[default]\nregion = eu-west-1\n[profile default]\nregion = eu-west-2\n",
        "[profile default]\nregion = eu-west-2\n[default]\nregion = eu-west-1\n",
        "# comment\n[default]\n; comment\nRegion: eu-west-1\n\ns3 =\n  addressing_style = path\n",
        "[default]\nregion = eu-west-1\nservices = dev\n"
        "[services dev]\nsagemaker_runtime =\n  endpoint_url = http://localhost:2\ns3 =\n  endpoint_url = http://b\n",
        "[default]\nregion = eu-west-1\nservices = dev\nendpoint_url = http://localhost:1\n"
        "[services dev]\ns3 = \n  endpoint_url = http://localhost:3\n",
        "[default]\nregion = eu-west-1\nservices = my dev\n"
        "[services 'my dev']\nsagemaker_runtime =\n  endpoint_url = http://localhost:2\n",
    ],
)
def test_the_default_profile(machine: Machine, config: str) -> None:
    machine.config_file.write_text(config)
    assert_as_botocore(machine)


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
@pytest.mark.parametrize("name", ["work", "my work", "default", "only-keys"])
def test_a_named_profile(machine: Machine, variable: str, name: str) -> None:
    machine.config_file.write_text(
        "[default]\nregion = eu-west-1\n[profile work]\nregion = eu-west-2\n"
        "[profile 'my work']\nregion = eu-west-3\n[work]\nregion = eu-central-1\n[profile a b]\nregion = mars\n"
    )
    machine.credentials_file.write_text("[only-keys]\naws_access_key_id = a\nregion = eu-north-1\n")
    machine.set(**{variable: name})
    assert_as_botocore(machine)


def test_the_credentials_file_goes_before_the_config_file(machine: Machine) -> None:
    machine.config_file.write_text("[profile work]\nregion = eu-west-1\nmax_attempts = 5\n")
    machine.credentials_file.write_text("[work]\nregion = eu-west-2\naws_secret_access_key = x\n")
    machine.set(AWS_PROFILE="work")
    assert assert_as_botocore(machine).region == "eu-west-2"


@pytest.mark.parametrize(
    "environ",
    [
        {"AWS_DEFAULT_REGION": "us-east-2"},
        {"AWS_DEFAULT_REGION": "us-east-2", "AWS_MAX_ATTEMPTS": "9"},
        {"AWS_DEFAULT_REGION": "us-east-2", "AWS_USE_FIPS_ENDPOINT": "True"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "false"},
        {"AWS_ENDPOINT_URL": "http://localhost:9", "AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_CA_BUNDLE": __file__},
    ],
)
def test_the_environment_goes_before_the_profile(machine: Machine, environ: dict[str, str]) -> None:
    machine.config_file.write_text(
        "[default]\nregion = eu-west-1\nmax_attempts = 2\nuse_dualstack_endpoint = false\nca_bundle = /\n"
    )
    machine.set(**environ)
    assert_as_botocore(machine)


ENDPOINT_SOURCES = ["service variable", "variable", "service setting", "setting", "ignore"]


def test_every_combination_of_endpoint_settings(machine: Machine) -> None:
    seen: set[str | None] = set()
    for present in itertools.product([False, True], repeat=len(ENDPOINT_SOURCES)):
        chosen = {source for source, used in zip(ENDPOINT_SOURCES, present, strict=True) if used}
        machine.reset()
        if "service variable" in chosen:
            machine.set(AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME="http://service-variable")
        if "variable" in chosen:
            machine.set(AWS_ENDPOINT_URL="http://variable")
        if "ignore" in chosen:
            machine.set(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true")
        lines = ["[default]", "region = eu-west-1"]
        lines += ["endpoint_url = http://setting"] if "setting" in chosen else []
        lines += ["services = x"] if "service setting" in chosen else []
        lines += ["[services x]", "sagemaker_runtime =", "  endpoint_url = http://service-setting"]
        machine.config_file.write_text("\n".join(lines))
        session = machine.session()
        provider = ConfiguredEndpointProvider(
            session.full_config, session.get_scoped_config(), "sagemaker-runtime", dict(os.environ)
        )
        ignored = session.get_config_variable("ignore_configured_endpoint_urls")
        expected = None if ignored else provider.provide()
        seen.add(expected)
        assert url(resolve_config(SERVICE)) == (expected or "https://runtime.sagemaker.eu-west-1.amazonaws.com")
    assert len(seen) == 5


def test_a_botocore_client_ignores_and_honours_the_same_endpoint_settings(machine: Machine) -> None:
    machine.set(AWS_DEFAULT_REGION="eu-west-1", AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME="http://localhost:4566")
    assert url(assert_as_botocore(machine)) == "http://localhost:4566"
    machine.set(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true")
    assert url(assert_as_botocore(machine)) == "https://runtime.sagemaker.eu-west-1.amazonaws.com"
    assert url(resolve_config(SERVICE, endpoint_url="http://x")) == "http://x"


def test_arguments_go_before_everything(machine: Machine) -> None:
    machine.set(
        AWS_REGION="eu-west-1",
        AWS_ENDPOINT_URL="http://elsewhere",
        AWS_MAX_ATTEMPTS="9",
        AWS_USE_FIPS_ENDPOINT="true",
        AWS_USE_DUALSTACK_ENDPOINT="true",
    )
    config = resolve_config(SERVICE, region="us-west-2", endpoint_url="https://here:8443/a", max_attempts=1)
    assert config.region == "us-west-2"
    assert config.endpoint == Endpoint("https", "here", 8443, "/a")
    assert config.max_attempts == 1
    machine.set(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS="true")
    plain = resolve_config(SERVICE, use_fips=False, use_dualstack=False)
    assert plain.endpoint.host == "runtime.sagemaker.eu-west-1.amazonaws.com"


def test_the_order_of_region_variables_is_that_of_other_sdks() -> None:
    environ = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    both = environ | {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}
    assert resolve_config(SERVICE, environ=both).region == "eu-west-1"
    assert resolve_config(SERVICE, environ=both | {"AWS_REGION": ""}).region == "eu-west-2"


def test_the_order_of_profile_variables_is_that_of_other_sdks(machine: Machine) -> None:
    machine.config_file.write_text("[profile a]\nregion = eu-west-1\n[profile b]\nregion = eu-west-2\n")
    machine.set(AWS_PROFILE="a", AWS_DEFAULT_PROFILE="b")
    assert resolve_config(SERVICE).region == "eu-west-1"
    machine.set(AWS_PROFILE="")
    assert resolve_config(SERVICE).region == "eu-west-2"


def test_defaults(machine: Machine) -> None:
    machine.set(AWS_REGION="eu-west-1")
    config = resolve_config(SERVICE)
    assert config.timeout == Timeout(connect=10.0, read=70.0, write=60.0, pool=60.0)
    assert resolve_config(replace(SERVICE, read_timeout=None)).timeout.read == 60.0
    assert (config.max_attempts, config.ca_bundle, config.extra_headers) == (3, None, ())
    assert pickle.loads(pickle.dumps(config)) == config


@pytest.mark.parametrize("given", [{}, {"endpoint_url": "http://localhost:1"}])
def test_a_signed_service_needs_a_region(machine: Machine, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"^no region: pass region='us-east-1'") as caught:
        resolve_config(SERVICE, **given)
    looked = ["AWS_REGION", "AWS_DEFAULT_REGION", "'default'", str(machine.config_file), str(machine.credentials_file)]
    assert [place for place in looked if place not in str(caught.value)] == []


def test_an_unsigned_service_needs_no_region(machine: Machine) -> None:
    config = resolve_config(UNSIGNED)
    assert (config.region, url(config)) == (None, "https://pets.example.com/v1")
    assert url(resolve_config(UNSIGNED, endpoint_url="http://localhost")) == "http://localhost"
    regional = replace(UNSIGNED, hosts=SERVICE.hosts)
    with pytest.raises(InvalidInput, match="no region"):
        resolve_config(regional)
    with pytest.raises(InvalidInput, match="no endpoint: Pets has none of its own, so pass endpoint_url"):
        resolve_config(replace(UNSIGNED, base_url=None))


@pytest.mark.parametrize("option", ["use_fips", "use_dualstack"])
def test_a_custom_endpoint_contradicts_an_endpoint_option(machine: Machine, option: str) -> None:
    given: dict[str, Any] = {"region": "eu-west-1", option: True}
    with pytest.raises(InvalidInput, match=rf"{option}=True cannot be had at a custom endpoint \(endpoint_url\)"):
        resolve_config(SERVICE, endpoint_url="http://x", **given)
    machine.set(AWS_ENDPOINT_URL="http://x")
    with pytest.raises(InvalidInput, match=r"custom endpoint \(AWS_ENDPOINT_URL\)"):
        resolve_config(SERVICE, **given)
    with pytest.raises(InvalidInput, match=f"{option} must be True or False, not 'false'"):
        resolve_config(SERVICE, **(given | {option: "false"}))


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("AWS_REGION", "us-east-1/", "AWS_REGION 'us-east-1/' is not a region name"),
        ("AWS_DEFAULT_REGION", "a.b", "AWS_DEFAULT_REGION 'a.b' is not a region name"),
        ("AWS_MAX_ATTEMPTS", "abc", "AWS_MAX_ATTEMPTS must be a number from 1, not 'abc'"),
        ("AWS_MAX_ATTEMPTS", "0", "AWS_MAX_ATTEMPTS must be a number from 1"),
        ("AWS_MAX_ATTEMPTS", "-1", "AWS_MAX_ATTEMPTS must be"),
        ("AWS_MAX_ATTEMPTS", "1.5", "AWS_MAX_ATTEMPTS must be"),
        ("AWS_MAX_ATTEMPTS", "9" * 5000, "AWS_MAX_ATTEMPTS must be"),
        ("AWS_USE_FIPS_ENDPOINT", "yes", "AWS_USE_FIPS_ENDPOINT must be 'true' or 'false', not 'yes'"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "1", "AWS_USE_DUALSTACK_ENDPOINT must be 'true' or 'false'"),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "on", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS must be"),
        ("AWS_ENDPOINT_URL", "localhost:1", "AWS_ENDPOINT_URL must begin with"),
        ("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", "x://y", "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME must begin with"),
        ("AWS_CA_BUNDLE", "/no/such/file", "AWS_CA_BUNDLE names '/no/such/file', which does not exist"),
    ],
)
def test_a_bad_variable_is_named(machine: Machine, variable: str, value: str, message: str) -> None:
    machine.set(**({"AWS_DEFAULT_REGION": "eu-west-1"} | {variable: value}))
    with pytest.raises(InvalidInput, match=message):
        resolve_config(SERVICE)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("region = a.b", "region of the profile 'default'"),
        ("region = eu-west-1\nmax_attempts = x", "max_attempts of the profile 'default'"),
        ("region = eu-west-1\nuse_fips_endpoint = 1", "use_fips_endpoint of the profile 'default'"),
        ("region = eu-west-1\nendpoint_url = x", "endpoint_url of the profile 'default'"),
        ("region = eu-west-1\nca_bundle = /no/such", "ca_bundle of the profile 'default'"),
        ("region = eu-west-1\nservices = gone", r"services = gone, but .* has no section \[services gone\]"),
        (
            "region = eu-west-1\nservices = bad\n[services bad]\nsagemaker_runtime =\n  x",
            "indented 'key = value'",
        ),
    ],
)
def test_a_bad_setting_is_named_with_its_file(machine: Machine, line: str, message: str) -> None:
    machine.config_file.write_text(f"[default]\n{line}\n")
    with pytest.raises(InvalidInput, match=message) as caught:
        resolve_config(SERVICE)
    assert str(machine.config_file) in str(caught.value)


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_a_profile_that_does_not_exist(machine: Machine, variable: str) -> None:
    machine.config_file.write_text("[default]\nregion = eu-west-1\n")
    machine.set(**{variable: "gone", "AWS_REGION": "eu-west-1"})
    with pytest.raises(InvalidInput, match=f"{variable} names the profile 'gone', which is neither in ") as caught:
        resolve_config(SERVICE)
    assert str(machine.config_file) in str(caught.value)
    assert str(machine.credentials_file) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("aws_secret_access_key = hunter2\n", ", line 1"),
        ("[default]\naws_secret_access_key hunter2\n", ", line 2"),
        ("[default]\na = hunter2\n[default]\n", ", line 3"),
        ("[default]\na = 1\na = hunter2\n", ", line 3"),
        ("[default\nx = hunter2\n", ", line 1"),
    ],
)
@pytest.mark.parametrize("which", ["config_file", "credentials_file"])
def test_a_malformed_file_is_named_and_not_quoted(machine: Machine, text: str, place: str, which: str) -> None:
    path: Path = getattr(machine, which)
    path.write_text(text)
    with pytest.raises(InvalidInput, match=r"cannot read .*with no name twice") as caught:
        resolve_config(SERVICE, region="eu-west-1")
    assert f"{path}{place}:" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_not_text(machine: Machine) -> None:
    machine.config_file.write_bytes(b"[default]\nregion = \xff\n")
    with pytest.raises(InvalidInput, match=f"cannot read {machine.config_file}: 'utf-8'"):
        resolve_config(SERVICE)


def test_a_file_with_a_byte_order_mark(machine: Machine) -> None:
    machine.config_file.write_text("\ufeff[default]\nregion = eu-west-1\n", encoding="utf-8")
    assert resolve_config(SERVICE).region == "eu-west-1"


def test_files_are_found_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: Machine) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[default]\nregion = sa-east-1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_CONFIG_FILE")
    assert assert_as_botocore(machine).region == "sa-east-1"
    machine.set(AWS_CONFIG_FILE="$HOME/.aws/config")
    assert assert_as_botocore(machine).region == "sa-east-1"


def test_a_number_bounds_every_wait() -> None:
    assert to_timeout(5, SERVICE) == Timeout(connect=5.0, read=5.0, write=5.0, pool=5.0)
    assert to_timeout(120, SERVICE) == Timeout(connect=10.0, read=120.0, write=120.0, pool=120.0)
    given = Timeout(connect=None, read=0.5)
    assert to_timeout(given, SERVICE) is given


@pytest.mark.parametrize("bad", [0, -1, float("nan"), float("inf"), "5", True])
def test_bad_timeouts(bad: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^timeout must be a number of seconds above 0"):
        to_timeout(bad, SERVICE)
    with pytest.raises(InvalidInput, match=r"^timeout\.read must be a number of seconds above 0"):
        Timeout(read=bad)


@pytest.mark.parametrize("bad", [0, -3, 1.5, "3", True])
def test_bad_attempts(bad: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^max_attempts must be a number from 1"):
        resolve_config(SERVICE, region="eu-west-1", max_attempts=bad)


def test_the_user_agent_has_the_aws_form(machine: Machine) -> None:
    config = resolve_config(SERVICE, region="eu-west-1")
    python = "{}.{}.{}".format(*sys.version_info[:3])
    name = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, "other")
    assert config.user_agent == f"lapsmith api/sagemaker-runtime#2017-05-13 lang/python#{python} os/{name}"
    odd = replace(SERVICE, user_agent_name="a b/c\r\n", api_version=None)
    agent = resolve_config(odd, region="eu-west-1", user_agent_extra="app/1 (x)").user_agent
    assert agent.startswith("lapsmith api/a-b-c-- lang/")
    assert agent.endswith(" app/1 (x)")


@pytest.mark.parametrize("extra", ["a\r\nHost: evil", "é", " x", "\x00"])
def test_the_user_agent_must_be_a_header(extra: str, machine: Machine) -> None:
    with pytest.raises(InvalidInput, match="user_agent_extra must"):
        resolve_config(SERVICE, region="eu-west-1", user_agent_extra=extra)


def test_without_files_no_parser_is_imported() -> None:
    code = (
        "import sys; from runtime.settings.config import *; from runtime.settings.endpoint import Hosts\n"
        "s = ServiceInfo('A', None, 'a', Hosts({'*': 'a.{region}.{dnsSuffix}'}, {}, {}, {}), None, None, 'a')\n"
        "resolve_config(s, region='eu-west-1')\n"
        "print(sorted({'configparser', 'shlex', 'json', 'ssl', 'botocore'} & set(sys.modules)))"
    )
    environ = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "PYTHONPATH": "templates",
    }
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=environ, capture_output=True, check=True)
    assert done.stdout.split(b"\n")[0] == b"[]"

"""The user's profile: sections of AWS's shared config and credentials files, read as botocore reads them.

Source: *AWS SDKs and Tools Reference Guide*, "Using shared config and credentials files".
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import msgspec

from ..errors import InvalidInput
from .environment import Variables

PROFILE_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")

_Sections = dict[str, dict[str, str]]


class Profile(msgspec.Struct, frozen=True):
    """The settings of one profile; its keys and secrets are left out.

    Attributes:
        name: the profile's name; ``default`` where none was asked for.
        config_file: where the profile is, or would be, configured.
        credentials_file: the other file that was looked into.
        settings: the profile's own settings.
        services: the ``[services ...]`` sections of the file, by name.
    """

    name: str
    config_file: str
    credentials_file: str
    settings: Mapping[str, str]
    services: Mapping[str, Mapping[str, str]]

    def service_settings(self, service: str) -> Mapping[str, str]:
        """Return the profile's settings for one service, for instance ``sagemaker_runtime``.

        Raises :class:`InvalidInput` when the profile points to a ``services`` section that does not exist, or
        what is below the service's name there is not ``key = value`` lines.
        """
        section = self.settings.get("services")
        if section is None:
            return {}
        if section not in self.services:
            raise InvalidInput(
                f"the profile {self.name!r} has services = {section}, "
                f"but {self.config_file} has no section [services {section}]"
            )
        where = f"{service} in [services {section}] of {self.config_file}"
        return _nested(self.services[section].get(service, ""), where)


def load_profile(variables: Variables) -> Profile:
    """Read the profile that AWS_PROFILE, else AWS_DEFAULT_PROFILE, names; else ``default``.

    The files are AWS_CONFIG_FILE (``~/.aws/config``) and AWS_SHARED_CREDENTIALS_FILE
    (``~/.aws/credentials``); where both have a setting, the second wins. A file that does not exist is empty.
    Raises :class:`InvalidInput` naming the file or the profile, when a file cannot be read, or neither has the
    profile.
    """
    variable = variables.first(*PROFILE_VARIABLES)
    name = (variables.get(variable) if variable else None) or "default"
    config_file = _path(variables, "AWS_CONFIG_FILE", "~/.aws/config")
    credentials_file = _path(variables, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    config, credentials = _read(config_file), _read(credentials_file)
    profiles = _named("profile", config)
    if variable and name not in profiles and name not in credentials:
        raise InvalidInput(
            f"{variable} names the profile {name!r}, "
            f"which is neither in {config_file} nor in {credentials_file}: add it there, or change {variable}"
        )
    settings = profiles.get(name, {}) | credentials.get(name, {})
    return Profile(name, config_file, credentials_file, settings, _named("services", config))


def _path(variables: Variables, variable: str, default: str) -> str:
    return os.path.expanduser(os.path.expandvars(variables.get(variable) or default))


def _read(path: str) -> _Sections:
    """Read the sections of a file, without the settings that hold secrets: nothing here needs those."""
    if not os.path.isfile(path):
        return {}
    import configparser

    parser = configparser.RawConfigParser()
    try:
        with open(path, encoding="utf-8-sig") as file:
            parser.read_file(file)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"cannot read {path}: {error}") from None
    except configparser.Error as error:
        # configparser's own message quotes the line, and lines of these files may hold secrets.
        raise InvalidInput(
            f"cannot read {path}{_line(error)}: {type(error).__name__}. "
            "It must consist of '[section]' and 'key = value' lines, with no name twice"
        ) from None
    return {section: dict(filter(_is_public, parser.items(section))) for section in parser.sections()}


def _is_public(setting: tuple[str, str]) -> bool:
    return not setting[0].startswith("aws_") and setting[0] != "credential_process"


def _line(error: Exception) -> str:
    """Give the place of a configparser error, which has a ``lineno``, or a list of (number, line)."""
    number = getattr(error, "lineno", None)
    for first, _ in getattr(error, "errors", [])[:1]:
        number = first
    return f", line {number}" if number else ""


def _named(kind: str, sections: _Sections) -> _Sections:
    """Give the sections ``[kind name]`` by name, which may be quoted; ``[default]`` is a profile as well."""
    found: _Sections = {}
    for section, values in sections.items():
        match _words(section):
            case [first, name] if first == kind and section.startswith(kind):
                found[name] = values
            case _ if section == "default" and kind == "profile":
                found["default"] = values
            case _:
                pass
    return found


def _words(text: str) -> list[str]:
    import shlex

    try:
        return shlex.split(text)
    except ValueError:
        return []


def _nested(text: str, where: str) -> dict[str, str]:
    settings: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        key, equals, value = line.partition("=")
        if not equals:
            raise InvalidInput(f"{where} must be followed by indented 'key = value' lines")
        settings[key.strip()] = value.strip()
    return settings

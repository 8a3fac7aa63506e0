"""The programs whose start is timed, as source code: each ends with a line that says what it cost.

A program is run by ``python -c`` in its client's virtual environment. ``URL`` is the server's.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from time import perf_counter

from .measure import Sample

_END = """
import os, time
try:
    with open("/proc/self/statm") as _file:
        _rss = int(_file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
except OSError:
    import resource
    _rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
os.write(1, b'{"count": 1, "cpu": %r, "rss": %d}\\n' % (time.process_time(), _rss))
"""
_LAPSMITH = "{module}(region='eu-west-1', endpoint_url=URL, credentials=Credentials('AKID', 'secret'))"
_BOTO = "region_name='eu-west-1', endpoint_url=URL, aws_access_key_id='AKID', aws_secret_access_key='secret'"
_CAPO = "(region='eu-west-1', endpoint=URL, credentials={'access_key': 'AKID', 'secret_key': 'secret'})"

_ASYNC = """
import asyncio
{imports}
async def main():
    {client}
    {call}
    {end}
asyncio.run(main())
"""

READY = {
    "lapsmith": "from sagemaker_runtime import Credentials, SageMakerRuntime\nclient = "
    + _LAPSMITH.format(module="SageMakerRuntime"),
    "boto3": f"import boto3\nclient = boto3.client('sagemaker-runtime', {_BOTO})",
    "capo": f"from capo_sagemaker_runtime import SageMakerRuntimeClient\nclient = SageMakerRuntimeClient{_CAPO}",
}
CALL = {
    "lapsmith": "client.invoke_endpoint(endpoint_name='llm', body=b'{}').body",
    "boto3": "client.invoke_endpoint(EndpointName='llm', Body=b'{}')['Body'].read()",
    "capo": "client.invoke_endpoint('llm', body=b'{}')['body']",
}
DYNAMODB = {
    "lapsmith": "from dynamodb import Credentials, DynamoDB\nclient = " + _LAPSMITH.format(module="DynamoDB"),
    "boto3": f"import boto3\nclient = boto3.client('dynamodb', {_BOTO})",
    "capo": f"from capo_dynamodb import DynamoDBClient\nclient = DynamoDBClient{_CAPO}",
}
_ASYNC_READY = {
    "lapsmith": (
        "from sagemaker_runtime import AsyncSageMakerRuntime, Credentials",
        "client = " + _LAPSMITH.format(module="AsyncSageMakerRuntime"),
        "(await client.invoke_endpoint(endpoint_name='llm', body=b'{}')).body",
    ),
    "aiobotocore": (
        "from aiobotocore.session import get_session",
        f"client = await get_session().create_client('sagemaker-runtime', {_BOTO}).__aenter__()",
        "await (await client.invoke_endpoint(EndpointName='llm', Body=b'{}'))['Body'].read()",
    ),
    "capo": (
        "from capo_sagemaker_runtime import AsyncSageMakerRuntimeClient",
        f"client = AsyncSageMakerRuntimeClient{_CAPO}",
        "(await client.invoke_endpoint('llm', body=b'{}'))['body']",
    ),
}


def program(start: str, peer: str, url: str) -> str:
    """Return the program of a start, by its name in ``scenarios``."""
    given = f"URL = {url!r}\n"
    if start == "python":
        return _END
    if start == "dynamodb":
        return given + DYNAMODB[peer] + _END
    if start == "ready":
        return given + READY[peer] + _END
    if start == "answer":
        return f"{given}{READY[peer]}\n{CALL[peer]}{_END}"
    imports, client, call = _ASYNC_READY[peer]
    # The cost is told inside the loop: closing it is not part of a start.
    return given + _ASYNC.format(
        imports=imports, client=client, call=call if start == "answer-async" else "", end=f"exec({_END!r})"
    )


def sample(python: Path, code: str, environment: dict[str, str], folder: Path) -> Sample:
    """Start Python with the program; return the time until its last line came, its CPU time and resident memory."""
    started = perf_counter()
    with subprocess.Popen(
        [python, "-c", code], env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        line = process.stdout.readline()
        wall = perf_counter() - started
        errors = process.stderr.read()
    if not line:
        raise SystemExit(f"a start failed: {code}\n{errors.decode(errors='replace')}")
    said: Sample = json.loads(line)
    return {**said, "wall": wall}


def environment(path: str) -> dict[str, str]:
    """Return an environment without settings of AWS, proxies or Python, whose import path is ``path``."""
    dropped = ("AWS_", "PYTHON", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(dropped)}
    return {**kept, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "PYTHONPATH": path}

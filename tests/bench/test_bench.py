"""The benchmarks themselves: a few scenarios run, and what is written of a run says what was measured."""

from __future__ import annotations

import platform
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from bench import report, runner, table
from bench.chart import chart, panels
from bench.install import pythons
from bench.results import Run, Spread, cpu, first, load, resident, save, wall
from bench.runner import QUICK, Extent, measure
from bench.scenarios import PEERS, everything, loads, starts

HERE = Path(sys.executable)
INSTALLED = ("lapsmith", "boto3", "bare")
"""The clients that this environment can run too."""
FEW = ("call-sync-1", "call-sync-16", "call-asyncio-16", "small-sync", "first-asyncio")


@pytest.fixture(scope="module")
def run() -> Run:
    chosen = [
        replace(load, peers=tuple(peer for peer in load.peers if peer in INSTALLED))
        for load in loads()
        if load.name in FEW
    ]
    begun = [
        replace(start, peers=tuple(peer for peer in start.peers if peer in INSTALLED))
        for start in starts()
        if start.name in ("python", "answer")
    ]
    extent = Extent(rounds=2, seconds=0.001, each=1)
    return measure(dict.fromkeys(INSTALLED, HERE), chosen, begun, extent, progress=False)


def made_up(quick: bool = False) -> Run:
    """Return a run of everything: a bare socket takes half of what lapsmith takes, every other client twice as much."""

    def samples(scenario: str, peer: str) -> list[dict[str, float]]:
        share = {"lapsmith": 1.0, "bare": 0.5}.get(peer, 2.0) if scenario != "python" else 0.0
        return [
            {"count": 10, "wall": share * wall, "cpu": share, "first": share, "rss": share} for wall in (1.0, 3.0, 2.0)
        ]

    return Run(
        date="2026-01-01",
        quick=quick,
        rounds=3,
        seconds=0.2,
        machine={"processor": "P", "cores": "2", "load": "0.9", "python": "X"},
        versions={"boto3": {"boto3": "1"}},
        samples={
            scenario.name: {peer: samples(scenario.name, peer) for peer in scenario.peers} for scenario in everything()
        },
    )


def test_every_client_gives_a_sample_in_each_round(run: Run) -> None:
    assert {name: set(by_peer) for name, by_peer in run.samples.items()} == {
        "call-sync-1": {"lapsmith", "boto3", "bare"},
        "call-sync-16": {"lapsmith", "boto3", "bare"},
        "call-asyncio-16": {"lapsmith", "bare"},
        "small-sync": {"lapsmith", "boto3", "bare"},
        "first-asyncio": {"lapsmith", "bare"},
        "python": {"bare"},
        "answer": {"lapsmith", "boto3"},
    }
    for by_peer in run.samples.values():
        assert {len(samples) for samples in by_peer.values()} == {2}
        assert all(sample["wall"] > 0 and sample["cpu"] > 0 for samples in by_peer.values() for sample in samples)


def test_figures_are_plausible(run: Run) -> None:
    assert run.ratio("call-sync-1", cpu, "lapsmith", "bare").median > 1
    assert run.ratio("small-sync", cpu, "boto3", "lapsmith").median > 1
    assert run.ratio("answer", resident, "boto3", "lapsmith").median > 1
    assert run.spread("answer", "lapsmith", wall).low > run.spread("python", "bare", wall).low
    assert 0 < run.spread("first-asyncio", "lapsmith", first).low < run.spread("first-asyncio", "lapsmith", wall).low
    assert run.spread("call-sync-16", "lapsmith", wall).median < 1


def test_a_run_is_read_as_it_was_written_and_told_without_the_machines_name(run: Run, tmp_path: Path) -> None:
    save(run, tmp_path / "runs" / "run.json")
    assert load(tmp_path / "runs" / "run.json") == run
    report.write(run, tmp_path / "docs")
    page, drawn = (tmp_path / "docs" / name for name in ("benchmarks.md", "benchmarks.svg"))
    assert "lapsmith" in page.read_text()
    for path in (page, drawn, tmp_path / "runs" / "run.json"):
        assert platform.node() not in path.read_text()
        assert str(Path.home()) not in path.read_text()


def test_ratios_are_of_the_same_round() -> None:
    run = made_up()
    run.samples["call-sync-1"]["boto3"][0]["wall"] = 4.0
    assert run.ratio("call-sync-1", wall, "boto3", "lapsmith") == Spread(2.0, 2.0, 4.0)
    # 0.2 s and 0.1 s of CPU time, both less 0.05 s.
    assert run.ratio("ready", cpu, "boto3", "lapsmith", minus=0.05).median == pytest.approx(3.0)


def test_the_page_has_every_scenario_and_says_where_it_ran() -> None:
    page = re.sub(" +", " ", report.page(made_up()))
    for scenario in table.tables():
        assert f"## {scenario.title}" in page
        for row in scenario.rows:
            assert f"| {row.title} " in page
    ratio = "2.00x | 2.00 to 2.00 | 2.00x | 2.00 to 2.00 |"
    assert f"| sync, one call at a time | boto3 | {ratio}" in page
    assert f"| sync, one call at a time | {ratio}" in page  # above the bare socket
    assert "2026-01-01" in page
    assert "boto3 1" in page
    assert "rough" not in page


def test_the_chart_has_a_bar_for_each_client_of_each_panel() -> None:
    drawn = ET.fromstring(chart(made_up()))
    bars = drawn.findall("{*}rect[@rx='2']")
    assert len(bars) == sum(len(panel.peers) for panel in panels())
    ours, boto3 = (float(bar.get("width", "")) for bar in bars[:2])
    assert boto3 == pytest.approx(2 * ours, rel=0.01)
    texts = [text.text or "" for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {panel.title for panel in panels()} <= set(texts)
    assert "100,000" in texts  # µs: the tenth of a second that lapsmith's call takes


def test_a_quick_run_is_published_only_where_one_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    save(made_up(quick=True), tmp_path / "run.json")
    monkeypatch.setattr(sys, "argv", ["report", "--run", str(tmp_path / "run.json")])
    with pytest.raises(SystemExit):
        report.main()
    assert "run `make bench`" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["report", "--run", str(tmp_path / "run.json"), "--output", str(tmp_path / "out")])
    report.main()
    assert "quick run" in (tmp_path / "out" / "benchmarks.md").read_text()
    assert "Rough figures" in (tmp_path / "out" / "benchmarks.svg").read_text()


def test_a_busy_machine_is_told() -> None:
    run = made_up()
    assert run.doubts() == []
    run.machine["load"] = "1.1"
    assert "the machine was busy before it began (load 1.1)" in report.page(run)
    assert "Rough figures" in chart(run)


def test_a_run_that_is_not_there_or_too_old_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="run `make bench` first"):
        load(tmp_path / "run.json")
    (tmp_path / "run.json").write_text('{"schema": 0}')
    with pytest.raises(SystemExit, match="another version"):
        load(tmp_path / "run.json")


def test_a_stream_that_is_read_wrongly_ends_the_run() -> None:
    small = next(load for load in loads() if load.name == "small-sync")
    with pytest.raises(SystemExit, match="boto3 read 15 bytes of the stream 'small', which holds 160000"):
        runner.check_bytes(small, "boto3", {"count": 2, "bytes": 30})


@pytest.mark.full
@pytest.mark.parametrize("only", ["call-asyncio-1", "call-sync-1", "first-", "answer"])
def test_every_client_runs_in_its_own_environment(only: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pythons()
    monkeypatch.setattr(sys, "argv", ["runner", "--quick", "--only", only, "--output", str(tmp_path / "run.json")])
    runner.main()
    run = load(tmp_path / "run.json")
    assert run.rounds == QUICK.rounds
    if "call" in only:
        measured = {peer for by_peer in run.samples.values() for peer in by_peer}
        assert measured >= set(PEERS) - {"boto3" if "asyncio" in only else "aiobotocore"}

"""``python -m dispatch.test.bench``: JSON on standard output, progress and a table beside it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from dispatch.test.bench import balance, run, subjects
from dispatch.test.bench.run import Figures
from dispatch.test.real import service
from dispatch.test.real.process import Socket

MODES: Final = {"stateful": ("stateful", "udp"), "stateless": ("stateless", "udp"), "tcp": ("stateful", "tcp")}
"""By name: how requests are relayed, and what they go by."""

# Longer than timers B, F, H, J and L: every transaction is gone.
_SETTLED: Final = 36.0
# What the shared tools expect.
_SHARED_AT: Final = Socket("udp", 22500)
_SHARED_GATEWAYS: Final = tuple(f"sip:127.0.0.1:{port}" for port in (22511, 22512, 22513))
_SHARED_PEERS: Final = {"stateful": "sample", "stateless": "stateless"}


def main() -> int:
    """Measure and print; status 1 when a call of ours failed."""
    options = _options()
    if shutil.which("sipp") is None:
        print("sipp is not installed (Debian: sip-tester)", file=sys.stderr)
        return 1
    out: dict[str, Any] = {"cpus": os.cpu_count(), "rate": options.rate, "calls": options.calls}
    out["balance"] = balance.measure()
    _say(balance.spell(out["balance"]))
    with tempfile.TemporaryDirectory(prefix="bench.") as name:
        folder = Path(name)
        for mode in options.modes:
            out[mode] = {"pairs": _pairs(mode, options, folder), "memory": _memory(mode, options, folder)}
            out[mode]["ratio"] = _ratio(out[mode]["pairs"])
            if options.shared is not None and mode in _SHARED_PEERS:
                out[mode]["versus"] = _versus(mode, options, folder)
    print(json.dumps(out, indent=1))
    _print_table(out, options.modes)
    return int(any(pair["ours"]["failed"] for mode in options.modes for pair in out[mode]["pairs"]))


def _options() -> argparse.Namespace:
    shared = Path(os.environ.get("SHARED", "../shared")) / "tools" / "versus.py"
    parser = argparse.ArgumentParser(prog="python -m dispatch.test.bench", description=__doc__)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--pairs", type=int, default=5, help="runs of each, in turn")
    parser.add_argument("--rate", type=int, default=800, help="calls a second")
    parser.add_argument("--calls", type=int, default=2400, help="calls of one run")
    parser.add_argument("--memory-calls", type=int, default=20_000, help="calls for memory; 0: don't measure it")
    parser.add_argument(
        "--shared",
        type=Path,
        default=shared if shared.exists() else None,
        help="versus.py of the shared tools, which then runs too",
    )
    parser.add_argument("--no-shared", dest="shared", action="store_const", const=None)
    return parser.parse_args()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _pairs(mode: str, options: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """Ours and Kamailio, one after the other, so that both meet the machine in the same mood."""
    relay, proto = MODES[mode]
    sides = {"ours": subjects.ours(relay)}
    if shutil.which("kamailio") is not None:
        sides["kamailio"] = subjects.theirs(relay)
    pairs = []
    for number in range(options.pairs):
        pair: dict[str, Any] = {}
        for side, subject in sides.items():
            place = folder / f"{mode}-{number}-{side}"
            figures = run.measure(subject, place, rate=options.rate, calls=options.calls, proto=proto)
            pair[side] = dataclasses.asdict(figures)
            _say(f"{mode} {number + 1}/{options.pairs} {side}: {_spell(figures)}")
        pairs.append(pair)
    return pairs


def _memory(mode: str, options: argparse.Namespace, folder: Path) -> dict[str, Any] | None:
    """Many calls through one process of ours."""
    if not options.memory_calls:
        return None
    place = folder / f"{mode}-memory"
    relay, proto = MODES[mode]
    calls = options.memory_calls
    figures = run.measure(subjects.ours(relay), place, rate=options.rate, calls=calls, settle=_SETTLED, proto=proto)
    _say(f"{mode} memory: {_spell(figures)}")
    return dataclasses.asdict(figures)


def _spell(figures: Figures) -> str:
    return (
        f"{figures.cpu_us:.1f} us/call, {figures.failed} failed, {figures.retransmissions} retransmissions, "
        f"PSS {figures.pss_before} -> {figures.pss_after} KiB"
        + (f" -> {figures.pss_settled} KiB" if figures.pss_settled is not None else "")
    )


def _ratio(pairs: list[dict[str, Any]]) -> dict[str, float] | None:
    """Ours to Kamailio's, over the pairs in which no call was lost."""
    clean = [pair for pair in pairs if "kamailio" in pair and not any(side["failed"] for side in pair.values())]
    ratios = [pair["ours"]["cpu_us"] / pair["kamailio"]["cpu_us"] for pair in clean]
    if not ratios:
        return None
    return {"min": min(ratios), "median": statistics.median(ratios), "max": max(ratios)}


def _versus(mode: str, options: argparse.Namespace, folder: Path) -> dict[str, Any] | None:
    """The same by the shared tool, against the Kamailio configuration that lies beside it."""
    algorithm = subjects.HASH_OVER_CALL_ID if mode == "stateless" else subjects.ROUND_ROBIN
    plan = service.Plan((_SHARED_AT,), _SHARED_GATEWAYS, algorithm=algorithm, relay=mode, silence=2.0)
    config = service.write(folder / f"{mode}-versus", plan)
    tool = [sys.executable, str(options.shared), "--pairs", str(options.pairs), "--peer", _SHARED_PEERS[mode]]
    tool += ["--rate", str(options.rate), "--calls", str(options.calls), "--proxy-cwd", str(service.ROOT), "--"]
    proxy = ["env", f"PYTHONPATH={service.ROOT}", *service.command(config)]
    _say(f"{mode}: {' '.join(tool)} twistd dispatcher")
    done = subprocess.run([*tool, *proxy], stdout=subprocess.PIPE, text=True, check=False)
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        _say(f"{options.shared} failed with status {done.returncode}")
        return None
    return answer


def _print_table(out: dict[str, Any], modes: list[str]) -> None:
    _say(f"\n{'':10}{'ours us':>10}{'theirs us':>10}{'ratio':>8}{'versus':>8}{'failed':>8}{'repeated':>9}   PSS MiB")
    for mode in modes:
        pairs, memory = out[mode]["pairs"], out[mode]["memory"]
        median = {
            side: statistics.median(pair[side]["cpu_us"] for pair in pairs)
            if all(side in pair for pair in pairs)
            else 0
            for side in ("ours", "kamailio")
        }
        shared = (out[mode].get("versus") or {}).get("ratio", {}).get("median")
        pss = [memory[name] / 1024 for name in ("pss_before", "pss_after", "pss_settled")] if memory else []
        _say(
            f"{mode:10}{median['ours']:10.1f}{median['kamailio']:10.1f}{_number(out[mode]['ratio'], 'median'):>8}"
            f"{'-' if shared is None else f'{shared:.2f}':>8}{sum(pair['ours']['failed'] for pair in pairs):8}"
            f"{sum(pair['ours']['retransmissions'] for pair in pairs):9}   "
            + " -> ".join(f"{value:.1f}" for value in pss)
        )


def _number(values: dict[str, float] | None, name: str) -> str:
    return "-" if values is None else f"{values[name]:.2f}"


if __name__ == "__main__":
    sys.exit(main())

"""How fast does the Metropolis search iterate, what does it find, and how soon does it follow a change?

The original's 31 iterations per CPU second are of its own program, measured elsewhere; the peer that runs
here is our own writing of its rule (`method="original"`), which needs about as long.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score

from benchmarks.mcmc_contenders import Contender, contenders, hdbscan
from benchmarks.mcmc_data import Known, blobs, grid, hard_sets, replacements
from benchmarks.rounds import RESULTS, Table, circumstances, compare, fair_process, options

ORIGINAL, ITERATIONS, RECOVERED, PATIENCE = 31.0, 100, 0.99, 200


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text.rstrip() + "\n")
    sys.stdout.flush()


def speed(quick: bool, rounds: int) -> Table:
    """Time iterations from the first one on, the look at the frame included."""
    from shoal.clustering import MCMCClusterer

    table = Table(
        f"{ITERATIONS} iterations from a start, 100,000 x 10, 10 clusters, one thread, CPU time",
        "our writing of the original's rule",
    )
    known = blobs(12345, 100_000, 10, 10, 14.45)
    old = MCMCClusterer(method="original", amp=0.5, max_k=16, prob_k=(1, 8, 1), random_state=0)
    old.absorb(known.rows)
    for init_k in (8,) if quick else (1, 8, 16):
        model = MCMCClusterer(init_k, random_state=0).absorb(known.rows)
        line = compare(
            f"init_k {init_k}", lambda model=model: _iterate(model), lambda: _iterate(old),  # type: ignore[misc]
            rounds=rounds, target=10, aim=25,
        )  # fmt: skip
        rate, ari = 1e3 * ITERATIONS / line.ours_ms, adjusted_rand_score(known.truth, model.labels_)
        table.add(line)
        say(
            f"  {rate:.0f} iterations per CPU second, x{rate / ORIGINAL:.1f} of {ORIGINAL:.0f}; ARI {ari:.3f}"
        )
    return table


def _iterate(model: Any) -> None:
    model.reset()
    for _ in range(ITERATIONS):
        model.iterate()


def _judged(known: Known, find: Contender) -> dict[str, float]:
    """Return k, the agreement with the truth (noise left out), and the CPU seconds."""
    start = time.process_time()
    labels = find(known.rows)
    seconds = time.process_time() - start
    kept = known.truth >= 0
    ari = adjusted_rand_score(known.truth[kept], labels[kept])
    return {"k": len(np.unique(labels[labels >= 0])), "ari": float(ari), "seconds": seconds}


def recovery(sets: Iterable[Known], hard: bool) -> dict[str, Any]:
    """Let all contenders look at all sets; print what each found, and how often it was right."""
    known = contenders(hard)
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in known}
    say(f"{'k / ARI':<28}{'K':>3}  " + "".join(f"{name:>20}" for name in known))
    truths = {}
    for each in sets:
        truths[each.name] = each.clusters
        for name, find in known.items():
            found[name][each.name] = _judged(each, find)
        cells = [f"{f[each.name]['k']:.0f} / {f[each.name]['ari']:.2f}" for f in found.values()]
        say(f"{each.name:<28}{each.clusters:>3}  " + "".join(f"{cell:>20}" for cell in cells))
    right = {name: _right(answers, truths, hard) for name, answers in found.items()}
    say(f"{'right of ' + str(len(truths)):<31}  " + "".join(f"{count:>20}" for count in right.values()))
    seconds = [np.mean([a["seconds"] for a in answers.values()]) for answers in found.values()]
    say(f"{'mean CPU s':<31}  " + "".join(f"{second:>20.2f}" for second in seconds))
    return {"right": right, "of": len(truths), "found": found}


def _right(answers: dict[str, dict[str, float]], truths: dict[str, int], hard: bool) -> int:
    """Count sets with the right k, and unless they overlap, with an ARI of .99 as well."""
    return sum(a["k"] == truths[name] and (hard or a["ari"] >= RECOVERED) for name, a in answers.items())


def replacement(quick: bool) -> list[dict[str, Any]]:
    """Replace whole frames; print after how many iterations each is right, and what it cost."""
    lines: list[dict[str, Any]] = []
    for old, new in replacements(quick):
        for name, settings in (("ours", {}), ("original", {"method": "original", "prob_k": (1, 8, 1)})):
            lines.append({"set": new.name, "who": name} | _follow(old, new, settings))
        batch = MiniBatchKMeans(new.clusters, n_init=1, random_state=0)
        batch.partial_fit(old.rows).partial_fit(new.rows)
        lines.append({"set": new.name, "who": "MiniBatchKMeans (knows K)"} | _judged(new, batch.predict))
        lines.append({"set": new.name, "who": "HDBSCAN (of the frame)"} | _judged(new, hdbscan))
        for line in lines[-4:]:
            say(
                f"{line['set']:<28}{line['who']:<28}k {line['k']:>3}  ARI {line['ari']:.3f}"
                f"  iterations {line.get('iterations', '-'):>4}  {line['seconds']:.3f} s"
            )
    return lines


def _follow(old: Known, new: Known, settings: dict[str, Any]) -> dict[str, float]:
    """Iterate on a new frame until the clusters are right, 200 times at the most."""
    from shoal.clustering import MCMCClusterer

    model = MCMCClusterer(frame_size=len(old.rows), random_state=0, **settings).fit(old.rows)
    start, iterations, ari = time.process_time(), 0, 0.0
    model.absorb(new.rows)
    while iterations < PATIENCE and (ari < RECOVERED or model.n_clusters_ != new.clusters):
        model.iterate()
        iterations += 1
        ari = adjusted_rand_score(new.truth, model.labels_)
    seconds = time.process_time() - start
    return {"k": model.n_clusters_, "ari": ari, "iterations": iterations, "seconds": seconds}


def main() -> None:
    """Print speed and the three comparisons; with `--json` write them down."""
    fair_process("benchmarks.experiment_mcmc")
    chosen = options(__doc__ or "")
    warnings.simplefilter("ignore")
    table = speed(chosen.quick, chosen.rounds)
    say("\nWell separated Gaussians: the right k and an ARI of .99?")
    easy = recovery(grid(chosen.quick), hard=False)
    say("\nHarder sets: the right k? (noise is not judged, and not counted as a cluster)")
    hard = recovery(hard_sets(chosen.quick), hard=True)
    say("\nA whole frame is replaced:")
    moved = replacement(chosen.quick)
    if chosen.json:
        table.write("mcmc")
        record = circumstances() | {"grid": easy, "hard": hard, "replacement": moved}
        (RESULTS / "mcmc_recovery.json").write_text(json.dumps(record, indent=2, default=float) + "\n")


if __name__ == "__main__":
    main()

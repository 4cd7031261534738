"""Studies as durable work: a real database, real worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from shoal.base.errors import Conflict, InvalidInput, NotFound
from shoal.storage import datasets
from shoal.storage.reading import table_as_read
from shoal.studies.model import Progress, StudyState
from shoal.studies.notebook import study as in_process
from shoal.studies.plan import StudyPlan
from shoal.studies.reproduction import (
    check_data,
    differences,
    other_versions,
    plan_of_document,
    read_document,
)
from shoal.studies.results.comparing import compare_column, compare_studies
from shoal.studies.results.predicting import predict
from shoal.studies.telling.document import brief
from tests.support.studies import SMALL, Engine

CENTRES = np.array([[0.0, 0.0], [9.0, 1.0], [3.0, 8.0]])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = Engine(tmp_path_factory.mktemp("home"))
    made.supervisor.start()
    yield made
    made.supervisor.stop()
    made.database.close()


@pytest.fixture(scope="module")
def blobs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three groups of 60, 50 and 40 rows, two rows with gaps, a text column and a constant one."""
    rng = np.random.default_rng(4)
    truth = np.repeat([0, 1, 2], [60, 50, 40])
    rows = CENTRES[truth] + rng.normal(size=(150, 2))
    x: list[float | None] = rows[:, 0].round(3).tolist()
    x[10] = x[100] = None
    table = pa.table(
        {"x": x, " y": rows[:, 1].round(3), "kind": [f"=k{t}" for t in truth], "site": np.ones(150)}
    )
    path = tmp_path_factory.mktemp("data") / "blobs.csv"
    pacsv.write_csv(table, path)
    return path


def test_a_study_finds_the_groups_and_tells_of_the_data(engine: Engine, blobs: Path) -> None:
    heard: list[Progress] = []
    study = engine.start(blobs)
    ended = engine.studies.wait(study, heard.append)
    summary = ended.summary
    assert summary is not None and summary["best"] is not None
    assert (summary["best"]["k"], summary["best"]["sizes"]) == (3, [59, 49, 40])
    assert (summary["rows"], summary["columns"], summary["fits"], summary["failed"]) == (
        148,
        ["x", "y"],
        60,
        0,
    )
    assert {note["code"] for note in summary["notes"]} >= {"rows-dropped", "constant-column"}
    assert sum(summary["wins"].values()) == 2
    assert summary["stability"] and summary["stability"]["mean"] > 0.95
    assert [progress.done for progress in heard] == sorted(progress.done for progress in heard)
    assert heard[-1] == Progress(StudyState.succeeded, 60, 60, 0)


def test_every_fit_is_recorded_once_with_scores_and_parameters(engine: Engine, blobs: Path) -> None:
    fits = engine.studies.fits(engine.run(blobs))
    assert [fit.fit for fit in fits] == list(range(60))
    assert all(fit.state == "succeeded" and sum(fit.sizes) == 148 for fit in fits)
    assert all(engine.storage.exists(fit.params) for fit in fits)


def test_the_library_call_gives_the_same_numbers(engine: Engine, blobs: Path) -> None:
    durable = engine.run(blobs)
    here = in_process(blobs, threads=2, **SMALL)
    for ours, theirs in zip(engine.studies.fits(durable), here.fits, strict=True):
        assert (ours.bic, ours.icl, ours.sizes) == (theirs.bic, theirs.icl, theirs.sizes)
    assert durable.summary == here.summary


def test_files_hold_the_files_own_columns_and_the_label(engine: Engine, blobs: Path, tmp_path: Path) -> None:
    study = engine.run(blobs)
    files = engine.studies.write(study, tmp_path / "out")
    lines = files["labels.csv"].read_text().splitlines()
    assert lines[0] == "x, y,kind,site,Label" or lines[0] == '"x"," y","kind","site",Label'
    assert len(lines) == 151
    assert lines[11].endswith(",")
    assert {line.rpartition(",")[2] for line in lines[1:]} == {"1", "2", "3", ""}
    assert "'=k0" in lines[1]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "labels.csv",
        "report.html",
        "study.json",
    ]
    said = read_document(files["study.json"])["summary"]["best"]
    assert brief(study, {})["best"]["bic"] == said["bic"]


def test_new_rows_get_the_cluster_they_would_have_had(engine: Engine, blobs: Path) -> None:
    study = engine.run(blobs)
    rows = table_as_read(pa.table({"y": [0.0, 1.0, 8.0, 1.0], "x": [0.0, 9.0, 3.0, None]}))
    found = predict(engine.storage, study, rows)
    assert found.labels.to_pylist() == [1, 2, 3, None]
    assert found.left_out == 1
    with pytest.raises(InvalidInput, match="Column y is not there"):
        predict(engine.storage, study, table_as_read(pa.table({"x": [1.0]})))


@pytest.mark.parametrize("options", [{}, {"legacy": True}])
def test_any_fit_can_be_opened_and_has_the_sizes_it_was_scored_with(
    engine: Engine, blobs: Path, options: dict[str, bool]
) -> None:
    study = engine.run(blobs, **options)
    for fit in engine.studies.fits(study)[18:24]:
        labels = engine.studies.opened(study, fit.fit)
        assert [labels.count(cluster) for cluster in range(1, fit.k + 1)] == list(fit.sizes)
        assert [row for row, label in enumerate(labels) if label is None] == [10, 100]
    with pytest.raises(NotFound):
        engine.studies.opened(study, 1000)


def test_an_extension_runs_only_the_new_fits(engine: Engine, blobs: Path) -> None:
    study = engine.run(blobs)
    before = engine.studies.fits(study)
    larger = engine.studies.extend(study, 7)
    assert engine.studies.progress(larger).total == 2 * 2 * 6
    ended = engine.finished(larger)
    after = engine.studies.fits(ended)
    assert after[: len(before)] == before
    assert {fit.k for fit in after[len(before) :]} == {6, 7}
    assert ended.summary and len(ended.summary["curve"]) == 7
    with pytest.raises(InvalidInput):
        engine.studies.extend(ended, 7)


def test_chosen_fits_run_again_and_give_the_same(engine: Engine, blobs: Path) -> None:
    study = engine.run(blobs)
    before = engine.studies.fits(study)
    again = engine.finished(engine.studies.rerun(study, [3, 44]))
    after = engine.studies.fits(again)
    assert [fit.bic for fit in after] == [fit.bic for fit in before]
    assert [fit.fit for fit, was in zip(after, before, strict=True) if fit.params != was.params] == [3, 44]
    assert again.summary == study.summary
    with pytest.raises(InvalidInput):
        engine.studies.rerun(study, [60])


def test_fits_that_fail_are_told_and_take_no_other_with_them(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    path.write_text("a,b\n" + "1,2\n" * 20 + "3,1\n" * 20 + "2,7\n" * 20)
    # Before gaps are filled it is not known how many different rows there are.
    study = engine.run(path, max_k=5, missing="impute")
    fits = engine.studies.fits(study)
    assert {fit.k for fit in fits if fit.state == "failed"} == {4, 5}
    assert all("3 distinct rows" in fit.error for fit in fits if fit.state == "failed")
    again = engine.finished(engine.studies.rerun(study))
    assert again.summary and again.summary["failed"] == study.summary["failed"]  # type: ignore[index]


def test_a_cancelled_study_keeps_what_it_has_and_can_go_on(engine: Engine, blobs: Path) -> None:
    study = engine.start(blobs, n_init=100, n_experiments=20)
    stopped = engine.studies.cancel(study)
    assert stopped.state == StudyState.cancelled
    assert engine.studies.get(study.id).state == StudyState.cancelled
    with pytest.raises(Conflict):
        engine.studies.cancel(study)
    assert engine.finished(engine.studies.rerun(study)).summary["fits"] == 600  # type: ignore[index]


def test_studies_compare_with_each_other_and_with_a_true_column(engine: Engine, blobs: Path) -> None:
    left, right = engine.run(blobs), engine.run(blobs, seed=5, covariances="full-untied")
    both = compare_studies(engine.storage, left, right)
    assert (both["rows"], both["adjusted_rand"]) == (148, 1.0)
    truth = compare_column(engine.storage, left, "kind")
    assert truth["adjusted_rand"] == 1.0
    assert np.sum(truth["counts"]) == 148
    with pytest.raises(InvalidInput, match="no column"):
        compare_column(engine.storage, left, "species")


def test_a_study_is_reproduced_from_its_document(engine: Engine, blobs: Path, tmp_path: Path) -> None:
    study = engine.finished(engine.studies.extend(engine.run(blobs, covariances="diag-tied"), 6))
    said = read_document(engine.studies.write(study, tmp_path)["study.json"])
    dataset = engine.dataset(blobs)
    check_data(said, dataset.name, dataset.sha256)
    again = engine.studies.start(engine.studies.prepare(dataset, plan_of_document(said)), "local")
    ended = engine.finished(again)
    assert differences(said, ended, engine.studies.fits(ended)) == []
    assert other_versions(said) == []
    said["fits"][2]["bic"] *= 1 + 1e-8
    said["summary"]["best"]["k"] = 2
    changed = differences(said, ended, engine.studies.fits(ended))
    assert [difference.what for difference in changed] == ["fit 2 (diag-tied, k 3) bic", "summary.best.k"]
    other = tmp_path / "other.csv"
    other.write_text("x,y\n1,2\n3,4\n5,7\n")
    with pytest.raises(InvalidInput, match="is not the file of the study"):
        check_data(said, "other.csv", engine.dataset(other).sha256)


def test_a_dataset_in_use_stays_until_its_studies_go(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("x,y\n" + "\n".join(f"{n % 7},{n % 5}" for n in range(70)))
    study = engine.run(path, max_k=2, covariances="diag-tied")
    with pytest.raises(Conflict):
        datasets.remove(engine.database, engine.storage, study.dataset)
    engine.studies.remove(study)
    datasets.remove(engine.database, engine.storage, study.dataset)


def test_three_rows_hold_at_most_three_clusters(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "three.csv"
    path.write_text("x,y\n1,2\n3,4\n9,1\n")
    study = engine.run(path, max_k=10)
    assert study.plan.max_k == 3
    assert study.summary and "few-rows" in {note["code"] for note in study.summary["notes"]}


def test_studies_are_found_by_the_beginning_of_their_id_and_as_last(engine: Engine, blobs: Path) -> None:
    study = engine.run(blobs, max_k=1)
    assert engine.studies.get("last").id == study.id
    assert engine.studies.get(study.id[:8]).id == study.id
    assert study.id in {one.id for one in engine.studies.list()}


def test_the_default_plan_is_settled_for_the_rows(engine: Engine, blobs: Path) -> None:
    prepared = engine.studies.prepare(engine.dataset(blobs), StudyPlan())
    assert prepared.intake.plan.min_members == 7
    assert prepared.estimate.fits == 600
    small = engine.studies.prepare(engine.dataset(blobs), StudyPlan(n_init=100, n_experiments=100), budget=3)
    assert small.intake.plan.n_init < 100
    assert "To stay within 3.0 s" in small.changed


def test_a_study_whose_last_job_cannot_run_fails_and_may_run_again(engine: Engine, blobs: Path) -> None:
    study = engine.run(blobs, max_k=2)
    lost = engine.studies.fits(study)[0].params
    kept = (engine.root / "files" / lost).read_bytes()
    engine.storage.delete(lost)
    # Only the other fits run again, so summing up looks for parameters that are gone.
    others = [fit.fit for fit in engine.studies.fits(study) if fit.params != lost]
    again = engine.studies.rerun(study, others)
    ended = engine.studies.wait(again)
    assert ended.state == StudyState.failed
    assert "parameters.npz" in ended.error
    engine.storage.put(lost, [kept])
    assert engine.finished(engine.studies.rerun(ended, others)).summary == study.summary

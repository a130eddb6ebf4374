from __future__ import annotations

import pytest

from runner.config.catalog import Catalog, packaged_conf
from runner.config.clustering import as_fact, cluster_faults, cluster_of, cluster_of_fact, moved
from runner.errors import ConfigError

CATALOG = Catalog([packaged_conf()])
SLURM = {name: knob.default for name, knob in CATALOG.option("cluster", "slurm").knobs.items()}


def test_a_cluster_is_written_down_and_read_again() -> None:
    slurm = cluster_of("slurm", SLURM)
    assert slurm is not None and slurm.time_min == 60
    for cluster in (slurm, None):
        assert cluster_of_fact(as_fact(cluster)) == cluster
    assert cluster_of("local", {}) is None and as_fact(None) is None


def test_jobs_to_come_may_ask_for_more() -> None:
    fact = moved({"option": "slurm", **SLURM}, {"time_min": 5, "partition": "gpu"})
    assert (fact["time_min"], fact["partition"], fact["mem_gb"]) == (5, "gpu", 4)
    with pytest.raises(ConfigError) as error:
        moved({"option": "slurm", **SLURM}, {"time_min": 0, "sync_s": 5})
    assert list(error.value.faults) == [
        "cluster.time_min=0: must be a whole number >= 1",
        "cluster.sync_s: the jobs run with cluster=slurm, which has no sync_s",
    ]


def test_a_cluster_of_another_name_is_none() -> None:
    told = "cluster=lab: jobs run on local, slurm; give your file one of these names"
    assert list(cluster_faults("lab", {}, CATALOG)) == [told]


def test_a_package_that_is_missing_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.config.clustering.find_spec", lambda name: None)
    assert list(cluster_faults("slurm", SLURM, CATALOG)) == [
        "cluster=slurm: needs submitit; pip install 'runner[slurm]'"
    ]
    assert list(cluster_faults("local", {}, CATALOG)) == []


def test_a_file_of_your_own_says_every_knob() -> None:
    node = {name: value for name, value in SLURM.items() if name != "setup"} | {"port": 1}
    unknown, missing = cluster_faults("slurm", node, CATALOG)
    assert unknown.startswith("cluster.port=1: cluster=slurm has no port; it has ")
    assert missing == "cluster.setup: missing in your cluster/slurm.yaml"

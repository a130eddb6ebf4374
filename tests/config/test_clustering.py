from __future__ import annotations

import pytest

from runner.config.catalog import Catalog, packaged_conf
from runner.config.clustering import Ray, Slurm, as_fact, cluster_faults, cluster_of, cluster_of_fact, moved
from runner.errors import ConfigError

CATALOG = Catalog([packaged_conf()])
SLURM = {name: knob.default for name, knob in CATALOG.option("cluster", "slurm").knobs.items()}
RAY = {name: knob.default for name, knob in CATALOG.option("cluster", "ray").knobs.items()}


def test_a_cluster_is_written_down_and_read_again() -> None:
    slurm, ray = cluster_of("slurm", SLURM), cluster_of("ray", RAY)
    assert isinstance(slurm, Slurm) and slurm.time_min == 60 and isinstance(ray, Ray) and ray.address == "auto"
    for cluster in (slurm, ray, None):
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
    told = "cluster=lab: jobs run on local, slurm, ray; give your file one of these names"
    assert list(cluster_faults("lab", {}, CATALOG)) == [told]


def test_a_package_that_is_missing_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.config.clustering.find_spec", lambda name: None)
    assert list(cluster_faults("slurm", SLURM, CATALOG)) == [
        "cluster=slurm: needs submitit; pip install 'runner[slurm]'"
    ]
    assert list(cluster_faults("ray", RAY, CATALOG)) == ["cluster=ray: needs ray; pip install 'runner[ray]'"]
    assert list(cluster_faults("local", {}, CATALOG)) == []


def test_a_file_of_your_own_says_every_knob() -> None:
    node = {name: value for name, value in RAY.items() if name != "sync_s"} | {"port": 1}
    assert list(cluster_faults("ray", node, CATALOG)) == [
        "cluster.port=1: cluster=ray has no port; it has address, cpus, gpus, sync_s",
        "cluster.sync_s: missing in your cluster/ray.yaml",
    ]

"""Requests as they are typed, composed with the options that come with the program."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra.types import RunMode
from omegaconf import OmegaConf

import runner
from options import Known
from runner.compose.composition import Composed, compose
from runner.compose.hydra_bridge import Trees, hydra_for, run_job
from runner.compose.request import parse, parsed
from runner.config.catalog import GROUPS, OF_A_SWEEP, Catalog, packaged_conf
from runner.errors import ConfigError
from runner.sweep.grid import grid
from runner.sweep.plan import check_jobs
from runner.train import answer


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RUNNER_DATA", raising=False)
    monkeypatch.delenv("RUNNER_OUTPUTS", raising=False)
    return tmp_path


def composed(*argv: str) -> Composed:
    return compose(parse(argv))


def faults_of(*argv: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as error:
        composed(*argv)
    return error.value.faults


def write(path: str, text: str) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file.absolute()


def test_the_request_without_words_is_the_default_run() -> None:
    config = composed().config
    assert [config.dataset.option, config.model.option, config.optimizer.option] == ["digits", "cnn", "adam"]
    assert (config.name, config.data_dir, config.output_dir) == ("cnn-digits", "data", "outputs")


def test_case_9_what_somebody_said_is_known_apart_from_what_train_yaml_says() -> None:
    write("conf/experiment/mine.yaml", "# @package _global_\nbatch_size: 64\ndataset:\n  limit: ${batch_size}\n")
    assert "batch_size" not in composed().config.said
    assert "batch_size" in composed("batch_size=64").config.said
    recipe = composed("experiment=mine", "early_stopping={min_delta: 0.5}", "+optimizer.lr=0.001").config
    assert {"batch_size", "early_stopping.min_delta", "optimizer.lr"} <= recipe.said
    assert recipe.said.isdisjoint({"dataset.limit", "early_stopping.patience_epochs", "epochs"})
    assert "said" not in recipe.as_dict()


def test_options_and_values_are_taken_in_any_order() -> None:
    config = composed("optimizer.momentum=0.9", "epochs=3", "optimizer=sgd").config
    assert (config.optimizer.option, config.optimizer.knobs["momentum"], config.epochs) == ("sgd", 0.9, 3)


OURS = Catalog([packaged_conf()])


@pytest.mark.parametrize("choice", [f"{group}={name}" for group in GROUPS for name in OURS.options(group)])
def test_every_option_that_comes_with_the_program_is_right_as_it_is(choice: str) -> None:
    group, _, name = choice.partition("=")
    if group in OF_A_SWEEP:
        assert check_jobs(parse(["-m", choice, "optimizer.lr=0.1,0.01", "epochs=27"])).jobs
        return
    required = [f"{group}.{key}=x" for key, knob in OURS.option(group, name).knobs.items() if knob.default == "???"]
    required += ["dataset.path=x"] if choice == "experiment=xy_regression" else []  # any table with x and y
    assert composed(f"metric=[{name}]" if group == "metric" else choice, *required)


def test_several_metrics_are_a_list() -> None:
    assert list(composed("metric=[accuracy,f1]").config.metric) == ["accuracy", "f1"]


@pytest.mark.parametrize("word", ["+optimizer=sgd", "++optimizer=sgd", "optimizer=sgd"])
def test_a_plus_in_front_of_a_known_group_does_no_harm(word: str) -> None:
    assert composed(word).config.optimizer.option == "sgd"


@pytest.mark.parametrize("word", ["+optimizer.lr=1", "++optimizer.lr=1", "optimizer.lr=1"])
def test_a_plus_in_front_of_a_known_knob_does_no_harm(word: str) -> None:
    assert composed(word).config.optimizer.knobs["lr"] == 1


@pytest.mark.parametrize(
    "value",
    ["데이터/가격.csv", "~/x.csv", "a(1).csv", "a=1.csv", "it's here", "C:\\x\\", "a b", "{x", "naïve", "a:b@c%d"],
)
def test_a_plain_value_needs_no_quotes(value: str) -> None:
    assert composed(f"data_dir={value}").config.data_dir == value


def test_the_words_of_a_list_need_no_quotes_either() -> None:
    assert composed("tags=[데이터,b,a(1)]").config.tags == ["데이터", "b", "a(1)"]


CSV = ("dataset=csv", "dataset.path=a.csv", "dataset.target=y")


@pytest.mark.parametrize(
    ("typed", "columns"),
    [
        ("{만족도: [낮음,높음]}", {"만족도": ["낮음", "높음"]}),
        ("{소득(만원): ignored}", {"소득(만원)": "ignored"}),
        ('{"Price, USD": ignored, b: numeric}', {"Price, USD": "ignored", "b": "numeric"}),
        ("{답: [yes,no]}", {"답": ["yes", "no"]}),
        ("{b: [yes,no]}", {"b": ["yes", "no"]}),
    ],
)
def test_the_names_in_a_mapping_may_be_in_any_script(typed: str, columns: dict[str, Any]) -> None:
    made = composed(*CSV, f"dataset.columns={typed}")
    assert made.config.dataset.knobs["columns"] == made.tree.dataset.columns == columns


def test_of_two_mappings_none_is_lost() -> None:
    told = "dataset.columns is given twice; write it once: dataset.columns={a: b, c: d}"
    for order in (1, -1):
        (fault,) = faults_of(*CSV, *["dataset.columns={나: ignored}", "+dataset.columns={a: numeric}"][::order])
        assert fault.endswith(told)
    joined = composed(*CSV, "dataset.columns={b: ignored}", "dataset.columns={a: numeric}").config.dataset
    assert joined.knobs["columns"] == {"b": "ignored", "a": "numeric"}


@pytest.mark.parametrize("typed", ["{가: b", "{가: &a [*a]}", "{" * 100 + "가", "{[가]: b, {가: c}: d}"])
def test_what_spells_no_mapping_is_a_text(typed: str) -> None:
    (told,) = faults_of(*CSV, f"dataset.columns={typed}")
    assert told.endswith("must be key: value pairs")


def test_a_path_in_braces_is_a_path() -> None:
    assert (
        composed("dataset=csv", "dataset.path={가: b}.csv", "dataset.target=y").config.dataset.knobs["path"]
        == "{가: b}.csv"
    )


def test_values_from_the_environment_are_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNNER_DATA", "/somewhere/데이터")
    assert composed().config.data_dir == "/somewhere/데이터"


def test_hydra_writes_down_what_can_be_typed_again() -> None:
    tree = composed("+optimizer.lr=1", "epochs=2", "data_dir=가").tree
    assert tree.hydra.overrides.task == ["optimizer.lr=1", "epochs=2", "data_dir='가'"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["optimizer.lrr=1"], "optimizer=adam has no lrr; did you mean optimizer.lr=1?"),
        (["+optimizer.lrr=1"], "optimizer=adam has no lrr; did you mean optimizer.lr=1?"),
        (["optimzer=sgd"], "there is no setting optimzer; did you mean optimizer=sgd?"),
        (["+optimzer=sgd"], "there is no setting optimzer; did you mean optimizer=sgd?"),
        (["optimizer=Adamm"], "optimizer=Adamm: no such option; did you mean optimizer=adam?"),
        (["optimizer=SGD"], "did you mean optimizer=sgd?"),
        (["scheduler=StepLR"], "did you mean scheduler=step_lr?"),
        (["loss=CrossEntropyLoss"], "did you mean loss=cross_entropy?"),
        (["lr_scheduler=StepLR"], "did you mean scheduler=step_lr?"),
        (["metric=[accuracy,f2]"], "metric=f2: no such option"),
        (["optimizer.momentum=0.9"], "choose one, optimizer=..."),
        (["epochs="], "epochs='': must be a whole number >= 1"),
        (["dataset.columns.나이=ignored"], "cannot be read; write 'dataset.columns={나이: ignored}'"),
        (["epochs.x=1"], "epochs={x:1}: must be a whole number >= 1"),
        (["optimizer.lr=1,2"], "to run each of them add -m; a list is written optimizer.lr=[1,2]"),
        (["optimizer.lr=range(1,3)"], "to run each of them add -m"),
        (["model=cnn,mlp"], "to run each of them add -m"),
        (["model=[cnn,mlp]"], "a run has one model; to run each of them: -m model=cnn,mlp"),
        (["optimizer={lr:1}"], "choose an option by its name"),
        (["optimizer=null"], "a run needs one of the optimizer options"),
        (["metric=[]"], "a run needs one of the metric options"),
        (["~optimizer.lr"], "a setting cannot be removed; set another value instead"),
        (["~scheduler"], "write scheduler=none"),
        (["optimizer@here=sgd"], "a part has a fixed place; write optimizer=..."),
        (["cnn"], "did you mean model=cnn?"),
        (["model", "=cnn"], "is not of the form key=value"),
        (["데이터=1"], "there is no setting 데이터"),
        (["hydra.run.dir=/"], "output_dir and name set where a run goes"),
        (["hydra.sweep.dir=/"], "sweep.dir sets where a sweep goes"),
        (["sweep.jobs=4"], "sweep.jobs=4: is for the jobs of a sweep; add -m, or leave it out"),
        (["cluster=ray"], "cluster=ray: is for the jobs of a sweep; add -m, or leave it out"),
        (["sweep={jobs: 4}"], "sweep={jobs: 4}: is for the jobs of a sweep; add -m, or leave it out"),
        (["hydra/launcher=sloorm"], "sweep.jobs sets how many jobs run side by side"),
        (["hydra.nothing=1"], "hydra.nothing=1: cannot be set"),
        (["seed=${nothing}"], "seed=${nothing}: cannot be looked up: "),
        (["data_dir=${oc.env:NOT_SET_AT_ALL}"], "data_dir=${oc.env:NOT_SET_AT_ALL}: cannot be looked up: "),
        (["seed=${seed}"], "seed=${seed}: cannot be looked up: "),
        (["optimizer.betas=[0.9,${nothing}]"], "optimizer.betas[1]=${nothing}: cannot be looked up"),
        (["data_dir=???"], "data_dir=???: has no value yet"),
        (["--config-dir=nowhere"], "--config-dir nowhere: no such folder"),
        (["--config-name=nothing"], "nothing: there is no such configuration file"),
        (["experiment=nothing_like_it"], "experiment=nothing_like_it: no such option"),
    ],
)
def test_a_wrong_request_is_told_in_at_most_three_lines(words: list[str], told: str) -> None:
    found = faults_of(*words)
    assert any(told in fault for fault in found), found
    assert all(len(fault.splitlines()) <= 3 for fault in found)


@pytest.mark.parametrize(
    "word",
    [
        "+name=${",
        "trusted=${.x}",
        "hydra/launcher=[[a]]",
        "optimizer.0={a:${x}}",
        "hydra=3",
        "hydra.callbacks=3",
        "dataset.transforms[0]=1",
        "model@x.y=cnn",
        "~",
        "=",
        "[",
        "seed=1e400",
        "metric=[[a]]",
        "metric.auto=3",
        "defaults=[x]",
        "_target_=os.system",
        "name=\n",
    ],
)
@pytest.mark.parametrize("flags", [(), ("-m",)])
def test_what_nobody_would_type_is_refused_without_a_traceback(word: str, flags: tuple[str, ...]) -> None:
    request = parse([*flags, word])
    with pytest.raises(ConfigError):
        check_jobs(request) if flags else compose(request)


def test_all_faults_of_all_kinds_come_at_once() -> None:
    found = faults_of(
        "optimizer=adan", "optimizer.lrr=1", "epochs=0", "b=1,2", "hydra/launcher=no", "hydra.no=1", "seed=${no}", "x"
    )
    assert {fault.partition(":")[0] for fault in found} == {
        "optimizer=adan",
        "optimizer.lrr=1",
        "epochs=0",
        "b=1,2",
        "hydra/launcher=no",
        "hydra.no=1",
        "seed=${no}",
        "x",
    }


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--lr=1"], "--lr=1: no such flag; write settings without dashes, lr=..."),
        (["--info", "nothing"], "invalid choice"),
        (["--config-path", "x"], "to add a folder of options: --config-dir DIR"),
        (["--cfg", "job", "-m"], "--multirun and --cfg exclude each other"),
    ],
)
def test_a_wrong_flag_is_told(flags: list[str], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        answer(parse(flags))


def test_an_option_of_the_user_comes_before_ours_and_may_build_on_it() -> None:
    write("conf/optimizer/adam.yaml", "# mine\n_target_: torch.optim.Adam\nlr: 0.5\n")
    write("conf/optimizer/fast.yaml", "# faster\ndefaults: [sgd]\nlr: 7\n")
    assert composed().config.optimizer.knobs == {"lr": 0.5}
    assert composed("optimizer=fast").config.optimizer.knobs["lr"] == 7
    (fault,) = faults_of("optimizer=fast", "optimizer.momentun=1")
    assert "did you mean optimizer.momentum=1?" in fault


def test_a_train_yaml_of_the_user_is_held_to_the_same_settings() -> None:
    write("conf/train.yaml", "defaults: [_self_, {model: mlp}]\nepochs: 3\nepoch: 3\nval_fraction: 0\n")
    found = faults_of()
    assert "seed: missing; every setting of train.yaml has to be there" in found
    assert "monitor: missing; every setting of train.yaml has to be there" in found
    assert "epoch=3: there is no setting epoch; did you mean epochs=3?" in found
    assert any(fault.startswith("optimizer=null: a run needs one of the optimizer options: ") for fault in found)


def test_a_broken_train_yaml_of_the_user_is_told_with_its_line() -> None:
    path = write("conf/train.yaml", "epochs: [\n")
    (fault,) = faults_of()
    assert fault.startswith(f"{path}, line 2, column 1: not YAML: ")


def test_case_31_a_train_yaml_that_says_nothing_of_hydra_runs_as_ours_does() -> None:
    lines = (packaged_conf() / "train.yaml").read_text().partition("\nhydra:")[0].splitlines()
    write("conf/train.yaml", "\n".join(line for line in lines if "override hydra/" not in line))
    hydra = composed().tree.hydra
    assert hydra.launcher._target_.endswith(".start.sweep") and "handlers" not in hydra.job_logging


@pytest.mark.parametrize(("file", "word"), [("conf/experiment/x.yaml", "experiment=x"), ("my.yaml", "my.yaml")])
def test_case_31_what_a_file_sets_of_hydra_is_told_key_by_key(file: str, word: str) -> None:
    write(file, "# @package _global_\nhydra: {callbacks: {x: {a: 1, b: 2}}, output_subdir: ../x}\n")
    assert faults_of(word) == (
        "hydra.callbacks.x: a configuration file sets it; it cannot be set; of hydra.* only hydra.mode can",
        "hydra.output_subdir: a configuration file sets it; it cannot be set; "
        "a run keeps the words of its command in .hydra",
    )


def test_case_31_who_is_trusted_is_said_on_the_command_line_alone() -> None:
    write("conf/experiment/x.yaml", "# @package _global_\ntrusted: [mine]\ntags: [theirs]\n")
    told = "trusted=[mine]: comes from a file; only the command line can trust a package: 'trusted=[mine]'"
    assert faults_of("experiment=x") == (f"conf/experiment/x.yaml: {told}",)
    assert composed("experiment=x", "trusted=[mine]").config.trusted == ["mine"]
    (fault,) = faults_of("experiment=x", "trusted=${tags}")
    assert fault.startswith("trusted=[theirs]: comes from a file")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("hydra/launcher=joblib", "sweep.jobs sets how many jobs run side by side"),
        ("hydra/launcher=submitit_slurm", "sweep.jobs sets how many jobs run side by side"),
        ("hydra.launcher.n_jobs=4", "sweep.jobs sets how many jobs run side by side"),
        ("+hydra/launcher=basic", "sweep.jobs sets how many jobs run side by side"),
        ("hydra/sweeper=optuna", "write the values out: -m optimizer.lr=0.1,0.01"),
        ("hydra.sweeper.params={seed: '1,2'}", "write the values out"),
        ("hydra.verbose=true", "of hydra.* only hydra.mode can"),
    ],
)
@pytest.mark.parametrize("flags", [(), ("-m",)])
def test_case_15_how_jobs_are_run_is_said_in_a_line(word: str, told: str, flags: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as error:
        check_jobs(parse([*flags, word]))
    (fault,) = error.value.faults
    assert fault.startswith(f"{word}: cannot be set; ") and told in fault and "\n" not in fault


def test_config_dir_adds_options() -> None:
    write("more/optimizer/slow.yaml", "_target_: torch.optim.SGD\nlr: 0.25\n")
    assert composed("--config-dir", "more", "optimizer=slow").config.optimizer.knobs == {"lr": 0.25}


def test_an_experiment_changes_parts_and_settings_and_gives_the_name() -> None:
    write(
        "conf/experiment/mine.yaml",
        "# @package _global_\ndefaults:\n  - override /optimizer: sgd\nepochs: 3\noptimizer: {lr: 0.25}\n",
    )
    config = composed("experiment=mine").config
    assert (config.name, config.epochs, config.optimizer.option) == ("mine", 3, "sgd")
    assert composed("experiment=mine", "epochs=4", "optimizer.lr=1").config.optimizer.knobs["lr"] == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# @package _global_\nepochs: [\n", "bad.yaml, line "),
        ("# @package _global_\ndefaults:\n  - override /optimizer: sdg\n", "optimizer=sdg: no such option"),
        (
            "optimizer: {lrr: 1}\n",
            "conf/experiment/bad.yaml: optimizer.lrr=1: optimizer=adam has no lrr; did you mean optimizer.lr=1?",
        ),
        ("# @package _global_\nepochs: ten\n", "epochs=ten: must be a whole number"),
        ("# @package _global_\nepochs: 1\nepochs: 2\n", "epochs"),
    ],
)
def test_a_broken_experiment_is_told_with_its_place(text: str, told: str) -> None:
    write("conf/experiment/bad.yaml", text)
    found = faults_of("experiment=bad")
    assert any(told in fault for fault in found), found


def test_a_class_of_an_option_file_outside_its_role_is_refused() -> None:
    write("conf/model/evil.yaml", "_target_: os.system\ncommand: touch x\n")
    (fault,) = faults_of("model=evil")
    assert fault.startswith("model._target_=os.system: is not a class for group model")
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["conf"]


def test_hydras_parser_is_built_on_a_python_that_checks_help_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(self: argparse.ArgumentParser, action: argparse.Action) -> None:
        if action.help is not None and not isinstance(action.help, str):
            raise ValueError("badly formed help string")

    def add_argument(self: argparse.ArgumentParser, *args: object, **kwargs: object) -> argparse.Action:
        action = plain_add(self, *args, **kwargs)
        self._check_help(action)
        return action

    plain_add = argparse.ArgumentParser.add_argument
    monkeypatch.setattr(argparse.ArgumentParser, "_check_help", strict, raising=False)
    monkeypatch.setattr(argparse.ArgumentParser, "add_argument", add_argument)
    assert parse(["epochs=1"]).overrides == ("epochs=1",)
    assert argparse.ArgumentParser.__dict__["_check_help"] is strict


def test_cfg_prints_the_configuration_or_one_part_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(parse(["--cfg", "job", "epochs=3"]))
    assert OmegaConf.create(capsys.readouterr().out).epochs == 3
    assert answer(parse(["--cfg", "job", "-p", "optimizer", "--resolve"]))
    assert capsys.readouterr().out.startswith("# @package optimizer\n_target_: torch.optim.Adam\n")
    assert answer(parse(["--cfg", "hydra"]))
    assert OmegaConf.create(capsys.readouterr().out).hydra.output_subdir == ".hydra"
    with pytest.raises(ConfigError, match="there is no nothing"):
        answer(parse(["--cfg", "job", "-p", "nothing"]))


@pytest.mark.parametrize("kind", ["all", "hydra"])
def test_what_hydra_itself_is_told_is_looked_up_too(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(parse(["--cfg", kind, "-p", "hydra.run", "--resolve", "output_dir=here"]))
    told = capsys.readouterr().out
    assert told.startswith("# @package hydra.run\ndir: ") and "${" not in told


def test_info_shows_the_folders_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    write("conf/optimizer/mine.yaml", "_target_: torch.optim.SGD\n")
    assert answer(parse(["--info", "searchpath"]))
    told = capsys.readouterr().out
    assert told.index(f"file://{Path.cwd() / 'conf'}") < told.index("| main ")


def test_without_a_question_there_is_no_answer() -> None:
    assert not answer(parse(["epochs=1", "-m"]))


@pytest.fixture
def _quiet_log() -> Iterator[None]:
    """Hydra's --info, asked for by another test, leaves its own handler and level at the root."""
    root = logging.getLogger()
    before, root.handlers, level = root.handlers, [], root.level
    root.setLevel(logging.WARNING)
    yield
    root.handlers = before
    root.setLevel(level)


def test_a_job_runs_in_its_directory_with_hydras_files(tmp_path: Path) -> None:
    request = parse(["epochs=2"])

    def task(job: object) -> str:
        return "done"

    assert run_job(request, compose(request), tmp_path / "a run", task) == "done"
    assert sorted(path.name for path in (tmp_path / "a run").iterdir()) == [".hydra"]
    assert OmegaConf.load(tmp_path / "a run/.hydra/overrides.yaml") == ["epochs=2"]


@pytest.mark.usefixtures("_quiet_log")
def test_what_a_job_raises_comes_out_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = parse([])

    def task(job: object) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run_job(request, compose(request), tmp_path / "run", task)
    assert capsys.readouterr() == ("", "")


def test_several_runs_are_asked_for_by_flag_or_by_hydras_mode() -> None:
    assert [parse(words).multirun for words in (["-m"], ["hydra.mode=MULTIRUN"], ["seed=1"])] == [True, True, False]


def test_case_39_a_comma_within_the_name_of_a_column_parts_two_of_them_in_a_sweep_alone() -> None:
    word = "dataset.target=x,z"
    assert parsed(word, multirun=False).value() == "x,z"
    assert parsed(word, multirun=True).is_sweep_override()


def test_a_sweep_is_every_combination() -> None:
    request = parse(["-m", "optimizer.lr=0.1,0.01", "model=mlp,cnn", "epochs=2"])
    assert [[word.lstrip("+") for word in job.overrides] for job in grid(request).jobs] == [
        ["optimizer.lr=0.1", "model=mlp", "epochs=2"],
        ["optimizer.lr=0.1", "model=cnn", "epochs=2"],
        ["optimizer.lr=0.01", "model=mlp", "epochs=2"],
        ["optimizer.lr=0.01", "model=cnn", "epochs=2"],
    ]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["model=mlp", "++optimizer.lr=0.1", "++seed=3", "hydra.job.num=4"],
        ["++optimizer.lr=0.2", "model=mlp", "++model.new={a: [1, 2]}"],
        ["experiment=mnist_dnn_sigmoid", "++tags=[a,b]", "++early_stopping={patience_epochs: 3}"],
        ["metric=[f1]", "++metric.f1.average=macro", "++name='a b'", "++seed=${epochs}"],
    ],
)
def test_trees_of_the_same_options_are_those_of_hydra(lines: list[str], options_composed_once: Known) -> None:
    options_composed_once.clear()  # by other tests
    trees = Trees(Catalog([packaged_conf()]))
    hydra = hydra_for(trees.catalog)
    whole = hydra.compose_config("train", lines, RunMode.RUN)
    others = [line for line in lines if not line.startswith("++")]
    for words in (others, [*others, "++seed=7"], lines):  # those before it leave nothing behind
        tree = trees.composed(hydra, "train", words)
    assert OmegaConf.to_yaml(tree) == OmegaConf.to_yaml(whole)
    assert len(trees.known) == 1


def test_awkward_values_can_be_swept() -> None:
    found = grid(parse(["-m", "data_dir=데이터/a.csv,~/b(1).csv"])).jobs
    names = [compose(parse(job.overrides)).config.data_dir for job in found]
    assert names == ["데이터/a.csv", "~/b(1).csv"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["optimizer.lr=interval(0,1)"], "write the values out"),
        (["hydra.sweeper=3"], "every combination runs"),
        (["hydra.sweeper.params=${now:%Y}"], "write the values out"),
        (["optimizer.lr=1,-1"], "optimizer.lr=-1: must be a number > 0"),
        (["model=mlp,cmm"], "model=cmm: no such option"),
        (["~optimizer"], "a setting cannot be removed"),
        (["seed=1,a", "optimizer.lr=1,-1"], "seed=a: must be a whole number"),
    ],
)
def test_a_wrong_sweep_is_told_before_anything_is_made(words: list[str], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_jobs(parse(["-m", *words]))
    assert any(told in fault for fault in error.value.faults)
    assert len(set(error.value.faults)) == len(error.value.faults)
    assert list(Path.cwd().iterdir()) == []


@pytest.mark.parametrize(
    ("word", "text", "name", "value"),
    [
        ("epochs=${oc.env:N}", "2", "epochs", 2),
        ("epochs=${oc.env:LACKING,2}", "", "epochs", 2),
        ("val_fraction=${oc.env:N}", "1e-1", "val_fraction", 0.1),
        ("grad_clip_norm=${oc.env:N}", "3", "grad_clip_norm", 3),
        ("early_stopping.patience_epochs=${oc.env:N}", "4", "early_stopping.patience_epochs", 4),
        ("max_steps=${oc.env:N}", "null", "max_steps", None),
        ("shuffle=${oc.env:N}", "false", "shuffle", False),
        ("optimizer.lr=${oc.env:N}", "0.25", "optimizer.lr", 0.25),
        ("optimizer.betas=[${oc.env:N},0.5]", "0.25", "optimizer.betas", [0.25, 0.5]),
        ("model.channels=[${oc.env:N}]", "7", "model.channels", [7]),
        ("batch_size=${log_every_steps}", "", "batch_size", 50),
        ("name=${oc.env:N}", "2", "name", "2"),
        ("tags=[${oc.env:N},b]", "2", "tags", ["2", "b"]),
        ("data_dir=${oc.env:N}", "2", "data_dir", "2"),
        ("optimizer.lr=${oc.decode:${oc.env:N}}", "0.5", "optimizer.lr", 0.5),
    ],
)
def test_case_40_a_text_of_the_environment_is_a_number_where_one_is_wanted(
    monkeypatch: pytest.MonkeyPatch, word: str, text: str, name: str, value: Any
) -> None:
    monkeypatch.setenv("N", text)
    found: Any = composed(word).config.as_dict()
    for key in name.split("."):
        found = found[key]
    assert found == value and type(found) is type(value)


def test_case_40_a_text_that_is_no_number_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("N", "two")
    assert faults_of("epochs=${oc.env:N}") == ("epochs=two: must be a whole number >= 1 or auto",)
    monkeypatch.setenv("N", "[&a [*a]]")
    (fault,) = faults_of("epochs=${oc.env:N}")
    assert fault.startswith("epochs=[&a [*a]]: must be a whole number")


def test_case_40_what_is_kept_of_a_run_holds_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("N", "2")
    assert "epochs: 2\n" in composed("epochs=${oc.env:N}", "tags=[${oc.env:N}]").config.as_yaml()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "model.hidden=[32, 16]",
            "model.hidden=[32,: write a list without spaces, or in quotes: 'model.hidden=[32,16]'",
        ),
        ("model.hidden=[32, 16, 8]", "in quotes: 'model.hidden=[32,16,8]'"),
        ("model.hidden=[ 32,16 ]", "in quotes: 'model.hidden=[ 32,16 ]'"),
        ("optimizer.betas=[0.9, -1] epochs=2", "in quotes: 'optimizer.betas=[0.9,-1]'"),
        (
            "dataset.columns={a: ignored, b: [x, y]}",
            "dataset.columns={a:: write a mapping without spaces, or in quotes: "
            "'dataset.columns={a: ignored, b: [x, y]}'",
        ),
    ],
)
def test_case_15_a_value_that_the_shell_has_cut_is_told_in_one_line(words: str, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(words.split(" "))
    (fault,) = error.value.faults
    assert fault.endswith(told)


def test_case_15_a_bracket_that_is_part_of_a_name_is_left_alone() -> None:
    assert composed("data_dir={x", "epochs=2").config.data_dir == "{x"
    assert composed("model=mlp", "model.hidden=[32, 16]").config.model.knobs["hidden"] == [32, 16]


def test_what_hydra_keeps_to_itself_is_named_in_one_file() -> None:
    package = Path(runner.__file__).parent
    found = {path.name for path in package.rglob("*.py") if "hydra._internal" in path.read_text(encoding="utf-8")}
    assert found == {"hydra_bridge.py"}


def test_a_file_that_means_a_cluster_trains_no_single_run_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my.yaml").write_text("cluster: slurm\ncluster.time_min: 5\n")
    with pytest.raises(ConfigError) as error:
        compose(parse(["my.yaml"]))
    told = "cluster=slurm: runs the jobs of a sweep; add -m, or cluster=local for one run on this machine"
    assert list(error.value.faults) == [f"my.yaml: {told}"]

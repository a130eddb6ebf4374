"""Which device is chosen, and what is said when the one asked for is not here. What torch sees is faked."""

import re
import warnings
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from runner import device
from runner.errors import DeviceError

DRIVER_COMPLAINT = (
    "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040). "
    "Please update your GPU driver (Triggered internally at CUDAFunctions.cpp:109.)"
)


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


@pytest.fixture
def see(monkeypatch):
    """Makes torch see that many CUDA devices and, or not, an Apple GPU; each computes unless there is a ``fault``."""

    def fake(cuda=0, mps=False, complaint="", fault=None):
        def is_available():
            if complaint:
                warnings.warn(complaint, stacklevel=2)
            return cuda > 0

        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(torch.version, "cuda", "13.0")
        monkeypatch.setattr(torch.cuda, "is_available", is_available)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
        properties = SimpleNamespace(name="NVIDIA H200", total_memory=141 * 2**30)
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda index: properties)
        monkeypatch.setattr(device, "_compute_fault", lambda chosen: fault)

    return fake


def test_auto_without_an_accelerator_is_the_cpu_and_says_so(see):
    see()
    assert device.choose("auto") == device.Choice(torch.device("cpu"), "no CUDA or MPS device here, 2 threads")


def test_auto_prefers_cuda_and_names_it(see):
    see(cuda=2, mps=True)
    assert device.choose("auto") == device.Choice(torch.device("cuda:0"), "NVIDIA H200, 141 GiB")


def test_auto_takes_mps_where_there_is_no_cuda(see):
    see(mps=True)
    assert device.choose("auto") == device.Choice(torch.device("mps"), "Apple GPU (MPS)")


def test_the_cpu_can_be_asked_for_beside_a_gpu(see):
    see(cuda=1)
    assert device.choose("cpu") == device.Choice(torch.device("cpu"), "asked for, 2 threads")


def test_a_numbered_device_can_be_asked_for(see):
    see(cuda=2)
    assert device.choose("cuda:1").device == torch.device("cuda:1")


@pytest.mark.parametrize("name", ["cuda", "cuda:7", "mps"])
def test_a_device_asked_for_and_absent_is_refused_with_what_is_here(see, name):
    see()
    with pytest.raises(DeviceError, match=rf"device={name}: .* here: cpu\. Set device=cpu or device=auto") as raised:
        device.choose(name)
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_number_beyond_the_last_device_is_refused_with_the_devices_there_are(see):
    see(cuda=2)
    with pytest.raises(DeviceError, match=r"device=cuda:7: only 2 CUDA device.* here: cuda:0, cuda:1, cpu\."):
        device.choose("cuda:7")


def test_an_empty_cuda_visible_devices_is_named_as_the_cause(see, monkeypatch):
    see()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(DeviceError, match="CUDA_VISIBLE_DEVICES hides them all"):
        device.choose("cuda")


def test_a_build_of_torch_without_cuda_is_named_as_the_cause(see, monkeypatch):
    see()
    monkeypatch.setattr(torch.version, "cuda", None)
    with pytest.raises(DeviceError, match="no CUDA in this build of torch"):
        device.choose("cuda")


def test_a_broken_driver_becomes_the_reason_and_not_a_warning(see):
    see(complaint=DRIVER_COMPLAINT)
    reason = device.choose("auto").reason
    assert reason.startswith("the CUDA driver does not work (CUDA initialization: The NVIDIA driver on your system is")
    assert reason.endswith("(found version 11040)), 2 threads")
    with pytest.raises(DeviceError, match="driver does not work"):
        device.choose("cuda")


def test_a_gpu_that_is_listed_but_does_not_compute_is_passed_over_by_auto_and_refused_by_name(see):
    see(cuda=1, fault="cuda:0 does not compute (no kernel image is available)")
    assert device.choose("auto").device == torch.device("cpu")
    assert "no kernel image" in device.choose("auto").reason
    with pytest.raises(DeviceError, match="no kernel image"):
        device.choose("cuda")


def test_a_first_sum_that_fails_is_told_in_one_sentence(monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError("CUDA error: device is busy. Try later.\nCompile with TORCH_USE_CUDA_DSA.")

    monkeypatch.setattr(torch, "ones", refuse)
    assert device._compute_fault(torch.device("cuda:0")) == "cuda:0 does not compute (CUDA error: device is busy)"


@pytest.mark.parametrize("name", ["gpu", "CUDA", "cuda:", "cuda:-1", "cpu:0", "cuda:1.5", "", "meta", "mps:0"])
def test_a_name_that_is_no_device_is_refused_with_the_choices(name):
    with pytest.raises(DeviceError, match=re.escape(f"device={name}: no such device; choose auto, cpu, cuda")):
        device.choose(name)


def test_threads_are_set_and_reported(monkeypatch):
    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    assert device.threads(None) == 2
    assert asked == []
    device.threads(1)
    assert asked == [1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
def test_a_real_gpu_is_chosen_and_named():
    choice = device.choose("auto")
    assert choice.device == torch.device("cuda:0")
    assert "GiB" in choice.reason


def test_fp16_is_for_cuda_alone():
    device.check_precision("fp16", torch.device("cuda"))
    told = "precision=fp16: needs a CUDA device, and this run is on cpu; set precision=bf16"
    with pytest.raises(DeviceError, match=f"^{told}$"):
        device.check_precision("fp16", torch.device("cpu"))


def test_bf16_is_refused_where_it_would_only_be_imitated(monkeypatch):
    device.check_precision("bf16", torch.device("cpu"))
    monkeypatch.setattr(torch.cuda, "device", lambda chosen: nullcontext())
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: including_emulation)
    with pytest.raises(DeviceError, match=r"^precision=bf16: cuda:0 has no bf16; set precision=fp16 or float32$"):
        device.check_precision("bf16", torch.device("cuda:0"))
    with pytest.raises(DeviceError, match=r"^precision=bf16: mps has no bf16; set precision=float32$"):
        device.check_precision("bf16", torch.device("mps"))


def test_the_number_of_threads_stands_afterwards_where_it_stood() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), device.threads_kept():
        torch.set_num_threads(before + 1)
        raise KeyError
    assert torch.get_num_threads() == before


def test_the_memory_there_is_is_that_of_the_machine_or_its_container_and_what_is_swapped(tmp_path: Path) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 4000 kB\nSwapTotal: 1000 kB\n")
    assert device.memory_limit(tmp_path, meminfo) == 5_120_000
    (tmp_path / "memory.max").write_text("2000000")
    assert device.memory_limit(tmp_path, meminfo) == 3_024_000
    assert device.memory_limit(tmp_path / "none", tmp_path / "none") is None

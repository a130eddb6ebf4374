"""What happens inside a net: its first weights, what each layer makes of one example, where it looks.

Shapes: B batch, C channels, H W pixels, F features, O units or filters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from runner.figures.pixels import Pixels, diverging, to_rgb

First = nn.Conv2d | nn.Linear
MOST_FILTERS = 64


@dataclass(frozen=True)
class Stage:
    """What one layer made of an example."""

    name: str  # dotted path in the net
    kind: str  # class of the layer
    made: Tensor  # [C, H, W]


@dataclass(frozen=True)
class Filtered:
    """A convolution at work."""

    input_CHW: Tensor
    weight_OCHW: Tensor
    output_OHW: Tensor


def first_layer(net: nn.Module) -> First | None:
    """The first layer with weights that can be looked at; None in a net without one."""
    return next((module for module in net.modules() if isinstance(module, First)), None)


def filter_images(layer: First, in_shape: tuple[int, ...]) -> list[Pixels]:
    """The layer's weights as images: of each filter, or of each unit that is fed pixels; [] where it is fed a table.

    Three channels are red, green and blue; otherwise blue is below 0 and red above, each filter's channels averaged.
    """
    weight = layer.weight.detach().cpu()
    if isinstance(layer, nn.Linear):
        if len(in_shape) != 3 or prod(in_shape) != layer.in_features:
            return []
        strongest = weight.norm(dim=1).argsort(descending=True, stable=True)[:MOST_FILTERS].sort().values
        weight = weight[strongest].view(-1, *in_shape)
    return list(kernels(weight[:MOST_FILTERS]))


def kernels(weight_OCHW: Tensor) -> Pixels:
    """[O, H, W, 3]"""
    return to_rgb(weight_OCHW) if weight_OCHW.shape[1] == 3 else diverging(weight_OCHW.mean(1))


@torch.no_grad()
def stages(net: nn.Module, x_1CHW: Tensor) -> list[Stage]:
    """What each innermost layer makes of an example, those whose output is pictures, in the order they run."""
    found: list[Stage] = []
    names = {module: name for name, module in net.named_modules() if not list(module.children())}

    def keep(module: nn.Module, args: Any, made: Any) -> None:
        if isinstance(made, Tensor) and made.dim() == 4 and not isinstance(module, nn.Identity | nn.Dropout):
            found.append(Stage(names[module], type(module).__name__, made[0].cpu().clone()))

    run_with(net, x_1CHW, keep, list(names))
    return found


def first_convolution(net: nn.Module) -> nn.Conv2d | None:
    return next((module for module in net.modules() if isinstance(module, nn.Conv2d)), None)


@torch.no_grad()
def filtered(net: nn.Module, convolution: nn.Conv2d, x_1CHW: Tensor) -> Filtered:
    """What one of its convolutions is given, its weights, and what it makes of that."""
    seen: list[tuple[Tensor, Tensor]] = []
    run_with(
        net,
        x_1CHW,
        lambda module, args, made: seen.append((args[0][0].cpu().clone(), made[0].cpu().clone())),
        [convolution],
    )
    return Filtered(seen[0][0], convolution.weight.detach().cpu(), seen[0][1])


def saliency(net: nn.Module, x_B: Tensor) -> Tensor:
    """[B, ...] how strongly each number of the input moves the output for the likeliest class: |d logit / d x|.

    The weights keep the gradients that they have (Simonyan et al. 2014).
    """
    net.eval()
    with torch.enable_grad():
        x_B = x_B.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(net(x_B).amax(1).sum(), x_B)
    return gradient.abs().cpu()


def run_with(
    net: nn.Module, x_B: Tensor, hook: Callable[[nn.Module, Any, Any], None], modules: list[nn.Module]
) -> None:
    """One pass in evaluation mode during which ``hook`` sees what ``modules`` take and make."""
    handles = [module.register_forward_hook(hook) for module in modules]
    try:
        net.eval()(x_B)
    finally:
        for handle in handles:
            handle.remove()

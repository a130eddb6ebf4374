"""What a weight of a model is for, told by the module it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

Table = nn.Embedding | nn.EmbeddingBag
NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def biases_and_norms(model: nn.Module) -> set[str]:
    """The names of biases and of the weights of normalisation layers."""
    return {name for name, module in _owned(model) if isinstance(module, NORMS) or "bias" in name.rpartition(".")[2]}


def hidden_matrices(model: nn.Module) -> set[str]:
    """The names of weights of two dimensions that are neither an embedding nor of the last layer."""
    weights = dict(model.named_parameters())
    layers = [(name, module) for name, module in _owned(model) if weights[name].ndim >= 2]
    last = layers[-1][1] if layers else None
    return {
        name
        for name, module in layers
        if weights[name].ndim == 2 and module is not last and not isinstance(module, Table)
    }


def embedding_tables(model: nn.Module) -> dict[str, Table]:
    """Name -> module of the embeddings whose gradients can be sparse: those that share their weight with nothing."""
    owners: dict[int, list[nn.Module]] = {}
    for module in model.modules():
        for weight in module.parameters(recurse=False):
            owners.setdefault(id(weight), []).append(module)
    names = {id(weight): name for name, weight in model.named_parameters()}
    return {
        names[weight]: module
        for weight, (module, *others) in owners.items()
        if isinstance(module, Table) and not others and getattr(module, "mode", "mean") != "max"
    }


def sparse_gradients(model: nn.Module) -> set[str]:
    """The names of weights whose gradients are sparse."""
    return {name for name, table in embedding_tables(model).items() if table.sparse}


def _owned(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """(name, its module) of every weight, in the model's order, a shared one once."""
    modules = dict(model.named_modules())
    for name, _ in model.named_parameters():
        yield name, modules[name.rpartition(".")[0]]

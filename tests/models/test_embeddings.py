import pytest
import torch

from runner.contracts import Column
from runner.models.embeddings import Embeddings, embedding_size

SIZE = Column("size", ("S", "M", "L"))
COLOUR = Column("colour", ("red", "blue"))


def test_numbers_pass_and_each_code_becomes_its_vector():
    net = Embeddings((COLOUR, Column("weight"), SIZE))
    colour, size = net.get_submodule("0_colour").weight, net.get_submodule("2_size").weight
    x_BF = torch.tensor([[1.0, 0.5, 0.0], [0.0, -2.0, 2.0]])
    assert net.out_shape == (1 + 2 + 3,)
    assert net(x_BF)[0].tolist() == [0.5, *colour[2].tolist(), *size[1].tolist()]
    assert net(x_BF)[1].tolist() == [-2.0, *colour[1].tolist(), *size[3].tolist()]


def test_an_unknown_category_is_zeros_and_stays_so():
    net = Embeddings((COLOUR,))
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.1)
    for _ in range(3):
        (net(torch.tensor([[-1.0], [0.0]])) + 1).square().sum().backward()
        optimizer.step()
    assert net(torch.tensor([[-1.0]])).tolist() == [[0.0, 0.0]]


# fastai's own answers: [emb_sz_rule(n) for n in (2, 3, 4, 10, 100, 1_000_000)]
@pytest.mark.parametrize(("categories", "size"), [(2, 2), (3, 3), (4, 3), (10, 6), (100, 21), (1_000_000, 600)])
def test_the_size_of_a_vector_follows_fastai(categories, size):
    assert embedding_size(categories) == size


@pytest.mark.parametrize("name", ["type", "forward", "keys", "a.b", "", "값", "training"])
def test_a_column_may_have_any_name(name):
    net = Embeddings((Column(name, ("a", "b")), Column(name, ("a", "b"))))
    assert net(torch.zeros(4, 2)).shape == (4, 4)
    assert len(net.state_dict()) == 2

"""What a user might write: a Dataset of a file of their own."""

import random

import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, random_split


class Labelled(Dataset):
    """40 rows of 3 numbers, the first of them the label; ``targets`` saves a pass."""

    def __init__(self, num_classes=4, wrong=None):
        self.targets = [row % num_classes for row in range(40)]
        self.wrong = wrong or {}

    def __len__(self):
        return 40

    def __getitem__(self, row):
        x = torch.tensor([float(self.targets[row]), row / 40, 1.0])
        return self.wrong.get(row, (x, self.targets[row]))


class WithoutTargets(Labelled):
    def __init__(self, **knobs):
        super().__init__(**knobs)
        self.labels = self.__dict__.pop("targets")

    def __getitem__(self, row):
        return self.wrong.get(row, (torch.tensor([float(self.labels[row]), row / 40, 1.0]), self.labels[row]))


class Noisy(WithoutTargets):
    """Augments its own rows."""

    def __getitem__(self, row):
        x, y = super().__getitem__(row)
        return x + 0.1 * torch.rand(3) + 0.1 * random.random(), y


class Faulty(Labelled):
    def __getitem__(self, row):
        return {"a": 1}[row]


class Regression(Dataset):
    def __len__(self):
        return 20

    def __getitem__(self, row):
        return [row, row], row / 2


class Unmakeable(Labelled):
    def __init__(self):
        raise FileNotFoundError("no weather.csv")


class Empty(Labelled):
    def __len__(self):
        return 0


class Endless(IterableDataset):
    def __iter__(self):
        return iter([])


class NotOne:
    pass


class OfFrame(Dataset):
    """A frame as in study notes: x the first three columns of a row, y the fourth, both Series."""

    def __init__(self):
        self.table = pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6], "c": [7, 8, 9], "d": [0, 1, 1]}, index=[7, 5, 3])

    def __len__(self):
        return 3

    def __getitem__(self, row):
        return self.table.iloc[row, :3], self.table.iloc[row : row + 1, 3]


class WithoutBase:
    """As torch takes it too: a length, and rows by number."""

    def __len__(self):
        return 4

    def __getitem__(self, row):
        return [row], row % 2


def halves(num_train):
    """A pair, drawn at random."""
    return random_split(Labelled(), [num_train, 40 - num_train])


def with_wrong_test():
    return Labelled(), Labelled(wrong={7: (torch.zeros(3), 2)})


def of_three():
    return random_split(Labelled(), [20, 10, 10])


def loader():
    return DataLoader(Labelled())


def failing():
    return pd.read_csv("nowhere.csv")


ready = Labelled()
ready_pair = Labelled(), Labelled(num_classes=2)
whole_floats = TensorDataset(torch.arange(6.0)[:, None], torch.tensor([0.0, 1, 2, 2, 1, 0]))
tensors = torch.zeros(3, 2), torch.tensor([0, 1, 0])

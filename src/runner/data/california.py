"""California housing (Pace and Barry 1997, StatLib): what houses cost in 20,640 districts, census of 1990."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch

from runner.contracts import Column, Data, Source
from runner.data.published import read_published

COLUMNS = ("MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude")
TARGET = "MedHouseVal"
UNIT = 100_000  # dollars


class California(Source):
    """20,640 districts, the 8 usual columns (rooms, bedrooms and people a household); a price in 100,000 dollars."""

    def load(self, data_dir: Path) -> Data:
        (content,) = read_published("california", data_dir, "cal_housing.tgz")
        published = np.loadtxt(io.BytesIO(content), delimiter=",", unpack=True)
        longitude, latitude, age, rooms, bedrooms, people, households, income, price = published
        features = (
            income,
            age,
            rooms / households,
            bedrooms / households,
            people,
            people / households,
            latitude,
            longitude,
        )
        return Data(
            x=torch.from_numpy(np.stack(features, 1).astype(np.float32)),
            y=torch.from_numpy((price / UNIT).astype(np.float32)),
            task="regression",
            columns=tuple(map(Column, COLUMNS)),
            target=TARGET,
        )

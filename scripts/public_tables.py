"""Twelve tables after kinds that are public, as files like people have them, against scikit-learn: docs/tables.md.

    python scripts/public_tables.py [KIND ...] [--keep FOLDER]

Each file is made with a known signal and noise, and trained on with defaults and what the line of the panel advises, on
three splits. scikit-learn is given the same rows with the values as they were before they were written to the file: a
net that reads a column wrongly falls far behind. Noise is two standard errors of the score on the test rows.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from runner.compose.composition import compose
from runner.compose.request import parse
from runner.contracts import Column, Data, Split
from runner.experiment.assemble import read_data, read_split
from trials import trial

SPLITS = 3
HIDDEN = (128, 64)  # of model=dnn


@dataclass(frozen=True)
class Made:
    """A file, and what its cells mean: column -> numbers, NaN where there is none, or texts, "" where there is none."""

    file: str
    body: bytes
    truth: dict[str, Any]
    y: np.ndarray[Any, Any]
    words: Sequence[str] = field(default_factory=list)  # typed beside the path


def written(header: str, columns: Sequence[Any], *last: str) -> str:
    """The text of a table; a cell that holds the delimiter, a quote or a line break is quoted."""
    mark = ";" if ";" in header else ","
    lines = [mark.join(quoted(cell, mark) for cell in row) for row in zip(*columns, strict=True)]
    assert len(columns) == header.count(mark) + 1
    return "\n".join([header, *lines, *last]) + "\n"


def quoted(cell: Any, mark: str) -> str:
    text = str(cell)
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in (mark, '"', "\n")) else text


def holed(cells: Sequence[Any], is_hole: Any, marker: str = "") -> list[Any]:
    return [marker if hole else cell for cell, hole in zip(cells, is_hole, strict=True)]


def plain(values: Any, digits: int = 0) -> list[str]:
    return [f"{value:.{digits}f}" for value in values]


def german(values: Any, digits: int = 2, unit: str = "") -> list[str]:
    """1.234,56"""
    return [f"{value:,.{digits}f}".translate(str.maketrans(",.", ".,")) + unit for value in values]


def days(draw: np.random.Generator, rows: int, first: str, last: str) -> pd.DatetimeIndex:
    """Days between the two, some of them several times, in no order."""
    return pd.DatetimeIndex(np.sort(draw.choice(pd.date_range(first, last), rows)))[draw.permutation(rows)]


def houses(draw: np.random.Generator) -> Made:
    rows = 2000
    zips = draw.choice(800, 12, replace=False) + 1800
    zip_N, living = draw.integers(0, 12, rows), draw.lognormal(7.5, 0.35, rows).round(-1)
    worth = draw.normal(0, 0.25, 12)[zip_N]
    bedrooms, bathrooms = draw.integers(1, 6, rows), draw.integers(4, 16, rows) / 4
    waterfront, built = (draw.random(rows) < 0.06) * 1, draw.integers(1900, 2015, rows)
    renovated = np.where(draw.random(rows) < 0.1, draw.integers(1990, 2015, rows), 0)
    day = days(draw, rows, "2014-05-02", "2015-05-27")
    price = 250 * living * np.exp(worth + 0.5 * waterfront + 0.002 * (built - 1950) + draw.normal(0, 0.15, rows))
    header = "id,date,price,bedrooms,bathrooms,sqft_living,waterfront,yr_built,yr_renovated,zipcode"
    number = draw.choice(9 * 10**9, rows, replace=False) + 10**9
    zip_code = [f"0{zips[place]}" for place in zip_N]
    cells = [number, day.strftime("%Y%m%dT000000"), plain(price, 0), bedrooms, bathrooms, plain(living)]
    body = written(header, [*cells, waterfront, built, renovated, zip_code])
    truth = {"bedrooms": bedrooms, "bathrooms": bathrooms, "sqft_living": living, "waterfront": waterfront}
    truth |= {"yr_built": built, "yr_renovated": renovated, "zipcode": zip_code}
    return Made("kc_house.csv", body.encode(), truth, price.round(), ["dataset.target=price"])


def listings(draw: np.random.Generator) -> Made:
    rows = 1500
    room, guests = draw.integers(0, 3, rows), draw.integers(1, 9, rows)
    rate, rating = draw.integers(50, 101, rows), draw.normal(4.6, 0.3, rows).clip(1, 5).round(2)
    is_new, since = draw.random(rows) < 0.15, days(draw, rows, "2009-01-01", "2019-12-31")
    log_price = 4 + 0.6 * (room == 1) - 0.5 * (room == 2) + 0.18 * guests + 0.008 * (rate - 75) + 0.5 * (rating - 4.6)
    price = np.exp(log_price + draw.normal(0, 0.2, rows)).round(2)
    instant = np.where(draw.random(rows) < 0.4, "t", "f")
    kind = np.array(["Private room", "Entire home/apt", "Shared room"])[room]
    names = [f'Sunny "loft" no. {i},\nnear the park' for i in draw.permutation(rows)]
    header = "id,name,host_since,host_response_rate,room_type,accommodates,review_scores_rating,instant_bookable,price"
    columns = [
        draw.choice(10**7, rows, replace=False),
        names,
        since.strftime("%Y-%m-%d"),
        holed([f"{value}%" for value in rate], is_new, "N/A"),
        kind,
        guests,
        holed(plain(rating, 2), is_new),
        instant,
        [f"${value:,.2f}" for value in price],
    ]
    truth = {"host_response_rate": np.where(is_new, np.nan, rate), "room_type": kind, "accommodates": guests}
    truth |= {"review_scores_rating": np.where(is_new, np.nan, rating), "instant_bookable": instant}
    return Made("listings.csv", written(header, columns).encode(), truth, price, ["dataset.target=price"])


def passengers(draw: np.random.Generator) -> Made:
    rows = 1300
    rank, woman, age = draw.integers(1, 4, rows), draw.random(rows) < 0.36, draw.gamma(6, 5, rows).round()
    relatives, fare = draw.integers(0, 5, rows), draw.lognormal(4.5 - draw.normal(0.8, 0.1, rows) * rank, 0.4).round(4)
    no_age, port = draw.random(rows) < 0.2, draw.choice(["S", "C", "Q", ""], rows, p=[0.69, 0.2, 0.1, 0.01])
    chance = 1 / (1 + np.exp(-(-0.6 + 3 * woman - 1.1 * (rank - 2) - 0.04 * (age - 30) - 0.2 * relatives)))
    survived = (draw.random(rows) < chance) * 1
    header = "PassengerId,Survived,Pclass,Name,Sex,Age,SibSp,Ticket,Fare,Cabin,Embarked"
    sex = np.where(woman, "female", "male")
    names = [f"Name{i}, {'Mrs' if is_woman else 'Mr'}. Given{i % 97}" for i, is_woman in enumerate(woman)]
    tickets = [f"{('A/5 ', 'PC ', '')[i % 3]}{20000 + value}" for i, value in enumerate(draw.integers(0, 900, rows))]
    cabins = holed([f"{'ABCDE'[i % 5]}{value}" for i, value in enumerate(draw.integers(1, 99, rows))], rank > 1)
    columns = [np.arange(1, rows + 1), survived, rank, names, sex, holed(plain(age), no_age), relatives, tickets, fare]
    body = written(header, [*columns, cabins, port])
    truth = {"Pclass": rank, "Sex": sex, "Age": np.where(no_age, np.nan, age), "SibSp": relatives, "Fare": fare}
    truth |= {"Embarked": port}
    return Made("titanic.csv", body.encode(), truth, survived.astype(str), ["dataset.target=Survived"])


def air(draw: np.random.Generator) -> Made:
    rows = 2000
    hour = pd.date_range("2004-03-10 18:00", periods=rows, freq="h")
    traffic = np.exp(np.sin((hour.hour - 9) / 24 * 4 * np.pi) / 2 + draw.normal(0, 0.4, rows))
    carbon, nitrogen = (2 * traffic).round(1), (150 * traffic * np.exp(draw.normal(0, 0.2, rows))).round()
    temp, humid = draw.normal(18, 7, rows).round(1), draw.uniform(10, 88, rows).round(1)
    benzene = (9 * traffic + 0.25 * temp - 0.05 * humid + draw.normal(0, 1.5, rows)).round(1)
    failed = [draw.random(rows) < share for share in (0.15, 0.15, 0.04, 0.04)]
    measures = [carbon, nitrogen, temp, humid]
    cells = [german(np.where(hole, -200, value), 1) for value, hole in zip(measures, failed, strict=True)]
    cells = [[cell.replace(".", "").removesuffix(",0") for cell in column] for column in cells]
    header = "Date;Time;CO(GT);NOx(GT);T;RH;C6H6(GT)"
    columns = [hour.strftime("%d/%m/%Y"), hour.strftime("%H.%M.%S"), *cells, german(benzene, 1)]
    known = [np.where(hole, np.nan, value) for value, hole in zip(measures, failed, strict=True)]
    truth = dict(zip(["CO(GT)", "NOx(GT)", "T", "RH"], known, strict=True)) | {"Time": hour.strftime("%H.%M.%S")}
    words = ["dataset.target='C6H6(GT)'", "dataset.missing_values=[-200]"]
    return Made("AirQuality.csv", written(header, columns).encode(), truth, benzene, words)


def flats(draw: np.random.Generator) -> Made:
    rows = 1500
    gu = np.array(["강남구", "마포구", "노원구", "관악구", "송파구"])[draw.integers(0, 5, rows)]
    worth = pd.Series(gu).map({"강남구": 0.7, "송파구": 0.4, "마포구": 0.2, "노원구": -0.3, "관악구": -0.2}).to_numpy()
    area, floor = draw.choice([39.6, 49.77, 59.97, 84.99, 114.3], rows), draw.integers(1, 31, rows)
    built, month = draw.integers(1980, 2021, rows), draw.integers(0, 24, rows)
    log_price = 9 + worth + 0.011 * area + 0.006 * floor + 0.008 * (built - 2000) + 0.02 * month
    price = np.exp(log_price + draw.normal(0, 0.12, rows)).round(-2)
    header = "NO,시군구,단지명,전용면적(㎡),계약년월,거래금액(만원),층,건축년도"
    names = [f"{place[:-1]}래미안{i % 60}차" for i, place in enumerate(gu)]
    months = [f"{2019 + value // 12}{value % 12 + 1:02}" for value in month]
    columns = [np.arange(1, rows + 1), [f"서울특별시 {place}" for place in gu], names, area, months]
    body = written(header, [*columns, [f"{value:,.0f}" for value in price], floor, built])
    truth = {"시군구": [f"서울특별시 {place}" for place in gu], "단지명": names, "전용면적(㎡)": area}
    truth |= {"계약년월": [int(value) for value in months], "층": floor, "건축년도": built}
    return Made("실거래가.csv", body.encode("cp949"), truth, price, ["dataset.target='거래금액(만원)'"])


def loans(draw: np.random.Generator) -> Made:
    rows = 2500
    rate, used = draw.uniform(5.3, 24.9, rows).round(2), draw.uniform(0, 99, rows).round(1)
    term, income = draw.choice([36, 60], rows), draw.lognormal(11, 0.5, rows).round(-2)
    years = draw.choice(["< 1 year", "1 year", "3 years", "10+ years", "n/a"], rows)
    debt, month = draw.uniform(0, 30, rows).round(2), pd.DatetimeIndex(days(draw, rows, "2008-01-01", "2011-12-31"))
    home = draw.choice(["RENT", "OWN", "MORTGAGE"], rows)
    zips = [f"{value}xx" for value in draw.integers(100, 130, rows)]
    logit = 0.25 * (rate - 14) + 0.02 * (used - 50) - 1.2 * (np.log(income) - 11) + 0.8 * (term == 60) + 0.05 * debt
    is_bad = draw.random(rows) < 1 / (1 + np.exp(1.8 - logit))
    header = "id,term,int_rate,emp_length,home_ownership,annual_inc,issue_d,zip_code,dti,revol_util,loan_status"
    columns = [
        1_077_501 - draw.permutation(rows) * 37,
        [f" {value} months" for value in term],
        [f" {value:.2f}%" for value in rate],
        years,
        home,
        plain(income, 1),
        month.strftime("%b-%Y"),
        zips,
        debt,
        [f"{value}%" for value in used],
        np.where(is_bad, "Charged Off", "Fully Paid"),
    ]
    total = f"Total,,,,,{income.sum():.1f},,,,,"
    truth = {"term": [f"{value} months" for value in term], "int_rate": rate, "home_ownership": home, "dti": debt}
    truth |= {"emp_length": np.where(years == "n/a", "", years), "annual_inc": income, "revol_util": used}
    body = written(header, columns, total).encode()
    words = ["dataset.target=loan_status", "dataset.skip_last=1"]
    return Made("LoanStats.csv", body, truth | {"zip_code": zips}, columns[-1], words)


def churn(draw: np.random.Generator) -> Made:
    rows = 2000
    tenure, monthly = draw.integers(0, 73, rows), draw.uniform(18, 119, rows).round(2)
    contract = draw.choice(["Month-to-month", "One year", "Two year"], rows, p=[0.55, 0.2, 0.25])
    payment = draw.choice(["Electronic check", "Mailed check", "Credit card (automatic)"], rows)
    senior, total = (draw.random(rows) < 0.16) * 1, (tenure * monthly * draw.uniform(0.95, 1.05, rows)).round(2)
    logit = 1.4 * (contract == "Month-to-month") - 0.05 * (tenure - 30) + 0.03 * (monthly - 65) + 0.6 * senior
    leaves = draw.random(rows) < 1 / (1 + np.exp(1.6 - logit - 0.5 * (payment == "Electronic check")))
    header = "customerID,gender,SeniorCitizen,tenure,Contract,PaymentMethod,MonthlyCharges,TotalCharges,Churn"
    letters = draw.choice(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), (rows, 5))
    number = [f"{1000 + i}-{''.join(row)}" for i, row in enumerate(letters)]
    gender = draw.choice(["Male", "Female"], rows)
    totals = holed(plain(total, 2), tenure == 0, " ")
    columns = [number, gender, senior, tenure, contract, payment, monthly, totals, np.where(leaves, "Yes", "No")]
    truth = dict(zip(header.split(",")[1:-1], columns[1:-1], strict=True))
    truth["TotalCharges"] = np.where(tenure == 0, np.nan, total)
    return Made("Churn.csv", written(header, columns).encode(), truth, columns[-1], ["dataset.target=Churn"])


def takings(draw: np.random.Generator) -> Made:
    rows = 1200
    day, branch = days(draw, rows, "2022-01-01", "2023-12-31"), draw.integers(0, 6, rows)
    town = np.array(["Köln", "Gießen", "Lübeck", "Würzburg", "Aachen", "Görlitz"])[branch]
    pieces, price = draw.integers(100, 2500, rows), draw.uniform(4, 30, rows).round(2)
    rebate = draw.integers(0, 50, rows) / 2
    noise = np.exp(draw.normal(0, 0.08, rows) + np.linspace(-0.2, 0.2, 6)[branch])
    taken = (pieces * price * (1 - rebate / 100) * noise).round(2)
    header = "Datum;Filiale;Artikel;Menge;Preis;Rabatt;Umsatz"
    article = [f"{value:05}" for value in draw.integers(1, 40, rows)]
    columns = [day.strftime("%d.%m.%Y"), town, article, german(pieces, 0), german(price, 2, " €")]
    columns += [german(rebate, 1, " %"), german(taken)]
    body = written(header, columns, f"Summe;;;{german([pieces.sum()], 0)[0]};;;{german([taken.sum()])[0]}")
    truth = {"Filiale": town, "Artikel": article, "Menge": pieces, "Preis": price, "Rabatt": rebate}
    words = ["dataset.target=Umsatz", "dataset.skip_last=1"]
    return Made("umsatz.csv", body.encode("cp1252"), truth, taken, words)


def orders(draw: np.random.Generator) -> Made:
    rows = 2000
    sales, quantity = draw.lognormal(5.5, 1.1, rows).round(2), draw.integers(1, 12, rows)
    profit = (sales * draw.normal(0.05, 0.25, rows)).round(2)
    mode = draw.choice(["Standard Class", "First Class", "Same Day"], rows, p=[0.6, 0.3, 0.1])
    zips = [f"{value:05}" for value in draw.choice([1040, 2138, 10024, 60610, 77041, 90036, 98103], rows)]
    logit = 1.1 * (np.log(sales) - 5.5) - 0.012 * profit + 0.9 * (mode == "Same Day") - 0.1 * (quantity - 6)
    back = draw.random(rows) < 1 / (1 + np.exp(0.8 - logit))
    day = pd.DatetimeIndex(days(draw, rows, "2014-01-03", "2017-12-30"))
    header = "Row ID,Order ID,Order Date,Ship Mode,Postal Code,Sales,Quantity,Profit,Returned"
    columns = [
        np.arange(1, rows + 1),
        [f"CA-{date.year}-{number}" for date, number in zip(day, draw.integers(100_000, 169_999, rows), strict=True)],
        [f"{date.month}/{date.day}/{date.year}" for date in day],
        mode,
        zips,
        [f"{value:,.2f}" for value in sales],
        quantity,
        [f"({-value:,.2f})" if value < 0 else f"{value:,.2f}" for value in profit],
        np.where(back, "yes", "no"),
    ]
    truth = {"Ship Mode": mode, "Postal Code": zips, "Sales": sales, "Quantity": quantity, "Profit": profit}
    body = written(header, columns).encode("utf-8-sig")
    return Made("Orders.csv", body, truth, columns[-1], ["dataset.target=Returned"])


def rentals(draw: np.random.Generator) -> Made:
    rows = 3000
    hour = pd.date_range("2011-01-01", periods=rows, freq="7h")
    weather, season = draw.choice([1, 2, 3], rows, p=[0.65, 0.25, 0.1]), (hour.month % 12 // 3 + 1).to_numpy()
    temp = (14 - 11 * np.cos(hour.day_of_year / 365 * 2 * np.pi) + draw.normal(0, 4, rows)).to_numpy().round(2)
    humid, wind = draw.uniform(20, 100, rows).round(), draw.gamma(2, 6, rows).round(4)
    by_hour = np.interp(hour.hour, [0, 4, 8, 12, 17, 20, 23], [-1.5, -3, 0.6, 0.2, 0.9, 0.2, -0.8])
    growth = np.linspace(0, 0.8, rows)
    rate = 4.2 + by_hour + 0.045 * temp - 0.006 * humid - 0.25 * (weather == 3) + growth + 0.1 * (hour.day_of_week < 5)
    count = draw.poisson(np.exp(rate + draw.normal(0, 0.15, rows)))
    header = "datetime,season,weather,temp,humidity,windspeed,count"
    columns = [hour.strftime("%Y-%m-%d %H:%M:%S"), season, weather, temp, plain(humid), wind, count]
    truth = dict(zip(header.split(",")[1:-1], [season, weather, temp, humid, wind], strict=True))
    parts = {"year": hour.year, "month": hour.month, "weekday": hour.day_of_week, "hour": hour.hour}
    truth |= {f"datetime {part}": values for part, values in parts.items()}
    words = ["dataset.target=count", "dataset.columns={datetime: date}"]
    return Made("bike.csv", written(header, columns).encode(), truth, count, words)


def heart(draw: np.random.Generator) -> Made:
    rows = 1000
    age, pulse = draw.normal(54, 9, rows).round(), draw.normal(150, 22, rows).round()
    fat, ratio = draw.normal(246, 50, rows).round(), draw.gamma(4, 0.3, rows).round(2)
    man = draw.random(rows) < 0.68
    stress = draw.choice(["normal", "fixed", "reversable"], rows, p=[0.55, 0.1, 0.35])
    logit = 0.05 * (age - 54) - 0.04 * (pulse - 150) + 0.01 * (fat - 246) + 1.2 * (ratio - 1.2)
    logit += 1.6 * (stress != "normal")
    ill = draw.random(rows) < 1 / (1 + np.exp(2.2 - logit - 0.8 * man))
    no_fat, no_ratio, no_stress = (draw.random(rows) < share for share in (0.15, 0.12, 0.05))
    header = "patient,age,sex,chol,ratio,thalach,thal,disease"
    columns = [
        draw.choice(9 * 10**8, rows, replace=False) + 10**8,
        plain(age),
        np.where(man, "M", "F"),
        holed(plain(fat), no_fat, "unknown"),
        holed(ratio, no_ratio, "#DIV/0!"),
        plain(pulse),
        holed(stress, no_stress, "?"),
        np.where(ill, "Yes", "No"),
    ]
    truth = {"age": age, "sex": np.where(man, "M", "F"), "chol": np.where(no_fat, np.nan, fat), "thalach": pulse}
    truth |= {"ratio": np.where(no_ratio, np.nan, ratio), "thal": np.where(no_stress, "", stress)}
    return Made("heart.csv", written(header, columns).encode(), truth, columns[-1], ["dataset.target=disease"])


def cars(draw: np.random.Generator) -> Made:
    rows = 500
    cylinders = draw.choice([4, 6, 8], rows, p=[0.5, 0.25, 0.25])
    size, power = (cylinders * draw.normal(35, 4, rows)).round(1), (cylinders * draw.normal(19, 2.5, rows)).round(1)
    weight, year = (900 + 350 * cylinders + draw.normal(0, 250, rows)).round(), draw.integers(70, 83, rows)
    origin, no_power = draw.integers(1, 4, rows), draw.random(rows) < 0.03
    miles = 46 - 0.0085 * weight + 0.55 * (year - 70) + 1.2 * (origin == 3) - 0.02 * power + draw.normal(0, 2, rows)
    names = [f'"maker{i % 30} model {i}"' for i in range(rows)]
    powers, pace = holed(plain(power, 1), no_power, "?"), draw.normal(15, 2, rows).round(1)
    cells = zip(miles, cylinders, size, powers, weight, pace, year, origin, names, strict=True)
    lines = [
        f"{a:<7.1f}{b:<4d}{c:<11.1f}{d:<11}{e:<11.1f}{f:<7.1f}{g:<4d}{h}\t{name}"
        for a, b, c, d, e, f, g, h, name in cells
    ]
    measures = [cylinders, size, np.where(no_power, np.nan, power), weight, pace, year, origin]
    truth = {f"c{place}": values for place, values in enumerate(measures, start=2)}
    return Made("auto-mpg.data", ("\n".join(lines) + "\n").encode(), truth, miles.round(1), ["dataset.target=0"])


Maker = Callable[[np.random.Generator], Made]
KINDS: tuple[Maker, ...] = (
    houses,
    listings,
    passengers,
    air,
    flats,
    loans,
    churn,
    takings,
    orders,
    rentals,
    heart,
    cars,
)


def references(made: Made, rows: Split) -> list[np.ndarray[Any, Any]]:
    """[T] what each model of scikit-learn predicts of the test rows: linear, boosted trees, a net like ours."""
    is_class = made.y.dtype.kind == "U"
    share = len(rows.val) / (len(rows.val) + len(rows.train))
    net = {"hidden_layer_sizes": HIDDEN, "batch_size": 64, "early_stopping": True, "validation_fraction": share}
    models = (
        [LogisticRegression(max_iter=2000), HistGradientBoostingClassifier(), MLPClassifier(**net, random_state=0)]
        if is_class
        else [Ridge(), HistGradientBoostingRegressor(), MLPRegressor(**net, random_state=0)]
    )
    train = rows.train.numpy()
    with_val = np.concatenate([train, rows.val.numpy()])  # a net of scikit-learn draws its own rows for validation
    return [
        predicted(made, model, with_val if "MLP" in type(model).__name__ else train, rows.test.numpy(), is_class)
        for model in models
    ]


def predicted(made: Made, model: Any, train: Any, test: Any, is_class: bool) -> np.ndarray[Any, Any]:
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    prepare = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), make_column_selector(dtype_exclude="number")),
    )
    whole = make_pipeline(
        prepare, model if is_class else TransformedTargetRegressor(model, transformer=StandardScaler())
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        whole.fit(pd.DataFrame(made.truth).iloc[train], made.y[train])
    found: np.ndarray[Any, Any] = whole.predict(pd.DataFrame(made.truth).iloc[test])
    return found


def misread(made: Made, data: Data) -> list[str]:
    """The columns that are left out or hold something else than was meant; the target among them."""
    assert isinstance(data.x, torch.Tensor)
    places = {column.name: place for place, column in enumerate(data.columns)}
    wrong = [
        name
        for name, values in made.truth.items()
        if name not in places or not agrees(data.columns[places[name]], data.x[:, places[name]].numpy(), values)
    ]
    y = np.array(data.class_names)[data.y] if data.class_names else data.y.numpy()
    is_right = (y == made.y).all() if data.class_names else np.allclose(y, made.y)
    return wrong if is_right else [*wrong, "the target"]


def agrees(column: Column, found_N: np.ndarray[Any, Any], values: Any) -> bool:
    meant = np.array(list(values))
    if meant.dtype.kind != "U":
        return not column.categories and np.allclose(found_N, meant.astype(np.float32), equal_nan=True)
    words = np.array([*column.categories, ""])[np.nan_to_num(found_N, nan=-1).astype(int)]
    # of a category that no train row has nothing is known, and where a text says that there is none it may be one
    return bool(((words == meant) | (words == "") | (meant == "")).all()) and bool(column.categories)


def error_of(score: Callable[..., float], y: np.ndarray[Any, Any], guess: np.ndarray[Any, Any]) -> float:
    """The standard error of a score, by drawing its rows anew."""
    draw = np.random.default_rng(0)
    return float(np.std([score(y[rows], guess[rows]) for rows in draw.integers(0, len(y), (200, len(y)))]))


def row(make: Maker, folder: Path) -> str:
    """A line of the table."""
    made = make(np.random.default_rng(0))
    path = folder / made.file
    path.write_bytes(made.body)
    words = ["dataset=csv", f"dataset.path={path}", "model=dnn", *made.words]
    scores: list[list[float]] = []
    wrong: dict[str, None] = {}
    errors: list[float] = []
    for seed in range(SPLITS):
        config = compose(parse(["device=cpu", *words, f"split_seed={seed}"])).config
        data, rows = read_split(config, read_data)
        assert len(data.y) == len(made.y), f"{len(data.y)} rows were read, {len(made.y)} written"
        wrong |= dict.fromkeys(misread(made, data))
        score, name = (r2_score, "r2") if data.task == "regression" else (accuracy_score, "accuracy")
        y = made.y[rows.test.numpy()]
        guesses = references(made, rows)
        best = trial([*words, f"seed={seed}", f"split_seed={seed}"])["best"]
        scores.append([best[f"test/{name}"], *(score(y, guess) for guess in guesses)])
        errors.append(error_of(score, y, guesses[0]))
    ours, linear, trees, net = np.mean(scores, 0)
    noise = 2 * float(np.mean(errors)) / SPLITS**0.5
    verdict = "yes" if ours >= max(linear, net) - noise else f"NO, {max(linear, net) - ours:.3f} behind"
    read = f"not {', '.join(wrong)}" if wrong else f"all {len(made.truth)}"
    values = [f"{value:.3f}" for value in (ours, linear, net, trees, noise)]
    cells = [make.__name__, f"{len(made.y):,}", read, name, *values]
    return f"| {' | '.join([*cells, verdict])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", help=", ".join(make.__name__ for make in KINDS))
    parser.add_argument("--keep", type=Path, help="folder in which the files stay")
    asked = parser.parse_args()
    print("| kind | rows | columns read as meant | score | runner | linear | net | boosted trees | noise | within |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    with TemporaryDirectory() as made:
        folder = asked.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        for make in KINDS:
            if not asked.kinds or make.__name__ in asked.kinds:
                print(row(make, folder), flush=True)


if __name__ == "__main__":
    main()

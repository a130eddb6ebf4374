"""Overfitting: a line and a curve through few points, and what helps."""

TITLE = "learned by heart is not understood"
TEXT = """
# Ten points of a wave with noise to learn from, and 200 others of the same kind to judge by.
import torch
from torch import nn
from torch.nn.functional import mse_loss
generator = torch.Generator().manual_seed(0)
def points(rows):
    x = torch.rand(rows, 1, generator=generator) * 2 - 1
    noise = torch.randn(rows, 1, generator=generator)
    return x, torch.sin(3 * x) + 0.2 * noise
x, y = points(10)
x_new, y_new = points(200)

# Linear regression: y depends on x. Least squares finds the line whose residuals y - line have the smallest squares.
def powers(x, degree):
    return x ** torch.arange(degree + 1)
line = torch.linalg.lstsq(powers(x, 1), y).solution
residuals = y - powers(x, 1) @ line
residuals.square().mean()

# The sign of overfitting: the known points are fitted ever better, and new ones worse from some degree on. The cause:
# a curve of many weights has room for the noise of ten points; a simpler model has not.
def errors(x, y, degree, decay=0.0):
    X, X_new = powers(x, degree), powers(x_new, degree)
    square = X.T @ X + decay * torch.eye(degree + 1)
    w = torch.linalg.solve(square, X.T @ y)
    known = mse_loss(X @ w, y)
    new = mse_loss(X_new @ w, y_new)
    return f"known {known:.3f}  new {new:.3f}"
for degree in [1, 3, 5, 7]:
    print(degree, errors(x, y, degree))

# Regularisation: weights that are pulled towards 0 make the same curve smooth (weight_decay of the optimizers).
for decay in [0.0, 0.001, 0.01, 0.1]:
    print(decay, errors(x, y, 7, decay))

# More data: the same curve has no room for the noise of 100 points.
errors(*points(100), 7)

# Cross-validation judges without further data: each fifth of the points is left out once, and is new to the others.
def left_out_error(degree):
    X, found = powers(x, degree), 0.0
    for fold in torch.arange(10).chunk(5):
        kept = [i for i in range(10) if i not in fold]
        w = torch.linalg.lstsq(X[kept], y[kept])[0]
        error = mse_loss(X[fold] @ w, y[fold])
        found += error.item() / 5
    return round(found, 3)
left_out_error(1), left_out_error(3), left_out_error(5)

# Early stopping, for a net: the best epoch by the new points is kept, and training ends some epochs behind it.
_ = torch.manual_seed(0)
first, last = nn.Linear(1, 100), nn.Linear(100, 1)
net = nn.Sequential(first, nn.Tanh(), last)
optimizer = torch.optim.Adam(net.parameters(), lr=0.03)
history = []
for epoch in range(400):
    optimizer.zero_grad()
    mse_loss(net(x), y).backward()
    optimizer.step()
    with torch.no_grad():
        new = mse_loss(net(x_new), y_new)
    history.append(new.item())
history.index(min(history))
min(history), history[-1]

# Dropout switches half of the units off in training, and scales the others up; eval() switches it off.
drop = nn.Dropout(0.5)
drop(torch.ones(8))
drop.eval()(torch.ones(8))
"""

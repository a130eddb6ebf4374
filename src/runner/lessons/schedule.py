"""Schedules: the rate of each epoch, by each scheduler of the notes."""

TITLE = "large steps first, small ones near the goal"
TEXT = """
# A scheduler changes the rate of its optimizer: optimizer.step() for each batch, scheduler.step() for each epoch.
import torch
from torch.optim import lr_scheduler as schedule
def rates(make, epochs=6):
    w = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    scheduler = make(optimizer)
    used = []
    for epoch in range(epochs):
        lr = optimizer.param_groups[0]["lr"]
        used.append(round(lr, 4))
        optimizer.step()
        scheduler.step()
    return used

# LambdaLR multiplies the first rate by what a function says of the epoch, here 0.95 ** epoch.
rates(lambda o: schedule.LambdaLR(o, lambda e: 0.95**e))

# ExponentialLR multiplies the rate by gamma each epoch: the same rates in other words.
rates(lambda o: schedule.ExponentialLR(o, gamma=0.95))

# StepLR does it every few epochs, MultiStepLR after those that are listed, to a tenth if not set.
rates(lambda o: schedule.StepLR(o, 2, gamma=0.5))
rates(lambda o: schedule.MultiStepLR(o, [1, 4]))

# CosineAnnealingLR goes down in half a wave: slowly, then fast, then slowly. After T_max epochs it is at eta_min.
rates(lambda o: schedule.CosineAnnealingLR(o, T_max=5))

# ReduceLROnPlateau waits for the loss: after more than `patience` epochs without a better one it takes the rate down.
w = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=0.1)
wait = schedule.ReduceLROnPlateau(optimizer, patience=1)
for loss in [1.0, 0.8, 0.8, 0.8, 0.8]:
    wait.step(loss)
    lr = optimizer.param_groups[0]["lr"]
    print(f"loss {loss}  next rate {lr:.2g}")
"""

"""Autograd: how gradients come about, add up, and are left out."""

TITLE = "torch remembers each step and derives backwards"
TEXT = """
# With requires_grad torch remembers what is computed of x; grad_fn is the last operation.
import torch
x = torch.ones(2, 2, requires_grad=True)
y = x + 1
z = 2 * y**2
mean = z.mean()

# backward() gives the gradient of that number: here 4 (x + 1) / 4 for each of the four numbers of x.
mean.backward()
x.grad

# The same of another formula: 2 (x + 5) / 9 for each of the nine numbers.
x = torch.ones(3, 3, requires_grad=True)
mean = ((x + 5) ** 2).mean()
mean.backward()
x.grad

# Gradients add up: each backward() adds to those that are there already, until they are set to zero.
w = torch.tensor(1.0, requires_grad=True)
(3 * w).backward()
w.grad
(3 * w).backward()
w.grad
w.grad.zero_()

# An optimizer's zero_grad does that for all of its weights: it takes the gradients away.
optimizer = torch.optim.SGD([w], lr=0.1)
optimizer.zero_grad()
print(w.grad)

# no_grad remembers nothing, which saves memory and time where nothing is learned.
with torch.no_grad():
    y = w * 2
y.requires_grad

# detach gives the same numbers without their past: for a log, a picture, or a part that is not to learn.
y = w * 2
y.requires_grad, y.detach().requires_grad
y.detach().data_ptr() == y.data_ptr()
"""

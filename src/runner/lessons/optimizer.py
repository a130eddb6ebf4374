"""Optimizers: the step by hand, the loop, each optimizer on one curve, rates of their own, two minima."""

TITLE = "a step against the gradient, again and again"
TEXT = """
# By hand: the loss (w - 3)^2 has its minimum at 3, and each step goes against the gradient, by the rate times it.
import torch
from torch import optim
w = torch.tensor(0.0, requires_grad=True)
for step in range(4):
    loss = (w - 3) ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    print(f"gradient {w.grad:.3f}  w {w:.3f}")
    w.grad = None

# An optimizer does the same. The five lines of each loop: zero_grad, forward, loss, backward, step.
w = torch.tensor(0.0, requires_grad=True)
optimizer = optim.SGD([w], lr=0.1)
for step in range(4):
    optimizer.zero_grad()
    loss = (w - 3) ** 2
    loss.backward()
    optimizer.step()
    print(f"loss {loss:.3f}  w {w:.3f}")

# One function for all of them: LBFGS wants to compute the loss itself, and the others take a function too.
def bowl(w):
    return (w - 3) ** 2
def descend(make, start=0.0, curve=bowl):
    w = torch.tensor([start], requires_grad=True)
    optimizer = make([w])
    def closure():
        optimizer.zero_grad()
        loss = curve(w)
        loss.backward()
        return loss
    for step in range(100):
        optimizer.step(closure)
    return round(w.item(), 3)

# 100 steps of each, all at a rate of 0.1: those that scale the step by the gradients seen need a rate of their own.
descend(lambda p: optim.SGD(p, lr=0.1))
descend(lambda p: optim.SGD(p, lr=0.1, momentum=0.9))
descend(lambda p: optim.Adagrad(p, lr=0.1))
descend(lambda p: optim.RMSprop(p, lr=0.1))
descend(lambda p: optim.Adam(p, lr=0.1))
descend(lambda p: optim.Adadelta(p, lr=0.1))
descend(lambda p: optim.Adamax(p, lr=0.1))
descend(lambda p: optim.ASGD(p, lr=0.1))
descend(lambda p: optim.LBFGS(p, lr=0.1))
descend(lambda p: optim.Rprop(p, lr=0.1))

# A rate above 1 is too large for this loss: each step goes too far, and the next one further.
descend(lambda p: optim.SGD(p, lr=1.01))

# SparseAdam, for embeddings: only the rows that were looked up move, here row 1.
table = torch.nn.Embedding(3, 2, sparse=True)
before = table.weight.detach().clone()
optimizer = optim.SparseAdam(table.parameters(), lr=0.1)
table(torch.tensor([1])).sum().backward()
optimizer.step()
(table.weight != before).any(dim=1)

# Parts may have rates of their own; what a part does not say is as behind the list.
body = torch.nn.Linear(4, 8)
head = torch.nn.Linear(8, 2)
parts = [
    {"params": body.parameters()},
    {"params": head.parameters(), "lr": 0.001},
]
optimizer = optim.SGD(parts, lr=0.01, momentum=0.9)
[part["lr"] for part in optimizer.param_groups]

# A curve with two minima: the one that is found depends on the start, and the left one is lower, the global one.
def curve(w):
    return w**4 - 4 * w**2 + w
slow = lambda p: optim.SGD(p, lr=0.03)
left = descend(slow, -2.0, curve)
right = descend(slow, 2.0, curve)
curve(left), curve(right)

# Momentum rolls on like a ball: from the right it passes the local minimum and ends in the global one.
ball = lambda p: optim.SGD(p, lr=0.03, momentum=0.9)
descend(ball, 2.0, curve)
"""

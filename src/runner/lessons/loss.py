"""Losses: what each measures, on numbers that can be checked by hand."""

TITLE = "one number that says how wrong the answers are"
TEXT = """
# MSE, for numbers: the mean of the squared errors, here (0.25 + 0 + 4) / 3. L1 takes the errors as they are.
import torch
from torch import nn
outputs = torch.tensor([2.5, 0.0, 2.0])
targets = torch.tensor([3.0, 0.0, 4.0])
nn.MSELoss()(outputs, targets)
nn.L1Loss()(outputs, targets)

# A net for classes gives one number for each: a logit. softmax over dim 1 makes each row positive and 1 in sum.
logits = torch.tensor([[2.0, 1.0, 0.1], [0.5, 2.5, 0]])
labels = torch.tensor([0, 2])
shares = torch.softmax(logits, dim=1)
shares.sum(dim=1)

# The answer is where the largest number stands; softmax does not change that.
logits.argmax(dim=1), shares.argmax(dim=1)
(logits.argmax(dim=1) == labels).float().mean()

# Cross entropy is log softmax and NLL in one, the mean of -log(share of the true class).
nn.CrossEntropyLoss()(logits, labels)
nn.NLLLoss()(torch.log_softmax(logits, dim=1), labels)
-shares[[0, 1], labels].log().mean()

# So no softmax belongs in front of it: a second one gives a sure and right answer a loss.
sure = torch.tensor([[100.0, 0.0, 0.0]])
label = torch.tensor([0])
nn.CrossEntropyLoss()(sure, label)
nn.CrossEntropyLoss()(sure.softmax(dim=1), label)

# A net that knows nothing of 10 classes has a loss of ln 10: a first loss far above it has a fault behind it.
nn.CrossEntropyLoss()(torch.zeros(1, 10), label)

# BCE, for yes or no, takes probabilities; with logits it takes the raw output and is exact for large ones.
output = torch.tensor([0.8, -1.2])
truth = torch.tensor([1.0, 0.0])
nn.BCELoss()(output.sigmoid(), truth)
nn.BCEWithLogitsLoss()(output, truth)

# Poisson NLL, for counts: the output is the logarithm of the count that is expected, exp(o) - y o.
output = torch.tensor([0.0, 1.0])
count = torch.tensor([1.0, 3.0])
nn.PoissonNLLLoss()(output, count)
(output.exp() - count * output).mean()

# Hinge embedding: a distance counts where the label is 1; where it is -1, what it lacks to the margin of 1.
distances = torch.tensor([0.3, 0.3, 1.5])
alike = torch.tensor([1, -1, -1])
hinge = nn.HingeEmbeddingLoss(reduction="none")
hinge(distances, alike)

# Triplet margin: the other class shall be further away than the same class, by the margin of 1 or more.
anchor = torch.tensor([[0.0, 0.0]])
same = torch.tensor([[0.0, 1.0]])
other = torch.tensor([[1.5, 0.0]])
nn.TripletMarginLoss()(anchor, same, other)
nn.TripletMarginLoss()(anchor, same, 2 * other)
"""

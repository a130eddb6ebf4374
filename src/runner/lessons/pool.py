"""Pooling, and the layers between a picture and the answer: ReLU, flatten, linear."""

TITLE = "fewer pixels, then from pixels to the answer"
TEXT = """
# Max pooling keeps the largest number of each window; a window of 2 makes both sides half as long.
import torch
from torch import nn
x = torch.arange(16.0).view(1, 1, 4, 4)
nn.MaxPool2d(2)(x)

# Average pooling takes the mean of each window.
nn.AvgPool2d(2)(x)

# The windows stand side by side, and what does not fill one at the edge is left out.
nn.MaxPool2d(2)(torch.rand(1, 1, 5, 5)).shape

# Behind a convolution of pictures as large as MNIST's; it has no border, and the pooling halves what is left.
x = nn.Conv2d(1, 20, 5)(torch.rand(4, 1, 28, 28))
x = nn.functional.max_pool2d(x, 2)

# ReLU makes negative numbers 0. Without it, two linear layers in a row would be no more than one.
nn.ReLU()(torch.tensor([-2.0, -0.5, 0.0, 3.0]))

# Linear multiplies the last dimension by its weights: 128 rows of 20 numbers become 128 rows of 30.
layer = nn.Linear(20, 30)
layer(torch.rand(128, 20)).shape
layer.weight.shape, layer.bias.shape

# It wants rows, so pictures are flattened before it: 28 x 28 = 784 numbers.
x = nn.Flatten()(torch.rand(3, 28, 28))
nn.Linear(784, 20)(x).shape

# All together, the net of the notes for pictures of 3 x 32 x 32: its linear layer takes 30 x 5 x 5 numbers.
net = nn.Sequential(
    nn.Conv2d(3, 64, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(64, 30, 5), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(750, 10),
)
x = torch.rand(2, 3, 32, 32)
for layer in net:
    x = layer(x)
    print(f"{type(layer).__name__:9} {list(x.shape)}")
sum(p.numel() for p in net.parameters())
"""

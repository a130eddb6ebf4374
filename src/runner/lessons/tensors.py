"""Tensors: made, cast, sliced, put together, and how they lie in memory."""

TITLE = "blocks of numbers, which all else is computed with"
TEXT = """
# A tensor is made from a list: fractions become float32, whole numbers int64.
import torch
torch.tensor([[1.0, 2.0], [3.0, 4.0]])
torch.tensor([1, 2, 3])

# Others are made by their shape; what empty holds is left over from before, so only its shape counts.
torch.empty(2, 3).shape
torch.zeros(2, 3)
torch.ones(2, 3)
torch.full((2, 3), 7.0)

# Random numbers follow from a seed: the same seed gives the same numbers.
generator = torch.manual_seed(0)
torch.rand(2, 3)
torch.randn(2, 3)
torch.randint(0, 10, (4,))

# A tensor made from a numpy array shares its memory on the CPU: a change of either is seen in both.
import numpy as np
array = np.array([1.0, 2.0, 3.0])
shared = torch.from_numpy(array)
array[0] = 50
shared
shared[1] = 60
array
np.shares_memory(array, shared.numpy())

# A cast makes a tensor of another type; to whole numbers it cuts the fraction off.
x = torch.tensor([1.7, -1.7, 0.0])
x.int()
x.long().dtype, x.double().dtype, x.half().dtype
x > 0

# size() and shape are the same; a dimension can be asked for by its place, the last one by -1.
x = torch.zeros(4, 3, 28, 28)
x.size()
x.shape[-1], x.dim(), x.numel()

# Arithmetic goes number by number; @ is the product of rows and columns.
x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
x + 10
x @ x

# A name with an underscore at its end changes the tensor in place; without it a new one is made.
x.add(1)
x.add_(1)
x

# Slices are as in Python, one for each dimension; they are views, and no number is copied.
x = torch.arange(12).view(3, 4)
x[0]
x[:, 1]
x[1:, :2]
x[x > 8]

# view gives another shape, -1 stands for what is left; flatten(1) keeps the batch; resize_ may drop numbers.
x.view(2, -1)
torch.rand(3, 1, 28, 28).flatten(1).shape
torch.arange(6).resize_(2, 2)

# stack makes a new dimension, cat makes one longer.
a, b = torch.zeros(2, 3), torch.ones(2, 3)
torch.stack([a, b]).shape
torch.cat([a, b]).shape
torch.cat([a, b], dim=1).shape

# chunk is told the number of parts, split the size of a part.
torch.arange(5).chunk(2)
torch.arange(5).split(2)

# squeeze takes dimensions of size 1 away, unsqueeze puts one in: a net wants a batch, even of one picture.
torch.zeros(1, 3, 1).squeeze().shape
torch.zeros(28, 28).unsqueeze(0).shape

# permute changes the order of the dimensions: torch has the channels of a picture first, matplotlib last.
picture = torch.rand(3, 28, 28)
picture.permute(1, 2, 0).shape

# item takes the number out of a tensor that holds only one.
torch.tensor([2.5]).item()

# Numbers lie in one row in memory; the stride says how far the next one of each dimension is.
x = torch.arange(6).view(2, 3)
x.stride()
x[1].storage_offset()

# A transpose shares that memory: only shape and stride change, so view needs contiguous() first.
t = x.t()
t.stride()
t.untyped_storage().data_ptr() == x.data_ptr()
t.is_contiguous(), t.contiguous().stride()
"""

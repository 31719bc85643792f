"""The paper's network hand-written in PyTorch, as well as we can: the peer that `train_step.py` measures against."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional


class ConvLSTM(nn.Module):
    """One layer over a list of steps; one convolution for the four gates, none for the zero state."""

    def __init__(self, channels: int, filters: int):
        super().__init__()
        self.filters = filters
        self.both = nn.Conv2d(channels + filters, 4 * filters, 3, padding=1)

    def forward(self, steps: list[torch.Tensor]) -> list[torch.Tensor]:
        states: list[torch.Tensor] = []
        carry = None
        for step in steps:
            if carry is None:
                gates = functional.conv2d(step, self.both.weight[:, : step.shape[1]], self.both.bias, padding=1)
            else:
                gates = self.both(torch.cat([step, states[-1]], 1))
            i, f, c, o = gates.chunk(4, 1)
            new = torch.sigmoid(i) * torch.tanh(c)
            carry = new if carry is None else torch.sigmoid(f) * carry + new
            states.append(torch.sigmoid(o) * torch.tanh(carry))
        return states


def double_convolution(channels: int, filters: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inside in (channels, filters):
        layers += [nn.Conv2d(inside, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class PaperNetwork(nn.Module):
    """climate (batch, T, D, H, W), gwsa (batch, 1, H, W) -> mean and variance (batch, 1, 4H, 4W); 8,190,850 parameters."""

    def __init__(self, channels: int = 4, filters: tuple[int, ...] = (64, 128, 256, 512)):
        super().__init__()
        self.memory = nn.ModuleList([ConvLSTM(channels, 64), ConvLSTM(64, 64)])
        widths = (65, *filters)
        self.down = nn.ModuleList([double_convolution(a, b) for a, b in pairwise(widths)])
        self.up = nn.ModuleList([nn.ConvTranspose2d(b, a, 2, 2) for a, b in pairwise(filters)])
        self.merge = nn.ModuleList([double_convolution(2 * a, a) for a in filters[:-1]])
        self.heads = nn.Conv2d(filters[0], 2, 1)

    def forward(self, climate: torch.Tensor, gwsa: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        steps = [step.contiguous(memory_format=torch.channels_last) for step in climate.unbind(1)]
        for layer in self.memory:
            steps = layer(steps)
        x, skips = torch.cat([steps[-1], gwsa], 1), []
        for depth, block in enumerate(self.down):
            x = block(functional.max_pool2d(x, 2) if depth else x)
            skips.append(x)
        for depth in reversed(range(len(self.up))):
            x = self.merge[depth](torch.cat([self.up[depth](x), skips[depth]], 1))
        fine = functional.interpolate(self.heads(x), scale_factor=4, mode="bilinear", align_corners=False)
        return fine[:, :1], functional.softplus(fine[:, 1:]) + 1e-6

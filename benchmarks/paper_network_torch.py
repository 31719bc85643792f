"""The paper's network and loss hand-written in PyTorch, twice: what `train_step.py` measures against.

`usual` has the common ConvLSTM cell: a convolution of [input, state] at every step, from states of zeros. `tuned` is as fast as
we could make it in eager mode: no convolution of the zero state, no forget gate for it, AdamW fused. The rest is the same.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

FACTOR = 4


class ConvLSTMCell(nn.Module):
    """One step as it is commonly written."""

    def __init__(self, channels: int, filters: int):
        super().__init__()
        self.filters = filters
        self.both = nn.Conv2d(channels + filters, 4 * filters, 3, padding=1)

    def forward(self, x: torch.Tensor, state: torch.Tensor, carry: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        i, f, c, o = torch.chunk(self.both(torch.cat([x, state], dim=1)), 4, dim=1)
        carry = torch.sigmoid(f) * carry + torch.sigmoid(i) * torch.tanh(c)
        return torch.sigmoid(o) * torch.tanh(carry), carry


class UsualConvLSTM(nn.Module):
    """One layer over a list of steps, from states of zeros."""

    def __init__(self, channels: int, filters: int):
        super().__init__()
        self.cell = ConvLSTMCell(channels, filters)

    def forward(self, steps: list[torch.Tensor]) -> list[torch.Tensor]:
        batch, _, height, width = steps[0].shape
        state = torch.zeros(batch, self.cell.filters, height, width).to(memory_format=torch.channels_last)
        carry = torch.zeros_like(state)
        states = []
        for step in steps:
            state, carry = self.cell(step, state, carry)
            states.append(state)
        return states


class TunedConvLSTM(nn.Module):
    """The same result; neither convolution nor forget gate for the zero state."""

    def __init__(self, channels: int, filters: int):
        super().__init__()
        self.filters = filters
        self.both = nn.Conv2d(channels + filters, 4 * filters, 3, padding=1)

    def forward(self, steps: list[torch.Tensor]) -> list[torch.Tensor]:
        i, c, o = functional.conv2d(steps[0], *self._first_weights(steps[0].shape[1]), padding=1).chunk(3, 1)
        carry = torch.sigmoid(i) * torch.tanh(c)
        states = [torch.sigmoid(o) * torch.tanh(carry)]
        for step in steps[1:]:
            i, f, c, o = self.both(torch.cat([step, states[-1]], 1)).chunk(4, 1)
            carry = torch.sigmoid(f) * carry + torch.sigmoid(i) * torch.tanh(c)
            states.append(torch.sigmoid(o) * torch.tanh(carry))
        return states

    def _first_weights(self, channels: int) -> tuple[torch.Tensor, torch.Tensor]:
        kernel, bias = self.both.weight[:, :channels], self.both.bias
        i, _, c, o = kernel.chunk(4, 0)
        i_bias, _, c_bias, o_bias = bias.chunk(4, 0)
        return torch.cat([i, c, o]).contiguous(memory_format=torch.channels_last), torch.cat([i_bias, c_bias, o_bias])


def double_convolution(channels: int, filters: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inside in (channels, filters):
        layers += [nn.Conv2d(inside, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class PaperNetwork(nn.Module):
    """climate (batch, T, D, H, W), gwsa (batch, 1, H, W) -> mean and variance (batch, 1, 4H, 4W); 8,190,850 parameters."""

    def __init__(self, tuned: bool, channels: int = 4, filters: tuple[int, ...] = (64, 128, 256, 512)):
        super().__init__()
        memory = TunedConvLSTM if tuned else UsualConvLSTM
        self.memory = nn.ModuleList([memory(channels, 64), memory(64, 64)])
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


def loss(mean: torch.Tensor, variance: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Eqs 10–15 as `gwkeras.losses` reads them, with the paper's weights; regions of 32 × 32 fine cells."""
    land, present = batch["land_fine"] > 0, batch["has_previous"]
    known = torch.isfinite(batch["target"]) & land
    target = torch.where(known, batch["target"], 0.0)
    data = _mean(0.5 * (torch.log(variance) + (mean - target) ** 2 / variance), known)
    previous = functional.interpolate(batch["gwsa_previous"], scale_factor=FACTOR, mode="bicubic", align_corners=False)
    net, alpha = (
        functional.interpolate(batch[name], scale_factor=FACTOR, mode="nearest")
        for name in ("net_water_input", "infiltration_efficiency")
    )
    mask, change, infiltration = land & (alpha > 0), mean - previous, net * alpha
    sign = _mean(torch.relu(-change * torch.sign(net)), mask)
    magnitude = _mean((change / _deviation(change, mask) - infiltration / _deviation(infiltration, mask)) ** 2, mask)
    rows = torch.cos(torch.deg2rad(batch["latitude"])).repeat_interleave(FACTOR, 1)[:, None, :, None]
    weight = rows * batch["land_fine"] * mask
    total = functional.avg_pool2d(weight, 32)
    difference = functional.avg_pool2d((change - infiltration) * weight, 32) / total.clamp_min(1e-12)
    regional = (total / total.sum((1, 2, 3), keepdim=True) * difference.abs()).sum((1, 2, 3))
    smoothness = _squares(mean, land, 2) + _squares(mean, land, 3)
    return (data + 0.05 * present * (sign + magnitude + regional) + 0.01 * smoothness).mean()


def _mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return torch.where(mask, values, 0.0).sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp_min(1)


def _deviation(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    mean = _mean(values, mask)[:, None, None, None]
    return torch.sqrt(_mean((values - mean) ** 2, mask).clamp_min(1e-4))[:, None, None, None]


def _squares(field: torch.Tensor, mask: torch.Tensor, axis: int) -> torch.Tensor:
    size = field.shape[axis] - 1
    both = mask.narrow(axis, 0, size) & mask.narrow(axis, 1, size)
    squares = (field.narrow(axis, 1, size) - field.narrow(axis, 0, size)) ** 2
    return torch.where(both, squares, 0.0).sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp_min(1)

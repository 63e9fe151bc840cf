"""BatchNorm over the batch of all processes."""

from typing import Any

from torch import Tensor, distributed, nn
from torch.autograd import Function
from torch.nn.modules.batchnorm import _BatchNorm


def synchronise(model: nn.Module) -> None:
    """Replace a model's BatchNorm, in place, by one over all processes."""
    if next(model.parameters()).is_cuda:
        nn.SyncBatchNorm.convert_sync_batchnorm(model)
        return
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.__class__ = CpuSyncBatchNorm  # the same parameters, another forward


class CpuSyncBatchNorm(_BatchNorm):
    """SyncBatchNorm on CPUs, where PyTorch has none; all processes must hold equal shares.

    docs/decisions/0007-runs-that-can-be-cut-and-shared.md says why there is one.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Return x (N, C, ...) normalised over what all processes have of it."""
        if not self.training:
            return super().forward(x)
        per_channel = [0, *range(2, x.dim())]
        shape = [1, -1, *[1] * (x.dim() - 2)]
        dtype, x = x.dtype, x.to(self.weight.dtype)  # sums of half precision would lose it
        count = x.numel() // x.shape[1] * distributed.get_world_size()
        mean = _Sum.apply(x.sum(per_channel)) / count
        centred = x - mean.view(shape)
        variance = _Sum.apply(centred.square().sum(per_channel)) / count
        self._track(mean.detach(), variance.detach() * count / (count - 1))
        scale = self.weight / (variance + self.eps).sqrt()
        return (centred * scale.view(shape) + self.bias.view(shape)).to(dtype)

    def _check_input_dim(self, input: Tensor) -> None:
        """Accept any (N, C, ...)."""

    def _track(self, mean: Tensor, variance: Tensor) -> None:
        averages = self.running_mean, self.running_var
        for average, value in zip(averages, (mean, variance), strict=True):
            assert average is not None, 'the network tracks statistics'
            assert self.momentum is not None, 'over a fixed number of batches'
            average.lerp_(value, self.momentum)
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)


class _Sum(Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        return _sum(value)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _sum(gradient)


def _sum(value: Tensor) -> Tensor:
    total = value.clone()
    distributed.all_reduce(total)
    return total

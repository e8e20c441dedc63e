"""Stand-ins for objects of libraries that the tests do not need: they say no to NumPy in the words of the originals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Device:
    """Where a tensor is."""

    def __init__(self, type: str) -> None:
        self.type = type


class Tensor:
    """As torch's: what NumPy cannot have, it raises when it is asked for an array."""

    __module__ = "torch"

    def __init__(
        self,
        array: NDArray[Any],
        *,
        dtype: str = "torch.float32",
        device: str = "cpu",
        requires_grad: bool = False,
        layout: str = "torch.strided",
    ) -> None:
        self.array = array
        self.dtype = dtype
        self.device = Device(device)
        self.requires_grad = requires_grad
        self.layout = layout

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, place: Any) -> Any:
        return self.array[place]

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        del dtype, copy
        if self.requires_grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.device.type != "cpu":
            raise TypeError(f"can't convert {self.device.type}:0 device type tensor to numpy. Use Tensor.cpu() first.")
        if self.dtype not in ("torch.float32", "torch.int16"):
            raise TypeError(f"Got unsupported ScalarType {self.dtype}")
        return self.array

    def view(self, dtype: str) -> Tensor:
        """The same memory as numbers of 16 bits."""
        assert dtype == "torch.int16"
        return Tensor(self.array.view(np.int16), dtype=dtype)


class OnlyDlpack:
    """An array of the array API standard, which has no ``__array__``."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


class Elsewhere(OnlyDlpack):
    """One whose memory is a device's."""

    def __dlpack__(self, **options: Any) -> Any:
        raise BufferError("this memory cannot be exported to another device")

    def __dlpack_device__(self) -> Any:
        return (2, 0)


def bfloat16(array: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The upper halves of values that need no more."""
    return (array.view(np.uint32) >> 16).astype(np.uint16)

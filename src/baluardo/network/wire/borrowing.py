"""Arrays that compiled code borrows: the same memory, without the count of who holds it.

Numba counts the holders of an array by atomic operations at every call and attribute, some hundred
for a packet of the loop: two thirds of its time. A borrowed array has no count; its owner has to
outlive it.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types
from numba.extending import intrinsic

from baluardo.network.links.system_calls import carray


def _pointer_to(_typing: Any, _address: Any) -> Any:
    """(address) -> a pointer to what stands there."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    signature: Any = types.voidptr
    return signature(types.intp), generate


_pointer: Any = intrinsic(_pointer_to)


@njit(cache=True, nogil=True)
def borrowed(array: Any) -> Any:
    """Return the array without a count of its holders."""
    return carray(_pointer(array.ctypes.data), array.shape, array.dtype)

"""A dish for tests: a real gRPC server of the service that a Starlink dish offers, with reflection.

Its messages are built here, from the fields that `starlink_grpc` reads. It can hang, lie, answer
octets that are no message, and reboot into another version.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection

PACKAGE = "SpaceX.API.Device"
SERVICE = f"{PACKAGE}.Device"

_TYPES = descriptor_pb2.FieldDescriptorProto

MESSAGES: dict[str, dict[str, str]] = {
    "Request": {"get_status": "GetStatusRequest", "get_history": "GetHistoryRequest"},
    "GetStatusRequest": {},
    "GetHistoryRequest": {},
    "Response": {"dish_get_status": "DishGetStatusResponse"},
    "DeviceInfo": {"id": "string", "hardware_version": "string", "software_version": "string"},
    "DeviceState": {"uptime_s": "uint64"},
    "DishObstructionStats": {
        "fraction_obstructed": "float",
        "currently_obstructed": "bool",
        "valid_s": "float",
    },
    "DishAlerts": {"motors_stuck": "bool", "thermal_throttle": "bool", "roaming": "bool"},
    "DishGetStatusResponse": {
        "device_info": "DeviceInfo",
        "device_state": "DeviceState",
        "seconds_to_first_nonempty_slot": "float",
        "pop_ping_drop_rate": "float",
        "downlink_throughput_bps": "float",
        "uplink_throughput_bps": "float",
        "pop_ping_latency_ms": "float",
        "alerts": "DishAlerts",
        "obstruction_stats": "DishObstructionStats",
        "outage": "DishOutage",
    },
}
CAUSES = (
    "UNKNOWN",
    "BOOTING",
    "STOWED",
    "THERMAL_SHUTDOWN",
    "NO_SCHEDULE",
    "NO_SATS",
    "OBSTRUCTED",
)


def descriptors(alerts: tuple[str, ...] = ()) -> descriptor_pool.DescriptorPool:
    """The service's messages; `alerts`: those that a newer version has besides."""
    file = descriptor_pb2.FileDescriptorProto(
        name="spacex/api/device/device.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        more = dict.fromkeys(alerts, "bool") if name == "DishAlerts" else {}
        for number, (field, kind) in enumerate({**fields, **more}.items(), start=1):
            added = message.field.add(name=field, number=number, label=_TYPES.LABEL_OPTIONAL)
            if kind[0].isupper():
                added.type, added.type_name = _TYPES.TYPE_MESSAGE, f".{PACKAGE}.{kind}"
            else:
                added.type = getattr(_TYPES, f"TYPE_{kind.upper()}")
    outage = file.message_type.add(name="DishOutage")
    cause = outage.enum_type.add(name="Cause")
    for number, name in enumerate(CAUSES):
        cause.value.add(name=name, number=number)
    outage.field.add(
        name="cause",
        number=1,
        label=_TYPES.LABEL_OPTIONAL,
        type=_TYPES.TYPE_ENUM,
        type_name=f".{PACKAGE}.DishOutage.Cause",
    )
    service = file.service.add(name="Device")
    service.method.add(
        name="Handle", input_type=f".{PACKAGE}.Request", output_type=f".{PACKAGE}.Response"
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


class Dish:
    """One dish; `status` may be changed at any time, and `octets` answered in its stead."""

    def __init__(self, port: int = 0, alerts: tuple[str, ...] = ()) -> None:
        self.status: dict[str, Any] = {
            "device_info": {"id": "ut01", "hardware_version": "rev4", "software_version": "1"},
            "device_state": {"uptime_s": 86_400},
            "pop_ping_drop_rate": 0.01,
            "downlink_throughput_bps": 42e6,
            "uplink_throughput_bps": 7e6,
            "pop_ping_latency_ms": 33.5,
            "alerts": {"thermal_throttle": True},
            "obstruction_stats": {"fraction_obstructed": 0.02, "currently_obstructed": False},
        }
        self.octets: bytes | None = None
        self.hangs = threading.Event()
        self.asked = threading.Event()
        self._go_on = threading.Event()
        pool = descriptors(alerts)
        self._response = message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"{PACKAGE}.Response")
        )
        self._workers = ThreadPoolExecutor(4)
        self._server = grpc.server(self._workers, options=[("grpc.so_reuseport", 0)])
        handler = grpc.unary_unary_rpc_method_handler(self._handle)
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE, {"Handle": handler}),)
        )
        reflection.enable_server_reflection((SERVICE, reflection.SERVICE_NAME), self._server, pool)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        self._server.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        self._go_on.set()
        self._server.stop(grace=None).wait()
        self._workers.shutdown()

    def _handle(self, request: bytes, context: grpc.ServicerContext) -> bytes:  # noqa: ARG002
        self.asked.set()
        if self.hangs.is_set():
            self._go_on.wait(30.0)
        if self.octets is not None:
            return self.octets
        return bytes(self._response(dish_get_status=self.status).SerializeToString())

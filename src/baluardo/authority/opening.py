"""An authority's directory, opened: its store, its keys and the policy in force."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from baluardo.authority.acts.policy import follow_policy, found_policy, newest_policy
from baluardo.authority.acts.tunnel_cards import remove_revoked_cards
from baluardo.authority.context import Authority
from baluardo.authority.events.bus import Bus
from baluardo.authority.events.jetstream import JetStreamBus
from baluardo.authority.founding import SEALING_KEY
from baluardo.authority.settings import Settings
from baluardo.authority.store.opening import database_url, open_store
from baluardo.authority.store.store import Store
from baluardo.authority.warnings.desk import WarningDesk
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.durable_files import FOR_ALL, write_durably
from baluardo.protocol.policy import Policy
from baluardo.protocol.public_bundle import SEALING_STATEMENT
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.custody.sealing_file import load_sealing_key
from baluardo.trust.issuing.layout import KeyAccess, Layout
from baluardo.trust.publishing import publish_sealing_key
from baluardo.trust.sealing import SealingKey
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile


def open_authority(
    directory: Path,
    access: KeyAccess,
    clock: Callable[[], float] = time.time,
    first: Policy | None = None,
) -> Authority:
    """Open what `founding.found` made; close it by its store.

    `first` is the ceremony's policy, for the one start that is part of the ceremony. CustodyError
    if a key stays closed, StoreError if the database cannot be used or has no policy, LogError if
    directory and database are of different histories.
    """
    settings = Settings.read(directory)
    layout = Layout(directory)
    layout.check()
    bus = _bus(settings, Anchors.read(layout.public.anchors).community)
    url = database_url(directory, settings.database)
    store = open_store(layout, url, settings.name, access.unlock, clock, bus.publish)
    if isinstance(bus, JetStreamBus):
        bus.look = store.look
    try:
        return _assembled(settings, layout, store, access, clock, bus, first)
    except BaseException:
        store.close()
        raise


def _bus(settings: Settings, community: str) -> Bus:
    if not settings.events:
        return Bus()
    return JetStreamBus(settings.events, community, settings.name)


def _assembled(
    settings: Settings,
    layout: Layout,
    store: Store,
    access: KeyAccess,
    clock: Callable[[], float],
    bus: Bus,
    first: Policy | None,
) -> Authority:
    if first is not None:
        store.act_blocking(partial(found_policy, policy=first))
    store.act_blocking(remove_revoked_cards)  # a restore may have revoked some
    policy = store.read_blocking(newest_policy).policy
    desk = WarningDesk(
        WarningSettings.read(layout.directory),
        store.issuing.community,
        settings.demonstration,
        layout.directory,
    )
    desk.check()
    credential = renewed_credential(store, access)
    key = _sealing_key(layout, store.issuing.profile, access)
    authority = Authority(
        settings,
        layout,
        store,
        access,
        clock,
        credential,
        key,
        publish_sealing_key(key.public, credential),
        policy,
        desk,
        bus,
    )
    publish_statement(authority)
    store.follow_policy(partial(follow_policy, authority))
    return authority


def _sealing_key(layout: Layout, profile: AnyProfile, access: KeyAccess) -> SealingKey[Any]:
    path = layout.key(SEALING_KEY)
    if profile.name == CNSA.name:
        return load_sealing_key(path, CNSA, access.unlock)
    return load_sealing_key(path, EU_HYBRID, access.unlock)


def renewed_credential(store: Store, access: KeyAccess) -> Credential:
    """Return the service's own credential, made anew when it is due."""
    return store.act_blocking(lambda t: t.issuing.service_credential(access, t.now))


def publish_statement(authority: Authority) -> None:
    """Put the authority's word for its sealing key into the public half."""
    path = authority.layout.public.directory / SEALING_STATEMENT
    write_durably(path, authority.sealing_statement.to_json(), mode=FOR_ALL)
